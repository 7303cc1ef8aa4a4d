import { engineActor, type EngineDeps } from '../deps.ts';
import type { RunningDeps } from '../outbox/lease.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { wakeFarOff } from './far-off.ts';
import { holdsStill } from './reask.ts';
import { heldWrites, release } from './release.ts';
import type { Lease } from '../../ports/outbound/index.ts';
import { afterCrash } from '../../../src-shared/domain/index.ts';

export interface Recovered {
  /** Writes that were in flight when an engine stopped: their outcome is now being looked up. */
  readonly inFlight: number;
  /** Writes held for something that may have been mended since; each is tried once per start. */
  readonly released: number;
}

/**
 * What an engine does before it takes up work: everything that was in flight with an engine that is gone may be in the chart,
 * so it becomes unknown; everything held for a connection is tried again once.
 *
 * @param living the leases that have not ended
 */
export async function recover(deps: RunningDeps, living: readonly Lease[]): Promise<Recovered> {
  const actor = engineActor(deps);
  const inFlight = await recoverInFlight(deps, living);
  let released = 0;
  for await (const row of heldWrites(deps.ledger)) {
    await deps.lease.keep();
    if (await holdsStill(deps, row)) continue;
    if (await release(deps.ledger, row, deps.clock.now(), actor)) released += 1;
  }
  await wakeFarOff(deps);
  if (inFlight + released > 0) deps.log.write('info', 'recovered', { inFlight, released });
  return { inFlight, released };
}

/**
 * Takes over what is in flight under a lease that has ended. Whether it reached the chart is not known, so it is looked for
 * and not sent.
 *
 * @returns how many writes were taken over
 */
export async function recoverInFlight(deps: EngineDeps, living: readonly Lease[]): Promise<number> {
  const actor = engineActor(deps);
  const alive = new Set(living.map((lease) => lease.fence));
  let inFlight = 0;
  for (const row of await deps.ledger.inFlight()) {
    const { state } = row;
    if (state.name !== 'in-flight' || (state.fence !== undefined && alive.has(state.fence))) continue;
    const now = deps.clock.now();
    const moves = afterCrash(now, deps.random.fraction());
    const result = await commitWrites(
      deps.ledger,
      [row],
      [writeEntry('write.recovered', row, now, actor, { id: row.id, moves })],
    );
    if (result.ok) inFlight += 1;
  }
  return inFlight;
}
