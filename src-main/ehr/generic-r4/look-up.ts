import type { ChartResource, LookUpOutcome, SubjectQuery } from '../../ports/outbound/index.ts';
import { failureOf, type FailureCode } from '../../../src-shared/domain/index.ts';
import { carriesIdentifier, parseReference } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { readResource, searchByIdentifier, type FhirHttp } from '../kit/index.ts';

interface Named {
  readonly reference?: string | undefined;
  readonly identifiers?: readonly { readonly system: string; readonly value: string }[] | undefined;
}

const found = (matches: readonly ChartResource[]): LookUpOutcome => ({ outcome: 'found', matches });

function failed(code: FailureCode, retryAfterMs: number | null, message: string): LookUpOutcome {
  return { outcome: 'failed', code, retryable: failureOf(code).nature === 'retryable', retryAfterMs, message };
}

/** Finds the resources that a subject of an event may mean. */
export async function lookUpSubject(http: FhirHttp, query: SubjectQuery, now: () => number): Promise<LookUpOutcome> {
  switch (query.kind) {
    case 'patient':
      return byName(http, ['Patient'], query.subject, now);
    case 'encounter':
      // Not narrowed to the patient: a visit that belongs to somebody else has to be seen to be told apart from none.
      return byName(http, ['Encounter'], query.subject, now);
    case 'practitioner':
      return byName(http, ['Practitioner'], query.subject, now);
    case 'organization':
      return byName(http, ['Organization'], query.subject, now);
    case 'document':
      return documents(http, query, now);
  }
}

/** One subject: read by its reference, which must carry every identifier given, or searched by all its identifiers. */
async function byName(http: FhirHttp, types: readonly string[], subject: Named, now: () => number): Promise<LookUpOutcome> {
  const identifiers = subject.identifiers ?? [];
  if (subject.reference !== undefined) {
    const outcome = await byReference(http, types, subject.reference, now);
    if (outcome.outcome === 'failed') return outcome;
    return found(
      outcome.matches.filter(({ resource }) =>
        identifiers.every(({ system, value }) => carriesIdentifier(resource, system, value)),
      ),
    );
  }
  const [type = ''] = types;
  const perIdentifier: (readonly ChartResource[])[] = [];
  for (const outcome of await Promise.all(identifiers.map(({ system, value }) => search(http, type, system, value, now)))) {
    if (outcome.outcome === 'failed') return outcome;
    perIdentifier.push(outcome.matches);
  }
  const [first = [], ...others] = perIdentifier;
  const agreed = first.filter(({ reference }) => others.every((matches) => matches.some((one) => one.reference === reference)));
  // Identifiers that each name somebody, and not the same one: all of them are shown, for that is not "nobody".
  return found(
    agreed.length === 0 && perIdentifier.every((matches) => matches.length > 0) ? unique(perIdentifier.flat()) : agreed,
  );
}

/** The document meant by a reference, or by any of its identifiers; servers keep notes as one type or the other. */
async function documents(
  http: FhirHttp,
  query: Extract<SubjectQuery, { kind: 'document' }>,
  now: () => number,
): Promise<LookUpOutcome> {
  if (query.reference !== undefined) return byReference(http, ['DocumentReference', 'Composition'], query.reference, now);
  const matches: ChartResource[] = [];
  for (const type of ['DocumentReference', 'Composition']) {
    for (const outcome of await Promise.all(
      query.identifiers.map(({ system, value }) => search(http, type, system, value, now)),
    )) {
      if (outcome.outcome === 'found') matches.push(...outcome.matches);
      // A server without Compositions is no reason to give up on DocumentReferences.
      else if (type === 'DocumentReference' || (outcome.code !== 'ehr-not-supported' && outcome.code !== 'ehr-rejected'))
        return outcome;
    }
    if (matches.length > 0) break;
  }
  return found(unique(matches));
}

async function byReference(
  http: FhirHttp,
  types: readonly string[],
  reference: string,
  now: () => number,
): Promise<LookUpOutcome> {
  const parsed = parseReference(reference);
  // No resource of that kind can have this address.
  if (parsed === undefined || parsed.versionId !== null || !types.includes(parsed.type)) return found([]);
  const outcome = await readResource(http, reference, now);
  switch (outcome.outcome) {
    case 'read':
      return found([outcome.match]);
    case 'gone':
      return found([]);
    case 'failed':
      return failed(outcome.code, outcome.retryAfterMs, `reading ${parsed.type} failed`);
  }
}

async function search(http: FhirHttp, type: string, system: string, value: string, now: () => number): Promise<LookUpOutcome> {
  const outcome = await searchByIdentifier(http, type, system, value, limits.searchPageEntries, now);
  if (outcome.outcome === 'failed') return failed(outcome.code, outcome.retryAfterMs, outcome.message);
  // All of a complete answer was sifted here, whatever the server put into it; part of one may hide a second match.
  if (!outcome.repeated)
    return failed('look-up-not-trusted', null, `the EHR does not say that it searched ${type} by this identifier`);
  if (!outcome.complete)
    return failed(
      'look-up-not-trusted',
      null,
      `the EHR answered the search for one ${type} with more than can be looked through`,
    );
  return found(outcome.matches);
}

function unique(matches: readonly ChartResource[]): readonly ChartResource[] {
  return [...new Map(matches.map((match) => [match.reference, match])).values()];
}
