import {
  codeOf,
  dueAt,
  followAt,
  laneRoleOf,
  type LaneRole,
  type StateName,
  type WriteRow,
  type WriteState,
} from '../../../src-shared/domain/index.ts';

/** Order inside a log: the entry that made the write, then its place in that event. */
const SLOTS = 1024;

export function ordOf(eventSeq: number, slot: number): number {
  if (slot >= SLOTS) throw new RangeError(`an event has ${SLOTS} writes at most`);
  return eventSeq * SLOTS + slot;
}

/** The part a write plays in its lane as the file keeps it; known to the indexes of the file. */
export const laneRanks: Readonly<Record<LaneRole, number>> = { holds: 1, retries: 2, waits: 3, checking: 4, parked: 5 };

const roles = new Map(Object.entries(laneRanks).map(([role, rank]) => [rank, role as LaneRole]));

export function laneRankOf(state: WriteState): number | null {
  const role = laneRoleOf(state);
  return role === null ? null : laneRanks[role];
}

export function laneRoleAt(rank: number): LaneRole | null {
  return roles.get(rank) ?? null;
}

/** True when it depends on the rest of the lane whether the write's time has come. */
export function takesTurns(rank: number | null): boolean {
  return rank === laneRanks.retries || rank === laneRanks.waits;
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
  readonly followAt: number | null;
}

export function indexedColumns(row: WriteRow): IndexedColumns {
  const { state } = row;
  return {
    version: row.version,
    state: state.name,
    code: codeOf(state),
    updatedAt: row.updatedAt,
    dueAt: dueAt(state),
    laneRank: laneRankOf(state),
    unknownSince: state.name === 'unknown' ? state.since : null,
    followAt: followAt(state),
  };
}
