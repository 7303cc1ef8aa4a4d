/**
 * The places of engines on a ledger. An engine takes a lease before it works and renews it while it lives; what it takes up
 * for sending it holds under that lease. The claim of a write is no record of its own: it is the commit that records the
 * attempt, and names the lease (`Commit.fence`).
 *
 * Whether a lease has run out is decided without comparing clocks of different processes: a handle has to have seen no
 * renewal for the length of the lease, on its own monotonic clock. A lease that has run out but that nobody has ended still
 * holds; one that was ended never comes back.
 */

/** A lease that has not ended. */
export interface Lease {
  /** The fencing number: larger than that of every lease taken before on this ledger. */
  readonly fence: number;
  readonly engine: string;
}

export interface EngineLeases {
  /**
   * Takes a lease.
   *
   * @param leaseMs how long it lasts without being renewed
   * @param alone the caller knows that every other engine of this ledger is dead (it holds the lock of the workspace): their
   *   leases end with this, without being waited for
   * @returns the fencing number
   */
  takeLease(engine: string, leaseMs: number, alone: boolean): Promise<number>;
  /** Lets the lease last its length again. Rejects with `LeaseEnded`. */
  renewLease(fence: number): Promise<void>;
  /** Ends the lease: what is still held under it is nobody's. Nothing happens when it has ended before. */
  releaseLease(fence: number): Promise<void>;
  /**
   * Ends the leases of others that have run out, as far as this handle can tell; a handle that was just opened, or that looks
   * for the first time, cannot yet. Rejects with `LeaseEnded` when the caller's own lease has ended.
   *
   * @returns all leases that have not ended, by their number
   */
  expireLeases(fence: number): Promise<readonly Lease[]>;
}

/**
 * The lease that a commit names, or that was to be renewed, has ended: another engine has taken its place. Nothing was
 * written. What was held under it may only be looked for, by whoever holds a lease now.
 */
export class LeaseEnded extends Error {
  readonly fence: number;
  constructor(fence: number) {
    super(`the lease ${fence} has ended; nothing was written`);
    this.name = 'LeaseEnded';
    this.fence = fence;
  }
}
