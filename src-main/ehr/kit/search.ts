import type { ChartResource } from '../../ports/outbound/index.ts';
import type { Exchange, FailureCode } from '../../../src-shared/domain/index.ts';
import {
  asArray,
  asObject,
  asString,
  carriesIdentifier,
  referenceTo,
  searchQuery,
  selfLinkRepeats,
  tokenValue,
  versionOf,
  type ExactObject,
} from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { targetOfLink } from './base-url.ts';
import { classifyRead, type ReadFailure } from './classify.ts';
import type { FhirHttp, Reply } from './http.ts';

/** A search that was answered. What it does not find is proof only when all of it can be trusted. */
export interface Searched {
  readonly outcome: 'searched';
  /** Those that carry the identifier, whatever else the server sent. */
  readonly matches: readonly ChartResource[];
  /** Matches by the server's word that do not carry the identifier. */
  readonly foreign: number;
  /** The server says that it searched by this identifier. */
  readonly repeated: boolean;
  /** Every page was read. */
  readonly complete: boolean;
  readonly exchange: readonly Exchange[];
}

export type SearchOutcome = Searched | ({ readonly outcome: 'failed'; readonly exchange: readonly Exchange[] } & ReadFailure);

// R4, https://hl7.org/fhir/R4/search.html#errors: a parameter the server does not know shall be refused, not ignored.
const HEADERS = { 'cache-control': 'no-cache', prefer: 'handling=strict' };

/** Searches one type by business identifier, reading as many pages as the limits allow. */
export async function searchByIdentifier(
  http: FhirHttp,
  type: string,
  system: string,
  value: string,
  pageEntries: number,
  now: () => number,
): Promise<SearchOutcome> {
  const query = searchQuery([
    ['identifier', tokenValue(system, value)],
    ['_count', String(pageEntries)],
  ]);
  const exchange: Exchange[] = [];
  const matches = new Map<string, ChartResource>();
  let foreign = 0;
  let entries = 0;
  let pages = 0;
  let repeated = true;
  let reply: Reply = await http.get(`${type}?${query}`, HEADERS);
  for (;;) {
    exchange.push(...reply.exchange);
    const answered = readBundle(reply, now());
    if (!answered.ok) return { outcome: 'failed', ...answered.failure, exchange };
    const { bundle } = answered;
    const self = linkOf(bundle, 'self');
    repeated &&= self !== undefined && selfLinkRepeats(self, 'identifier', system, value);
    for (const one of asArray(bundle.entry)) {
      const entry = asObject(one);
      const mode = asString(asObject(entry?.search)?.mode) ?? 'match';
      if (mode !== 'match') continue;
      entries += 1;
      const resource = asObject(entry?.resource);
      const reference = resource === undefined ? undefined : referenceTo(resource);
      if (resource !== undefined && reference?.startsWith(`${type}/`) === true && carriesIdentifier(resource, system, value)) {
        matches.set(reference, { reference, versionId: versionOf(resource), resource });
      } else foreign += 1;
    }
    const next = linkOf(bundle, 'next');
    if (next === undefined)
      return { outcome: 'searched', matches: [...matches.values()], foreign, repeated, complete: true, exchange };
    pages += 1;
    // A server may lead on for ever: from an empty page, or with few entries on each.
    const endless = asArray(bundle.entry).length === 0 || pages >= limits.searchPagesMax;
    if (endless || entries >= limits.searchEntriesMax || targetOfLink(http.base, next) === undefined) {
      return { outcome: 'searched', matches: [...matches.values()], foreign, repeated, complete: false, exchange };
    }
    reply = await http.getLink(next, HEADERS);
  }
}

/** A Bundle from a reply, or why there is none. */
export function readBundle(
  reply: Reply,
  now: number,
): { readonly ok: true; readonly bundle: ExactObject } | { readonly ok: false; readonly failure: ReadFailure } {
  const failed = (code: FailureCode, message: string, retryAfterMs: number | null = null) =>
    ({ ok: false, failure: { code, retryAfterMs, message } }) as const;
  if (reply.kind === 'not-sent') return failed(reply.code, reply.message);
  if (reply.kind === 'lost') return failed('ehr-unreachable', reply.message);
  const verdict = classifyRead(reply.answer, now);
  switch (verdict.verdict) {
    case 'failed':
      return failed(verdict.code, verdict.message, verdict.retryAfterMs);
    case 'gone':
      return failed('ehr-not-supported', `HTTP ${reply.answer.status}: the EHR does not know this search`);
    case 'read':
      if (verdict.resource.resourceType === 'Bundle') return { ok: true, bundle: verdict.resource };
      return failed('ehr-answer-unreadable', 'the answer is not a Bundle');
  }
}

export function linkOf(bundle: ExactObject, relation: string): string | undefined {
  const link = asArray(bundle.link)
    .map(asObject)
    .find((one) => one?.relation === relation);
  return asString(link?.url);
}
