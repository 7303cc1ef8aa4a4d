/** A ledger file whose medium refuses: each fault has its own code, whether it shows at opening or later. */
export type MediumCode = 'ledger-disk-full' | 'ledger-io-failed' | 'ledger-read-only' | 'ledger-unreadable';

/**
 * Why a workspace's ledger was not opened. Codes are stable; each has its own message. Opening never creates, repairs or
 * replaces anything that exists, so after a refusal every file is as it was.
 */
export type RefusalCode =
  | 'ledger-missing'
  | 'ledger-exists'
  | 'ledger-plaintext'
  | 'ledger-damaged'
  | 'ledger-wrong-key'
  | 'ledger-newer'
  | 'ledger-schema-altered'
  | 'ledger-other-workspace'
  | 'ledger-rolled-back'
  | 'ledger-tail-lost'
  | 'ledger-forked'
  | 'ledger-checkpoints-missing'
  | 'ledger-checkpoints-damaged'
  | 'ledger-settings'
  | 'ledger-busy'
  | MediumCode
  | 'payload-keys-missing'
  | 'payload-keys-wrong-key'
  | 'payload-keys-damaged';

export interface Refusal {
  readonly code: RefusalCode;
  /** What is the case, whether anything was changed, what to do. Plain words, fit to be shown. */
  readonly message: string;
}

/** Carries a refusal out of the steps of opening; never leaves this folder. */
export class OpenRefused extends Error {
  readonly refusal: Refusal;
  constructor(code: RefusalCode, message: string) {
    super(message);
    this.name = 'OpenRefused';
    this.refusal = { code, message };
  }
}

/**
 * Why a ledger that is open could not do what it was asked.
 *
 * - `ledger-busy`: another process held the file for too long. Nothing was written; asking again is safe.
 * - `ledger-disk-full`, `ledger-io-failed`, `ledger-read-only`, `ledger-unreadable`, `ledger-damaged`: the medium failed.
 *   Whether the last commit is on disk is not known. The ledger takes nothing more; it has to be opened again, which finds
 *   out (C5).
 * - `ledger-altered`: what was read back is not what was written. As above, and nothing was signed.
 * - `ledger-failed`: something else went wrong while writing. As above.
 * - `ledger-closed`: it was closed.
 * - `entry-refused`: this commit cannot be written as it is; nothing of it was.
 * - `row-unreadable`: a stored row no longer parses. It stays as it is.
 */
export type LedgerErrorCode =
  | 'ledger-busy'
  | MediumCode
  | 'ledger-damaged'
  | 'ledger-altered'
  | 'ledger-failed'
  | 'ledger-closed'
  | 'entry-refused'
  | 'row-unreadable';

export class LedgerError extends Error {
  readonly code: LedgerErrorCode;
  constructor(code: LedgerErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'LedgerError';
    this.code = code;
  }
}

/** What a medium that can no longer be written or read says. */
export type MediumFault = 'disk-full' | 'io-failed' | 'read-only' | 'unreadable' | 'damaged';

/** The code of a ledger that was open and whose medium has this fault; `null`: none that is known. */
export function mediumCode(fault: MediumFault | null): MediumCode | 'ledger-damaged' | 'ledger-failed' {
  return fault === null ? 'ledger-failed' : (`ledger-${fault}` as const);
}
