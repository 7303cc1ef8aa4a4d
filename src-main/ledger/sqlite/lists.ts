import type { EntryType, FailureCode, WriteRow } from '../../../src-shared/domain/index.ts';
import { parseEnvelope } from '../../../src-shared/audit/index.ts';
import type { Anchor, Cause, Entry, WriteFilter, WriteSelection } from '../../ports/outbound/index.ts';
import type { Db, Statement } from './connection.ts';
import type { Logs } from './logs.ts';
import { placeOf } from './place.ts';
import type { SqliteReader } from './reader.ts';
import { WriteQuery, type WriteStream } from './write-query.ts';

/** Lists, counts and anchors for people who look, each by an index: nothing here walks over all writes to find a few. */
export class SqliteLists {
  private readonly db: Db;
  private readonly logs: Logs;
  private readonly reader: SqliteReader;
  private readonly query: WriteQuery;
  private readonly prepared = new Map<string, Statement>();

  constructor(db: Db, logs: Logs, reader: SqliteReader) {
    this.db = db;
    this.logs = logs;
    this.reader = reader;
    this.query = new WriteQuery((sql) => this.statement(sql));
  }

  countWrites(filter: WriteSelection): number {
    const log = filter.tenant === undefined ? null : this.logs.number(filter.tenant);
    if (log === undefined) return 0;
    const byTally = (Object.keys(filter) as (keyof WriteSelection)[]).every(
      (key) => filter[key] === undefined || key === 'tenant' || key === 'states' || key === 'connection',
    );
    if (byTally) {
      return this.query
        .tallies(log)
        .filter(
          ({ state, connection }) =>
            (filter.states === undefined || filter.states.includes(state)) &&
            (filter.connection === undefined || filter.connection === connection),
        )
        .reduce((sum, { n }) => sum + n, 0);
    }
    return this.query.streams(filter, log).reduce((sum, { from, where, values }) => {
      const count = this.statement(`SELECT count(*) FROM ${from} ${where}`)
        .pluck()
        .get(...values) as number;
      return sum + count;
    }, 0);
  }

  async writesFrom(filter: WriteFilter, skip: number): Promise<readonly WriteRow[]> {
    if (skip === 0) return this.reader.writes(filter);
    const log = filter.tenant === undefined ? null : this.logs.number(filter.tenant);
    if (log === undefined || filter.limit <= 0) return [];
    const id = this.statement('SELECT id FROM write WHERE row = ?').pluck();
    const ids = this.placesFrom(this.query.streams(filter, log), filter.limit, skip).map((row) => id.get(row) as string);
    const rows = await Promise.all(ids.map((one) => this.reader.findWrite(one)));
    return rows.filter((row) => row !== undefined);
  }

  /** Rows of the table from a place of the list on. Of what is passed over only the index is read: the table costs fifty times as much. */
  private placesFrom(streams: readonly WriteStream[], limit: number, skip: number): readonly number[] {
    const [only, ...others] = streams;
    if (only === undefined) return [];
    if (others.length === 0 && !only.holdsLog) return this.placesByMoment(only, limit, skip);
    const arms = streams.map(({ from, where }) => `SELECT created_at, ord, log, row FROM ${from} ${where}`);
    const found = this.statement(`${arms.join(' UNION ALL ')} ORDER BY created_at DESC, ord DESC, log DESC LIMIT ? OFFSET ?`).all(
      ...streams.flatMap(({ values }) => values),
      limit,
      skip,
    ) as { row: number }[];
    return found.map(({ row }) => row);
  }

  /** The same where the index leaves open which log comes first among writes of one moment and one order in their logs. */
  private placesByMoment({ from, where, values }: WriteStream, limit: number, skip: number): readonly number[] {
    // An order stands once in each log, so that no more than the other logs' writes can share a place with another.
    const before = Math.min(skip, this.logs.all().length);
    const moments = this.statement(
      `SELECT created_at AS at, ord FROM ${from} ${where} ORDER BY created_at DESC, ord DESC LIMIT ? OFFSET ?`,
    ).all(...values, before + 1, skip - before) as { at: number; ord: number }[];
    const first = moments[before];
    if (first === undefined) return [];
    const shared = moments.slice(0, before).filter(({ at, ord }) => at === first.at && ord === first.ord).length;
    return this.statement(
      `SELECT row FROM ${from} ${where === '' ? 'WHERE' : `${where} AND`} (created_at, ord) <= (?, ?)
        ORDER BY created_at DESC, ord DESC, log DESC LIMIT ? OFFSET ?`,
    )
      .pluck()
      .all(...values, first.at, first.ord, limit, shared) as number[];
  }

  async causes(): Promise<readonly Cause[]> {
    const records = this.statement(
      'SELECT code, count(*) AS count, min(created_at) AS oldest FROM write INDEXED BY write_by_code WHERE code IS NOT NULL GROUP BY code',
    ).all() as { code: FailureCode; count: number; oldest: number }[];
    const causes: Cause[] = [];
    for (const { code, count, oldest } of records) {
      const [newest] = await this.reader.writes({ code, limit: 1 });
      if (newest !== undefined) causes.push({ code, count, oldestAt: oldest, newest });
    }
    return causes;
  }

  countUnverified(since: number): number {
    return this.statement(
      `SELECT count(*) FROM write INDEXED BY write_by_ready WHERE ready_at IS NOT NULL AND state = 'committed' AND created_at >= ?`,
    )
      .pluck()
      .get(since) as number;
  }

  anchor(): Anchor {
    const lastSize = this.statement('SELECT max(size) FROM checkpoint WHERE log = ?').pluck();
    const envelope = this.statement('SELECT envelope FROM entry WHERE place = ?').pluck();
    let at: number | null = null;
    let entriesSince = 0;
    for (const { log, frontier, lastAt } of this.logs.all()) {
      const size = (lastSize.get(log) as number | null) ?? 0;
      entriesSince += frontier.size - size;
      if (size === 0) continue;
      const parsed = parseEnvelope(envelope.get(placeOf(log, size - 1)) as Uint8Array);
      const covered = size === frontier.size ? lastAt : parsed.ok ? parsed.envelope.at : null;
      if (covered !== null) at = at === null ? covered : Math.max(at, covered);
    }
    return { at, entriesSince };
  }

  revision(): number {
    return (this.statement('SELECT sum(size) FROM log').pluck().get() as number | null) ?? 0;
  }

  async latestOf(tenant: string, actor: string, types: readonly EntryType[], limit: number): Promise<readonly Entry[]> {
    const log = this.logs.number(tenant);
    if (log === undefined) return [];
    const seqs = this.statement(
      `SELECT seq FROM entry_index WHERE log = ? AND field = 'actor' AND value = ? ORDER BY seq DESC`,
    ).pluck();
    const envelope = this.statement('SELECT envelope FROM entry WHERE place = ?').pluck();
    const wanted = new Set<string>(types);
    const found: number[] = [];
    for (const seq of seqs.iterate(log, actor) as Iterable<number>) {
      // The envelope is not encrypted apart: what the person only looked at is passed over without opening its payload.
      const parsed = parseEnvelope(envelope.get(placeOf(log, seq)) as Uint8Array);
      if (parsed.ok && wanted.has(parsed.envelope.type)) found.push(seq);
      if (found.length === limit) break;
    }
    const entries = await Promise.all(found.map((seq) => this.reader.entry(tenant, seq)));
    return entries.filter((entry) => entry !== undefined);
  }

  private statement(sql: string): Statement {
    let statement = this.prepared.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.prepared.set(sql, statement);
    }
    return statement;
  }
}
