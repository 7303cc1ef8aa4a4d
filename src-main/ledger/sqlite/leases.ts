import { LeaseEnded, type Clock, type EngineLeases, type Lease } from '../../ports/outbound/index.ts';
import type { Db, Statement } from './connection.ts';

interface LeaseColumns {
  readonly fence: number;
  readonly engine: string;
  readonly lease_ms: number;
  readonly beat: number;
}

/**
 * The leases of engines in the file. The time by which one runs out is the monotonic clock of the process that looks: how
 * long this handle has seen it stand without a renewal. The wall clock has no part in it.
 */
export class SqliteLeases implements EngineLeases {
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly transact: <T>(work: () => T) => T;
  private readonly insert: Statement;
  private readonly living: Statement;
  private readonly lives: Statement;
  private readonly beat: Statement;
  private readonly end: Statement;
  /** Since when this handle has seen each lease at the renewal it stands at. */
  private readonly seen = new Map<number, { readonly beat: number; readonly since: number }>();

  /** @param transact runs what it is given in a writing transaction of its own */
  constructor(db: Db, clock: Pick<Clock, 'monotonic'>, transact: <T>(work: () => T) => T) {
    this.clock = clock;
    this.transact = transact;
    this.insert = db
      .prepare(
        `INSERT INTO engine_lease (fence, engine, lease_ms, beat, ended)
           VALUES ((SELECT coalesce(max(fence), 0) + 1 FROM engine_lease), ?, ?, 0, NULL) RETURNING fence`,
      )
      .pluck();
    this.living = db.prepare('SELECT fence, engine, lease_ms, beat FROM engine_lease WHERE ended IS NULL ORDER BY fence');
    this.lives = db.prepare('SELECT 1 FROM engine_lease WHERE fence = ? AND ended IS NULL').pluck();
    this.beat = db.prepare('UPDATE engine_lease SET beat = beat + 1 WHERE fence = ? AND ended IS NULL');
    this.end = db.prepare('UPDATE engine_lease SET ended = ? WHERE fence = ? AND ended IS NULL');
  }

  /** Whether the lease has not ended; to be asked inside the transaction that rests on it. */
  holds(fence: number): boolean {
    return this.lives.get(fence) !== undefined;
  }

  async takeLease(engine: string, leaseMs: number, alone: boolean): Promise<number> {
    return this.transact(() => {
      if (alone) for (const { fence } of this.all()) this.end.run('outlived', fence);
      return this.insert.get(engine, leaseMs) as number;
    });
  }

  async renewLease(fence: number): Promise<void> {
    if (this.transact(() => this.beat.run(fence).changes) === 0) throw new LeaseEnded(fence);
  }

  async releaseLease(fence: number): Promise<void> {
    this.transact(() => this.end.run('released', fence));
  }

  async expireLeases(fence: number): Promise<readonly Lease[]> {
    const living = this.transact(() => {
      if (!this.holds(fence)) return null;
      for (const lease of this.all()) if (lease.fence !== fence && this.hasRunOut(lease)) this.end.run('expired', lease.fence);
      return this.all();
    });
    if (living === null) throw new LeaseEnded(fence);
    for (const known of this.seen.keys()) if (!living.some((lease) => lease.fence === known)) this.seen.delete(known);
    return living.map((lease) => ({ fence: lease.fence, engine: lease.engine }));
  }

  private hasRunOut(lease: LeaseColumns): boolean {
    const now = this.clock.monotonic();
    const seen = this.seen.get(lease.fence);
    if (seen?.beat === lease.beat) return now - seen.since >= lease.lease_ms;
    this.seen.set(lease.fence, { beat: lease.beat, since: now });
    return false;
  }

  private all(): readonly LeaseColumns[] {
    return this.living.all() as LeaseColumns[];
  }
}
