export { LedgerError } from './errors.ts';
export type { LedgerErrorCode, Refusal, RefusalCode } from './errors.ts';
export { failpoints } from './failpoint.ts';
export type { AtFailpoint, Failpoint } from './failpoint.ts';
export { acquireEngineLock, inspectDamagedFile, openSqliteLedger, readEngineLockHolder } from './sqlite/index.ts';
export type {
  DamagedPage,
  DamageReport,
  EngineLock,
  EngineLockHolder,
  LedgerKeys,
  LedgerLoss,
  OpenOptions,
  OpenResult,
} from './sqlite/index.ts';
