import type { EngineDeps } from '../deps.ts';
import { engineActor } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import type { EventSource } from '../event-source.ts';
import { unseenVersions } from '../policy/change-control.ts';
import { contractFor, houseRulesInForce } from '../policy/in-force.ts';
import { readNamedConsent } from '../policy/named-consent.ts';
import { standingOf } from '../policy/standing.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { releaseIfMoved } from '../recovery/release.ts';
import { writeEntry } from '../write-commit.ts';
import { compareWithChart, type ListReader } from './compare-chart.ts';
import { resolveSubject, targetOf, type SubjectReader } from './resolve-subject.ts';
import type { ChartResource, WriteCommand } from '../../ports/outbound/index.ts';
import {
  baseSha256,
  amendsError,
  afterFailedCheck,
  checkWriteContent,
  contractFindings,
  contractRow,
  decidePolicy,
  failureOf,
  normalizeWrite,
  pathOf,
  readsVersion,
  originOf,
  settledStates,
  shapedFor,
  stageFor,
  unlessFrozen,
  signedFindings,
  weakerGuarantee,
  type BusinessEvent,
  type ConsentDecision,
  type ContractMatrix,
  type FailureCode,
  type Finding,
  type Held,
  type NormalizedRecord,
  type ReadRecord,
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
  readonly subjects: SubjectReader & ListReader;
}

/** Where a check leaves a write, and on what that rests. */
export interface Checked {
  readonly moves: readonly WriteState[];
  readonly approval?: WriteApproval | null;
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  readonly facts: ResolvedFacts | null;
  readonly normalized?: NormalizedRecord;
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
  const reads: ReadRecord[] = [];
  const checked = await gatherAndDecide(checker, row, reads);
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const { moves, prepared, findings, facts, consent, normalized } = checked;
  const body = {
    id: row.id,
    moves,
    prepared,
    findings,
    facts,
    ...(consent === undefined ? {} : { consent }),
    ...(normalized === undefined ? {} : { normalized }),
    ...(reads.length === 0 ? {} : { reads: { list: readsVersion, made: reads } }),
    rules: deps.checks.version,
    ...(checked.approval === undefined ? {} : { approval: checked.approval }),
  };
  const entry = writeEntry('write.checked', row, now, actor, body);
  const goes = moves.at(-1)?.name === 'pending';
  const done = await commitWithEarlier(deps.ledger, row, entry, goes ? 'approved' : null, now, actor);
  if (done && checked.follows !== undefined) await releaseIfMoved(deps.ledger, row.id, checked.follows, now, actor);
  // When someone else moved the write meanwhile, it comes up again if it still has to be checked.
  return done && goes ? prepared : null;
}

/**
 * The check itself: reads what it needs, decides, records nothing but versions it meets for the first time.
 *
 * @param reads receives what was read of the chart
 */
