import type { EngineDeps } from '../deps.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import type { EntryBodies, PreparedRecord, ResolvedFacts, WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

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

/**
 * The check that prepared the request; `null` when there is none, or its entry can no longer be read. A write on its way asks
 * for it several times within moments: the last few small ones are kept, since an entry never changes.
 */
export async function preparedCheck(
  { ledger }: Pick<EngineDeps, 'ledger'>,
  row: WriteRow,
): Promise<EntryBodies['write.checked'] | null> {
  if (row.prepared === null) return null;
  let kept = checks.get(ledger);
  if (kept === undefined) checks.set(ledger, (kept = new Map<string, EntryBodies['write.checked']>()));
  const key = `${row.tenant} ${row.prepared.seq}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const entry = await ledger.entry(row.tenant, row.prepared.seq);
  const checked = entry?.type === 'write.checked' ? (entry.body as EntryBodies['write.checked'] | null) : null;
  if (checked === null || (checked.prepared?.body.length ?? 0) > KEPT_MAX_CHARS) return checked;
  if (kept.size >= KEPT_MAX) kept.delete(kept.keys().next().value ?? '');
  kept.set(key, checked);
  return checked;
}

const checks = new WeakMap<LedgerReader, Map<string, EntryBodies['write.checked']>>();
/** As many as may be on their way at once; and what is larger than this is read again instead. */
const KEPT_MAX = limits.inFlightMax;
const KEPT_MAX_CHARS = 65_536;
