import { engineActor, type EngineDeps } from '../deps.ts';
import { writeEntry } from '../write-commit.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import { movingSince, movingStates, waitsForCalendar, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** A write that has been on its way for too long without waiting for anybody. */
export interface StuckWrite {
  readonly row: WriteRow;
  readonly movingSince: number;
  /** True when the log says already that it is stuck since then. */
  readonly told: boolean;
}

/** Writes that wait for the calendar of their connection: a cap or a maintenance window that is on. */
export async function calendarWaits(ledger: Pick<LedgerReader, 'writes'>): Promise<readonly WriteRow[]> {
  const pages = (['daily-cap', 'maintenance-window'] as const).map((code) =>
    ledger.writes({ code, limit: limits.claimBatchMax }),
  );
  return (await Promise.all(pages)).flat().filter(waitsForCalendar);
}

/**
 * Everything that is on its way and has been for longer than `limits.stuckMs`, however often it was tried or looked for
 * meanwhile. What stands behind a calendar's wait in its lane waits for the same.
 *
 * @param closed connections whose calendar keeps writes waiting now
 */
export async function* stuckWrites(
  { ledger, clock }: Pick<EngineDeps, 'ledger' | 'clock'>,
  closed: ReadonlySet<string>,
): AsyncIterable<StuckWrite> {
  const now = clock.now();
  let left = HISTORIES_MAX;
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({
      states: movingStates,
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      if (now - row.createdAt <= limits.stuckMs || (row.state.name === 'pending' && closed.has(row.connection))) continue;
      if (left === 0 && now - row.updatedAt <= limits.stuckMs) continue;
      left = Math.max(0, left - 1);
      const entries = await ledger.entries(row.tenant, { stream: `write/${row.id}` }, ENTRIES_MAX);
      const since = movingSince(row, entries);
      if (now - since <= limits.stuckMs) continue;
      const told = entries.some(({ type, at }) => type === 'write.stuck' && at >= since);
      yield { row, movingSince: since, told };
    }
    after = page.at(-1)?.id;
    if (after === undefined) return;
  }
}

/** Puts on record, once for each time, that a write is stuck; tells how many were new. */
export async function raiseStuck(deps: EngineDeps): Promise<number> {
  const closed = new Set((await calendarWaits(deps.ledger)).map((row) => row.connection));
  let raised = 0;
  for await (const { row, movingSince: since, told } of stuckWrites(deps, closed)) {
    if (told || raised >= limits.claimBatchMax) continue;
    const entry = writeEntry('write.stuck', row, deps.clock.now(), engineActor(deps), {
      id: row.id,
      since,
      state: row.state.name,
    });
    // It changes nothing about the write, so it rests on nothing that may move meanwhile.
    await deps.ledger.commit({ tenant: row.tenant, expected: [], entries: [entry] });
    raised += 1;
    deps.log.write('warn', 'write-stuck', { write: row.id, state: row.state.name });
  }
  return raised;
}

const ENTRIES_MAX = 1_000;
/** Histories read in one look; what has not moved at all is found without. */
const HISTORIES_MAX = 256;
