export { acquireEngineLock, readEngineLockHolder } from './engine-lock.ts';
export type { EngineLock, EngineLockHolder } from './engine-lock.ts';
export { inspectDamagedFile } from './inspect.ts';
export type { LedgerKeys } from './keys.ts';
export { openSqliteLedger } from './open.ts';
export type { LedgerLoss, OpenOptions, OpenResult } from './open.ts';
export type { DamagedPage, DamageReport } from './verify/damage.ts';
