import type { ExactObject } from '../fhir/index.ts';

/**
 * What may be read of a chart, for what, by which questions and how much of it (45 CFR 164.502(b), the minimum necessary;
 * G2, A8). Reads that are not listed here are not made: adapters ask `readAllowed` before each one. Change the version
 * with every change of the list: it stands beside the reads that were made under it.
 */

export const readsVersion = '2';

export const readPurposes = ['identify', 'compare-list', 'own-entry', 'compare-shadow', 'capability'] as const;
/**
 * `identify`: who and where the event is about. `compare-list`: what the chart holds that an item would repeat.
 * `own-entry`: what this console wrote, what it changes and what an event relied on, by address or by its identifier.
 * `compare-shadow`: what a person wrote by hand where this console only prepared, of one patient, one type, since the visit.
 */
export type ReadPurpose = (typeof readPurposes)[number];

interface ReadRule {
  readonly purpose: ReadPurpose;
  readonly type: string;
  /** Search parameters that may be used, besides those that only steer the answer. */
  readonly by: readonly string[];
  /** Parameters without which the question would be about more than one patient or more than a moment. */
  readonly needs: readonly string[];
  /** Elements that are looked at; `null`: whole, because it is compared or changed as a whole. */
  readonly elements: readonly string[] | null;
}

const identify = (type: string, elements: readonly string[]): ReadRule => ({
  purpose: 'identify',
  type,
  by: ['identifier'],
  needs: ['identifier'],
  elements,
});
const compare = (type: string, by: readonly string[], needs: readonly string[], elements: readonly string[]): ReadRule => ({
  purpose: 'compare-list',
  type,
  by,
  needs,
  elements,
});

const WRITTEN = [
  ...['AllergyIntolerance', 'CarePlan', 'Communication', 'Composition', 'Condition', 'Consent', 'DocumentReference', 'Encounter'],
  ...['MedicationRequest', 'MedicationStatement', 'Observation', 'Patient', 'Procedure', 'QuestionnaireResponse'],
  ...['ServiceRequest', 'Task'],
];

export const readRules: readonly ReadRule[] = [
  identify('Patient', ['identifier', 'active', 'name', 'gender', 'birthDate', 'link']),
  identify('Encounter', ['identifier', 'status', 'subject', 'period']),
  identify('Practitioner', ['identifier', 'active', 'name']),
  identify('Organization', ['identifier', 'active', 'name']),
  compare(
    'Condition',
    ['patient', 'clinical-status'],
    ['patient', 'clinical-status'],
    ['identifier', 'subject', 'code', 'clinicalStatus', 'verificationStatus'],
  ),
  compare(
    'AllergyIntolerance',
    ['patient', 'clinical-status'],
    ['patient', 'clinical-status'],
    ['identifier', 'patient', 'code', 'clinicalStatus', 'verificationStatus'],
  ),
  compare(
    'MedicationRequest',
    ['patient', 'status'],
    ['patient', 'status'],
    ['identifier', 'subject', 'status', 'intent', 'medicationCodeableConcept'],
  ),
  compare(
    'MedicationStatement',
    ['patient', 'status'],
    ['patient', 'status'],
    ['identifier', 'subject', 'status', 'medicationCodeableConcept'],
  ),
  compare(
    'Observation',
    ['patient', 'code', 'date'],
    ['patient', 'code', 'date'],
    ['identifier', 'subject', 'status', 'code', 'effectiveDateTime'],
  ),
  ...WRITTEN.map((type): ReadRule => ({ purpose: 'own-entry', type, by: ['identifier'], needs: ['identifier'], elements: null })),
  // Where an EHR cannot be searched by identifier: what the patient got since the write was planned, to find it by its content.
  ...WRITTEN.map((type): ReadRule => ({
    purpose: 'own-entry',
    type,
    by: ['patient', '_lastUpdated'],
    needs: ['patient', '_lastUpdated'],
    elements: null,
  })),
  // At stage shadow: compared in every element, as it would be after a write.
  ...WRITTEN.map((type): ReadRule => ({
    purpose: 'compare-shadow',
    type,
    by: ['patient', '_lastUpdated'],
    needs: ['patient', '_lastUpdated'],
    elements: null,
  })),
];

// These choose nothing; what they steer is how an answer is cut into pages and elements.
const STEERING = new Set(['_count', '_elements', '_offset', '_total']);
const TYPE = /^[A-Z][A-Za-z]+$/;

/** Whether an address below the base of an EHR is one that may be read: `Type?a=b`, `Type/id`, its history, `metadata`. */
export function readAllowed(path: string): boolean {
  const [address = '', query = ''] = path.split('?', 2);
  const [type = '', id, ...rest] = address.split('/');
  // One record by its address is one that the event, the contract or this console has named.
  if (id !== undefined) return TYPE.test(type) && (rest.length === 0 || rest[0] === '_history') && query === '';
  if (type === 'metadata') return query === '';
  const names = [...new URLSearchParams(query).keys()].filter((name) => !STEERING.has(name));
  return readRules.some(
    (rule) =>
      rule.type === type &&
      rule.needs.every((name) => names.includes(name)) &&
      names.every((name) => rule.by.includes(name.split(':', 1)[0] ?? name)),
  );
}

/** The elements that a purpose looks at in a type; `null` where it is the whole resource. */
export function elementsFor(purpose: ReadPurpose, type: string): readonly string[] | null {
  const rule = readRules.find((one) => one.purpose === purpose && one.type === type);
  if (rule === undefined) throw new RangeError(`nothing of ${type} is read to ${purpose}`);
  return rule.elements;
}

/** A resource with the elements that the purpose looks at and no others, whatever the EHR sent. */
export function shapedFor(purpose: ReadPurpose, resource: ExactObject): ExactObject {
  const { resourceType } = resource;
  const elements = typeof resourceType === 'string' ? elementsFor(purpose, resourceType) : [];
  if (elements === null) return resource;
  const kept = new Set([...ALWAYS, ...elements]);
  return Object.fromEntries(Object.entries(resource).filter(([name]) => kept.has(name)));
}

// Which record it is, in which version.
const ALWAYS = ['resourceType', 'id', 'meta'];
