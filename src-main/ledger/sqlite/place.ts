/**
 * Where an entry stands, as one whole number: the number of its log and its place in that log. One number, so that the
 * tables of the log are keyed by the row id and grow only at the end of each log.
 */
const LOG_SPAN = 2 ** 36;

/** Logs in one workspace: what keeps a place within the whole numbers a double holds exactly. */
export const logsMax = 2 ** 17 - 1;

export function placeOf(log: number, seq: number): number {
  return log * LOG_SPAN + seq;
}

/** The smallest place there is. */
export const LOG_FIRST = LOG_SPAN;

export function logOf(place: number): number {
  return Math.floor(place / LOG_SPAN);
}

export function seqOf(place: number): number {
  return place % LOG_SPAN;
}

/** The place just after the last one a log could have. */
export function endOf(log: number): number {
  return (log + 1) * LOG_SPAN;
}
