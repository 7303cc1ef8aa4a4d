import type { Origin } from './business-event.ts';
import type { RiskTier } from './risk.ts';

/** Who may act (G3), who may send (A7), and where writes go: the registries of a workspace. */

export const roles = [
  'operator',
  'operations-lead',
  'clinician',
  'clinical-owner',
  'auditor',
  'integration-administrator',
  'security-administrator',
  'compliance-reviewer',
] as const;
export type Role = (typeof roles)[number];

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly roles: readonly Role[];
  readonly npi: string | null;
  readonly active: boolean;
}

/** Highest risk tier up to which a source's own approvals count; `none`: never. */
export type ApprovalReach = 'none' | Extract<RiskTier, 'low' | 'medium'>;

export interface Source {
  readonly name: string;
  /** `null`: every tenant. */
  readonly tenants: readonly string[] | null;
  /** Allowed event types or their first halves (`note`); `null`: every type. */
  readonly types: readonly string[] | null;
  readonly origin: Origin | null;
  readonly approvals: ApprovalReach;
  readonly owner: string;
  readonly active: boolean;
}

export type Environment = 'practice' | 'sandbox' | 'production';
export type RolloutStage = 'read-only' | 'draft' | 'shadow' | 'staged' | 'limited-auto-write';

/** What is known about an EHR's behaviour; what is left out follows the limits of the product. */
export interface ConnectionSettings {
  /** How long its search may lag behind its commits, milliseconds. */
  readonly searchSettleMs?: number;
  /** Looks in a row that must find nothing before absence counts as proved. */
  readonly absenceLooks?: number;
  /** Pieces of work under way at the same time. */
  readonly inFlightMax?: number;
  readonly sendsPerMinuteMax?: number;
}

export interface Connection {
  readonly name: string;
  readonly adapter: string;
  /** Base address of the FHIR API, or `practice:<profile>` for the practice EHR that lives in the engine's process. */
  readonly baseUrl: string;
  /** `null`: every tenant (practice connections only). */
  readonly tenants: readonly string[] | null;
  readonly environment: Environment;
  readonly stage: RolloutStage;
  readonly baa: string | null;
  readonly auth: { readonly kind: 'none' } | { readonly kind: 'bearer-file'; readonly file: string };
  readonly active: boolean;
  readonly settings?: ConnectionSettings;
}
