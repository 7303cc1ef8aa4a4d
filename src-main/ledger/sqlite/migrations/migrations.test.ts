import Database from 'better-sqlite3-multiple-ciphers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
