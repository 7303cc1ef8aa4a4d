import { engineActor, type EngineDeps } from '../deps.ts';
import { factsOf, preparedOf } from '../dispatch/prepared.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { controlFor } from './control.ts';
import { readBack } from '../verification/read-back.ts';
import { writeEntry } from '../write-commit.ts';
import type { EhrGateway, FindOutcome, FindQuery } from '../../ports/outbound/index.ts';
import {
  afterLook,
  workspaceLog,
  type Exchange,
  type LookResult,
  type PreparedRecord,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

/**
 * Looks in the chart for a write whose outcome is unknown (C4). Looking never changes the chart.
 *
 * @param unknownForMs how long it has been unknown on the monotonic clock, when that is known
 */
export async function lookForWrite(deps: EngineDeps, row: WriteRow, unknownForMs: number | null): Promise<void> {
  if (row.state.name !== 'unknown') return;
  const { settings } = (await deps.ledger.row('connection', workspaceLog, row.connection)) ?? {};
  const settleMs = settings?.searchSettleMs ?? deps.searchSettleMs;
  const gateway = await deps.gateways.open(row.connection);
  const askedAt = deps.clock.now();
  const { result, exchange } =
    'refused' in gateway
      ? { result: { outcome: 'inconclusive', code: gateway.refused, retryAfterMs: null } satisfies LookResult, exchange: [] }
      : await look(deps, gateway, row, settleMs);
  const now = deps.clock.now();
  // A look says how the chart stood when it was asked for, and a step of the wall clock is no time gone by.
  const passed = unknownForMs ?? askedAt - row.state.since;
  const uncounted = Math.max(0, now - row.state.since - passed);
  const actor = engineActor(deps);
  const moves = afterLook(row, result, now, deps.random.fraction(), settleMs + uncounted, settings?.absenceLooks);
  const verified = result.outcome === 'present' && result.verification.result === 'verified';
  const voids = moves.at(-1)?.name === 'awaiting-approval';
  const body = { id: row.id, moves, exchange, ...(voids ? { approval: null } : {}) };
  const entry = writeEntry('write.looked-up', row, now, actor, body);
  await commitWithEarlier(deps.ledger, row, entry, verified ? 'verified' : null, now, actor);
}

async function look(
  deps: EngineDeps,
  gateway: EhrGateway,
  row: WriteRow,
  settleMs: number,
): Promise<{ result: LookResult; exchange: readonly Exchange[] }> {
  const prepared = await preparedOf(deps, row);
  const found = await gateway.find(await findQuery(deps, row, prepared, settleMs));
  if (found.outcome !== 'present') return { result: resultOf(found), exchange: found.exchange };
  return readPresent(deps, gateway, prepared, found);
}

/** What to look for: a create with a record to test the search with, an update with what it was based on. */
export async function findQuery(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  row: WriteRow,
  prepared: PreparedRecord,
  settleMs: number,
): Promise<FindQuery> {
  const { id, resourceType } = row;
  if (row.operation === 'create')
    return { id, prepared, resourceType, target: null, control: await controlFor(deps, row, settleMs) };
  return { id, prepared, resourceType, target: (await factsOf(deps, row))?.target ?? null };
}

function resultOf(found: Exclude<FindOutcome, { outcome: 'present' }>): LookResult {
  switch (found.outcome) {
    case 'duplicate':
      return { outcome: 'duplicate' };
    case 'absent':
      return { outcome: 'absent' };
    case 'moved':
      return { outcome: 'moved', reference: found.match.reference };
    case 'inconclusive':
      return { outcome: 'inconclusive', code: found.code, retryAfterMs: found.retryAfterMs };
  }
}

async function readPresent(
  deps: EngineDeps,
  gateway: EhrGateway,
  prepared: PreparedRecord,
  found: Extract<FindOutcome, { outcome: 'present' }>,
): Promise<{ result: LookResult; exchange: readonly Exchange[] }> {
  const { reference, versionId } = found.match;
  const back = await readBack(gateway, prepared, reference, 0, deps.clock.now(), deps.random.fraction());
  return {
    result: { outcome: 'present', reference, versionId, landing: 'charted', verification: back.verification },
    exchange: [...found.exchange, ...back.exchange],
  };
}
