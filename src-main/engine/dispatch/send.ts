import { engineActor, type EngineDeps } from '../deps.ts';
import type { RunningDeps } from '../outbox/lease.ts';
import type { EventSource } from '../event-source.ts';
import { untriedVersions } from '../policy/change-control.ts';
import { findingsUnsigned } from '../policy/findings.ts';
import { contractFor } from '../policy/in-force.ts';
import { standingOnNamedConsent } from '../policy/named-consent.ts';
import { selectionNow, selectorNow } from '../policy/selection.ts';
import { standingNow } from '../policy/standing.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { attachIfPresent } from '../reconciliation/late.ts';
import { lookBeforeSending, sentBeforeLoss } from '../recovery/lost-end.ts';
import { readBack } from '../verification/read-back.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { calendarNow, type CalendarNow } from './calendar.ts';
import { readContext, readSubject, targetMoved } from './context.ts';
import { factsOf, preparedOf } from './prepared.ts';
import { stageOf, stoppedBy } from './stop.ts';
import { LeaseEnded, type EhrGateway, type SendOutcome } from '../../ports/outbound/index.ts';
import {
  afterSend,
  approversFor,
  askedUntil,
  blockedVoid,
  changeWords,
  contractRow,
  driftWords,
  failureOf,
  emergencyEnded,
  goesUnattended,
  personAt,
  putOff,
  stageSends,
  switchedOff,
  waitAsAsked,
  waitForCalendar,
  type CalendarWait,
  type ContractRow,
  type EntryBodies,
  type Exchange,
  type FailureCode,
  type Held,
  type PreparedRecord,
  type RolloutStage,
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
 * @param retried it is sent again: what that leaves of its connection's budget of retries
 */
export async function sendWrite(
  deps: RunningDeps,
  events: EventSource,
  row: WriteRow,
  known: PreparedRecord | null,
  retried: EntryBodies['write.attempted']['retried'] | null = null,
): Promise<void> {
  const stopped = await stoppedNow(deps, row);
  if ('name' in stopped) return hold(deps, row, stopped);
  const calendar = await calendarFor(deps, row);
  if (calendar.wait !== null) return waitUntil(deps, row, calendar.wait);
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return hold(deps, row, held('connection-inactive'));
  const unsafe = await clockUnsafe(deps, gateway, row);
  if (unsafe !== null) return hold(deps, row, unsafe);
  const asked = waitAsAsked(row, deps.clock.now());
  if (asked !== null) return putOffTo(deps, row, asked);
  const prepared = known ?? (await preparedOf(deps, row));
  const matrix = await contractFor(deps, row.tenant, row.connection);
  if (prepared.adapter !== gateway.adapter || prepared.contract !== matrix.version) return prepareAgain(deps, row);
  const contract = contractRow(matrix, row.kind);
  // Whoever selected it is gone: no approval helps, somebody has to select it anew.
  if (contract.tier === 'blocked' && (await selectionNow(deps, row, matrix.version)) === undefined)
    return prepareAgain(deps, row);
  const void_ = await approvalVoid(deps, row, prepared, contract, stopped.stage);
  if (void_ !== null) return askAgain(deps, row, { reason: void_ });
  // Asked again from the beginning: other rules find other things.
  if ((await findingsUnsigned(deps, row, matrix.version)) !== null) return prepareAgain(deps, row);
  const untried = await untriedVersions(deps, events, row, prepared);
  if (untried.length > 0) return askAgain(deps, row, { reason: changeWords(untried), code: 'version-unseen' });
  const consented = await consentNow(deps, gateway, events, row);
  if (consented !== null) return 'name' in consented ? hold(deps, row, consented) : wait(deps, row, consented);
  // Absence was proved when it was last looked for; what the EHR has carried out since is not sent a second time.
  if (sentUnclearly(row) && (await attachIfPresent(deps, row))) return;
  const lostAt = await sentBeforeLoss(deps, events, row);
  if (lostAt !== null && !(await absentAfterLoss(deps, row, lostAt))) return;
  const context = await readContext(gateway, events, row);
  if (context.outcome === 'unread') return wait(deps, row, context);
  if (context.outcome === 'changed') {
    const { drift, seen } = context;
    return askAgain(deps, row, { reason: driftWords(drift), code: 'context-changed', context: seen });
  }
  // What was checked a moment ago, in this run, has just been read.
  const justRead = known !== null && deps.clock.now() - row.updatedAt <= limits.subjectAgeMaxMs;
  const facts = justRead && row.operation === 'create' ? null : await factsOf(deps, row);
  const subject = justRead || facts === null ? null : await readSubject(gateway, row, facts);
  if (subject?.outcome === 'unread') return wait(deps, row, subject);
  if (subject?.outcome === 'check') return prepareAgain(deps, row);
  if (subject?.outcome === 'changed')
    return askAgain(deps, row, { reason: subject.reason, code: 'context-changed', context: subject.seen });
  const target = row.operation === 'update' ? (facts?.target ?? null) : null;
  const moved = target === null ? null : await targetMoved(deps, gateway, target);
  if (moved !== null) return 'moved' in moved ? conflicts(deps, row, moved.moved) : wait(deps, row, moved);

  const startedAt = deps.clock.now();
  const attempt = row.attempts + 1;
  const through: WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: startedAt }] : [];
  const { fence } = deps.lease;
  const leaving: StateOf<'in-flight'> = { name: 'in-flight', attempt, engine: deps.engineId, sentAt: startedAt, fence };
  const attempted = writeEntry('write.attempted', row, startedAt, engineActor(deps), {
    id: row.id,
    moves: [...through, leaving],
    requestSha256: prepared.sha256,
    consent: stopped.consent,
    ...(stopped.stage === 'limited-auto-write' && row.approval?.made !== 'person' ? { reviewDue: true } : {}),
    ...(calendar.counted.length === 0 ? {} : { counted: calendar.counted }),
    ...(retried === null ? {} : { retried }),
  });
  const expected = [{ kind: 'write', key: row.id, version: row.version } as const, ...calendar.expected];
  const claimed = await deps.ledger.commit({ tenant: row.tenant, expected, entries: [attempted], lane: row.lane });
  // Someone withdrew it, or another engine took it or its lane first: nothing was sent, and it comes up again when it can.
  if (!claimed.ok) return;
  const inFlight: WriteRow = { ...row, state: leaving, version: row.version + 1, attempts: attempt };

  // Between the look at approval, switches and consent above and this line lie reads of the EHR and a commit: what became
  // durable meanwhile counts, and nothing is waited for between this look and the bytes.
  do {
    await deps.lease.makeSure();
    const late = await stoppedNow(deps, inFlight);
    if ('name' in late) return hold(deps, inFlight, late);
    const closed = await calendarFor(deps, row, 1);
    if (closed.wait !== null) return waitUntil(deps, inFlight, closed.wait);
    if ((await approvalVoid(deps, row, prepared, contract, late.stage)) !== null)
      return prepareAgain(deps, inFlight, 'in-flight');
    const clock = deps.clockUnsafe?.() ?? null;
    if (clock !== null) return hold(deps, inFlight, clockHeld(clock));
  } while (!deps.lease.maySend());

  // What comes of it could not be recorded: not even this request leaves. It stays in flight, and is looked for (C5).
  if (deps.ledger.stopped() !== null) return;
  const outcome = await gateway.send(prepared, limits.writeTimeoutMs);
  const landed = await inboxed(deps, row, outcome);
  const { result, exchange } = await withReadBack(deps, gateway, prepared, contract, landed);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const moves = afterSend(inFlight, result, now, deps.random.fraction());
  const verified = result.outcome === 'applied' && result.verification.result === 'verified';
  const entry = writeEntry('write.settled', row, now, actor, { id: row.id, moves, exchange, ...askedUntil(result, now) });
  const ends = verified ? 'verified' : null;
  const settled = await commitWithEarlier(deps.ledger, inFlight, entry, ends, now, actor).catch((error: unknown) => {
    // Another engine has taken the write over, and looks for it. What the EHR said belongs to the write all the same.
    if (error instanceof LeaseEnded) deps.lease.lateAnswers.push({ row: inFlight, result, exchange });
    throw error;
  });
  // Nobody but this engine moves a write in flight while its lease lasts; if someone did, the row stays as it is.
  if (!settled) deps.log.write('error', 'settle-clash', { write: row.id, outcome: outcome.outcome });
}

