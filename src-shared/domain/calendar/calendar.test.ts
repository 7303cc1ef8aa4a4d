import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarWait, capsOf, windowFault, windowOpenAt, type MaintenanceWindow } from './index.ts';
import { epochOf, localTime } from './zone.ts';

const at = (text: string): number => Date.parse(text);
const weekly = (days: readonly string[], from: string, to: string, timeZone = 'America/Chicago') =>
  ({ id: 'w', timeZone, when: { repeats: 'weekly', days, from, to } }) as MaintenanceWindow;
const once = (from: string, to: string, timeZone = 'Europe/Berlin') =>
  ({ id: 'o', timeZone, when: { repeats: 'never', from, to } }) as MaintenanceWindow;

describe('local time', () => {
  const zones = [
    'UTC',
    'America/Chicago',
    'America/Sao_Paulo',
    'Asia/Kathmandu',
    'Pacific/Apia',
    'Australia/Lord_Howe',
    'Africa/Cairo',
  ];
  it('C6 what a wall clock shows at a moment is shown at that moment', () => {
    const minute = fc.integer({ min: at('1995-01-01T00:00:00Z') / 60_000, max: at('2035-01-01T00:00:00Z') / 60_000 });
    fc.assert(
      fc.property(fc.constantFrom(...zones), minute, (zone, minutes) => {
        const ms = minutes * 60_000;
        const local = localTime(ms, zone);
        const [first, last] = [epochOf(local, zone, 'earliest'), epochOf(local, zone, 'latest')];
        expect(localTime(first, zone)).toEqual(local);
        expect(localTime(last, zone)).toEqual(local);
        expect([first, last]).toContain(ms);
      }),
    );
  });

  it.each([
    // Summer time begins: 02:30 is passed over; it ends: 01:30 comes twice.
    ['2026-03-08', 2, 'America/Chicago', '2026-03-08T07:30:00Z', '2026-03-08T08:30:00Z'],
    ['2026-11-01', 1, 'America/Chicago', '2026-11-01T06:30:00Z', '2026-11-01T07:30:00Z'],
  ])('C6 on %s at %i:30 in %s both readings are known', (day, hour, zone, first, last) => {
    const [year = 0, month = 0, date = 0] = day.split('-').map(Number);
    const local = { year, month, day: date, hour, minute: 30 };
    expect(epochOf(local, zone, 'earliest')).toBe(at(first));
    expect(epochOf(local, zone, 'latest')).toBe(at(last));
  });
});

describe('maintenance windows', () => {
  it.each([
    ['inside', weekly(['sun'], '02:00', '04:00'), '2026-03-01T08:30:00Z', '2026-03-01T10:00:00Z'],
    ['at its first moment', weekly(['sun'], '02:00', '04:00'), '2026-03-01T08:00:00Z', '2026-03-01T10:00:00Z'],
    ['before it', weekly(['sun'], '02:00', '04:00'), '2026-03-01T07:59:59.999Z', null],
    ['at its end', weekly(['sun'], '02:00', '04:00'), '2026-03-01T10:00:00Z', null],
    ['on another day', weekly(['mon'], '02:00', '04:00'), '2026-03-01T08:30:00Z', null],
    ['over midnight, the evening', weekly(['sat'], '23:00', '01:00'), '2026-03-01T05:30:00Z', '2026-03-01T07:00:00Z'],
    ['over midnight, the morning', weekly(['sat'], '23:00', '01:00'), '2026-03-01T06:30:00Z', '2026-03-01T07:00:00Z'],
    ['over midnight, the wrong morning', weekly(['sun'], '23:00', '01:00'), '2026-03-01T06:30:00Z', null],
    ['a whole day', weekly(['sun'], '00:00', '00:00'), '2026-03-02T05:59:00Z', '2026-03-02T06:00:00Z'],
    ['the day without 02:00', weekly(['sun'], '02:00', '02:45'), '2026-03-08T08:15:00Z', '2026-03-08T08:45:00Z'],
    ['the second 01:30', weekly(['sun'], '01:00', '02:00'), '2026-11-01T07:30:00Z', '2026-11-01T08:00:00Z'],
    ['once', once('2026-06-01T22:00', '2026-06-02T03:00'), '2026-06-02T00:00:00Z', '2026-06-02T01:00:00Z'],
    ['once, long after', once('2026-06-01T22:00', '2026-06-02T03:00'), '2026-06-09T00:00:00Z', null],
  ])('C6 %s', (_, window, now, until) => {
    expect(windowOpenAt([window], at(now))?.until ?? null).toBe(until === null ? null : at(until));
  });

  it('C6 of several that are open the one that ends last counts', () => {
    const windows = [weekly(['sun'], '02:00', '04:00'), weekly(['sun'], '03:00', '05:00'), weekly(['sun'], '03:00', '03:30')];
    expect(windowOpenAt(windows, at('2026-03-01T09:15:00Z'))?.until).toBe(at('2026-03-01T11:00:00Z'));
  });

  it.each([
    [weekly(['sun'], '02:00', '04:00'), null],
    [weekly([], '02:00', '04:00'), /day of the week/],
    [weekly(['sun'], '2:00', '04:00'), /time of day/],
    [weekly(['sun'], '02:00', '24:00'), /time of day/],
    [weekly(['sun'], '02:00', '04:00', 'Chicago'), /time zone/],
    [once('2026-06-01T22:00', '2026-06-01T21:00'), /before it begins/],
    [once('2026-02-30T22:00', '2026-03-01T21:00'), /local time/],
    [once('2026-06-01', '2026-06-02'), /local time/],
  ])('C6 %j: %s', (window, fault) => {
    if (fault === null) expect(windowFault(window)).toBeNull();
    else expect(windowFault(window)).toMatch(fault);
  });
});

