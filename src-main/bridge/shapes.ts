import type { WriteView } from '../ports/inbound/index.ts';
import type { Entry } from '../ports/outbound/index.ts';
import type {
  ConnectionShape,
  MaintenanceWindowShape,
  PersonView,
  TimelineEntryView,
  WriteDetail,
  WriteSummary,
} from '../../src-shared/contract/index.ts';
import {
  codeOf,
  dueAt,
  failureOf,
  layerOf,
  signingRule,
  waitsForCalendar,
  type Connection,
  type FailureCode,
  type Finding,
  type FollowUp,
  type FindingLayer,
  type FindingSignature,
  type MaintenanceWindow,
  type NamedFinding,
  type Person,
  type ShownRead,
  type WriteApproval,
  type WriteRow,
  type WriteState,
} from '../../src-shared/domain/index.ts';

/** From ledger rows to the shapes that cross a boundary: the window's and the command line's. */

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function isoOrNull(epochMs: number | null | undefined): string | null {
  return epochMs === null || epochMs === undefined ? null : isoTime(epochMs);
}

export function writeSummary(row: WriteRow): WriteSummary {
  const { state } = row;
  const code = codeOf(state);
  const committed = state.name === 'committed' ? state : null;
  return {
    id: row.id,
    tenant: row.tenant,
    connection: row.connection,
    state: state.name,
    code,
    class: code === null ? null : failureOf(code).class,
    next: code === null ? null : failureOf(code).next,
    eventId: row.eventId,
    eventVersion: row.eventVersion,
    slot: row.slot,
    kind: row.kind,
    resourceType: row.resourceType,
    operation: row.operation,
    tier: row.tier,
    attempts: row.attempts,
    nextAt: isoOrNull(dueAt(state)),
    reference: committed?.evidence.reference ?? null,
    versionId: committed?.evidence.versionId ?? null,
    landing: committed?.landing ?? null,
    verification: committed?.verification.result ?? null,
    late: committed?.late ?? false,
    supersedes: row.supersedes,
    group: row.group,
    source: row.source,
    createdAt: isoTime(row.createdAt),
    updatedAt: isoTime(row.updatedAt),
  };
}

export function writeDetail(view: WriteView): WriteDetail {
  const { row, event, prepared } = view;
  const { state, approval } = row;
  const code = codeOf(state);
  const committed = state.name === 'committed' ? state : null;
  return {
    ...writeSummary(row),
    times: {
      event: isoOrNull(event?.occurredAt),
      ingestion: isoTime(row.createdAt),
      approval: isoOrNull(approval?.at),
      writeBack: isoOrNull(committed?.at),
    },
    failure: code === null ? null : failureView(code),
    waitingFor: waitingFor(state),
    approval: approval === null ? null : approvalView(approval),
    selection: row.selection === undefined ? null : { ...row.selection, at: isoTime(row.selection.at) },
    request: prepared === null ? null : { ...prepared, headers: { ...prepared.headers } },
    facts: view.facts,
    withheld: view.withheld.map((one) => ({ ...one })),
    reads: view.reads === null ? null : { ...view.reads, made: view.reads.made.map(readView) },
    findings: view.signed.map(findingView),
    normalized: normalizedView(view.normalized),
    differences: committed?.verification.result === 'partial' ? [...committed.verification.differences] : [],
    noted: committed !== null && 'noted' in committed.verification ? [...(committed.verification.noted ?? [])] : [],
    follow: committed?.follow === undefined ? null : followView(committed.follow),
    exchanges: view.exchanges.map((exchange) => ({ ...exchange, at: isoTime(exchange.at), headers: { ...exchange.headers } })),
    timeline: view.timeline.map(timelineEntry),
  };
}

function readView({ purpose, what, found, elements }: ShownRead): NonNullable<WriteDetail['reads']>['made'][number] {
  return { purpose, what, found: [...found], elements: elements === null ? null : [...elements] };
}

function approvalView(approval: WriteApproval): NonNullable<WriteDetail['approval']> {
  const { with: earlier } = approval;
  return { ...oneApproval(approval), ...(earlier === undefined ? {} : { with: earlier.map(oneApproval) }) };
}

function oneApproval(approval: WriteApproval): Omit<NonNullable<WriteDetail['approval']>, 'with'> {
  const { by, name, role, at, meaning, made, contentSha256, requestSha256, emergency } = approval;
  const standIn = emergency === undefined ? {} : { emergency };
  return { by, name, role, at: isoTime(at), meaning, made, contentSha256, requestSha256, ...standIn };
}

