import {
  groupClassOf,
  groupStateOf,
  nextInLane,
  type GroupCounts,
  type RowChange,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import type { RowKind, Rows } from '../../ports/outbound/index.ts';
import type { Db, Statement } from './connection.ts';
import { readRow, readWrite } from './row-shape.ts';
import { indexedColumns, laneRankOf, laneRanks, laneRoleAt, takesTurns } from './write-columns.ts';

export type RegistryKind = Exclude<RowKind, 'write'>;

/** A write as the file holds it. */
export interface StoredWrite {
  readonly rowId: number;
  readonly ord: number;
  /** Entries of the write's own stream that moved it: their places in the log, with spaces between. */
  readonly seqs: string;
  readonly row: WriteRow;
}

/** A row as it is to be after the transaction. */
export type StagedRow =
  | {
      readonly kind: 'write';
      readonly log: number;
      readonly row: WriteRow;
      readonly ord: number;
      readonly seqs: string;
      readonly before: StoredWrite | undefined;
    }
  | { readonly kind: RegistryKind; readonly log: number; readonly key: string; readonly row: Rows[RegistryKind] };

const CACHED_WRITES_MAX = 4_096;

/**
 * The projections in the file: one row per write, person, source and so on, with the indexes, tallies and lane order that
 * follow from them. Writes happen only through `apply`, inside the transaction that appends the entries.
 */
export class RowStore {
  private readonly cache = new Map<string, StoredWrite>();
  private readonly selectWrite: Statement;
  private readonly selectWriteVersion: Statement;
  private readonly insertWrite: Statement;
  private readonly updateWrite: Statement;
  private readonly selectRow: Statement;
  private readonly selectRowVersion: Statement;
  private readonly upsertRow: Statement;
  private readonly selectBusy: Statement;
  private readonly selectHolders: Statement;
  private readonly selectWaiting: Statement;
  private readonly selectReady: Statement;
  private readonly updateReady: Statement;
  private readonly addToTally: Statement;
  private readonly addToGroup: Statement;
  private readonly addToGroupTally: Statement;

  constructor(db: Db) {
    this.selectWrite = db.prepare(`SELECT ${storedColumns} FROM write WHERE id = ? AND log = ?`);
    this.selectWriteVersion = db.prepare('SELECT version FROM write WHERE id = ? AND log = ?').pluck();
    this.insertWrite = db.prepare(
      `INSERT INTO write (log, id, version, ord, state, code, connection, patient_key, encounter_key, event_id, lane, grp, created_at,
         updated_at, due_at, ready_at, lane_rank, unknown_since, follow_at, seqs, doc)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.updateWrite = db.prepare(
      `UPDATE write SET version = ?, state = ?, code = ?, updated_at = ?, due_at = ?, ready_at = ?, lane_rank = ?, unknown_since = ?,
         follow_at = ?, seqs = ?, doc = ? WHERE row = ?`,
    );
    this.selectRow = db.prepare('SELECT doc FROM registry_row WHERE kind = ? AND log = ? AND key = ?').pluck();
    this.selectRowVersion = db.prepare('SELECT version FROM registry_row WHERE kind = ? AND log = ? AND key = ?').pluck();
    this.upsertRow = db.prepare(
      `INSERT INTO registry_row (kind, log, key, version, doc) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET version = excluded.version, doc = excluded.doc`,
    );
    // SQLite plans a query anew for every other value of a bare LIMIT parameter, which costs more than running it.
    const limit = 'LIMIT ? + 0';
    const inLane = 'SELECT row, lane_rank, grp, due_at, ready_at FROM write WHERE log = ? AND lane = ?';
    this.selectBusy = db.prepare(`${inLane} AND lane_rank < 3 ORDER BY lane_rank, ord ${limit}`);
    this.selectHolders = db
      .prepare(`SELECT id FROM write WHERE log = ? AND lane = ? AND lane_rank = ${laneRanks.holds} AND lane_rank < 3`)
      .pluck();
    this.selectWaiting = db.prepare(`${inLane} AND lane_rank >= 3 ORDER BY ord`);
    this.selectReady = db.prepare(`${inLane} AND lane_rank = ${laneRanks.waits} AND ready_at IS NOT NULL`);
    this.updateReady = db.prepare('UPDATE write SET ready_at = ? WHERE row = ?');
    this.addToTally = db.prepare(
      'INSERT INTO write_tally (log, connection, state, n) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    );
    this.addToGroup = db.prepare(
      `INSERT INTO write_group (log, grp, open, charted, failed, undone, ended) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET open = open + excluded.open, charted = charted + excluded.charted, failed = failed + excluded.failed,
         undone = undone + excluded.undone, ended = ended + excluded.ended RETURNING open, charted, failed, undone, ended`,
    );
    this.addToGroupTally = db.prepare(
      'INSERT INTO group_tally (log, state, n) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n',
    );
  }

  /** The write with this id; one whose document no longer parses comes quarantined. */
  write(log: number, tenant: string, id: string): StoredWrite | undefined {
    const cached = this.cache.get(cacheKey(log, id));
    if (cached !== undefined) return cached;
    const record = this.selectWrite.get(id, log) as StoredColumns | undefined;
    return record === undefined ? undefined : this.load(record, log, tenant);
  }

  /** Ids of the writes of a lane that may be on their way to the chart or in it. */
  holdersOf(log: number, lane: string): readonly string[] {
    return this.selectHolders.all(log, lane) as string[];
  }

  /** The write in a record selected with `storedColumns`; remembers it. */
  load(record: StoredColumns, log: number, tenant: string): StoredWrite {
    const key = cacheKey(log, record.id);
    const cached = this.cache.get(key);
    if (cached !== undefined && cached.row.version === record.version) return cached;
    const row = readWrite(record.doc, () => ({
      tenant,
      id: record.id,
      version: record.version,
      connection: record.connection,
      patientKey: record.patient_key,
      eventId: record.event_id,
      lane: record.lane,
      group: record.grp,
      createdAt: record.created_at,
      updatedAt: record.updated_at,
    }));
    const stored = { rowId: record.row, ord: record.ord, seqs: record.seqs, row };
    this.remember(key, stored);
    return stored;
  }

  registry<K extends RegistryKind>(kind: K, log: number, key: string): Rows[K] | undefined {
    const doc = this.selectRow.get(kind, log, key) as string | undefined;
    return doc === undefined ? undefined : readRow(kind, key, doc);
  }

  /** Version of a row; 0 when there is none. */
  version(kind: RowKind, log: number, key: string): number {
    if (kind === 'write') {
      return (
        this.cache.get(cacheKey(log, key))?.row.version ?? (this.selectWriteVersion.get(key, log) as number | undefined) ?? 0
      );
    }
    return (this.selectRowVersion.get(kind, log, key) as number | undefined) ?? 0;
  }

  /** Brings the file to these rows. To be called once in a transaction, with the last state of each row. */
  apply(rows: Iterable<StagedRow>): void {
    const tallies = new Map<string, number>();
    const groups = new Map<string, { log: number; group: string; delta: Mutable<GroupCounts> }>();
    const lanes = new Map<string, { log: number; lane: string; touched: number }>();
    for (const staged of rows) {
      if (staged.kind !== 'write') {
        this.upsertRow.run(staged.kind, staged.log, staged.key, staged.row.version, JSON.stringify(staged.row));
        continue;
      }
      this.applyWrite(staged);
      const { log, row, before } = staged;
      countMove(tallies, groups, log, row, before?.row);
      if (laneRankOf(row.state) !== null || (before !== undefined && laneRankOf(before.row.state) !== null)) {
        const key = `${log}\n${row.lane}`;
        const lane = lanes.get(key) ?? { log, lane: row.lane, touched: 0 };
        lane.touched += 1;
        lanes.set(key, lane);
      }
    }
    for (const { log, lane, touched } of lanes.values()) this.orderLane(log, lane, touched);
    for (const { log, group, delta } of groups.values()) this.applyGroup(log, group, delta, tallies);
    for (const [key, n] of tallies) {
      if (n === 0) continue;
      const [what, log, first, second] = JSON.parse(key) as [string, number, string, string];
      if (what === 'write') this.addToTally.run(log, first, second, n);
      else this.addToGroupTally.run(log, first, n);
    }
  }

  /** Drops what is remembered: after a transaction that failed, or when another process has written. */
  forget(): void {
    this.cache.clear();
  }

  private applyWrite(staged: Extract<StagedRow, { kind: 'write' }>): void {
    const { log, row, ord, seqs, before } = staged;
    const columns = indexedColumns(row);
    const doc = JSON.stringify(row);
    // A row that takes its turn in a lane is made ready by `orderLane`, if it is its turn.
    const readyAt = takesTurns(columns.laneRank) ? null : columns.dueAt;
    let rowId = before?.rowId;
    if (rowId === undefined) {
      const result = this.insertWrite.run(
        log,
        row.id,
        columns.version,
        ord,
        columns.state,
        columns.code,
        row.connection,
        row.patientKey,
        row.encounterKey,
        row.eventId,
        row.lane,
        row.group,
        row.createdAt,
        columns.updatedAt,
        columns.dueAt,
        readyAt,
        columns.laneRank,
        columns.unknownSince,
        columns.followAt,
        seqs,
        doc,
      );
      rowId = Number(result.lastInsertRowid);
    } else {
      this.updateWrite.run(
        columns.version,
        columns.state,
        columns.code,
        columns.updatedAt,
        columns.dueAt,
        readyAt,
        columns.laneRank,
        columns.unknownSince,
        columns.followAt,
        seqs,
        doc,
        rowId,
      );
    }
    this.remember(cacheKey(log, row.id), { rowId, ord, seqs, row });
  }

  /**
   * Makes ready whoever is next in a lane now, and nobody else. Of those to be sent again at most one was ready before
   * the transaction; everyone who now stands before that one was touched, so looking at one more than were touched finds
   * it. Of those that wait, an index names the one that was ready.
   */
  private orderLane(log: number, lane: string, touched: number): void {
    const busy = this.selectBusy.all(log, lane, touched + 1) as LaneRecord[];
    busy.forEach((record, at) => {
      if (record.lane_rank === laneRanks.retries) this.setReady(record, at === 0);
    });
    const next = busy.length > 0 ? undefined : nextInLane(this.waitingIn(log, lane))?.record;
    for (const record of this.selectReady.all(log, lane) as LaneRecord[])
      if (record.row !== next?.row) this.setReady(record, false);
    if (next !== undefined) this.setReady(next, true);
  }

  private *waitingIn(log: number, lane: string) {
    for (const record of this.selectWaiting.iterate(log, lane) as Iterable<LaneRecord>) {
      yield { role: laneRoleAt(record.lane_rank), group: record.grp, record };
    }
  }

  private setReady(record: LaneRecord, ready: boolean): void {
    const wanted = ready ? record.due_at : null;
    if (record.ready_at !== wanted) this.updateReady.run(wanted, record.row);
  }

  private applyGroup(log: number, group: string, delta: GroupCounts, tallies: Map<string, number>): void {
    const { open, charted, failed, undone, ended } = delta;
    if (open === 0 && charted === 0 && failed === 0 && undone === 0 && ended === 0) return;
    const after = this.addToGroup.get(log, group, open, charted, failed, undone, ended) as GroupCounts;
    const before = {
      open: after.open - open,
      charted: after.charted - charted,
      failed: after.failed - failed,
      undone: after.undone - undone,
      ended: after.ended - ended,
    };
    const [from, to] = [groupStateOf(before), groupStateOf(after)];
    if (from === to) return;
    if (from !== null) add(tallies, ['group', log, from], -1);
    if (to !== null) add(tallies, ['group', log, to], 1);
  }

  private remember(key: string, stored: StoredWrite): void {
    this.cache.delete(key);
    this.cache.set(key, stored);
    if (this.cache.size > CACHED_WRITES_MAX) {
      const [oldest] = this.cache.keys();
      if (oldest !== undefined) this.cache.delete(oldest);
    }
  }
}

/** The columns `RowStore.load` needs. */
export const storedColumns =
  'row, id, version, ord, connection, patient_key, event_id, lane, grp, created_at, updated_at, seqs, doc';

export interface StoredColumns {
  readonly row: number;
  readonly id: string;
  readonly version: number;
  readonly ord: number;
  readonly connection: string;
  readonly patient_key: string;
  readonly event_id: string;
  readonly lane: string;
  readonly grp: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly seqs: string;
  readonly doc: string;
}

interface LaneRecord {
  readonly row: number;
  readonly lane_rank: number;
  readonly grp: string;
  readonly due_at: number | null;
  readonly ready_at: number | null;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Key under which the row of a change is staged: as in the file, without its log. */
export function keyOf(change: Pick<RowChange, 'kind' | 'key'>): string {
  return `${change.kind}\n${change.key}`;
}

function cacheKey(log: number, id: string): string {
  return `${log}\n${id}`;
}

function countMove(
  tallies: Map<string, number>,
  groups: Map<string, { log: number; group: string; delta: Mutable<GroupCounts> }>,
  log: number,
  row: WriteRow,
  before: WriteRow | undefined,
): void {
  if (before?.state.name === row.state.name) return;
  const key = `${log}\n${row.group}`;
  const group = groups.get(key) ?? { log, group: row.group, delta: { open: 0, charted: 0, failed: 0, undone: 0, ended: 0 } };
  groups.set(key, group);
  if (before !== undefined) {
    add(tallies, ['write', log, before.connection, before.state.name], -1);
    group.delta[groupClassOf(before.state.name)] -= 1;
  }
  add(tallies, ['write', log, row.connection, row.state.name], 1);
  group.delta[groupClassOf(row.state.name)] += 1;
}

function add(tallies: Map<string, number>, parts: readonly (string | number)[], n: number): void {
  const key = JSON.stringify(parts);
  tallies.set(key, (tallies.get(key) ?? 0) + n);
}
