import type { Resting } from './calendar/index.ts';
import type { ConsentDecision } from './consent/model.ts';
import type { ContentClass } from './content.ts';
import type { FailureCode } from './failures.ts';
import type { PathChanged, SafetyRecorded } from './governance/change-control.ts';
import type { EmergencyOpened, EmergencyReviewed } from './governance/emergency.ts';
import type { ConsentRecorded, GateSigned, PolicyDecided, PolicyProposed } from './governance/projection.ts';
import type { WriteReviewed } from './governance/reviews.ts';
import type { ReadPurpose } from './minimum-necessary.ts';
import type { Connection, ConnectionSettings, Person, Role, RolloutStage, Source, StageScope } from './people.ts';
import type { ClockJudged } from './clock.ts';
import type { GroupDecision } from './groups.ts';
import type { ShadowTotals } from './shadow.ts';
import type { Switch } from './switches.ts';
import type {
  BlockedSelection,
  ChartEvidence,
  FindingSignature,
  Landing,
  StateName,
  Verification,
  WriteApproval,
  WriteIdentity,
  WriteState,
} from './write.ts';

/**
 * What the log records: a closed list of entry types, each with its body. The body is the entry's payload, encrypted
 * and shreddable; the envelope around it (audit/envelope) is what the tree proves.
 *
 * Everything a projection holds must follow from these bodies alone, so that it can be rebuilt from the log.
 * Bodies are plain JSON without fractions: numbers are safe integers, everything exact is a string.
 */

/** The log of the workspace itself: people, sources, connections. No tenant can have this name (names start with a letter or digit). */
export const workspaceLog = '@workspace';

export interface EntryBodies {
  'workspace.created': { readonly site: string };
  /** A person accepted that the ledger has lost its end; `logs`: how long each was, and is. */
  'ledger.loss-accepted': {
    readonly by: string;
    readonly reason: string;
    readonly logs: readonly {
      readonly tenant: string;
      readonly had: number;
      readonly has: number;
      readonly notes: readonly string[];
    }[];
    /** Entries that each log holds, those that lost nothing among them. */
    readonly sizes: Readonly<Record<string, number>>;
  };
  'person.added': { readonly person: Person; readonly secretVerifier: string };
  'source.added': { readonly source: Source };
  'connection.added': { readonly connection: Connection };
  /** Its rollout stage was raised or lowered, or what is known about its EHR's behaviour was set. */
  'connection.changed': {
    readonly connection: string;
    readonly stage?: RolloutStage;
    /** The stage is that of this resource type only, or of what else is named. */
    readonly resource?: string;
    readonly scope?: StageScope;
    readonly settings?: ConnectionSettings;
    readonly reason: string;
  };
  /** A kill switch was thrown, or lifted again. */
  'switch.set': { readonly switch: Switch };
  'connection.tested': {
    readonly connection: string;
    readonly ok: boolean;
    readonly summary: string;
    /** Name and version of the EHR's software, where it says so. */
    readonly software?: string;
  };
  /** `fence`: the number of the lease it works under. `after`: why an engine before it stopped by itself, and when. */
  /** How far the clock of the machine can be trusted, when that was first seen in a run and whenever it changed. */
  'clock.judged': ClockJudged;
  /** The circuit breaker of a connection opened or closed; `resting`: what it does not do for now (C6). */
  'connection.rested': { readonly connection: string; readonly engine: string; readonly resting: Resting | null };
  'engine.started': {
    readonly engine: string;
    readonly fence?: number;
    readonly after?: { readonly code: string; readonly at: number | null };
  };
  'engine.stopped': { readonly engine: string };
  /** A person made the engine of this process send nothing more, or let it go on. */
  'engine.paused': { readonly engine: string };
  'engine.resumed': { readonly engine: string };

  'policy.proposed': PolicyProposed;
  'policy.decided': PolicyDecided;
  'consent.recorded': ConsentRecorded;
  'gate.signed': GateSigned;
  /** A run of the corpus, with the versions it covers. */
  'safety.recorded': SafetyRecorded;
  /** A path was begun, or met versions that demand a run of the corpus. */
  'path.changed': PathChanged;
  'emergency.opened': EmergencyOpened;
  'emergency.reviewed': EmergencyReviewed;
  /** A role was given, with or without an end, or taken away. */
  'person.changed': {
    readonly id: string;
    readonly roles: readonly Role[];
    readonly rolesUntil: NonNullable<Person['rolesUntil']>;
    readonly reason: string;
  };