/** True for a write whose earlier attempt may have arrived; one that the EHR turned away at its door did not. */
function sentUnclearly({ attempts, state }: WriteRow): boolean {
  if (attempts === 0) return false;
  return state.name !== 'failed-retryable' || failureOf(state.code).class === 'ambiguous';
}

/** True when the chart proves that it was not sent in the time of which the ledger knows nothing; else what follows is recorded. */
async function absentAfterLoss(deps: EngineDeps, row: WriteRow, lostAt: number): Promise<boolean> {
  const { settings } = (await deps.ledger.row('connection', workspaceLog, row.connection)) ?? {};
  const looked = await lookBeforeSending(deps, row, settings?.searchSettleMs ?? deps.searchSettleMs, lostAt);
  switch (looked.then) {
    case 'send':
      return true;
    case 'settled':
      break;
    case 'ask':
      await askAgain(deps, row, { reason: looked.reason });
      break;
    case 'wait':
      await wait(deps, row, looked);
      break;
    case 'hold':
      await hold(deps, row, { name: 'held', hold: { code: looked.code, liftedBy: 'clinician' }, resume: 'pending' });
      break;
    case 'conflict':
      await conflicts(deps, row, looked.reference);
      break;
  }
  return false;
}

/** What the EHR is known to put into an inbox has not reached the chart by being taken: somebody there has to take it over. */
async function inboxed(deps: EngineDeps, row: WriteRow, outcome: SendOutcome): Promise<SendOutcome> {
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection?.settings?.heldForReconciliation?.includes(row.resourceType) !== true) return outcome;
  if (outcome.outcome === 'applied') return { ...outcome, landing: 'held-for-reconciliation' };
  return outcome.outcome === 'unknown' && outcome.code === 'accepted-only' ? { ...outcome, code: 'held-in-ehr' } : outcome;
}

