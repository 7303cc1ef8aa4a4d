import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { sqliteCode } from './connection.ts';

/** The process that runs the engine of a workspace; `since` is an ISO 8601 instant. */
export interface EngineLockHolder {
  readonly pid: number;
  readonly host: string;
  readonly since: string;
}

export interface EngineLock {
  release(): Promise<void>;
}

const LOCK_FILE = 'engine.lock';
const HOLDER_FILE = 'engine.lock.json';
/** Long enough to outlast someone who only looks whether the lock is held. */
const ACQUIRE_MS = 500;

/**
 * Takes the engine's place in a workspace, or says who has it (`null`: held, but by whom could not be read).
 *
 * The lock is an exclusive transaction on an empty SQLite file: the system frees it when the process ends, however it ends
 * (kill -9 included), so it can neither be forgotten nor taken over while its holder lives. The folder must be on a local
 * disk. The name beside it is information only; nothing is decided by it.
 */
export async function acquireEngineLock(folder: string): Promise<EngineLock | { readonly heldBy: EngineLockHolder | null }> {
  const db = new Database(path.join(folder, LOCK_FILE), { timeout: ACQUIRE_MS });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw error;
    return { heldBy: readHolder(folder) };
  }
  const holderFile = path.join(folder, HOLDER_FILE);
  const holder: EngineLockHolder = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  writeFileSync(`${holderFile}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 });
  renameSync(`${holderFile}.new`, holderFile);
  return {
    async release() {
      if (!db.open) return;
      rmSync(holderFile, { force: true });
      db.exec('ROLLBACK');
      db.close();
    },
  };
}

/** Who runs the engine now, or `null` when nobody does or it cannot be told. Does not disturb a process that is starting. */
export async function readEngineLockHolder(folder: string): Promise<EngineLockHolder | null> {
  const file = path.join(folder, LOCK_FILE);
  if (!existsSync(file)) return null;
  const db = new Database(file, { timeout: 0 });
  try {
    // A shared lock is refused exactly while someone holds the exclusive one.
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
    return null;
  } catch (error) {
    if (sqliteCode(error) !== 'SQLITE_BUSY') throw error;
    return readHolder(folder);
  } finally {
    db.close();
  }
}

function readHolder(folder: string): EngineLockHolder | null {
  try {
    const value = JSON.parse(readFileSync(path.join(folder, HOLDER_FILE), 'utf8')) as Partial<EngineLockHolder>;
    const { pid, host, since } = value;
    return typeof pid === 'number' && typeof host === 'string' && typeof since === 'string' ? { pid, host, since } : null;
  } catch {
    return null;
  }
}
