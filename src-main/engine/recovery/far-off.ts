import { engineActor, type EngineDeps } from '../deps.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { dueAgain, farOffStates, isFarOff, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Milliseconds for which a write must still wait, as far as this run knows. */
type KnownWait = (row: WriteRow) => number;

/**
 * Makes due what was put off by a clock that stood far ahead: asked when an engine starts and when its clock can be trusted
 * again. Reads every write that has not been settled, page by page.
 *
 * @param waits milliseconds for which this run knows that a write must still wait, as an EHR has asked
 * @returns how many
 */
export async function wakeFarOff(deps: EngineDeps, waits: KnownWait = () => 0): Promise<number> {
  let woken = 0;
  let after: string | undefined;
  for (;;) {
    const page = await deps.ledger.writes({
      states: farOffStates,
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    woken += await wake(deps, page, waits);
    const last = page.at(-1);
    if (last === undefined || page.length < limits.claimBatchMax) break;
    after = last.id;
  }
  if (woken > 0) deps.log.write('warn', 'clock-was-ahead', { writes: woken });
  return woken;
}

/** The same for what comes next of all that waits, of whatever state, when even that is far off. */
export async function wakeNextIfFarOff(deps: EngineDeps, waits: KnownWait): Promise<void> {
  const next = await deps.ledger.nextDueAt();
  if (next === null || next - deps.clock.now() <= limits.farOffMs) return;
  await wake(deps, await deps.ledger.due(Number.MAX_SAFE_INTEGER, limits.claimBatchMax), waits);
}

async function wake(deps: EngineDeps, rows: readonly WriteRow[], waits: KnownWait): Promise<number> {
  let woken = 0;
  for (const row of rows) {
    const now = deps.clock.now();
    const moves = isFarOff(row, now) ? dueAgain(row, now + waits(row)) : null;
    if (moves === null) continue;
    const entry = writeEntry('write.put-off', row, now, engineActor(deps), { id: row.id, moves });
    if ((await commitWrites(deps.ledger, [row], [entry])).ok) woken += 1;
  }
  return woken;
}
