import type { Output } from './outputs.ts';
import type { WriteView } from '../ports/inbound/index.ts';
import type { Entry } from '../ports/outbound/index.ts';
import {
  codeOf,
  dueAt,
  failureOf,
  type Connection,
  type FailureCode,
  type Person,
  type Source,
  type WriteRow,
} from '../../src-shared/domain/index.ts';

/** From ledger rows to what the command line prints. */

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
}

function isoOrNull(epochMs: number | null | undefined): string | null {
  return epochMs === null || epochMs === undefined ? null : isoTime(epochMs);
}

export function writeSummary(row: WriteRow): Output<'writes'> {
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

export function writeDetail(view: WriteView): Output<'write'> {
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
    waitingFor: state.name === 'awaiting-approval' ? { roles: [...state.roles], reason: state.reason } : null,
    approval: approval === null ? null : { ...approval, at: isoTime(approval.at) },
    request: prepared === null ? null : { ...prepared, headers: { ...prepared.headers } },
    facts: view.facts,
    findings: [...view.findings],
    differences: committed?.verification.result === 'partial' ? [...committed.verification.differences] : [],
    exchanges: view.exchanges.map((exchange) => ({ ...exchange, at: isoTime(exchange.at), headers: { ...exchange.headers } })),
    timeline: view.timeline.map(timelineEntry),
  };
}

function failureView(code: FailureCode): Output<'write'>['failure'] {
  const { class: cls, owner, words, next, nature } = failureOf(code);
  return { code, class: cls, owner, words, next, retryable: nature === 'retryable' };
}

export function timelineEntry(entry: Entry): Output<'audit-timeline'> {
  const body = entry.body as { moves?: readonly { name: Output<'audit-timeline'>['states'][number] }[]; note?: string } | null;
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

export function personView(person: Person): Output<'person-list'> {
  return { id: person.id, name: person.name, roles: [...person.roles], npi: person.npi, active: person.active };
}

export function sourceView(source: Source): Output<'source-list'> {
  const { name, tenants, types, origin, approvals, owner, active } = source;
  return {
    name,
    tenants: tenants === null ? null : [...tenants],
    types: types === null ? null : [...types],
    origin,
    approvals,
    owner,
    active,
  };
}

export function connectionView(connection: Connection): Output<'connection-list'> {
  const { name, adapter, baseUrl, tenants, environment, stage, baa, auth, active } = connection;
  return {
    name,
    adapter,
    baseUrl,
    tenants: tenants === null ? null : [...tenants],
    environment,
    stage,
    baa,
    auth: auth.kind,
    active,
  };
}
