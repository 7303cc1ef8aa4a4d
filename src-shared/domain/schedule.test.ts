import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits/index.ts';
import { lookDelayMs, retryDelayMs } from './schedule.ts';
import { epochMs, readEpochMs } from './time.ts';

const { retryBaseMs, retryCapMs, retryAfterMaxMs, lookUpBaseMs, lookUpCapMs } = limits;
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const retryAfter = fc.option(
  fc.oneof(fc.integer({ min: -1_000, max: 3 * retryAfterMaxMs }), fc.constant(Number.POSITIVE_INFINITY)),
);
const attempts = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000_000 }));

describe('retryDelayMs', () => {
  it('C6 lies between what the EHR asked for and the ceiling of its attempt', () => {
    fc.assert(
      fc.property(attempts, fraction, retryAfter, (made, chance, asked) => {
        const delay = retryDelayMs(made, chance, asked);
        const ceiling = Math.min(retryCapMs, retryBaseMs * 2 ** (made - 1));
        const obeyed = Math.max(0, Math.min(asked ?? 0, retryAfterMaxMs));
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(obeyed);
        expect(delay).toBeLessThanOrEqual(Math.max(ceiling, obeyed));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    // attempts, chance, Retry-After -> milliseconds
    [1, 0, null, 0],
    [1, 0.5, null, 250],
    [1, 0.999, null, 500],
    [2, 0.5, null, 500],
    [3, 0.5, null, 1_000],
    [8, 0.5, null, 32_000],
    [40, 0.5, null, retryCapMs / 2],
    [1_000, 0.999_999, null, retryCapMs],
    [1, 0.5, 0, 250],
    [1, 0.5, -5_000, 250],
    [1, 0.5, 249, 250],
    [1, 0.5, 251, 251],
    [1, 0.999, 30_000, 30_000],
    [1, 0, retryAfterMaxMs + 1, retryAfterMaxMs],
    [1, 0, Number.POSITIVE_INFINITY, retryAfterMaxMs],
  ])('C6 after %i attempts, at chance %d and Retry-After %s, waits %i ms', (made, chance, asked, expected) => {
    expect(retryDelayMs(made, chance, asked)).toBe(expected);
  });

  it('C6 spreads retries over the whole span: full jitter', () => {
    fc.assert(
      fc.property(attempts, fraction, (made, chance) => {
        expect(retryDelayMs(made, chance / 2, null)).toBeLessThanOrEqual(retryDelayMs(made, chance, null));
      }),
    );
    expect(retryDelayMs(20, 0, null)).toBe(0);
    expect(retryDelayMs(20, 0.999_999, null)).toBe(retryCapMs);
  });
});

describe('lookDelayMs', () => {
  it('C4 grows to its cap, keeps at least half of it, and never looks sooner than the EHR asked', () => {
    fc.assert(
      fc.property(fc.nat(100), fraction, retryAfter, (looks, chance, asked) => {
        const delay = lookDelayMs(looks, chance, asked);
        const base = Math.min(lookUpCapMs, lookUpBaseMs * 2 ** looks);
        const obeyed = Math.max(0, Math.min(asked ?? 0, retryAfterMaxMs));
        expect(Number.isSafeInteger(delay)).toBe(true);
        expect(delay).toBeGreaterThanOrEqual(Math.max(Math.floor(base / 2), obeyed));
        expect(delay).toBeLessThanOrEqual(Math.max(base, obeyed));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each([
    [0, 0, null, 100],
    [0, 0.999_999, null, 200],
    [1, 0, null, 200],
    [5, 0, null, 3_200],
    [9, 0, null, 30_000],
    [60, 0.999_999, null, lookUpCapMs],
    [0, 0, 5_000, 5_000],
    [0, 0, retryAfterMaxMs * 2, retryAfterMaxMs],
  ])('C4 after %i looks, at chance %d and Retry-After %s, waits %i ms', (looks, chance, asked, expected) => {
    expect(lookDelayMs(looks, chance, asked)).toBe(expected);
  });

  it('C4 lets the looks that prove absence span the time that search indexes lag', () => {
    let waited = 0;
    for (let looks = 0; looks < limits.lookUpsMax; looks += 1) waited += lookDelayMs(looks, 0, null);
    expect(waited).toBeGreaterThan(limits.searchSettleMs);
  });
});

describe('epochMs', () => {
  it.each([
    ['2026-03-02T09:14:00Z', Date.UTC(2026, 2, 2, 9, 14)],
    ['2026-03-02T09:14Z', Date.UTC(2026, 2, 2, 9, 14)],
    ['2026-03-02T09:14:00.5Z', Date.UTC(2026, 2, 2, 9, 14, 0, 500)],
    ['2026-03-02T09:14:00.123456789Z', Date.UTC(2026, 2, 2, 9, 14, 0, 123)],
    ['2026-03-02T10:14:00+01:00', Date.UTC(2026, 2, 2, 9, 14)],
    ['2026-03-02T23:14:00+14:00', Date.UTC(2026, 2, 2, 9, 14)],
    ['2026-03-02T00:00:00-05:30', Date.UTC(2026, 2, 2, 5, 30)],
    // A leap second is the second after it.
    ['2016-12-31T23:59:60Z', Date.UTC(2017, 0, 1)],
    ['2016-12-31T23:59:60.25Z', Date.UTC(2017, 0, 1, 0, 0, 0, 250)],
    ['2017-01-01T00:59:60+01:00', Date.UTC(2017, 0, 1)],
    ['2026-03-02', Date.UTC(2026, 2, 2)],
    ['2026-03', Date.UTC(2026, 2, 1)],
    ['2026', Date.UTC(2026, 0, 1)],
  ])('A4 reads %s', (text, expected) => {
    expect(epochMs(text)).toBe(expected);
    expect(readEpochMs(text)).toBe(expected);
  });

  it.each(['', 'yesterday', '2026-13-01', '2026-03-02T25:00:00Z', '2026-03-02T09:14:61Z'])('A4 does not guess at %j', (text) => {
    expect(() => epochMs(text)).toThrow(RangeError);
    expect(readEpochMs(text)).toBeUndefined();
  });
});
