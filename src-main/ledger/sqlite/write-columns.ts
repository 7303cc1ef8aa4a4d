import { dueAt, codeOf, type StateName, type WriteRow } from '../../../src-shared/domain/index.ts';

/** Order inside a log: the entry that made the write, then its place in that event. */
const SLOTS = 1024;

export function ordOf(eventSeq: number, slot: number): number {
  if (slot >= SLOTS) throw new RangeError(`an event has ${SLOTS} writes at most`);
  return eventSeq * SLOTS + slot;
}

/** From this rank on, the first of a lane is the one that may go next; a lower rank means that the lane waits. */
export const firstReadyRank = 2;
/** The rank of those who wait for their turn; known to the indexes of the file. */
export const waitingRank = 3;

const laneRanks: Readonly<Partial<Record<StateName, number>>> = {
  'in-flight': 0,
  unknown: 1,
  'failed-retryable': firstReadyRank,
  pending: waitingRank,
};

/** Who goes first in a lane: what may be under way or half-proved before what waits. `null`: not in the lane now. */
export function laneRankOf(state: StateName): number | null {
  return laneRanks[state] ?? null;
}

/** What of a row the indexes need. `ready_at` is not here: it depends on the lane. */
export interface IndexedColumns {
  readonly version: number;
  readonly state: StateName;
  readonly code: string | null;
  readonly updatedAt: number;
  readonly dueAt: number | null;
  readonly laneRank: number | null;
  readonly unknownSince: number | null;
}

export function indexedColumns(row: WriteRow): IndexedColumns {
  const { state } = row;
  return {
    version: row.version,
    state: state.name,
    code: codeOf(state),
    updatedAt: row.updatedAt,
    dueAt: dueAt(state),
    laneRank: laneRankOf(state.name),
    unknownSince: state.name === 'unknown' ? state.since : null,
  };
}
