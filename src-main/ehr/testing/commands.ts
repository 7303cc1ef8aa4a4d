import type { GatewayFacts, WriteCommand } from '../../ports/outbound/index.ts';
import { itemsOf, writeId, type ClinicalItem, type ResolvedFacts } from '../../../src-shared/domain/index.ts';
import { content } from '../../../src-shared/domain/content.ts';
import { parseExact } from '../../../src-shared/fhir/index.ts';
import { sha256 } from './runtime.ts';

/** Clinical items from the content member of an event, read as intake reads it. */
export function itemsFrom(json: string): readonly ClinicalItem[] {
  const parsed = parseExact(json, 64);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return itemsOf(content.parse(parsed.value)).items.map(({ clinical }) => clinical);
}

export function itemFrom(json: string): ClinicalItem {
  const [first] = itemsFrom(json);
  if (first === undefined) throw new Error('the content holds no item');
  return first;
}

const RESOURCE: Readonly<Record<ClinicalItem['kind'], string>> = {
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

/** A command for an item, as the engine would build it; `n` tells commands apart. */
export function commandFor(clinical: ClinicalItem, n = 1, resourceType = RESOURCE[clinical.kind]): WriteCommand {
  const parts = {
    tenant: 'north',
    connection: 'ehr',
    patient: 'p',
    encounter: 'e',
    resourceType,
    eventId: `event-${n}`,
    eventVersion: 1,
    slot: clinical.kind,
  };
  return {
    identity: {
      id: writeId(parts, sha256),
      ...parts,
      source: 'scribe',
      eventSeq: 1,
      kind: clinical.kind,
      operation: clinical.kind === 'demographics' ? 'update' : 'create',
      tier: 'medium',
      group: 'g',
      lane: 'l',
      patientKey: 'p',
      encounterKey: 'e',
      createdAt: 0,
      supersedes: null,
    },
    clinical,
    occurredAt: '2026-03-02T09:14Z',
    aiAssisted: true,
    author: null,
    contract: { version: 'default-1', resourceType, verify: ['code'] },
  };
}

const refs: ResolvedFacts = {
  patient: { reference: 'Patient/p1', versionId: '1' },
  encounter: { reference: 'Encounter/e1', versionId: '1' },
  practitioner: { reference: 'Practitioner/d1', versionId: '1' },
  organization: { reference: 'Organization/o1', versionId: '1' },
  target: null,
};

export function factsWith(changes: Partial<ResolvedFacts> = {}, target: GatewayFacts['target'] = null): GatewayFacts {
  return { refs: { ...refs, ...changes }, target };
}

/** The references of `factsWith` as resources, so that a server that checks references finds them. */
export const subjects = [
  { resourceType: 'Organization', id: 'o1', name: 'North Clinic', identifier: [{ system: 'urn:org:north', value: 'north' }] },
  {
    resourceType: 'Practitioner',
    id: 'd1',
    name: [{ family: 'Lee', given: ['Dana'] }],
    identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }],
  },
  {
    resourceType: 'Patient',
    id: 'p1',
    name: [
      { use: 'official', family: 'Campbell', given: ['Andrew'] },
      { use: 'maiden', family: 'Stone' },
    ],
    birthDate: '1967-02-11',
    gender: 'male',
    identifier: [{ system: 'urn:mrn:north', value: '100234' }],
    telecom: [{ system: 'phone', value: '555-0100', use: 'home' }],
  },
  {
    resourceType: 'Encounter',
    id: 'e1',
    status: 'in-progress',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
    subject: { reference: 'Patient/p1' },
    identifier: [{ system: 'urn:visit:north', value: 'V-88' }],
  },
] as const;
