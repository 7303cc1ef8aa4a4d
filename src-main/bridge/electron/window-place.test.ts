import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepPlace, placeIn, readPlace } from './window-place.ts';

const screen = { x: 0, y: 25, width: 1920, height: 1055 };
const second = { x: 1920, y: 0, width: 2560, height: 1440 };
const first = { bounds: { width: 1320, height: 860 }, maximized: false };
const text = (bounds: object, maximized: unknown = false): string => JSON.stringify({ bounds, maximized });

describe('K1 the window opens where it was', () => {
  it('K1 on the display it was on', () => {
    const bounds = { x: 2000, y: 100, width: 1400, height: 900 };
    expect(placeIn(text(bounds, true), [screen, second])).toEqual({ bounds, maximized: true });
  });

  it.each([
    ['the display is gone', { x: 2000, y: 100, width: 1400, height: 900 }],
    ['its title would be above the display', { x: 10, y: -500, width: 1400, height: 900 }],
    ['its title would be below the display', { x: 10, y: 1060, width: 1400, height: 900 }],
    ['too little of it would show', { x: 1900, y: 100, width: 1400, height: 900 }],
  ])('K1 not when %s', (_why, bounds) => {
    expect(placeIn(text(bounds), [screen])).toEqual(first);
  });

  it('K1 no larger than the display is now', () => {
    expect(placeIn(text({ x: 0, y: 25, width: 5000, height: 3000 }), [screen]).bounds).toMatchObject({
      width: 1920,
      height: 1055,
    });
  });

  it('K1 still within reach when it was wider than the display its right edge is on', () => {
    const narrow = { x: 1920, y: 0, width: 1000, height: 1440 };
    const { bounds } = placeIn(text({ x: -640, y: 0, width: 2720, height: 900 }), [screen, narrow]);
    expect(bounds).toEqual({ x: 1080, y: 0, width: 1000, height: 900 });
  });

  it.each([
    ['nothing', null],
    ['no JSON', '{'],
    ['a list', '[]'],
    ['half of it', text({ x: 1, y: 30 })],
    ['fractions', text({ x: 1.5, y: 30, width: 1000, height: 700 })],
    ['too small', text({ x: 1, y: 30, width: 10, height: 10 })],
    ['enormous', text({ x: 1, y: 30, width: 1e9, height: 700 })],
    ['words', text({ x: 'a', y: 30, width: 1000, height: 700 })],
    ['no yes or no', text({ x: 1, y: 30, width: 1000, height: 700 }, 'yes')],
    ['more than it should', `{"bounds":{"x":1,"y":30,"width":1000,"height":700},"maximized":false,"url":"https://x"}`],
  ])('K1 a file that holds %s opens a first window', (_what, content) => {
    expect(placeIn(content, [screen])).toEqual(first);
  });

  it('K1 whatever was kept, a person can take hold of the window', () => {
    const side = fc.integer({ min: 900, max: 20_000 });
    // Mostly near the displays: far away, every window opens as a first one and the property says nothing.
    const edge = fc.oneof(
      { arbitrary: fc.integer({ min: -3_000, max: 5_000 }), weight: 9 },
      fc.integer({ min: -100_000, max: 100_000 }),
    );
    fc.assert(
      fc.property(edge, edge, side, side, (x, y, width, height) => {
        const { bounds } = placeIn(text({ x, y, width, height }), [screen, second]);
        if (bounds.x === undefined || bounds.y === undefined) return;
        const { x: left, y: top } = bounds;
        const reach = [screen, second].map((area) =>
          top < area.y || top + 40 > area.y + area.height
            ? 0
            : Math.min(left + bounds.width, area.x + area.width) - Math.max(left, area.x),
        );
        expect(Math.max(...reach)).toBeGreaterThanOrEqual(160);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('K1 the file of the place', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-place-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('K1 keeps and gives back, and leaves nothing else', () => {
    const file = join(folder, 'window.json');
    expect(readPlace(file, [screen])).toEqual(first);
    const bounds = { x: 10, y: 40, width: 1000, height: 700 };
    keepPlace(file, bounds, true);
    expect(readPlace(file, [screen])).toEqual({ bounds, maximized: true });
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ bounds, maximized: true });
    expect(readdirSync(folder)).toEqual(['window.json']);
  });

  it('K1 is no reason to stop when it cannot be written or read', () => {
    const file = join(folder, 'not-there', 'window.json');
    keepPlace(file, { x: 0, y: 0, width: 1000, height: 700 }, false);
    expect(readPlace(file, [screen])).toEqual(first);
    writeFileSync(join(folder, 'x'), 'x');
    expect(readPlace(join(folder, 'x', 'window.json'), [screen])).toEqual(first);
  });
});
