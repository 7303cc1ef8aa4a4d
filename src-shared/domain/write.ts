import type { ContentKind } from './content.ts';
import { limits } from '../limits/index.ts';
import { misplaced } from './difference.ts';
import type { FailureCode } from './failures.ts';
import type { Role } from './people.ts';
import type { RiskTier } from './risk.ts';

/**
 * A write command: one planned change of one resource in one EHR, from draft to proof (architecture, section 3).
 *
 * Each state carries its own fields and no others, so that no code can read a retry time from a write that is not due
 * for one. All times are epoch milliseconds of the wall clock; sequence numbers point into the tenant's log.
 */

/** How the change reaches the EHR. */
export type WriteOperation = 'create' | 'update';

/** Where a committed write ended up: HTTP success alone is never "charted and verified". */
export type Landing = 'charted' | 'draft' | 'held-for-reconciliation';

/** One field that came back other than it was sent. */
export interface FieldDifference {
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'added' | 'precision';
  readonly sent: string | null;
  readonly found: string | null;
}

export type Verification =
  /** `noted`: differences that the contract does not count: digits of equal numbers, what is the EHR's own or a proposal. */
  | { readonly result: 'verified'; readonly noted?: readonly FieldDifference[] }
  | {
      readonly result: 'partial';
      readonly differences: readonly FieldDifference[];
      readonly noted?: readonly FieldDifference[];
    }
  | { readonly result: 'not-verifiable'; readonly reason: string }
  /** The outcome is known, the read-back has still to be done. */
  | { readonly result: 'due'; readonly nextAt: number; readonly looks: number };

/** What became of a chart entry after it was written (C8). */
export interface ChartDrift {
  /** `touched`: a newer version in which everything sent still stands. */
  readonly kind: 'changed' | 'touched' | 'entered-in-error' | 'deleted';
  readonly noticedAt: number;
  readonly versionId: string | null;
  /** Who changed it, as far as the EHR says. */
  readonly by: string | null;
  /** What differs now and did not when it was read back. */
  readonly differences: readonly FieldDifference[];
}

/** What the contract expects to become of an entry in the EHR: a signature, a task that is done, a receipt. */
export interface AwaitedInChart {
  readonly element: string;
  /** Its value when it was last read. */
  readonly value: string | null;
  readonly by: number;
  readonly result: 'open' | 'done' | 'overdue';
}

/** What later looks at a chart entry have shown; the newest look has the word. */
export interface FollowUp {
  readonly looks: number;
  /** Looks in a row that could not be carried out. */
  readonly failures: number;
  readonly at: number;
  /** When it is looked at next; `null`: not again. */
  readonly nextAt: number | null;
  readonly versionId: string | null;
  readonly drift: ChartDrift | null;
  readonly awaited: AwaitedInChart | null;
}

/** Why a write is kept from being sent, and who can lift it. */
export interface Hold {
  readonly code: FailureCode;
  readonly liftedBy: Role;
  /** What stands behind it, in words: the reason of a switch, what was tried. */
  readonly reason?: string;
  /** The write that has to be settled first. */
  readonly follows?: string;
}

/** A record of the chart in the version that was seen; `null`: it was not there, or had none. */
export interface VersionSeen {
  readonly reference: string;
  readonly versionId: string | null;
}

/** A counted approval: who, as what, when, meaning what, for exactly which bytes. */
export interface WriteApproval {
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly meaning: string;
  /**
   * `source`: made in the registered source and bound to the content's hash; `person`: made here; `contract`: nobody approved the
   * write itself, and whoever brought the contract into force answers for it.
   */
  readonly made: 'source' | 'person' | 'contract';
  readonly contentSha256: string;
  readonly requestSha256: string;
  /** The emergency access that stood in for the role. */
  readonly emergency?: string;
  /** Who approved the same bytes before, where the contract asks for more than one person. */
  readonly with?: readonly WriteApproval[];
  /** Changed records that whoever approved was told about, in the versions they were in. */
  readonly context?: readonly VersionSeen[];
}

/**
 * A person's answer to one finding (F3): a remark acknowledged, a stop waived. It holds for this content, contract and
 * version of the rules, and no longer.
 */
