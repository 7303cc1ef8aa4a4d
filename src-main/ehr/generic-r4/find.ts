import type { ChartResource, FindOutcome, FindQuery } from '../../ports/outbound/index.ts';
import {
  baseSha256,
  writeIdentifierSystem,
  type Exchange,
  type FailureCode,
  type PreparedRecord,
  type ResolvedRef,
  type Sha256,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject, carriesTag, referenceTo, versionOf, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import {
  linkOf,
  readBundle,
  readResource,
  searchByIdentifier,
  targetOfLink,
  versionInETag,
  type FhirHttp,
} from '../kit/index.ts';
import { findByContent } from './find-content.ts';

/** How a server says that it cannot search by identifier. */
const REFUSALS: ReadonlySet<FailureCode> = new Set(['ehr-not-supported', 'ehr-rejected']);

/** Whether the server says of itself that it searches a type by identifier, or why that could not be read. */
export type Declares = (type: string) => Promise<boolean | { readonly failed: FailureCode }>;

/** Looks for a write in the chart: a create by its identifier, an update by its tag. */
export async function findWrite(
  http: FhirHttp,
  query: FindQuery,
  declares: Declares,
  sha256: Sha256,
  now: () => number,
): Promise<FindOutcome> {
  if (query.prepared.method === 'POST') return findCreated(http, query, declares, now);
  return findUpdated(http, query.id, query.target ?? basedOn(query.prepared), sha256, now);
}

/** What a change was based on, as its own request says: the address and the version in If-Match. */
function basedOn(prepared: PreparedRecord): ResolvedRef {
  return { reference: prepared.path, versionId: versionInETag(prepared.headers['if-match']) };
}

async function findCreated(http: FhirHttp, query: FindQuery, declares: Declares, now: () => number): Promise<FindOutcome> {
  // Two are enough to see that there is more than one.
  const search = await searchByIdentifier(http, query.resourceType, writeIdentifierSystem, query.id, 2, now);
  const { exchange } = search;
  if (search.outcome === 'failed') {
    return REFUSALS.has(search.code) && query.byContent !== undefined
      ? findByContent(http, query, exchange, now)
      : inconclusive(search.code, exchange, search.retryAfterMs);
  }
  const [match, second] = search.matches;
  if (second !== undefined) return { outcome: 'duplicate', matches: search.matches, exchange };
  if (match !== undefined) return { outcome: 'present', match, exchange };
  if (!search.repeated || !search.complete || search.foreign > 0) return findByContent(http, query, exchange, now);
  return absence(http, query, declares, exchange, now);
}

/**
 * Finding nothing is proof only of a server that declares the parameter and whose search finds what is known to be
 * there: one that ignores the parameter, or lost its index, finds nothing either.
 */
async function absence(
  http: FhirHttp,
  query: FindQuery,
  declares: Declares,
  before: readonly Exchange[],
  now: () => number,
): Promise<FindOutcome> {
  const declared = await declares(query.resourceType);
  if (typeof declared === 'object') return inconclusive(declared.failed, before);
  const { control } = query;
  if (!declared) return findByContent(http, query, before, now);
  if (control === undefined || control === null) return inconclusive('search-not-trusted', before);
  const search = await searchByIdentifier(http, control.resourceType, control.system, control.value, 2, now);
  const exchange = [...before, ...search.exchange];
  if (search.outcome === 'failed') return inconclusive(search.code, exchange, search.retryAfterMs);
  const found = search.repeated && search.matches.some(({ reference }) => reference === control.reference);
  return found ? { outcome: 'absent', exchange } : inconclusive('search-not-trusted', exchange);
}

async function findUpdated(
  http: FhirHttp,
  id: string,
  base: ResolvedRef,
  sha256: Sha256,
  now: () => number,
): Promise<FindOutcome> {
  const current = await readResource(http, base.reference, now);
  if (current.outcome === 'failed') return inconclusive(current.code, current.exchange, current.retryAfterMs);
  // What the change was based on is no longer there; neither "changed" nor "not changed" can be read off.
  if (current.outcome === 'gone') return inconclusive('search-not-trusted', current.exchange);
  const { match, exchange } = current;
  if (carriesTag(match.resource, writeIdentifierSystem, id)) return { outcome: 'present', match, exchange };
  // Without versions, a record that still says what it said was not changed; of one that says something else nobody knows.
  if (match.versionId === null && base.contentSha256 === baseSha256(sha256, match.resource))
    return { outcome: 'absent', exchange };
  if (match.versionId === null || base.versionId === null) return inconclusive('search-not-trusted', exchange);
  if (match.versionId === base.versionId) return { outcome: 'absent', exchange };
  return inHistory(http, id, match, exchange, now);
}

/** Somebody changed the resource since. Whether this write did so in between stands in the history alone. */
async function inHistory(
  http: FhirHttp,
  id: string,
  current: ChartResource,
  before: readonly Exchange[],
  now: () => number,
): Promise<FindOutcome> {
  const exchange: Exchange[] = [...before];
  const headers = { 'cache-control': 'no-cache' };
  let entries = 0;
  let reply = await http.get(`${current.reference}/_history`, headers);
  for (;;) {
    exchange.push(...reply.exchange);
    const answered = readBundle(reply, now());
    if (!answered.ok) return inconclusive(answered.failure.code, exchange, answered.failure.retryAfterMs);
    for (const resource of versions(answered.bundle, current.reference)) {
      entries += 1;
      if (carriesTag(resource, writeIdentifierSystem, id)) {
        return {
          outcome: 'present',
          match: { reference: current.reference, versionId: versionOf(resource), resource },
          exchange,
        };
      }
    }
    const next = linkOf(answered.bundle, 'next');
    if (next === undefined) break;
    if (entries === 0 || entries >= limits.searchEntriesMax || targetOfLink(http.base, next) === undefined) {
      return inconclusive('search-not-trusted', exchange);
    }
    reply = await http.getLink(next, headers);
  }
  // A history without even the current version is not one to conclude from.
  return entries === 0 ? inconclusive('search-not-trusted', exchange) : { outcome: 'moved', match: current, exchange };
}

function versions(bundle: ExactObject, reference: string): readonly ExactObject[] {
  return asArray(bundle.entry).flatMap((one) => {
    const resource = asObject(asObject(one)?.resource);
    return resource !== undefined && referenceTo(resource) === reference ? [resource] : [];
  });
}

function inconclusive(code: FailureCode, exchange: readonly Exchange[], retryAfterMs: number | null = null): FindOutcome {
  return { outcome: 'inconclusive', code, retryAfterMs, exchange };
}
