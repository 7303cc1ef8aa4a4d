import { limits } from '../../../src-shared/limits/index.ts';
import { isAddressableId } from '../../../src-shared/fhir/index.ts';

/** Headers of an answer that are kept as evidence. Everything else may hold cookies, tokens or names of machines. */
export const keptHeaders = [
  'content-location',
  'content-type',
  'date',
  'etag',
  'last-modified',
  'location',
  'retry-after',
  'x-request-id',
] as const;

/**
 * The version in an ETag, weak or strong (RFC 9110, section 8.8.3; R4, https://hl7.org/fhir/R4/http.html#versioning):
 * `W/"3"`, `"3"` and, from servers that forget the quotes, `3`. `null` for everything else.
 */
export function versionInETag(etag: string | undefined): string | null {
  const match = /^(?:[Ww]\/)?(?:"([^"]*)"|([^"/\s]+))$/.exec(etag?.trim() ?? '');
  const version = match?.[1] ?? match?.[2] ?? '';
  return isAddressableId(version) ? version : null;
}

/** `Type/id` and version named by a Location header, absolute or relative. Only read, never followed. */
export function referenceInLocation(
  location: string | undefined,
): { readonly reference: string; readonly versionId: string | null } | null {
  const match = /(?:^|\/)([A-Z][A-Za-z]{1,40})\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?\/?$/.exec(
    location?.trim() ?? '',
  );
  const [, type, id, versionId] = match ?? [];
  if (type === undefined || id === undefined || !isAddressableId(id)) return null;
  return { reference: `${type}/${id}`, versionId: versionId ?? null };
}

// RFC 9110, section 5.6.7: the one form that senders must use.
const IMF_FIXDATE =
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Milliseconds that a Retry-After header asks for (RFC 9110, section 10.2.3), from seconds or an HTTP date. `null` when it
 * is absent, unreadable or names a time gone by; never more than `limits.retryAfterMaxMs`.
 *
 * @param now epoch milliseconds
 */
export function retryAfterMs(value: string | undefined, now: number): number | null {
  const text = value?.trim() ?? '';
  const wait = /^\d{1,15}$/.test(text)
    ? Number(text) * 1000
    : /^\d+$/.test(text)
      ? Number.POSITIVE_INFINITY
      : IMF_FIXDATE.test(text)
        ? Date.parse(text) - now
        : -1;
  return Number.isNaN(wait) || wait < 0 ? null : Math.min(wait, limits.retryAfterMaxMs);
}
