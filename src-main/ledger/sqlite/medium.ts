import type { MediumFault } from '../errors.ts';
import { SqliteError } from './connection.ts';

/** Which fault of the medium an error tells of; `null`: of none. */
export function mediumFault(error: unknown): MediumFault | null {
  const code = errorCode(error);
  if (code === null) return null;
  return bySystem[code] ?? bySqlite.find(([start]) => code.startsWith(start))?.[1] ?? null;
}

/** SQLite's or the system's own name for what went wrong, like `SQLITE_FULL` or `ENOSPC`, or `null`. */
export function errorCode(error: unknown): string | null {
  if (error instanceof SqliteError) return error.code;
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : null;
}

const bySystem: Readonly<Record<string, MediumFault>> = {
  ENOSPC: 'disk-full',
  EDQUOT: 'disk-full',
  EFBIG: 'disk-full',
  EIO: 'io-failed',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
};
// https://www.sqlite.org/rescode.html
const bySqlite: readonly (readonly [start: string, fault: MediumFault])[] = [
  ['SQLITE_FULL', 'disk-full'],
  ['SQLITE_READONLY', 'read-only'],
  ['SQLITE_IOERR', 'io-failed'],
  ['SQLITE_CANTOPEN', 'unreadable'],
  ['SQLITE_CORRUPT', 'damaged'],
  ['SQLITE_NOTADB', 'damaged'],
];
