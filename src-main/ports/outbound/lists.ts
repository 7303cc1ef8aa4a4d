import type { EntryType, FailureCode, WriteRow } from '../../../src-shared/domain/index.ts';
import type { Entry, LedgerReader, WriteFilter } from './ledger.ts';

/**
 * Reading for people: long lists by place, counts, causes, and how far the log is anchored. The engine itself needs
 * none of it, so it stands apart from the reader that every ledger has.
 */
export interface LedgerLists extends LedgerReader {
  /** How many writes a filter selects. */
  countWrites(filter: WriteSelection): Promise<number>;
  /** Like `writes`, newest first, after passing over the first `skip` of them; those are not loaded. */
  writesFrom(filter: WriteFilter, skip: number): Promise<readonly WriteRow[]>;
  /** Every failure code that a write carries now, with how many carry it. */
  causes(): Promise<readonly Cause[]>;
  /** Committed writes taken in since then whose read-back has still to be done. */
  countUnverified(since: number): Promise<number>;
  /** How much of the logs the newest signed checkpoints cover. */
  anchor(): Promise<Anchor>;
  /** Grows with every entry of any log, whichever process wrote it. */
  revision(): Promise<number>;
  /** A person's newest entries of these types, newest first. */
  latestOf(tenant: string, actor: string, types: readonly EntryType[], limit: number): Promise<readonly Entry[]>;
}

export type WriteSelection = Omit<WriteFilter, 'limit' | 'after'>;

export interface Cause {
  readonly code: FailureCode;
  readonly count: number;
  readonly oldestAt: number;
  /** The newest write that carries it: shows what the cause looks like. */
  readonly newest: WriteRow;
}

export interface Anchor {
  /** Time of the newest entry that a signed checkpoint covers; `null` while nothing is covered. */
  readonly at: number | null;
  readonly entriesSince: number;
}
