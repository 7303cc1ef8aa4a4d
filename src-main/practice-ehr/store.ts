import Database from 'better-sqlite3-multiple-ciphers';
import type { IndexRows, Mark } from './search-index.ts';

/**
 * Where the chart is kept: one plain SQLite file. It holds practice data only, so it is not encrypted, and a power cut may
 * cost the last commits (WAL with synchronous NORMAL).
 */
export interface StoredVersion {
  readonly rid: number;
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly updated: number;
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The exact JSON text; absent for the version that records a deletion. */
  readonly text: string | null;
}

export interface NewVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  readonly updated: number;
  readonly method: StoredVersion['method'];
  readonly text: string | null;
}

export interface LoadedBundle {
  readonly sha256: string;
  readonly name: string;
  readonly resources: number;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS resource (
  rid INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, deleted INTEGER NOT NULL, updated INTEGER NOT NULL,
  seq INTEGER NOT NULL, indexed_seq INTEGER, UNIQUE (type, id));
CREATE TABLE IF NOT EXISTS version (
  seq INTEGER PRIMARY KEY, rid INTEGER NOT NULL, type TEXT NOT NULL, version INTEGER NOT NULL, updated INTEGER NOT NULL,
  method TEXT NOT NULL, text TEXT, UNIQUE (rid, version));
CREATE INDEX IF NOT EXISTS version_type ON version (type, seq);
CREATE TABLE IF NOT EXISTS parameter (pid INTEGER PRIMARY KEY, type TEXT NOT NULL, code TEXT NOT NULL, UNIQUE (type, code));
CREATE TABLE IF NOT EXISTS value_index (
  pid INTEGER NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL, extra TEXT NOT NULL,
  PRIMARY KEY (pid, value, rid, extra)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS date_index (
  pid INTEGER NOT NULL, rid INTEGER NOT NULL, lo INTEGER NOT NULL, hi INTEGER NOT NULL,
  PRIMARY KEY (pid, rid, lo, hi)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS date_index_lo ON date_index (pid, lo);
CREATE TABLE IF NOT EXISTS pending_index (rid INTEGER PRIMARY KEY, due INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS pending_index_due ON pending_index (due);
CREATE TABLE IF NOT EXISTS mark (
  system TEXT NOT NULL, value TEXT NOT NULL, rid INTEGER NOT NULL, PRIMARY KEY (system, value, rid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS loaded_bundle (
  sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, resources INTEGER NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID;
`;
const SCHEMA_VERSION = 1;
const STATEMENTS_MAX = 400;
const ROWS_PER_INSERT = 32;
const VERSION_COLUMNS = 'v.rid, r.type, r.id, v.version, v.updated, v.method, v.text';

export class Store {
  private readonly db: Database.Database;
  private readonly statements = new Map<string, Database.Statement>();
  private readonly parameterIds = new Map<string, number>();
  private depth = 0;

  /** Opens or makes the file. Throws when it is not a chart of this server, or one that a newer server made. */
  constructor(path: string) {
    this.db = new Database(path);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = NORMAL');
    this.db.pragma('busy_timeout = 5000');
    // Fewer, larger checkpoints: each one waits for the disk.
    this.db.pragma('wal_autocheckpoint = 8000');
    this.db.pragma('cache_size = -16384');
    const version = Number(this.db.pragma('user_version', { simple: true }));
    if (version > SCHEMA_VERSION) {
      this.db.close();
      throw new Error(
        `the chart ${path} was made by a newer version (format ${version}, this one reads up to ${SCHEMA_VERSION})`,
      );
    }
    this.db.exec(SCHEMA);
    this.db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }

  /** Runs the work in one transaction: all of it is kept, or, when it throws, nothing. May be nested. */
  transaction<T>(work: () => T): T {
    const name = `s${this.depth}`;
    const outermost = this.depth === 0;
    this.run(outermost ? 'BEGIN IMMEDIATE' : `SAVEPOINT ${name}`);
    this.depth += 1;
    try {
      const result = work();
      this.run(outermost ? 'COMMIT' : `RELEASE ${name}`);
      return result;
    } catch (error) {
      if (this.db.inTransaction) this.db.exec(outermost ? 'ROLLBACK' : `ROLLBACK TO ${name}; RELEASE ${name}`);
      // Numbers given inside are gone with it.
      this.parameterIds.clear();
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  /** The current version of a resource, its deletion included; `undefined` when the id was never used. */
  current(type: string, id: string): StoredVersion | undefined {
    return this.get(
      `SELECT ${VERSION_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.type = ? AND r.id = ?`,
      type,
      id,
    );
  }

  currentByRid(rid: number): StoredVersion | undefined {
    return this.get(`SELECT ${VERSION_COLUMNS} FROM resource r JOIN version v ON v.seq = r.seq WHERE r.rid = ?`, rid);
  }

  /** True when the resource is there and not deleted. */
  exists(type: string, id: string): boolean {
    return this.get('SELECT 1 FROM resource WHERE type = ? AND id = ? AND deleted = 0', type, id) !== undefined;
  }

  version(rid: number, version: number): StoredVersion | undefined {
    return this.get(
      `SELECT ${VERSION_COLUMNS} FROM version v JOIN resource r ON r.rid = v.rid WHERE v.rid = ? AND v.version = ?`,
      rid,
      version,
    );
  }

  /** Versions of one resource or of one type, newest first, and how many there are in all. */
  history(
    of: { rid: number } | { type: string },
    since: number,
    limit: number,
    offset: number,
  ): { total: number; page: StoredVersion[] } {
    const [column, key] = 'rid' in of ? ['rid', of.rid] : ['type', of.type];
    const total =
      this.get<{ n: number }>(`SELECT count(*) AS n FROM version v WHERE v.${column} = ? AND v.updated >= ?`, key, since)?.n ?? 0;
    const page = this.all<StoredVersion>(
      `SELECT ${VERSION_COLUMNS} FROM version v JOIN resource r ON r.rid = v.rid
       WHERE v.${column} = ? AND v.updated >= ? ORDER BY v.seq DESC LIMIT ? OFFSET ?`,
      key,
      since,
      limit,
      offset,
    );
    return { total, page };
  }

  /** Adds a version and makes it the current one. Nothing is indexed here. */
  put(next: NewVersion, rid: number | undefined): StoredVersion {
    const deleted = next.text === null ? 1 : 0;
    let owner = rid;
    if (owner === undefined) {
      const made = this.run(
        'INSERT INTO resource (type, id, deleted, updated, seq) VALUES (?, ?, ?, ?, 0)',
        next.type,
        next.id,
        deleted,
        next.updated,
      );
      owner = Number(made.lastInsertRowid);
    }
    const { lastInsertRowid: seq } = this.run(
      'INSERT INTO version (rid, type, version, updated, method, text) VALUES (?, ?, ?, ?, ?, ?)',
      owner,
      next.type,
      next.version,
      next.updated,
      next.method,
      next.text,
    );
    this.run('UPDATE resource SET deleted = ?, updated = ?, seq = ? WHERE rid = ?', deleted, next.updated, Number(seq), owner);
    return { rid: owner, ...next };
  }

  /** The text that the index entries of a resource were made from; `undefined` when it is not in the index. */
  indexedText(rid: number): string | undefined {
    const row = this.get<{ text: string | null }>(
      'SELECT v.text FROM resource r JOIN version v ON v.seq = r.indexed_seq WHERE r.rid = ?',
      rid,
    );
    return row?.text ?? undefined;
  }

  /** Swaps the index entries of a resource; `after` is `undefined` when it leaves the index. */
  reindex(rid: number, type: string, before: IndexRows | undefined, after: IndexRows | undefined): void {
    for (const row of before?.values ?? []) {
      const pid = this.parameterId(type, row.code);
      this.run('DELETE FROM value_index WHERE pid = ? AND value = ? AND rid = ? AND extra = ?', pid, row.value, rid, row.extra);
    }
    for (const row of before?.dates ?? []) {
      this.run(
        'DELETE FROM date_index WHERE pid = ? AND rid = ? AND lo = ? AND hi = ?',
        this.parameterId(type, row.code),
        rid,
        row.start,
        row.end,
      );
    }
    this.insertMany(
      'value_index (pid, value, rid, extra)',
      (after?.values ?? []).map((row) => [this.parameterId(type, row.code), row.value, rid, row.extra]),
    );
    this.insertMany(
      'date_index (pid, rid, lo, hi)',
      (after?.dates ?? []).map((row) => [this.parameterId(type, row.code), rid, row.start, row.end]),
    );
    if (after === undefined) this.run('UPDATE resource SET indexed_seq = NULL WHERE rid = ?', rid);
    else this.run('UPDATE resource SET indexed_seq = seq WHERE rid = ?', rid);
    this.run('DELETE FROM pending_index WHERE rid = ?', rid);
  }

  /** Puts off indexing: the resource is found as it was before until `due`. */
  deferIndex(rid: number, due: number): void {
    this.run('INSERT INTO pending_index (rid, due) VALUES (?, ?) ON CONFLICT (rid) DO UPDATE SET due = excluded.due', rid, due);
  }

  hasDue(now: number): boolean {
    return this.get('SELECT 1 FROM pending_index WHERE due <= ? LIMIT 1', now) !== undefined;
  }

  /** The resources whose put-off indexing is due, and takes them off the list. */
  takeDue(now: number): number[] {
    const due = this.all<{ rid: number }>('SELECT rid FROM pending_index WHERE due <= ?', now).map((row) => row.rid);
    this.run('DELETE FROM pending_index WHERE due <= ?', now);
    return due;
  }

  setMarks(rid: number, before: readonly Mark[], after: readonly Mark[]): void {
    for (const mark of before)
      this.run('DELETE FROM mark WHERE system = ? AND value = ? AND rid = ?', mark.system, mark.value, rid);
    for (const mark of after)
      this.run('INSERT OR IGNORE INTO mark (system, value, rid) VALUES (?, ?, ?)', mark.system, mark.value, rid);
  }

  /** How many resources carry each identifier value of a system, deleted ones only when asked for. */
  countMarks(system: string, withDeleted: boolean): { value: string; n: number }[] {
    return this.all(
      `SELECT m.value, count(*) AS n FROM mark m JOIN resource r ON r.rid = m.rid
       WHERE m.system = ? AND (r.deleted = 0 OR ?) GROUP BY m.value ORDER BY m.value`,
      system,
      withDeleted ? 1 : 0,
    );
  }

  countByType(): { type: string; n: number }[] {
    return this.all('SELECT type, count(*) AS n FROM resource WHERE deleted = 0 GROUP BY type ORDER BY type');
  }

  parameterId(type: string, code: string): number {
    const name = `${type}?${code}`;
    let pid = this.parameterIds.get(name);
    if (pid === undefined) {
      this.run('INSERT OR IGNORE INTO parameter (type, code) VALUES (?, ?)', type, code);
      pid = this.get<{ pid: number }>('SELECT pid FROM parameter WHERE type = ? AND code = ?', type, code)?.pid;
      if (pid === undefined) throw new Error(`no number for the search parameter ${name}`);
      this.parameterIds.set(name, pid);
    }
    return pid;
  }

  loadedBundle(sha256: string): LoadedBundle | undefined {
    return this.get('SELECT sha256, name, resources FROM loaded_bundle WHERE sha256 = ?', sha256);
  }

  addLoadedBundle(bundle: LoadedBundle, at: number): void {
    this.run(
      'INSERT INTO loaded_bundle (sha256, name, resources, at) VALUES (?, ?, ?, ?)',
      bundle.sha256,
      bundle.name,
      bundle.resources,
      at,
    );
  }

  setting(name: string): string | undefined {
    return this.get<{ value: string }>('SELECT value FROM setting WHERE name = ?', name)?.value;
  }

  setSetting(name: string, value: string): void {
    this.run(
      'INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      name,
      value,
    );
  }

  /** Empties the search index and names every resource that belongs in it. */
  clearIndex(): number[] {
    this.db.exec(
      'DELETE FROM value_index; DELETE FROM date_index; DELETE FROM parameter; DELETE FROM pending_index; UPDATE resource SET indexed_seq = NULL',
    );
    this.parameterIds.clear();
    return this.all<{ rid: number }>('SELECT rid FROM resource WHERE deleted = 0').map((row) => row.rid);
  }

  /** Rows of a statement that the search writes; statements are compiled once and kept. */
  all<T>(sql: string, ...parameters: readonly (string | number | null)[]): T[] {
    return this.statement(sql).all(...parameters) as T[];
  }

  get<T>(sql: string, ...parameters: readonly (string | number | null)[]): T | undefined {
    return this.statement(sql).get(...parameters) as T | undefined;
  }

  /** One statement for many rows: calling it costs more than what it does. */
  private insertMany(into: string, rows: readonly (readonly (string | number)[])[]): void {
    for (let at = 0; at < rows.length; at += ROWS_PER_INSERT) {
      const some = rows.slice(at, at + ROWS_PER_INSERT);
      this.run(`INSERT OR IGNORE INTO ${into} VALUES ${some.map(() => '(?, ?, ?, ?)').join(', ')}`, ...some.flat());
    }
  }

  private run(sql: string, ...parameters: readonly (string | number | null)[]): Database.RunResult {
    return this.statement(sql).run(...parameters);
  }

  private statement(sql: string): Database.Statement {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      if (this.statements.size >= STATEMENTS_MAX) this.statements.clear();
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
}
