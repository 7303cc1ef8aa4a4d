export { Auditor } from './auditor.ts';
export type { AuditedWorld } from './auditor.ts';
export type { Invariant, Violation } from './invariants.ts';
