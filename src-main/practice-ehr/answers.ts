import type { WithId } from '@medplum/core';
import type { Resource } from '@medplum/fhirtypes';
import { asArray, asObject, parseExact, stringifyExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { Issue } from './outcome.ts';
import { toOutcome } from './outcome.ts';
import type { SearchQuery } from './search-query.ts';
import type { SearchPage } from './search-run.ts';
import type { StoredVersion } from './store.ts';

/** What the chart gives back for a request: a stored version with its exact text, or a document made for the answer. */
export type Answer =
  | { readonly kind: 'version'; readonly version: StoredVersion; readonly created: boolean }
  | { readonly kind: 'document'; readonly text: string };

/**
 * The router's types speak of parsed resources, which know no exact decimals, but the router passes what the repository
 * returns through untouched. So answers travel through it as if they were resources.
 */
export function asResource<T extends Resource>(answer: Answer): WithId<T> {
  return answer as unknown as WithId<T>;
}

/** The answer that {@link asResource} disguised. */
export function asAnswer(resource: Resource | undefined): Answer | undefined {
  return resource as unknown as Answer | undefined;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export type Preference = 'minimal' | 'representation' | 'OperationOutcome';

export const FHIR_JSON = 'application/fhir+json; charset=utf-8';

/** The answer to a read or a write of one version. `located` adds Location (https://hl7.org/fhir/R4/http.html#create). */
export function versionReply(
  base: string,
  status: number,
  version: StoredVersion,
  preference: Preference,
  located: boolean,
): Reply {
  const headers: Record<string, string> = {
    ETag: etagOf(version),
    'Last-Modified': new Date(version.updated).toUTCString(),
    ...(located ? { Location: `${base}/${version.type}/${version.id}/_history/${version.version}` } : {}),
  };
  switch (preference) {
    case 'minimal':
      return { status, headers, body: undefined };
    case 'OperationOutcome': {
      const text = `${version.type}/${version.id} is stored as version ${version.version}`;
      return outcomeReply(status, [{ severity: 'information', code: 'informational', text }], headers);
    }
    case 'representation':
      return { status, headers: { ...headers, 'Content-Type': FHIR_JSON }, body: version.text ?? undefined };
  }
}

export function outcomeReply(status: number, issues: readonly Issue[], headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { ...headers, 'Content-Type': FHIR_JSON }, body: JSON.stringify(toOutcome(issues)) };
}

export function etagOf(version: StoredVersion): string {
  return `W/"${version.version}"`;
}

/** A searchset Bundle; its self link repeats the parameters that were used (https://hl7.org/fhir/R4/search.html#conformance). */
export function searchBundle(base: string, query: SearchQuery, page: SearchPage): string {
  const address = `${base}/${query.resourceType}`;
  const links = [link('self', address, query.used)];
  if (page.more) {
    const next = query.used.filter(([name]) => name !== '_offset');
    links.push(link('next', address, [...next, ['_offset', String(query.offset + query.count)]]));
  }
  const entries = [
    ...page.matches.map((match) => searchEntry(base, subsetted(match, query.elements), 'match')),
    ...page.included.map((included) => searchEntry(base, included, 'include')),
  ];
  return bundle('searchset', page.total, links, entries);
}

/** Only the elements that were asked for, marked as part of a whole (https://hl7.org/fhir/R4/search.html#elements). */
function subsetted(version: StoredVersion, elements: readonly string[] | null): StoredVersion {
  const parsed = elements === null || version.text === null ? undefined : parseExact(version.text, limits.jsonDepthMax);
  const resource = parsed?.ok === true ? asObject(parsed.value) : undefined;
  if (elements === null || resource === undefined) return version;
  const kept = new Set(['resourceType', 'id', ...elements]);
  const meta = asObject(resource.meta) ?? {};
  const marked = { ...meta, tag: [...asArray(meta.tag), SUBSETTED] };
  const members = Object.entries(resource).filter(([name]) => kept.has(name));
  return { ...version, text: stringifyExact({ ...Object.fromEntries(members), meta: marked }) };
}

const SUBSETTED = { system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue', code: 'SUBSETTED' };

function searchEntry(base: string, version: StoredVersion, mode: 'match' | 'include'): string {
  return `{"fullUrl":${fullUrl(base, version)},"resource":${version.text ?? 'null'},"search":{"mode":"${mode}"}}`;
}

/** A history Bundle, newest version first (https://hl7.org/fhir/R4/http.html#history). */
export function historyBundle(
  base: string,
  address: string,
  parameters: readonly (readonly [string, string])[],
  versions: readonly StoredVersion[],
  total: number,
  nextOffset: number | undefined,
): string {
  const links = [link('self', `${base}/${address}`, parameters)];
  if (nextOffset !== undefined) {
    const next = parameters.filter(([name]) => name !== '_offset');
    links.push(link('next', `${base}/${address}`, [...next, ['_offset', String(nextOffset)]]));
  }
  const entries = versions.map((version) => {
    const url = version.method === 'POST' ? version.type : `${version.type}/${version.id}`;
    const status = version.text === null ? '204' : version.version === 1 ? '201' : '200';
    const response = stringifyExact({ status, etag: etagOf(version), lastModified: new Date(version.updated).toISOString() });
    const resource = version.text === null ? '' : `"resource":${version.text},`;
    return `{"fullUrl":${fullUrl(base, version)},${resource}"request":${stringifyExact({ method: version.method, url })},"response":${response}}`;
  });
  return bundle('history', total, links, entries);
}

function fullUrl(base: string, version: StoredVersion): string {
  return JSON.stringify(`${base}/${version.type}/${version.id}`);
}

/** The bundle's entries are put together as text, so that each resource keeps its characters. */
export function bundle(type: string, total: number | undefined, links: readonly string[], entries: readonly string[]): string {
  const parts = [`"resourceType":"Bundle","type":"${type}"`];
  if (total !== undefined) parts.push(`"total":${total}`);
  if (links.length > 0) parts.push(`"link":[${links.join(',')}]`);
  if (entries.length > 0) parts.push(`"entry":[${entries.join(',')}]`);
  return `{${parts.join(',')}}`;
}

function link(relation: string, address: string, parameters: readonly (readonly [string, string])[]): string {
  const query = parameters
    .map(([name, value]) => `${encodeURIComponent(name).replaceAll('%3A', ':')}=${encodeURIComponent(value)}`)
    .join('&');
  return JSON.stringify({ relation, url: query === '' ? address : `${address}?${query}` });
}
