import type { EngineDeps } from '../deps.ts';
import { Readings } from '../audit/readings.ts';
import { calendarNow } from '../dispatch/calendar.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { eventsOf } from '../event-source.ts';
import { gatherIntake, readRecord } from '../intake/take-in.ts';
import { recordConsents } from '../policy/consents.ts';
import { gatherAndDecide } from '../validation/check.ts';
import type { Checked, Checker } from '../validation/checked.ts';
import { ClinicNorms } from '../validation/clinic-norms.ts';
import { SubjectCache } from '../validation/subject-cache.ts';
import { RehearsalLedger, type RehearsedRows } from './rehearsal-ledger.ts';
import type { DryRun, RehearsedWrite } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  codeOf,
  consentRecorded,
  consentsOf,
  eventReceived,
  switchedOff,
  workspaceLog,
  type Actor,
  type BusinessEvent,
  type ConsentRow,
  type EventReceived,
  type FailureCode,
  type RowChange,
  type WriteRow,
  type WriteState,
} from '../../../src-shared/domain/index.ts';

/**
 * Runs an event through intake, checks, policy and preparation as the engine does, on a ledger that forgets (B4). The EHR
 * is read as the checks read it, and nothing else reaches it. The look itself is on record, as every reading is (H1).
 */
export function dryRun(deps: EngineDeps): DryRun {
  const subjects = new SubjectCache(deps.clock);
  const norms = new ClinicNorms(deps, eventsOf(deps.ledger));
  const readings = new Readings(deps);
  return async (record, connection, actor) => {
    const read = readRecord(record, deps);
    const none = { line: record.line, writes: [], kept: [] };
    if (!read.ok) return { ...none, eventId: read.eventId, status: 'refused', code: read.code, message: read.message };
    const { event } = read;
    const { decision } = await gatherIntake(deps, record, read);
    const base = { ...none, eventId: event.id, status: decision.status };
    if (decision.status === 'refused') return { ...base, code: decision.code, message: decision.message };
    if (decision.status === 'duplicate') return base;

    await readings.record('dry-run', event.id, event.tenant, actor);
    const { ledger, rows } = await rehearsed(deps, event, decision.body, actor);
    const checker: Checker = { deps: { ...deps, ledger }, events: eventsOf(ledger), subjects, norms };
    const writes: RehearsedWrite[] = [];
    for (const row of rows) if (connection === null || row.connection === connection) writes.push(await rehearse(checker, row));
    return { ...base, writes, kept: decision.body.kept };
  };
}

/** The ledger as it would stand once the event was taken in, and the event's writes. */
async function rehearsed(deps: EngineDeps, event: BusinessEvent, body: EventReceived, actor: Actor) {
  const { tenant } = event;
  const at = deps.clock.now();
  const known = await deps.ledger.row('event', tenant, event.id);
  const changes = eventReceived(NEXT_SEQ, at, tenant, body, { event: () => known, write: () => undefined });
  const received = {
    tenant,
    seq: NEXT_SEQ,
    type: 'event.received' as const,
    stream: `event/${event.id}`,
    at,
    actor,
    correlation: '',
    leafHash: '',
    body,
  };
  const rows = changes.flatMap((one) => (one.kind === 'write' ? [one.row] : []));
  const planned: RehearsedRows = {
    write: new Map(rows.map((row) => [row.id, row])),
    event: new Map(changes.flatMap((one) => (one.kind === 'event' ? [[one.key, one.row] as const] : []))),
    consent: await consentsAfter(deps, event, actor),
  };
  return { ledger: new RehearsalLedger(deps.ledger, tenant, planned, received), rows };
}

/** The patient's consents as they would stand: an event may bring one. */
async function consentsAfter(deps: EngineDeps, event: BusinessEvent, actor: Actor): Promise<ReadonlyMap<string, ConsentRow>> {
  const { entries } = await recordConsents(deps, event.tenant, event.subject.patient, consentsOf(event), actor, '');
  const after = new Map<string, ConsentRow>();
  for (const entry of entries) {
    if (entry.type !== 'consent.recorded') continue;
    const before = await consentRows(deps.ledger, event.tenant, entry.body.patients);
    const changes: readonly RowChange[] = consentRecorded(entry.body, { consent: (key) => before.get(key) });
    for (const change of changes) if (change.kind === 'consent') after.set(change.key, change.row);
  }
  return after;
}

async function consentRows(ledger: LedgerReader, tenant: string, keys: readonly string[]) {
  const found = new Map<string, ConsentRow>();
  for (const key of keys) {
    const row = await ledger.row('consent', tenant, key);
    if (row !== undefined) found.set(key, row);
  }
  return found;
}

async function rehearse(checker: Checker, row: WriteRow): Promise<RehearsedWrite> {
  const checked = await gatherAndDecide(checker, row, []);
  const { prepared, findings } = checked;
  const last = checked.moves.at(-1);
  if (last === undefined) throw new RangeError(`the check of ${row.kind} moves it nowhere`);
  const ended = last.name === 'failed-terminal';
  return {
    row,
    state: last.name,
    code: codeOf(last),
    reason: reasonOf(last, checked),
    approvers: last.name === 'awaiting-approval' ? last.roles : [],
    request: prepared,
    findings,
    stops: ended ? [] : await stopsNow(checker, row),
  };
}

/** What a person is told beside the code. */
function reasonOf(state: WriteState, { findings }: Checked): string | null {
  if (state.name === 'held') return state.hold.reason ?? null;
  if (state.name === 'awaiting-approval') return state.reason;
  const stops = findings.filter((one) => one.severity === 'stop').map((one) => one.message);
  return state.name !== 'failed-terminal' || stops.length === 0 ? null : stops.join('; ');
}

/** Kill switches, maintenance windows and caps, as the sender would find them now. */
async function stopsNow({ deps }: Checker, row: WriteRow): Promise<RehearsedWrite['stops']> {
  const stops: { readonly code: FailureCode; readonly reason: string }[] = [];
  const stopping = await stoppedBy(deps.ledger, row, 'writes');
  if (stopping !== undefined) {
    const { hold } = switchedOff(row, stopping);
    stops.push({ code: hold.code, reason: hold.reason ?? stopping.reason });
  }
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  const wait = connection === undefined ? null : (await calendarNow(deps, row, connection)).wait;
  if (wait !== null) stops.push({ code: wait.code, reason: wait.words });
  return stops;
}

/** Stands for the place that the event would take in the log; no log is as long. */
const NEXT_SEQ = Number.MAX_SAFE_INTEGER - 1_000;
