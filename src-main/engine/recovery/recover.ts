import { engineActor, type EngineDeps } from '../deps.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { afterCrash, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

export interface Recovered {
  /** Writes that were in flight when an engine stopped: their outcome is now being looked up. */
  readonly inFlight: number;
  /** Writes held for something that may have been mended since; each is tried once per start. */
  readonly released: number;
}

/**
 * What an engine does before it takes up work: everything that was in flight may be in the chart, so it becomes
 * unknown; everything held for a connection is tried again once. Only the holder of the engine lock may call this.
 */
export async function recover(deps: EngineDeps): Promise<Recovered> {
  const actor = engineActor(deps);
  let inFlight = 0;
  for (const row of await deps.ledger.inFlight()) {
    const now = deps.clock.now();
    const moves = afterCrash(now, deps.random.fraction());
    const result = await commitWrites(
      deps.ledger,
      [row],
      [writeEntry('write.recovered', row, now, actor, { id: row.id, moves })],
    );
    if (result.ok) inFlight += 1;
  }
  let released = 0;
  for await (const row of heldForConnection(deps)) {
    if (row.state.name !== 'held') continue;
    const now = deps.clock.now();
    const state =
      row.state.resume === 'pending'
        ? ({ name: 'pending', nextAt: now } as const)
        : ({ name: 'draft', nextAt: now, looks: 0 } as const);
    const result = await commitWrites(
      deps.ledger,
      [row],
      [writeEntry('write.released', row, now, actor, { id: row.id, moves: [state] })],
    );
    if (result.ok) released += 1;
  }
  if (inFlight + released > 0) deps.log.write('info', 'recovered', { inFlight, released });
  return { inFlight, released };
}

async function* heldForConnection(deps: EngineDeps): AsyncIterable<WriteRow> {
  let after: string | undefined;
  for (;;) {
    const page = await deps.ledger.writes({
      states: ['held'],
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    yield* page;
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
