import { sha256Hex } from '../hash.ts';
import type { Content } from '../content.ts';
import { sha256 } from './builders.ts';

/** Example records: the one of the format's description, and content that names every member there is. */

const CONTENT =
  '{"note":{"title":"Progress note","type":{"system":"http://loinc.org","code":"11506-3"},"sections":[{"title":"Subjective","text":"..."}]},\n  ' +
  '"observations":[{"code":{"system":"http://loinc.org","code":"8480-6","display":"Systolic blood pressure"},"value":"128","unit":"mm[Hg]","effectiveAt":"2026-03-02T09:02:00Z"}]}';

export const describedContentSha256 = sha256Hex(sha256, CONTENT);

/** The event by which the format is described (architecture, section 7), laid out as it stands there, with true hashes. */
export const describedRecord = `{"specVersion":"1.0","id":"scribe-7:visit-88:note","version":1,"type":"note.approved","tenant":"north-clinic","source":"scribe-7","origin":"ai",
 "occurredAt":"2026-03-02T09:14:00Z","workflowStep":"sign","device":"ws-114","correlationId":"c-5521",
 "subject":{
  "patient":{"identifiers":[{"system":"urn:mrn:north","value":"100234"}],"name":{"family":"Campbell","given":["Andrew"]},"birthDate":"1967-02-11","gender":"male"},
  "encounter":{"identifiers":[{"system":"urn:visit:north","value":"V-88"}],"status":"in-progress","period":{"start":"2026-03-02T08:50:00Z"}},
  "practitioner":{"identifiers":[{"system":"http://hl7.org/fhir/sid/us-npi","value":"1234567893"}],"name":{"family":"Lee","given":["Dana"]}},
  "organization":{"identifiers":[{"system":"urn:org:north","value":"north"}]}},
 "snapshot":{"takenAt":"2026-03-02T08:51:00Z","reliedOn":[{"reference":"AllergyIntolerance/91","versionId":"3"}]},
 "targets":[{"connection":"practice"}],
 "content":${CONTENT},
 "approval":{"status":"approved","by":{"id":"dr-lee","name":"Dana Lee","role":"clinician","npi":"1234567893"},"at":"2026-03-02T09:13:40Z",
  "meaning":"reviewed and approved for the chart","contentSha256":"${describedContentSha256}"},
 "provenance":{"model":{"name":"gpt-4","version":"0613"},"promptTemplate":{"id":"soap","version":"17"},"renderedPrompt":"...","modelOutput":"...","contextShown":["Patient/7"],
  "transcript":{"sha256":"${sha256Hex(sha256, '...')}","text":"...","segments":[{"id":"s1","speaker":"clinician","start":"PT0S","end":"PT4S","confidence":"0.93","text":"..."}]},
  "draft":{"text":"what the model wrote"},"transformations":[{"step":"normalize","version":"3"}],"safetyFilters":[],"redactions":[],"uncertainties":[],"attestation":null},
 "consent":{"status":"active","purposes":["treatment"],"reference":"Consent/7","expiresAt":null}}`;

const item = { key: 'k1', class: 'fact', evidence: ['s1', 's2'] };
const concept = {
  system: 'http://loinc.org',
  code: '8480-6',
  display: 'Systolic blood pressure',
  text: 'Systolic',
  translations: [{ system: 'urn:local', code: 'sys', display: 'Systolic' }],
};
const period = { start: '2026-03-01', end: '2026-03-02T09:00:00+01:00' };
const quantity = { value: '5.0', unit: 'mg' };
const narrative = {
  title: 'Progress note',
  type: concept,
  sections: [{ title: 'Plan', text: 'Rest.', code: concept }],
  text: 'Rest.',
  at: '2026-03-02T09:02:00Z',
  language: 'en-US',
};
const dosage = {
  text: 'one daily',
  route: concept,
  dose: quantity,
  frequency: 1,
  period: '1.0',
  periodUnit: 'd',
  asNeeded: true,
};
const observed = { code: concept, interpretation: concept };

type Json = Readonly<Record<string, unknown>>;

