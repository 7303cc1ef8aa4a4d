import type { Origin } from './business-event.ts';
import type { MaintenanceWindow } from './calendar/windows.ts';
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
  /** When a role of theirs ends, epoch milliseconds; those not named end when they are revoked. */
  readonly rolesUntil?: Readonly<Partial<Record<Role, number>>>;
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

export const stageDimensions = ['resource', 'specialty', 'workflow', 'template', 'section'] as const;
/** A part of what goes over a connection: all that is named must fit. */
export type StageScope = Readonly<Partial<Record<(typeof stageDimensions)[number], string>>>;

/** The stage of a part of what goes over a connection. */
export interface ScopedStage {
  readonly scope: StageScope;
  readonly stage: RolloutStage;
}

/** What is known about an EHR's behaviour; what is left out follows the limits of the product. */
export interface ConnectionSettings {
  /** How long its search may lag behind its commits, milliseconds. */
  readonly searchSettleMs?: number;
  /** Looks in a row that must find nothing before absence counts as proved. */
  readonly absenceLooks?: number;
  /** Pieces of work under way at the same time. */
  readonly inFlightMax?: number;
  readonly sendsPerMinuteMax?: number;
  /** Requests sent again per minute, after one that was proved not to be in the chart. */
  readonly retriesPerMinuteMax?: number;
  /** Where its patients are treated: a code of ISO 3166-2 like US-CA. Rules about consent may ask for it. */
  readonly region?: string;
  /** IANA zone of the connection's day; UTC when left out. */
  readonly timeZone?: string;
  /** Requests sent on one day of the connection, and of these from one source. */
  readonly sendsPerDayMax?: number;
  readonly sendsPerDayMaxOfSource?: Readonly<Record<string, number>>;
  /** Resource types that the EHR puts into an inbox, for somebody there to take over into the chart. */
  readonly heldForReconciliation?: readonly string[];
  /** Times in which nothing is sent; reading goes on. */
  readonly maintenance?: readonly MaintenanceWindow[];
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
  /** Resource types that have not come as far as the connection: the lower of the two stages counts. */
  readonly stages?: Readonly<Record<string, RolloutStage>>;
  /** The same for specialties, workflows, templates and sections, alone or together; the lowest that fits counts. */
  readonly scopedStages?: readonly ScopedStage[];
  readonly baa: string | null;
  /** What its EHR said it is when it was last tested (CapabilityStatement.software). */
  readonly software?: string;
  readonly auth: { readonly kind: 'none' } | { readonly kind: 'bearer-file'; readonly file: string };
  readonly active: boolean;
  readonly settings?: ConnectionSettings;
}
