import { engineActor, type EngineDeps } from '../deps.ts';
import { preparedOf } from '../dispatch/prepared.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { readBack } from '../verification/read-back.ts';
import { writeEntry } from '../write-commit.ts';
import type { EhrGateway, FindOutcome } from '../../ports/outbound/index.ts';
import {
  afterLook,
  type Exchange,
  type LookResult,
  type PreparedRecord,
  type ResolvedRef,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

/** Looks in the chart for a write whose outcome is unknown (C4). Looking never changes the chart. */
export async function lookForWrite(deps: EngineDeps, row: WriteRow): Promise<void> {
  if (row.state.name !== 'unknown') return;
  const gateway = await deps.gateways.open(row.connection);
  const { result, exchange } =
    'refused' in gateway
      ? { result: { outcome: 'inconclusive', code: gateway.refused, retryAfterMs: null } satisfies LookResult, exchange: [] }
      : await look(deps, gateway, row);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const moves = afterLook(row, result, now, deps.random.fraction(), deps.searchSettleMs);
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
): Promise<{ result: LookResult; exchange: readonly Exchange[] }> {
  const prepared = await preparedOf(deps, row);
  const found = await gateway.find({ id: row.id, prepared, resourceType: row.resourceType, target: await targetOf(deps, row) });
  if (found.outcome !== 'present') return { result: resultOf(found), exchange: found.exchange };
  return readPresent(deps, gateway, prepared, found);
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

/** What an update was based on, from the entry of its check. */
async function targetOf(deps: EngineDeps, row: WriteRow): Promise<ResolvedRef | null> {
  if (row.operation !== 'update' || row.prepared === null) return null;
  const entry = await deps.ledger.entry(row.tenant, row.prepared.seq);
  const body = entry?.body as { facts?: { target: ResolvedRef | null } | null } | null | undefined;
  return body?.facts?.target ?? null;
}
