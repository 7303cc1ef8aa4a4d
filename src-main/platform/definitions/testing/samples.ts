import { asObject, parseExact, type ExactObject } from '../../../../src-shared/fhir/index.ts';

/** A resource as the check gets it: read exactly, numbers as Decimals. */
export function exact(resource: unknown): ExactObject {
  return exactText(JSON.stringify(resource));
}

export function exactText(json: string): ExactObject {
  const parsed = parseExact(json, 64);
  const object = parsed.ok ? asObject(parsed.value) : undefined;
  if (object === undefined) throw new Error('the sample is not a JSON object');
  return object;
}

const patient = { reference: 'Patient/p1' };
const encounter = { reference: 'Encounter/e1' };
const practitioner = { reference: 'Practitioner/d1', display: 'Dana Lee' };
const identifier = [{ system: 'urn:countersign:write', value: 'abc' }];
const coded = (system: string, code: string, display?: string): object => ({
  coding: [{ system, code, ...(display === undefined ? {} : { display }) }],
});
const narrative = (text: string): object => ({
  status: 'generated',
  div: `<div xmlns="http://www.w3.org/1999/xhtml"><p>${text}</p></div>`,
});
const THO = 'http://terminology.hl7.org/CodeSystem';
const LOINC = 'http://loinc.org';
const SNOMED = 'http://snomed.info/sct';
const quantity = (value: number, unit: string): object => ({ value, unit, system: 'http://unitsofmeasure.org', code: unit });
const dosage = [
  {
    text: '1 tablet daily',
    route: coded(SNOMED, '26643006'),
    timing: { repeat: { frequency: 1, period: 1, periodUnit: 'd' } },
    doseAndRate: [{ doseQuantity: quantity(1, '{tbl}') }],
  },
];

