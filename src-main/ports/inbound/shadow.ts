import type { Actor, FailureCode, ShadowMatch, ShadowTotals, WriteRow } from '../../../src-shared/domain/index.ts';

/** What a connection at stage shadow would have written, beside what the chart holds (B4). */
export interface ShadowReport {
  readonly connection: string;
  readonly resources: readonly ShadowTotals[];
  readonly writes: readonly ShadowedWrite[];
  /** More writes are held than one report compares; the newest were. */
  readonly more: boolean;
}

export interface ShadowedWrite {
  readonly row: WriteRow;
  readonly outcome: 'same' | 'differs' | 'absent' | 'unread';
  readonly match: ShadowMatch | null;
  /** Why the chart could not be read. */
  readonly code: FailureCode | null;
}

export type Shadow = (
  connection: string,
  actor: Actor,
) => Promise<
  | { readonly ok: true; readonly report: ShadowReport }
  | { readonly ok: false; readonly code: 'connection-unknown' | 'not-at-shadow'; readonly message: string }
>;
