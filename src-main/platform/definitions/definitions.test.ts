import { describe, expect, it } from 'vitest';
import { altered, exact, exactText, samples, type Path } from './testing/samples.ts';
import { r4Definitions } from './definitions.ts';

const definitions = r4Definitions();
const rulesOf = (resource: unknown): readonly string[] => definitions.validate(exact(resource)).map(({ rule, path }) => `${rule} ${path}`);

const THO = 'http://terminology.hl7.org/CodeSystem';
const coded = (system: string, code: string): object => ({ coding: [{ system, code }] });
const div = (content: string): string => `<div xmlns="http://www.w3.org/1999/xhtml">${content}</div>`;

describe('F1 a valid resource of each type', () => {
  it.each(Object.keys(samples))('F1 %s has no findings', (type) => {
    expect(definitions.validate(exact(samples[type]))).toEqual([]);
  });

  it('F1 is left as it was, with every digit', () => {
    const resource = exact(altered('Observation', ['component', 0, 'valueQuantity', 'value'], 1.5));
    const before = JSON.stringify(resource);
    definitions.validate(deepFreeze(resource));
    expect(JSON.stringify(resource)).toBe(before);
  });
});

/** Type, place, new value (`undefined`: removed), and the findings there must be then, all of them. */
const cases: readonly (readonly [type: string, path: Path, value: unknown, ...expected: string[]])[] = [
  // DocumentReference
  ['DocumentReference', ['status'], undefined, 'r4-missing-element DocumentReference.status'],
  ['DocumentReference', ['status'], 'banana', 'r4-binding DocumentReference.status'],
  ['DocumentReference', ['docStatus'], 'signed', 'r4-binding DocumentReference.docStatus'],
  ['DocumentReference', ['date'], '2026-03-02', 'r4-primitive-format DocumentReference.date'],
  ['DocumentReference', ['date'], '2026-02-30T09:14:00Z', 'r4-no-such-day DocumentReference.date'],
  ['DocumentReference', ['content'], undefined, 'r4-missing-element DocumentReference.content'],
  ['DocumentReference', ['content'], [], 'r4-empty-value DocumentReference.content'],
  ['DocumentReference', ['content', 0, 'attachment'], undefined, 'r4-empty-value DocumentReference.content[0]'],
  ['DocumentReference', ['content', 0, 'attachment', 'contentType'], 'text', 'r4-binding DocumentReference.content[0].attachment.contentType'],
  ['DocumentReference', ['content', 0, 'attachment', 'contentType'], undefined, 'r4-att-1 DocumentReference.content[0].attachment'],
  ['DocumentReference', ['content', 0, 'attachment', 'data'], 'U3Vi!mVjdA==', 'r4-primitive-format DocumentReference.content[0].attachment.data'],
  ['DocumentReference', ['context', 'period', 'end'], '2026-03-02T08:00:00Z', 'r4-per-1 DocumentReference.context.period'],
  ['DocumentReference', ['relatesTo', 0, 'code'], 'amends', 'r4-binding DocumentReference.relatesTo[0].code'],
  ['DocumentReference', ['subject'], { reference: 'Encounter/e1' }, 'r4-reference-type DocumentReference.subject'],
  ['DocumentReference', ['text', 'div'], div('<script>alert(1)</script>'), 'r4-narrative DocumentReference.text.div'],
  ['DocumentReference', ['text', 'status'], undefined, 'r4-missing-element DocumentReference.text.status'],
  // Composition
  ['Composition', ['title'], undefined, 'r4-missing-element Composition.title'],
  ['Composition', ['author'], undefined, 'r4-missing-element Composition.author'],
  ['Composition', ['confidentiality'], 'Z', 'r4-binding Composition.confidentiality'],
  ['Composition', ['section', 0, 'text'], undefined, 'r4-cmp-1 Composition.section[0]'],
  ['Composition', ['section', 1, 'section', 0, 'text', 'div'], '<div>no namespace</div>', 'r4-narrative Composition.section[1].section[0].text.div'],
  ['Composition', ['identifier'], [{ value: 'abc' }], 'r4-wrong-type Composition.identifier'],
  ['Composition', ['attester', 0, 'mode'], 'friendly', 'r4-binding Composition.attester[0].mode'],
  // Observation
  ['Observation', ['status'], 'banana', 'r4-binding Observation.status'],
  ['Observation', ['status'], 5, 'r4-wrong-type Observation.status'],
  ['Observation', ['status'], null, 'r4-wrong-type Observation.status'],
  ['Observation', ['status'], '', 'r4-empty-value Observation.status'],
  ['Observation', ['status'], ' ', 'r4-empty-value Observation.status'],
  ['Observation', ['code'], undefined, 'r4-missing-element Observation.code'],
  ['Observation', ['code'], 'pressure', 'r4-wrong-type Observation.code'],
  ['Observation', ['code'], 5, 'r4-wrong-type Observation.code'],
  ['Observation', ['code'], {}, 'r4-empty-value Observation.code'],
  ['Observation', ['category'], {}, 'r4-wrong-type Observation.category'],
  ['Observation', ['foo'], 1, 'r4-unknown-element Observation.foo'],
  ['Observation', ['_code'], { id: 'x' }, 'r4-unknown-element Observation._code'],
  ['Observation', ['_status'], 'x', 'r4-wrong-type Observation.status'],
  ['Observation', ['valueFoo'], 1, 'r4-unknown-element Observation.valueFoo'],
  ['Observation', ['effectivePeriod'], { start: '2026-03-02' }, 'r4-choice Observation.effective'],
  ['Observation', ['effectiveDateTime'], '2026-03-02T09:02:00', 'r4-primitive-format Observation.effective'],
  ['Observation', ['effectiveDateTime'], '2026-03-02T24:00:00Z', 'r4-primitive-format Observation.effective'],
  ['Observation', ['effectiveDateTime'], '2026-02-30', 'r4-no-such-day Observation.effective'],
  ['Observation', ['effectiveDateTime'], '2023-02-29', 'r4-no-such-day Observation.effective'],
  ['Observation', ['effectiveDateTime'], '0000-01-01', 'r4-primitive-format Observation.effective'],
  ['Observation', ['effectiveDateTime'], '275760-09-13', 'r4-primitive-format Observation.effective'],
  ['Observation', ['issued'], '2026-03-02T09:02Z', 'r4-primitive-format Observation.issued'],
  ['Observation', ['component', 0, 'code'], undefined, 'r4-missing-element Observation.component[0].code'],
  ['Observation', ['component', 0, 'valueString'], 'high', 'r4-choice Observation.component[0].value'],
  ['Observation', ['component', 0, 'valueQuantity', 'value'], '128', 'r4-wrong-type Observation.component[0].value.value'],
  ['Observation', ['component', 0, 'valueQuantity', 'system'], undefined, 'r4-qty-3 Observation.component[0].value'],
  ['Observation', ['component', 0, 'valueQuantity', 'comparator'], '~', 'r4-binding Observation.component[0].value.comparator'],
  ['Observation', ['component', 1, 'dataAbsentReason'], {}, 'r4-empty-value Observation.component[1].dataAbsentReason'],
  ['Observation', ['referenceRange'], [{ appliesTo: [{ text: 'adults' }] }], 'r4-obs-3 Observation.referenceRange[0]'],
  ['Observation', ['referenceRange', 0, 'low', 'value'], '90', 'r4-wrong-type Observation.referenceRange[0].low.value'],
  ['Observation', ['valueRange'], { low: { value: 5 }, high: { value: 3 } }, 'r4-rng-2 Observation.value'],
  ['Observation', ['subject'], { reference: 'Practitioner/d1' }, 'r4-reference-type Observation.subject'],
  ['Observation', ['subject'], { reference: 'Patient/7', type: 'Group' }, 'r4-reference-type Observation.subject'],
  ['Observation', ['subject'], { reference: 'Patient/7?x=1' }, 'r4-reference Observation.subject'],
  ['Observation', ['subject'], { reference: 'Patient?identifier=7' }, 'r4-reference Observation.subject'],
  ['Observation', ['subject'], { reference: 'Patient/../7' }, 'r4-reference Observation.subject'],
  ['Observation', ['subject'], { reference: 'javascript:alert(1)' }, 'r4-reference Observation.subject'],
  ['Observation', ['subject'], { type: 'Patient' }, 'r4-reference Observation.subject'],
  ['Observation', ['focus'], [{ reference: 'Banana/1' }], 'r4-reference-type Observation.focus[0]'],
  ['Observation', ['subject'], { reference: '#p' }, 'r4-contained Observation.subject'],
  ['Observation', ['contained'], [{ resourceType: 'Patient', id: 'p' }], 'r4-contained Observation.contained[0]'],
  ['Observation', ['contained'], [{ resourceType: 'Device', id: 'd' }], 'r4-resource-type Observation.contained[0]'],
  ['Observation', ['contained'], [{ id: 'd' }], 'r4-resource-type Observation.contained[0]'],
  ['Observation', ['id'], 'a'.repeat(65), 'r4-primitive-format Observation.id'],
  ['Observation', ['id'], '../1', 'r4-primitive-format Observation.id'],
  // Condition
  ['Condition', ['subject'], undefined, 'r4-missing-element Condition.subject'],
  ['Condition', ['clinicalStatus'], coded(`${THO}/condition-clinical`, 'cured'), 'r4-binding Condition.clinicalStatus', 'r4-con-4 Condition'],
  ['Condition', ['clinicalStatus'], { text: 'resolved' }, 'r4-binding Condition.clinicalStatus', 'r4-con-4 Condition'],
  ['Condition', ['clinicalStatus'], coded(`${THO}/condition-clinical`, 'active'), 'r4-con-4 Condition'],
  ['Condition', ['verificationStatus'], coded('http://example.org', 'confirmed'), 'r4-binding Condition.verificationStatus'],
  ['Condition', ['verificationStatus'], coded(`${THO}/condition-ver-status`, 'entered-in-error'), 'r4-con-5 Condition'],
  ['Condition', ['onsetDateTime'], '2026-13', 'r4-primitive-format Condition.onset'],
  ['Condition', ['onsetAge'], { value: 4, unit: 'a', system: 'http://unitsofmeasure.org', code: 'a' }, 'r4-choice Condition.onset'],
  ['Condition', ['stage'], [{ type: { text: 'x' } }], 'r4-con-1 Condition.stage[0]'],
  ['Condition', ['note', 0, 'text'], undefined, 'r4-empty-value Condition.note[0]'],
  // AllergyIntolerance
  ['AllergyIntolerance', ['patient'], undefined, 'r4-missing-element AllergyIntolerance.patient'],
  ['AllergyIntolerance', ['clinicalStatus'], undefined, 'r4-ait-1 AllergyIntolerance'],
  ['AllergyIntolerance', ['category'], ['medication', 'plants'], 'r4-binding AllergyIntolerance.category[1]'],
  ['AllergyIntolerance', ['category'], 'medication', 'r4-wrong-type AllergyIntolerance.category'],
  ['AllergyIntolerance', ['category'], [null], 'r4-wrong-type AllergyIntolerance.category[0]'],
  ['AllergyIntolerance', ['criticality'], 'deadly', 'r4-binding AllergyIntolerance.criticality'],
  ['AllergyIntolerance', ['type'], 'dislike', 'r4-binding AllergyIntolerance.type'],
  ['AllergyIntolerance', ['reaction', 0, 'manifestation'], undefined, 'r4-missing-element AllergyIntolerance.reaction[0].manifestation'],
  ['AllergyIntolerance', ['reaction', 0, 'severity'], 'bad', 'r4-binding AllergyIntolerance.reaction[0].severity'],
  ['AllergyIntolerance', ['onsetDateTime'], '2001-04-31', 'r4-no-such-day AllergyIntolerance.onset'],
  // MedicationStatement
  ['MedicationStatement', ['status'], 'taken', 'r4-binding MedicationStatement.status'],
  ['MedicationStatement', ['medicationCodeableConcept'], undefined, 'r4-missing-element MedicationStatement.medication'],
  ['MedicationStatement', ['medicationReference'], { reference: 'Medication/m1' }, 'r4-choice MedicationStatement.medication'],
  ['MedicationStatement', ['dosage', 0, 'timing', 'repeat', 'periodUnit'], 'day', 'r4-binding MedicationStatement.dosage[0].timing.repeat.periodUnit'],
  ['MedicationStatement', ['dosage', 0, 'timing', 'repeat', 'periodUnit'], undefined, 'r4-tim-2 MedicationStatement.dosage[0].timing.repeat'],
  ['MedicationStatement', ['dosage', 0, 'timing', 'repeat', 'period'], -1, 'r4-tim-5 MedicationStatement.dosage[0].timing.repeat'],
  ['MedicationStatement', ['dosage', 0, 'doseAndRate', 0, 'doseRange'], { low: { value: 1 } }, 'r4-choice MedicationStatement.dosage[0].doseAndRate[0].dose'],
  // MedicationRequest
  ['MedicationRequest', ['intent'], 'wish', 'r4-binding MedicationRequest.intent'],
  ['MedicationRequest', ['intent'], undefined, 'r4-missing-element MedicationRequest.intent'],
  ['MedicationRequest', ['status'], 'banana', 'r4-binding MedicationRequest.status'],
  ['MedicationRequest', ['dispenseRequest', 'numberOfRepeatsAllowed'], -2, 'r4-primitive-format MedicationRequest.dispenseRequest.numberOfRepeatsAllowed'],
  ['MedicationRequest', ['dispenseRequest', 'numberOfRepeatsAllowed'], 1.5, 'r4-primitive-format MedicationRequest.dispenseRequest.numberOfRepeatsAllowed'],
  ['MedicationRequest', ['dispenseRequest', 'expectedSupplyDuration', 'value'], undefined, 'r4-drt-1 MedicationRequest.dispenseRequest.expectedSupplyDuration'],
  ['MedicationRequest', ['requester'], [{ display: 'x' }], 'r4-wrong-type MedicationRequest.requester'],
  // ServiceRequest
  ['ServiceRequest', ['subject'], undefined, 'r4-missing-element ServiceRequest.subject'],
  ['ServiceRequest', ['priority'], 'soon', 'r4-binding ServiceRequest.priority'],
  ['ServiceRequest', ['intent'], 'wish', 'r4-binding ServiceRequest.intent'],
  ['ServiceRequest', ['doNotPerform'], 'no', 'r4-wrong-type ServiceRequest.doNotPerform'],
  ['ServiceRequest', ['occurrencePeriod'], { start: '2026' }, 'r4-choice ServiceRequest.occurrence'],
  // Procedure
  ['Procedure', ['status'], 'done', 'r4-binding Procedure.status'],
  ['Procedure', ['performedPeriod', 'end'], '2026-03-02T08:00:00Z', 'r4-per-1 Procedure.performed'],
  ['Procedure', ['performer', 0, 'actor'], undefined, 'r4-empty-value Procedure.performer[0]'],
  ['Procedure', ['outcome'], [{ text: 'fine' }], 'r4-wrong-type Procedure.outcome'],
  // CarePlan
  ['CarePlan', ['intent'], 'reflex-order', 'r4-binding CarePlan.intent'],
  ['CarePlan', ['activity', 0, 'detail', 'status'], undefined, 'r4-missing-element CarePlan.activity[0].detail.status'],
  ['CarePlan', ['activity', 0, 'detail', 'kind'], 'Observation', 'r4-binding CarePlan.activity[0].detail.kind'],
  ['CarePlan', ['activity', 0, 'reference'], { reference: 'Task/t1' }, 'r4-cpl-3 CarePlan.activity[0]'],
  // Task
  ['Task', ['status'], undefined, 'r4-missing-element Task.status'],
  ['Task', ['intent'], 'directive', 'r4-binding Task.intent'],
  ['Task', ['lastModified'], '2026-03-02T08:00:00Z', 'r4-inv-1 Task'],
  ['Task', ['input', 0, 'valuePositiveInt'], 0, 'r4-primitive-format Task.input[0].value'],
  ['Task', ['input', 0, 'valuePositiveInt'], undefined, 'r4-missing-element Task.input[0].value'],
  // Communication
  ['Communication', ['status'], 'sent', 'r4-binding Communication.status'],
  ['Communication', ['payload', 0, 'contentString'], undefined, 'r4-empty-value Communication.payload[0]'],
  ['Communication', ['payload', 0, 'contentReference'], { reference: 'Task/t1' }, 'r4-choice Communication.payload[0].content'],
  ['Communication', ['sent'], 'yesterday', 'r4-primitive-format Communication.sent'],
  // QuestionnaireResponse
  ['QuestionnaireResponse', ['status'], 'banana', 'r4-binding QuestionnaireResponse.status'],
  ['QuestionnaireResponse', ['item', 0, 'linkId'], undefined, 'r4-missing-element QuestionnaireResponse.item[0].linkId'],
  ['QuestionnaireResponse', ['item', 0, 'answer', 0, 'valueString'], 'x', 'r4-choice QuestionnaireResponse.item[0].answer[0].value'],
  ['QuestionnaireResponse', ['item', 0, 'item'], [{ linkId: 'x' }], 'r4-qrs-1 QuestionnaireResponse.item[0]'],
  [
    'QuestionnaireResponse',
    ['item', 1, 'item', 0, 'answer', 0, 'item', 0, 'answer', 0, 'valueDate'],
    '2026-06-31',
    'r4-no-such-day QuestionnaireResponse.item[1].item[0].answer[0].item[0].answer[0].value',
  ],
  // Consent
  ['Consent', ['scope'], undefined, 'r4-missing-element Consent.scope'],
  ['Consent', ['category'], undefined, 'r4-missing-element Consent.category'],
  ['Consent', ['policy'], undefined, 'r4-ppc-1 Consent'],
  ['Consent', ['provision', 'type'], 'perhaps', 'r4-binding Consent.provision.type'],
  ['Consent', ['provision', 'provision', 0, 'data', 0, 'meaning'], 'all', 'r4-binding Consent.provision.provision[0].data[0].meaning'],
  ['Consent', ['provision', 'provision', 0, 'type'], 'maybe', 'r4-binding Consent.provision.provision[0].type'],
  // Patient
  ['Patient', ['gender'], 'm', 'r4-binding Patient.gender'],
  ['Patient', ['birthDate'], '1967-02-11T00:00:00Z', 'r4-primitive-format Patient.birthDate'],
  ['Patient', ['birthDate'], '1967-02-29', 'r4-no-such-day Patient.birthDate'],
  ['Patient', ['name', 0, 'given'], 'Andrew', 'r4-wrong-type Patient.name[0].given'],
  ['Patient', ['name', 0, 'given', 1], null],
  ['Patient', ['name', 0, 'given', 0], null, 'r4-wrong-type Patient.name[0].given[0]'],
  ['Patient', ['telecom', 0, 'system'], undefined, 'r4-cpt-2 Patient.telecom[0]'],
  ['Patient', ['telecom', 0, 'rank'], 0, 'r4-primitive-format Patient.telecom[0].rank'],
  ['Patient', ['contact'], [{ gender: 'male' }], 'r4-pat-1 Patient.contact[0]'],
  ['Patient', ['link', 0, 'type'], undefined, 'r4-missing-element Patient.link[0].type'],
  ['Patient', ['extension', 0, 'url'], undefined, 'r4-missing-element Patient.extension[0].url'],
  ['Patient', ['extension', 0, 'valueCode'], undefined, 'r4-ext-1 Patient.extension[0]'],
  ['Patient', ['_birthDate', 'extension', 0, 'valueDateTime'], '1967-02-30', 'r4-no-such-day Patient.birthDate.extension[0].value'],
  ['Patient', ['meta', 'lastUpdated'], '2026-03-02', 'r4-primitive-format Patient.meta.lastUpdated'],
  ['Patient', ['multipleBirthInteger'], 3_000_000_000, 'r4-primitive-format Patient.multipleBirth'],
  // Encounter
  ['Encounter', ['class'], undefined, 'r4-missing-element Encounter.class'],
  ['Encounter', ['status'], 'open', 'r4-binding Encounter.status'],
];

