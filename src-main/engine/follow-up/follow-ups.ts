import type { RunningDeps } from '../outbox/lease.ts';
import type { Traffic } from '../outbox/traffic.ts';
import { lookForLate } from '../reconciliation/late.ts';
import { followWrite, recordSeen } from './follow.ts';
import { windowOpenAt, workspaceLog, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Looks again at what has come to rest (C8), a few entries at a time and only while nothing is to be sent: nothing ever
 * waits for them. Of a connection that cannot be asked none is tried for a while.
 */
export class FollowUps {
  private readonly deps: RunningDeps;
  private readonly traffic: Traffic;
  private readonly signal: AbortSignal;
  private readonly onEnd: (failure: Error | null) => void;
  private readonly underWay = new Set<Promise<void>>();
  private readonly restsUntil = new Map<string, number>();
  private askAt: number;
  private lateAt: number;
  private left: number;
  private more = true;

  /**
   * @param signal ends what is looked for late
   * @param most how many may be looked at in this run
   * @param onEnd told of every look that has ended; with the failure of the ledger, if that was its end
   */
  constructor(deps: RunningDeps, traffic: Traffic, signal: AbortSignal, most: number, onEnd: (failure: Error | null) => void) {
    this.deps = deps;
    this.signal = signal;
    this.traffic = traffic;
    this.left = most;
    this.askAt = deps.clock.monotonic();
    this.lateAt = this.askAt;
    this.onEnd = onEnd;
  }

  /** True while looks are under way, or more are known to be due and may still be taken up in this run. */
  get busy(): boolean {
    return this.underWay.size > 0 || (this.more && this.left > 0);
  }

  /**
   * Takes up looks that are due, as far as pace and traffic allow.
   *
   * @param idle true while nothing else is under way; in an engine that never rests they get a turn now and then
   */
  async take(idle: boolean): Promise<void> {
    const { clock, ledger } = this.deps;
    const now = clock.monotonic();
    if (now - this.lateAt >= limits.lateEveryMs) this.lookForLate(now);
    if (this.underWay.size > 0 || this.left === 0 || now < this.askAt + (idle ? 0 : limits.followIdleMs)) return;
    for (const [connection, until] of this.restsUntil) if (until <= now) this.restsUntil.delete(connection);
    const wanted = Math.min(limits.followBatchMax, this.left);
    const rows = await ledger.toFollow(clock.now(), wanted, [...this.restsUntil.keys()]);
    this.more = rows.length === wanted;
    this.askAt = now + (rows.length === 0 ? limits.followIdleMs : limits.followPauseMs);
    for (const row of rows) {
      const { settings = {} } = (await ledger.row('connection', workspaceLog, row.connection)) ?? {};
      if (this.restsUntil.has(row.connection)) continue;
      const maintained = windowOpenAt(settings.maintenance ?? [], clock.now()) !== undefined;
      const admitted = maintained ? undefined : this.traffic.admits(row.connection, settings, false);
      if (admitted === 0) this.begin(row);
      // As much is under way there as may be: it is asked for again when some of it has ended.
      else if (admitted === null) this.more = true;
      else this.rest(row.connection);
    }
  }

  /** Ends with the looks that are under way. */
  async settle(): Promise<void> {
    await Promise.all(this.underWay);
  }

  /** Writes that count as not charted, once more: an engine may run for weeks. */
  private lookForLate(now: number): void {
    this.lateAt = now;
    const ended = (failure: Error | null): void => {
      this.underWay.delete(work);
      this.onEnd(failure);
    };
    const work: Promise<void> = lookForLate(this.deps, this.signal).then(
      () => ended(null),
      (error: unknown) => ended(error instanceof Error ? error : new Error(String(error))),
    );
    this.underWay.add(work);
  }

  private begin(row: WriteRow): void {
    this.left -= 1;
    this.traffic.begin(row.connection, false);
    const work: Promise<void> = this.look(row).then((failure) => {
      this.traffic.end(row.connection);
      this.underWay.delete(work);
      this.onEnd(failure);
    });
    this.underWay.add(work);
  }

  /** A fault with one entry is counted against that entry; a fault of the ledger is the engine's. */
  private async look(row: WriteRow): Promise<Error | null> {
    try {
      if (!(await followWrite(this.deps, row))) this.rest(row.connection);
    } catch (error) {
      this.deps.log.write('error', 'follow-fault', { write: row.id, fault: error instanceof Error ? error.name : typeof error });
      this.rest(row.connection);
      try {
        await recordSeen(this.deps, row, { outcome: 'failed' }, []);
      } catch (ledgerError) {
        return ledgerError instanceof Error ? ledgerError : new Error(String(ledgerError));
      }
    }
    return null;
  }

  private rest(connection: string): void {
    this.restsUntil.set(connection, this.deps.clock.monotonic() + limits.followIdleMs);
  }
}
