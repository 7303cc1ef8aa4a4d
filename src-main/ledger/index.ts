export { LedgerError } from './errors.ts';
export type { LedgerErrorCode, Refusal, RefusalCode } from './errors.ts';
export { groupStates } from './groups.ts';
export type { GroupState } from './groups.ts';
export { acquireEngineLock, inspectDamagedFile, openSqliteLedger, readEngineLockHolder } from './sqlite/index.ts';
export type {
  CommitStep,
  DamagedPage,
  DamageReport,
  EngineLock,
  EngineLockHolder,
  LedgerKeys,
  OpenOptions,
  OpenResult,
} from './sqlite/index.ts';