describe('F1 one thing wrong', () => {
  it.each(cases.map(([type, path, value, ...expected]) => ({ type, path, value, expected, name: `${type}.${path.join('.')} = ${JSON.stringify(value)?.slice(0, 60) ?? 'nothing'}` })))(
    'F1 $name: $expected',
    ({ type, path, value, expected }) => {
      expect(rulesOf(altered(type, path, value))).toEqual(expected);
    },
  );

  it('F1 covers every type that is written', () => {
    expect([...new Set(cases.map(([type]) => type))].sort()).toEqual(Object.keys(samples).sort());
  });
});

describe('F1 findings', () => {
  it('F3 name place, rule, severity and what to do', () => {
    expect(definitions.validate(exact(altered('Observation', ['status'], 'banana')))).toEqual([
      {
        rule: 'r4-binding',
        severity: 'stop',
        path: 'Observation.status',
        message: 'Observation.status is "banana"; R4 allows registered, preliminary, final, amended, corrected, cancelled, entered-in-error, unknown.',
        next: 'Use one of the codes that R4 allows here.',
      },
    ]);
  });

  it('F1 are all there, not only the first', () => {
    const resource = { ...altered('Observation', ['status'], 'banana'), effectiveDateTime: '2026-02-30', category: [], subject: { reference: 'Practitioner/1' }, foo: 1 };
    expect(rulesOf(resource).sort()).toEqual([
      'r4-binding Observation.status',
      'r4-empty-value Observation.category',
      'r4-no-such-day Observation.effective',
      'r4-reference-type Observation.subject',
      'r4-unknown-element Observation.foo',
    ]);
  });

  it('F1 name every broken invariant of one value', () => {
    const both = {
      ...altered('Observation', ['valueQuantity'], { value: 1 }),
      dataAbsentReason: { text: 'unknown' },
      component: [{ code: samples['Observation']?.['code'], valueBoolean: true }],
    };
    expect(rulesOf(both)).toEqual(['r4-obs-6 Observation', 'r4-obs-7 Observation']);
  });

  it('F1 leave out invariants about a value that is itself misshapen', () => {
    expect(rulesOf(altered('Consent', ['policy'], 'https://example.org'))).toEqual(['r4-wrong-type Consent.policy']);
  });

  it('F1 quote long and invisible text harmlessly', () => {
    const [finding] = definitions.validate(exact(altered('Observation', ['status'], `x\u202e\n${'y'.repeat(500)}`)));
    expect(finding?.message).not.toMatch(/[\u202e\n]/);
    expect(finding?.message.length).toBeLessThan(250);
  });
});

