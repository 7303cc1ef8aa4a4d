import type { BusinessEvent } from './business-event.ts';
import { isReport } from './business-event.ts';
import type { ContractMatrix } from './contract-matrix.ts';
import type { EventReceived } from './entries.ts';
import type { FailureCode } from './failures.ts';
import { fanOut, subjectKey } from './fan-out.ts';
import type { Sha256 } from './hash.ts';
import type { Connection, Source } from './people.ts';
import type { EventRow } from './rows.ts';
import { epochMs } from './time.ts';

/** What becomes of a record that reads as an event: refused, known already, or taken in with its writes. */

export interface IntakeFacts {
  readonly event: BusinessEvent;
  /** The record's characters, as they came. */
  readonly record: string;
  readonly contentSha256: string;
  readonly file: string;
  readonly line: number;
  readonly source: Source | undefined;
  readonly connections: readonly Connection[];
  /** What is known under this event id. */
  readonly known: EventRow | undefined;
  /** Writes of the known version, by `slotKey`. */
  readonly earlier: ReadonlyMap<string, string>;
  readonly matrix: ContractMatrix;
  /** The contracts of connections that have one of their own. */
  readonly contracts?: ReadonlyMap<string, ContractMatrix>;
  readonly pseudonym: (tenant: string, text: string) => string;
  readonly sha256: Sha256;
}

export type IntakeDecision =
  | {
      readonly status: 'refused';
      readonly code: FailureCode;
      readonly message: string;
      /** What was taken in of this version was approved as well, with other content: neither may be sent. */
      readonly disputes?: boolean;
    }
  | { readonly status: 'duplicate'; readonly newlyApproved: boolean }
  | { readonly status: 'accepted' | 'new-version'; readonly body: EventReceived };

/** Decides on one record. The order of the checks is part of the promise: the first reason found is the one told. */
export function decideIntake(facts: IntakeFacts): IntakeDecision {
  const { event, known } = facts;
  const sourceRefusal = refuseSource(event, facts.source);
  if (sourceRefusal !== null) return sourceRefusal;
  const targets = targetsOf(event, facts.connections);
  if (!targets.ok) return refuse(targets.code, targets.message);

  const subject = facts.pseudonym(
    event.tenant,
    JSON.stringify([subjectKey(event.subject.patient), visitKey(event), targets.names.toSorted()]),
  );
  if (known !== undefined) {
    if (known.source !== event.source) return refuse('event-id-taken', `the event id was used by "${known.source}"`);
    // A proposal may come again as approved; a report is nothing but its type, so another type is another report.
    const sameThing = !isReport(event) || known.type === event.type;
    const same = known.contentSha256 === facts.contentSha256 && known.subject === subject && sameThing;
    if (same) return { status: 'duplicate', newlyApproved: !known.approved && event.approval?.status === 'approved' };
    if ((event.version ?? 1) <= known.eventVersion) {
      const refused = refuse(
        'event-version-conflict',
        `version ${known.eventVersion} was taken in with other content, patient, visit, target or report`,
      );
      // Somebody approved both: which one they meant, nobody here can know.
      const bothApproved = known.approved && event.approval?.status === 'approved';
      return bothApproved && (event.version ?? 1) === known.eventVersion ? { ...refused, disputes: true } : refused;
    }
  }
  const planned = fanOut({
    event,
    connections: targets.names,
    matrix: facts.matrix,
    ...(facts.contracts === undefined ? {} : { contracts: facts.contracts }),
    contentSha256: facts.contentSha256,
    pseudonym: facts.pseudonym,
    sha256: facts.sha256,
    earlier: facts.earlier,
  });
  if (!planned.ok) return refuse(planned.code, planned.message);
  return {
    status: known === undefined ? 'accepted' : 'new-version',
    body: {
      eventId: event.id,
      eventVersion: event.version ?? 1,
      source: event.source,
      type: event.type,
      file: facts.file,
      line: facts.line,
      contentSha256: facts.contentSha256,
      subject,
      occurredAt: epochMs(event.occurredAt),
      approvedAt: event.approval?.status === 'approved' ? epochMs(event.approval.at) : null,
      record: facts.record,
      writes: planned.writes,
      kept: planned.kept,
    },
  };
}

function visitKey(event: BusinessEvent): string {
  return event.subject.encounter === undefined ? '' : subjectKey(event.subject.encounter);
}

function refuse(
  code: FailureCode,
  message: string,
): { readonly status: 'refused'; readonly code: FailureCode; readonly message: string } {
  return { status: 'refused', code, message };
}

function refuseSource(event: BusinessEvent, source: Source | undefined): IntakeDecision | null {
  if (source === undefined || !source.active) return refuse('source-unknown', `no source "${event.source}" is registered`);
  if (source.tenants !== null && !source.tenants.includes(event.tenant)) {
    return refuse('source-not-allowed', `the source may not send for the tenant "${event.tenant}"`);
  }
  const thing = event.type.split('.')[0] ?? '';
  if (source.types !== null && !source.types.includes(event.type) && !source.types.includes(thing)) {
    return refuse('source-not-allowed', `the source may not send "${event.type}"`);
  }
  if (source.origin !== null && event.origin !== undefined && event.origin !== source.origin) {
    return refuse('source-not-allowed', `the source is registered for content made by ${source.origin}, not by ${event.origin}`);
  }
  return null;
}

type Targets =
  | { readonly ok: true; readonly names: readonly string[] }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

function targetsOf(event: BusinessEvent, connections: readonly Connection[]): Targets {
  const serving = connections.filter((one) => one.active && (one.tenants === null || one.tenants.includes(event.tenant)));
  if (serving.length === 0)
    return { ok: false, code: 'tenant-unknown', message: `no connection serves the tenant "${event.tenant}"` };
  // Reports are counted, not written: they need a tenant and no target.
  if (isReport(event)) return { ok: true, names: [] };
  if (event.targets === undefined) {
    const [first, second] = serving;
    if (first === undefined || second !== undefined) {
      return { ok: false, code: 'connection-ambiguous', message: `name one of: ${serving.map((one) => one.name).join(', ')}` };
    }
    return { ok: true, names: [first.name] };
  }
  const names: string[] = [];
  for (const { connection } of event.targets) {
    if (!serving.some((one) => one.name === connection)) {
      return {
        ok: false,
        code: 'connection-unknown',
        message: `no connection "${connection}" serves the tenant "${event.tenant}"`,
      };
    }
    if (!names.includes(connection)) names.push(connection);
  }
  return { ok: true, names };
}
