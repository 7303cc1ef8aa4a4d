import { rmSync } from 'node:fs';
import type { Random } from '../../../ports/outbound/index.ts';
import { openEncrypted, saltBytes, type Db, type Statement } from '../connection.ts';
import { keyBytes } from '../keys.ts';

/**
 * Room outside memory for the time of one check: a file under a key that exists only here, deleted afterwards. Without the
 * key what a crash leaves behind is noise.
 */
export class SpillStore {
  private readonly file: string;
  private readonly random: Pick<Random, 'bytes'>;
  private open: { db: Db; insert: Statement; select: Statement; remove: Statement } | null = null;

  constructor(file: string, random: Pick<Random, 'bytes'>) {
    this.file = file;
    this.random = random;
  }

  put(items: readonly (readonly [key: string, value: unknown])[]): void {
    const { db, insert } = this.opened();
    db.exec('BEGIN');
    for (const [key, value] of items) insert.run(key, JSON.stringify(value));
    db.exec('COMMIT');
  }

  /** Takes a value out, or `undefined` when there is none under this key. */
  take<T>(key: string): T | undefined {
    if (this.open === null) return undefined;
    const text = this.open.select.get(key) as string | undefined;
    if (text === undefined) return undefined;
    this.open.remove.run(key);
    return JSON.parse(text) as T;
  }

  /** Everything that is left, which is then gone. */
  *drain<T>(): Iterable<[string, T]> {
    if (this.open === null) return;
    const { db } = this.open;
    for (const { key, value } of db.prepare('SELECT key, value FROM spill').iterate() as Iterable<{
      key: string;
      value: string;
    }>) {
      yield [key, JSON.parse(value) as T];
    }
    db.exec('DELETE FROM spill');
  }

  close(): void {
    this.open?.db.close();
    this.open = null;
    rmSync(this.file, { force: true });
  }

  private opened(): NonNullable<typeof this.open> {
    if (this.open !== null) return this.open;
    rmSync(this.file, { force: true });
    const db = openEncrypted(this.file, this.random.bytes(keyBytes), this.random.bytes(saltBytes), { create: true });
    db.pragma('journal_mode=OFF');
    db.pragma('synchronous=OFF');
    db.pragma('temp_store=2');
    db.exec('CREATE TABLE spill (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
    this.open = {
      db,
      insert: db.prepare('INSERT OR REPLACE INTO spill (key, value) VALUES (?, ?)'),
      select: db.prepare('SELECT value FROM spill WHERE key = ?').pluck(),
      remove: db.prepare('DELETE FROM spill WHERE key = ?'),
    };
    return this.open;
  }
}
