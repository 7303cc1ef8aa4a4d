import type { Lease } from '../../ports/outbound/index.ts';

interface StoredLease extends Lease {
  readonly leaseMs: number;
  beat: number;
  ended: boolean;
}

/** The leases on a simulated disk. Each step is one transaction, and synced when it is done. */
export class LeaseTable {
  private readonly leases: StoredLease[] = [];

  take(engine: string, leaseMs: number, alone: boolean): number {
    if (alone) for (const lease of this.leases) lease.ended = true;
    const fence = this.leases.length + 1;
    this.leases.push({ fence, engine, leaseMs, beat: 0, ended: false });
    return fence;
  }

  /** Whether the lease has not ended. */
  holds(fence: number): boolean {
    return this.leases[fence - 1]?.ended === false;
  }

  /** `false`: it has ended. */
  renew(fence: number): boolean {
    const lease = this.leases[fence - 1];
    if (lease === undefined || lease.ended) return false;
    lease.beat += 1;
    return true;
  }

  end(fence: number): void {
    const lease = this.leases[fence - 1];
    if (lease !== undefined) lease.ended = true;
  }

  /** Every lease ever taken, in the order in which they were. */
  all(): readonly Readonly<StoredLease>[] {
    return this.leases;
  }

  living(): readonly Readonly<StoredLease>[] {
    return this.leases.filter((lease) => !lease.ended);
  }
}

/** What one handle has seen of the leases: when each was renewed last, on the handle's own monotonic clock. */
export class LeaseWatch {
  private readonly seen = new Map<number, { readonly beat: number; readonly since: number }>();

  /** Whether the lease has stood still for its length while this handle was looking. */
  hasRunOut(lease: Readonly<StoredLease>, now: number): boolean {
    const seen = this.seen.get(lease.fence);
    if (seen?.beat === lease.beat) return now - seen.since >= lease.leaseMs;
    this.seen.set(lease.fence, { beat: lease.beat, since: now });
    return false;
  }
}
