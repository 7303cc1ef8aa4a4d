import type { Role } from './people.ts';

/** What is said about each reason for which Countersign refuses, waits or is unsure. */

export const failureClasses = [
  'intake',
  'capture',
  'transcription',
  'generation',
  'clinical-review',
  'validation',
  'consent-or-policy',
  'authentication',
  'permission',
  'ehr-schema',
  'conflict',
  'duplicate',
  'rate-limit',
  'unavailable',
  'ambiguous',
  'partial',
  'identity',
  'internal',
] as const;
export type FailureClass = (typeof failureClasses)[number];

export interface Failure {
  readonly class: FailureClass;
  readonly owner: Role | 'source';
  /** `retryable`: the same request may succeed later. `final`: something has to change first. `look`: only looking settles it. */
  readonly nature: 'retryable' | 'final' | 'look' | 'lift';
  readonly words: string;
  readonly next: string;
}

/** One entry of the list. */
export const failure = (
  cls: FailureClass,
  owner: Failure['owner'],
  nature: Failure['nature'],
  words: string,
  next: string,
): Failure => ({ class: cls, owner, nature, words, next });
