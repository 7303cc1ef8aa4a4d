import type { Migration } from './migration.ts';

/**
 * The rows of the writes whose turn it is, at most one of each lane: the rule of the domain (`nextInLane`) for all lanes
 * at once, with the ranks of `laneRanks`.
 */
export const nextInLanes = `SELECT row FROM (
  SELECT row, row_number() OVER (PARTITION BY log, lane ORDER BY ord) AS turn FROM write AS one
   WHERE lane_rank IN (2, 3) AND NOT EXISTS (
           SELECT 1 FROM write AS busy WHERE busy.log = one.log AND busy.lane = one.lane
              AND busy.lane_rank < 3 AND busy.lane_rank < one.lane_rank)
     AND (lane_rank = 2 OR NOT EXISTS (
           SELECT 1 FROM write AS before WHERE before.log = one.log AND before.lane = one.lane AND before.lane_rank >= 3
              AND before.ord < one.ord AND (before.lane_rank = 4 OR before.lane_rank = 5 AND before.grp = one.grp)))
  ) WHERE turn = 1`;

/**
 * The order of a lane among all its writes (decision record 0016): those being checked and those a person has to act on
 * stand in the lane's index with those that wait, and the one whose turn it is has an index of its own.
 */
export const laneOrder: Migration = {
  version: 2,
  name: 'lane order',
  statements: [
    'DROP INDEX write_by_waiting',
    `CREATE INDEX write_by_waiting ON write (log, lane, ord) WHERE lane_rank >= 3`,
    `CREATE INDEX write_by_turn ON write (log, lane) WHERE lane_rank = 3 AND ready_at IS NOT NULL`,
    `UPDATE write SET lane_rank = CASE WHEN state IN ('in-flight', 'unknown') THEN 1 WHEN state = 'draft' THEN 4
       WHEN state IN ('held', 'awaiting-approval', 'conflict') THEN 5 ELSE lane_rank END`,
    `UPDATE write SET ready_at = NULL WHERE lane_rank IN (2, 3)`,
    `UPDATE write SET ready_at = due_at WHERE row IN (${nextInLanes})`,
  ],
};
