import {
  workspaceLog,
  type Actor,
  type EntryBodies,
  type EntryType,
  type Role,
  type StateName,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { groupStates, hex, settledStates } from '../../../src-shared/domain/index.ts';
import { parseEnvelope, type Envelope } from '../../../src-shared/audit/index.ts';
import type { Entry, LedgerReader, RowKind, Rows, WriteCounts, WriteFilter } from '../../ports/outbound/index.ts';
import { LedgerError } from '../errors.ts';
import type { Db, Statement } from './connection.ts';
import type { Logs } from './logs.ts';
import { unseal } from './payload.ts';
import type { PayloadKeys } from './payload-keys.ts';
import { placeOf } from './place.ts';
import { readRow } from './row-shape.ts';
import { storedColumns, type RowStore, type StoredColumns } from './row-store.ts';
import { WriteQuery } from './write-query.ts';

interface EntryRecord {
  readonly place: number;
  readonly leaf_hash: Buffer;
  readonly envelope: Buffer;
  readonly key_id: number | null;
  readonly sealed: Buffer | null;
}

type WriteRecord = StoredColumns & { readonly log: number };

/** The reading half of the ledger: everything from what is committed, nothing from what is under way. */
export class SqliteReader implements LedgerReader {
  private readonly db: Db;
  private readonly logs: Logs;
  private readonly store: RowStore;
  private readonly keys: PayloadKeys;
  private readonly query: WriteQuery;
  private readonly prepared = new Map<string, Statement>();

  constructor(db: Db, logs: Logs, store: RowStore, keys: PayloadKeys) {
    this.db = db;
    this.logs = logs;
    this.store = store;
    this.keys = keys;
    this.query = new WriteQuery((sql) => this.statement(sql));
  }

  async row<K extends RowKind>(kind: K, tenant: string, key: string): Promise<Rows[K] | undefined> {
    const log = this.logs.number(tenant);
    if (log === undefined) return undefined;
    if (kind === 'write') return this.writeAt(log, tenant, key) as Rows[K] | undefined;
    return this.store.registry(kind, log, key) as Rows[K] | undefined;
  }

  async rows<K extends Exclude<RowKind, 'write' | 'event'>>(kind: K): Promise<readonly Rows[K][]> {
    const records = this.statement('SELECT key, doc FROM registry_row WHERE kind = ? ORDER BY log, key').all(kind) as {
      key: string;
      doc: string;
    }[];
    return records.map((record) => readRow(kind, record.key, record.doc));
  }

  async findWrite(id: string): Promise<WriteRow | undefined> {
    const record = this.statement(`SELECT log, ${storedColumns} FROM write WHERE id = ?`).get(id) as WriteRecord | undefined;
    return record === undefined ? undefined : this.load(record);
  }

  async writes(filter: WriteFilter): Promise<readonly WriteRow[]> {
    const log = filter.tenant === undefined ? null : this.logs.number(filter.tenant);
    if (log === undefined || filter.limit <= 0) return [];
    const records = this.query
      .streams(filter, log)
      .flatMap(
        ({ from, where, values }) =>
          this.statement(
            `SELECT log, ${storedColumns} FROM ${from} ${where} ORDER BY created_at DESC, ord DESC, log DESC LIMIT ?`,
          ).all(...values, filter.limit) as WriteRecord[],
      );
    records.sort((a, b) => b.created_at - a.created_at || b.ord - a.ord || b.log - a.log);
    return records.slice(0, filter.limit).map((record) => this.load(record));
  }

  async counts(tenant?: string): Promise<WriteCounts> {
    const log = tenant === undefined ? null : (this.logs.number(tenant) ?? -1);
    const tallies = this.query.tallies(log);
    const byState: Partial<Record<StateName, number>> = {};
    const byConnection: Record<string, Partial<Record<StateName, number>>> = {};
    for (const { connection, state, n } of tallies) {
      byState[state] = (byState[state] ?? 0) + n;
      const row = (byConnection[connection] ??= {});
      row[state] = (row[state] ?? 0) + n;
    }
    const groups = this.statement('SELECT state, sum(n) AS n FROM group_tally WHERE log = coalesce(?, log) GROUP BY state').all(
      log,
    ) as {
      state: string;
      n: number;
    }[];
    const byGroupState = Object.fromEntries(
      groupStates.map((state) => [state, groups.find((one) => one.state === state)?.n ?? 0]),
    );
    const unsettled = tallies.filter((tally) => !settledStates.includes(tally.state));
    const oldest = this.statement('SELECT min(created_at) FROM write WHERE log = ? AND state = ? AND connection = ?').pluck();
    const unknown = this.statement('SELECT min(unknown_since) FROM write WHERE log = ? AND unknown_since IS NOT NULL').pluck();
    const unknownLogs = new Set(tallies.filter((tally) => tally.state === 'unknown').map((tally) => tally.log));
    return {
      byState,
      byConnection,
      byGroupState,
      oldestUnsettledAt: least(unsettled.map((tally) => oldest.get(tally.log, tally.state, tally.connection) as number | null)),
      oldestUnknownAt: least([...unknownLogs].map((one) => unknown.get(one) as number | null)),
    };
  }

  async tenants(): Promise<readonly string[]> {
    return this.statement('SELECT tenant FROM log WHERE size > 0 AND tenant <> ? ORDER BY tenant')
      .pluck()
      .all(workspaceLog) as string[];
  }

  async entry(tenant: string, seq: number): Promise<Entry | undefined> {
    const log = this.logs.number(tenant);
    if (log === undefined || !Number.isSafeInteger(seq) || seq < 0) return undefined;
    const record = this.statement(`${selectEntry} WHERE entry.place = ?`).get(placeOf(log, seq)) as EntryRecord | undefined;
    return record === undefined ? undefined : this.readEntry(record);
  }

  async entries(
    tenant: string,
    by: { readonly stream: string } | { readonly patientKey: string } | { readonly actor: string },
    limit: number,
  ): Promise<readonly Entry[]> {
    const log = this.logs.number(tenant);
    if (log === undefined) return [];
    const [field, value] =
      'stream' in by ? ['stream', by.stream] : 'patientKey' in by ? ['patient', by.patientKey] : ['actor', by.actor];
    const indexed = this.statement('SELECT seq FROM entry_index WHERE log = ? AND field = ? AND value = ? ORDER BY seq LIMIT ?')
      .pluck()
      .all(log, field, value, limit) as number[];
    const seqs = [...indexed, ...this.seqsInWrites(log, field, value)].sort((a, b) => a - b).slice(0, limit);
    const select = this.statement(`${selectEntry} WHERE entry.place = ?`);
    return seqs.flatMap((seq) => {
      const record = select.get(placeOf(log, seq)) as EntryRecord | undefined;
      return record === undefined ? [] : [this.readEntry(record)];
    });
  }

  async due(now: number, limit: number, except: readonly string[] = []): Promise<readonly WriteRow[]> {
    const records = this.statement(
      `SELECT log, ${storedColumns} FROM write WHERE ready_at IS NOT NULL AND ready_at <= ?
         AND connection NOT IN (SELECT value FROM json_each(?)) ORDER BY ready_at, ord LIMIT ? + 0`,
    ).all(now, JSON.stringify(except), limit) as WriteRecord[];
    return records.map((record) => this.load(record));
  }

  async nextDueAt(): Promise<number | null> {
    return this.statement('SELECT min(ready_at) FROM write WHERE ready_at IS NOT NULL').pluck().get() as number | null;
  }

  async toFollow(now: number, limit: number, except: readonly string[] = []): Promise<readonly WriteRow[]> {
    const records = this.statement(
      `SELECT log, ${storedColumns} FROM write WHERE follow_at IS NOT NULL AND follow_at <= ?
         AND connection NOT IN (SELECT value FROM json_each(?)) ORDER BY follow_at, ord LIMIT ? + 0`,
    ).all(now, JSON.stringify(except), limit) as WriteRecord[];
    return records.map((record) => this.load(record));
  }

  async inFlight(): Promise<readonly WriteRow[]> {
    const select = this.statement(
      `SELECT log, ${storedColumns} FROM write WHERE log = ? AND state = 'in-flight' AND connection = ? ORDER BY created_at, ord`,
    );
    return this.query
      .tallies(null)
      .filter((tally) => tally.state === 'in-flight')
      .flatMap((tally) => select.all(tally.log, tally.connection) as WriteRecord[])
      .map((record) => this.load(record));
  }

  /** Entries that are listed in the rows of the writes they moved. */
  private seqsInWrites(log: number, field: string, value: string): readonly number[] {
    let lists: string[] = [];
    if (field === 'stream' && value.startsWith('write/')) {
      lists = this.statement('SELECT seqs FROM write WHERE id = ? AND log = ?')
        .pluck()
        .all(value.slice('write/'.length), log) as string[];
    } else if (field === 'patient') {
      lists = this.statement('SELECT seqs FROM write WHERE patient_key = ? AND log = ?').pluck().all(value, log) as string[];
    }
    return lists.flatMap((list) => (list === '' ? [] : list.split(' ').map(Number)));
  }

  private writeAt(log: number, tenant: string, id: string): WriteRow | undefined {
    const record = this.statement(`SELECT ${storedColumns} FROM write WHERE id = ? AND log = ?`).get(id, log) as
      StoredColumns | undefined;
    return record === undefined ? undefined : this.store.load(record, log, tenant).row;
  }

  private load(record: WriteRecord): WriteRow {
    return this.store.load(record, record.log, this.logs.tenant(record.log)).row;
  }

  private readEntry(record: EntryRecord): Entry {
    const parsed = parseEnvelope(record.envelope);
    if (!parsed.ok) throw new LedgerError('row-unreadable', `the envelope at place ${record.place} ${parsed.problem}`);
    const { envelope } = parsed;
    return {
      tenant: envelope.tenant,
      seq: envelope.seq,
      // The envelope was written from an EntryDraft, and its hash is checked by verify().
      type: envelope.type as EntryType,
      stream: envelope.stream,
      at: envelope.at,
      actor: actorOf(envelope),
      correlation: envelope.correlation,
      leafHash: hex(record.leaf_hash),
      body: this.readBody(record),
    };
  }

  private readBody(record: EntryRecord): EntryBodies[EntryType] | null {
    if (record.sealed === null || record.key_id === null) return null;
    const key = this.keys.find(record.key_id);
    if (key === null) return null;
    return JSON.parse(unseal(record.sealed, key.key).body.toString('utf8')) as EntryBodies[EntryType];
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

const selectEntry = `SELECT entry.place, entry.leaf_hash, entry.envelope, payload.key_id, payload.sealed
  FROM entry LEFT JOIN payload ON payload.place = entry.place`;

/** Who acted, as the envelope tells it. */
export function actorOf(envelope: Envelope): Actor {
  if (envelope.actorKind === 'person') return { kind: 'person', id: envelope.actor, role: envelope.role as Role };
  return { kind: envelope.actorKind as 'engine' | 'source' | 'system', id: envelope.actor };
}

function least(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
