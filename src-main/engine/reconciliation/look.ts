import { engineActor, type EngineDeps } from '../deps.ts';
import { factsOf, preparedOf } from '../dispatch/prepared.ts';
import { contractRowFor } from '../policy/in-force.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { controlFor } from './control.ts';
import { readBack } from '../verification/read-back.ts';
import { writeEntry } from '../write-commit.ts';
import type { EhrGateway, FindOutcome, FindQuery } from '../../ports/outbound/index.ts';
import {
  acceptedEnded,
  afterLateLook,
  afterLook,
  windowOpenAt,
  workspaceLog,
  type Exchange,
  type FailureCode,
  type LookResult,
  type PreparedRecord,
  type StateOf,
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
  const { asked, result, exchange } =
    'refused' in gateway
      ? { asked: row, ...notAsked(gateway.refused) }
      : await lookOrWait(deps, gateway, row, row.state, settleMs);
  const now = deps.clock.now();
  // A look says how the chart stood when it was asked for, and a step of the wall clock is no time gone by.
  const passed = unknownForMs ?? askedAt - row.state.since;
  const uncounted = Math.max(0, now - row.state.since - passed);
  const maintained = windowOpenAt(settings?.maintenance ?? [], now) !== undefined;
  const actor = engineActor(deps);
  const moves = afterLook(asked, result, now, deps.random.fraction(), settleMs + uncounted, settings?.absenceLooks, maintained);
  const verified = result.outcome === 'present' && result.verification.result === 'verified';
  const voids = moves.at(-1)?.name === 'awaiting-approval';
  const body = { id: row.id, moves, exchange, ...(voids ? { approval: null } : {}) };
  const entry = writeEntry('write.looked-up', row, now, actor, body);
  await commitWithEarlier(deps.ledger, row, entry, verified ? 'verified' : null, now, actor);
}

function notAsked(code: FailureCode): { readonly result: LookResult; readonly exchange: readonly Exchange[] } {
  return { result: { outcome: 'inconclusive', code, retryAfterMs: null }, exchange: [] };
}

/**
 * A request that was only accepted is asked for first, where the EHR says how: while it is under way there, nothing is to
 * be found; once it has ended there, it is looked for like any other.
 */
async function lookOrWait(
  deps: EngineDeps,
  gateway: EhrGateway,
  row: WriteRow,
  state: StateOf<'unknown'>,
  settleMs: number,
): Promise<{ readonly asked: WriteRow; readonly result: LookResult; readonly exchange: readonly Exchange[] }> {
  const job = state.monitor === undefined ? undefined : await gateway.monitor?.(state.monitor);
  const said = job?.exchange ?? [];
  if (job?.outcome === 'running')
    return { asked: row, result: { outcome: 'running', retryAfterMs: job.retryAfterMs }, exchange: said };
  const { result, exchange } = await look(deps, gateway, row, settleMs);
  const asked = job?.outcome === 'ended' ? { ...row, state: acceptedEnded(state, job.failed, deps.clock.now()) } : row;
  return { asked, result, exchange: [...said, ...exchange] };
}

/**
 * Looks once more for a write that was handed to a person: what an EHR carries out late, or a person took over there, is
 * found without anybody asking. Only presence is recorded; that nothing was found proves nothing new.
 *
 * @returns `false` when the look could not be carried out
 */
export async function lookAgain(deps: EngineDeps, gateway: EhrGateway, row: WriteRow): Promise<boolean> {
  const { settings } = (await deps.ledger.row('connection', workspaceLog, row.connection)) ?? {};
  const { result, exchange } = await look(deps, gateway, row, settings?.searchSettleMs ?? deps.searchSettleMs);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const moves = afterLateLook(row, result, now);
  const verified = result.outcome === 'present' && result.verification.result === 'verified';
  const entry = writeEntry('write.looked-up', row, now, actor, { id: row.id, moves, exchange });
  await commitWithEarlier(deps.ledger, row, entry, verified ? 'verified' : null, now, actor);
  return result.outcome !== 'inconclusive';
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
  return readPresent(deps, gateway, row, prepared, found);
}

/** What to look for: a create with a record to test the search with, an update with what it was based on. */
export async function findQuery(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  row: WriteRow,
  prepared: PreparedRecord,
  settleMs: number,
): Promise<FindQuery> {
  const { id, resourceType } = row;
  const facts = await factsOf(deps, row);
  if (row.operation !== 'create') return { id, prepared, resourceType, target: facts?.target ?? null };
  const control = await controlFor(deps, row, settleMs);
  const byContent = facts === null ? {} : { byContent: { patient: facts.patient.reference, since: row.createdAt } };
  return { id, prepared, resourceType, target: null, control, ...byContent };
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
  row: WriteRow,
  prepared: PreparedRecord,
  found: Extract<FindOutcome, { outcome: 'present' }>,
): Promise<{ result: LookResult; exchange: readonly Exchange[] }> {
  const { reference, versionId } = found.match;
  const contract = await contractRowFor(deps, row);
  const back = await readBack(gateway, prepared, contract, reference, 0, deps.clock.now(), deps.random.fraction());
  return {
    result: { outcome: 'present', reference, versionId, landing: 'charted', verification: back.verification },
    exchange: [...found.exchange, ...back.exchange],
  };
}
