import type { WriteRow } from '../../../src-shared/domain/index.ts';
import {
  LeaseEnded,
  type Clock,
  type Commit,
  type CommitResult,
  type Entry,
  type Lease,
  type Ledger,
  type RowKind,
  type Rows,
  type VerifyReport,
  type WriteCounts,
  type WriteFilter,
} from '../../ports/outbound/index.ts';
import { SimulatedLedgerError } from './error.ts';
import { LeaseWatch } from './leases.ts';
import type { Applied, SimulatedDisk } from './disk.ts';
import { DiskReader } from './reader.ts';

/** How long things take, and when they happen: the scheduler in a simulation, at once in a test of the ledger alone. */
export type Medium = <T>(what: string, perform: () => T, access: 'read' | 'write') => Promise<T>;

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

const PROGRESS_ENTRIES = 100;

/**
 * The ledger port on a simulated disk: one handle, as one process has it. Commits that wait together are written together.
 * Until the write is synced nobody can see it; a process that dies before loses it, or may find it kept.
 */
export class SimulatedLedger implements Ledger {
  private readonly disk: SimulatedDisk;
  private readonly reader: DiskReader;
  private readonly clock: Clock;
  private readonly medium: Medium;
  private readonly faultOnSync: () => 'lost' | 'kept' | null;
  private readonly watch = new LeaseWatch();
  private waiting: Waiting[] = [];
  /** Taken for the transaction under way: on the medium or not, nobody can tell before the sync. */
  private unsynced: readonly Waiting[] = [];
  private draining: Promise<void> = Promise.resolve();
  private busy = false;
  private failure: SimulatedLedgerError | null = null;
  private closing: Promise<void> | null = null;

  /** @param faultOnSync what the medium does to the next sync: nothing, or fails with the bytes lost or kept */
  constructor(disk: SimulatedDisk, clock: Clock, medium: Medium, faultOnSync: () => 'lost' | 'kept' | null) {
    this.disk = disk;
    this.reader = new DiskReader(disk);
    this.clock = clock;
    this.medium = medium;
    this.faultOnSync = faultOnSync;
  }