describe('F1 what is no resource that is written', () => {
  it.each([
    ['no type', { status: 'final' }],
    ['a type that is no text', { resourceType: 5 }],
    ['an unknown type', { resourceType: 'Banana' }],
    ['a path for a type', { resourceType: '../contracts/default' }],
    ['a type of R4 that is not written', { resourceType: 'Device' }],
    ['a data type', { resourceType: 'Quantity', value: 1 }],
    ['a file of the definitions', { resourceType: 'data-types' }],
    ['a property of every object', { resourceType: 'constructor' }],
  ])('F1 %s', (_name, resource) => {
    expect(rulesOf(resource)).toEqual(['r4-resource-type resourceType']);
  });

  it('F1 an empty resource of a type has its missing elements named', () => {
    expect(rulesOf({ resourceType: 'Observation' })).toEqual(['r4-missing-element Observation.status', 'r4-missing-element Observation.code']);
  });
});

describe('F1 numbers', () => {
  it.each(['1.00', '0.010', '12345678901234567890.12', '1e400', '-1e400', '1e-400', '0', '-0.0'])('F1 the decimal %s is valid and not altered', (text) => {
    const json = JSON.stringify(samples['Observation']).replace('"value":128', `"value":${text}`);
    const resource = exactText(json);
    expect(definitions.validate(resource)).toEqual([]);
    expect(JSON.stringify(resource)).toContain(`"value":${text}`);
  });

  it.each(['2.0', '2e0', '-0'])('F1 a whole number may not be written as %s', (text) => {
    const json = JSON.stringify(samples['Patient']).replace('"multipleBirthInteger":2', `"multipleBirthInteger":${text}`);
    expect(definitions.validate(exactText(json)).map(({ rule }) => rule)).toEqual(['r4-primitive-format']);
  });
});

