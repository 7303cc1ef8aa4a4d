import type {
  Actor,
  ConnectionRow,
  ConsentRow,
  EmergencyRow,
  EntryBodies,
  EntryType,
  EventRow,
  FailureCode,
  GateRow,
  PathRow,
  PersonRow,
  PolicyRow,
  ProposalRow,
  ReviewRow,
  SendsRow,
  SafetyRow,
  SourceRow,
  StateName,
  SwitchRow,
  WorkspaceRow,
  WriteRow,
} from '../../../src-shared/domain/index.ts';
import type { EngineLeases } from './leases.ts';

/**
 * The ledger port: append-only log per tenant, with the projections that follow from it.
 *
 * One commit tells one story (rule 2): entries, audit leaves and projections together or not at all. The ledger never
 * decides; it refuses what was decided on facts that have changed since.
 */

/** One entry to append. `at` is epoch milliseconds of the wall clock. */
export type EntryDraft = {
  [T in EntryType]: {
    readonly type: T;
    /** What the entry is about: `write/<id>`, `event/<id>`, `person/<id>`... */
    readonly stream: string;
    readonly at: number;
    readonly actor: Actor;
    /** Pseudonymous patient key whose payload key encrypts the body; `null`: the tenant's own key. */
    readonly patientKey: string | null;
    /** Joins entries, requests and operational logs of one story. */
    readonly correlation: string;
    readonly body: EntryBodies[T];
  };
}[EntryType];

/** A row as it was when the decision was made; version 0 means "there was none". */
export interface Expected {
  readonly kind: RowKind;
  readonly key: string;
  readonly version: number;
}

export interface Commit {
  readonly tenant: string;
  readonly expected: readonly Expected[];
  /** At least one. */
  readonly entries: readonly EntryDraft[];
  /**
   * The lease of the engine that decided this. The commit is rejected with `LeaseEnded` when that lease has ended, and clashes
   * with a write it rests on that is in flight under another lease that has not.
   */
  readonly fence?: number;
  /** Takes this lane: clashes with the write of it, if there is one, that is in flight or unknown. */
  readonly lane?: string;
}

export type CommitResult =
  | { readonly ok: true; readonly firstSeq: number }
  /** Another commit came first: gather again, decide again. Nothing was written. */
  | { readonly ok: false; readonly clash: Expected };

/** What the projections hold, by kind. */
export interface Rows {
  write: WriteRow;
  event: EventRow;
  person: PersonRow;
  source: SourceRow;
  connection: ConnectionRow;
  switch: SwitchRow;
  sends: SendsRow;
  workspace: WorkspaceRow;
  policy: PolicyRow;
  proposal: ProposalRow;
  consent: ConsentRow;
  gate: GateRow;
  safety: SafetyRow;
  path: PathRow;
  emergency: EmergencyRow;
  review: ReviewRow;
}
export type RowKind = keyof Rows;

/** An entry read back: envelope fields, decrypted body, and its place in the tree. */
export interface Entry<T extends EntryType = EntryType> {
  readonly tenant: string;
  readonly seq: number;
  readonly type: T;
  readonly stream: string;
  readonly at: number;
  readonly actor: Actor;
  readonly correlation: string;
  readonly leafHash: string;
  /** `null` when the payload's key has been destroyed. */
  readonly body: EntryBodies[T] | null;
}

export interface WriteFilter {
  readonly tenant?: string;
  readonly states?: readonly StateName[];
  readonly code?: FailureCode;
  readonly connection?: string;
  readonly patientKey?: string;
  readonly encounterKey?: string;
  readonly since?: number;
  readonly group?: string;
  readonly eventId?: string;
  readonly limit: number;
  /** Continue after this write (rows come newest first). */
  readonly after?: string;
}

/** Counts over all writes that are not deleted: nothing ever is. */
export interface WriteCounts {
  readonly byState: Readonly<Partial<Record<StateName, number>>>;
  readonly byConnection: Readonly<Record<string, Readonly<Partial<Record<StateName, number>>>>>;
  readonly byGroupState: Readonly<Record<string, number>>;
  /** Creation time of the oldest write not yet settled, or `null`. */
  readonly oldestUnsettledAt: number | null;
  readonly oldestUnknownAt: number | null;
}

/** Reading: safe to hand to anything that shows. Separate from writing on purpose. */
export interface LedgerReader {
  /** The row, or `undefined`. A stored row that no longer parses comes back as a quarantined write, never as nothing. */
  row<K extends RowKind>(kind: K, tenant: string, key: string): Promise<Rows[K] | undefined>;
  rows<K extends Exclude<RowKind, 'write' | 'event'>>(kind: K): Promise<readonly Rows[K][]>;
  /** The write with this id in whichever tenant holds it. */
  findWrite(id: string): Promise<WriteRow | undefined>;
  writes(filter: WriteFilter): Promise<readonly WriteRow[]>;
  counts(tenant?: string): Promise<WriteCounts>;
  tenants(): Promise<readonly string[]>;
  /** The entry at a place of a tenant's log, or `undefined`. */
  entry(tenant: string, seq: number): Promise<Entry | undefined>;
  /** Entries of one stream, patient or actor, oldest first. */
  entries(
    tenant: string,
    by: { readonly stream: string } | { readonly patientKey: string } | { readonly actor: string },
    limit: number,
  ): Promise<readonly Entry[]>;
  /**
   * Writes whose time has come (`dueAt(state) <= now`), oldest first; of those to be sent, at most one of each lane, and
   * only the one whose turn it is: `failed-retryable` while nothing of the lane is in flight or unknown, `pending` by
   * `nextInLane` while nothing of the lane is any of these.
   *
   * @param except connections whose writes are left out
   */
  due(now: number, limit: number, except?: readonly string[]): Promise<readonly WriteRow[]>;
  /** The earliest time at which any write will be due, or `null`: nothing waits for time. */
  nextDueAt(): Promise<number | null>;
  /** Writes that are to be looked at again in the chart by now (`followAt(state) <= now`), those that wait longest first. */
  toFollow(now: number, limit: number, except?: readonly string[]): Promise<readonly WriteRow[]>;
  /** All writes in flight, for recovery at start. */
  inFlight(): Promise<readonly WriteRow[]>;
}

export interface Ledger extends LedgerReader, EngineLeases {
  /**
   * Appends the entries and moves the projections, durably, or reports the clash. Commits that are waiting together
   * may share one transaction; each still succeeds or clashes alone. Rejects when the medium fails: then nothing more
   * may be sent (C5).
   */
  commit(commit: Commit): Promise<CommitResult>;
  /** Why commits are refused until the ledger is opened again, or `null` while they are taken. From then on nothing is sent. */
  stopped(): LedgerFailure | null;
  /** Signs and publishes a checkpoint for every tenant whose log has grown since its last one. */
  checkpoint(): Promise<void>;
  verify(progress?: (done: number, total: number) => void): Promise<VerifyReport>;
  close(): Promise<void>;
}

/** Why a ledger takes nothing more: a stable code, and a message fit to be shown. */
export interface LedgerFailure extends Error {
  readonly code: string;
}

export interface VerifyProblem {
  readonly code: string;
  readonly tenant: string | null;
  readonly seq: number | null;
  readonly message: string;
}

export interface VerifyReport {
  readonly ok: boolean;
  readonly entries: number;
  readonly checkpoints: number;
  readonly erasedPayloads: number;
  readonly problems: readonly VerifyProblem[];
}
