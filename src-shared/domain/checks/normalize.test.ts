import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { businessEvent, type BusinessEvent } from '../business-event.ts';
import { itemsOf } from '../fan-out.ts';
import { Decimal, parseExact } from '../../fhir/index.ts';
import { checkEvent, checkRuleNames, compileChecks, normalizeWrite } from './index.ts';
import { normalizationRules } from './normalize-rules.ts';
import { ucumUnits } from '../../../src-main/platform/index.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8'));
const files = Object.fromEntries(checkRuleNames.map((name) => [name, read(name)]));
const rules = compileChecks(files, ucumUnits);
const time = { now: Date.parse('2026-03-02T10:00:00Z') };

function event(content: unknown): BusinessEvent {
  const record = {
    specVersion: '1.0',
    id: 'visit-1',
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: 'Patient/1' } },
    content,
  };
  const parsed = parseExact(JSON.stringify(record), 64);
  return businessEvent.parse(parsed.ok ? parsed.value : null);
}

function normalized(content: unknown) {
  const one = event(content);
  const [item] = itemsOf(one.content ?? {}).items;
  if (item === undefined) throw new Error('no item');
  return { ...normalizeWrite(one, item, rules, null), original: item.clinical, event: one };
}

const loinc = (code: string) => ({ system: 'http://loinc.org', code });
const observed = (code: string, value: number, unit: string) => ({ observations: [{ code: loinc(code), value, unit }] });