/** Per member of `content`, values that between them name every field the format has. */
export const contentExamples = {
  note: [{ ...item, ...narrative }],
  addendum: [
    { ...item, ...narrative, amends: { event: 'scribe-7:visit-88:note' } },
    { text: 'Late entry.', amends: { identifier: { system: 'urn:doc', value: '1' } } },
    { text: 'Late entry.', amends: { reference: 'DocumentReference/1' } },
  ],
  observations: [
    [
      {
        ...item,
        ...observed,
        value: '128.0',
        unit: 'mm[Hg]',
        status: 'final',
        category: 'vital-signs',
        effectiveAt: '2026-03-02T09:02:00Z',
        bodySite: concept,
        method: concept,
        note: 'sitting',
        components: [
          { ...observed, value: '1', unit: '1' },
          { ...observed, valueConcept: concept },
          { ...observed, valueText: 'trace' },
          { ...observed, valueBoolean: false },
          { ...observed, dataAbsentReason: concept },
        ],
      },
      { ...observed, valueConcept: concept, effectivePeriod: period },
      { ...observed, valueText: 'cloudy' },
      { ...observed, valueBoolean: true },
      { ...observed, dataAbsentReason: concept },
    ],
  ],
  problems: [
    [
      {
        ...item,
        code: concept,
        clinicalStatus: 'active',
        verificationStatus: 'confirmed',
        category: 'problem-list-item',
        severity: concept,
        bodySite: concept,
        onsetAt: '2020',
        abatementAt: '2021-05',
        note: 'mild',
      },
    ],
  ],
  allergies: [
    [
      {
        ...item,
        substance: concept,
        clinicalStatus: 'active',
        verificationStatus: 'confirmed',
        type: 'allergy',
        categories: ['food', 'medication'],
        criticality: 'high',
        onsetAt: '2001-01-01',
        reactions: [{ manifestations: [concept], severity: 'severe', description: 'hives' }],
        note: 'carries a pen',
      },
    ],
  ],
  medications: [
    [
      {
        ...item,
        medication: concept,
        record: 'statement',
        change: 'continue',
        status: 'active',
        dosage,
        effectiveAt: '2026-01-01',
        effectivePeriod: period,
        reason: concept,
        note: 'with food',
      },
    ],
  ],
  orders: [
    [
      {
        ...item,
        code: concept,
        category: concept,
        priority: 'urgent',
        occurrenceAt: '2026-04-01',
        reason: concept,
        bodySite: concept,
        note: 'fasting',
      },
    ],
  ],
  procedures: [
    [
      {
        ...item,
        code: concept,
        status: 'completed',
        performedAt: '2026-03-02',
        performedPeriod: period,
        bodySite: concept,
        reason: concept,
        outcome: concept,
        note: 'no complications',
      },
    ],
  ],
  carePlans: [
    [
      {
        ...item,
        title: 'Asthma',
        description: 'step 2',
        category: concept,
        status: 'active',
        period,
        activities: [{ description: 'peak flow diary', code: concept, status: 'in-progress' }],
        note: 'review in May',
      },
    ],
  ],
  tasks: [
    [
      {
        ...item,
        description: 'call back',
        code: concept,
        priority: 'routine',
        dueAt: '2026-03-09',
        owner: 'front desk',
        reason: concept,
        note: 'after 5 pm',
      },
    ],
  ],
  messages: [
    [
      {
        ...item,
        to: 'patient',
        subject: 'Results',
        text: 'All is well.',
        priority: 'routine',
        category: concept,
        sentAt: '2026-03-02T09:10:00Z',
        recipient: 'Andrew Campbell',
      },
    ],
  ],
  patientInstructions: [{ ...item, ...narrative }],
  questionnaireResponses: [
    [
      {
        ...item,
        questionnaire: 'http://example.org/phq-9',
        status: 'completed',
        authoredAt: '2026-03-02T08:00:00Z',
        items: [
          {
            linkId: '1',
            text: 'Little interest',
            answers: [
              { text: 'no' },
              { decimal: '0.50' },
              { boolean: false },
              { date: '2026-03-01' },
              { dateTime: '2026-03-01T10:00:00Z' },
              { coding: { system: 'urn:local', code: 'a', display: 'A' } },
              { quantity },
            ],
            items: [{ linkId: '1.1', items: [{ linkId: '1.1.1', text: 'deeper', answers: [{ text: 'yes' }] }] }],
          },
        ],
      },
    ],
  ],
  consents: [
    [
      {
        ...item,
        scope: 'treatment',
        category: concept,
        status: 'active',
        decision: 'permit',
        period,
        purposes: [concept],
        policy: 'http://example.org/policy',
        givenAt: '2026-03-02T08:55:00Z',
      },
    ],
  ],
  demographics: [
    {
      ...item,
      name: { family: 'Campbell', given: ['Andrew', 'John'], text: 'Andrew John Campbell' },
      telecom: [{ system: 'phone', value: '555 0100', use: 'home' }],
      address: [
        {
          use: 'home',
          lines: ['1 High Street'],
          city: 'Springfield',
          district: 'Greene',
          state: 'MO',
          postalCode: '65801',
          country: 'US',
        },
      ],
      maritalStatus: concept,
      preferredLanguage: 'en',
    },
  ],
  encounterStatus: [{ ...item, status: 'finished', at: '2026-03-02T09:30:00Z' }],
  documents: [
    [
      {
        ...item,
        title: 'Referral',
        type: concept,
        contentType: 'application/pdf',
        data: 'JVBERi0=',
        at: '2026-03-02',
        description: 'scanned',
      },
    ],
  ],
  intakeSummary: [{ ...item, ...narrative }],
  codingCues: [[{ ...item, code: concept, note: 'perhaps' }]],
} as const satisfies Readonly<Record<keyof Content, readonly (Json | readonly Json[])[]>>;

