import { describe, expect, it } from 'vitest';
import { event } from '../testing/builders.ts';
import { epochMs } from '../time.ts';
import { codesOfItem, consentsOf, patientNames } from './from-event.ts';

const ACT = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const refusal = {
  scope: 'patient-privacy',
  category: { system: 'http://loinc.org', code: '59284-0', translations: [{ system: 'urn:local', code: 'PRIV' }] },
  decision: 'deny',
  policy: 'urn:policy:north',
};
const approved = {
  status: 'approved',
  by: { id: 'dr-lee', npi: '1245319599' },
  at: '2026-03-02T09:20:00Z',
  contentSha256: 'a'.repeat(64),
};
const consents = (...items: readonly object[]) => consentsOf(event({ content: { consents: items }, approval: approved }));

describe('G1 consents that an event brings', () => {
  it('G1 are recorded whole: what is not said is no condition', () => {
    expect(consents(refusal)).toEqual([
      {
        id: 'event scribe-7:visit-88:note, consents/0',
        status: 'active',
        scope: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }],
        category: [
          { system: 'http://loinc.org', code: '59284-0' },
          { system: 'urn:local', code: 'PRIV' },
        ],
        at: epochMs('2026-03-02T09:14:00Z'),
        base: 'deny',
        provision: {
          type: 'deny',
          period: null,
          actor: [],
          action: [],
          securityLabel: [],
          purpose: [],
          class: [],
          code: [],
          dataPeriod: null,
          data: [],
          provision: [],
        },
        unreadable: null,
        restrictsOnly: false,
      },
    ]);
  });

  it('G1 keep their own status, time and purposes', () => {
    const purposes = [{ system: ACT, code: 'TREAT' }, { code: 'HRESCH' }];
    const [one] = consents({ ...refusal, status: 'inactive', givenAt: '2026-02-01T08:00:00Z', purposes });
    expect(one).toMatchObject({ status: 'inactive', at: epochMs('2026-02-01T08:00:00Z'), unreadable: null });
    expect(one?.provision?.purpose).toEqual([
      { system: ACT, code: 'TREAT' },
      { system: null, code: 'HRESCH' },
    ]);
  });

  it.each([
    [{ start: '2026-01-01' }, { start: '2026-01-01', end: null }],
    [{ end: '2026-06-30' }, { start: null, end: '2026-06-30' }],
    [
      { start: '2026-01-01', end: '2026-06-30' },
      { start: '2026-01-01', end: '2026-06-30' },
    ],
  ])('G1 a period %j may be open at either end', (period, kept) => {
    expect(consents({ ...refusal, period })[0]?.provision?.period).toEqual(kept);
  });

  it('G1 a purpose that stands there in words only makes it one that a machine cannot judge', () => {
    const purposes = [{ system: ACT, code: 'TREAT' }, { text: 'for my own doctor' }];
    expect(consents({ ...refusal, purposes })[0]?.unreadable).toBe('a purpose of it is stated in words only');
    expect(consents({ ...refusal, purposes: [] })[0]?.unreadable).toBeNull();
  });

  it('G1 count only the consents among the content, each under its own place', () => {
    const content = { note: { text: 'Signed the form.' }, consents: [refusal, { ...refusal, decision: 'permit' }] };
    const found = consentsOf(event({ content, approval: approved }));
    expect(found.map(({ id, base }) => [id, base])).toEqual([
      ['event scribe-7:visit-88:note, consents/0', 'deny'],
      ['event scribe-7:visit-88:note, consents/1', 'permit'],
    ]);
  });

  it.each([
    ['approved', approved, false],
    ['refused', { ...approved, status: 'rejected' }, true],
    ['absent', undefined, true],
  ])('G1 where the approval is %s, it may only restrict: %s', (_name, approval, restrictsOnly) => {
    expect(consentsOf(event({ content: { consents: [refusal] }, approval }))[0]?.restrictsOnly).toBe(restrictsOnly);
  });

  it('G1 none where there is no content, or none of that kind', () => {
    expect(consentsOf({ ...event(), content: undefined })).toEqual([]);
    expect(consentsOf(event())).toEqual([]);
  });
});

describe('G1 the names of a patient', () => {
  const mrn = { system: 'urn:mrn:north', value: '100234' };
  it.each([
    [{ identifiers: [mrn], reference: 'Patient/7' }, ['patient identifier urn:mrn:north|100234', 'patient reference Patient/7']],
    [{ identifiers: [mrn] }, ['patient identifier urn:mrn:north|100234']],
    [{ reference: 'Patient/7' }, ['patient reference Patient/7']],
    [{}, []],
  ])('G1 %j: %j', (patient, names) => {
    expect(patientNames(patient)).toEqual(names);
  });
});

describe('G1 the codes of an item', () => {
  it('G1 are all that stand in it, however deep, in their order, with or without a system', () => {
    const item = {
      code: { system: 'http://loinc.org', code: '8302-2', translations: [{ system: 'urn:local', code: 'HT' }] },
      interpretation: [{ code: 'H' }],
      note: null,
      text: 'code',
    };
    expect(codesOfItem({ kind: 'observation', item } as never)).toEqual([
      { system: 'http://loinc.org', code: '8302-2' },
      { system: 'urn:local', code: 'HT' },
      { system: null, code: 'H' },
    ]);
  });
});
