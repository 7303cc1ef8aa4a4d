import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heightMax, placeAt, scrolled, scrollSpace } from './scroll-space.ts';

const MILLION = 36_000_000;

describe('a list taller than an element may be', () => {
  it('H3 a list that fits is scrolled as any other', () => {
    const space = scrollSpace(7_200, 600);
    expect(space.height).toBe(7_200);
    expect(scrolled(space, 0, 100)).toMatchObject({ scrollTop: 100, place: 100 });
    expect(scrolled(space, 0, 5_000)).toMatchObject({ scrollTop: 5_000, place: 5_000 });
  });

  it('H3 both ends are reached, by wheel, by thumb and by jump', () => {
    const space = scrollSpace(MILLION, 600);
    expect(space.height).toBe(heightMax);
    expect(scrolled(space, 0, heightMax - 600).place).toBe(MILLION - 600);
    expect(scrolled(placeAt(space, MILLION).space, heightMax - 600, 0).place).toBe(0);
    expect(placeAt(space, MILLION)).toMatchObject({ scrollTop: heightMax - 600 });
    expect(placeAt(space, -5)).toMatchObject({ scrollTop: 0 });
    expect(scrolled(space, 4_000_000, 2_000_000).place / MILLION).toBeCloseTo(0.25, 2);
  });

  it('H3 small movements are followed pixel by pixel', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: MILLION - 2_000 }), fc.integer({ min: -500, max: 500 }), (place, delta) => {
        const start = placeAt(scrollSpace(MILLION, 600), place);
        const next = scrolled(start.space, start.scrollTop, start.scrollTop + delta);
        expect(next.place).toBe(place + delta);
        expect(next.scrollTop).toBeGreaterThanOrEqual(0);
        expect(next.scrollTop).toBeLessThanOrEqual(heightMax - 600);
      }),
    );
  });
});