/** An event with every field besides its content. */
export const fullEvent: Json = {
  specVersion: '1.0',
  id: 'scribe-7:visit-88:note',
  version: 2,
  type: 'note.approved',
  tenant: 'north-clinic',
  source: 'scribe-7',
  origin: 'ai',
  occurredAt: '2026-03-02T09:14:00Z',
  workflowStep: 'sign',
  specialty: 'cardiology',
  device: 'ws-114',
  correlationId: 'c-5521',
  subject: {
    patient: {
      reference: 'Patient/7',
      identifiers: [{ system: 'urn:mrn:north', value: '100234' }],
      name: { family: 'Campbell', given: ['Andrew'], text: 'Andrew Campbell' },
      birthDate: '1967-02-11',
      gender: 'male',
    },
    encounter: {
      reference: 'Encounter/88',
      identifiers: [{ system: 'urn:visit:north', value: 'V-88' }],
      status: 'in-progress',
      class: 'AMB',
      period: { start: '2026-03-02T08:50:00Z', end: '2026-03-02T09:30:00Z' },
    },
    practitioner: {
      reference: 'Practitioner/3',
      identifiers: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }],
      name: { family: 'Lee', given: ['Dana'], text: 'Dana Lee' },
    },
    organization: { reference: 'Organization/1', identifiers: [{ system: 'urn:org:north', value: 'north' }], name: 'North' },
  },
  snapshot: { takenAt: '2026-03-02T08:51:00Z', reliedOn: [{ reference: 'AllergyIntolerance/91', versionId: '3' }] },
  targets: [{ connection: 'north' }],
  content: { note: { text: 'Feels well.' } },
  approval: {
    status: 'approved',
    by: { id: 'dr-lee', name: 'Dana Lee', role: 'clinician', npi: '1234567893' },
    at: '2026-03-02T09:13:40Z',
    meaning: 'reviewed and approved for the chart',
    contentSha256: 'a'.repeat(64),
  },
  provenance: {
    model: { name: 'gpt-4', version: '0613' },
    promptTemplate: { id: 'soap', version: '17' },
    renderedPrompt: 'Write a note.',
    modelOutput: 'A note.',
    contextShown: ['Patient/7'],
    captureMode: 'ambient',
    transcript: {
      sha256: 'b'.repeat(64),
      text: 'Hello.',
      segments: [{ id: 's1', speaker: 'clinician', start: 'PT0S', end: 'PT1H2M3.5S', confidence: 0.93, text: 'Hello.' }],
    },
    draft: { text: 'A draft.' },
    transformations: [{ step: 'normalize', version: '3' }],
    safetyFilters: ['none fired'],
    redactions: ['phone number'],
    uncertainties: ['dose unclear'],
    attestation: 'I have read it.',
  },
  consent: { status: 'active', purposes: ['treatment'], reference: 'Consent/7', expiresAt: '2027-01-01' },
  reason: 'spoken by the patient',
};
