import type { Clock } from '../../ports/outbound/index.ts';
import { dueAt, type WriteRow } from '../../../src-shared/domain/index.ts';

/**
 * How long the writes that this run has handled still have to wait, on the monotonic clock. The rows hold times of the
 * wall clock, which another run needs; within a run a step of that clock must not shorten a wait.
 */
export class Waits {
  private readonly clock: Clock;
  private readonly notBefore = new Map<string, { readonly version: number; readonly at: number }>();
  private readonly unknownSince = new Map<string, number>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** Takes note of a write as it stands after it was worked on. */
  note(row: WriteRow | undefined): void {
    if (row === undefined) return;
    const now = this.clock.monotonic();
    const due = dueAt(row.state);
    const wait = due === null ? 0 : due - this.clock.now();
    if (wait > 0) this.notBefore.set(row.id, { version: row.version, at: now + wait });
    else this.notBefore.delete(row.id);
    if (row.state.name !== 'unknown') this.unknownSince.delete(row.id);
    else if (!this.unknownSince.has(row.id)) this.unknownSince.set(row.id, now);
  }

  /** The write is due, and must not go before this on the monotonic clock. */
  defer(row: WriteRow, at: number): void {
    this.notBefore.set(row.id, { version: row.version, at });
  }

  /** The time before which the write must not be taken up, or `null`. Whoever has moved it since has the last word. */
  until(row: WriteRow): number | null {
    const wait = this.notBefore.get(row.id);
    return wait?.version !== row.version || wait.at <= this.clock.monotonic() ? null : wait.at;
  }

  /** Milliseconds for which the write must still wait; 0 where this run knows of no wait. */
  remaining(row: WriteRow): number {
    const until = this.until(row);
    return until === null ? 0 : Math.ceil(until - this.clock.monotonic());
  }

  /** Milliseconds for which the write has been unknown in this run; `null` when it was so before. */
  unknownFor(id: string): number | null {
    const since = this.unknownSince.get(id);
    return since === undefined ? null : this.clock.monotonic() - since;
  }
}
