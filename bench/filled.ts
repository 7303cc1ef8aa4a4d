// A workspace of the built command line whose ledger holds many writes that have come to rest, as after months of use.
import { createHash } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Desk } from '../e2e/support/command-line.ts';
import { openLedger } from '../e2e/support/ledger.ts';
import { ensureBuilt } from '../scripts/ensure-built.ts';
import { systemClock } from '../src-main/platform/index.ts';
import type { Commit, EntryDraft, Ledger } from '../src-main/ports/outbound/index.ts';
import { base32, type PlannedWrite, type WriteState } from '../src-shared/domain/index.ts';
import { bencher, seconds } from './support.ts';

const DAY_MS = 24 * 60 * 60_000;
const DAYS = 90;
const EVENTS_PER_COMMIT = 64;
/** Commits handed over together go into one transaction. */
const COMMITS_AT_ONCE = 16;
const TENANTS = ['north', 'south'];
const CONNECTIONS = ['main', 'lab'];
const slots = [
  { slot: 'note/0', kind: 'note', resourceType: 'DocumentReference', tier: 'medium' },
  { slot: 'problems/0', kind: 'problem', resourceType: 'Condition', tier: 'medium' },
  { slot: 'allergies/0', kind: 'allergy', resourceType: 'AllergyIntolerance', tier: 'high' },
  { slot: 'procedures/0', kind: 'procedure', resourceType: 'Procedure', tier: 'low' },
] as const;

const writesPerEvent = slots.length;

export interface Filled {
  readonly desk: Desk;
  readonly fillSeconds: number;
  readonly megabytes: number;
}

const made = new Map<number, Promise<Filled>>();

/** The workspace with so many writes, a multiple of four: the same one for every bench of a run. */
export function filled(writes: number): Promise<Filled> {
  const known = made.get(writes) ?? fillDesk(writes);
  made.set(writes, known);
  return known;
}

export async function closeFilled(): Promise<void> {
  for (const one of made.values()) await (await one).desk.close();
  made.clear();
}

async function fillDesk(writes: number): Promise<Filled> {
  const failed = ensureBuilt();
  if (failed !== null) throw new Error(failed);
  const desk = new Desk();
  try {
    await desk.ok(['init', '--site', 'bench']);
    await desk.ok(['source', 'add', 'bench', '--approvals', 'medium', '--origin', 'ai']);
    // Nothing that is filled in asks the EHR for anything, so nobody needs to be there.
    for (const name of CONNECTIONS)
      await desk.ok(['connection', 'add', name, '--adapter', 'generic-r4', '--base-url', 'http://127.0.0.1:9/fhir']);
    const { ledger } = await openLedger(desk);
    const startedAt = performance.now();
    try {
      await fill(ledger, writes);
      await ledger.checkpoint();
    } finally {
      await ledger.close();
    }
    return { desk, fillSeconds: seconds(startedAt), megabytes: megabytesOf(desk.workspace) };
  } catch (error) {
    await desk.close();
    throw error;
  }
}

async function fill(ledger: Ledger, writes: number): Promise<void> {
  const events = Math.ceil(writes / writesPerEvent);
  const from = systemClock.now() - DAYS * DAY_MS;
  const step = (DAYS * DAY_MS) / events;
  for (let next = 0; next < events;) {
    const commits: Commit[] = [];
    for (let batch = 0; batch < COMMITS_AT_ONCE && next < events; batch += 1) {
      const entries: EntryDraft[] = [];
      const tenant = TENANTS[batch % TENANTS.length] ?? '';
      for (let one = 0; one < EVENTS_PER_COMMIT && next < events; one += 1, next += 1)
        entries.push(...eventEntries(next, tenant, Math.round(from + next * step), events));
      commits.push({ tenant, expected: [], entries });
    }
    const results = await Promise.all(commits.map((commit) => ledger.commit(commit)));
    if (results.some(({ ok }) => !ok)) throw new Error('the ledger refused what it was to be filled with');
  }
}

