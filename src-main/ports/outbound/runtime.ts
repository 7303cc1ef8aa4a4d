/** Time, chance and hashing as ports, so that the engine can be run on simulated ones. */

export interface Clock {
  /** Wall clock, epoch milliseconds: for records, never for durations. */
  now(): number;
  /** Milliseconds that only grow: for durations. */
  monotonic(): number;
}

export interface Timers {
  /** Resolves after `ms` of monotonic time, or at once with `false` when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<boolean>;
}

export interface Random {
  /** Uniform in [0, 1). */
  fraction(): number;
  /** Fresh bytes that nobody can guess, for keys, salts and nonces. */
  bytes(count: number): Uint8Array;
  /** A fresh id that nobody can guess, base32, 26 characters. */
  id(): string;
}

export type { Sha256 } from '../../../src-shared/domain/index.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface RaisedAlarm {
  /** Why the engine stopped by itself: a stable code. */
  readonly code: string;
  /** Epoch milliseconds; `null` when it can no longer be read. */
  readonly at: number | null;
}

/** What must be seen when the ledger cannot record it: kept outside of it, and outliving the process. */
export interface Alarm {
  raised(): RaisedAlarm | null;
  /** `false`: it could not be kept either. */
  raise(code: string, at: number): boolean;
  clear(): void;
}

/** Operational log: ids, codes and counts only. Clinical text never goes here (H5). */
export interface Log {
  write(level: LogLevel, event: string, fields?: Readonly<Record<string, string | number | boolean | null>>): void;
}
