import Database from 'better-sqlite3-multiple-ciphers';
import type { Db } from './connection.ts';
import { migrate } from './migrations/index.ts';

/** What there is in a file's schema besides, or instead of, what the layout of this version has. Empty when they agree. */
export function schemaDifferences(db: Db, version: number): readonly string[] {
  const found = objects(db);
  const expected = expectedObjects(version);
  return [
    ...[...found].filter(([name]) => !expected.has(name)).map(([name]) => `${name} does not belong there`),
    ...[...expected].filter(([name]) => !found.has(name)).map(([name]) => `${name} is missing`),
    ...[...found]
      .filter(([name, sql]) => expected.has(name) && expected.get(name) !== sql)
      .map(([name]) => `${name} was changed`),
  ];
}

function expectedObjects(version: number): ReadonlyMap<string, string | null> {
  const model = new Database(':memory:');
  try {
    migrate(model, version);
    return objects(model);
  } finally {
    model.close();
  }
}

function objects(db: Db): ReadonlyMap<string, string | null> {
  const rows = db.prepare('SELECT type, name, tbl_name AS owner, sql FROM sqlite_schema').all() as {
    type: string;
    name: string;
    owner: string;
    sql: string | null;
  }[];
  return new Map(rows.map((row) => [`${row.type} "${row.name}" on "${row.owner}"`, row.sql]));
}