/** An event as it was taken in, and where each of its writes has come to rest. */
function eventEntries(index: number, tenant: string, at: number, events: number): readonly EntryDraft[] {
  const patient = id(`patient ${(index * 7919) % Math.ceil(events / 5)}`);
  const connection = CONNECTIONS[index % 7 === 0 ? 1 : 0] ?? '';
  const eventId = `bench:${index}`;
  const visit = id(`visit ${index}`);
  const writes = slots.map(({ slot, kind, resourceType, tier }): PlannedWrite => ({
    id: id(`${index} ${slot}`),
    tenant,
    connection,
    source: 'bench',
    eventId,
    eventVersion: 1,
    slot,
    kind,
    resourceType,
    operation: 'create',
    tier,
    group: visit,
    lane: `${patient}/${visit}`,
    patientKey: patient,
    encounterKey: visit,
    supersedes: null,
    contentSha256: digest(slot),
  }));
  const of = { at, actor: bencher, patientKey: patient, correlation: eventId };
  return [
    {
      ...of,
      type: 'event.received',
      stream: `event/${eventId}`,
      body: {
        eventId,
        eventVersion: 1,
        source: 'bench',
        type: 'note.approved',
        file: 'bench',
        line: index + 1,
        contentSha256: digest(eventId),
        subject: patient,
        occurredAt: at,
        approvedAt: at,
        record: record(index, tenant, patient),
        writes,
        kept: [],
      },
    },
    ...writes.map((write, slot): EntryDraft => ({
      ...of,
      type: 'write.settled',
      stream: `write/${write.id}`,
      body: { id: write.id, moves: movesOf(index * writesPerEvent + slot, at), exchange: [] },
    })),
  ];
}

/** About nine of ten are charted and verified; the others rest where people look for them. Nothing is due. */
function movesOf(write: number, at: number): readonly WriteState[] {
  const sent: readonly WriteState[] = [
    { name: 'validated' },
    { name: 'pending', nextAt: at },
    { name: 'in-flight', attempt: 1, engine: 'bench', sentAt: at },
  ];
  const charted = (differs: boolean): WriteState => ({
    name: 'committed',
    evidence: { reference: `DocumentReference/${write}`, versionId: '1', seq: -1 },
    landing: 'charted',
    verification: differs
      ? { result: 'partial', differences: [{ path: 'type.text', kind: 'changed', sent: 'Progress note', found: 'Note' }] }
      : { result: 'verified' },
    at,
    late: false,
  });
  const turn = write % 200;
  if (turn < 4) return [{ name: 'failed-terminal', code: 'patient-not-found' }];
  if (turn < 6) return [{ name: 'failed-terminal', code: 'patient-ambiguous' }];
  if (turn < 8) return [...sent, { name: 'conflict', code: 'version-conflict', found: null }];
  if (turn < 12)
    return [{ name: 'validated' }, { name: 'awaiting-approval', roles: ['clinician'], reason: 'high risk in this contract' }];
  if (turn < 15) return [...sent, charted(true)];
  if (turn < 18) return [{ name: 'withdrawn', by: 'bench', reason: 'not needed', at }];
  return [...sent, charted(false)];
}

function record(index: number, tenant: string, patient: string): string {
  return JSON.stringify({
    specVersion: '1.0',
    id: `bench:${index}`,
    version: 1,
    type: 'note.approved',
    tenant,
    source: 'bench',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: {
      patient: {
        identifiers: [{ system: 'urn:bench', value: patient }],
        name: { family: `Bench-${patient.slice(0, 6)}`, given: ['Robin'] },
        birthDate: '1970-01-01',
      },
      encounter: { identifiers: [{ system: 'urn:bench', value: `visit ${index}` }] },
    },
    content: {
      note: {
        title: 'Progress note',
        text: `Visit ${index}. The patient reports two weeks of intermittent cough without fever.`,
      },
      problems: [{ code: { text: 'Cough' } }],
      allergies: [{ substance: { text: 'Penicillin' } }],
      procedures: [{ code: { text: 'Spirometry' } }],
    },
    approval: null,
  });
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Looks like an id of a write or a pseudonym, and is spread over the indexes like one. */
function id(text: string): string {
  return base32(createHash('sha256').update(text).digest()).slice(0, 26);
}

function megabytesOf(folder: string): number {
  const bytes = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(folder, entry.name)).size, 0);
  return bytes / 1024 / 1024;
}
