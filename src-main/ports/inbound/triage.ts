import type { WriteView } from './inspect.ts';
import type { Anchor, ConnectionReport, VerifyReport } from '../outbound/index.ts';
import type {
  Actor,
  Connection,
  ContractRow,
  FailureCode,
  FieldDifference,
  Person,
  PossibleAction,
  QueueTab,
  RiskTier,
  StateName,
  SubjectWords,
  WriteRow,
} from '../../../src-shared/domain/index.ts';

/** What people see of the queue, and of one write: reading only, each reading on record. */

/** A write as a list shows it. `subject` and `title` are `null` where the record they stood in has been erased. */
export interface ListedWrite {
  readonly row: WriteRow;
  readonly title: string | null;
  readonly subject: SubjectWords | null;
}

export interface QueueFilter {
  readonly tenant?: string | undefined;
  readonly connection?: string | undefined;
  readonly state?: StateName | undefined;
  readonly code?: FailureCode | undefined;
  /** `SYSTEM|VALUE` or `Patient/ID`. */
  readonly patient?: string | undefined;
  readonly eventId?: string | undefined;
}

export interface QueueQuery {
  readonly tab: QueueTab;
  readonly filter: QueueFilter;
  /** Place of the first row wanted, from 0. */
  readonly from: number;
  readonly count: number;
}

export interface QueueSlice {
  readonly total: number;
  readonly writes: readonly ListedWrite[];
  /** The runs that the list consists of, in its order, with how many each holds. */
  readonly groups: readonly { readonly state: StateName | null; readonly code: FailureCode | null; readonly count: number }[];
  readonly revision: number;
}

export interface QueueCounts {
  readonly pending: number;
  readonly open: number;
  readonly committed: number;
  readonly all: number;
  readonly awaitingApproval: number;
  readonly conflicts: number;
}

export interface WritePage {
  readonly view: WriteView;
  readonly title: string | null;
  readonly subject: SubjectWords | null;
  readonly contract: ContractRow;
  readonly actions: readonly PossibleAction[];
  readonly siblings: readonly ListedWrite[];
  readonly evidence: readonly EvidenceSegment[];
}

/** A stretch of the visit's transcript that the source names as the ground of an item. */
export interface EvidenceSegment {
  readonly id: string;
  readonly speaker: string | null;
  readonly start: string | null;
  readonly confidence: string | null;
  readonly text: string;
}

export interface WriteTexts {
  readonly draft: { readonly text: string; readonly model: string | null } | null;
  readonly final: string | null;
  readonly finalBy: string | null;
  readonly transcript: string | null;
}

export type ChartNow =
  | {
      readonly outcome: 'read';
      readonly at: number;
      readonly reference: string;
      readonly versionId: string | null;
      /** Exact text of the resource. */
      readonly body: string;
      readonly compared: number | null;
      readonly differences: readonly FieldDifference[];
    }
  | { readonly outcome: 'nothing' | 'failed'; readonly at: number; readonly words: string };

export interface Attention {
  readonly state: StateName;
  readonly code: FailureCode | null;
  readonly tier: RiskTier;
  readonly count: number;
  readonly oldestAt: number | null;
  readonly newest: ListedWrite;
}

export interface TodayView {
  readonly since: number;
  readonly safe: number;
  readonly all: number;
  readonly pulledDownBy: readonly { readonly state: StateName; readonly code: FailureCode | null; readonly count: number }[];
  readonly unknown: number;
  readonly oldestUnknownAt: number | null;
  readonly unsent: number;
  readonly oldestUnsentAt: number | null;
  readonly awaiting: { readonly count: number; readonly oldestAt: number | null; readonly high: number };
  readonly needsPerson: readonly Attention[];
  readonly connections: readonly ConnectionState[];
}

export interface ConnectionState {
  readonly connection: Connection;
  readonly counts: Readonly<Partial<Record<StateName, number>>>;
  readonly lastTest: { readonly at: number; readonly ok: boolean; readonly words: string } | null;
}

export interface ApprovalsView {
  readonly waiting: readonly ListedWrite[];
  readonly others: number;
  readonly decided: readonly ListedWrite[];
}

export interface Triage {
  page(query: QueueQuery, actor: Actor): Promise<QueueSlice>;
  /** Rows that were shown before, as they are now; not a new reading. */
  rows(ids: readonly string[]): Promise<readonly ListedWrite[]>;
  find(text: string, actor: Actor): Promise<readonly ListedWrite[]>;
  counts(): Promise<QueueCounts>;
  today(actor: Actor): Promise<TodayView>;
  write(id: string, person: Person, actor: Actor): Promise<WritePage | undefined>;
  texts(id: string, actor: Actor): Promise<WriteTexts | undefined>;
  chartNow(id: string, actor: Actor): Promise<ChartNow | undefined>;
  approvals(person: Person, actor: Actor): Promise<ApprovalsView>;
  connections(): Promise<readonly ConnectionState[]>;
  tenants(): Promise<readonly string[]>;
  anchor(): Promise<Anchor>;
  revision(): Promise<number>;
}

/** Reads what a connection's server says about itself, on record; `undefined`: there is no such connection. */
export type TestConnection = (name: string, actor: Actor) => Promise<ConnectionReport | undefined>;

/** Checks the whole log; the signal ends it early, which rejects with the signal's reason. */
export type VerifyLog = (
  actor: Actor,
  signal: AbortSignal,
  progress: (done: number, total: number) => void,
) => Promise<VerifyReport>;
