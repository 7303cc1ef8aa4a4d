import type { ChartResource } from '../../ports/outbound/index.ts';
import { elementsFor, shapedFor, type ReadPurpose } from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, referenceTo, searchQuery, versionOf } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { targetOfLink } from './base-url.ts';
import type { ReadFailure } from './classify.ts';
import type { FhirHttp } from './http.ts';
import { linkOf, readBundle } from './search.ts';

export type ListSearch =
  | { readonly outcome: 'searched'; readonly entries: readonly ChartResource[]; readonly complete: boolean }
  | ({ readonly outcome: 'failed' } & ReadFailure);

/**
 * Lists one type of a patient's chart, no more of each entry than is compared (G2). A server that knows no `_elements` is
 * asked again without; what it then sends beyond them is dropped here. An unknown filter shall be refused, not overlooked:
 * overlooked, it would be an answer about everybody.
 */
export async function searchList(
  http: FhirHttp,
  type: string,
  filters: readonly (readonly [name: string, value: string])[],
  now: () => number,
  purpose: ReadPurpose = 'compare-list',
): Promise<ListSearch> {
  const elements = elementsFor(purpose, type);
  if (elements === null) return pages(http, type, filters, now, purpose);
  const shaped = [['_elements', elements.join(',')]] as const;
  const first = await pages(http, type, [...filters, ...shaped], now, purpose);
  if (first.outcome === 'searched' || (first.code !== 'ehr-rejected' && first.code !== 'ehr-not-supported')) return first;
  return pages(http, type, filters, now, purpose);
}

const HEADERS = { 'cache-control': 'no-cache', prefer: 'handling=strict' };

async function pages(
  http: FhirHttp,
  type: string,
  parameters: readonly (readonly [name: string, value: string])[],
  now: () => number,
  purpose: ReadPurpose,
): Promise<ListSearch> {
  const entries = new Map<string, ChartResource>();
  let seen = 0;
  let read = 0;
  let reply = await http.get(`${type}?${searchQuery([...parameters, ['_count', String(limits.chartListPageEntries)]])}`, HEADERS);
  for (;;) {
    const answered = readBundle(reply, now());
    if (!answered.ok) return { outcome: 'failed', ...answered.failure };
    for (const one of asArray(answered.bundle.entry)) {
      const entry = asObject(one);
      seen += 1;
      const resource = asObject(entry?.resource);
      const reference = resource === undefined ? undefined : referenceTo(resource);
      if ((asString(asObject(entry?.search)?.mode) ?? 'match') !== 'match') continue;
      if (resource === undefined || reference?.startsWith(`${type}/`) !== true) continue;
      entries.set(reference, { reference, versionId: versionOf(resource), resource: shapedFor(purpose, resource) });
    }
    const next = linkOf(answered.bundle, 'next');
    const complete = next === undefined;
    read += 1;
    // A server may lead on for ever: from an empty page, or with few entries on each.
    const endless = asArray(answered.bundle.entry).length === 0 || read >= limits.chartListPagesMax;
    if (complete || endless || seen >= limits.chartListEntriesMax || targetOfLink(http.base, next) === undefined)
      return { outcome: 'searched', entries: [...entries.values()], complete };
    reply = await http.getLink(next, HEADERS);
  }
}
