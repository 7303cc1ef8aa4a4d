import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { businessEvent, type BusinessEvent } from '../business-event.ts';
import { itemsOf } from '../fan-out.ts';
import { readPolicyDocument } from '../governance/index.ts';
import { houseRules, type HouseRules } from '../governance/house-rules.ts';
import { parseExact } from '../../fhir/index.ts';
import { ucumUnits } from '../../../src-main/platform/index.ts';
import { checkEvent, checkRuleNames, compileChecks, normalizeWrite } from './index.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8'));
const rules = compileChecks(Object.fromEntries(checkRuleNames.map((name) => [name, read(name)])), ucumUnits);
const now = Date.parse('2026-03-02T10:00:00Z');

const document = {
  policy: 'house-rules',
  version: '2026-1',
  tenant: 'north',
  normalRanges: [
    { id: 'sodium', loinc: '2951-2', unit: 'mmol/L', from: 18, least: '135', most: '145.5', severity: 'information' },
    { id: 'glucose', loinc: '2345-7', unit: 'mg/dL', from: 0, least: '70', most: '180', severity: 'review' },
  ],
  disallowed: [
    {
      id: 'no-hiv',
      kind: 'problem',
      code: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'B20' },
      severity: 'stop',
      reason: 'HIV status is charted by its own path',
    },
    { id: 'no-billing', kind: 'note', contains: 'billing code', severity: 'review', reason: 'Notes carry no billing' },
  ],
  required: [{ id: 'onset', kind: 'problem', member: 'onsetAt', severity: 'review', reason: 'Problems are dated here' }],
  sections: [
    { id: 'follow-up', titles: ['Follow-up', 'Return visit'], severity: 'review', reason: 'Each note says when to come back' },
  ],
  protected: [
    { id: 'language', kind: 'demographics', member: 'preferredLanguage', severity: 'stop', reason: 'Asked at the desk' },
  ],
  conventions: [
    { id: 'bp-code', version: 3, from: { system: 'urn:north', code: 'SYS' }, to: { system: 'http://loinc.org', code: '8480-6' } },
    { id: 'insulin', version: 1, unit: 'units', ucum: '[iU]' },
  ],
};
const house: HouseRules = houseRules.parse(document);

function event(content: unknown, birthDate = '1967-02-11'): BusinessEvent {
  const record = {
    specVersion: '1.0',
    id: 'visit-1',
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: 'Patient/1', birthDate } },
    content,
  };
  const parsed = parseExact(JSON.stringify(record), 64);
  return businessEvent.parse(parsed.ok ? parsed.value : null);
}
const found = (content: unknown, birthDate?: string) =>
  checkEvent(event(content, birthDate), rules, { now, house }).map(({ rule, severity }) => `${severity} ${rule}`);
const measured = (code: string, value: number, unit: string) => ({
  observations: [{ code: { system: 'http://loinc.org', code }, value, unit }],
});
const dated = { onsetAt: '2025-01-01' };

describe('rules of an organization', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['inside its normal range', measured('2951-2', 140, 'mmol/L'), []],
    ['outside its normal range', measured('2951-2', 150, 'mmol/L'), ['information house-range']],
    ['outside, in another unit', measured('2951-2', 0.15, 'mol/L'), ['information house-range']],
    [
      'a code it does not chart',
      { problems: [{ code: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'B20' }, ...dated }] },
      ['stop house-disallowed'],
    ],
    [
      'the same code under another name of its system',
      { problems: [{ code: { system: 'ICD-10-CM', code: 'b20' }, ...dated }] },
      ['information normalized', 'information normalized', 'stop house-disallowed'],
    ],
    [
      'words it does not want',
      {
        note: {
          sections: [
            { title: 'Plan', text: 'Billing code 99214.' },
            { title: 'Follow-up', text: '2 weeks' },
          ],
        },
      },
      ['review house-disallowed', 'information note-section-missing'],
    ],
    ['a member it asks for', { problems: [{ code: { text: 'gout' } }] }, ['review house-required']],
    [
      'a section it asks for',
      { note: { sections: [{ title: 'Assessment and plan', text: 'Well.' }] } },
      ['review house-section-missing'],
    ],
    ['the section as a heading of plain text', { note: { text: 'Assessment and plan\nWell.\nReturn visit:\nMay' } }, []],
    ['a member it protects', { demographics: { preferredLanguage: 'es' } }, ['stop protected-field']],
  ])('F1 %s', (_name, content, expected) => {
    expect(found(content)).toEqual(expected);
  });

  it('F1 a range for adults says nothing about a child, and none about an age that is not known', () => {
    expect(found(measured('2951-2', 150, 'mmol/L'), '2020-01-01')).toEqual([]);
    expect(found(measured('2345-7', 60, 'mg/dL'), '2020-01-01')).toEqual(['review house-range']);
  });

  it('A2 its conventions come before the common rules, under their own names and versions', () => {
    const one = event({ observations: [{ code: { system: 'urn:north', code: 'SYS' }, value: 120, unit: 'mmHg' }] });
    const [item] = itemsOf(one.content ?? {}).items;
    if (item === undefined) throw new Error('no item');
    const { clinical, record } = normalizeWrite(one, item, rules, house);
    expect(clinical.kind === 'observation' && [clinical.item.code, clinical.item.unit]).toEqual([
      { system: 'http://loinc.org', code: '8480-6' },
      'mm[Hg]',
    ]);
    expect(record.rules).toContain('conventions 2026-1');
    expect(record.steps.map(({ rule, version }) => [rule, version])).toEqual([
      ['bp-code', 3],
      ['unit-spelling', 1],
    ]);
    const dose = { medications: [{ medication: { text: 'insulin' }, dosage: { dose: { value: 5, unit: 'units' } } }] };
    expect(found(dose)).toEqual(['information normalized']);
  });

  it('B1 a document that does not hold together is refused by name', () => {
    const message = (changes: object) => {
      const got = readPolicyDocument({ ...document, ...changes });
      return got.ok ? 'read' : got.message;
    };
    expect(message({})).toBe('read');
    expect(message({ tenant: undefined })).toContain('tenant');
    expect(message({ required: [...document.required, { ...document.required[0], id: 'sodium' }] })).toContain('"sodium"');
    expect(message({ normalRanges: [{ ...document.normalRanges[0], least: '200' }] })).toContain('wrong way round');
    expect(message({ disallowed: [{ id: 'x', kind: 'note', severity: 'stop', reason: 'y' }] })).toContain('neither');
  });
});
