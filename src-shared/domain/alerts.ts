import { limits } from '../limits/index.ts';
import type { WriteRow } from './write.ts';

/** What must not be overlooked (I1): each kind with the words that `status` says. */

const words = {
  'chart-has-two': 'stand in the chart more than once: look there, and have one entry corrected',
  'charted-late': 'were given up and stand in the chart all the same: compare them with what replaced them',
  'person-must-look': 'may or may not be in the chart: look there, and say what it holds',
  'clock-unsafe': 'are held because the clock of this machine cannot be trusted',
  stuck: `have not moved for more than ${limits.stuckMs / 60_000} minutes`,
} as const;

export type AlertKind = keyof typeof words;
export const alertKinds = Object.keys(words) as readonly AlertKind[];

export interface Alert {
  readonly kind: AlertKind;
  readonly writes: number;
  readonly words: string;
}

/** The kind of alert a write gives, or `null`. A write that waits for a person is not stuck: it is in a queue of theirs. */
export function alertOf(row: Pick<WriteRow, 'state' | 'updatedAt'>, now: number): AlertKind | null {
  const { state } = row;
  switch (state.name) {
    case 'unknown':
      if (state.code === 'chart-has-two') return 'chart-has-two';
      return state.personSince !== null ? 'person-must-look' : stuck(row, now);
    case 'held':
      return state.hold.code === 'clock-unsafe' ? 'clock-unsafe' : null;
    case 'committed':
      return state.late ? 'charted-late' : null;
    case 'draft':
    case 'pending':
    case 'in-flight':
    case 'failed-retryable':
      return stuck(row, now);
    case 'validated':
    case 'awaiting-approval':
    case 'conflict':
    case 'failed-terminal':
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

function stuck(row: Pick<WriteRow, 'updatedAt'>, now: number): AlertKind | null {
  return now - row.updatedAt > limits.stuckMs ? 'stuck' : null;
}

/** Alerts over these writes, in a fixed order. */
export function alertsOf(rows: Iterable<Pick<WriteRow, 'state' | 'updatedAt'>>, now: number): readonly Alert[] {
  const counts = new Map<AlertKind, number>();
  for (const row of rows) {
    const kind = alertOf(row, now);
    if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return alertKinds.flatMap((kind) => {
    const writes = counts.get(kind);
    return writes === undefined ? [] : [{ kind, writes, words: words[kind] }];
  });
}