  /** A record taken in, as the characters that came, with the writes it fans out into. */
  'event.received': EventReceived;
  /** The same content again, now with an approval it did not have. */
  'event.approved': { readonly eventId: string; readonly approvedAt: number; readonly record: string };
  /** The same version came a second time, approved, and with other content. */
  'event.disputed': { readonly eventId: string; readonly eventVersion: number; readonly contentSha256: string };
  /** A record that was not taken in. Counted and shown; the record itself is not kept. */
  'intake.refused': { readonly file: string; readonly line: number; readonly eventId: string | null; readonly code: FailureCode };

  /** Facts read, request prepared, content validated, policy asked: one decision, with all it rests on. */
  'write.checked': WriteMoved & {
    readonly prepared: PreparedRecord | null;
    readonly findings: readonly Finding[];
    readonly facts: ResolvedFacts | null;
    /** What consent said when it was checked; left out where the check ended before consent was asked. */
    readonly consent?: ConsentDecision;
    /** What was read of the chart for it, under which list of reads (G2, H1). */
    readonly reads?: { readonly list: string; readonly made: readonly ReadRecord[] };
    /** What normalization made of the item (A2); left out where the check ended before the item was looked at. */
    readonly normalized?: NormalizedRecord;
    /** Version of the rules that the findings come from. */
    readonly rules?: string;
  };
  'write.approved': WriteMoved;
  /** A person took up what the contract blocks; it is checked anew, and two others have to approve it. */
  'write.selected': WriteMoved & { readonly selection: BlockedSelection };
  'write.rejected': WriteMoved;
  'write.held': WriteMoved;
  'write.released': WriteMoved;
  /** The EHR could not be read just before sending. */
  'write.put-off': WriteMoved;
  /** On disk before the first byte leaves. */
  'write.attempted': WriteMoved & {
    readonly requestSha256: string;
    /** What consent said at the last moment. */
    readonly consent?: ConsentDecision;
    /** Sent at the limited auto-write stage, and approved at its source only: once charted, it is reviewed (B4). */
    readonly reviewDue?: boolean;
    /** Under which caps it counts (`Cap.key`); left out where there are none. */
    readonly counted?: readonly string[];
    /** It is sent again: the row of its connection's budget of retries, and what is left of it, in thousandths of a retry. */
    readonly retried?: { readonly key: string; readonly left: number };
  };
  /** On disk before anyone is told. */
  'write.settled': WriteMoved & {
    readonly exchange: readonly Exchange[];
    /** The EHR wants nothing of it before this (Retry-After, as far as it is followed); epoch milliseconds. */
    readonly askedUntil?: number;
  };
  /** What an EHR answered to an engine that had lost the write by then; moves nothing by itself. */
  'write.answered-late': {
    readonly id: string;
    readonly attempt: number;
    readonly outcome: string;
    readonly exchange: readonly Exchange[];
  };
  'write.looked-up': WriteMoved & { readonly exchange: readonly Exchange[] };
  'write.verified': WriteMoved & { readonly exchange: readonly Exchange[] };
  /** A charted entry was read again later (C8): as it was, changed, gone, or not to be read. */
  'write.followed': WriteMoved & { readonly exchange: readonly Exchange[] };
  'write.retried': WriteMoved;
  'write.withdrawn': WriteMoved;
  'write.resolved': WriteMoved;
  'write.superseded': WriteMoved;
  /** A person accepted that a charted write is taken back; the write that is to do it. */
  'write.compensating': {
    readonly write: PlannedWrite & { readonly compensates: string };
    /** Log entry of the event that both come from. */
    readonly eventSeq: number;
    readonly by: string;
    readonly reason: string;
  };
  /** It was taken back, by a person in the EHR or by the write that compensates it, and the chart showed it. */
  'write.compensated': WriteMoved & { readonly exchange: readonly Exchange[] };
  /** What a person decided about the charted writes of a group that failed in part. Moves nothing by itself. */
  'group.decided': {
    readonly group: string;
    readonly decision: GroupDecision;
    readonly members: readonly string[];
    readonly by: string;
    readonly reason: string;
  };
  /** A person looked at what was charted without a decision here. Moves nothing. */
  'write.reviewed': WriteReviewed;
  /** What was prepared at stage shadow was compared with what people wrote by hand: totals, nothing about anybody. */
  'shadow.compared': {
    readonly connection: string;
    readonly resources: readonly ShadowTotals[];
    /** More was held than one report compares. */
    readonly more: boolean;
  };
  /** Findings were acknowledged or waived; `moves` is empty where that alone moves nothing. */
  'write.finding-signed': WriteMoved;
  /** It has been on its way since then without coming to rest, for longer than it may. Told once each time. */
  'write.stuck': { readonly id: string; readonly since: number; readonly state: StateName };
  /** The engine that had the write in flight is gone. */
  'write.recovered': WriteMoved;
  /** The engine broke on this write and set it aside. `fault` is the kind of error, never its words. */
  'write.faulted': WriteMoved & { readonly fault: string };

