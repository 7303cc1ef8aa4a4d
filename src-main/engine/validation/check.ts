import type { EngineDeps } from '../deps.ts';
import { engineActor } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { unseenVersions } from '../policy/change-control.ts';
import { contractFor, houseRulesInForce, rulesVersion } from '../policy/in-force.ts';
import { readNamedConsent } from '../policy/named-consent.ts';
import { selectionNow } from '../policy/selection.ts';
import { standingOf } from '../policy/standing.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { releaseIfMoved } from '../recovery/release.ts';
import { writeEntry } from '../write-commit.ts';
import { checkCompensation } from './check-compensation.ts';
import { held, stop, wait, type Checked, type Checker } from './checked.ts';
import { compareWithChart } from './compare-chart.ts';
import { compareWithWrites } from './compare-writes.ts';
import { resolveSubject, targetOf, type SubjectReader } from './resolve-subject.ts';
import type { ChartResource, WriteCommand } from '../../ports/outbound/index.ts';
import {
  baseSha256,
  amendsError,
  checkWriteContent,
  closedVisit,
  contractFindings,
  epochMs,
  contractRow,
  decidePolicy,
  draftsOff,
  driftFindings,
  measuredNumbers,
  goesUnattended,
  normalizeWrite,
  personAt,
  pathOf,
  readsVersion,
  originOf,
  settledStates,
  shapedFor,
  unattendedApproval,
  unlessFrozen,
  signedFindings,
  weakerGuarantee,
  type BusinessEvent,
  type ContractMatrix,
  type ContractRow,
  type RolloutStage,
  type ReadRecord,
  type PreparedRecord,
  type ResolvedFacts,
  type SlottedItem,
  type WriteRow,
  workspaceLog,
} from '../../../src-shared/domain/index.ts';

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
    rules: await rulesVersion(deps, row.tenant),
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
  if (row.compensates !== undefined) return checkCompensation(checker, row, row.compensates, reads);
  const stopping = await stoppedBy(deps.ledger, row, 'drafts');
  if (stopping !== undefined) return { moves: [draftsOff(stopping)], prepared: null, findings: [], facts: null };
  const { event, item } = await events.itemOf(row);
  const matrix = await contractFor(deps, row.tenant, row.connection);
  const contract = contractRow(matrix, row.kind);
  const selection = await selectionNow(deps, row, matrix.version);
  if (contract.tier === 'blocked' && selection === undefined) return stop('policy-blocked', contract.reason, row.slot);

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

  const drift =
    clinical.kind === 'observation'
      ? driftFindings(
          measuredNumbers(clinical, event, deps.checks),
          pathOf(event, item),
          await checker.norms.chartedBy(row.tenant),
          deps.checks,
        )
      : [];
  const twins = await compareWithWrites(checker, about, resolution.names, house);
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
          ...closedVisit(epochMs(event.occurredAt), resolution.visit?.resource ?? null),
          ...drift,
          // Once the other one is charted, the chart's own list shows it.
          ...(compared.findings.some(({ rule }) => rule === 'chart-repeats') ? [] : twins),
          ...compared.findings,
          ...amendsError(clinical, pathOf(event, item), resolution.target?.resource ?? null),
          ...(facts.target?.contentSha256 === undefined ? [] : [weakerGuarantee(facts.target.reference)]),
        ];
  const given = await countedApproval(checker, row, event, matrix);
  const decision = decidePolicy({
    contract,
    selection,
    connection: { active: connection.active, stage: standing.stage },
    standing,
    counted: given.counted,
    unattended: await unattendedOf(checker, row, contract, standing.stage, given),
    rejectedAtSource: event.approval?.status === 'rejected',
    findings: signedFindings(findings, row.signatures, {
      contentSha256: row.contentSha256,
      contract: matrix.version,
      rules: await rulesVersion(deps, row.tenant),
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
  const frozen = await stoppedBy(checker.deps.ledger, row, 'approvals');
  return { counted: unlessFrozen(counted, frozen), approval, frozen };
}

/** The approval by which it goes though nobody has approved it: asked only where the contract lets it. */
async function unattendedOf(
  { deps }: Checker,
  row: WriteRow,
  contract: ContractRow,
  stage: RolloutStage,
  given: Pick<Awaited<ReturnType<typeof countedApproval>>, 'approval' | 'frozen'>,
) {
  if (!goesUnattended(contract, stage)) return undefined;
  const now = deps.clock.now();
  const policy = await deps.ledger.row('policy', workspaceLog, 'contract');
  const owner = policy === undefined ? undefined : await deps.ledger.row('person', workspaceLog, policy.approvedBy);
  const source = await deps.ledger.row('source', workspaceLog, row.source);
  const { contentSha256 } = row;
  const answers = owner === undefined ? undefined : personAt(owner, now);
  return unattendedApproval({ contract, stage, source, answers, contentSha256, now, ...given });
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

/** It goes on when that write is settled (`releaseFollowers`). */
function follows(other: WriteRow): Checked {
  const hold = { code: 'other-write-open', liftedBy: 'operations-lead', follows: other.id } as const;
  return { moves: [{ name: 'held', hold, resume: 'draft' }], prepared: null, findings: [], facts: null, follows: other };
}
