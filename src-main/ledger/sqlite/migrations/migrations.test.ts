import Database from 'better-sqlite3-multiple-ciphers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../../../src-shared/limits/index.ts';
import type { Db } from '../connection.ts';
import { schemaDifferences } from '../schema-check.ts';
import { migrate, migrations, newestVersion, versionOf } from './index.ts';

let db: Db;
beforeEach(() => {
  db = new Database(':memory:');
});
afterEach(() => {
  db.close();
});

describe('H2 migrations', () => {
  it('H2 are numbered without gaps, newest last', () => {
    expect(migrations.map((step) => step.version)).toEqual(Array.from({ length: newestVersion }, (_, at) => at + 1));
    expect(new Set(migrations.map((step) => step.name)).size).toBe(newestVersion);
  });

  it.each(migrations.map((step) => [step.version, step.name] as const))(
    'H2 %i (%s) starts from the version before it',
    (version) => {
      migrate(db, version - 1);
      expect(versionOf(db)).toBe(version - 1);
      migrate(db, version);
      expect(versionOf(db)).toBe(version);
      expect(schemaDifferences(db, version)).toEqual([]);
      migrate(db, version);
      expect(versionOf(db)).toBe(version);
    },
  );

  it('H2 a step that fails leaves the version before it, and nothing of itself', () => {
    db.exec('CREATE TABLE node (x)');
    expect(() => migrate(db)).toThrow('already exists');
    expect(versionOf(db)).toBe(0);
    expect(db.prepare('SELECT name FROM sqlite_schema').pluck().all()).toEqual(['node']);
  });

  it('H2 2 brings lanes into the order among all their writes', () => {
    migrate(db, 1);
    const insert = db.prepare(
      `INSERT INTO write (log, id, version, ord, state, connection, patient_key, event_id, lane, grp, created_at, updated_at, due_at,
         ready_at, lane_rank, seqs, doc) VALUES (1, ?, 1, ?, ?, 'c', 'p', 'e', ?, ?, 0, 0, ?, ?, ?, '', '{}')`,
    );
    // id, order, state, lane, group, due, ready, rank: as version 1 keeps them.
    const rows = [
      ['a', 1, 'awaiting-approval', 'x', 'g', null, null, null],
      ['b', 2, 'pending', 'x', 'g', 5, 5, 3],
      ['c', 3, 'pending', 'x', 'h', 6, null, 3],
      ['d', 1, 'draft', 'y', 'g', 7, 7, null],
      ['e', 2, 'pending', 'y', 'h', 8, 8, 3],
      ['f', 1, 'failed-retryable', 'z', 'g', 9, 9, 2],
      ['g', 2, 'pending', 'z', 'g', 9, null, 3],
      ['h', 1, 'in-flight', 'w', 'g', null, null, 0],
      ['i', 2, 'unknown', 'w', 'g', 4, 4, 1],
      ['j', 3, 'committed', 'w', 'g', 3, 3, null],
    ] as const;
    for (const row of rows) insert.run(...row);
    migrate(db, 2);
    const after = db.prepare('SELECT id, lane_rank, ready_at FROM write ORDER BY id').raw().all();
    expect(after).toEqual([
      ['a', 5, null],
      ['b', 3, null],
      ['c', 3, 6],
      ['d', 4, 7],
      ['e', 3, null],
      ['f', 2, 9],
      ['g', 3, null],
      ['h', 1, null],
      ['i', 1, 4],
      ['j', null, 3],
    ]);
  });

  it('C8 3 gives what is charted, and what was handed to a person, a time to be followed', () => {
    migrate(db, 2);
    const insert = db.prepare(
      `INSERT INTO write (log, id, version, ord, state, code, connection, patient_key, event_id, lane, grp, created_at, updated_at,
         seqs, doc) VALUES (1, ?, 1, ?, ?, ?, 'c', 'p', 'e', 'l', 'g', 0, 0, '', ?)`,
    );
    const charted = (result: string): unknown => ({ state: { at: 5, verification: { result } } });
    const lost = { state: { nextAt: 7, personSince: 6 } };
    const rows: readonly (readonly [string, string, string | null, unknown])[] = [
      ['a', 'committed', null, charted('verified')],
      ['b', 'committed', null, charted('due')],
      ['c', 'unknown', 'search-not-trusted', lost],
      ['d', 'unknown', 'chart-has-two', lost],
      ['e', 'unknown', 'reply-lost', { state: { nextAt: 7, personSince: null } }],
      ['f', 'pending', null, { state: { nextAt: 7 } }],
    ];
    for (const [at, [id, state, code, doc]] of rows.entries()) insert.run(id, at, state, code, JSON.stringify(doc));
    insert.run('g', 9, 'committed', null, 'not JSON');
    migrate(db, 3);
    expect(db.prepare('SELECT id, follow_at FROM write WHERE follow_at IS NOT NULL ORDER BY id').raw().all()).toEqual([
      ['a', 5 + limits.followFirstMs],
      ['c', 7],
    ]);
  });

  it('H2 1 keeps the layout of the log, which later work reads', () => {
    migrate(db, 1);
    const columns = (table: string): unknown =>
      (db.pragma(`table_info(${table})`) as { name: string; type: string }[]).map(({ name, type }) => `${name} ${type}`);
    expect(columns('log')).toEqual([
      'id INTEGER',
      'tenant TEXT',
      'size INTEGER',
      'frontier BLOB',
      'last_leaf BLOB',
      'last_at INTEGER',
    ]);
    expect(columns('entry')).toEqual(['place INTEGER', 'leaf_hash BLOB', 'envelope BLOB']);
    expect(columns('payload')).toEqual(['place INTEGER', 'key_id INTEGER', 'sealed BLOB']);
    expect(columns('node')).toEqual(['place INTEGER', 'hash BLOB']);
    expect(columns('checkpoint')).toEqual(['log INTEGER', 'size INTEGER', 'root BLOB', 'note TEXT']);
  });

  it('H2 an altered schema is described', () => {
    migrate(db);
    db.exec(
      'DROP INDEX write_by_time; CREATE INDEX write_by_time ON write (created_at); CREATE TABLE extra (x); DROP TRIGGER node_no_update',
    );
    expect(schemaDifferences(db, newestVersion)).toEqual([
      'table "extra" on "extra" does not belong there',
      'trigger "node_no_update" on "node" is missing',
      'index "write_by_time" on "write" was changed',
    ]);
  });
});
