import { describe, expect, it } from 'vitest';
import { encounterOf, issuesOf, observationOf, patient, practice } from './testing/practice.ts';
import type { Practice } from './testing/practice.ts';

type Change = (observation: Record<string, unknown>) => Record<string, unknown>;

const refused: readonly (readonly [what: string, place: string, change: Change])[] = [
  ['a status that is no code of its value set', 'Observation.status', (o) => ({ ...o, status: 'banana' })],
  ['two values at once', 'Observation.value', (o) => ({ ...o, valueString: 'high' })],
  ['a missing required element', 'Observation.code', (o) => ({ ...o, code: undefined })],
  ['an unknown element', 'Observation.banana', (o) => ({ ...o, banana: 1 })],
  ['an unknown element deep inside', 'Observation.value.vale', (o) => ({ ...o, valueQuantity: { vale: 1 } })],
  [
    'a patient that is not in the chart',
    'Observation.subject.reference',
    (o) => ({ ...o, subject: { reference: 'Patient/nobody' } }),
  ],
  [
    'an encounter that is not in the chart',
    'Observation.encounter.reference',
    (o) => ({ ...o, encounter: { reference: 'Encounter/none' } }),
  ],
  [
    'a placeholder outside a transaction',
    'Observation.subject.reference',
    (o) => ({ ...o, subject: { reference: 'urn:uuid:0d6f' } }),
  ],
  [
    'a reference to a type the element does not allow',
    'Observation.subject.reference',
    (o) => ({ ...o, subject: { reference: 'Encounter/1' } }),
  ],
  ['a reference that is none', 'Observation.subject.reference', (o) => ({ ...o, subject: { reference: 'Banana/1' } })],
  ['a contained resource that is not there', 'Observation.device.reference', (o) => ({ ...o, device: { reference: '#d' } })],
  ['one value where a list belongs', 'Observation.category', (o) => ({ ...o, category: { text: 'x' } })],
  ['a list where one value belongs', 'Observation.status', (o) => ({ ...o, status: ['final'] })],
  ['a number in the place of a text', 'Observation.value.unit', (o) => ({ ...o, valueQuantity: { unit: 5 } })],
  ['a date that does not exist', 'Observation.effective', (o) => ({ ...o, effectiveDateTime: '2026-02-30' })],
  ['an empty object', 'Observation.method', (o) => ({ ...o, method: {} })],
  ['a broken invariant', 'Observation', (o) => ({ ...o, dataAbsentReason: { text: 'x' } })],
  [
    'a media type that is none',
    'Observation.contained[0].content[0].attachment.contentType',
    (o) => ({ ...o, contained: [document('plain')] }),
  ],
];

function document(contentType: string): Record<string, unknown> {
  return { resourceType: 'DocumentReference', id: 'd', status: 'current', content: [{ attachment: { contentType } }] };
}

async function prepared(): Promise<{ ehr: Practice; id: string }> {
  const ehr = await practice();
  return { ehr, id: await ehr.made(patient) };
}

describe('validation on write', () => {
  it.each(refused)('J5 %s is refused with its place', async (_what, place, change) => {
    const { ehr, id } = await prepared();
    const got = await ehr.call('POST', '/Observation', change(observationOf(id)));
    expect(got.status, got.text).toBe(422);
    expect(issuesOf(got).map((issue) => issue.expression)).toContain(place);
    expect(ehr.stats().resources['Observation']).toBeUndefined();
  });

  it('J5 a code of the wrong system does not fit a required binding of a concept', async () => {
    const { ehr, id } = await prepared();
    const condition = (clinicalStatus: unknown): unknown => ({
      resourceType: 'Condition',
      clinicalStatus,
      code: { text: 'x' },
      subject: { reference: `Patient/${id}` },
    });
    const right = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }] };
    expect((await ehr.call('POST', '/Condition', condition(right))).status).toBe(201);
    for (const wrong of [
      { coding: [{ system: 'urn:x', code: 'active' }] },
      { coding: [{ code: 'active' }] },
      { text: 'active' },
    ]) {
      const got = await ehr.call('POST', '/Condition', condition(wrong));
      expect([got.status, issuesOf(got)[0]?.expression]).toEqual([422, 'Condition.clinicalStatus']);
    }
  });

  it('J5 what is right is let through', async () => {
    const { ehr, id } = await prepared();
    const visit = await ehr.made(encounterOf(id));
    const good: readonly Record<string, unknown>[] = [
      observationOf(id, 'w-1', {
        encounter: { reference: `Encounter/${visit}/_history/1` },
        performer: [{ reference: 'Practitioner/elsewhere' }],
      }),
      observationOf(id, 'w-2', { subject: { reference: `${ehr.baseUrl}/Patient/${id}` } }),
      observationOf(id, 'w-3', { subject: { reference: 'https://other.example/fhir/Patient/5' } }),
      observationOf(id, 'w-4', {
        subject: { identifier: { value: 'x' } },
        _status: { extension: [{ url: 'urn:x', valueString: 'y' }] },
      }),
      observationOf(id, 'w-5', { contained: [{ resourceType: 'Device', id: 'd' }], device: { reference: '#d' } }),
      document('text/plain; charset=utf-8'),
    ];
    for (const resource of good) {
      const { resourceType } = resource as { resourceType: string };
      const got = await ehr.call('POST', `/${resourceType}`, resource);
      expect(got.status, got.text).toBe(201);
    }
  });

  it('J5 every problem is listed, and one is listed once', async () => {
    const { ehr } = await prepared();
    const got = await ehr.call('POST', '/Observation', {
      resourceType: 'Observation',
      status: 'x',
      subject: { reference: 'Patient/nobody' },
    });
    const places = issuesOf(got).map((issue) => issue.expression);
    expect(places.sort()).toEqual(['Observation.code', 'Observation.status', 'Observation.subject.reference']);
  });

  it('J5 a deleted patient is not in the chart any more', async () => {
    const { ehr, id } = await prepared();
    await ehr.call('DELETE', `/Patient/${id}`);
    expect((await ehr.call('POST', '/Observation', observationOf(id))).status).toBe(422);
  });
});
