import type { WriteState } from './write.ts';

/**
 * The order of a lane: one patient and visit on one connection (architecture, section 3, Lanes; decision record 0016).
 *
 * Writes of a lane leave in the order in which they were taken in, whatever time their checks take. What may be in the
 * chart, or is about to be sent again, keeps everything behind it waiting. What waits for a person keeps only later
 * writes of its own group waiting: a visit must not stand still because one of its items needs a signature.
 */
export type LaneRole =
  /** May be in the chart: nothing else of the lane goes. */
  | 'holds'
  /** Proved not there and to be sent again: goes before everything that waits. */
  | 'retries'
  /** Approved: goes when nothing stands before it. */
  | 'waits'
  /** Still being checked: whatever came later waits for it. */
  | 'checking'
  /** A person has to act: later writes of the same group wait for it. */
  | 'parked';

/** The part a write in this state plays in its lane; `null`: none. */
export function laneRoleOf(state: WriteState): LaneRole | null {
  switch (state.name) {
    case 'in-flight':
    case 'unknown':
      return 'holds';
    case 'failed-retryable':
      return 'retries';
    case 'pending':
      return 'waits';
    case 'draft':
      return 'checking';
    case 'held':
    case 'awaiting-approval':
    case 'conflict':
      return 'parked';
    case 'validated':
    case 'failed-terminal':
    case 'resolved-by-hand':
    case 'committed':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

/**
 * The waiting write that may go next, or `undefined`. Nothing may go while the lane is held or has something to send
 * again.
 *
 * @param rows the lane's writes that wait, are being checked or are parked, in the order they were taken in; read no
 *   further than needed
 */
export function nextInLane<T extends { readonly role: LaneRole | null; readonly group: string }>(
  rows: Iterable<T>,
): T | undefined {
  const parked = new Set<string>();
  for (const row of rows) {
    if (row.role === 'checking') return undefined;
    if (row.role === 'parked') parked.add(row.group);
    if (row.role === 'waits' && !parked.has(row.group)) return row;
  }
  return undefined;
}
