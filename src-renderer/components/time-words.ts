/** Times in words. Every function takes `now`, in milliseconds, so that it says the same thing each time it is asked. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A length of time: "40 s", "38 min", "1 h 04", "3 days". Negative lengths count as none. */
export function lengthWords(ms: number): string {
  if (ms < MINUTE) return `${String(Math.max(0, Math.floor(ms / 1000)))} s`;
  if (ms < HOUR) return `${String(Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return `${String(Math.floor(ms / HOUR))} h ${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, '0')}`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? '1 day' : `${days.toLocaleString()} days`;
}

/** How long ago, or how long until: "38 min", "in 4 min". */
export function ageWords(at: string, now: number): string {
  const ms = now - Date.parse(at);
  return ms < -1_000 ? `in ${lengthWords(-ms)}` : lengthWords(ms);
}

// Made once: a list draws hundreds of them while it is scrolled.
const absolute = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** The point in time itself, in the person's locale and time zone, to the second. */
export function absoluteWords(at: string): string {
  return absolute.format(Date.parse(at));
}

/** Time of day, with the day in front when it is not today. */
export function clockWords(at: string, now: number): string {
  const time = new Date(at);
  const sameDay = time.toDateString() === new Date(now).toDateString();
  const clock = time.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
  return sameDay ? clock : `${time.toLocaleDateString(undefined, { day: 'numeric', month: 'short' })}, ${clock}`;
}
