import { writeEntry, commitWrites } from '../write-commit.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import { released, type Actor, type FailureCode, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Letting go of writes that are held, when what held them is gone. */

/**
 * Lets one held write go on: it is checked anew, or pending again. `false`: it has moved meanwhile, and nothing was
 * changed.
 */
export async function release(ledger: Ledger, row: WriteRow, now: number, actor: Actor, note?: string): Promise<boolean> {
  const moves = released(row, now);
  if (moves === null) return false;
  const body = { id: row.id, moves, ...(note === undefined ? {} : { note }) };
  return (await commitWrites(ledger, [row], [writeEntry('write.released', row, now, actor, body)])).ok;
}

/** Held writes, one after the other; what is released on the way does not disturb the order. */
export async function* heldWrites(
  ledger: Pick<Ledger, 'writes'>,
  filter: { readonly code?: FailureCode; readonly connection?: string; readonly patientKey?: string } = {},
): AsyncIterable<WriteRow> {
  let after: string | undefined;
  for (;;) {
    const page = await ledger.writes({
      ...filter,
      states: ['held'],
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < limits.claimBatchMax) return;
    after = last.id;
  }
}

/** Lets go the writes that were held until this one is settled. */
export async function releaseFollowers(ledger: Ledger, id: string, now: number, actor: Actor): Promise<void> {
  for await (const row of heldWrites(ledger, { code: 'other-write-open' })) {
    if (row.state.name === 'held' && row.state.hold.follows === id) await release(ledger, row, now, actor);
  }
}

/**
 * Lets a write go on at once if the one it was held for has moved since that was decided: nobody else would.
 *
 * @param followed the write it follows, as it was then
 */
export async function releaseIfMoved(ledger: Ledger, id: string, followed: WriteRow, now: number, actor: Actor): Promise<void> {
  const current = await ledger.row('write', followed.tenant, followed.id);
  if (current?.version === followed.version) return;
  const row = await ledger.row('write', followed.tenant, id);
  if (row !== undefined) await release(ledger, row, now, actor);
}
