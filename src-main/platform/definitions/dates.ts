/** Dates and times as R4 writes them (R4, datatypes: date, dateTime, instant, time). */

const YEAR = '(?!0000)\\d{4}';
const MONTH = '(?:0[1-9]|1[0-2])';
const DAY = '(?:0[1-9]|[12]\\d|3[01])';
const TIME = '(?:[01]\\d|2[0-3]):[0-5]\\d:(?:[0-5]\\d|60)(?:\\.\\d{1,9})?';
const ZONE = '(?:Z|[+-](?:(?:0\\d|1[0-3]):[0-5]\\d|14:00))';

const formats = {
  date: new RegExp(`^${YEAR}(?:-${MONTH}(?:-${DAY})?)?$`),
  dateTime: new RegExp(`^${YEAR}(?:-${MONTH}(?:-${DAY}(?:T${TIME}${ZONE})?)?)?$`),
  instant: new RegExp(`^${YEAR}-${MONTH}-${DAY}T${TIME}${ZONE}$`),
  time: new RegExp(`^${TIME}$`),
} as const;

export type TemporalType = keyof typeof formats;

export function isTemporal(type: string): type is TemporalType {
  return Object.hasOwn(formats, type);
}

/** `format`: not written as the type asks for (a time of day without its zone counts); `day`: no such day in the calendar. */
export function temporalFault(type: TemporalType, text: string): 'format' | 'day' | undefined {
  if (!formats[type].test(text)) return 'format';
  if (type === 'time' || text.length < 10) return undefined;
  const year = Number(text.slice(0, 4));
  const day = Number(text.slice(8, 10));
  return day <= daysIn(year, Number(text.slice(5, 7))) ? undefined : 'day';
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Zones reach from +14:00 to -12:00, so a day without a zone may begin and end this much off. */
const ZONE_DOUBT_MS = 14 * 3600_000;

/**
 * True when the first dateTime is certainly after the second one. Different precisions and zones are compared as far as
 * they go: a day is not after an hour of the same day.
 */
export function isCertainlyAfter(first: string, second: string): boolean {
  if (temporalFault('dateTime', first) !== undefined || temporalFault('dateTime', second) !== undefined) return false;
  const bothTimed = first.length > 10 && second.length > 10;
  if (!bothTimed && first.length <= 10 && second.length <= 10) {
    const shared = Math.min(first.length, second.length);
    return first.slice(0, shared) > second.slice(0, shared);
  }
  return earliest(first) > latest(second);
}

function earliest(text: string): number {
  if (text.length > 10) return timed(text);
  const [year = 0, month = 1, day = 1] = text.split('-').map(Number);
  return Date.UTC(year, month - 1, day) - ZONE_DOUBT_MS;
}

function latest(text: string): number {
  if (text.length > 10) return timed(text);
  const [year = 0, month, day] = text.split('-').map(Number);
  const next =
    month === undefined
      ? Date.UTC(year + 1, 0, 1)
      : day === undefined
        ? Date.UTC(year, month, 1)
        : Date.UTC(year, month - 1, day + 1);
  return next - 1 + ZONE_DOUBT_MS;
}

/** A leap second, which R4 allows and `Date` does not know, counts as the second before it. */
function timed(text: string): number {
  return Date.parse(text.replace(/:60(?=[.Z+-])/, ':59'));
}
