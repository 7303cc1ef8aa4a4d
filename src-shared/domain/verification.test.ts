import { describe, expect, it } from 'vitest';
import { aspectOf, misplaced } from './difference.ts';
import { judge, verificationOf, type VerifyRules } from './verification.ts';
import type { FieldDifference } from './write.ts';

/** C7: what a read-back shows, judged by the contract. */

const rules: VerifyRules = {
  verify: ['code', 'value', 'note'],
  exact: ['value'],
  fields: [
    { element: 'code', owner: 'source', use: 'writable', from: 'x' },
    { element: 'note', owner: 'ehr', use: 'advisory', from: 'x' },
    { element: 'method', owner: 'ehr', use: 'advisory', from: 'x' },
    { element: 'performer', owner: 'ehr', use: 'writable', from: 'x' },
  ],
};
const difference = (path: string, kind: FieldDifference['kind'] = 'changed'): FieldDifference => ({
  path,
  kind,
  sent: 'a',
  found: 'b',
});

describe('C7 the aspect of a difference', () => {
  it.each([
    ['Observation.subject.reference', 'patient'],
    ['AllergyIntolerance.patient.reference', 'patient'],
    ['Task.for.reference', 'patient'],
    ['DocumentReference.context.encounter[0].reference', 'encounter'],
    ['Observation.encounter.reference', 'encounter'],
    ['Procedure.location.reference', 'place'],
    ['DocumentReference.context.facilityType.coding[0].code', 'place'],
    ['Observation.performer[0].reference', 'author'],
    ['Condition.verificationStatus.coding[0].code', 'status'],
    ['Observation.status', 'status'],
    ['Observation.valueQuantity.value', 'content'],
    ['Observation.statusReason', 'content'],
    ['content', 'content'],
  ] as const)('C7 %s is about the %s', (path, aspect) => expect(aspectOf(path)).toBe(aspect));
});

describe('C7 the judgement', () => {
  it.each([
    ['an element to be verified', 'Observation.code.text', 'changed', 'partial'],
    ['one of several types of it', 'Observation.valueQuantity.value', 'changed', 'partial'],
    ['lost digits where they count', 'Observation.valueQuantity.value', 'precision', 'partial'],
    ['lost digits elsewhere', 'Observation.component[0].valueQuantity.value', 'precision', 'verified'],
    ['a proposal', 'Observation.method.text', 'missing', 'verified'],
    ['a proposal that is to be verified', 'Observation.note[0].text', 'missing', 'partial'],
    ["the console's own mark", 'Observation.identifier[0].value', 'missing', 'verified'],
    ['what the contract does not name', 'Observation.bodySite.text', 'missing', 'partial'],
    ['an element that begins like a named one', 'Observation.codes', 'missing', 'partial'],
    ['the patient', 'Observation.subject.reference', 'changed', 'partial'],
    ['the visit', 'Observation.encounter.reference', 'missing', 'partial'],
    ['the place', 'Observation.location.reference', 'changed', 'partial'],
    ['the author', 'Observation.performer[0].reference', 'changed', 'partial'],
    ['the status', 'Observation.status', 'changed', 'partial'],
  ] as const)('C7 %s', (_what, path, kind, result) => {
    const one = difference(path, kind);
    const judged = verificationOf(rules, { compared: 3, differences: [one] });
    expect(judged).toEqual(result === 'verified' ? { result, noted: [one] } : { result, differences: [one] });
  });

  it('C7 a comparison that compared nothing verifies nothing', () => {
    expect(verificationOf(rules, { compared: 0, differences: [] })).toMatchObject({ result: 'not-verifiable' });
    expect(verificationOf(rules, { compared: 1, differences: [] })).toEqual({ result: 'verified' });
  });

  it('C7 every difference is either counted or noted', () => {
    const all = ['code', 'method.text', 'identifier', 'subject.reference'].map((path) => difference(`Observation.${path}`));
    const { serious, noted } = judge(rules, all);
    expect([serious.length, noted.length]).toEqual([2, 2]);
  });

  it('C7 under another patient or visit is misplaced; without a visit it is not', () => {
    expect(misplaced([difference('Observation.subject.reference')])).toBe(true);
    expect(misplaced([difference('Observation.encounter.reference', 'missing')])).toBe(false);
    expect(misplaced([difference('Observation.code.text')])).toBe(false);
  });
});
