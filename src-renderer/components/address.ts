/** The addresses of the window, all behind `#`. They hold ids and filters, never clinical text. */

/** A path with its query: `/queue/open?connection=north`. Members that are missing or empty are left out. */
export function address(path: string, query: Readonly<Record<string, string | undefined>> = {}): string {
  const members = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  const search = new URLSearchParams(members).toString();
  return search === '' ? path : `${path}?${search}`;
}

/** The address of one write, and of one of its tabs. */
export function writeAddress(id: string, tab?: string): string {
  return address(`/write/${encodeURIComponent(id)}`, { tab });
}

/** The queue's tab on which writes of a state stand. */
export function queueAddress(
  tab: 'pending' | 'open' | 'committed' | 'all',
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  return address(`/queue/${tab}`, query);
}

/** Path and query of what stands behind `#`. */
export function splitFragment(fragment: string): { readonly path: string; readonly search: string } {
  const [path = '', ...rest] = fragment.replace(/^#?\/?/, '').split('?');
  return { path: `/${path}`, search: rest.join('?') };
}

const SCREENS = /^\/(today|queue|write|approvals|connections)(\/|\?|$)/;

/** A pasted address, as this window writes it or as a whole URL with it behind `#`; `null` for any other text. */
export function addressIn(text: string): string | null {
  const trimmed = text.trim();
  const behind = trimmed.includes('#') ? trimmed.slice(trimmed.indexOf('#') + 1) : trimmed;
  return behind.length <= 2_000 && SCREENS.test(behind) ? behind : null;
}
