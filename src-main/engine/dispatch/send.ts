import { engineActor, type EngineDeps } from '../deps.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { readBack } from '../verification/read-back.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { preparedOf } from './prepared.ts';
import type { EhrGateway, SendOutcome } from '../../ports/outbound/index.ts';
import {
  afterSend,
  contractRow,
  type Exchange,
  type PreparedRecord,
  type SendResult,
  type WriteRow,
  type WriteState,
  workspaceLog,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Sends one write, once: attempt on disk, bytes out, outcome on disk (C5). Between the two commits the write counts as
 * "may be in the chart", whatever happens to this process.
 *
 * @param known the request, when the checker has just prepared it
 */
export async function sendWrite(deps: EngineDeps, row: WriteRow, known: PreparedRecord | null): Promise<void> {
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return holdBack(deps, row);
  const prepared = known ?? (await preparedOf(deps, row));
  if (prepared.adapter !== gateway.adapter || prepared.contract !== deps.matrix.version) return prepareAgain(deps, row);
  const void_ = await approvalVoid(deps, row, prepared);
  if (void_ !== null) return askAgain(deps, row, void_);

  const startedAt = deps.clock.now();
  const attempt = row.attempts + 1;
  const through: WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: startedAt }] : [];
  const attempted = writeEntry('write.attempted', row, startedAt, engineActor(deps), {
    id: row.id,
    moves: [...through, { name: 'in-flight', attempt, engine: deps.engineId, sentAt: startedAt }],
    requestSha256: prepared.sha256,
  });
  const claimed = await commitWrites(deps.ledger, [row], [attempted]);
  // Someone withdrew it or took it first: nothing was sent, and it comes up again if it is still ours to send.
  if (!claimed.ok) return;
  const inFlight: WriteRow = { ...row, version: row.version + 1, attempts: attempt };

  const outcome = await gateway.send(prepared, limits.writeTimeoutMs);
  const { result, exchange } = await withReadBack(deps, gateway, prepared, outcome);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const moves = afterSend(inFlight, result, now, deps.random.fraction());
  const verified = result.outcome === 'applied' && result.verification.result === 'verified';
  const entry = writeEntry('write.settled', row, now, actor, { id: row.id, moves, exchange });
  const settled = await commitWithEarlier(deps.ledger, inFlight, entry, verified ? 'verified' : null, now, actor);
  // Nobody but this engine moves a write in flight; if someone did, the row stays as it is and recovery looks.
  if (!settled) deps.log.write('error', 'settle-clash', { write: row.id, outcome: outcome.outcome });
}

/** An applied write is read back before its outcome is recorded: one commit then tells both. */
async function withReadBack(
  deps: EngineDeps,
  gateway: EhrGateway,
  prepared: PreparedRecord,
  outcome: SendOutcome,
): Promise<{ result: SendResult; exchange: readonly Exchange[] }> {
  if (outcome.outcome !== 'applied') return { result: outcome, exchange: outcome.exchange };
  const back = await readBack(gateway, prepared, outcome.ref.reference, 0, deps.clock.now(), deps.random.fraction());
  const versionId = outcome.ref.versionId ?? back.versionId;
  return {
    result: {
      outcome: 'applied',
      reference: outcome.ref.reference,
      versionId,
      landing: outcome.landing,
      verification: back.verification,
    },
    exchange: [...outcome.exchange, ...back.exchange],
  };
}

/** Why the recorded approval no longer covers what would be sent, checked at the last moment (G4, INV-4, INV-6). */
async function approvalVoid(deps: EngineDeps, row: WriteRow, prepared: PreparedRecord): Promise<string | null> {
  const { approval } = row;
  if (approval === null) return 'it has not been approved';
  if (approval.requestSha256 !== prepared.sha256) return 'the request is not the one that was approved';
  const person = await deps.ledger.row('person', workspaceLog, approval.by);
  if (person === undefined || !person.active) return `"${approval.by}" is no longer an active person here`;
  if (!person.roles.includes(approval.role)) return `"${approval.by}" no longer has the role ${approval.role}`;
  return null;
}

async function askAgain(deps: EngineDeps, row: WriteRow, reason: string): Promise<void> {
  const { approvers } = contractRow(deps.matrix, row.kind);
  const entry = writeEntry('write.held', row, deps.clock.now(), engineActor(deps), {
    id: row.id,
    moves: [{ name: 'awaiting-approval', roles: approvers, reason }],
    approval: null,
  });
  await commitWrites(deps.ledger, [row], [entry]);
}

/**
 * Another adapter or contract version would send other bytes: the approval is void, and the write is checked and prepared
 * anew, so that whoever approves it next sees what will really be sent.
 */
async function prepareAgain(deps: EngineDeps, row: WriteRow): Promise<void> {
  const now = deps.clock.now();
  const moves: readonly WriteState[] = [
    ...(row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: now } as const] : []),
    { name: 'held', hold: { code: 'approval-void', liftedBy: 'clinician' }, resume: 'draft' },
    { name: 'draft', nextAt: now, looks: 0 },
  ];
  await commitWrites(
    deps.ledger,
    [row],
    [writeEntry('write.held', row, now, engineActor(deps), { id: row.id, moves, approval: null })],
  );
}

async function holdBack(deps: EngineDeps, row: WriteRow): Promise<void> {
  const entry = writeEntry('write.held', row, deps.clock.now(), engineActor(deps), {
    id: row.id,
    moves: [{ name: 'held', hold: { code: 'connection-inactive', liftedBy: 'integration-administrator' }, resume: 'pending' }],
  });
  await commitWrites(deps.ledger, [row], [entry]);
}
