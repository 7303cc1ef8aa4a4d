import type { CommitResult, EntryDraft, Ledger } from '../ports/outbound/index.ts';
import type { Actor, EntryBodies, WriteMoved, WriteRow } from '../../src-shared/domain/index.ts';

type WriteEntryType =
  | 'write.stuck'
  | 'write.reviewed'
  | { [T in keyof EntryBodies]: EntryBodies[T] extends WriteMoved ? T : never }[keyof EntryBodies];

/** An entry about one write, in its stream and under its patient's payload key. */
export function writeEntry<T extends WriteEntryType>(
  type: T,
  row: WriteRow,
  at: number,
  actor: Actor,
  body: EntryBodies[T],
): EntryDraft {
  return {
    type,
    stream: `write/${row.id}`,
    at,
    actor,
    patientKey: row.patientKey,
    correlation: row.group,
    body,
  } as EntryDraft;
}

/** Commits entries decided on exactly these rows; refuses when any of them has moved since. */
export function commitWrites(ledger: Ledger, rows: readonly WriteRow[], entries: readonly EntryDraft[]): Promise<CommitResult> {
  const [first] = rows;
  if (first === undefined) throw new RangeError('a commit needs at least one write');
  return ledger.commit({
    tenant: first.tenant,
    expected: rows.map((row) => ({ kind: 'write', key: row.id, version: row.version })),
    entries,
  });
}