/** An applied write is read back before its outcome is recorded: one commit then tells both. */
async function withReadBack(
  deps: EngineDeps,
  gateway: EhrGateway,
  prepared: PreparedRecord,
  contract: ContractRow,
  outcome: SendOutcome,
): Promise<{ result: SendResult; exchange: readonly Exchange[] }> {
  if (outcome.outcome !== 'applied') return { result: outcome, exchange: outcome.exchange };
  const { reference } = outcome.ref;
  const back = await readBack(gateway, prepared, contract, reference, 0, deps.clock.now(), deps.random.fraction());
  const versionId = outcome.ref.versionId ?? back.versionId;
  return {
    result: {
      outcome: 'applied',
      reference,
      versionId,
      landing: outcome.landing,
      verification: back.verification,
    },
    exchange: [...outcome.exchange, ...back.exchange],
  };
}

/** Why the recorded approval no longer covers what would be sent, checked at the last moment (G4, INV-4, INV-6). */
async function approvalVoid(
  deps: EngineDeps,
  row: WriteRow,
  prepared: PreparedRecord,
  contract: ContractRow,
  stage: RolloutStage,
): Promise<string | null> {
  const { approval } = row;
  if (approval === null) return 'it has not been approved';
  if (approval.requestSha256 !== prepared.sha256) return 'the request is not the one that was approved';
  if (approval.made === 'contract') {
    if (!goesUnattended(contract, stage)) return 'nobody has approved it, and it no longer goes without';
    if ((await stoppedBy(deps.ledger, row, 'approvals')) !== undefined) return 'nobody has approved it, and approvals are frozen';
  }
  for (const one of [approval, ...(approval.with ?? [])]) {
    const person = await deps.ledger.row('person', workspaceLog, one.by);
    const now = deps.clock.now();
    if (person === undefined || !person.active) return `"${one.by}" is no longer an active person here`;
    if (one.emergency !== undefined) {
      const ended = emergencyEnded(await deps.ledger.row('emergency', row.tenant, one.emergency), row, now);
      if (ended !== null) return ended;
    } else if (!personAt(person, now).roles.includes(one.role)) return `"${one.by}" no longer has the role ${one.role}`;
  }
  return blockedVoid(row, contract, prepared.contract, approval, await selectorNow(deps, row));
}

