import Database from 'better-sqlite3-multiple-ciphers';
import { keyBytes } from './keys.ts';

export type Db = Database.Database;
export type Statement = Database.Statement<unknown[], unknown>;

export const { SqliteError } = Database;

/** Bytes of a page of every encrypted file, and how many of them at its end hold IV (16) and HMAC-SHA-512 (64). */
export const pageBytes = 4096;
export const pageReserveBytes = 80;
/** First bytes of a file encrypted by SQLCipher 4: the salt of the page HMAC. */
export const saltBytes = 16;

const BUSY_MS = 5_000;
const WAL_PAGES = (16 * 1024 * 1024) / pageBytes;

/**
 * Settings that hold the promises of the ledger. Each is set and then read back at every open: SQLite ignores a pragma it
 * does not know without a word, and the library is compiled to run WAL with synchronous=NORMAL unless told otherwise.
 */
const settings: readonly (readonly [pragma: string, wanted: string | number])[] = [
  ['journal_mode', 'wal'],
  ['synchronous', 2],
  ['foreign_keys', 1],
  ['recursive_triggers', 1],
  ['secure_delete', 1],
  ['temp_store', 2],
  ['trusted_schema', 0],
  ['cell_size_check', 1],
  ['busy_timeout', BUSY_MS],
  ['wal_autocheckpoint', WAL_PAGES],
  // Only macOS has a stronger fsync to ask for; elsewhere the value is kept and means nothing.
  ['fullfsync', 1],
  ['checkpoint_fullfsync', 1],
];

export class SettingRefused extends Error {
  constructor(pragma: string, wanted: string | number, found: unknown) {
    super(`the setting ${pragma} reads ${String(found)} and must be ${wanted}`);
    this.name = 'SettingRefused';
  }
}

/**
 * Opens an encrypted file with a raw key, in the format of SQLCipher 4 (AES-256-CBC, HMAC-SHA-512 per page), without
 * touching its content. The first read tells whether the key fits: SQLITE_NOTADB when not.
 *
 * @param salt the first 16 bytes of the file; the same for the same key, so that pages can be checked even when the
 * header is damaged
 */
export function openEncrypted(file: string, key: Uint8Array, salt: Uint8Array, options: { create: boolean }): Db {
  if (key.length !== keyBytes || salt.length !== saltBytes) throw new RangeError('a raw key is 32 bytes with 16 bytes of salt');
  const db = new Database(file, { fileMustExist: !options.create, timeout: BUSY_MS });
  try {
    db.pragma(`cipher='sqlcipher'`);
    db.pragma('legacy=4');
    // A buffer, because strings cannot be wiped and stay in memory until they are collected.
    const spelled = Buffer.alloc(2 + (keyBytes + saltBytes) * 2 + 1);
    spelled.write("x'", 0, 'latin1');
    spellHex(key, spelled, 2);
    spellHex(salt, spelled, 2 + keyBytes * 2);
    spelled.write("'", spelled.length - 1, 'latin1');
    db.key(spelled);
    spelled.fill(0);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const DIGITS = Buffer.from('0123456789abcdef', 'latin1');

function spellHex(bytes: Uint8Array, into: Buffer, start: number): void {
  bytes.forEach((byte, at) => {
    into[start + at * 2] = DIGITS[byte >> 4] as number;
    into[start + at * 2 + 1] = DIGITS[byte & 15] as number;
  });
}

/** Sets and asserts every setting. Throws SettingRefused naming the first that does not hold. */
export function applySettings(db: Db, cacheKb: number): void {
  for (const [pragma, wanted] of settings) {
    db.pragma(`${pragma}=${wanted}`);
    assertSetting(db, pragma, wanted);
  }
  db.pragma(`cache_size=-${cacheKb}`);
  assertSetting(db, 'cipher', 'sqlcipher');
  assertSetting(db, 'hmac_check', '1');
  assertSetting(db, 'page_size', pageBytes);
}

/** Reads `synchronous` again: there are builds in which it changes with the first write. */
export function assertDurable(db: Db): void {
  assertSetting(db, 'synchronous', 2);
}

function assertSetting(db: Db, pragma: string, wanted: string | number): void {
  const found = db.pragma(pragma, { simple: true });
  if (String(found) !== String(wanted)) throw new SettingRefused(pragma, wanted, found);
}

/** SQLite's own name for what went wrong, like `SQLITE_BUSY`, or `null` when it was not SQLite. */
export function sqliteCode(error: unknown): string | null {
  return error instanceof SqliteError ? error.code : null;
}
