import { engineActor, type EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import { contractFor } from '../policy/in-force.ts';
import { standingNow } from '../policy/standing.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { readBack } from '../verification/read-back.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { readContext, targetMoved } from './context.ts';
import { factsOf, preparedOf } from './prepared.ts';
import { stoppedBy } from './stop.ts';
import type { EhrGateway, SendOutcome } from '../../ports/outbound/index.ts';
import {
  afterSend,
  contractRow,
  driftWords,
  putOff,
  stageSends,
  switchedOff,
  type Exchange,
  type FailureCode,
  type PreparedRecord,
  type SendResult,
  type Standing,
  type StateName,
  type StateOf,
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
export async function sendWrite(
  deps: EngineDeps,
  events: EventSource,
  row: WriteRow,
  known: PreparedRecord | null,
): Promise<void> {
  const stopped = await stoppedNow(deps, row);
  if ('name' in stopped) return hold(deps, row, stopped);
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return hold(deps, row, held('connection-inactive'));
  const unsafe = await clockUnsafe(deps, gateway, row);
  if (unsafe !== null) return hold(deps, row, unsafe);
  const prepared = known ?? (await preparedOf(deps, row));
  const matrix = await contractFor(deps, row.tenant, row.connection);
  if (prepared.adapter !== gateway.adapter || prepared.contract !== matrix.version) return prepareAgain(deps, row);
  const void_ = await approvalVoid(deps, row, prepared);
  if (void_ !== null) return askAgain(deps, row, { reason: void_ });
  const context = await readContext(gateway, events, row);
  if (context.outcome === 'unread') return wait(deps, row, context);
  if (context.outcome === 'changed') {
    const { drift, seen } = context;
    return askAgain(deps, row, { reason: driftWords(drift), code: 'context-changed', context: seen });
  }
  const target = row.operation === 'update' ? ((await factsOf(deps, row))?.target ?? null) : null;
  const moved = target === null ? null : await targetMoved(gateway, target);
  if (moved !== null) return 'moved' in moved ? conflicts(deps, row, moved.moved) : wait(deps, row, moved);

  const startedAt = deps.clock.now();
  const attempt = row.attempts + 1;
  const through: WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: startedAt }] : [];
  const attempted = writeEntry('write.attempted', row, startedAt, engineActor(deps), {
    id: row.id,
    moves: [...through, { name: 'in-flight', attempt, engine: deps.engineId, sentAt: startedAt }],
    requestSha256: prepared.sha256,
    consent: stopped.consent,
  });
  const claimed = await commitWrites(deps.ledger, [row], [attempted]);
  // Someone withdrew it or took it first: nothing was sent, and it comes up again if it is still ours to send.
  if (!claimed.ok) return;
  const inFlight: WriteRow = { ...row, version: row.version + 1, attempts: attempt };

  // Between the look at approval, switches and consent above and this line lie reads of the EHR and a commit: what became
  // durable meanwhile counts, and nothing is waited for between this look and the bytes.
  const late = await stoppedNow(deps, inFlight);
  if ('name' in late) return hold(deps, inFlight, late);
  if ((await approvalVoid(deps, row, prepared)) !== null) return prepareAgain(deps, inFlight, 'in-flight');

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
  for (const one of [approval, ...(approval.with ?? [])]) {
    const person = await deps.ledger.row('person', workspaceLog, one.by);
    if (person === undefined || !person.active) return `"${one.by}" is no longer an active person here`;
    if (!person.roles.includes(one.role)) return `"${one.by}" no longer has the role ${one.role}`;
  }
  return null;
}

async function askAgain(
  deps: EngineDeps,
  row: WriteRow,
  why: Pick<StateOf<'awaiting-approval'>, 'reason' | 'code' | 'context'>,
): Promise<void> {
  const { approvers } = contractRow(await contractFor(deps, row.tenant, row.connection), row.kind);
  const entry = writeEntry('write.held', row, deps.clock.now(), engineActor(deps), {
    id: row.id,
    moves: [{ name: 'awaiting-approval', roles: approvers, ...why }],
    approval: null,
  });
  await commitWrites(deps.ledger, [row], [entry]);
}