async function askAgain(
  deps: EngineDeps,
  row: WriteRow,
  why: Pick<StateOf<'awaiting-approval'>, 'reason' | 'code' | 'context'>,
): Promise<void> {
  const approvers = approversFor(contractRow(await contractFor(deps, row.tenant, row.connection), row.kind));
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
  return putOffTo(deps, row, putOff(row, why.code, deps.clock.now(), deps.random.fraction(), why.retryAfterMs));
}

async function putOffTo(deps: EngineDeps, row: WriteRow, moves: readonly WriteState[]): Promise<void> {
  const entry = writeEntry('write.put-off', row, deps.clock.now(), engineActor(deps), { id: row.id, moves });
  await commitWrites(deps.ledger, [row], [entry]);
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

/** Maintenance windows and daily caps; a connection that is not there is told by `stoppedNow`. */
async function calendarFor(deps: EngineDeps, row: WriteRow, own: 0 | 1 = 0): Promise<CalendarNow> {
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  return connection === undefined ? { wait: null, counted: [], expected: [] } : calendarNow(deps, row, connection, own);
}

async function waitUntil(deps: EngineDeps, row: WriteRow, until: CalendarWait): Promise<void> {
  return putOffTo(deps, row, waitForCalendar(row, until, deps.clock.now()));
}

/** What stops the write at the last moment: a kill switch, a connection that may no longer send, consent (B4, B5, G1). */
async function stoppedNow(deps: EngineDeps, row: WriteRow): Promise<StateOf<'held'> | Standing> {
  const stopping = await stoppedBy(deps.ledger, row, 'writes');
  if (stopping !== undefined) return switchedOff(row, stopping);
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection?.active !== true) return held('connection-inactive');
  if (!stageSends(await stageOf(deps.ledger, connection, row))) return held('stage-read-only');
  const standing = await standingNow(deps, row, connection);
  return standing.held === null ? standing : heldBy(standing.held);
}

/** What stops it when the consent that its event names is read again, or why that could not be read; `null`: nothing. */
async function consentNow(deps: EngineDeps, gateway: EhrGateway, events: EventSource, row: WriteRow) {
  const standing = await standingOnNamedConsent(deps, gateway, events, row);
  if (standing === null || 'outcome' in standing) return standing;
  return standing.held === null ? null : heldBy(standing.held);
}

function heldBy({ code, liftedBy, because }: Held): StateOf<'held'> {
  return { name: 'held', hold: { code, liftedBy, reason: because }, resume: 'pending' };
}

/** A clock that was set, or is wrong: asked of the EHR once, whose answers carry a time, before the write is held for it. */
async function clockUnsafe(deps: EngineDeps, gateway: EhrGateway, row: WriteRow): Promise<StateOf<'held'> | null> {
  if ((deps.clockUnsafe?.() ?? null) === null) return null;
  const facts = await factsOf(deps, row);
  if (facts !== null) await gateway.read(facts.patient.reference);
  const reason = deps.clockUnsafe?.() ?? null;
  return reason === null ? null : clockHeld(reason);
}

function clockHeld(reason: string): StateOf<'held'> {
  return { name: 'held', hold: { code: 'clock-unsafe', liftedBy: 'operations-lead', reason }, resume: 'pending' };
}

function held(code: FailureCode): StateOf<'held'> {
  return { name: 'held', hold: { code, liftedBy: 'integration-administrator' }, resume: 'pending' };
}

async function hold(deps: EngineDeps, row: WriteRow, state: StateOf<'held'>): Promise<void> {
  const entry = writeEntry('write.held', row, deps.clock.now(), engineActor(deps), { id: row.id, moves: [state] });
  await commitWrites(deps.ledger, [row], [entry]);
}