/** A valid resource of every type that is written, with as much in it as Countersign ever sends. */
export const samples: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  DocumentReference: {
    resourceType: 'DocumentReference',
    text: narrative('Progress note'),
    identifier,
    status: 'current',
    docStatus: 'final',
    type: coded(LOINC, '11506-3', 'Progress note'),
    category: [coded('http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category', 'clinical-note')],
    subject: patient,
    date: '2026-03-02T09:14:00Z',
    author: [practitioner],
    authenticator: practitioner,
    relatesTo: [{ code: 'appends', target: { reference: 'DocumentReference/n0' } }],
    description: 'Progress note',
    securityLabel: [coded(`${THO}/v3-Confidentiality`, 'N')],
    content: [
      {
        attachment: {
          contentType: 'text/plain; charset=utf-8',
          language: 'en',
          data: 'U3ViamVjdGl2ZQ==',
          title: 'Progress note',
          creation: '2026-03-02T09:14:00Z',
        },
      },
    ],
    context: { encounter: [encounter], period: { start: '2026-03-02T08:50:00Z', end: '2026-03-02T09:14:00Z' } },
  },
  Composition: {
    resourceType: 'Composition',
    text: narrative('Progress note'),
    identifier: { system: 'urn:countersign:write', value: 'abc' },
    status: 'final',
    type: coded(LOINC, '11506-3'),
    subject: patient,
    encounter,
    date: '2026-03-02T09:14:00Z',
    author: [practitioner],
    title: 'Progress note',
    confidentiality: 'N',
    attester: [{ mode: 'legal', time: '2026-03-02T09:13:40Z', party: practitioner }],
    section: [
      { title: 'Subjective', code: coded(LOINC, '61150-9'), text: narrative('Cough for two days.') },
      { title: 'Plan', section: [{ title: 'Medication', text: narrative('None.') }] },
    ],
  },
  Observation: {
    resourceType: 'Observation',
    identifier,
    status: 'final',
    category: [coded(`${THO}/observation-category`, 'vital-signs')],
    code: coded(LOINC, '85354-9', 'Blood pressure panel'),
    subject: patient,
    encounter,
    effectiveDateTime: '2026-03-02T09:02:00+01:00',
    performer: [practitioner],
    note: [{ text: 'Left arm.' }],
    bodySite: coded(SNOMED, '368208006'),
    referenceRange: [{ low: quantity(90, 'mm[Hg]'), high: quantity(120, 'mm[Hg]') }],
    component: [
      {
        code: coded(LOINC, '8480-6'),
        valueQuantity: quantity(128, 'mm[Hg]'),
        interpretation: [coded(`${THO}/v3-ObservationInterpretation`, 'N')],
      },
      { code: coded(LOINC, '8462-4'), dataAbsentReason: coded(`${THO}/data-absent-reason`, 'not-performed') },
    ],
  },
  Condition: {
    resourceType: 'Condition',
    identifier,
    clinicalStatus: coded(`${THO}/condition-clinical`, 'resolved'),
    verificationStatus: coded(`${THO}/condition-ver-status`, 'confirmed'),
    category: [coded(`${THO}/condition-category`, 'problem-list-item')],
    severity: coded(SNOMED, '24484000'),
    code: coded(SNOMED, '386661006', 'Fever'),
    subject: patient,
    encounter,
    onsetDateTime: '2026-02',
    abatementDateTime: '2026-03-01',
    recordedDate: '2026-03-02',
    recorder: practitioner,
    note: [{ text: 'Gone since yesterday.' }],
  },
  AllergyIntolerance: {
    resourceType: 'AllergyIntolerance',
    identifier,
    clinicalStatus: coded(`${THO}/allergyintolerance-clinical`, 'active'),
    verificationStatus: coded(`${THO}/allergyintolerance-verification`, 'confirmed'),
    type: 'allergy',
    category: ['medication'],
    criticality: 'high',
    code: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '7980'),
    patient,
    encounter,
    onsetDateTime: '2001',
    recordedDate: '2026-03-02T09:14:00Z',
    reaction: [{ manifestation: [coded(SNOMED, '247472004')], severity: 'moderate', description: 'Hives' }],
  },
  MedicationStatement: {
    resourceType: 'MedicationStatement',
    identifier,
    status: 'active',
    medicationCodeableConcept: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '314076'),
    subject: patient,
    context: encounter,
    effectivePeriod: { start: '2026-01' },
    dateAsserted: '2026-03-02',
    informationSource: patient,
    reasonCode: [{ text: 'High blood pressure' }],
    dosage,
  },
  MedicationRequest: {
    resourceType: 'MedicationRequest',
    identifier,
    status: 'draft',
    intent: 'proposal',
    priority: 'routine',
    medicationCodeableConcept: coded('http://www.nlm.nih.gov/research/umls/rxnorm', '314076'),
    subject: patient,
    encounter,
    authoredOn: '2026-03-02T09:14:00Z',
    requester: practitioner,
    dosageInstruction: dosage,
    dispenseRequest: { numberOfRepeatsAllowed: 2, quantity: quantity(30, '{tbl}'), expectedSupplyDuration: quantity(30, 'd') },
  },
  ServiceRequest: {
    resourceType: 'ServiceRequest',
    identifier,
    status: 'draft',
    intent: 'proposal',
    category: [coded(SNOMED, '108252007')],
    priority: 'routine',
    code: coded(LOINC, '24323-8'),
    subject: patient,
    encounter,
    occurrenceDateTime: '2026-03-09',
    authoredOn: '2026-03-02T09:14:00Z',
    requester: practitioner,
    reasonCode: [{ text: 'Fatigue' }],
  },
  Procedure: {
    resourceType: 'Procedure',
    identifier,
    status: 'completed',
    code: coded(SNOMED, '80146002'),
    subject: patient,
    encounter,
    performedPeriod: { start: '2026-03-02T08:55:00Z', end: '2026-03-02T09:05:00Z' },
    performer: [{ actor: practitioner }],
    outcome: { text: 'Without complications' },
  },
  CarePlan: {
    resourceType: 'CarePlan',
    identifier,
    status: 'active',
    intent: 'plan',
    category: [coded('http://hl7.org/fhir/us/core/CodeSystem/careplan-category', 'assess-plan')],
    title: 'Blood pressure',
    description: 'Bring it below 130.',
    subject: patient,
    encounter,
    period: { start: '2026-03-02' },
    created: '2026-03-02T09:14:00Z',
    author: practitioner,
    activity: [{ detail: { kind: 'Task', status: 'not-started', description: 'Measure daily', code: { text: 'Measure' } } }],
  },
  Task: {
    resourceType: 'Task',
    identifier,
    status: 'requested',
    intent: 'order',
    priority: 'urgent',
    code: { text: 'Call back' },
    description: 'Call the patient about the result.',
    for: patient,
    encounter,
    authoredOn: '2026-03-02T09:14:00+01:00',
    lastModified: '2026-03-02T08:30:00Z',
    requester: practitioner,
    owner: practitioner,
    restriction: { period: { end: '2026-03-05' } },
    input: [{ type: { text: 'attempts' }, valuePositiveInt: 3 }],
  },
  Communication: {
    resourceType: 'Communication',
    identifier,
    status: 'completed',
    category: [{ text: 'instruction' }],
    priority: 'routine',
    subject: patient,
    encounter,
    sent: '2026-03-02T09:20:00Z',
    recipient: [patient],
    sender: practitioner,
    payload: [{ contentString: 'Drink enough.' }],
  },
  QuestionnaireResponse: {
    resourceType: 'QuestionnaireResponse',
    identifier: { system: 'urn:countersign:write', value: 'abc' },
    questionnaire: 'http://example.org/Questionnaire/phq-9|1.0',
    status: 'completed',
    subject: patient,
    encounter,
    authored: '2026-03-02T08:40:00Z',
    author: patient,
    item: [
      { linkId: '1', text: 'Pain', answer: [{ valueDecimal: 2.5 }, { valueBoolean: false }] },
      {
        linkId: '2',
        item: [
          {
            linkId: '2.1',
            answer: [{ valueQuantity: quantity(3, 'd'), item: [{ linkId: '2.1.1', answer: [{ valueDate: '2026-03-01' }] }] }],
          },
        ],
      },
    ],
  },
  Consent: {
    resourceType: 'Consent',
    identifier,
    status: 'active',
    scope: coded(`${THO}/consentscope`, 'patient-privacy'),
    category: [coded(LOINC, '59284-0')],
    patient,
    dateTime: '2026-03-02T08:45:00Z',
    policy: [{ uri: 'https://example.org/policies/recording' }],
    provision: {
      type: 'permit',
      period: { start: '2026-03-02', end: '2027-03-02' },
      purpose: [{ system: `${THO}/v3-ActReason`, code: 'TREAT' }],
      provision: [{ type: 'deny', data: [{ meaning: 'related', reference: encounter }] }],
    },
  },
  Patient: {
    resourceType: 'Patient',
    id: 'p1',
    meta: { versionId: '3', lastUpdated: '2026-03-02T09:14:00.123Z' },
    extension: [{ url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex', valueCode: 'M' }],
    identifier: [{ use: 'official', system: 'urn:mrn:north', value: '100234' }],
    active: true,
    name: [
      {
        use: 'official',
        family: 'Campbell',
        given: ['Andrew', 'James'],
        _given: [null, { extension: [{ url: 'http://example.org/initial', valueBoolean: true }] }],
      },
    ],
    telecom: [{ system: 'phone', value: '+1 555 0100', use: 'home', rank: 1 }],
    gender: 'male',
    birthDate: '1967-02-11',
    _birthDate: {
      extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/patient-birthTime', valueDateTime: '1967-02-11T04:00:00Z' }],
    },
    address: [{ use: 'home', line: ['1 Main Street'], city: 'Northfield', postalCode: '55057', country: 'US' }],
    maritalStatus: coded(`${THO}/v3-MaritalStatus`, 'M'),
    multipleBirthInteger: 2,
    contact: [{ name: { text: 'Ann Campbell' }, telecom: [{ system: 'phone', value: '+1 555 0101' }] }],
    communication: [{ language: coded('urn:ietf:bcp:47', 'en'), preferred: true }],
    link: [{ other: { reference: 'Patient/p0' }, type: 'replaces' }],
  },
  Encounter: {
    resourceType: 'Encounter',
    id: 'e1',
    identifier: [{ system: 'urn:visit:north', value: 'V-88' }],
    status: 'in-progress',
    class: { system: `${THO}/v3-ActCode`, code: 'AMB' },
    subject: patient,
    participant: [{ individual: practitioner }],
    period: { start: '2026-03-02T08:50:00Z' },
    length: quantity(24, 'min'),
  },
};

export type Path = readonly (string | number)[];

/** The sample with one place changed: set to a value, or removed when the value is `undefined`. An empty path: the whole. */
export function altered(type: string, path: Path, value: unknown): Record<string, unknown> {
  if (path.length === 0) return value as Record<string, unknown>;
  const copy = structuredClone(samples[type]) as Record<string, unknown>;
  let target: Record<string | number, unknown> = copy;
  for (const step of path.slice(0, -1)) target = target[step] as Record<string | number, unknown>;
  const last = path.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(target, last);
  else target[last] = value;
  return copy;
}