  commit(commit: Commit): Promise<CommitResult> {
    if (this.closing !== null) return Promise.reject(new SimulatedLedgerError('ledger-closed', 'the ledger is closed'));
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.push({ commit, resolve, reject });
      if (!this.busy) this.draining = this.drain();
    });
  }

  stopped(): SimulatedLedgerError | null {
    return this.failure;
  }

  /** What is left of the transaction under way when the process dies: all of it or nothing. */
  die(kept: boolean): void {
    if (kept && this.unsynced.length > 0) this.apply(this.unsynced);
    this.unsynced = [];
    this.waiting = [];
  }

  takeLease(engine: string, leaseMs: number, alone: boolean): Promise<number> {
    return this.lease('take', () => this.disk.leases.take(engine, leaseMs, alone));
  }

  renewLease(fence: number): Promise<void> {
    return this.lease('renew', () => {
      if (!this.disk.leases.renew(fence)) throw new LeaseEnded(fence);
    });
  }

  releaseLease(fence: number): Promise<void> {
    return this.lease('release', () => this.disk.leases.end(fence));
  }

  expireLeases(fence: number): Promise<readonly Lease[]> {
    return this.lease('expire', () => {
      const { leases } = this.disk;
      if (!leases.holds(fence)) throw new LeaseEnded(fence);
      for (const lease of leases.living())
        if (lease.fence !== fence && this.watch.hasRunOut(lease, this.clock.monotonic())) leases.end(lease.fence);
      return leases.living().map((lease) => ({ fence: lease.fence, engine: lease.engine }));
    });
  }

  async checkpoint(): Promise<void> {
    await this.draining;
    await this.write('ledger checkpoint', () => this.disk.logs.forEach((log) => log.sign(this.clock.monotonic())));
  }

  row<K extends RowKind>(kind: K, tenant: string, key: string): Promise<Rows[K] | undefined> {
    return this.read(`ledger row ${kind}`, () => this.disk.log(tenant)?.row(kind, key));
  }

  rows<K extends Exclude<RowKind, 'write' | 'event'>>(kind: K): Promise<readonly Rows[K][]> {
    return this.read(`ledger rows ${kind}`, () => this.disk.logs.flatMap((log) => log.rows(kind)));
  }

  findWrite(id: string): Promise<WriteRow | undefined> {
    return this.read('ledger write', () => this.reader.findWrite(id));
  }

  writes(filter: WriteFilter): Promise<readonly WriteRow[]> {
    return this.read('ledger writes', () => this.reader.writes(filter));
  }

  counts(tenant?: string): Promise<WriteCounts> {
    return this.read('ledger counts', () => this.reader.counts(tenant));
  }

  tenants(): Promise<readonly string[]> {
    return this.read('ledger tenants', () => this.disk.tenants());
  }

  entry(tenant: string, seq: number): Promise<Entry | undefined> {
    return this.read('ledger entry', () => this.disk.log(tenant)?.entry(seq));
  }

  entries(...[tenant, by, limit]: Parameters<Ledger['entries']>): Promise<readonly Entry[]> {
    return this.read('ledger entries', () => this.reader.entries(tenant, by, limit));
  }

  due(now: number, limit: number, except: readonly string[] = []): Promise<readonly WriteRow[]> {
    return this.read('ledger due', () => this.reader.due(now, limit, except));
  }

  nextDueAt(): Promise<number | null> {
    return this.read('ledger next due', () => this.reader.nextDueAt());
  }

  toFollow(now: number, limit: number, except: readonly string[] = []): Promise<readonly WriteRow[]> {
    return this.read('ledger to follow', () => this.reader.toFollow(now, limit, except));
  }

  inFlight(): Promise<readonly WriteRow[]> {
    return this.read('ledger in flight', () => this.reader.inFlight());
  }

  async verify(progress: (done: number, total: number) => void = () => undefined): Promise<VerifyReport> {
    if (this.closing !== null) throw new SimulatedLedgerError('ledger-closed', 'the ledger is closed');
    await this.draining;
    return this.read('ledger verify', () => {
      const { logs } = this.disk;
      const entries = logs.reduce((sum, log) => sum + log.entries.length, 0);
      for (let done = PROGRESS_ENTRIES; done < entries; done += PROGRESS_ENTRIES) progress(done, entries);
      const problems = logs.flatMap((log) => log.problems().map((problem) => ({ ...problem, tenant: log.tenant })));
      progress(entries, entries);
      const checkpoints = logs.reduce((sum, log) => sum + log.checkpoints.length, 0);
      return { ok: problems.length === 0, entries, checkpoints, erasedPayloads: 0, problems };
    });
  }

  close(): Promise<void> {
    this.closing ??= this.draining.then(() => {
      if (this.failure === null) for (const log of this.disk.logs) log.sign(this.clock.monotonic());
    });
    return this.closing;
  }

  private read<T>(what: string, perform: () => T): Promise<T> {
    return this.medium(what, perform, 'read');
  }

  private write<T>(what: string, perform: () => T): Promise<T> {
    return this.medium(what, perform, 'write');
  }

  private lease<T>(what: string, perform: () => T): Promise<T> {
    if (this.closing !== null) return Promise.reject(new SimulatedLedgerError('ledger-closed', 'the ledger is closed'));
    if (this.failure !== null) return Promise.reject(this.failure);
    return this.write(`ledger lease ${what}`, perform);
  }

  private async drain(): Promise<void> {
    this.busy = true;
    while (this.waiting.length > 0) {
      const batch = await this.write('ledger write', () => (this.unsynced = this.waiting.splice(0)));
      let applied: readonly Applied[];
      try {
        applied = await this.write('ledger sync', () => this.sync(batch));
      } catch (error) {
        this.stop(error as SimulatedLedgerError, batch);
        break;
      }
      batch.forEach((one, at) => void this.write('ledger acknowledges', () => settle(one, applied[at])));
    }
    this.busy = false;
  }

  private sync(batch: readonly Waiting[]): readonly Applied[] {
    const fault = this.faultOnSync();
    this.unsynced = [];
    if (fault === null) return this.apply(batch);
    if (fault === 'kept') this.apply(batch);
    throw new SimulatedLedgerError(
      'ledger-failed',
      'the ledger could not be synced and takes nothing more until it is opened again',
    );
  }

  private apply(batch: readonly Waiting[]): readonly Applied[] {
    const applied = this.disk.apply(
      batch.map(({ commit }) => commit),
      this.clock.monotonic(),
    );
    return applied;
  }

  private stop(failure: SimulatedLedgerError, batch: readonly Waiting[]): void {
    this.failure = failure;
    for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(failure);
  }
}

function settle(waiting: Waiting, applied: Applied | undefined): void {
  if (applied === undefined) throw new RangeError('a commit without a result');
  if ('result' in applied) waiting.resolve(applied.result);
  else waiting.reject(applied.refused);
}
