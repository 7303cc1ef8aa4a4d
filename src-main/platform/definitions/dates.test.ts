import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isCertainlyAfter, temporalFault, type TemporalType } from './dates.ts';

const cases: readonly (readonly [TemporalType, string, 'format' | 'day' | undefined])[] = [
  ['date', '2026', undefined],
  ['date', '2026-03', undefined],
  ['date', '2024-02-29', undefined],
  ['date', '2000-02-29', undefined],
  ['date', '1900-02-29', 'day'],
  ['date', '2026-02-29', 'day'],
  ['date', '2026-04-31', 'day'],
  ['date', '0000-00-00', 'format'],
  ['date', '0000', 'format'],
  ['date', '2026-13-01', 'format'],
  ['date', '2026-00-01', 'format'],
  ['date', '2026-3-2', 'format'],
  ['date', '275760-09-13', 'format'],
  ['date', '2026-03-02T09:00:00Z', 'format'],
  ['dateTime', '2026-03-02T09:00:00Z', undefined],
  ['dateTime', '2026-03-02T09:00:00.123456789+14:00', undefined],
  ['dateTime', '2026-12-31T23:59:60Z', undefined],
  ['dateTime', '2026-03-02T09:00:00', 'format'],
  ['dateTime', '2026-03-02T09:00Z', 'format'],
  ['dateTime', '2026-03-02T24:00:00Z', 'format'],
  ['dateTime', '2026-03-02T09:00:00+14:30', 'format'],
  ['dateTime', '2026-03-02Z', 'format'],
  ['dateTime', '2026-03-02 09:00:00Z', 'format'],
  ['dateTime', '2026-02-30T09:00:00Z', 'day'],
  ['instant', '2026-03-02T09:00:00Z', undefined],
  ['instant', '2026-03-02', 'format'],
  ['time', '09:00:00', undefined],
  ['time', '9:00:00', 'format'],
  ['time', '09:00', 'format'],
  ['time', '24:00:00', 'format'],
];

describe('F1 dates', () => {
  it.each(cases)('F1 %s %s: %s', (type, text, fault) => {
    expect(temporalFault(type, text)).toBe(fault);
  });

  it('F1 the calendar is that of the runtime, for every day of four centuries', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1900, max: 2299 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 31 }),
        (year, month, day) => {
          const text = `${String(year)}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
          const exists = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;
          return temporalFault('date', text) === (exists ? undefined : 'day');
        },
      ),
    );
  });

  it.each([
    ['2026-03-02T10:00:00Z', '2026-03-02T09:00:00Z', true],
    ['2026-03-02T10:00:00Z', '2026-03-02T09:30:00-05:00', false],
    ['2026-03-02T10:00:00+05:00', '2026-03-02T06:00:00Z', false],
    ['2026-03-02T10:00:00Z', '2026-03-02T10:00:00Z', false],
    ['2026-03-02T23:59:60Z', '2026-03-02T23:59:59Z', false],
    ['2026-03-02', '2026-03-02T00:00:00Z', false],
    ['2026-03-02T23:00:00Z', '2026-03-02', false],
    ['2026-03-05', '2026-03-02T23:00:00Z', true],
    ['2026-03-05T00:00:00Z', '2026-03-02', true],
    ['2027', '2026-12-31', true],
    ['2026', '2026-01-01', false],
    ['2026-02', '2026-01-31', true],
    ['2026-02-10', '2026-02', false],
    ['2027-01-03T00:00:00Z', '2026', true],
    ['banana', '2026', false],
    ['2026', 'banana', false],
  ])('F1 %s is certainly after %s: %s', (first, second, after) => {
    expect(isCertainlyAfter(first, second)).toBe(after);
  });
});