export interface FindingSignature {
  readonly act: 'acknowledged' | 'waived';
  /** Name of the finding among those of its check (`findingNames`). */
  readonly finding: string;
  readonly rule: string;
  readonly severity: 'information' | 'review' | 'stop';
  readonly path: string;
  readonly span?: { readonly start: number; readonly end: number };
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly reason: string;
  readonly contentSha256: string;
  /** Version of the contract, and of the rules of the checks. */
  readonly contract: string;
  readonly rules: string;
  /** The request that was prepared when it was signed. */
  readonly requestSha256: string;
  /** The rule asks for somebody other than whoever approves. */
  readonly anotherPerson?: boolean;
}

/**
 * The explicit selection of a write that the contract blocks (B3). It holds under one version of the contract, and lets
 * nothing go by itself: two other people still have to approve the write.
 */
export interface BlockedSelection {
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly reason: string;
  /** Version of the contract that blocks it. */
  readonly contract: string;
}

/** What of a write's chart entry is known: the address and version the EHR gave, and where the evidence stands. */
export interface ChartEvidence {
  readonly reference: string;
  readonly versionId: string | null;
  /** Log entry that holds the EHR's answer. */
  readonly seq: number;
}

export type WriteState =
  /** Built from an event, unchecked. `nextAt` is later than now only after something it needs was not there; `code` says what. */
  | { readonly name: 'draft'; readonly nextAt: number; readonly looks: number; readonly code?: FailureCode }
  /** Checks passed; policy decides next. */
  | { readonly name: 'validated' }
  /** A person with one of these roles must decide on exactly the prepared bytes. `given`: others have, and it needs one more. */
  | {
      readonly name: 'awaiting-approval';
      readonly roles: readonly Role[];
      readonly reason: string;
      readonly given?: readonly WriteApproval[];
      /** Why it was stopped after its checks, and the versions of what had changed by then. */
      readonly code?: FailureCode;
      readonly context?: readonly VersionSeen[];
    }
  /** Something that a person can lift keeps it from being sent. */
  | { readonly name: 'held'; readonly hold: Hold; readonly resume: 'draft' | 'pending' }
  /** Approved, in the outbox, in its lane. */
  | {
      readonly name: 'pending';
      readonly nextAt: number;
      /** Times it could not be sent because the EHR could not be read just before, and why. */
      readonly looks?: number;
      readonly code?: FailureCode;
      /** What it waits for, in words, where its connection's calendar keeps it. */
      readonly reason?: string;
    }
  /** The attempt is on disk; bytes may have left. */
  | {
      readonly name: 'in-flight';
      readonly attempt: number;
      readonly engine: string;
      readonly sentAt: number;
      /** The lease under which the engine holds it; writes of older versions have none. */
      readonly fence?: number;
    }
  /** May be in the chart. Never sent again before it is settled by looking. */
  | {
      readonly name: 'unknown';
      readonly code: FailureCode;
      readonly since: number;
      readonly looks: number;
      /** Looks in a row, trustworthy, that found nothing. */
      readonly absentLooks: number;
      readonly nextAt: number;
      /** Set once the look-ups are used up: from here on a person must look. */
      readonly personSince: number | null;
      /** Where the EHR tells how far it is with what it accepted (202, Content-Location). */
      readonly monitor?: string;
    }
  | { readonly name: 'conflict'; readonly code: FailureCode; readonly found: string | null }
  /** Proved not applied; the next attempt is due at `nextAt`. */
  | { readonly name: 'failed-retryable'; readonly code: FailureCode; readonly nextAt: number }
  /** Proved not applied; needs a change. */
  | { readonly name: 'failed-terminal'; readonly code: FailureCode }
  | { readonly name: 'resolved-by-hand'; readonly by: string; readonly at: number; readonly note: string }
  | {
      readonly name: 'committed';
      readonly evidence: ChartEvidence;
      readonly landing: Landing;
      readonly verification: Verification;
      readonly at: number;
      /** Found in the chart after the write had been given up. */
      readonly late: boolean;
      /** Left out until it has been looked at again after its read-back. */
      readonly follow?: FollowUp;
    }
  | { readonly name: 'superseded'; readonly by: string | null }
  | { readonly name: 'withdrawn'; readonly by: string; readonly reason: string; readonly at: number }
  | { readonly name: 'compensated'; readonly by: string }
  | { readonly name: 'corrected'; readonly by: string }
  /** The stored row could not be read again; it is kept with its reason. */
  | { readonly name: 'quarantined'; readonly reason: string };

export type StateName = WriteState['name'];
export type StateOf<N extends StateName> = Extract<WriteState, { name: N }>;