describe('F1 contained resources', () => {
  const withContained = (contained: object, reference: string): object => ({
    ...altered('Observation', ['subject'], { reference }),
    contained: [contained],
  });

  it('F1 are checked like any other', () => {
    const patient = { resourceType: 'Patient', id: 'p', gender: 'banana' };
    expect(rulesOf(withContained(patient, '#p'))).toEqual(['r4-binding Observation.contained[0].gender']);
  });

  it('F1 may be referred to, and may refer to what is around them', () => {
    expect(rulesOf(withContained({ resourceType: 'Patient', id: 'p' }, '#p'))).toEqual([]);
    const task = { resourceType: 'Task', id: 't', status: 'draft', intent: 'order', focus: { reference: '#' } };
    expect(rulesOf(withContained(task, 'Patient/p1'))).toEqual([]);
  });

  it('F1 contain no others and carry no version', () => {
    const inner = { resourceType: 'Patient', id: 'q' };
    const outer = { resourceType: 'Patient', id: 'p', meta: { versionId: '1' }, contained: [inner], link: [{ other: { reference: '#q' }, type: 'refer' }] };
    expect(rulesOf(withContained(outer, '#p'))).toEqual(['r4-dom-2 Observation', 'r4-dom-4 Observation']);
  });
});

describe('F1 long content', () => {
  it('F1 a note of 10 MB as attachment is valid', () => {
    const data = Buffer.alloc(10 * 1024 * 1024, 'x').toString('base64');
    expect(rulesOf(altered('DocumentReference', ['content', 0, 'attachment', 'data'], data))).toEqual([]);
  });

  it('F1 a text beyond the 1 MB of R4 is found', () => {
    const text = 'x'.repeat(1024 * 1024 + 1);
    expect(rulesOf(altered('Communication', ['payload', 0, 'contentString'], text))).toEqual(['r4-too-large Communication.payload[0].content']);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
