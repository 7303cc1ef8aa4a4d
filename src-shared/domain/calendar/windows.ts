import { dayText, epochOf, isTimeZone, localTime, plusDays, weekdayOf, type LocalTime } from './zone.ts';

/** Maintenance windows of an EHR (C6): times in which nothing is sent to it, on the clock of its own place. */

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof weekdays)[number];

export interface MaintenanceWindow {
  /** Names the window on its connection. */
  readonly id: string;
  /** IANA name of the zone in which the times are meant. */
  readonly timeZone: string;
  readonly when:
    /** Each of these days, from and to a time of day (`HH:MM`); a `to` that is not after `from` lies on the next day. */
    | { readonly repeats: 'weekly'; readonly days: readonly Weekday[]; readonly from: string; readonly to: string }
    /** Once, from and to a local time (`YYYY-MM-DDTHH:MM`). */
    | { readonly repeats: 'never'; readonly from: string; readonly to: string };
}

const TIME = /^([01]\d|2[0-3]):([0-5]\d)$/;
const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):([0-5]\d)$/;

/** What is wrong with a window, in words, or `null`. */
export function windowFault({ timeZone, when }: MaintenanceWindow): string | null {
  if (!isTimeZone(timeZone)) return `"${timeZone}" is not a time zone; name one like America/Chicago`;
  if (when.repeats === 'weekly') {
    if (when.days.length === 0) return 'name at least one day of the week';
    for (const text of [when.from, when.to]) if (!TIME.test(text)) return `"${text}" is not a time of day like 02:30`;
    return null;
  }
  for (const text of [when.from, when.to])
    if (readDateTime(text) === undefined) return `"${text}" is not a local time like 2026-11-29T02:30`;
  const { start, end } = onceSpan(when, timeZone);
  return end <= start ? 'it ends before it begins' : null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The window that is open at a moment, with its end (epoch milliseconds); `undefined`: none. Of several, the one that ends
 * last. Where summer time makes a local time ambiguous, the window is taken as long as it can be meant.
 */
export function windowOpenAt(
  windows: readonly MaintenanceWindow[],
  now: number,
): { readonly window: MaintenanceWindow; readonly until: number } | undefined {
  let open: { window: MaintenanceWindow; until: number } | undefined;
  for (const window of windows) {
    for (const { start, end } of spansNear(window, now)) {
      if (now < start || now >= end || (open !== undefined && end <= open.until)) continue;
      open = { window, until: end };
    }
  }
  return open;
}

/** When a window is, in words. */
export function windowWords({ timeZone, when }: MaintenanceWindow): string {
  const days = when.repeats === 'never' ? '' : `${when.days.length === 7 ? 'every day' : when.days.join(', ')}, `;
  return `${days}${when.from} to ${when.to} ${timeZone}`;
}

function spansNear({ timeZone, when }: MaintenanceWindow, now: number): readonly Span[] {
  if (when.repeats === 'never') return [onceSpan(when, timeZone)];
  const today = localTime(now, timeZone);
  // One that began yesterday may still be open.
  return [-1, 0].flatMap((days) => {
    const day = plusDays(today, days);
    const name = weekdays[weekdayOf(day)];
    if (name === undefined || !when.days.includes(name)) return [];
    const next = when.to <= when.from ? plusDays(day, 1) : day;
    return [
      {
        start: epochOf(atTime(day, when.from), timeZone, 'earliest'),
        end: epochOf(atTime(next, when.to), timeZone, 'latest'),
      },
    ];
  });
}

function onceSpan(when: Extract<MaintenanceWindow['when'], { repeats: 'never' }>, timeZone: string): Span {
  const [from, to] = [readDateTime(when.from), readDateTime(when.to)];
  if (from === undefined || to === undefined) throw new RangeError(`not a window: ${when.from} to ${when.to}`);
  return { start: epochOf(from, timeZone, 'earliest'), end: epochOf(to, timeZone, 'latest') };
}

function atTime(day: LocalTime, text: string): LocalTime {
  const [, hour, minute] = TIME.exec(text) ?? [];
  if (hour === undefined || minute === undefined) throw new RangeError(`not a time of day: ${text}`);
  return { ...day, hour: Number(hour), minute: Number(minute) };
}

function readDateTime(text: string): LocalTime | undefined {
  const match = DATE_TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = match.slice(1).map(Number);
  const local = { year, month, day, hour, minute };
  // 30 February is no day, and no other day is meant by it.
  return dayText(plusDays(local, 0)) === dayText(local) ? local : undefined;
}
