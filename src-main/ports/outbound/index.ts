export type * from './definitions.ts';
export type * from './ehr-gateway.ts';
export type * from './leases.ts';
export { LeaseEnded } from './leases.ts';
export type * from './ledger.ts';
export type * from './lists.ts';
export type * from './runtime.ts';
