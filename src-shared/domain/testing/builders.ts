import { createHash } from 'node:crypto';
import { parseExact } from '../../fhir/index.ts';
import { limits } from '../../limits/index.ts';
import { businessEvent, type BusinessEvent } from '../business-event.ts';
import { contractMatrix, type ContractMatrix, type ContractRow } from '../contract-matrix.ts';
import { hex, sha256Hex, type Sha256 } from '../hash.ts';
import type { Connection, Person, Source } from '../people.ts';
import type { StateName, StateOf, WriteApproval, WriteRow } from '../write.ts';

/** Parts that the tests of the domain are put together from. Every builder gives a valid whole; a test names what it changes. */

export const sha256: Sha256 = (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest());

export const pseudonym = (tenant: string, text: string): string => sha256Hex(sha256, JSON.stringify([tenant, text])).slice(0, 32);

/** 2026-03-02T09:15:00Z, a minute after the events built here were approved. */
export const now = Date.UTC(2026, 2, 2, 9, 15);

/** The smallest record with content; what stands in `changes` replaces its members, `undefined` takes them away. */
export function record(changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    specVersion: '1.0',
    id: 'scribe-7:visit-88:note',
    type: 'note.approved',
    tenant: 'north-clinic',
    source: 'scribe-7',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { identifiers: [{ system: 'urn:mrn:north', value: '100234' }], birthDate: '1967-02-11' } },
    content: { note: { text: 'Feels well.' } },
    ...changes,
  });
}

/** A record read as intake reads it. Throws when it is refused: a test that wants a refusal asks the schema itself. */
export function read(text: string): { readonly event: BusinessEvent; readonly record: string; readonly contentSha256: string } {
  const parsed = parseExact(text, limits.jsonDepthMax);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const span = parsed.members.get('content');
  return {
    event: businessEvent.parse(parsed.value),
    record: text,
    contentSha256: sha256Hex(sha256, span === undefined ? '' : text.slice(span.start, span.end)),
  };
}

export const event = (changes: Readonly<Record<string, unknown>> = {}): BusinessEvent => read(record(changes)).event;

const resources: Readonly<Record<ContractRow['kind'], string>> = {
  note: 'DocumentReference',
  addendum: 'DocumentReference',
  observation: 'Observation',
  problem: 'Condition',
  allergy: 'AllergyIntolerance',
  'medication-statement': 'MedicationStatement',
  'medication-request': 'MedicationRequest',
  order: 'ServiceRequest',
  procedure: 'Procedure',
  'care-plan': 'CarePlan',
  task: 'Task',
  message: 'Communication',
  'patient-instructions': 'DocumentReference',
  'questionnaire-response': 'QuestionnaireResponse',
  consent: 'Consent',
  demographics: 'Patient',
  'encounter-status': 'Encounter',
  document: 'DocumentReference',
  'intake-summary': 'DocumentReference',
};
export const contentKinds = Object.keys(resources) as readonly ContractRow['kind'][];

export function contract(changes: Partial<ContractRow> = {}): ContractRow {
  const kind = changes.kind ?? 'note';
  const signed = kind === 'order' || kind === 'medication-request';
  return {
    kind,
    resource: resources[kind],
    operation: kind === 'demographics' || kind === 'encounter-status' ? 'update' : 'create',
    mode: 'create-only',
    classes: ['fact', 'intention'],
    narrative: 'structured-already',
    origins: ['ai', 'clinician', 'patient', 'device'],
    allowed: signed
      ? [
          { element: 'status', codes: ['draft'] },
          { element: 'intent', codes: ['proposal'] },
        ]
      : [],
    tier: 'medium',
    approvers: ['clinician', 'clinical-owner'],
    persons: 1,
    validations: ['structure'],
    fields: [{ element: 'code', owner: 'source', use: 'writable', from: 'content' }],
    verify: ['code'],
    merge: 'none',
    rollback: 'by-hand',
    audit: signed ? 'strict' : 'standard',
    formulary: [],
    reason: 'A test needs a row.',
    ...changes,
  };
}

export const matrix: ContractMatrix = contractMatrix.parse({
  policy: 'contract',
  version: 'test-1',
  rows: contentKinds.map((kind) => contract({ kind })),
});

