import type {
  ChartList,
  ClinicalItem,
  EncounterSubject,
  Exchange,
  FailureCode,
  FieldDifference,
  Landing,
  OrganizationSubject,
  PatientSubject,
  PractitionerSubject,
  PreparedRecord,
  ResolvedFacts,
  ResolvedRef,
  WriteIdentity,
} from '../../../src-shared/domain/index.ts';
import type { ExactObject } from '../../../src-shared/fhir/index.ts';

/**
 * The gateway port: one EHR connection, behind one adapter (architecture, rules 4 and 5).
 *
 * `prepare` is pure, before approval; everything after it meets the network. Nothing here throws for what an EHR can
 * do: every outcome is a member of a closed union and carries the exchanges that prove it.
 */
export interface EhrGateway {
  /** Name and version of the adapter; another version voids an approval. */
  readonly adapter: string;

  /** What the server says it can do, and what of it this adapter needs. Reads only. */
  test(): Promise<ConnectionReport>;

  /** Matches for a subject of an event, read from the EHR. Deciding whether they agree is the domain's business. */
  lookUp(query: SubjectQuery): Promise<LookUpOutcome>;

  /**
   * What the chart lists of a patient, as far as an item can repeat it (G2). Left out: this adapter cannot ask, and what
   * an item repeats is not known.
   */
  listed?(query: ChartList): Promise<ListOutcome>;

  /**
   * What a patient's chart has got of one resource type since a moment (epoch milliseconds), whole (B4, shadow). Left out:
   * this adapter cannot ask.
   */
  added?(resourceType: string, patient: string, since: number): Promise<ListOutcome>;

  /** The exact request for a command, or the named reason why this EHR cannot take it. Pure: same input, same bytes. */
  prepare(command: WriteCommand, facts: GatewayFacts): Prepared;

  /**
   * The exact request that marks an entry as entered in error, as a new version of what `target` holds; or why it cannot be
   * marked. Never removes anything. Pure, as `prepare`. Left out: this adapter has no such change.
   */
  markAsError?(write: MarkingWrite, target: ChartResource): Prepared;

  /** Sends the prepared bytes once. `deadlineMs` counts from the call, on the monotonic clock. */
  send(prepared: PreparedRecord, deadlineMs: number): Promise<SendOutcome>;

  /** Looks for this console's own write in the chart. Never concludes absence from a search it cannot trust. */
  find(query: FindQuery): Promise<FindOutcome>;

  /**
   * Asks how far the EHR is with a request that it only accepted, at the address it gave with its 202 (R4,
   * https://hl7.org/fhir/R4/async.html). Adapters of EHRs that never do so have no such operation.
   */
  monitor?(address: string): Promise<MonitorOutcome>;

  /** Reads a resource back, at its current version. */
  read(reference: string): Promise<ReadOutcome>;

  /** Compares what was sent with what the chart holds, by the fields the contract wants verified. Pure. */
  compare(prepared: PreparedRecord, found: ExactObject): Comparison;

  close(): Promise<void>;
}

export interface ConnectionReport {
  readonly ok: boolean;
  readonly fhirVersion: string | null;
  readonly software: string | null;
  /** Per resource type: what the server declares. */
  readonly resources: Readonly<Record<string, ResourceCapability>>;
  readonly problems: readonly string[];
}

export interface ResourceCapability {
  readonly create: boolean;
  readonly update: boolean;
  readonly patch: boolean;
  readonly read: boolean;
  readonly conditionalCreate: boolean;
  readonly versioning: 'no-version' | 'versioned' | 'versioned-update' | null;
  readonly searchParameters: readonly string[];
}

export type SubjectQuery =
  | { readonly kind: 'patient'; readonly subject: PatientSubject }
  | { readonly kind: 'encounter'; readonly subject: EncounterSubject; readonly patient: string }
  | { readonly kind: 'practitioner'; readonly subject: PractitionerSubject }
  | { readonly kind: 'organization'; readonly subject: OrganizationSubject }
  /** The document an addendum amends; `identifiers` are business identifiers, any of which may match. */
  | {
      readonly kind: 'document';
      readonly reference?: string;
      readonly identifiers: readonly { readonly system: string; readonly value: string }[];
    };

/** A resource as the EHR returned it. */
export interface ChartResource {
  readonly reference: string;
  readonly versionId: string | null;
  readonly resource: ExactObject;
}

export type LookUpOutcome =
  | { readonly outcome: 'found'; readonly matches: readonly ChartResource[] }
  /** Could not be read now (`retryable`) or not at all. */
  | {
      readonly outcome: 'failed';
      readonly code: FailureCode;
      readonly retryable: boolean;
      readonly retryAfterMs: number | null;
      readonly message: string;
    };

export type ListOutcome =
  /** `complete`: every page was read. */
  | { readonly outcome: 'listed'; readonly entries: readonly ChartResource[]; readonly complete: boolean }
  | { readonly outcome: 'failed'; readonly code: FailureCode; readonly retryable: boolean; readonly retryAfterMs: number | null };

/** The clinical half of a write with what of the event it needs. */
export interface WriteCommand {
  readonly identity: WriteIdentity;
  readonly clinical: ClinicalItem;
  /** FHIR instant of the event. */
  readonly occurredAt: string;
  readonly aiAssisted: boolean;
  readonly author: PractitionerSubject | null;
  /** Who approved the content, for `DocumentReference.authenticator` and kin; `null` while nobody has. */
  readonly contract: ContractForAdapter;
}