describe('normalization', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['a spelled unit', observed('8480-6', 120, 'mmHg'), ['unit-spelling content.observations[0].unit mmHg > mm[Hg]']],
    [
      'a unit of something else, read by what was measured',
      observed('8310-5', 37, 'C'),
      ['unit-in-context content.observations[0].unit C > Cel'],
    ],
    ['Fahrenheit, not farad', observed('8310-5', 98.6, 'F'), ['unit-in-context content.observations[0].unit F > [degF]']],
    ['thousands, not kelvin', observed('6690-2', 7, 'K/uL'), ['unit-in-context content.observations[0].unit K/uL > 10*3/uL']],
    ['a unit that is one', observed('8480-6', 120, 'mm[Hg]'), []],
    [
      'names of systems and forms of codes',
      { problems: [{ code: { system: 'ICD-10-CM', code: 'e119', text: 'Type 2 diabetes' } }] },
      [
        'system-icd-10-cm content.problems[0].code.system ICD-10-CM > http://hl7.org/fhir/sid/icd-10-cm',
        'code-icd-10-cm-dot content.problems[0].code.code e119 > E11.9',
      ],
    ],
    [
      'an OID',
      { observations: [{ code: { system: 'urn:oid:2.16.840.1.113883.6.1', code: '8480-6' }, valueText: 'high' }] },
      ['system-loinc content.observations[0].code.system urn:oid:2.16.840.1.113883.6.1 > http://loinc.org'],
    ],
    [
      'a drug by its abbreviation',
      { medications: [{ medication: { text: 'HCTZ 25 mg' } }] },
      ['drug-abbreviation content.medications[0].medication.text HCTZ 25 mg > hydrochlorothiazide 25 mg'],
    ],
    [
      'a dose in a spelled unit',
      { medications: [{ medication: { text: 'levothyroxine' }, dosage: { dose: { value: 50, unit: 'mcg' } } }] },
      ['unit-spelling content.medications[0].dosage.dose.unit mcg > ug'],
    ],
    [
      'a side and a time to the minute',
      { procedures: [{ code: { text: 'injection' }, bodySite: { text: 'L knee' }, performedAt: '2026-03-02T09:00Z' }] },
      [
        'time-seconds content.procedures[0].performedAt 2026-03-02T09:00Z > 2026-03-02T09:00:00Z',
        'site-abbreviation content.procedures[0].bodySite.text L knee > left knee',
      ],
    ],
  ])('A2 %s', (_name, content, expected) => {
    const { record, findings } = normalized(content);
    expect(record.steps.map(({ rule, path: place, from, to }) => `${rule} ${place} ${from} > ${to}`).sort()).toEqual(
      [...expected].sort(),
    );
    expect(findings.filter(({ severity }) => severity !== 'information')).toEqual([]);
    // Every change is by a rule of the file, under the version it has there.
    const known = new Map(normalizationRules.parse(files.normalization).rules.map((rule) => [rule.id, rule.version]));
    for (const step of record.steps) expect(step.version).toBe(known.get(step.rule));
  });

  it.each<[string, unknown, string]>([
    ['a drug name read as two drugs', { medications: [{ medication: { text: 'MS 10 mg' } }] }, 'content-ambiguous'],
    [
      'units of insulin or of an enzyme',
      { medications: [{ medication: { text: 'insulin' }, dosage: { dose: { value: 5, unit: 'units' } } }] },
      'code-ambiguous',
    ],
    ['ICD-10 of the US or of the WHO', { problems: [{ code: { system: 'ICD-10', code: 'E11.9' } }] }, 'code-ambiguous'],
    ['ears or eyes', { procedures: [{ code: { text: 'irrigation' }, bodySite: { text: 'AS' } }] }, 'content-ambiguous'],
    ['a problem that is only thought of', { problems: [{ code: { text: 'rule out pneumonia' } }] }, 'content-ambiguous'],
    ['a question', { problems: [{ code: { text: 'gout?' } }] }, 'content-ambiguous'],
    ['a suggestion', { medications: [{ medication: { text: 'consider metformin' }, record: 'request' }] }, 'content-ambiguous'],
  ])('A2 %s goes to a person, nothing is guessed', (_name, content, rule) => {
    const { record, findings, original, clinical } = normalized(content);
    expect(findings.filter(({ severity }) => severity === 'stop').map((one) => one.rule)).toContain(rule);
    expect(record.steps.filter((step) => step.rule !== 'class-uncertain')).toEqual([]);
    expect(JSON.stringify(clinical)).toBe(JSON.stringify(original));
  });

  it.each<[string, unknown, string]>([
    ['a problem', { problems: [{ code: { text: 'gout' } }] }, 'fact'],
    ['an order', { orders: [{ code: { text: 'chest x-ray' } }] }, 'intention'],
    ['a prescription', { medications: [{ medication: { text: 'metformin' }, record: 'request' }] }, 'intention'],
    ['what is uncertain', { problems: [{ code: { text: 'suspected gout' } }] }, 'ambiguity'],
    [
      'what is said to be provisional',
      { problems: [{ code: { text: 'suspected gout' }, verificationStatus: 'provisional' }] },
      'fact',
    ],
    ['what is suggested', { orders: [{ code: { text: 'Consider MRI' } }] }, 'suggestion'],
    ['what the source classes', { problems: [{ code: { text: 'gout' }, class: 'intention' }] }, 'intention'],
  ])('A2 %s is classed', (_name, content, expected) => {
    expect(normalized(content).record.class).toBe(expected);
  });

  it('A2 coding cues are kept and shown, never charted', () => {
    const { items, kept } = itemsOf(event({ codingCues: [{ code: { text: 'level 4 visit' } }] }).content ?? {});
    expect(items).toEqual([]);
    expect(kept).toEqual([{ slot: 'codingCues/0', reason: 'a coding cue: never charted' }]);
  });

  it('A2 what is changed is told, and normalizing twice changes nothing more', () => {
    const { event: one, clinical } = normalized(observed('8480-6', 120, 'mmHg'));
    const told = checkEvent(one, rules, time).map(({ rule, severity }) => `${severity} ${rule}`);
    expect(told).toEqual(['information normalized']);
    const [slot] = itemsOf(one.content ?? {}).items;
    if (slot === undefined) throw new Error('no item');
    expect(normalizeWrite(one, { ...slot, clinical }, rules, null).record.steps).toEqual([]);
  });

  it('G2 what the source redacted or was not sure of is told beside its texts, and beside nothing else', () => {
    const one = event({ note: { text: 'Assessment and plan: well.' }, tasks: [{ description: 'call' }] });
    const told = { ...one, provenance: { redactions: ['name of a neighbour'], uncertainties: ['the dose'] } };
    expect(checkEvent(told, rules, time).map(({ rule, path: place }) => `${rule} ${place}`)).toEqual([
      'source-redacted provenance.redactions[0]',
      'source-uncertain provenance.uncertainties[0]',
    ]);
  });

  it('A2 numbers, texts of notes and unknown words are never touched', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((text) => /\S/.test(text)),
        (text) => {
          const content = {
            note: { text: `HCTZ ${text}` },
            observations: [{ code: { text: 'x' }, value: 1.5, valueText: undefined }],
          };
          const { clinical, record } = normalized(JSON.parse(JSON.stringify(content)));
          expect(record.steps).toEqual([]);
          expect(clinical.kind === 'note' && clinical.item.text).toBe(`HCTZ ${text}`);
        },
      ),
    );
    const kept = normalized({ observations: [{ code: { text: 'x' }, value: 1, unit: 'mmHg' }] });
    expect(kept.clinical.kind === 'observation' && kept.clinical.item.value).toBeInstanceOf(Decimal);
  });

  it('A2 rules that do not follow their schema are refused', () => {
    const good = normalizationRules.parse(files.normalization);
    expect(normalizationRules.safeParse({ ...good, rules: [...good.rules, ...good.rules] }).success).toBe(false);
    expect(normalizationRules.safeParse({ ...good, rules: [{ id: 'x', version: 1, why: 'y', kind: 'guess' }] }).success).toBe(
      false,
    );
  });
});
