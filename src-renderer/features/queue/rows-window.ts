import type { QueueGroup, QueuePage, QueueRow } from '../../../src-shared/contract/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * What the window knows of a list that may hold a million rows: how long it is, how it falls into groups, and the pages
 * that have been looked at. Pure; every function gives a new window or the same one.
 *
 * A place in the list keeps the row it was given until the list is loaded anew: rows change in place and never move under
 * a pointer.
 */
export interface RowsWindow {
  readonly total: number;
  readonly groups: readonly QueueGroup[];
  /** Rows by page number; the rows of page n stand at `n * pageRows` and after. */
  readonly pages: ReadonlyMap<number, readonly QueueRow[]>;
  /** Writes that have moved since the list was loaded. */
  readonly moved: ReadonlySet<string>;
  /** The list may have changed by more than what `moved` names. */
  readonly stale: boolean;
}

/** What stands in a line of the table: the header of a group, or the row at a place in the list. */
export type LineItem =
  | { readonly kind: 'group'; readonly group: QueueGroup; readonly at: number }
  | { readonly kind: 'row'; readonly position: number };

/** Rows asked for at a time: half of what one answer may hold, so that a screenful costs little. */
export const pageRows = limits.queuePageRowsMax / 2;
/** Pages kept; beyond, those farthest from the eye are dropped. */
const PAGES_KEPT = 40;

/** The window onto a list of which one page has been read. */
export function windowOf(page: QueuePage): RowsWindow {
  return withPage({ total: page.total, groups: page.groups, pages: new Map(), moved: new Set(), stale: false }, page);
}

/** The window with a page more. A page of a list that has meanwhile another length or other groups makes it stale. */
export function withPage(list: RowsWindow, page: QueuePage): RowsWindow {
  const number = Math.floor(page.from / pageRows);
  const pages = new Map(list.pages).set(number, page.rows);
  const far = [...pages.keys()].sort((left, right) => Math.abs(right - number) - Math.abs(left - number));
  for (const one of far.slice(0, Math.max(0, pages.size - PAGES_KEPT))) pages.delete(one);
  return { ...list, pages, stale: list.stale || !sameShape(list, page) };
}

function sameShape(list: RowsWindow, page: QueuePage): boolean {
  return (
    list.total === page.total &&
    list.groups.length === page.groups.length &&
    list.groups.every((group, at) => {
      const other = page.groups[at];
      return other?.state === group.state && other.code === group.code && other.count === group.count;
    })
  );
}

/** Numbers of the pages that hold the places from `first` to `last` (inclusive) and have not been read, nearest first. */
export function missingPages(list: RowsWindow, first: number, last: number): readonly number[] {
  const missing: number[] = [];
  const end = Math.min(last, list.total - 1);
  for (let page = Math.floor(Math.max(0, first) / pageRows); page * pageRows <= end; page += 1) {
    if (!list.pages.has(page)) missing.push(page);
  }
  return missing;
}

export function rowAt(list: RowsWindow, position: number): QueueRow | undefined {
  return list.pages.get(Math.floor(position / pageRows))?.[position % pageRows];
}

/** Place of a row that has been read, or `undefined`. */
export function positionOf(list: RowsWindow, id: string): number | undefined {
  for (const [page, rows] of list.pages) {
    const at = rows.findIndex((row) => row.id === id);
    if (at >= 0) return page * pageRows + at;
  }
  return undefined;
}

/** Which of the rows from `first` to `last` are among these writes; all of them when the writes are not known. */
export function idsToRefresh(list: RowsWindow, first: number, last: number, writes: readonly string[] | null): readonly string[] {
  const named = writes === null ? null : new Set(writes);
  const ids: string[] = [];
  for (let position = Math.max(0, first); position <= last && ids.length < limits.queuePageRowsMax; position += 1) {
    const id = rowAt(list, position)?.id;
    if (id !== undefined && (named === null || named.has(id))) ids.push(id);
  }
  return ids;
}

/** The window with these rows as they are now, each where it was. */
export function refreshed(list: RowsWindow, rows: readonly QueueRow[]): RowsWindow {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const pages = new Map(
    [...list.pages].map(([number, page]) => [
      number,
      page.some(({ id }) => byId.has(id)) ? page.map((row) => byId.get(row.id) ?? row) : page,
    ]),
  );
  return { ...list, pages };
}

/** The window after word that the ledger has grown; `null`: not known by which writes. */
export function afterNotice(list: RowsWindow, writes: readonly string[] | null): RowsWindow {
  return writes === null ? { ...list, stale: true } : { ...list, moved: new Set([...list.moved, ...writes]) };
}

/** True when the list as it is now may look otherwise than the window shows it. */
export function isBehind(list: RowsWindow): boolean {
  return list.stale || list.moved.size > 0;
}

/** Group headers stand in the table when the list is grouped and its groups cover the whole of it. */
function headers(list: RowsWindow): readonly QueueGroup[] {
  if (list.groups.some(({ state }) => state === null)) return [];
  const counted = list.groups.reduce((sum, { count }) => sum + count, 0);
  return counted === list.total ? list.groups.filter(({ count }) => count > 0) : [];
}

/** Lines of the table: rows and group headers. */
export function lineCount(list: RowsWindow): number {
  return list.total + headers(list).length;
}

export function lineAt(list: RowsWindow, line: number): LineItem {
  let start = 0;
  let at = 0;
  for (const group of headers(list)) {
    if (line === start) return { kind: 'group', group, at };
    at += 1;
    if (line <= start + group.count) return { kind: 'row', position: line - at };
    start += group.count + 1;
  }
  return { kind: 'row', position: line - at };
}

/** The line in which the row at this place stands. */
export function lineOfPosition(list: RowsWindow, position: number): number {
  let before = 0;
  let end = 0;
  for (const { count } of headers(list)) {
    before += 1;
    end += count;
    if (position < end) break;
  }
  return position + before;
}

/** The place of the row nearest to a line, looking first in the direction of travel. */
export function positionNear(list: RowsWindow, line: number, direction: 1 | -1): number {
  const last = lineCount(list) - 1;
  const wanted = Math.min(last, Math.max(0, line));
  for (const candidate of [wanted, wanted + direction, wanted - direction]) {
    if (candidate < 0 || candidate > last) continue;
    const item = lineAt(list, candidate);
    if (item.kind === 'row') return item.position;
  }
  return 0;
}
