import type { FailureCode, Finding, PreparedRecord, Role, StateName, WriteRow } from '../../../src-shared/domain/index.ts';

/** What would become of a record, and what would be sent: nothing is taken in and nothing is sent (B4). */
export interface Rehearsal {
  readonly line: number;
  readonly eventId: string | null;
  readonly status: 'accepted' | 'duplicate' | 'new-version' | 'refused';
  readonly code?: FailureCode;
  readonly message?: string;
  /** One per item and connection; empty where nothing would be written. */
  readonly writes: readonly RehearsedWrite[];
  /** Content that would be kept and not charted, with the reason per slot. */
  readonly kept: readonly { readonly slot: string; readonly reason: string }[];
}

export interface RehearsedWrite {
  readonly row: WriteRow;
  /** Where the check would leave it: `pending` goes out, all else waits or stops. */
  readonly state: StateName;
  readonly code: FailureCode | null;
  readonly reason: string | null;
  /** Who would have to approve it; empty where nobody has to. */
  readonly approvers: readonly Role[];
  /** The exact request, credentials excepted; `null` where the check ends before one can be prepared. */
  readonly request: PreparedRecord | null;
  readonly findings: readonly Finding[];
  /** What would stop it now just before sending, whatever the check says. */
  readonly stops: readonly { readonly code: FailureCode; readonly reason: string }[];
}
