import type { Clock, EhrGateway, LookUpOutcome, SubjectQuery } from '../../ports/outbound/index.ts';
import type { SubjectReader } from './resolve-subject.ts';

/**
 * One reading of a patient, visit or author serves the writes of the same visit that are checked within seconds of
 * each other. Only findings are kept, never failures, and never for long: a chart changes.
 */
export class SubjectCache implements SubjectReader {
  private readonly clock: Clock;
  private readonly found = new Map<string, { readonly at: number; readonly answer: Promise<LookUpOutcome> }>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  async lookUp(gateway: EhrGateway, connection: string, query: SubjectQuery): Promise<LookUpOutcome> {
    const key = JSON.stringify([connection, query]);
    const now = this.clock.monotonic();
    const known = this.found.get(key);
    if (known !== undefined && now - known.at <= FRESH_MS) return known.answer;
    const answer = gateway.lookUp(query);
    this.forgetStale(now);
    this.found.set(key, { at: now, answer });
    const outcome = await answer;
    if (outcome.outcome !== 'found' || outcome.matches.length !== 1) this.found.delete(key);
    return outcome;
  }

  private forgetStale(now: number): void {
    for (const [key, { at }] of this.found) {
      if (now - at <= FRESH_MS && this.found.size < KEPT_MAX) return;
      this.found.delete(key);
    }
  }
}

const FRESH_MS = 2_000;
const KEPT_MAX = 512;
