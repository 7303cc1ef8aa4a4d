import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QueueGroup, QueuePage, QueueRow } from '../../../src-shared/contract/index.ts';
import * as rows from './rows-window.ts';

const row = (id: string, words: string | null = null): QueueRow => ({ id, words }) as QueueRow;
const page = (from: number, total: number, groups: readonly QueueGroup[] = [], count = rows.pageRows): QueuePage => ({
  total,
  from,
  rows: Array.from({ length: Math.min(count, total - from) }, (_, at) => row(`w${from + at}`)),
  groups: [...groups],
  revision: 1,
});
const group = (state: QueueGroup['state'], count: number): QueueGroup => ({ state, code: null, count });

describe('the window onto the queue', () => {
  it('H3 knows which pages a range of a million rows needs', () => {
    const list = rows.windowOf(page(0, 1_000_000));
    expect(rows.missingPages(list, 0, 40)).toEqual([]);
    expect(rows.missingPages(list, 90, 130)).toEqual([1]);
    expect(rows.missingPages(list, 555_550, 555_760)).toEqual([5555, 5556, 5557]);
    expect(rows.missingPages(list, 999_990, 2_000_000)).toEqual([9999]);
    expect(rows.missingPages(list, -20, -1)).toEqual([]);
    const more = rows.withPage(list, page(100, 1_000_000));
    expect(rows.rowAt(more, 150)?.id).toBe('w150');
    expect(rows.rowAt(more, 250)).toBeUndefined();
    expect(rows.positionOf(more, 'w150')).toBe(150);
    expect(rows.positionOf(more, 'w250')).toBeUndefined();
  });

  it('H3 forgets the pages farthest from the newest', () => {
    let list = rows.windowOf(page(0, 1_000_000));
    for (let at = 1; at <= 60; at += 1) list = rows.withPage(list, page(at * rows.pageRows, 1_000_000));
    expect(list.pages.size).toBe(40);
    expect(list.pages.has(0)).toBe(false);
    expect(list.pages.has(60)).toBe(true);
  });

  it('H3 changes rows where they stand and tells that the list is behind', () => {
    const list = rows.windowOf(page(0, 300));
    expect(rows.isBehind(list)).toBe(false);
    const noticed = rows.afterNotice(rows.afterNotice(list, ['w3', 'w250']), ['w3']);
    expect(noticed.moved.size).toBe(2);
    expect(rows.isBehind(noticed)).toBe(true);
    expect(rows.idsToRefresh(noticed, 0, 20, ['w3', 'w250'])).toEqual(['w3']);
    expect(rows.idsToRefresh(noticed, 0, 2, null)).toEqual(['w0', 'w1', 'w2']);
    const fresh = rows.refreshed(noticed, [row('w3', 'now'), row('elsewhere')]);
    expect([rows.rowAt(fresh, 3)?.words, rows.positionOf(fresh, 'w3'), rows.rowAt(fresh, 4)]).toEqual(['now', 3, row('w4')]);
    expect(rows.isBehind(rows.afterNotice(list, null))).toBe(true);
  });

  it.each([
    ['another length', page(100, 301)],
    ['other groups', page(100, 300, [group('unknown', 300)])],
  ])('H3 a page of a list with %s makes it stale and moves nothing', (_what, other) => {
    const list = rows.withPage(rows.windowOf(page(0, 300)), other);
    expect([list.stale, list.total, list.groups]).toEqual([true, 300, []]);
  });

  it('H3 group headers stand where groups begin, and only when they cover the list', () => {
    const groups = [group('unknown', 2), group('conflict', 0), group('failed-terminal', 3)];
    const list = rows.windowOf(page(0, 5, groups));
    expect(rows.lineCount(list)).toBe(7);
    expect(Array.from({ length: 7 }, (_, line) => rows.lineAt(list, line))).toEqual([
      { kind: 'group', group: groups[0], at: 0 },
      { kind: 'row', position: 0 },
      { kind: 'row', position: 1 },
      { kind: 'group', group: groups[2], at: 1 },
      { kind: 'row', position: 2 },
      { kind: 'row', position: 3 },
      { kind: 'row', position: 4 },
    ]);
    expect(rows.positionNear(list, 3, 1)).toBe(2);
    expect(rows.positionNear(list, 3, -1)).toBe(1);
    expect(rows.positionNear(list, 0, -1)).toBe(0);
    expect(rows.positionNear(list, 99, 1)).toBe(4);
    expect(rows.lineCount(rows.windowOf(page(0, 5, [group('unknown', 2)])))).toBe(5);
    expect(rows.lineCount(rows.windowOf(page(0, 5, [group(null, 5)])))).toBe(5);
  });

  it('H3 lines and places are each other’s inverse', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 6 }), (counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        const list = rows.windowOf(
          page(
            0,
            total,
            counts.map((count) => group('pending', count)),
          ),
        );
        for (let position = 0; position < total; position += 1) {
          expect(rows.lineAt(list, rows.lineOfPosition(list, position))).toEqual({ kind: 'row', position });
        }
      }),
    );
  });
});
