import type { Findings, PeopleDecide } from './decide.ts';
import type { TestConnection, Triage, VerifyLog } from './triage.ts';
import type { Clock, Log, Random, Timers } from '../outbound/index.ts';
import type { Actor, Person } from '../../../src-shared/domain/index.ts';

/** What stands behind the window: entry composes it, the bridge calls it. */

export type SignInOutcome =
  { readonly ok: true; readonly person: Person } | { readonly ok: false; readonly code: string; readonly message: string };

export interface EngineStatus {
  readonly state: 'running' | 'paused' | 'starting' | 'stopped' | 'elsewhere' | 'failed';
  /** Why it does not run, in words; empty while it does. */
  readonly words: string;
  /** Epoch milliseconds of the last change of state. */
  readonly since: number;
}

/** The engine of this process, as far as people may steer it. */
export interface EngineControl {
  status(): EngineStatus;
  /** Lets what is under way settle and sends nothing more; reading goes on. */
  pause(actor: Actor): Promise<void>;
  resume(actor: Actor): Promise<void>;
  /** Calls back whenever the status changes; returns what ends it. */
  onChange(listener: () => void): () => void;
}

/** What a commit was about, without what it holds. */
export interface CommitNote {
  readonly entries: number;
  /** False for what only records that somebody looked. */
  readonly moved: boolean;
  readonly writes: readonly string[];
}

export interface ConsoleUseCases {
  /** Those who may sign in, by name. */
  people(): Promise<readonly Person[]>;
  /** The person as registered now; `undefined` once they may no longer act. */
  person(id: string): Promise<Person | undefined>;
  signIn(person: string, secret: string): Promise<SignInOutcome>;
  /** Secrets of a practice workspace's made-up people; `null` in every other workspace. */
  practiceSecrets(): Readonly<Record<string, string>> | null;
  readonly triage: Triage;
  readonly decide: PeopleDecide;
  readonly findings: Findings;
  readonly testConnection: TestConnection;
  readonly verifyLog: VerifyLog;
  readonly engine: EngineControl;
  /** Calls back after each commit of this process. */
  onCommitted(listener: (commit: CommitNote) => void): () => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}
