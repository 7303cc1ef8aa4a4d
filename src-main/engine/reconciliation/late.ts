import { engineActor, type EngineDeps } from '../deps.ts';
import { preparedOf } from '../dispatch/prepared.ts';
import { writeEntry, commitWrites } from '../write-commit.ts';
import { readBack } from '../verification/read-back.ts';
import { findQuery } from './look.ts';
import { lateSuccess, mayBeLate, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Looks once for writes that were sent and then given up: what an EHR carried out late, or behind a proof that was none,
 * is in the chart all the same and must be known (late success). Presence is recorded; finding nothing changes nothing.
 *
 * @returns how many were found
 */
export async function lookForLate(deps: EngineDeps, signal: AbortSignal): Promise<number> {
  let found = 0;
  const ended = await deps.ledger.writes({
    states: ['failed-terminal', 'withdrawn', 'superseded'],
    since: deps.clock.now() - limits.lateWindowMs,
    limit: limits.lateLooksMax,
  });
  for (const row of ended) {
    if (signal.aborted) break;
    if (mayBeLate(row) && (await attachIfPresent(deps, row))) found += 1;
  }
  if (found > 0) deps.log.write('warn', 'late-success', { found });
  return found;
}

async function attachIfPresent(deps: EngineDeps, row: WriteRow): Promise<boolean> {
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return false;
  const prepared = await preparedOf(deps, row);
  const answer = await gateway.find(await findQuery(deps, row, prepared, deps.searchSettleMs));
  if (answer.outcome !== 'present') return false;
  const { reference, versionId } = answer.match;
  const back = await readBack(gateway, prepared, reference, 0, deps.clock.now(), deps.random.fraction());
  const now = deps.clock.now();
  const moves = lateSuccess(row, { reference, versionId, landing: 'charted', verification: back.verification }, now);
  if (moves === null) return false;
  const exchange = [...answer.exchange, ...back.exchange];
  const entry = writeEntry('write.looked-up', row, now, engineActor(deps), { id: row.id, moves, exchange });
  return (await commitWrites(deps.ledger, [row], [entry])).ok;
}
