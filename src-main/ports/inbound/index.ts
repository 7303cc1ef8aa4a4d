import type { Entry, WriteFilter } from '../outbound/index.ts';
import type {
  Actor,
  Connection,
  DecisionRefusal,
  EventRow,
  Exchange,
  FailureCode,
  Finding,
  Person,
  PreparedRecord,
  ResolvedFacts,
  Source,
  StateName,
  WriteRow,
} from '../../../src-shared/domain/index.ts';

/** The use cases as the ways in and the bridge see them; entry hands them the engine's. */

/** One record as a way in delivers it: its text, or why it could not be read as text. */
export type IncomingRecord = { readonly file: string; readonly line: number } & (
  { readonly text: string } | { readonly refused: FailureCode; readonly message: string }
);

export interface RecordRefusal {
  readonly code: FailureCode;
  readonly message: string;
}

/** What became of one record: the sender's proof (command line contract, `ingest`). */
export interface Receipt {
  readonly line: number;
  readonly eventId: string | null;
  readonly status: 'accepted' | 'duplicate' | 'new-version' | 'refused';
  readonly writes: readonly string[];
  readonly code?: FailureCode;
  readonly message?: string;
}

export type TakeIn = (records: AsyncIterable<IncomingRecord> | Iterable<IncomingRecord>, actor: Actor) => AsyncIterable<Receipt>;

export interface RunOptions {
  /** End once nothing is pending, in flight, due for retry, or unknown with look-ups left. */
  readonly drain: boolean;
  /** End after this long, on the monotonic clock; `null`: no limit. */
  readonly maxMs: number | null;
  /** Asks the engine to stop; what has left is still settled. */
  readonly signal: AbortSignal;
  /** Writes under way at the same time; the limit of the house if left out. */
  readonly inFlightMax?: number;
  /** Called after each piece of work. */
  readonly onProgress?: () => void;
}

export type RunEnd = 'drained' | 'stopped' | 'out-of-time';

export interface RunReport {
  readonly end: RunEnd;
  readonly recovered: { readonly inFlight: number; readonly released: number };
}

/** Rejects when the ledger fails: then nothing more is sent until a person has looked (C5). */
export type RunEngine = (options: RunOptions) => Promise<RunReport>;

export type DecisionOutcome =
  | { readonly ok: true; readonly id: string; readonly state: StateName }
  | { readonly ok: false; readonly code: DecisionRefusal | 'write-unknown'; readonly message: string };

/** Decisions of a signed-in person on one write. */
export interface PeopleDecide {
  approve(id: string, person: Person, meaning: string): Promise<DecisionOutcome>;
  reject(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  retry(id: string, person: Person): Promise<DecisionOutcome>;
  withdraw(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  resolve(id: string, person: Person, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is there, at this reference. */
  attestFound(id: string, person: Person, reference: string, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is not there. */
  attestAbsent(id: string, person: Person, note: string): Promise<DecisionOutcome>;
}

export type RegisterOutcome =
  { readonly ok: true } | { readonly ok: false; readonly code: 'name-taken'; readonly message: string };

export interface Register {
  person(person: Person, secretVerifier: string, actor: Actor): Promise<RegisterOutcome>;
  source(source: Source, actor: Actor): Promise<RegisterOutcome>;
  connection(connection: Connection, actor: Actor): Promise<RegisterOutcome>;
}

/** Everything known about one write. */
export interface WriteView {
  readonly row: WriteRow;
  readonly event: EventRow | undefined;
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  readonly facts: ResolvedFacts | null;
  readonly exchanges: readonly Exchange[];
  /** The event's entry, then the write's, oldest first. */
  readonly timeline: readonly Entry[];
}

export type TimelineBy =
  { readonly stream: string } | { readonly encounterKey: string } | { readonly patientKey: string } | { readonly actor: string };

/** Reading clinical records; each reading is recorded with who read. */
export interface Inspect {
  write(id: string, actor: Actor): Promise<WriteView | undefined>;
  writes(filter: WriteFilter, actor: Actor): Promise<readonly WriteRow[]>;
  timeline(tenant: string, by: TimelineBy, actor: Actor): Promise<readonly Entry[]>;
}
