import { workspaceLog, type Sha256 } from '../../../src-shared/domain/index.ts';
import { LeaseEnded, type Commit, type CommitResult } from '../../ports/outbound/index.ts';
import { LeaseTable } from './leases.ts';
import { SimulatedLog } from './log.ts';

/** What became of one commit of a batch, in the order of the batch. */
export type Applied = { readonly result: CommitResult } | { readonly refused: unknown };

/**
 * The disk under the simulated ledger: what is here has been synced and outlives every process. Processes that open it see
 * the same logs.
 */
export class SimulatedDisk {
  readonly logs: SimulatedLog[] = [];
  readonly leases = new LeaseTable();
  /** Grows with every transaction: what was worked out from the logs holds until then. */
  version = 0;
  private readonly sha256: Sha256;

  constructor(sha256: Sha256) {
    this.sha256 = sha256;
  }

  log(tenant: string): SimulatedLog | undefined {
    return this.logs.find((one) => one.tenant === tenant);
  }

  /** Logs of tenants that hold something, by name. */
  tenants(): readonly string[] {
    const named = this.logs.filter((one) => one.tenant !== workspaceLog && one.entries.length > 0);
    return named.map((one) => one.tenant).sort();
  }

  /** One transaction: every commit of the batch succeeds, clashes or is refused by itself. */
  apply(batch: readonly Commit[], now: number): readonly Applied[] {
    this.version += 1;
    return batch.map((commit): Applied => {
      const log = this.log(commit.tenant) ?? new SimulatedLog(commit.tenant, this.logs.length, this.sha256);
      try {
        if (commit.fence !== undefined && !this.leases.holds(commit.fence)) throw new LeaseEnded(commit.fence);
        const result = log.append(commit, (fence) => this.leases.holds(fence));
        if (result.ok && !this.logs.includes(log)) this.logs.push(log);
        if (result.ok) log.whenDue(now);
        return { result };
      } catch (refused) {
        return { refused };
      }
    });
  }
}
