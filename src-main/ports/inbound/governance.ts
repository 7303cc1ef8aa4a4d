import type {
  Actor,
  ChecklistItem,
  ConsentDecision,
  ContractRow,
  EmergencyRow,
  EmergencyScope,
  FailureCode,
  GateState,
  GrantChange,
  LoosenedCell,
  Person,
  PhiFlow,
  PolicyRefusal,
  PolicyRow,
  ProposalRow,
  RecordedConsent,
  PathRow,
  SafetyRow,
  VersionAt,
  Signatory,
  Review,
  ReviewDecision,
  ReviewRow,
  StageReport,
  StageScope,
  StateName,
} from '../../../src-shared/domain/index.ts';

/** Governing what may be written: policies, the gate of a connection, consents, and why a write went or did not. */

export type GovernanceOutcome =
  | {
      readonly ok: true;
      readonly id: string;
      readonly key: string;
      readonly documentVersion: string;
      readonly state: ProposalRow['state'];
      readonly loosened: readonly LoosenedCell[];
    }
  | { readonly ok: false; readonly code: PolicyRefusal; readonly message: string };

export interface Governance {
  /** Puts a policy document forward; refused by name when it is invalid or loosens what it may only tighten. */
  propose(text: string, reason: string, person: Person, actor: Actor): Promise<GovernanceOutcome>;
  /** Brings a proposal into force; never by the person who proposed it. */
  approve(id: string, meaning: string, person: Person, actor: Actor): Promise<GovernanceOutcome>;
  refuse(id: string, reason: string, person: Person, actor: Actor): Promise<GovernanceOutcome>;
  show(): Promise<{ readonly policies: readonly PolicyRow[]; readonly proposals: readonly ProposalRow[] }>;
  /** Where health information may travel, from the configuration as it stands (G9). */
  flows(): Promise<readonly PhiFlow[]>;
}

export type SignOutcome =
  | { readonly ok: true; readonly gate: GateState }
  | {
      readonly ok: false;
      readonly code: 'connection-unknown' | 'role-forbids' | 'already-signed' | 'reason-missing';
      readonly message: string;
    };

export interface Gates {
  sign(
    connection: string,
    signatory: Signatory,
    items: readonly ChecklistItem[],
    meaning: string,
    person: Person,
    actor: Actor,
  ): Promise<SignOutcome>;
  /** The gate and the measured stage of a connection; `undefined` when there is none of this name. */
  report(connection: string): Promise<
    | {
        readonly gate: GateState;
        readonly stage: StageReport;
        /** The same by resource type: those written in the time that is measured, and those with a stage of their own. */
        readonly byResource: Readonly<Record<string, StageReport>>;
        /** And by what else has a stage of its own. */
        readonly byScope: readonly { readonly scope: StageScope; readonly stage: StageReport }[];
      }
    | undefined
  >;
}

export type ReviewOutcome =
  | { readonly ok: true; readonly row: ReviewRow }
  | Extract<ReviewDecision, { ok: false }>
  | { readonly ok: false; readonly code: 'review-unknown'; readonly message: string };

/** What was charted without a decision made here, and is looked at afterwards (B4). */
export interface Reviews {
  /** Oldest first. @param connection `null`: every one. @param open only what waits for its review */
  list(connection: string | null, open: boolean, actor: Actor): Promise<readonly ReviewRow[]>;
  /** Signs that a charted write is fine, or wrong; it moves nothing in the chart. */
  sign(id: string, verdict: Review['verdict'], reason: string, person: Person, actor: Actor): Promise<ReviewOutcome>;
}

export type ConsentOutcome =
  | { readonly ok: true; readonly consent: RecordedConsent }
  | { readonly ok: false; readonly code: 'consent-invalid' | 'consent-older'; readonly message: string };

export interface Consents {
  /**
   * Takes in a FHIR R4 Consent: it counts from this moment on, also for writes that are about to leave. An older copy of
   * one on record is refused (`consent-older`).
   */
  record(tenant: string, text: string, actor: Actor): Promise<ConsentOutcome>;
  /** @param patient `identifier SYSTEM|VALUE` or `reference Patient/ID`, as in `subjectKey` */
  of(tenant: string, patient: string, actor: Actor): Promise<readonly RecordedConsent[]>;
}

/** One rule that was asked, in the order of asking. */
export interface ExplainedStep {
  readonly rule:
    'contract' | 'checks' | 'capability' | 'switch' | 'connection' | 'environment' | 'gate' | 'consent' | 'source' | 'approval';
  readonly outcome: 'passes' | 'waits' | 'stops' | 'not-asked';
  readonly words: string;
}

/** Why a write went, waits or stopped, with the facts that are in force now. */
export interface PolicyExplanation {
  readonly id: string;
  readonly state: StateName;
  readonly verdict: 'went' | 'goes' | 'waits' | 'stopped' | 'ended';
  readonly because: string;
  readonly code: FailureCode | null;
  readonly contractVersion: string;
  readonly contract: ContractRow;
  /** What consent says now. */
  readonly consent: ConsentDecision;
  /** What it said when the write was last checked, and when it was last sent; `null`: not asked by then. */
  readonly consentWhenChecked: ConsentDecision | null;
  readonly consentWhenSent: ConsentDecision | null;
  readonly steps: readonly ExplainedStep[];
}

export type ExplainPolicy = (id: string, actor: Actor) => Promise<PolicyExplanation | undefined>;

export type SafetyOutcome =
  /** `released`: writes that waited for it and are checked again. */
  | { readonly ok: true; readonly record: SafetyRow; readonly released: number }
  | {
      readonly ok: false;
      readonly code: 'role-forbids' | 'safety-incomplete' | 'safety-failed' | 'reason-missing';
      readonly message: string;
    };

export interface Safety {
  /**
   * Puts a run of the corpus on record; from then on the versions it covers need no person.
   *
   * @param text output of `npm run bench -- safety --json`
   */
  record(text: string, covers: readonly VersionAt[], meaning: string, person: Person, actor: Actor): Promise<SafetyOutcome>;
  show(): Promise<{
    readonly records: readonly SafetyRow[];
    /** Versions that were met and that no run covers, each once. */
    readonly demanded: readonly VersionAt[];
    /** The paths that met them, with what is still open. */
    readonly paths: readonly PathRow[];
  }>;
}

export type EmergencyOutcome =
  | { readonly ok: true; readonly access: EmergencyRow }
  | {
      readonly ok: false;
      readonly code: 'role-forbids' | 'reason-missing' | 'emergency-open' | 'scope-unknown' | 'self-review' | 'reviewed';
      readonly message: string;
    };

/** Break-glass: the use of it is limited, told at once, and reviewed by somebody else. */
export interface Emergency {
  open(scope: EmergencyScope, reason: string, person: Person, actor: Actor): Promise<EmergencyOutcome>;
  /** Newest first; those without a review still owe one. */
  list(): Promise<readonly EmergencyRow[]>;
  /** Ends it, too, when it has not ended yet. */
  review(id: string, justified: boolean, words: string, person: Person, actor: Actor): Promise<EmergencyOutcome>;
}

export type GrantOutcome =
  | { readonly ok: true; readonly person: Person }
  | {
      readonly ok: false;
      readonly code: 'person-unknown' | 'self-grant' | 'grant-over' | 'role-unknown' | 'reason-missing';
      readonly message: string;
    };

export interface Grants {
  change(id: string, change: GrantChange, reason: string, by: Person, actor: Actor): Promise<GrantOutcome>;
}
