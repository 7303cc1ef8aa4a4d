import { engineActor, type EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { heldWrites, release } from './release.ts';
import { afterCrash, stillHeld, workspaceLog } from '../../../src-shared/domain/index.ts';

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
  for await (const row of heldWrites(deps.ledger)) {
    if (row.state.name !== 'held') continue;
    const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
    if (stillHeld(row.state.hold, connection, await stoppedBy(deps.ledger, row, 'writes'))) continue;
    if (await release(deps.ledger, row, deps.clock.now(), actor)) released += 1;
  }
  if (inFlight + released > 0) deps.log.write('info', 'recovered', { inFlight, released });
  return { inFlight, released };
}
