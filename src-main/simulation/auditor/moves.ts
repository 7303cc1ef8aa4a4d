import type { StateName } from '../../../src-shared/domain/index.ts';

/**
 * The moves a write may make, copied by hand from the table in docs/architecture.md. It is not taken from the domain on
 * purpose: a mistake there must not be a mistake here.
 */
const allowed: Readonly<Record<StateName, string>> = {
  draft: 'draft validated held failed-terminal withdrawn superseded committed',
  validated: 'awaiting-approval pending held failed-terminal withdrawn superseded',
  'awaiting-approval': 'awaiting-approval pending held failed-terminal withdrawn superseded committed',
  held: 'draft validated awaiting-approval pending withdrawn superseded committed',
  pending: 'pending in-flight held awaiting-approval conflict failed-terminal withdrawn superseded committed',
  'in-flight': 'committed unknown failed-retryable failed-terminal held conflict',
  unknown: 'unknown committed failed-retryable failed-terminal conflict',
  conflict: 'superseded withdrawn committed',
  'failed-retryable': 'pending awaiting-approval held failed-terminal withdrawn superseded committed',
  'failed-terminal': 'draft superseded withdrawn resolved-by-hand committed',
  'resolved-by-hand': 'committed',
  committed: 'committed superseded compensated corrected failed-terminal',
  superseded: 'committed',
  withdrawn: 'committed',
  compensated: 'committed',
  corrected: 'committed',
  quarantined: '',
};

export function isListedMove(from: StateName, to: StateName): boolean {
  return allowed[from].split(' ').includes(to);
}

/** States in which a write may rest for good, or until a person acts: nothing else is an end (INV-2). */
export const ends: readonly StateName[] = [
  'committed',
  'failed-terminal',
  'resolved-by-hand',
  'superseded',
  'withdrawn',
  'compensated',
  'corrected',
  'awaiting-approval',
  'held',
  'conflict',
];

/** Ends that say: this write is not in the chart. */
export const saysNotCharted: readonly StateName[] = [
  'failed-terminal',
  'resolved-by-hand',
  'withdrawn',
  'conflict',
  'failed-retryable',
  'awaiting-approval',
  'held',
  'pending',
  'draft',
];