/** Copied: what leaves the engine is not what it holds. */
function normalizedView(record: WriteView['normalized']): WriteDetail['normalized'] {
  return record === null ? null : { ...record, steps: record.steps.map((step) => ({ ...step })) };
}

/** A finding with the layer of its rule, as it is shown. */
export function layered(finding: Finding): Finding & { readonly layer: FindingLayer } {
  return { ...finding, layer: layerOf(finding.rule) };
}

export function findingView({ name, finding, signature }: NamedFinding): WriteDetail['findings'][number] {
  const rule = signingRule(finding);
  return {
    ...layered(finding),
    name,
    signing: rule.act === 'none' ? null : { act: rule.act, roles: [...rule.roles], anotherPerson: rule.anotherPerson },
    signature: signature === null ? null : signatureView(signature),
  };
}

function signatureView(signature: FindingSignature): NonNullable<WriteDetail['findings'][number]['signature']> {
  const { act, by, name, role, at, reason, contract, rules } = signature;
  return { act, by, name, role, at: isoTime(at), reason, contract, rules };
}

function followView({ looks, failures, at, nextAt, versionId, drift, awaited }: FollowUp): NonNullable<WriteDetail['follow']> {
  return {
    looks,
    failures,
    at: isoTime(at),
    nextAt: isoOrNull(nextAt),
    versionId,
    drift:
      drift === null
        ? null
        : { ...drift, noticedAt: isoTime(drift.noticedAt), differences: drift.differences.map((one) => ({ ...one })) },
    awaited: awaited === null ? null : { ...awaited, by: isoTime(awaited.by) },
  };
}

function failureView(code: FailureCode): WriteDetail['failure'] {
  const { class: cls, owner, words, next, nature } = failureOf(code);
  return { code, class: cls, owner, words, next, retryable: nature === 'retryable' };
}

export function timelineEntry(entry: Entry): TimelineEntryView {
  const body = entry.body as { moves?: readonly { name: TimelineEntryView['states'][number] }[]; note?: string } | null;
  return {
    tenant: entry.tenant,
    seq: entry.seq,
    at: isoTime(entry.at),
    type: entry.type,
    stream: entry.stream,
    actor: { kind: entry.actor.kind, id: entry.actor.id, role: entry.actor.kind === 'person' ? entry.actor.role : null },
    correlation: entry.correlation,
    leafHash: entry.leafHash,
    states: (body?.moves ?? []).map((move) => move.name),
    note: body?.note ?? null,
    erased: entry.body === null,
  };
}

export function personView(person: Person): PersonView {
  const { id, name, roles, npi, active, rolesUntil } = person;
  const ends = roles.flatMap((role) => (rolesUntil?.[role] === undefined ? [] : [[role, isoTime(rolesUntil[role])] as const]));
  return { id, name, roles: [...roles], npi, active, ...(ends.length === 0 ? {} : { rolesUntil: Object.fromEntries(ends) }) };
}

export function connectionView(connection: Connection): ConnectionShape {
  const { name, adapter, baseUrl, tenants, environment, stage, stages, scopedStages, baa, auth, active } = connection;
  return {
    name,
    adapter,
    baseUrl,
    tenants: tenants === null ? null : [...tenants],
    environment,
    stage,
    ...(stages === undefined ? {} : { stages: { ...stages } }),
    ...(scopedStages === undefined ? {} : { scopedStages: scopedStages.map((one) => ({ ...one, scope: { ...one.scope } })) }),
    baa,
    auth: auth.kind,
    active,
  };
}

export function windowView({ id, timeZone, when }: MaintenanceWindow): MaintenanceWindowShape {
  const { repeats, from, to } = when;
  return { id, timeZone, repeats, ...(when.repeats === 'weekly' ? { days: [...when.days] } : {}), from, to };
}

/** The people a write waits for, and why. */
function waitingFor(state: WriteState): WriteDetail['waitingFor'] {
  if (state.name === 'awaiting-approval') return { roles: [...state.roles], reason: state.reason };
  if (state.name === 'pending' && waitsForCalendar({ state }))
    return { roles: ['integration-administrator'], reason: state.reason ?? '' };
  if (state.name !== 'held') return null;
  const { code, liftedBy, reason, follows } = state.hold;
  return {
    roles: [liftedBy],
    reason: reason ?? (follows === undefined ? failureOf(code).words : `it follows the write ${follows}`),
  };
}
