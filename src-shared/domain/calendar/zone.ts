/**
 * Local time in an IANA time zone (https://www.iana.org/time-zones): days and times of day as a hospital's calendar has
 * them. Pure; the zone data is that of the JavaScript engine.
 */

/** A moment on the clock of some wall. `month` and `day` count from 1. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** True for a name that the zone data knows, such as `America/Chicago` or `UTC`. */
export function isTimeZone(name: string): boolean {
  return formatOf(name) !== undefined;
}

/** What a wall clock of the zone shows at a moment (epoch milliseconds). Throws RangeError for a zone that is none. */
export function localTime(ms: number, timeZone: string): LocalTime {
  const format = formatOf(timeZone);
  if (format === undefined) throw new RangeError(`not a time zone: ${JSON.stringify(timeZone)}`);
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  return { year: part('year'), month: part('month'), day: part('day'), hour: part('hour'), minute: part('minute') };
}

/**
 * The moment at which a wall clock of the zone shows this. A time that the clock shows twice (summer time ends) or passes
 * over (it begins) has two readings; `which` of them is meant has to be said.
 */
export function epochOf(local: LocalTime, timeZone: string, which: 'earliest' | 'latest'): number {
  const asUtc = utcOf(local);
  // No zone is further than a day from UTC, and none changes twice within two.
  const offsets = [...new Set([asUtc - DAY_MS, asUtc, asUtc + DAY_MS].map((ms) => offsetAt(ms, timeZone)))];
  const readings = offsets.map((offset) => asUtc - offset);
  const shown = readings.filter((ms) => offsetAt(ms, timeZone) === asUtc - ms);
  return (which === 'earliest' ? Math.min : Math.max)(...(shown.length > 0 ? shown : readings));
}

/** The day `days` after this one, at the same time of day. */
export function plusDays(local: LocalTime, days: number): LocalTime {
  return localTime(utcOf({ ...local, day: local.day + days }), 'UTC');
}

/** Day of the week, 0 for Sunday. */
export function weekdayOf(local: LocalTime): number {
  // 1 January 1970 was a Thursday.
  return (((Math.floor(utcOf(local) / DAY_MS) + 4) % 7) + 7) % 7;
}

/** A day as `YYYY-MM-DD`. */
export function dayText({ year, month, day }: LocalTime): string {
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
}

/** A moment as people of the zone write it: `YYYY-MM-DD HH:MM ZONE`. */
export function localWords(ms: number, timeZone: string): string {
  const local = localTime(ms, timeZone);
  return `${dayText(local)} ${two(local.hour)}:${two(local.minute)} ${timeZone}`;
}

function two(part: number): string {
  return String(part).padStart(2, '0');
}

function utcOf({ year, month, day, hour, minute }: LocalTime): number {
  return Date.UTC(year, month - 1, day, hour, minute);
}

function offsetAt(ms: number, timeZone: string): number {
  const minute = Math.floor(ms / 60_000) * 60_000;
  return utcOf(localTime(minute, timeZone)) - minute;
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timeZone, format);
    return format;
  } catch {
    return undefined;
  }
}

const DAY_MS = 24 * 60 * 60_000;
