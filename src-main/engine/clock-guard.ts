import type { Clock } from '../ports/outbound/index.ts';
import { httpDateMs, type ClockEvidence, type ClockJudged, type Exchange } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/**
 * The clock of one run of the engine: a wall clock that never goes back, and that is watched. Steps of the machine's
 * wall clock show against the monotonic one; a wrong wall clock shows against the `Date` of an EHR's answers.
 */
export class ClockGuard implements Clock {
  private readonly clock: Clock;
  private readonly startedAt: number;
  private readonly startedMonotonic: number;
  /** Distance of the wall clock from where it should be, that an EHR's clock has confirmed to be right. */
  private confirmedJump = 0;
  private readonly evidence = new Map<string, ClockEvidence>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedAt = clock.now();
    this.startedMonotonic = clock.monotonic();
  }

  /** Epoch milliseconds: the wall clock, or, after it was set back, where it would be without that. */
  now(): number {
    return Math.max(this.clock.now(), this.steady());
  }

  monotonic(): number {
    return this.clock.monotonic();
  }

  /** Takes note of the clock of an EHR, as its answers show it (RFC 9110, section 6.6.1). */
  observe(connection: string, exchanges: readonly Exchange[]): void {
    const last = exchanges.findLast((exchange) => exchange.headers.date !== undefined);
    const theirs = httpDateMs(last?.headers.date ?? '');
    if (last === undefined || theirs === null) return;
    const skew = theirs - (last.at + last.durationMs / 2);
    const skewMs = Math.round(skew);
    this.evidence.set(connection, { connection, at: last.at, date: last.headers.date ?? '', skewMs });
    if (Math.abs(skew) <= limits.clockJumpMaxMs) this.confirmedJump = this.jump();
  }

  /** Why nothing may be sent now, in words, or `null`. */
  unsafe(): string | null {
    const jump = this.jump() - this.confirmedJump;
    if (Math.abs(jump) > limits.clockJumpMaxMs)
      return `the clock of this machine was set ${jump > 0 ? 'forward' : 'back'} by ${seconds(jump)} while the engine ran`;
    for (const { connection, skewMs } of this.evidence.values())
      if (Math.abs(skewMs) > limits.clockSkewMaxMs)
        return `the clock of this machine differs from that of ${connection} by ${seconds(skewMs)}`;
    return null;
  }

  /** How the clock stands, with what that rests on; `null` before any EHR has said what time it is. */
  judged(): Omit<ClockJudged, 'engine'> | null {
    const words = this.unsafe();
    if (words === null && this.evidence.size === 0) return null;
    return { safe: words === null, jumpMs: Math.round(this.jump()), words, evidence: [...this.evidence.values()] };
  }

  private steady(): number {
    // Recorded times are whole milliseconds; monotonic clocks are finer.
    return Math.floor(this.startedAt + (this.clock.monotonic() - this.startedMonotonic));
  }

  private jump(): number {
    return this.clock.now() - this.steady();
  }
}

function seconds(ms: number): string {
  return `${Math.round(Math.abs(ms) / 1000)} s`;
}
