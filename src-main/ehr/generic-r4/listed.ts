import type { ChartResource, ListOutcome } from '../../ports/outbound/index.ts';
import { failureOf, type ChartList } from '../../../src-shared/domain/index.ts';
import { asObject, asString, parseReference, tokenValue } from '../../../src-shared/fhir/index.ts';
import { searchList, type FhirHttp } from '../kit/index.ts';

type Filters = readonly (readonly [name: string, value: string])[];

/** What the chart lists of one patient: active problems, allergies, medications, or one observation at one time. */
export async function listedInChart(http: FhirHttp, query: ChartList, now: () => number): Promise<ListOutcome> {
  const id = parseReference(query.patient)?.id;
  if (id === undefined) return { outcome: 'failed', code: 'invariant-broken', retryable: false, retryAfterMs: null };
  const entries: ChartResource[] = [];
  let complete = true;
  for (const [type, filters] of questions(query)) {
    const answer = await searchList(http, type, [['patient', id], ...filters], now);
    if (answer.outcome === 'failed') {
      const { code, retryAfterMs } = answer;
      return { outcome: 'failed', code, retryable: failureOf(code).nature === 'retryable', retryAfterMs };
    }
    complete &&= answer.complete;
    // A server that overlooked the patient would have told about others.
    entries.push(...answer.entries.filter(({ resource }) => ownerOf(resource) === query.patient));
  }
  return { outcome: 'listed', entries, complete };
}

/**
 * What one patient's chart has got of one type since a moment (epoch milliseconds), whole: to compare with what would have
 * been written. Only types whose search knows `patient`, which are all that are created.
 */
export async function addedToChart(
  http: FhirHttp,
  type: string,
  patient: string,
  since: number,
  now: () => number,
): Promise<ListOutcome> {
  const id = parseReference(patient)?.id;
  if (id === undefined) return { outcome: 'failed', code: 'invariant-broken', retryable: false, retryAfterMs: null };
  const filters: Filters = [
    ['patient', id],
    ['_lastUpdated', `ge${new Date(since).toISOString()}`],
  ];
  const answer = await searchList(http, type, filters, now, 'compare-shadow');
  if (answer.outcome === 'failed') {
    const { code, retryAfterMs } = answer;
    return { outcome: 'failed', code, retryable: failureOf(code).nature === 'retryable', retryAfterMs };
  }
  // A server that overlooked the patient would have told about others.
  const entries = answer.entries.filter(({ resource }) => ownerOf(resource) === patient);
  return { outcome: 'listed', entries, complete: answer.complete };
}

function ownerOf(resource: ChartResource['resource']): string | undefined {
  return asString(asObject(resource.subject ?? resource.patient ?? resource.for)?.reference);
}

function questions(query: ChartList): readonly (readonly [type: string, filters: Filters])[] {
  switch (query.list) {
    case 'problems':
      return [['Condition', [['clinical-status', 'active']]]];
    case 'allergies':
      return [['AllergyIntolerance', [['clinical-status', 'active']]]];
    case 'medications':
      return query.types.map((type) => [type, [['status', 'active']]]);
    case 'observation':
      return [
        [
          'Observation',
          [
            ['code', tokenValue(query.code.system, query.code.code)],
            ['date', query.at],
          ],
        ],
      ];
  }
}
