import { isAddressableId } from '../../../src-shared/fhir/index.ts';

/** The base address of a FHIR API, parsed once and used as parsed from then on. */
export interface BaseUrl {
  /** As the parser reads it: host in punycode, numbers spelled out, one closing slash. What people are shown. */
  readonly href: string;
  readonly origin: string;
  /** Path with its closing slash. */
  readonly path: string;
}

export type ParsedBaseUrl = { readonly ok: true; readonly base: BaseUrl } | { readonly ok: false; readonly message: string };

/**
 * Reads a base address. Refused: anything but http and https, plain http to another machine, user names and passwords in
 * the address, a query, a fragment.
 */
export function parseBaseUrl(text: string): ParsedBaseUrl {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return { ok: false, message: 'The base address is not a URL.' };
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { ok: false, message: `The base address must begin with https, not "${url.protocol}".` };
  }
  if (url.username !== '' || url.password !== '')
    return { ok: false, message: 'The base address must not hold a user name or password.' };
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text)) {
    return { ok: false, message: 'The base address must not hold a query or a fragment.' };
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    return {
      ok: false,
      message: `Patient data would travel to "${url.host}" unencrypted: the base address must begin with https.`,
    };
  }
  const path = url.pathname.endsWith('/') ? url.pathname : `${url.pathname}/`;
  return { ok: true, base: { href: `${url.origin}${path}`, origin: url.origin, path } };
}

// The URL parser has already turned 127.1, 0x7f000001 and kin into four numbers.
function isLoopback(hostname: string): boolean {
  return /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]' || hostname === 'localhost';
}

const QUERY = /^(?:\?[A-Za-z0-9\-._~!$()*+,;:@/?%=&]+)?$/;

/**
 * The request target for a path below the base: resource types, ids, `metadata`, `_history`, and a query already
 * encoded. `undefined` for anything that could mean another place: dot segments, empty segments, percent signs in the
 * path, characters no FHIR path has.
 */
export function targetBelow(base: BaseUrl, path: string): string | undefined {
  const queryAt = path.indexOf('?');
  const [place, query] = queryAt < 0 ? [path, ''] : [path.slice(0, queryAt), path.slice(queryAt)];
  const safe = place.split('/').every((segment) => isAddressableId(segment.replace(/^[_$]/, '')));
  return safe && QUERY.test(query) ? `${base.path}${path}` : undefined;
}

/** The request target of an address that a server named, or `undefined` when it does not lie below the base on the same origin. */
export function targetOfLink(base: BaseUrl, link: string): string | undefined {
  const url = URL.canParse(link, base.href) ? new URL(link, base.href) : undefined;
  if (url === undefined || url.origin !== base.origin || url.username !== '' || url.password !== '') return undefined;
  // A server that pages at its base address names the base without its closing slash.
  return url.pathname.startsWith(base.path) || `${url.pathname}/` === base.path ? `${url.pathname}${url.search}` : undefined;
}