/** What an update changes was changed by someone else since it was read: seen before anything was sent (D2). */
async function conflicts(deps: EngineDeps, row: WriteRow, reference: string): Promise<void> {
  const now = deps.clock.now();
  const through: readonly WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: now }] : [];
  const moves: readonly WriteState[] = [...through, { name: 'conflict', code: 'version-conflict', found: reference }];
  await commitWrites(deps.ledger, [row], [writeEntry('write.held', row, now, engineActor(deps), { id: row.id, moves })]);
}

async function wait(
  deps: EngineDeps,
  row: WriteRow,
  why: { readonly code: FailureCode; readonly retryAfterMs: number | null },
): Promise<void> {
  const now = deps.clock.now();
  const moves = putOff(row, why.code, now, deps.random.fraction(), why.retryAfterMs);
  await commitWrites(deps.ledger, [row], [writeEntry('write.put-off', row, now, engineActor(deps), { id: row.id, moves })]);
}

/**
 * Another adapter or contract version would send other bytes: the approval is void, and the write is checked and prepared
 * anew, so that whoever approves it next sees what will really be sent.
 */
async function prepareAgain(deps: EngineDeps, row: WriteRow, from: StateName = row.state.name): Promise<void> {
  const now = deps.clock.now();
  const moves: readonly WriteState[] = [
    ...(from === 'failed-retryable' ? [{ name: 'pending', nextAt: now } as const] : []),
    { name: 'held', hold: { code: 'approval-void', liftedBy: 'clinician' }, resume: 'draft' },
    { name: 'draft', nextAt: now, looks: 0 },
  ];
  await commitWrites(
    deps.ledger,
    [row],
    [writeEntry('write.held', row, now, engineActor(deps), { id: row.id, moves, approval: null })],
  );
}

/** What stops the write at the last moment: a kill switch, a connection that may no longer send, consent (B4, B5, G1). */
async function stoppedNow(deps: EngineDeps, row: WriteRow): Promise<StateOf<'held'> | Standing> {
  const stopping = await stoppedBy(deps.ledger, row, 'writes');
  if (stopping !== undefined) return switchedOff(row, stopping);
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection?.active !== true) return held('connection-inactive');
  if (!stageSends(connection.stage)) return held('stage-read-only');
  const standing = await standingNow(deps, row, connection);
  if (standing.held === null) return standing;
  const { code, liftedBy, because } = standing.held;
  return { name: 'held', hold: { code, liftedBy, reason: because }, resume: 'pending' };
}

/** A clock that was set, or is wrong: asked of the EHR once, whose answers carry a time, before the write is held for it. */
async function clockUnsafe(deps: EngineDeps, gateway: EhrGateway, row: WriteRow): Promise<StateOf<'held'> | null> {
  if ((deps.clockUnsafe?.() ?? null) === null) return null;
  const facts = await factsOf(deps, row);
  if (facts !== null) await gateway.read(facts.patient.reference);
  const reason = deps.clockUnsafe?.() ?? null;
  return reason === null
    ? null
    : { name: 'held', hold: { code: 'clock-unsafe', liftedBy: 'operations-lead', reason }, resume: 'pending' };
}

function held(code: FailureCode): StateOf<'held'> {
  return { name: 'held', hold: { code, liftedBy: 'integration-administrator' }, resume: 'pending' };
}

async function hold(deps: EngineDeps, row: WriteRow, state: StateOf<'held'>): Promise<void> {
  const entry = writeEntry('write.held', row, deps.clock.now(), engineActor(deps), { id: row.id, moves: [state] });
  await commitWrites(deps.ledger, [row], [entry]);
}
