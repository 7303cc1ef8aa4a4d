import { sqliteCode, type Db } from '../connection.ts';

/**
 * One state of the ledger, read from beginning to end of a check.
 *
 * After a damaged page SQLite reads nothing more in the same transaction, so another one is begun; `moved` tells when the
 * ledger was written to in between, and the new state is not the old one.
 */
export class ReadSnapshot {
  readonly db: Db;
  moved = false;
  private version: unknown = null;

  constructor(db: Db) {
    this.db = db;
  }

  begin(): void {
    this.db.exec('BEGIN');
    // The state is fixed by the first read, not by BEGIN.
    this.version = this.db.pragma('data_version', { simple: true });
  }

  /** Runs a read; `undefined` when it came upon a damaged page. */
  attempt<T>(read: () => T): { readonly value: T } | undefined {
    try {
      return { value: read() };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const before = this.version;
      this.end();
      this.begin();
      if (this.version !== before) this.moved = true;
      return undefined;
    }
  }

  end(): void {
    try {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
    } catch (error) {
      if (!isDamage(error)) throw error;
    }
  }
}

/** True for what SQLite says when a page is not what was written. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code !== null && (code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_IOERR') || code === 'SQLITE_NOTADB');
}
