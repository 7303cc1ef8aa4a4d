import type { Rest } from '../flow.ts';
import type { Connection, ConnectionSettings } from '../people.ts';
import type { WriteRow } from '../write.ts';
import { dayText, epochOf, localTime, localWords, plusDays } from './zone.ts';
import { windowOpenAt, windowWords } from './windows.ts';

/** What a connection's calendar says about sending now: maintenance windows and daily caps (C6, B4). */

/**
 * How many requests left for one connection, or for one source on it, on one day of its calendar. Under the key of
 * `retriesKey`: how many were sent again on it; of `restsKey`: how often its circuit breaker changed.
 */
export interface SendsRow {
  readonly key: string;
  readonly version: number;
  readonly sends: number;
  /** What the last one left of the connection's budget of retries, and when (epoch milliseconds). */
  readonly retries?: { readonly left: number; readonly at: number };
  /** What the connection does not do for now; left out: it does everything. */
  readonly resting?: Resting;
}

/** What a connection does not do for now because its EHR is in trouble, as the engine saw it that leaves it alone. */
export interface Resting extends Rest {
  readonly engine: string;
  /** Epoch milliseconds. */
  readonly since: number;
}

/** One cap that a write falls under, with the name under which the day's sends are counted. */
export interface Cap {
  readonly key: string;
  readonly max: number;
  readonly words: string;
}

/** Why a write waits, and until when (epoch milliseconds). */
export interface CalendarWait {
  readonly code: 'maintenance-window' | 'daily-cap';
  readonly until: number;
  readonly words: string;
}

/** The zone of the connection's day. */
export function timeZoneOf(settings: ConnectionSettings | undefined): string {
  return settings?.timeZone ?? 'UTC';
}

/** The caps that a write on the connection falls under at this moment; empty when there are none. */
export function capsOf(
  connection: Pick<Connection, 'name' | 'settings'>,
  row: Pick<WriteRow, 'source'>,
  now: number,
): readonly Cap[] {
  const { settings } = connection;
  const day = dayText(localTime(now, timeZoneOf(settings)));
  const whole = settings?.sendsPerDayMax;
  const ofSource = settings?.sendsPerDayMaxOfSource?.[row.source];
  return [
    ...(whole === undefined
      ? []
      : [{ key: `${connection.name} ${day}`, max: whole, words: `${whole} a day on ${connection.name}` }]),
    ...(ofSource === undefined
      ? []
      : [
          {
            key: `${connection.name} ${day} ${row.source}`,
            max: ofSource,
            words: `${ofSource} a day from ${row.source} on ${connection.name}`,
          },
        ]),
  ];
}

/**
 * What keeps a write from being sent now although everything else lets it go; `null`: nothing.
 *
 * @param sent requests counted so far under each cap's key
 */
export function calendarWait(
  connection: Pick<Connection, 'name' | 'settings'>,
  caps: readonly Cap[],
  sent: ReadonlyMap<string, number>,
  now: number,
): CalendarWait | null {
  const { settings } = connection;
  const open = windowOpenAt(settings?.maintenance ?? [], now);
  if (open !== undefined) {
    const { window, until } = open;
    const words = `maintenance of ${connection.name} until ${localWords(until, window.timeZone)} (${windowWords(window)})`;
    return { code: 'maintenance-window', until, words };
  }
  const full = caps.find((cap) => (sent.get(cap.key) ?? 0) >= cap.max);
  if (full === undefined) return null;
  const timeZone = timeZoneOf(settings);
  const tomorrow = { ...plusDays(localTime(now, timeZone), 1), hour: 0, minute: 0 };
  const until = epochOf(tomorrow, timeZone, 'latest');
  return { code: 'daily-cap', until, words: `the cap of ${full.words} is reached; it goes on at ${localWords(until, timeZone)}` };
}