export async function gatherAndDecide(checker: Checker, row: WriteRow, reads: ReadRecord[]): Promise<Checked> {
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

  const known = await deps.ledger.row('event', row.tenant, row.eventId);
  if (known?.disputed === row.eventVersion) {
    const because = 'two different contents were approved under this version of the event';
    return held('version-disputed', { code: 'version-disputed', liftedBy: 'clinical-owner', because });
  }

  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection === undefined) return stop('connection-unknown', `"${row.connection}" is not registered`, 'targets');
  let standing = await standingOf(deps, row, event, item, connection);
  // Asking an EHR about a patient tells it about the patient: no look-up either where nothing may travel.
  if (!standing.carries && standing.held !== null)
    return { ...held(standing.held.code, standing.held), consent: standing.consent };
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return held('connection-inactive');

  const amended = await amendedWrite(deps, row, item);
  if ('open' in amended) return follows(amended.open);
  const target = targetOf(row, item.clinical, earlier, amended.charted);
  const resolution = await resolveSubject(
    recording(checker.subjects, reads, target?.kind === 'patient-itself'),
    gateway,
    row,
    event.subject,
    target,
  );
  if (resolution.outcome === 'wait') return wait(deps, row, resolution.code, resolution.retryAfterMs);
  if (resolution.outcome === 'held') return held(resolution.code);
  if (resolution.outcome === 'stop') return stop(resolution.code, resolution.message, resolution.path);

  const named = await readNamedConsent(deps, gateway, event, resolution.facts.patient.reference);
  if (named.outcome === 'unread') return wait(deps, row, named.code, named.retryAfterMs);
  if (named.read !== null) {
    const found = named.named?.consent === null ? [] : [named.read];
    reads.push({ purpose: 'own-entry', what: 'consent', found });
    standing = await standingOf(deps, row, event, item, connection, named.named);
  }

  const house = await houseRulesInForce(deps.ledger, row.tenant);
  const normalized = normalizeWrite(event, item, deps.checks, house);
  const facts = row.operation === 'update' ? withBase(deps, resolution.facts, resolution.target) : resolution.facts;
  const command: WriteCommand = {
    identity: row,
    clinical: normalized.clinical,
    occurredAt: event.occurredAt,
    aiAssisted: event.origin === 'ai' || event.provenance?.model !== undefined,
    author: event.subject.practitioner ?? null,
    contract: {
      version: matrix.version,
      resourceType: contract.resource,
      verify: contract.verify,
      ...(contract.unversioned === undefined ? {} : { unversioned: contract.unversioned }),
    },
  };
  const prepared = gateway.prepare(command, { refs: facts, target: resolution.target });
  if (prepared.outcome === 'refused') return { ...stop(prepared.code, prepared.message, row.slot), facts };

  const { clinical } = normalized;
  const about = { row, event, item, clinical, patient: resolution.facts.patient.reference };
  const compared = await compareWithChart(checker.subjects, gateway, about, deps.checks, reads);
  if (compared.outcome === 'wait') return wait(deps, row, compared.code, compared.retryAfterMs);

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
          ...checkWriteContent(event, item, deps.checks, { now: deps.clock.now(), house }),
          ...compared.findings,
          ...amendsError(clinical, pathOf(event, item), resolution.target?.resource ?? null),
          ...(facts.target?.contentSha256 === undefined ? [] : [weakerGuarantee(facts.target.reference)]),
        ];
  const decision = decidePolicy({
    contract,
    connection: { active: connection.active, stage: stageFor(connection, row.resourceType) },
    standing,
    counted: await countedApproval(checker, row, event, matrix),
    rejectedAtSource: event.approval?.status === 'rejected',
    findings: signedFindings(findings, row.signatures, {
      contentSha256: row.contentSha256,
      contract: matrix.version,
      rules: deps.checks.version,
    }),
    requestSha256: prepared.request.sha256,
    unseen: await unseenVersions(deps, row, event, connection, prepared.request),
    now: deps.clock.now(),
  });
  return {
    ...decision,
    prepared: prepared.request,
    findings,
    facts,
    normalized: normalized.record,
    consent: standing.consent,
  };
}

/**
 * Each reading of somebody in the EHR goes on the record of the check (H1), and what it found is cut to what is compared
 * (G2), unless it is the record that will be changed.
 */
function recording(subjects: SubjectReader, reads: ReadRecord[], changesPatient: boolean): SubjectReader {
  return {
    async lookUp(gateway, connection, query) {
      const answer = await subjects.lookUp(gateway, connection, query);
      const matches = answer.outcome === 'found' ? answer.matches : [];
      const purpose = query.kind === 'document' ? 'own-entry' : 'identify';
      reads.push({ purpose, what: query.kind, found: matches.map(({ reference }) => reference) });
      if (answer.outcome === 'failed' || (query.kind === 'patient' && changesPatient)) return answer;
      return { ...answer, matches: matches.map((one) => ({ ...one, resource: shapedFor(purpose, one.resource) })) };
    },
  };
}

async function countedApproval(checker: Checker, row: WriteRow, event: BusinessEvent, matrix: ContractMatrix) {
  const known = await checker.deps.ledger.row('event', row.tenant, row.eventId);
  // A later version of the event may carry an approval; it is not one for this version's content.
  const ofThisVersion = known?.eventVersion === row.eventVersion ? known : undefined;
  const approval = await checker.events.approvalOf(ofThisVersion, event);
  const counted = await checker.events.countedApproval(row, event, approval, matrix);
  return counted.counts ? unlessFrozen(counted, await stoppedBy(checker.deps.ledger, row, 'approvals')) : counted;
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

/** Where the EHR gives no version of what is changed, its content is what a later look is compared with. */
function withBase(deps: EngineDeps, facts: ResolvedFacts, target: ChartResource | null): ResolvedFacts {
  if (facts.target === null || target === null || facts.target.versionId !== null) return facts;
  return { ...facts, target: { ...facts.target, contentSha256: baseSha256(deps.sha256, target.resource) } };
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
