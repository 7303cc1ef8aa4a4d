import type { EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { eventsOf, type EventSource } from '../event-source.ts';
import { reaskPatients } from '../recovery/reask.ts';
import { writeEntry } from '../write-commit.ts';
import { patientsOf, recordConsents } from '../policy/consents.ts';
import { contractFor } from '../policy/in-force.ts';
import { supersedeEarlier, wakeFollowers } from '../policy/supersede.ts';
import type { EntryDraft, Expected } from '../../ports/outbound/index.ts';
import type { IncomingRecord, Receipt, RecordRefusal, TakeIn } from '../../ports/inbound/index.ts';
import {
  businessEvent,
  consentsOf,
  decideIntake,
  epochMs,
  sha256Hex,
  slotKey,
  subjectKey,
  workspaceLog,
  type Actor,
  type StateName,
  type BusinessEvent,
  type Connection,
  type ContractMatrix,
  type EventRow,
  type FailureCode,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { asObject, asString, parseExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type IntakeDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'random' | 'sha256' | 'pseudonym'>;

/**
 * Takes in business events (A1, A5): one receipt per record, in the order of the records. A bad record is refused
 * alone; an accepted one is on disk, with its writes, before its receipt is given.
 */
export function takeIn(deps: IntakeDeps): TakeIn {
  return async function* (records, actor) {
    const running: Promise<Receipt>[] = [];
    // Records about the same event are taken one after the other; all others share commits.
    const lastOfEvent = new Map<string, Promise<Receipt>>();
    const events = eventsOf(deps.ledger);
    for await (const record of records) {
      const read = readRecord(record, deps);
      const key = read.ok ? `${read.event.tenant} ${read.event.id}` : null;
      const before = key === null ? undefined : lastOfEvent.get(key);
      const receipt = (before ?? Promise.resolve()).then(() => takeOne(deps, events, record, read, actor));
      if (key !== null) {
        lastOfEvent.set(key, receipt);
        void settled(receipt).then(() => lastOfEvent.get(key) === receipt && lastOfEvent.delete(key));
      }
      running.push(receipt);
      const oldest = running.length >= limits.intakeInFlightMax ? running.shift() : undefined;
      if (oldest !== undefined) yield await oldest;
    }
    for (const receipt of running) yield await receipt;
  };
}

/** Waits for the end of a promise whose outcome is someone else's to handle. */
function settled(promise: Promise<unknown>): Promise<void> {
  return promise.then(
    () => undefined,
    () => undefined,
  );
}

type ReadRecord =
  | { readonly ok: true; readonly event: BusinessEvent; readonly text: string; readonly contentSha256: string }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string; readonly eventId: string | null };

/** From characters to an event; the first thing wrong is told with its place. */
export function readRecord(record: IncomingRecord, deps: Pick<EngineDeps, 'sha256'>): ReadRecord {
  if ('refused' in record) return { ok: false, code: record.refused, message: record.message, eventId: null };
  const parsed = parseExact(record.text, limits.jsonDepthMax);
  if (!parsed.ok) {
    const { code, line, column, message } = parsed.fault;
    const place = line === 1 ? `column ${column}` : `line ${record.line + line - 1}, column ${column}`;
    return { ok: false, code, message: `${place}: ${message}`, eventId: null };
  }
  const object = asObject(parsed.value);
  const eventId = asString(object?.id) ?? null;
  const checked = businessEvent.safeParse(parsed.value);
  if (!checked.success) return { ok: false, ...invalid(checked.error.issues, object), eventId };
  const span = parsed.members.get('content');
  const content = span === undefined ? '' : record.text.slice(span.start, span.end);
  return { ok: true, event: checked.data, text: record.text, contentSha256: sha256Hex(deps.sha256, content) };
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function invalid(issues: readonly unknown[], record: ExactObject | undefined): { code: FailureCode; message: string } {
  const list = issues as readonly Issue[];
  if (record === undefined) return { code: 'event-invalid', message: 'the record is not a JSON object' };
  const unknownField = list.find((issue) => issue.code === 'unrecognized_keys');
  if (unknownField !== undefined) {
    const names = (unknownField.keys ?? []).map((key) => place([...unknownField.path, key]));
    return { code: 'event-unknown-field', message: `not part of the event format: ${names.join(', ')}` };
  }
  return { code: 'event-invalid', message: list.map((issue) => `${place(issue.path)}: ${words(issue)}`).join('; ') };
}

function place(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the record' : path.map(String).join('.');
}

function words(issue: Issue): string {
  return issue.message.replace(/^Invalid input: /, '');
}

async function takeOne(
  deps: IntakeDeps,
  events: EventSource,
  record: IncomingRecord,
  read: ReadRecord,
  actor: Actor,
): Promise<Receipt> {
  if (!read.ok) return refuse(deps, record, read.eventId, read, actor);
  // Another process may take in the same event at the same time; then the facts have changed and are gathered again.
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const receipt = await tryOnce(deps, events, record, read, actor);
    if (receipt !== 'clash') return receipt;
  }
  throw new Error(`event ${read.event.id} kept changing while it was taken in`);
}

async function tryOnce(
  deps: IntakeDeps,
  events: EventSource,
  record: IncomingRecord,
  read: Extract<ReadRecord, { ok: true }>,
  actor: Actor,
): Promise<Receipt | 'clash'> {
  const { ledger } = deps;
  const { event } = read;
  const now = deps.clock.now();
  const { decision, known, earlier } = await gatherIntake(deps, record, read);
  const base = { line: record.line, eventId: event.id };
  if (decision.status === 'refused') {
    if (decision.disputes === true && known !== undefined && !(await dispute(deps, known, earlier, read, now, actor)))
      return 'clash';
    return refuse(deps, record, event.id, decision, actor);
  }
  const stream = `event/${event.id}`;
  const correlation = event.correlationId ?? deps.random.id();
  const patientKey = deps.pseudonym(event.tenant, `patient ${subjectKey(event.subject.patient)}`);
  const expected: Expected[] = [{ kind: 'event', key: event.id, version: known?.version ?? 0 }];

  if (decision.status === 'duplicate') {
    if (known !== undefined && decision.newlyApproved) {
      const entry: EntryDraft = {
        type: 'event.approved',
        stream,
        at: now,
        actor,
        patientKey,
        correlation,
        body: { eventId: event.id, approvedAt: approvedAt(event), record: read.text },
      };
      const released = await releaseApproved(deps, events, read.event, known, earlier, now, actor);
      const consents = await recordConsents(deps, event.tenant, event.subject.patient, consentsOf(event), actor, correlation);
      const result = await ledger.commit({
        tenant: event.tenant,
        expected: [...expected, ...released.expected, ...consents.expected],
        entries: [entry, ...released.entries, ...consents.entries],
      });
      if (!result.ok) return 'clash';
      for (const moved of released.entries) await wakeFollowers(ledger, moved, now, actor);
      await reaskPatients(deps, actor, patientsOf(consents));
    }
    return { ...base, status: 'duplicate', writes: known?.writes ?? [] };
  }
  const consents = await recordConsents(deps, event.tenant, event.subject.patient, consentsOf(event), actor, correlation);
  const result = await ledger.commit({
    tenant: event.tenant,
    expected: [...expected, ...consents.expected],
    entries: [
      { type: 'event.received', stream, at: now, actor, patientKey, correlation, body: decision.body },
      ...consents.entries,
    ],
  });
  if (!result.ok) return 'clash';
  await reaskPatients(deps, actor, patientsOf(consents));
  const { writes, kept } = decision.body;
  return { ...base, status: decision.status, writes: writes.map((write) => write.id), ...(kept.length === 0 ? {} : { kept }) };
}

/** What becomes of a record as things stand, with what is known of its event. Reads only. */
export async function gatherIntake(deps: IntakeDeps, record: IncomingRecord, read: Extract<ReadRecord, { ok: true }>) {
  const { ledger } = deps;
  const { event } = read;
  const [source, connections, known] = await Promise.all([
    ledger.row('source', workspaceLog, event.source),
    ledger.rows('connection'),
    ledger.row('event', event.tenant, event.id),
  ]);
  const earlier = known === undefined ? [] : await writesOf(deps, known);
  const decision = decideIntake({
    event,
    record: read.text,
    contentSha256: read.contentSha256,
    file: record.file,
    line: record.line,
    source,
    connections,
    known,
    earlier: new Map(earlier.map((row) => [slotKey(row.connection, row.slot), row.id])),
    matrix: await contractFor(deps, event.tenant, ''),
    contracts: await contractsOf(deps, event.tenant, connections),
    pseudonym: deps.pseudonym,
    sha256: deps.sha256,
  });
  return { decision, known, earlier };
}

/** Holds what has not left of a version that was approved with two contents; `false`: something moved meanwhile. */
async function dispute(
  deps: IntakeDeps,
  known: EventRow,
  writes: readonly WriteRow[],
  { event, contentSha256 }: Extract<ReadRecord, { ok: true }>,
  now: number,
  actor: Actor,
): Promise<boolean> {
  const { tenant, eventId, eventVersion } = known;
  const unsent = writes.filter((row) => row.eventVersion === eventVersion && disputable.includes(row.state.name));
  const result = await deps.ledger.commit({
    tenant,
    expected: [
      { kind: 'event', key: eventId, version: known.version },
      ...unsent.map((row) => ({ kind: 'write' as const, key: row.id, version: row.version })),
    ],
    entries: [
      {
        ...{
          type: 'event.disputed',
          stream: `event/${eventId}`,
          at: now,
          actor,
          correlation: event.correlationId ?? deps.random.id(),
        },
        patientKey: deps.pseudonym(tenant, `patient ${subjectKey(event.subject.patient)}`),
        body: { eventId, eventVersion, contentSha256 },
      },
      ...unsent.map((row) =>
        writeEntry('write.held', row, now, actor, {
          id: row.id,
          moves: [{ name: 'held', hold: { code: 'version-disputed', liftedBy: 'clinical-owner' }, resume: 'draft' }],
          approval: null,
        }),
      ),
    ],
  });
  return result.ok;
}

const disputable: readonly StateName[] = ['draft', 'awaiting-approval', 'pending', 'failed-retryable'];

/** The contracts of the connections that may be meant; most share one. */
async function contractsOf(
  deps: IntakeDeps,
  tenant: string,
  connections: readonly Connection[],
): Promise<ReadonlyMap<string, ContractMatrix>> {
  const serving = connections.filter((one) => one.active && (one.tenants === null || one.tenants.includes(tenant)));
  return new Map(await Promise.all(serving.map(async ({ name }) => [name, await contractFor(deps, tenant, name)] as const)));
}

function approvedAt(event: BusinessEvent): number {
  if (event.approval === null || event.approval === undefined) throw new RangeError('the event carries no approval');
  return epochMs(event.approval.at);
}

async function writesOf(deps: IntakeDeps, known: EventRow): Promise<readonly WriteRow[]> {
  const rows = await Promise.all(known.writes.map((id) => deps.ledger.row('write', known.tenant, id)));
  return rows.filter((row) => row !== undefined);
}

/** Writes that were waiting for exactly this approval go on; all others stay where they are. */
async function releaseApproved(
  deps: IntakeDeps,
  events: EventSource,
  event: BusinessEvent,
  known: EventRow,
  writes: readonly WriteRow[],
  now: number,
  actor: Actor,
): Promise<{ expected: readonly Expected[]; entries: readonly EntryDraft[] }> {
  const expected: Expected[] = [];
  const entries: EntryDraft[] = [];
  for (const row of writes) {
    if (row.state.name !== 'awaiting-approval' || row.prepared === null || row.eventVersion !== known.eventVersion) continue;
    const counted = await events.countedApproval(
      row,
      event,
      event.approval ?? null,
      await contractFor(deps, row.tenant, row.connection),
    );
    // While approvals are frozen, those that come from a source wait for a person, too (B5).
    if (!counted.counts || (await stoppedBy(deps.ledger, row, 'approvals')) !== undefined) continue;
    expected.push({ kind: 'write', key: row.id, version: row.version });
    entries.push(
      writeEntry('write.approved', row, now, actor, {
        id: row.id,
        moves: [{ name: 'pending', nextAt: now }],
        approval: { ...counted.approval, requestSha256: row.prepared.sha256 },
      }),
    );
    const earlier = await supersedeEarlier(deps.ledger, row, 'approved', now, actor);
    expected.push(...earlier.expected);
    entries.push(...earlier.entries);
  }
  return { expected, entries };
}

async function refuse(
  deps: IntakeDeps,
  record: IncomingRecord,
  eventId: string | null,
  refusal: RecordRefusal,
  actor: Actor,
): Promise<Receipt> {
  await deps.ledger.commit({
    tenant: workspaceLog,
    expected: [],
    entries: [
      {
        type: 'intake.refused',
        stream: `intake/${record.file}`,
        at: deps.clock.now(),
        actor,
        patientKey: null,
        correlation: deps.random.id(),
        body: { file: record.file, line: record.line, eventId, code: refusal.code },
      },
    ],
  });
  return { line: record.line, eventId, status: 'refused', writes: [], code: refusal.code, message: refusal.message };
}
