import type { EntryDraft, Expected, Ledger, LedgerReader } from '../../ports/outbound/index.ts';
import { releaseFollowers } from '../recovery/release.ts';
import { writeEntry } from '../write-commit.ts';
import { mayMove, type Actor, type WriteMoved, type WriteRow, type WriteState } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Ends the earlier version of a write, in the same commit that moves the new one on. An unsent one is superseded when
 * the new one is approved; a charted one only when the new one is committed and verified.
 */
export async function supersedeEarlier(
  ledger: LedgerReader,
  row: WriteRow,
  when: 'approved' | 'verified',
  now: number,
  actor: Actor,
): Promise<{ readonly expected: readonly Expected[]; readonly entries: readonly EntryDraft[] }> {
  if (row.compensates !== undefined && when === 'verified') return takenBack(ledger, row, row.compensates, now, actor);
  if (row.supersedes === null) return { expected: [], entries: [] };
  const earlier = await ledger.row('write', row.tenant, row.supersedes);
  if (earlier === undefined || !mayMove(earlier.state.name, 'superseded')) return { expected: [], entries: [] };
  if ((earlier.state.name === 'committed') !== (when === 'verified')) return { expected: [], entries: [] };
  return {
    expected: [{ kind: 'write', key: earlier.id, version: earlier.version }],
    entries: [
      writeEntry('write.superseded', earlier, now, actor, { id: earlier.id, moves: [{ name: 'superseded', by: row.id }] }),
    ],
  };
}

/** The write that this one takes back has been taken back once the chart shows the change (E2). */
async function takenBack(
  ledger: LedgerReader,
  row: WriteRow,
  id: string,
  now: number,
  actor: Actor,
): Promise<{ readonly expected: readonly Expected[]; readonly entries: readonly EntryDraft[] }> {
  const original = await ledger.row('write', row.tenant, id);
  if (original?.state.name !== 'committed') return { expected: [], entries: [] };
  const moves: readonly WriteState[] = [{ name: 'compensated', by: row.approval?.by ?? row.id }];
  return {
    expected: [{ kind: 'write', key: id, version: original.version }],
    entries: [writeEntry('write.compensated', original, now, actor, { id, moves, exchange: [], note: `by write ${row.id}` })],
  };
}

/**
 * Commits what was decided on a write, together with the end of its earlier version. Only the earlier version may
 * have moved meanwhile; then it is read again. `false`: the write itself has moved, or one of the other rows that the
 * decision rests on, and nothing was committed.
 */
export async function commitWithEarlier(
  ledger: Ledger,
  row: WriteRow,
  entry: EntryDraft,
  ends: 'approved' | 'verified' | null,
  now: number,
  actor: Actor,
  rests: readonly Expected[] = [],
): Promise<boolean> {
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const earlier = ends === null ? { expected: [], entries: [] } : await supersedeEarlier(ledger, row, ends, now, actor);
    const result = await ledger.commit({
      tenant: row.tenant,
      expected: [{ kind: 'write', key: row.id, version: row.version }, ...rests, ...earlier.expected],
      entries: [entry, ...earlier.entries],
    });
    if (result.ok) {
      for (const settled of [entry, ...earlier.entries]) await wakeFollowers(ledger, settled, now, actor);
      return true;
    }
    const { key } = result.clash;
    if (key === row.id || rests.some((one) => one.key === key)) return false;
  }
  throw new Error(`the earlier version of write ${row.id} kept changing`);
}

/** A write that has come to rest, or that is no longer under way, lets those go on that were held for it. */
export async function wakeFollowers(ledger: Ledger, entry: EntryDraft, now: number, actor: Actor): Promise<void> {
  const { id, moves } = entry.body as WriteMoved;
  const state = moves.at(-1)?.name;
  if (state !== 'draft' && state !== 'pending' && state !== 'unknown') await releaseFollowers(ledger, id, now, actor);
}
