import type { StateName } from '../../src-shared/domain/index.ts';

/** How the writes of one group stand, counted by what their states mean for the group. */
export interface GroupCounts {
  readonly open: number;
  readonly charted: number;
  readonly failed: number;
  /** Charted once and taken back or corrected since. */
  readonly undone: number;
  /** Ended without being charted, by decision: withdrawn, superseded. */
  readonly ended: number;
}

export const groupStates = ['open', 'complete', 'partial', 'failed', 'compensating'] as const;
export type GroupState = (typeof groupStates)[number];

/** What a write's state means for its group. */
export function groupClassOf(state: StateName): keyof GroupCounts {
  switch (state) {
    case 'draft':
    case 'validated':
    case 'awaiting-approval':
    case 'held':
    case 'pending':
    case 'in-flight':
    case 'unknown':
    case 'conflict':
    case 'failed-retryable':
      return 'open';
    case 'committed':
    case 'resolved-by-hand':
    case 'corrected':
      return 'charted';
    case 'failed-terminal':
    case 'quarantined':
      return 'failed';
    case 'compensated':
      return 'undone';
    case 'withdrawn':
    case 'superseded':
      return 'ended';
  }
}

/**
 * The state of a group (architecture, section 3), or `null` for a group without writes.
 *
 * `open` while any write may still move by itself or by a decision; then `compensating` when some were taken back and
 * others still stand, `partial` when some failed and others were charted, `failed` when some failed and none was charted,
 * else `complete`: everything that was to be charted is.
 */
export function groupStateOf(counts: GroupCounts): GroupState | null {
  if (counts.open + counts.charted + counts.failed + counts.undone + counts.ended === 0) return null;
  if (counts.open > 0) return 'open';
  if (counts.undone > 0 && counts.charted > 0) return 'compensating';
  if (counts.failed > 0) return counts.charted + counts.undone > 0 ? 'partial' : 'failed';
  return 'complete';
}
