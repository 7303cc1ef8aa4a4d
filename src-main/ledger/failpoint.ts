/**
 * Named points in everything the ledger does that touches its files. A test that opens the ledger hands over a function which
 * is called at each of them: it ends the process there, or throws what the medium would have thrown. Nobody else does, and
 * nothing outside the call that opens the ledger can switch them on.
 */
export const failpoints = [
  // Making a ledger.
  'create-keys-file',
  'create-ledger-file',
  'create-named-keys',
  'create-named-ledger',
  // Opening it.
  'open-migrated',
  'open-checked',
  // Making payload keys, in their own file.
  'keys-begun',
  'keys-inserted',
  'keys-written',
  // A commit, or a checkpoint's own transaction.
  'queued',
  'begun',
  'staged',
  'entry-inserted',
  'rows-applied',
  'written',
  'committed',
  'tail-noted',
  // Signing.
  'checkpoint-read-back',
  'checkpoint-file-made',
  'checkpoint-signed',
  'checkpoint-file-appended',
  'checkpoint-file-synced',
  // Checking all of it.
  'verify-begun',
  'verify-wal-settled',
  // Closing.
  'close-settled',
  'close-signed',
  'close-readers',
  'close-ledger',
] as const;

export type Failpoint = (typeof failpoints)[number];
export type AtFailpoint = (point: Failpoint) => void;