export function person(changes: Partial<Person> = {}): Person {
  return { id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'], npi: '1234567893', active: true, ...changes };
}

export function source(changes: Partial<Source> = {}): Source {
  return {
    name: 'scribe-7',
    tenants: null,
    types: null,
    origin: null,
    approvals: 'medium',
    owner: 'admin',
    active: true,
    ...changes,
  };
}

export function connection(changes: Partial<Connection> = {}): Connection {
  return {
    name: 'north',
    adapter: 'generic-r4',
    baseUrl: 'http://127.0.0.1:8080/fhir',
    tenants: null,
    environment: 'practice',
    stage: 'limited-auto-write',
    baa: null,
    auth: { kind: 'none' },
    active: true,
    ...changes,
  };
}

export const requestSha256 = sha256Hex(sha256, 'the bytes that would be sent');

export function approval(changes: Partial<WriteApproval> = {}): WriteApproval {
  return {
    by: 'dr-lee',
    name: 'Dana Lee',
    role: 'clinician',
    at: now,
    meaning: 'approved for the chart',
    made: 'person',
    contentSha256: sha256Hex(sha256, 'content'),
    requestSha256,
    ...changes,
  };
}

/** One write in each state of the table. */
export const states: { readonly [N in StateName]: StateOf<N> } = {
  draft: { name: 'draft', nextAt: now, looks: 0 },
  validated: { name: 'validated' },
  'awaiting-approval': {
    name: 'awaiting-approval',
    roles: ['clinician', 'clinical-owner'],
    reason: 'nobody has approved it yet',
  },
  held: { name: 'held', hold: { code: 'sign-in-needed', liftedBy: 'integration-administrator' }, resume: 'pending' },
  pending: { name: 'pending', nextAt: now },
  'in-flight': { name: 'in-flight', attempt: 1, engine: 'engine-1', sentAt: now },
  unknown: { name: 'unknown', code: 'reply-lost', since: now, looks: 0, absentLooks: 0, nextAt: now, personSince: null },
  conflict: { name: 'conflict', code: 'version-conflict', found: 'Patient/7' },
  'failed-retryable': { name: 'failed-retryable', code: 'ehr-unavailable', nextAt: now },
  'failed-terminal': { name: 'failed-terminal', code: 'ehr-rejected' },
  'resolved-by-hand': { name: 'resolved-by-hand', by: 'op-1', at: now, note: 'charted by hand' },
  committed: {
    name: 'committed',
    evidence: { reference: 'DocumentReference/11', versionId: '1', seq: 4 },
    landing: 'charted',
    verification: { result: 'verified' },
    at: now,
    late: false,
  },
  superseded: { name: 'superseded', by: null },
  withdrawn: { name: 'withdrawn', by: 'op-1', reason: 'sent twice by the source', at: now },
  compensated: { name: 'compensated', by: 'other' },
  corrected: { name: 'corrected', by: 'other' },
  quarantined: { name: 'quarantined', reason: 'row does not parse' },
};
export const stateNames = Object.keys(states) as readonly StateName[];

export function write(changes: Partial<WriteRow> = {}): WriteRow {
  return {
    id: hex(sha256(new Uint8Array([1]))).slice(0, 52),
    tenant: 'north-clinic',
    connection: 'north',
    source: 'scribe-7',
    eventId: 'scribe-7:visit-88:note',
    eventVersion: 1,
    eventSeq: 0,
    slot: 'note/0',
    kind: 'note',
    resourceType: 'DocumentReference',
    operation: 'create',
    tier: 'medium',
    group: 'group-1',
    lane: 'lane-1',
    patientKey: 'patient-1',
    encounterKey: null,
    createdAt: now,
    supersedes: null,
    version: 3,
    state: states.draft,
    updatedAt: now,
    attempts: 0,
    contentSha256: sha256Hex(sha256, 'content'),
    prepared: { seq: 1, sha256: requestSha256, adapter: 'generic-r4', contract: 'test-1' },
    approval: null,
    ...changes,
  };
}

/** A write in a state, with what usually goes with it. */
export function writeIn(state: StateName, changes: Partial<WriteRow> = {}): WriteRow {
  return write({
    state: states[state],
    attempts: ['draft', 'validated', 'awaiting-approval', 'pending'].includes(state) ? 0 : 1,
    ...changes,
  });
}
