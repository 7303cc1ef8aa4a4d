export { Auditor } from './auditor.ts';
export type { AuditedWorld, Invariant, Violation } from './auditor.ts';
