import { limits } from '../limits/index.ts';
import type { FailureCode } from './failures.ts';
import { waitsForCalendar } from './outcome.ts';
import { codeOf, type StateName, type WriteRow, type WriteState } from './write.ts';

/** What must not be overlooked (I1): each kind with the words that `status` says. */

const words = {
  'chart-has-two': 'stand in the chart more than once: look there, and have one entry corrected',
  'chart-misplaced': 'stand in the chart under another patient or visit: look there at once',
  'wrong-patient': 'were stopped because patient, visit or record found is that of another person: find out who was seen',
  'charted-late': 'were given up and stand in the chart all the same: compare them with what replaced them',
  'chart-drifted': 'were changed, marked as an error or removed in the chart after they were written',
  'follow-up-overdue': 'have not been signed, finished or received in the EHR in time',
  'person-must-look': 'may or may not be in the chart: look there, and say what it holds',
  'clock-unsafe': 'are held because the clock of this machine cannot be trusted',
  'daily-cap': 'wait for another day: what may be written to their connection on one day has been written',
  'emergency-unreviewed': 'times emergency access was opened and nobody has reviewed it: "emergency list" shows it',
  stuck: `have been on their way for more than ${limits.stuckMs / 60_000} minutes without coming to rest`,
} as const;

export type AlertKind = keyof typeof words;
export const alertKinds = Object.keys(words) as readonly AlertKind[];

export interface Alert {
  readonly kind: AlertKind;
  readonly writes: number;
  readonly words: string;
}

/** States in which a write is on its way: it will go on by itself, or should. */
export const movingStates = [
  'draft',
  'pending',
  'in-flight',
  'unknown',
  'failed-retryable',
] as const satisfies readonly StateName[];

/**
 * Since when a write has been on its way without coming to rest, however often it was tried meanwhile (epoch
 * milliseconds); of one that is at rest, when it came to rest.
 *
 * @param entries those of the write, oldest first
 */
export function movingSince(
  row: Pick<WriteRow, 'createdAt' | 'updatedAt'>,
  entries: readonly { readonly at: number; readonly body: object | null }[],
): number {
  let since = row.updatedAt;
  for (const { at, body } of entries.toReversed()) {
    const state = body !== null && 'moves' in body ? (body.moves as readonly WriteState[]).at(-1) : undefined;
    if (state === undefined) continue;
    // It came to rest, or began to wait for another day, and has moved on since.
    if (!movingStates.some((name) => name === state.name) || waitsForCalendar({ state })) return since;
    since = at;
  }
  return row.createdAt;
}

/** Stops after which somebody has to find out which patient was seen. */
export const wrongPatientCodes = [
  'patient-differs',
  'encounter-of-other-patient',
  'target-of-other-patient',
] as const satisfies readonly FailureCode[];

type AlertRow = Pick<WriteRow, 'state' | 'updatedAt'> & { readonly movingSince?: number };

/** The kind of alert a write gives, or `null`. A write that waits for a person is not stuck: it is in a queue of theirs. */
export function alertOf(row: AlertRow, now: number): AlertKind | null {
  const { state } = row;
  if (waitsForCalendar(row)) return state.name === 'pending' && state.code === 'daily-cap' ? 'daily-cap' : null;
  switch (state.name) {
    case 'unknown':
      if (state.code === 'chart-has-two') return 'chart-has-two';
      return state.personSince !== null ? 'person-must-look' : stuck(row, now);
    case 'held':
      return state.hold.code === 'clock-unsafe' ? 'clock-unsafe' : null;
    case 'committed':
      return committedAlert(codeOf(state));
    case 'draft':
    case 'pending':
    case 'in-flight':
    case 'failed-retryable':
      return stuck(row, now);
    case 'failed-terminal':
      return wrongPatientCodes.some((code) => code === state.code) ? 'wrong-patient' : null;
    case 'validated':
    case 'awaiting-approval':
    case 'conflict':
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

function committedAlert(code: FailureCode | null): AlertKind | null {
  return code === 'charted-late' || code === 'chart-misplaced' || code === 'chart-drifted' || code === 'follow-up-overdue'
    ? code
    : null;
}

function stuck(row: AlertRow, now: number): AlertKind | null {
  return now - (row.movingSince ?? row.updatedAt) > limits.stuckMs ? 'stuck' : null;
}

/** Alerts over these writes, in a fixed order. */
export function alertsOf(rows: Iterable<AlertRow>, now: number, unreviewed = 0): readonly Alert[] {
  const counts = new Map<AlertKind, number>(unreviewed === 0 ? [] : [['emergency-unreviewed', unreviewed]]);
  for (const row of rows) {
    const kind = alertOf(row, now);
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return alertKinds.flatMap((kind) => {
    const writes = counts.get(kind);
    return writes === undefined ? [] : [{ kind, writes, words: words[kind] }];
  });
}
