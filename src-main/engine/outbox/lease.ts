import type { EngineDeps } from '../deps.ts';
import { LeaseEnded, type Clock, type Lease, type Ledger } from '../../ports/outbound/index.ts';
import type { LateAnswer } from '../reconciliation/late-answer.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * The place of this engine on the ledger (decision record 0026). How long it lasts is counted on the monotonic clock, from
 * before the ledger was asked, so that here it always ends earlier than anyone else can think it does.
 */
export class EngineLease {
  /** The fencing number. */
  readonly fence: number;
  /** The ledger as this engine may use it: every commit names the lease. */
  readonly ledger: Ledger;
  /** What EHRs answered after the lease had ended, for whoever holds the next one. */
  readonly lateAnswers: LateAnswer[] = [];
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly base: Ledger;
  private renewedAt: number;
  private renewing: Promise<void> | null = null;
  private over = false;

  private constructor(base: Ledger, clock: Pick<Clock, 'monotonic'>, fence: number, renewedAt: number) {
    this.base = base;
    this.clock = clock;
    this.fence = fence;
    this.renewedAt = renewedAt;
    // Everything but committing is the ledger's own, so that reading costs nothing.
    this.ledger = Object.create(base, {
      commit: { value: (commit: Parameters<Ledger['commit']>[0]) => this.noticing(base.commit({ ...commit, fence })) },
    }) as Ledger;
  }

  static async take(deps: EngineDeps): Promise<EngineLease> {
    const askedAt = deps.clock.monotonic();
    const fence = await deps.ledger.takeLease(deps.engineId, limits.leaseMs, deps.sharesLedger !== true);
    return new EngineLease(deps.ledger, deps.clock, fence, askedAt);
  }

  /** True once another engine has ended the lease: nothing that is under way here counts any more. */
  get ended(): boolean {
    return this.over;
  }

  /** True while a request that leaves now is over, one way or the other, well before anyone can end the lease. */
  maySend(): boolean {
    return !this.over && this.age() <= limits.leaseMs - limits.writeTimeoutMs - limits.leaseSpareMs;
  }

  /**
   * Renews the lease when it is time to.
   *
   * @returns whether it did
   */
  async keep(): Promise<boolean> {
    if (this.over || this.age() < limits.leaseRenewMs) return false;
    await this.renew();
    return true;
  }

  /** Renews the lease if nothing may be sent under it as it stands. Rejects with `LeaseEnded`. */
  async makeSure(): Promise<void> {
    if (!this.maySend()) await this.renew();
  }

  /** The leases that have not ended, this one among them, after those that have run out were ended. Rejects with `LeaseEnded`. */
  living(): Promise<readonly Lease[]> {
    return this.noticing(this.base.expireLeases(this.fence));
  }

  /** Gives the place back. */
  async release(): Promise<void> {
    this.over = true;
    await this.base.releaseLease(this.fence);
  }

  private renew(): Promise<void> {
    const askedAt = this.clock.monotonic();
    this.renewing ??= this.noticing(this.base.renewLease(this.fence))
      .then(() => {
        this.renewedAt = askedAt;
      })
      .finally(() => {
        this.renewing = null;
      });
    return this.renewing;
  }

  private age(): number {
    return this.clock.monotonic() - this.renewedAt;
  }

  private async noticing<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof LeaseEnded) this.over = true;
      throw error;
    }
  }
}

/** What the parts of a running engine are given: everything from outside, and the engine's place on the ledger. */
export interface RunningDeps extends EngineDeps {
  readonly lease: EngineLease;
}
