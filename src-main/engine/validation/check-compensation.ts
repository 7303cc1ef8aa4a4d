import { factsOf } from '../dispatch/prepared.ts';
import { unseenVersions } from '../policy/change-control.ts';
import { contractFor, rulesVersion } from '../policy/in-force.ts';
import { selectionNow } from '../policy/selection.ts';
import { standingOf } from '../policy/standing.ts';
import { held, stop, wait, type Checked, type Checker } from './checked.ts';
import type { EhrGateway } from '../../ports/outbound/index.ts';
import {
  contractRow,
  decidePolicy,
  notOursAnyMore,
  signedFindings,
  subjectChange,
  workspaceLog,
  type FailureCode,
  type Finding,
  type ReadRecord,
  type ResolvedFacts,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

/**
 * The check of a write that takes back another one (E2). What it sends is the entry as the chart holds it, marked as entered
 * in error: so the entry must still stand in the version that was written, and a person approves the exact bytes, whoever
 * approved the original.
 *
 * @param of the write that is taken back
 * @param reads receives what was read of the chart
 */
export async function checkCompensation(
  { deps, events }: Pick<Checker, 'deps' | 'events'>,
  row: WriteRow,
  of: string,
  reads: ReadRecord[],
): Promise<Checked> {
  const original = await deps.ledger.row('write', row.tenant, of);
  if (original?.state.name !== 'committed')
    return stop('target-not-found', `write ${of} no longer stands in the chart`, row.slot);
  const { reference } = original.state.evidence;
  const { event, item } = await events.itemOf(row);
  const matrix = await contractFor(deps, row.tenant, row.connection);
  const contract = contractRow(matrix, row.kind);
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection === undefined) return stop('connection-unknown', `"${row.connection}" is not registered`, 'targets');
  const standing = await standingOf(deps, row, event, item, connection);
  if (!standing.carries && standing.held !== null)
    return { ...held(standing.held.code, standing.held), consent: standing.consent };
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return held('connection-inactive');

  const checked = await factsOf(deps, original);
  if (checked === null) return stop('target-not-found', `what is known of write ${of} can no longer be read`, row.slot);
  const subject = await subjectOf(gateway, checked, reads);
  if ('unread' in subject) return wait(deps, row, subject.unread, subject.retryAfterMs);
  if ('unusable' in subject) return stop(subject.unusable, subject.message, row.slot);

  const target = await gateway.read(reference);
  if (target.outcome === 'failed') return wait(deps, row, target.code, target.retryAfterMs);
  reads.push({ purpose: 'own-entry', what: row.resourceType, found: target.outcome === 'read' ? [reference] : [] });
  if (target.outcome === 'gone') return stop('target-not-found', `${reference} is no longer in the chart`, row.slot);
  const moved = notOursAnyMore(original.state, target.match.versionId);
  if (moved !== null) return stop('version-conflict', moved, row.slot);
  const prepared = gateway.markAsError?.({ id: row.id, contract: matrix.version }, target.match);
  if (prepared === undefined) return stop('operation-unsupported', 'this EHR connection marks no entries', row.slot);
  if (prepared.outcome === 'refused') return stop(prepared.code, prepared.message, row.slot);

  // What the EHR has made of the rest of the entry stands in the chart already.
  const before = new Set(deps.definitions.validate(target.match.resource).map(nameOf));
  const findings =
    prepared.resource === null ? [] : deps.definitions.validate(prepared.resource).filter((one) => !before.has(nameOf(one)));
  const facts = { ...subject.facts, target: { reference, versionId: target.match.versionId } };
  const words = [
    `it marks ${reference}, which write ${of} charted, as entered in error; a person approves that`,
    ...subject.asks,
  ];
  const decision = decidePolicy({
    contract,
    selection: await selectionNow(deps, row, matrix.version),
    connection: { active: connection.active, stage: standing.stage },
    standing,
    counted: { counts: false, reason: words.join('; ') },
    rejectedAtSource: false,
    findings: signedFindings(findings, row.signatures, {
      contentSha256: row.contentSha256,
      contract: matrix.version,
      rules: await rulesVersion(deps, row.tenant),
    }),
    requestSha256: prepared.request.sha256,
    unseen: await unseenVersions(deps, row, event, connection, prepared.request),
    now: deps.clock.now(),
  });
  return { ...decision, prepared: prepared.request, findings, facts, consent: standing.consent };
}

type SubjectOf =
  | { readonly facts: ResolvedFacts; readonly asks: readonly string[] }
  | { readonly unread: FailureCode; readonly retryAfterMs: number | null }
  | { readonly unusable: FailureCode; readonly message: string };

/** Patient and visit as they stand now, in the versions that are looked at again just before sending. */
async function subjectOf(gateway: EhrGateway, facts: ResolvedFacts, reads: ReadRecord[]): Promise<SubjectOf> {
  const asks: string[] = [];
  const now = { patient: facts.patient, encounter: facts.encounter };
  for (const kind of ['patient', 'encounter'] as const) {
    const ref = facts[kind];
    if (ref === null) continue;
    const answer = await gateway.read(ref.reference);
    if (answer.outcome === 'failed') return { unread: answer.code, retryAfterMs: answer.retryAfterMs };
    const match = answer.outcome === 'read' ? answer.match : null;
    reads.push({ purpose: 'identify', what: kind, found: match === null ? [] : [ref.reference] });
    // Whatever version it was checked in for the original: what it says now counts.
    const checked = { reference: ref.reference, versionId: null };
    const change = subjectChange({ kind, checked, now: match }, facts.patient.reference);
    if (change?.then === 'check')
      return { unusable: kind === 'patient' ? 'patient-inactive' : 'encounter-not-usable', message: change.words };
    if (change !== null) asks.push(change.words);
    now[kind] = { reference: ref.reference, versionId: match?.versionId ?? null };
  }
  return { facts: { ...facts, ...now }, asks };
}

function nameOf({ rule, path, message }: Finding): string {
  return JSON.stringify([rule, path, message]);
}