describe('daily caps', () => {
  const settings = { timeZone: 'America/Chicago', sendsPerDayMax: 3, sendsPerDayMaxOfSource: { scribe: 1 } };
  const ehr = { name: 'ehr', settings };
  // Nine in the evening in Chicago, three in the morning of the next day in UTC.
  const now = at('2026-03-02T03:00:00Z');

  it('B4 a write falls under the cap of its connection and of its source, on the day of the connection', () => {
    expect(capsOf(ehr, { source: 'scribe' }, now).map(({ key, max }) => [key, max])).toEqual([
      ['ehr 2026-03-01', 3],
      ['ehr 2026-03-01 scribe', 1],
    ]);
    expect(capsOf(ehr, { source: 'other' }, now)).toHaveLength(1);
    expect(capsOf({ name: 'ehr' }, { source: 'scribe' }, now)).toEqual([]);
  });

  it.each([
    [2, 0, null],
    [3, 0, 'daily-cap'],
    [0, 1, 'daily-cap'],
    [9, 9, 'daily-cap'],
  ])('B4 with %i sent on the connection and %i of the source: %s', (sent, ofSource, code) => {
    const caps = capsOf(ehr, { source: 'scribe' }, now);
    const wait = calendarWait(
      ehr,
      caps,
      new Map([
        ['ehr 2026-03-01', sent],
        ['ehr 2026-03-01 scribe', ofSource],
      ]),
      now,
    );
    expect(wait?.code ?? null).toBe(code);
    if (wait !== null) expect(wait.until).toBe(at('2026-03-02T06:00:00Z'));
  });

  it('C6 a window is told before a cap', () => {
    const both = { name: 'ehr', settings: { ...settings, maintenance: [weekly(['sun'], '20:00', '22:00')] } };
    const wait = calendarWait(both, capsOf(both, { source: 'scribe' }, now), new Map([['ehr 2026-03-01', 9]]), now);
    expect(wait).toMatchObject({ code: 'maintenance-window', until: at('2026-03-02T04:00:00Z') });
  });

  it('B4 what waits for the next day always waits for a moment that is to come, and on that day', () => {
    const zones = fc.constantFrom('America/Chicago', 'America/Sao_Paulo', 'Africa/Cairo', 'Asia/Beirut', 'Pacific/Apia');
    const minute = fc.integer({ min: at('2005-01-01T00:00:00Z') / 60_000, max: at('2030-01-01T00:00:00Z') / 60_000 });
    fc.assert(
      fc.property(zones, minute, (timeZone, minutes) => {
        const ms = minutes * 60_000;
        const one = { name: 'ehr', settings: { timeZone, sendsPerDayMax: 1 } };
        const caps = capsOf(one, { source: 's' }, ms);
        const wait = calendarWait(one, caps, new Map(caps.map(({ key }) => [key, 1])), ms);
        expect(wait?.until).toBeGreaterThan(ms);
        expect(capsOf(one, { source: 's' }, wait?.until ?? 0)[0]?.key).not.toBe(caps[0]?.key);
      }),
    );
  });
});
