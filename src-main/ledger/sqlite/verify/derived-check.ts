import { groupClassOf, groupStateOf, type GroupCounts, type StateName } from '../../../../src-shared/domain/index.ts';
import type { Db } from '../connection.ts';
import { nextInLanes } from '../migrations/0002-lane-order.ts';
import { laneRanks } from '../write-columns.ts';

/**
 * Holds what is derived from the rows of writes against those rows: tallies by state, groups with theirs, and whose turn it
 * is in each lane. Returns what disagrees, in plain words. Streams along indexes; memory does not grow with the file.
 */
export function derivedDifferences(db: Db): readonly string[] {
  return [...tallyDifferences(db), ...groupDifferences(db), ...laneDifferences(db)];
}

function tallyDifferences(db: Db): readonly string[] {
  const rows = db
    .prepare(
      `SELECT log, connection, state, sum(n) AS n FROM (
         SELECT log, connection, state, n FROM write_tally
         UNION ALL SELECT log, connection, state, -count(*) FROM write INDEXED BY write_by_state GROUP BY log, state, connection
       ) GROUP BY log, connection, state HAVING sum(n) <> 0`,
    )
    .all() as { connection: string; state: string; n: number }[];
  return rows.map((row) => `the count of writes in state ${row.state} for ${row.connection} is off by ${row.n}`);
}

function groupDifferences(db: Db): readonly string[] {
  const differences: string[] = [];
  const select = db.prepare(
    'SELECT log, grp, state, count(*) AS n FROM write INDEXED BY write_by_group GROUP BY grp, log, state ORDER BY grp, log',
  );
  const stored = db.prepare('SELECT open, charted, failed, undone, ended FROM write_group WHERE log = ? AND grp = ?');
  const tallies = new Map<string, number>();
  let groups = 0;
  const settle = (log: number, group: string, counts: GroupCounts): void => {
    groups += 1;
    const found = stored.get(log, group) as GroupCounts | undefined;
    const same =
      found !== undefined && (Object.keys(counts) as (keyof GroupCounts)[]).every((name) => found[name] === counts[name]);
    if (!same && differences.length < 20) differences.push(`the group ${group} is not what its writes make it`);
    const key = `${log}\n${groupStateOf(counts) ?? ''}`;
    tallies.set(key, (tallies.get(key) ?? 0) + 1);
  };
  let current: { log: number; grp: string; counts: Record<keyof GroupCounts, number> } | null = null;
  for (const row of select.iterate() as Iterable<{ log: number; grp: string; state: StateName; n: number }>) {
    if (current === null || current.log !== row.log || current.grp !== row.grp) {
      if (current !== null) settle(current.log, current.grp, current.counts);
      current = { log: row.log, grp: row.grp, counts: { open: 0, charted: 0, failed: 0, undone: 0, ended: 0 } };
    }
    current.counts[groupClassOf(row.state)] += row.n;
  }
  if (current !== null) settle(current.log, current.grp, current.counts);
  if (groups !== (db.prepare('SELECT count(*) FROM write_group').pluck().get() as number))
    differences.push('there are groups without writes');
  for (const row of db.prepare('SELECT log, state, n FROM group_tally').iterate() as Iterable<{
    log: number;
    state: string;
    n: number;
  }>) {
    const key = `${row.log}\n${row.state}`;
    if ((tallies.get(key) ?? 0) !== row.n)
      differences.push(`the count of groups in state ${row.state} is ${row.n}, not ${tallies.get(key) ?? 0}`);
    tallies.delete(key);
  }
  if (tallies.size > 0) differences.push('groups are missing from the counts');
  return differences;
}

function laneDifferences(db: Db): readonly string[] {
  const wrong = db
    .prepare(
      `SELECT count(*) FROM write LEFT JOIN (${nextInLanes}) AS next ON next.row = write.row
         WHERE ready_at IS NOT CASE WHEN lane_rank IN (${laneRanks.retries}, ${laneRanks.waits}) AND next.row IS NULL THEN NULL ELSE due_at END`,
    )
    .pluck()
    .get() as number;
  return wrong === 0 ? [] : [`${wrong} writes are marked as due, or not, against their lane`];
}
