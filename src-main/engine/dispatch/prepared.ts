import type { EngineDeps } from '../deps.ts';
import type { PreparedRecord, WriteRow } from '../../../src-shared/domain/index.ts';

/** The exact request of a write, from the entry it was recorded in. Rejects when that entry can no longer be read. */
export async function preparedOf(deps: Pick<EngineDeps, 'ledger'>, row: WriteRow): Promise<PreparedRecord> {
  const entry = row.prepared === null ? undefined : await deps.ledger.entry(row.tenant, row.prepared.seq);
  if (entry?.type !== 'write.checked' || entry.body === null)
    throw new Error(`the request of write ${row.id} cannot be read back from the log`);
  const { prepared } = entry.body as { prepared: PreparedRecord | null };
  if (prepared === null) throw new Error(`the check of write ${row.id} prepared no request`);
  return prepared;
}
