import type { StateName } from '../../src-shared/domain/index.ts';
import { faultKinds, type FaultKind } from './faults.ts';

/** States in which a write can be met by a fault that befalls everything at once. */
const resting: readonly StateName[] = [
  'draft',
  'awaiting-approval',
  'held',
  'pending',
  'in-flight',
  'unknown',
  'conflict',
  'failed-retryable',
  'failed-terminal',
  'resolved-by-hand',
  'committed',
  'superseded',
  'withdrawn',
  'compensated',
];
/** States in which something is asked of the EHR for a write: subjects, the send, the search for it, the reading back. */
const asking: readonly StateName[] = ['draft', 'in-flight', 'unknown', 'committed'];

const statesReached: Readonly<Record<FaultKind, readonly StateName[]>> = {
  'FLT-1': asking,
  'FLT-2': asking,
  'FLT-3': ['in-flight'],
  'FLT-4': asking,
  'FLT-5': asking,
  'FLT-6': asking,
  'FLT-7': asking,
  'FLT-8': resting,
  'FLT-9': ['unknown'],
  'FLT-10': ['in-flight', 'unknown'],
  'FLT-11': resting,
  'FLT-12': resting,
  'FLT-13': resting,
  'FLT-14': resting,
  'FLT-18': resting,
  'FLT-19': resting,
  'FLT-21': resting,
  'FLT-22': resting,
  'FLT-24': resting,
};

/** Every pair of a state and a fault that a simulation can reach, as `<state> <fault>`. */
export const reachablePairs: readonly string[] = faultKinds.flatMap((kind) =>
  statesReached[kind].map((state) => `${state} ${kind}`),
);
