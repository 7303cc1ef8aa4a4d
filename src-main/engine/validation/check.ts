import type { EngineDeps } from '../deps.ts';
import { engineActor } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import { contractFor } from '../policy/in-force.ts';
import { standingOf } from '../policy/standing.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { releaseIfMoved } from '../recovery/release.ts';
import { writeEntry } from '../write-commit.ts';
import { resolveSubject, targetOf, type SubjectReader } from './resolve-subject.ts';
import type { WriteCommand } from '../../ports/outbound/index.ts';
import {
  afterFailedCheck,
  checkWriteContent,
  contractFindings,
  contractRow,
  decidePolicy,
  failureOf,
  originOf,
  settledStates,
  type BusinessEvent,
  type ConsentDecision,
  type ContractMatrix,
  type FailureCode,
  type Finding,
  type Held,
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
  readonly consent?: ConsentDecision;
  /** The write that has to be settled first. */
  readonly follows?: WriteRow;
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
  const { moves, prepared, findings, facts, consent } = checked;
  const body = {
    id: row.id,
    moves,
    prepared,
    findings,
    facts,
    ...(consent === undefined ? {} : { consent }),
    ...(checked.approval === undefined ? {} : { approval: checked.approval }),
  };
  const entry = writeEntry('write.checked', row, now, actor, body);
  const goes = moves.at(-1)?.name === 'pending';
  const done = await commitWithEarlier(deps.ledger, row, entry, goes ? 'approved' : null, now, actor);
  if (done && checked.follows !== undefined) await releaseIfMoved(deps.ledger, row.id, checked.follows, now, actor);
  // When someone else moved the write meanwhile, it comes up again if it still has to be checked.
  return done && goes ? prepared : null;
}

async function gatherAndDecide(checker: Checker, row: WriteRow): Promise<Checked> {
  const { deps, events } = checker;
  const { event, item } = await events.itemOf(row);
  const matrix = await contractFor(deps, row.tenant, row.connection);
  const contract = contractRow(matrix, row.kind);
  if (contract.tier === 'blocked') return stop('policy-blocked', contract.reason, row.slot);

  const earlier = row.supersedes === null ? null : ((await deps.ledger.row('write', row.tenant, row.supersedes)) ?? null);
  if (earlier?.state.name === 'in-flight' || earlier?.state.name === 'unknown') return follows(earlier);
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
  const standing = await standingOf(deps, row, event, item, connection);
  // Asking an EHR about a patient tells it about the patient: no look-up either where nothing may travel.
  if (!standing.carries && standing.held !== null)
    return { ...held(standing.held.code, standing.held), consent: standing.consent };
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return held('connection-inactive');

  const amended = await amendedWrite(deps, row, item);
  if ('open' in amended) return follows(amended.open);
  const target = targetOf(row, item.clinical, earlier, amended.charted);
  const resolution = await resolveSubject(checker.subjects, gateway, row, event.subject, target);
  if (resolution.outcome === 'wait') return wait(deps, row, resolution.code, resolution.retryAfterMs);
  if (resolution.outcome === 'held') return held(resolution.code);
  if (resolution.outcome === 'stop') return stop(resolution.code, resolution.message, resolution.path);

  const command: WriteCommand = {
    identity: row,
    clinical: item.clinical,
    occurredAt: event.occurredAt,
    aiAssisted: event.origin === 'ai' || event.provenance?.model !== undefined,
    author: event.subject.practitioner ?? null,
    contract: { version: matrix.version, resourceType: contract.resource, verify: contract.verify },
  };
  const prepared = gateway.prepare(command, { refs: resolution.facts, target: resolution.target });
  if (prepared.outcome === 'refused') return { ...stop(prepared.code, prepared.message, row.slot), facts: resolution.facts };

  const source = await deps.ledger.row('source', workspaceLog, row.source);
  const findings =
    prepared.resource === null
      ? []
      : [
          ...deps.definitions.validate(prepared.resource),
          ...contractFindings({
            contract,
            origin: originOf(event, source),
            resource: prepared.resource,
            before: row.operation === 'update' ? (resolution.target?.resource ?? null) : null,
          }),
          ...checkWriteContent(event, item, deps.checks, { now: deps.clock.now() }),
        ];
  const decision = decidePolicy({
    contract,
    connection,
    standing,
    counted: await countedApproval(checker, row, event, matrix),
    rejectedAtSource: event.approval?.status === 'rejected',
    findings,
    requestSha256: prepared.request.sha256,
    now: deps.clock.now(),
  });
  return { ...decision, prepared: prepared.request, findings, facts: resolution.facts, consent: standing.consent };
}

async function countedApproval(checker: Checker, row: WriteRow, event: BusinessEvent, matrix: ContractMatrix) {
  const known = await checker.deps.ledger.row('event', row.tenant, row.eventId);
  // A later version of the event may carry an approval; it is not one for this version's content.
  const ofThisVersion = known?.eventVersion === row.eventVersion ? known : undefined;
  const approval = await checker.events.approvalOf(ofThisVersion, event);
  return checker.events.countedApproval(row, event, approval, matrix);
}

/** The write that charted the note an addendum names by its event, or one that is still to chart it. */
async function amendedWrite(
  deps: EngineDeps,
  row: WriteRow,
  item: SlottedItem,
): Promise<{ readonly charted: readonly string[] } | { readonly open: WriteRow }> {
  if (item.clinical.kind !== 'addendum' || item.clinical.item.amends.event === undefined) return { charted: [] };
  const writes = await deps.ledger.writes({
    tenant: row.tenant,
    eventId: item.clinical.item.amends.event,
    connection: row.connection,
    limit: 50,
  });
  const notes = writes.filter((one) => one.kind === 'note' && one.id !== row.id);
  const charted = notes.find((one) => one.state.name === 'committed');
  if (charted !== undefined) return { charted: [charted.id] };
  const open = notes.find((one) => !settledStates.includes(one.state.name));
  return open === undefined ? { charted: [] } : { open };
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

function held(code: FailureCode, because?: Held): Checked {
  const reason = because === undefined ? {} : { reason: because.because };
  return {
    moves: [
      { name: 'held', hold: { code, liftedBy: because?.liftedBy ?? 'integration-administrator', ...reason }, resume: 'draft' },
    ],
    prepared: null,
    findings: [],
    facts: null,
  };
}

/** It goes on when that write is settled (`releaseFollowers`). */
function follows(other: WriteRow): Checked {
  const hold = { code: 'other-write-open', liftedBy: 'operations-lead', follows: other.id } as const;
  return { moves: [{ name: 'held', hold, resume: 'draft' }], prepared: null, findings: [], facts: null, follows: other };
}

function wait(deps: EngineDeps, row: WriteRow, code: FailureCode, retryAfterMs: number | null): Checked {
  const looks = row.state.name === 'draft' ? row.state.looks : 0;
  const state = afterFailedCheck(looks, code, deps.clock.now(), deps.random.fraction(), retryAfterMs);
  return { moves: [state], prepared: null, findings: [], facts: null };
}
