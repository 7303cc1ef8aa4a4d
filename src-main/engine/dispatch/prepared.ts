import type { EngineDeps } from '../deps.ts';
import type { EntryBodies, PreparedRecord, ResolvedFacts, WriteRow } from '../../../src-shared/domain/index.ts';

/** The exact request of a write, from the entry it was recorded in. Rejects when that entry can no longer be read. */
export async function preparedOf(deps: Pick<EngineDeps, 'ledger'>, row: WriteRow): Promise<PreparedRecord> {
  const checked = await preparedCheck(deps, row);
  if (checked === null) throw new Error(`the request of write ${row.id} cannot be read back from the log`);
  if (checked.prepared === null) throw new Error(`the check of write ${row.id} prepared no request`);
  return checked.prepared;
}

/** What the subject of the write was found to be when it was checked; `null` when that cannot be read. */
export async function factsOf(deps: Pick<EngineDeps, 'ledger'>, row: WriteRow): Promise<ResolvedFacts | null> {
  return (await preparedCheck(deps, row))?.facts ?? null;
}

/** The check that prepared the request; `null` when there is none, or its entry can no longer be read. */
export async function preparedCheck(
  deps: Pick<EngineDeps, 'ledger'>,
  row: WriteRow,
): Promise<EntryBodies['write.checked'] | null> {
  const entry = row.prepared === null ? undefined : await deps.ledger.entry(row.tenant, row.prepared.seq);
  return entry?.type === 'write.checked' ? (entry.body as EntryBodies['write.checked'] | null) : null;
}
