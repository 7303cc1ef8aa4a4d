import type { Rehearsal } from './dry-run.ts';
import type {
  Actor,
  ClockJudged,
  Connection,
  ConnectionSettings,
  FailureCode,
  KeptItem,
  MaintenanceWindow,
  Person,
  RolloutStage,
  Source,
  StageScope,
  SwitchScope,
  SwitchTarget,
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
  /** What is kept and not charted, with the reason; left out where there is none. */
  readonly kept?: readonly KeptItem[];
  readonly code?: FailureCode;
  readonly message?: string;
}

export type TakeIn = (records: AsyncIterable<IncomingRecord> | Iterable<IncomingRecord>, actor: Actor) => AsyncIterable<Receipt>;

/** @param connection only the writes of this connection; `null`: of all */
export type DryRun = (record: IncomingRecord, connection: string | null, actor: Actor) => Promise<Rehearsal>;

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

/** How the clock of the engine's machine stands, since when, and what that rests on. */
export interface ClockView extends ClockJudged {
  readonly since: number;
}

/** Rejects when the ledger fails: then nothing more is sent until a person has looked (C5). */
export type RunEngine = (options: RunOptions) => Promise<RunReport>;

export type RegisterOutcome =
  { readonly ok: true } | { readonly ok: false; readonly code: 'name-taken'; readonly message: string };

export interface Register {
  person(person: Person, secretVerifier: string, actor: Actor): Promise<RegisterOutcome>;
  source(source: Source, actor: Actor): Promise<RegisterOutcome>;
  connection(connection: Connection, actor: Actor): Promise<RegisterOutcome>;
}

export type ControlOutcome =
  /** `released`: writes that were held and go on now. */
  | { readonly ok: true; readonly released: number }
  | { readonly ok: false; readonly code: ControlRefusal; readonly message: string };

export type ControlRefusal =
  'switch-unknown' | 'connection-unknown' | 'stage-not-earned' | 'window-unknown' | 'window-exists' | 'settings-invalid';

/** Stopping and going on (B4, B5). What was held for it goes on at once; reading never stops. */
export interface Control {
  /** `off`: from now on nothing that fits the scope is sent (or approved here); else the switch of exactly this scope is lifted. */
  switch(
    what: SwitchTarget,
    scope: SwitchScope,
    off: boolean,
    reason: string,
    person: Person,
    actor: Actor,
  ): Promise<ControlOutcome>;
  /** `scope`: only for what is named, where it then counts if it is lower; empty or left out: the whole connection. */
  stage(connection: string, stage: RolloutStage, reason: string, actor: Actor, scope?: StageScope): Promise<ControlOutcome>;
  /** Sets what is known about the EHR's behaviour; what is not named stays as it was, what is `cleared` is left out. */
  settings(
    connection: string,
    settings: ConnectionSettings,
    reason: string,
    actor: Actor,
    cleared?: readonly (keyof ConnectionSettings)[],
  ): Promise<ControlOutcome>;
  /** Adds a maintenance window, or takes away the one of this name. What waited for it is looked at anew at once. */
  addWindow(connection: string, window: MaintenanceWindow, reason: string, actor: Actor): Promise<ControlOutcome>;
  removeWindow(connection: string, id: string, reason: string, actor: Actor): Promise<ControlOutcome>;
}

export type * from './decide.ts';
export type * from './inspect.ts';
export type * from './triage.ts';
export type * from './console.ts';
export type * from './governance.ts';
export type * from './groups.ts';
export type * from './loss.ts';
export type * from './dry-run.ts';
export type * from './shadow.ts';
