import { dueAt, type WriteRow, type WriteState } from './write.ts';
import { limits } from '../limits/index.ts';

/**
 * Writes that wait for a time which no rule of the engine can have meant: it was worked out while the clock of the machine
 * stood far ahead. Left alone they would wait until the clock gets there.
 */
export const farOffStates = ['draft', 'pending', 'failed-retryable', 'unknown'] as const;

/** True when the write waits for longer than anything is ever put off for (`farOffMs`). */
export function isFarOff({ state }: Pick<WriteRow, 'state'>, now: number): boolean {
  const due = dueAt(state);
  if (due === null) return false;
  const calendar = 'code' in state && (state.code === 'maintenance-window' || state.code === 'daily-cap');
  return due - now > (calendar ? limits.calendarFarOffMs : limits.farOffMs);
}

/** The same state, due at a time: whatever made it wait is looked at anew. `null` where nothing waits for time. */
export function dueAgain({ state }: Pick<WriteRow, 'state'>, at: number): readonly WriteState[] | null {
  switch (state.name) {
    case 'draft':
    case 'pending':
      return [{ ...state, nextAt: at }];
    case 'unknown':
      // Looks have to span some time since then; what lies ahead would never be spanned.
      return [{ ...state, since: Math.min(state.since, at), nextAt: at }];
    case 'failed-retryable':
      return [{ name: 'pending', nextAt: at }];
    case 'committed':
      return state.verification.result === 'due' ? [{ ...state, verification: { ...state.verification, nextAt: at } }] : null;
    case 'validated':
    case 'awaiting-approval':
    case 'held':
    case 'in-flight':
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
