import { failures, type FailureCode } from '../failures.ts';
import type { StateName } from '../write.ts';

/** The queue's tabs, as runs of writes of one kind: the most dangerous run first, inside a run the newest first. */

export const queueTabs = ['pending', 'open', 'committed', 'all'] as const;
export type QueueTab = (typeof queueTabs)[number];

/** One run: writes in a state, or of that state with one code. `state: null`: every write. */
export interface QueueRun {
  readonly state: StateName | null;
  readonly code: FailureCode | null;
}

const inState = (state: StateName): QueueRun => ({ state, code: null });

/** Charted, and yet not what was sent: the codes of a committed write that somebody must look at. */
const chartedOtherwise = (Object.keys(failures) as FailureCode[]).filter((code) => failures[code].class === 'partial');

const runs: Readonly<Record<QueueTab, readonly QueueRun[]>> = {
  pending: (['in-flight', 'awaiting-approval', 'pending', 'validated', 'draft'] as const).map(inState),
  // What may be in the chart unseen, then what is in it wrongly, then what waits for a decision, then what is safely out of it.
  open: [
    inState('unknown'),
    ...chartedOtherwise.map((code): QueueRun => ({ state: 'committed', code })),
    ...(['conflict', 'quarantined', 'failed-terminal', 'held', 'failed-retryable'] as const).map(inState),
  ],
  committed: [inState('committed')],
  all: [{ state: null, code: null }],
};

/** The runs of a tab that a filter leaves; none when the filter asks for what the tab does not show. */
export function runsOf(
  tab: QueueTab,
  filter: { readonly state?: StateName | undefined; readonly code?: FailureCode | undefined },
): readonly QueueRun[] {
  return runs[tab].flatMap((run) => {
    if (filter.state !== undefined && run.state !== null && run.state !== filter.state) return [];
    if (filter.code !== undefined && run.code !== null && run.code !== filter.code) return [];
    return [{ state: run.state ?? filter.state ?? null, code: run.code ?? filter.code ?? null }];
  });
}
