import type { EngineDeps } from '../deps.ts';
import { engineActor } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { writeEntry } from '../write-commit.ts';
import { resolveSubject, targetOf, type SubjectReader } from './resolve-subject.ts';
import type { WriteCommand } from '../../ports/outbound/index.ts';
import {
  contractRow,
  decidePolicy,
  failureOf,
  lookDelayMs,
  settledStates,
  type BusinessEvent,
  type FailureCode,
  type Finding,
  type PreparedRecord,
  type ResolvedFacts,
  type SlottedItem,
  type WriteApproval,
  type WriteRow,
  type WriteState,
  workspaceLog,
} from '../../../src-shared/domain/index.ts';

export interface Checker {
  readonly deps: EngineDeps;
  readonly events: EventSource;
  readonly subjects: SubjectReader;
}

interface Checked {
  readonly moves: readonly WriteState[];
  readonly approval?: WriteApproval | null;
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  readonly facts: ResolvedFacts | null;
}

/**
 * Takes a draft through its checks: facts read, request prepared, structure validated, policy asked. One commit says
 * where it stands afterwards and on what that rests.
 *
 * @returns the request, when the write is now pending: it saves the sender a read
 */
export async function checkWrite(checker: Checker, row: WriteRow): Promise<PreparedRecord | null> {
  const { deps } = checker;
  const checked = await gatherAndDecide(checker, row);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const { moves, prepared, findings, facts } = checked;
  const body = {
    id: row.id,
    moves,
    prepared,
    findings,
    facts,
    ...(checked.approval === undefined ? {} : { approval: checked.approval }),
  };
  const entry = writeEntry('write.checked', row, now, actor, body);
  const goes = moves.at(-1)?.name === 'pending';
  const done = await commitWithEarlier(deps.ledger, row, entry, goes ? 'approved' : null, now, actor);
  // When someone else moved the write meanwhile, it comes up again if it still has to be checked.
  return done && goes ? prepared : null;
}

async function gatherAndDecide(checker: Checker, row: WriteRow): Promise<Checked> {
  const { deps, events } = checker;
  const { event, item } = await events.itemOf(row);
  const contract = contractRow(deps.matrix, row.kind);
  if (contract.tier === 'blocked') return stop('policy-blocked', contract.reason, row.slot);

  const earlier = row.supersedes === null ? null : ((await deps.ledger.row('write', row.tenant, row.supersedes)) ?? null);
  if (earlier?.state.name === 'in-flight' || earlier?.state.name === 'unknown') return wait(deps, row, null);
  const replaces = earlier?.state.name === 'committed';
  if (replaces && contract.resource !== 'DocumentReference') {
    return stop(
      'earlier-version-charted',
      `${earlier.state.evidence.reference} came from version ${earlier.eventVersion} of the event`,
      row.slot,
    );
  }

  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection === undefined) return stop('connection-unknown', `"${row.connection}" is not registered`, 'targets');
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return held('connection-inactive');

  const amended = await amendedWrite(deps, row, item);
  if (amended === 'wait') return wait(deps, row, null);
  const target = targetOf(row, item.clinical, earlier, amended);
  const resolution = await resolveSubject(checker.subjects, gateway, row, event.subject, target);
  if (resolution.outcome === 'wait') return wait(deps, row, resolution.retryAfterMs);
  if (resolution.outcome === 'held') return held(resolution.code);
  if (resolution.outcome === 'stop') return stop(resolution.code, resolution.message, resolution.path);

  const command: WriteCommand = {
    identity: row,
    clinical: item.clinical,
    occurredAt: event.occurredAt,
    aiAssisted: event.origin === 'ai' || event.provenance?.model !== undefined,
    author: event.subject.practitioner ?? null,
    contract: { version: deps.matrix.version, resourceType: contract.resource, verify: contract.verify },
  };
  const prepared = gateway.prepare(command, { refs: resolution.facts, target: resolution.target });
  if (prepared.outcome === 'refused') return { ...stop(prepared.code, prepared.message, row.slot), facts: resolution.facts };

  const findings = prepared.resource === null ? [] : deps.definitions.validate(prepared.resource);
  const decision = decidePolicy({
    contract,
    connection,
    counted: await countedApproval(checker, row, event),
    rejectedAtSource: event.approval?.status === 'rejected',
    findings,
    requestSha256: prepared.request.sha256,
    now: deps.clock.now(),
  });
  return { ...decision, prepared: prepared.request, findings, facts: resolution.facts };
}

async function countedApproval(checker: Checker, row: WriteRow, event: BusinessEvent) {
  const known = await checker.deps.ledger.row('event', row.tenant, row.eventId);
  // A later version of the event may carry an approval; it is not one for this version's content.
  const ofThisVersion = known?.eventVersion === row.eventVersion ? known : undefined;
  const approval = await checker.events.approvalOf(ofThisVersion, event);
  return checker.events.countedApproval(row, event, approval, checker.deps.matrix);
}

/** The write that charted the note an addendum names by its event: its id, `wait` while it is under way, or nothing. */
async function amendedWrite(deps: EngineDeps, row: WriteRow, item: SlottedItem): Promise<readonly string[] | 'wait'> {
  if (item.clinical.kind !== 'addendum' || item.clinical.item.amends.event === undefined) return [];
  const writes = await deps.ledger.writes({
    tenant: row.tenant,
    eventId: item.clinical.item.amends.event,
    connection: row.connection,
    limit: 50,
  });
  const notes = writes.filter((one) => one.kind === 'note' && one.id !== row.id);
  const charted = notes.find((one) => one.state.name === 'committed');
  if (charted !== undefined) return [charted.id];
  return notes.some((one) => !settledStates.includes(one.state.name)) ? 'wait' : [];
}

function stop(code: FailureCode, message: string, path: string): Checked {
  const failure = failureOf(code);
  return {
    moves: [{ name: 'failed-terminal', code }],
    prepared: null,
    findings: [{ rule: code, severity: 'stop', path, message, next: failure.next }],
    facts: null,
  };
}

function held(code: FailureCode): Checked {
  return {
    moves: [{ name: 'held', hold: { code, liftedBy: 'integration-administrator' }, resume: 'draft' }],
    prepared: null,
    findings: [],
    facts: null,
  };
}

function wait(deps: EngineDeps, row: WriteRow, retryAfterMs: number | null): Checked {
  const looks = row.state.name === 'draft' ? row.state.looks : 0;
  const nextAt = deps.clock.now() + lookDelayMs(looks, deps.random.fraction(), retryAfterMs);
  return { moves: [{ name: 'draft', nextAt, looks: looks + 1 }], prepared: null, findings: [], facts: null };
}
