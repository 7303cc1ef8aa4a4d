import type { StateName } from './write.ts';

/**
 * The one table of moves (architecture, section 3). A pair that is not listed is a fault, whatever the reason for it
 * sounds like.
 */
const moves: Readonly<Record<StateName, readonly StateName[]>> = {
  draft: ['draft', 'validated', 'failed-terminal', 'held', 'committed', 'withdrawn', 'superseded'],
  validated: ['awaiting-approval', 'pending', 'held', 'failed-terminal', 'withdrawn', 'superseded'],
  'awaiting-approval': ['awaiting-approval', 'pending', 'held', 'failed-terminal', 'committed', 'withdrawn', 'superseded'],
  held: ['draft', 'validated', 'awaiting-approval', 'pending', 'committed', 'withdrawn', 'superseded'],
  pending: [
    'pending',
    'in-flight',
    'held',
    'conflict',
    'failed-terminal',
    'committed',
    'awaiting-approval',
    'withdrawn',
    'superseded',
  ],
  'in-flight': ['committed', 'conflict', 'unknown', 'failed-retryable', 'failed-terminal', 'held'],
  unknown: ['unknown', 'committed', 'conflict', 'failed-retryable', 'failed-terminal'],
  conflict: ['superseded', 'withdrawn', 'committed'],
  'failed-retryable': ['pending', 'awaiting-approval', 'failed-terminal', 'held', 'committed', 'withdrawn', 'superseded'],
  // Back to draft: only what the contract blocks, selected by a person (B3).
  'failed-terminal': ['draft', 'superseded', 'withdrawn', 'resolved-by-hand', 'committed'],
  'resolved-by-hand': ['committed'],
  committed: ['committed', 'superseded', 'compensated', 'corrected', 'failed-terminal'],
  superseded: ['committed'],
  withdrawn: ['committed'],
  compensated: ['committed'],
  corrected: ['committed'],
  quarantined: [],
};

export class IllegalMove extends Error {
  constructor(id: string, from: StateName | null, to: StateName) {
    super(`write ${id} cannot go from ${from ?? 'nothing'} to ${to}`);
    this.name = 'IllegalMove';
  }
}

/** True when the table lists the move. Staying in a state is a move too: it must be listed where it may happen. */
export function mayMove(from: StateName, to: StateName): boolean {
  return moves[from].includes(to);
}

/** The states that can follow one. */
export function movesFrom(state: StateName): readonly StateName[] {
  return moves[state];
}
