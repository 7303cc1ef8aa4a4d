import type { ChartResource, FindOutcome, FindQuery } from '../../ports/outbound/index.ts';
import { readEpochMs, type Exchange, type FailureCode, type PreparedRecord } from '../../../src-shared/domain/index.ts';
import {
  asArray,
  asObject,
  asString,
  referenceTo,
  searchQuery,
  versionOf,
  type ExactObject,
} from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { linkOf, readBundle, targetOfLink, type FhirHttp } from '../kit/index.ts';
import { compareWithRequest } from './prepare.ts';

/**
 * Looks for a create by its content, where the server cannot be searched by identifier: through the patient's entries of
 * the type, as many as the limits allow. An entry counts when everything that was sent stands in it, but for the marks this
 * console puts on its writes, and its server says that it was made after the write was planned: an older one is somebody
 * else's, and one without a time may be. Two that count are an alarm. None proves nothing.
 */
export async function findByContent(
  http: FhirHttp,
  query: FindQuery,
  before: readonly Exchange[],
  now: () => number,
): Promise<FindOutcome> {
  const { byContent, prepared, resourceType } = query;
  const unclear = (code: FailureCode, exchange: readonly Exchange[], retryAfterMs: number | null = null): FindOutcome => ({
    outcome: 'inconclusive',
    code,
    retryAfterMs,
    exchange,
  });
  if (byContent === undefined) return unclear('search-not-trusted', before);
  const exchange: Exchange[] = [...before];
  const matches = new Map<string, ChartResource>();
  const headers = { 'cache-control': 'no-cache' };
  const parameters = searchQuery([
    ['patient', byContent.patient],
    ['_lastUpdated', `ge${new Date(byContent.since).toISOString()}`],
    ['_count', String(limits.searchEntriesMax)],
  ]);
  let entries = 0;
  let reply = await http.get(`${resourceType}?${parameters}`, headers);
  for (;;) {
    exchange.push(...reply.exchange);
    const answered = readBundle(reply, now());
    if (!answered.ok) return unclear(answered.failure.code, exchange, answered.failure.retryAfterMs);
    for (const one of asArray(answered.bundle.entry)) {
      const resource = asObject(asObject(one)?.resource);
      const reference = resource === undefined ? undefined : referenceTo(resource);
      if (resource === undefined || reference?.startsWith(`${resourceType}/`) !== true) continue;
      entries += 1;
      if (madeSince(resource, byContent.since) && sameContent(prepared, resource, http.base.href))
        matches.set(reference, { reference, versionId: versionOf(resource), resource });
    }
    const next = linkOf(answered.bundle, 'next');
    if (next === undefined || entries === 0 || entries >= limits.searchEntriesMax) break;
    if (targetOfLink(http.base, next) === undefined) break;
    reply = await http.getLink(next, headers);
  }
  const [match, second] = matches.values();
  if (match !== undefined && second !== undefined) return { outcome: 'duplicate', matches: [...matches.values()], exchange };
  return match === undefined ? unclear('search-not-trusted', exchange) : { outcome: 'present', match, exchange };
}

function madeSince(resource: ExactObject, since: number): boolean {
  const made = readEpochMs(asString(asObject(resource.meta)?.lastUpdated) ?? '');
  return made !== undefined && made >= since;
}

/** The marks of this console are what such a server has no place for; everything else must stand there. */
function sameContent(prepared: PreparedRecord, found: ExactObject, base: string): boolean {
  const { compared, differences } = compareWithRequest(prepared, found, base);
  const marks = /^[A-Za-z]+\.(?:identifier|meta)(?:[.[]|$)/;
  return compared > 0 && differences.every(({ path, kind }) => kind === 'precision' || marks.test(path));
}
