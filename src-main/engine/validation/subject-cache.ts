import type { Clock, EhrGateway, ListOutcome, LookUpOutcome, SubjectQuery } from '../../ports/outbound/index.ts';
import type { ListReader } from './compare-chart.ts';
import type { SubjectReader } from './resolve-subject.ts';
import type { ChartList } from '../../../src-shared/domain/index.ts';

/**
 * One reading of a patient, visit or author serves the writes of the same visit that are checked within seconds of
 * each other. Only findings are kept, never failures, and never for long: a chart changes.
 */
export class SubjectCache implements SubjectReader, ListReader {
  private readonly clock: Clock;
  private readonly lists = new Map<string, { readonly at: number; readonly answer: Promise<ListOutcome> }>();
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
    forgetStale(this.found, now);
    this.found.set(key, { at: now, answer });
    const outcome = await answer;
    if (outcome.outcome !== 'found' || outcome.matches.length !== 1) this.found.delete(key);
    return outcome;
  }

  listed(gateway: EhrGateway, connection: string, query: ChartList): Promise<ListOutcome> | undefined {
    if (gateway.listed === undefined) return undefined;
    const key = JSON.stringify([connection, query]);
    const now = this.clock.monotonic();
    const known = this.lists.get(key);
    if (known !== undefined && now - known.at <= FRESH_MS) return known.answer;
    const answer = gateway.listed(query).then((outcome) => {
      if (outcome.outcome !== 'listed') this.lists.delete(key);
      return outcome;
    });
    forgetStale(this.lists, now);
    this.lists.set(key, { at: now, answer });
    return answer;
  }
}

function forgetStale(kept: Map<string, { readonly at: number }>, now: number): void {
  for (const [key, { at }] of kept) {
    if (now - at <= FRESH_MS && kept.size < KEPT_MAX) return;
    kept.delete(key);
  }
}

const FRESH_MS = 2_000;
const KEPT_MAX = 512;