/** The write that marks an entry of an earlier one as entered in error. */
export interface MarkingWrite {
  readonly id: string;
  /** Version of the contract matrix. */
  readonly contract: string;
}

/** What of the contract matrix shapes the request. */
export interface ContractForAdapter {
  readonly version: string;
  readonly resourceType: string;
  readonly verify: readonly string[];
  /** Whether an update may go where the EHR gives no versions; left out: it may not. */
  readonly unversioned?: 'refuse' | 'compare';
}

export interface GatewayFacts {
  readonly refs: ResolvedFacts;
  /** The resource that an update changes, as read. */
  readonly target: ChartResource | null;
}

export type Prepared =
  | { readonly outcome: 'prepared'; readonly request: PreparedRecord; readonly resource: ExactObject | null }
  | { readonly outcome: 'refused'; readonly code: FailureCode; readonly message: string };

export type SendOutcome =
  /** The EHR says the change was made; where, and in which version. */
  | {
      readonly outcome: 'applied';
      readonly ref: ResolvedRef;
      readonly landing: Landing;
      readonly resource: ExactObject | null;
      readonly exchange: readonly Exchange[];
    }
  /** Proved not made; the same request may be sent again. */
  | { readonly outcome: 'not-applied'; readonly code: FailureCode; readonly exchange: readonly Exchange[] }
  /** The EHR says another version stands there. Whether that one is ours has still to be looked up. */
  | { readonly outcome: 'conflict'; readonly code: FailureCode; readonly exchange: readonly Exchange[] }
  /** The change may have been made. `monitor`: where the EHR tells how far it is with what it accepted. */
  | {
      readonly outcome: 'unknown';
      readonly code: FailureCode;
      readonly monitor?: string;
      readonly exchange: readonly Exchange[];
    }
  /** Not made; the EHR asks for time. */
  | {
      readonly outcome: 'throttled';
      readonly code: FailureCode;
      readonly retryAfterMs: number | null;
      readonly exchange: readonly Exchange[];
    }
  /** Not made and will not be, as it stands. */
  | { readonly outcome: 'refused'; readonly code: FailureCode; readonly message: string; readonly exchange: readonly Exchange[] };

export interface FindQuery {
  readonly id: string;
  readonly prepared: PreparedRecord;
  readonly resourceType: string;
  /** For updates: the resource changed and the version the change was based on. */
  readonly target: ResolvedRef | null;
  /**
   * For creates: a record known to be in the chart. The same kind of search must find it before finding nothing counts;
   * without one, absence is never concluded.
   */
  readonly control?: FindControl | null;
  /**
   * For creates, where the server cannot be searched by identifier: whose entries to look through for one with the same
   * content, and how old one may be at most (epoch milliseconds) to be this write's. Proves presence alone.
   */
  readonly byContent?: { readonly patient: string; readonly since: number };
}

export interface FindControl {
  readonly resourceType: string;
  readonly system: string;
  readonly value: string;
  readonly reference: string;
}

export type FindOutcome =
  | { readonly outcome: 'present'; readonly match: ChartResource; readonly exchange: readonly Exchange[] }
  /** More than one chart entry carries this write's identifier: the failure this product exists to prevent. */
  | { readonly outcome: 'duplicate'; readonly matches: readonly ChartResource[]; readonly exchange: readonly Exchange[] }
  /** A search that can be trusted found nothing. One look is not yet proof: indexes lag. */
  | { readonly outcome: 'absent'; readonly exchange: readonly Exchange[] }
  /** For updates: the chart stands at a newer version that is not ours. */
  | { readonly outcome: 'moved'; readonly match: ChartResource; readonly exchange: readonly Exchange[] }
  /** The look itself failed or cannot be trusted. */
  | {
      readonly outcome: 'inconclusive';
      readonly code: FailureCode;
      readonly retryAfterMs: number | null;
      readonly exchange: readonly Exchange[];
    };

export type ReadOutcome =
  | { readonly outcome: 'read'; readonly match: ChartResource; readonly exchange: readonly Exchange[] }
  | { readonly outcome: 'gone'; readonly exchange: readonly Exchange[] }
  | {
      readonly outcome: 'failed';
      readonly code: FailureCode;
      readonly retryAfterMs: number | null;
      readonly exchange: readonly Exchange[];
    };

/** What an EHR says about a request that it accepted. Whether the change is in the chart, only the chart says. */
export type MonitorOutcome =
  | { readonly outcome: 'running'; readonly retryAfterMs: number | null; readonly exchange: readonly Exchange[] }
  | { readonly outcome: 'ended'; readonly failed: boolean; readonly exchange: readonly Exchange[] }
  | {
      readonly outcome: 'unclear';
      readonly code: FailureCode;
      readonly retryAfterMs: number | null;
      readonly exchange: readonly Exchange[];
    };

export interface Comparison {
  /** Fields of the contract that were compared. */
  readonly compared: number;
  readonly differences: readonly FieldDifference[];
}

/** Opens the gateway of a connection; entry knows the adapters. */
export interface EhrGateways {
  /** The gateway, or why there is none (unknown adapter, no practice EHR running, credential missing). */
  open(connection: string): Promise<EhrGateway | { readonly refused: FailureCode; readonly message: string }>;
}

export type { PreparedRecord };