/** What a write is, fixed when it is built. */
export interface WriteIdentity {
  /** Base32 of the idempotency key; also the business identifier in the chart. */
  readonly id: string;
  readonly tenant: string;
  readonly connection: string;
  readonly source: string;
  readonly eventId: string;
  readonly eventVersion: number;
  /** Log entry with the event as it was received. */
  readonly eventSeq: number;
  /** Stable place of the item inside the event. */
  readonly slot: string;
  readonly kind: ContentKind;
  readonly resourceType: string;
  readonly operation: WriteOperation;
  readonly tier: RiskTier;
  readonly group: string;
  readonly lane: string;
  /** Pseudonymous key of the patient inside the tenant; names and numbers stay in the encrypted payloads. */
  readonly patientKey: string;
  readonly encounterKey: string | null;
  readonly createdAt: number;
  /** Earlier write that this one replaces. */
  readonly supersedes: string | null;
  /** The charted write that this one takes back (E2); left out by all others. */
  readonly compensates?: string;
}

/** A write as the ledger keeps it: identity, where it stands, and what was recorded on the way. */
export interface WriteRow extends WriteIdentity {
  /** Grows by one with every change; the ledger refuses a change based on an older one. */
  readonly version: number;
  readonly state: WriteState;
  readonly updatedAt: number;
  /** How often bytes may have left for the EHR. */
  readonly attempts: number;
  readonly contentSha256: string;
  /** Log entry with the exact request, and the request's hash, once prepared. */
  readonly prepared: {
    readonly seq: number;
    readonly sha256: string;
    readonly adapter: string;
    readonly contract: string;
  } | null;
  readonly approval: WriteApproval | null;
  /** What was signed about its findings, oldest first; which of them hold is decided anew each time (`signing`). */
  readonly signatures?: readonly FindingSignature[];
  /** That somebody took it up though the contract blocks it; whether it holds is decided anew each time (`blocked`). */
  readonly selection?: BlockedSelection;
  /** It was sent at the limited auto-write stage without a decision made here: once charted, it is reviewed. */
  readonly reviewDue?: boolean;
  /** The EHR wants nothing of it before this, whatever has become of it since; epoch milliseconds. */
  readonly askedUntil?: number;
}

/** States from which a write will not move without a new fact from outside. */
export const settledStates: readonly StateName[] = [
  'committed',
  'failed-terminal',
  'resolved-by-hand',
  'superseded',
  'withdrawn',
  'compensated',
  'corrected',
  'quarantined',
];

/** When the engine should next look at a write in this state; `null` when only a person or another write moves it. */
export function dueAt(state: WriteState): number | null {
  switch (state.name) {
    case 'draft':
    case 'pending':
    case 'failed-retryable':
      return state.nextAt;
    case 'unknown':
      return state.personSince === null ? state.nextAt : null;
    case 'committed':
      return state.verification.result === 'due' ? state.verification.nextAt : null;
    case 'validated':
    case 'awaiting-approval':
    case 'held':
    case 'in-flight':
    case 'conflict':
    case 'failed-terminal':
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

/**
 * When a write that needs nothing now is to be looked at again in the chart; `null`: never. Such looks go beside the rest:
 * nothing waits for them.
 */
export function followAt(state: WriteState): number | null {
  if (state.name === 'unknown') {
    return state.personSince === null || state.code === 'chart-has-two' ? null : state.nextAt;
  }
  if (state.name !== 'committed' || state.verification.result === 'due') return null;
  return state.follow === undefined ? state.at + limits.followFirstMs : state.follow.nextAt;
}

/** The failure code a state carries, if it carries one. */
export function codeOf(state: WriteState): FailureCode | null {
  switch (state.name) {
    case 'held':
      return state.hold.code;
    case 'unknown':
    case 'conflict':
    case 'failed-retryable':
    case 'failed-terminal':
      return state.code;
    case 'committed':
      return codeOfCommitted(state);
    case 'draft':
    case 'awaiting-approval':
    case 'pending':
      return state.code ?? null;
    case 'validated':
    case 'in-flight':
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

/** The worst of what is known about a charted write. */
function codeOfCommitted({ late, verification, follow }: StateOf<'committed'>): FailureCode | null {
  if (late) return 'charted-late';
  const partial = verification.result === 'partial';
  if (partial && misplaced(verification.differences)) return 'chart-misplaced';
  const drift = follow?.drift ?? null;
  if (drift !== null && drift.kind !== 'touched') return 'chart-drifted';
  if (partial) return 'chart-differs';
  return follow?.awaited?.result === 'overdue' ? 'follow-up-overdue' : null;
}
