/** A stretch of time in milliseconds since 1970, the end not included. */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
}

const EARLIEST = -8_640_000_000_000_000;
const LATEST = 8_640_000_000_000_000;
const DATE = /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/;

/**
 * The stretch of time that a FHIR date, dateTime or instant stands for: `2026-03` is the whole month
 * (https://hl7.org/fhir/R4/search.html#date). A time without a zone is read as UTC. `undefined` when it is no date.
 */
export function timeRange(text: string): TimeRange | undefined {
  const match = DATE.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, hour, minute, second, fraction, zone] = match;
  const y = Number(year);
  if (month === undefined) return span(Date.UTC(y, 0, 1), Date.UTC(y + 1, 0, 1));
  const m = Number(month) - 1;
  if (m < 0 || m > 11) return undefined;
  if (day === undefined) return span(Date.UTC(y, m, 1), Date.UTC(y, m + 1, 1));
  const d = Number(day);
  if (d < 1 || d > new Date(Date.UTC(y, m + 1, 0)).getUTCDate()) return undefined;
  if (hour === undefined || minute === undefined) return span(Date.UTC(y, m, d), Date.UTC(y, m, d + 1));
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second ?? 0) > 60) return undefined;
  const whole = Date.UTC(y, m, d, Number(hour), Number(minute), Number(second ?? 0)) - offsetMs(zone);
  if (second === undefined) return span(whole, whole + 60_000);
  if (fraction === undefined) return span(whole, whole + 1000);
  const start = whole + Math.floor(Number(`0.${fraction}`) * 1000);
  return span(start, start + 1);
}

function span(start: number, end: number): TimeRange {
  return { start, end };
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  return sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
}

/** The stretch of time from the beginning of one date to the end of another; a side left out is open. */
export function periodRange(start: string | undefined, end: string | undefined): TimeRange | undefined {
  const from = start === undefined ? undefined : timeRange(start);
  const to = end === undefined ? undefined : timeRange(end);
  if (from === undefined && to === undefined) return undefined;
  return { start: from?.start ?? EARLIEST, end: to?.end ?? LATEST };
}