  /** Someone looked: which record, and for what. */
  'record.viewed': { readonly what: string; readonly id: string };
  'audit.verified': { readonly entries: number; readonly problems: number };
}

export type EntryType = keyof EntryBodies;

export interface EventReceived {
  readonly eventId: string;
  readonly eventVersion: number;
  readonly source: string;
  readonly type: string;
  readonly file: string;
  readonly line: number;
  readonly contentSha256: string;
  /** Pseudonym of patient, visit and targets: the same content for someone else is not the same event. */
  readonly subject: string;
  readonly occurredAt: number;
  readonly approvedAt: number | null;
  readonly record: string;
  readonly writes: readonly PlannedWrite[];
  /** Content that is kept but not charted, with the reason per slot. */
  readonly kept: readonly { readonly slot: string; readonly reason: string }[];
}

/** A write as intake plans it; where and when it was recorded follows from the entry itself. */
export type PlannedWrite = Omit<WriteIdentity, 'eventSeq' | 'createdAt'> & { readonly contentSha256: string };

/** A write's move from one state to the next, or through several, as one story. */
export interface WriteMoved {
  readonly id: string;
  /** The states passed through, in order; the last one is where the write stands afterwards. */
  readonly moves: readonly WriteState[];
  /** A person's words, where a person acted. */
  readonly note?: string;
  readonly approval?: WriteApproval | null;
  /** What was signed about its findings with this. */
  readonly signatures?: readonly FindingSignature[];
}

/** One question about a chart that the engine asked, and which records it was shown. */
export interface ReadRecord {
  readonly purpose: ReadPurpose;
  /** What was asked for: the kind of subject, or the list. */
  readonly what: string;
  readonly found: readonly string[];
}

/** What normalization did to one item: by which rules, and what the item counts as. */
export interface NormalizedRecord {
  /** Version of the rule file. */
  readonly rules: string;
  readonly class: ContentClass;
  readonly steps: readonly NormalizationStep[];
}

/** One change, with the original. */
export interface NormalizationStep {
  readonly rule: string;
  readonly version: number;
  readonly path: string;
  readonly from: string;
  readonly to: string;
}

/** The exact request as it will leave, credentials excepted. */
export interface PreparedRecord {
  readonly adapter: string;
  readonly contract: string;
  readonly method: 'POST' | 'PUT' | 'PATCH';
  /** Relative to the connection's base address. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly sha256: string;
}

/** What the subject of the event was found to be in the EHR, with the versions relied on. */
export interface ResolvedFacts {
  readonly patient: ResolvedRef;
  readonly encounter: ResolvedRef | null;
  readonly practitioner: ResolvedRef | null;
  readonly organization: ResolvedRef | null;
  /** The resource that an update changes or an addendum amends. */
  readonly target: ResolvedRef | null;
}

export interface ResolvedRef {
  readonly reference: string;
  readonly versionId: string | null;
  /** Of what an update changes, where the EHR gives no version: hash of its content (`baseSha256`), to compare with. */
  readonly contentSha256?: string;
}

export type Severity = 'information' | 'review' | 'stop';

/** One thing a check found: where, by which rule, how bad, and what to do. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  readonly path: string;
  readonly message: string;
  readonly next: string;
  /** Characters of the text at `path` that are meant (UTF-16 code units, end excluded). */
  readonly span?: { readonly start: number; readonly end: number };
  /** Characters of the visit's transcript where it was heard otherwise. */
  readonly transcriptSpan?: { readonly start: number; readonly end: number };
}

/** One request to an EHR and what came back; secrets are redacted before it is recorded. */
export interface Exchange {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  readonly requestSha256: string | null;
  readonly status: number | null;
  readonly headers: Readonly<Record<string, string>>;
  /** The answer's text; cut at the cap of the kit. `null` when nothing came back, or when it equals what was sent. */
  readonly body: string | null;
  readonly bodySha256: string | null;
  /** What went wrong on the way, in the kit's words. */
  readonly fault: string | null;
  readonly durationMs: number;
}

export interface Committed {
  readonly evidence: ChartEvidence;
  readonly landing: Landing;
  readonly verification: Verification;
}

export type Actor =
  | { readonly kind: 'person'; readonly id: string; readonly role: Role }
  | { readonly kind: 'engine' | 'source' | 'system'; readonly id: string };
