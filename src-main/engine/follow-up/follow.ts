import { engineActor, type EngineDeps } from '../deps.ts';
import { preparedOf } from '../dispatch/prepared.ts';
import { contractRowFor } from '../policy/in-force.ts';
import { lookAgain } from '../reconciliation/look.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import type { EhrGateway } from '../../ports/outbound/index.ts';
import { afterFollow, judge, newDrift, type Exchange, type Seen, type WriteRow } from '../../../src-shared/domain/index.ts';

/**
 * Looks again at one write that needs nothing now: a charted one is read and held against what was sent, one that was
 * handed to a person is looked for. Reads only.
 *
 * @returns `false` when the EHR could not be asked, or when nobody knows what time it is
 */
export async function followWrite(deps: EngineDeps, row: WriteRow): Promise<boolean> {
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return false;
  if (row.state.name === 'unknown') return lookAgain(deps, gateway, row);
  const { seen, exchange } = await see(deps, gateway, row);
  return (await recordSeen(deps, row, seen, exchange)) && seen.outcome !== 'failed';
}

/**
 * Records what a later look showed, or that it could not be carried out.
 *
 * @returns `false` when nobody knows what time it is, and nothing was recorded
 */
export async function recordSeen(deps: EngineDeps, row: WriteRow, seen: Seen, exchange: readonly Exchange[]): Promise<boolean> {
  // Often it is this very answer that shows how wrong the clock is, or right again. A look is planned from the one before: one
  // taken years ahead would be the last.
  if ((deps.clockUnsafe?.() ?? null) !== null) return false;
  if (row.state.name !== 'committed') return true;
  const now = deps.clock.now();
  const state = afterFollow(row, row.state, seen, await contractRowFor(deps, row), now);
  if (newDrift(row.state, state)) deps.log.write('warn', 'chart-drifted', { write: row.id });
  const entry = writeEntry('write.followed', row, now, engineActor(deps), { id: row.id, moves: [state], exchange });
  await commitWrites(deps.ledger, [row], [entry]);
  return true;
}

async function see(
  deps: EngineDeps,
  gateway: EhrGateway,
  row: WriteRow,
): Promise<{ readonly seen: Seen; readonly exchange: readonly Exchange[] }> {
  if (row.state.name !== 'committed') throw new RangeError(`a write that is ${row.state.name} has no entry to read again`);
  const prepared = await preparedOf(deps, row);
  const answer = await gateway.read(row.state.evidence.reference);
  const { exchange } = answer;
  if (answer.outcome !== 'read') return { seen: { outcome: answer.outcome }, exchange };
  const { resource, versionId } = answer.match;
  const { serious } = judge(await contractRowFor(deps, row), gateway.compare(prepared, resource).differences);
  return { seen: { outcome: 'read', versionId, resource, differences: serious }, exchange };
}
