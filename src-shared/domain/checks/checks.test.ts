import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { businessEvent, type BusinessEvent } from '../business-event.ts';
import { itemsOf } from '../fan-out.ts';
import { parseExact, type ExactObject } from '../../fhir/index.ts';
import { checkEvent, checkResourceCodes, checkRuleNames, checkWriteContent, compileChecks, stopsContent } from './index.ts';
import { sectionsMissing } from './note-sections.ts';
import { readEvidence, readPart } from './note.ts';
import { numbersIn } from './numbers.ts';
import { codeFault, luhnDigit, npiFault, verhoeffHolds } from './terminology.ts';
import { ucumUnits } from '../../../src-main/platform/index.ts';
import { editDistance, stemOf, tokenize } from './text.ts';
import { hear } from './transcript.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8'));
const files = Object.fromEntries(checkRuleNames.map((name) => [name, read(name)]));
const rules = compileChecks(files, ucumUnits);
const NOW = Date.parse('2026-03-02T10:00:00Z');

const transcript = `[doctor] what brings you in
[patient] my right knee has been hurting for three weeks
[doctor] any fever or chills ?
[patient] no , nothing like that
[doctor] do you take lisinopril twenty milligrams every day ?
[patient] yes , and ibuprofen four hundred milligrams
[doctor] your right knee is swollen , no redness . start meloxicam fifteen milligrams a day`;
const note =
  'The patient has right knee pain for 3 weeks. She denies fever or chills. She takes lisinopril 20 mg and ibuprofen 400 mg daily. ' +
  'The right knee is swollen, no redness. Start meloxicam 15 mg daily.';

function event(
  changes: { content?: unknown; provenance?: unknown; subject?: Record<string, unknown>; approval?: unknown } = {},
): BusinessEvent {
  const record = {
    specVersion: '1.0',
    id: 'visit-1',
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: 'Patient/1', birthDate: '1967-02-11' }, ...changes.subject },
    content: changes.content ?? { note: { text: note } },
    provenance: changes.provenance ?? { transcript: { text: transcript } },
    ...(changes.approval === undefined ? {} : { approval: changes.approval }),
  };
  const parsed = parseExact(JSON.stringify(record), 64);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return businessEvent.parse(parsed.value);
}

const found = (of: BusinessEvent): readonly string[] =>
  checkEvent(of, rules, { now: NOW }).map(({ rule, severity }) => `${severity} ${rule}`);
const noteFound = (text: string, more: Record<string, unknown> = {}): readonly string[] =>
  found(event({ content: { note: { text } }, provenance: { transcript: { text: transcript }, ...more } }));

describe('notes against the visit', () => {
  it('F2 a note that says what was said raises nothing', () => {
    expect(noteFound(note)).toEqual([]);
  });

  it.each([
    ['drug', ['meloxicam', 'methotrexate'], 'review note-drug-not-heard'],
    ['dose', ['lisinopril 20', 'lisinopril 200'], 'review note-dose-not-heard'],
    ['dose of a unit', ['meloxicam 15 mg', 'meloxicam 15 g'], 'review note-dose-not-heard'],
    ['side', ['has right knee', 'has left knee'], 'review note-laterality-differs'],
    ['negation', ['denies fever or chills', 'reports fever and chills'], 'review note-negation-differs'],
    ['negation with any', ['denies fever or chills', 'reports any fever or chills'], 'review note-negation-differs'],
    ['finding', ['3 weeks.', '3 weeks. She reports hemoptysis.'], 'review note-finding-not-heard'],
    ['diagnosis', ['3 weeks.', '3 weeks. She has tuberculosis.'], 'review note-diagnosis-not-heard'],
    ['procedure', ['3 weeks.', '3 weeks. She had a splenectomy.'], 'review note-procedure-not-heard'],
    ['abbreviation', ['mg daily. The', 'mg QD. The'], 'review note-unsafe-abbreviation'],
    ['trailing zero', ['15 mg', '15.0 mg'], 'review note-unsafe-abbreviation'],
    ['leading zero', ['15 mg', '.15 mg'], 'review note-unsafe-abbreviation'],
    ['placeholder', ['3 weeks', '***'], 'review note-leftover-text'],
    ['unseen character', ['lisinopril', 'lisin\u200bopril'], 'review text-invisible-character'],
    ['mixed script', ['redness', 'r\u0435dness'], 'review text-mixed-script'],
    ['piled marks', ['redness', 're\u0301\u0301\u0301\u0301\u0301dness'], 'review text-piled-marks'],
    ['self-comparison', ['no redness', 'worse on the right than on the right'], 'review note-contradiction'],
    ['age', ['The patient has', 'The 31-year-old has'], 'review note-other-patient'],
  ] as const)('F2 %s', (_name, [from, to], rule) => {
    const changed = note.replace(from, to);
    expect(changed).not.toBe(note);
    expect(noteFound(changed)).toContain(rule);
  });

  it('F2 nothing about a note stops it', () => {
    const worst = `${note.replace('meloxicam', 'methotrexate').replace('denies', 'reports')} *** QD left knee`;
    expect(noteFound(worst).length).toBeGreaterThan(3);
    expect(noteFound(worst).filter((one) => one.startsWith('stop'))).toEqual([]);
  });

  it('F2 the span holds the words that are meant, in note and transcript', () => {
    const text = note.replace('lisinopril 20', 'lisinopril 200');
    const [finding] = checkEvent(event({ content: { note: { sections: [{ title: 'Plan', text }] } } }), rules, {
      now: NOW,
    }).filter(({ rule }) => rule === 'note-dose-not-heard');
    expect(finding?.path).toBe('content.note.sections[0].text');
    expect(text.slice(finding?.span?.start, finding?.span?.end)).toBe('200 mg');
    expect(transcript.slice(finding?.transcriptSpan?.start, finding?.transcriptSpan?.end)).toBe('lisinopril');
  });

  it('F2 without a transcript nothing is said about what was heard', () => {
    expect(noteFound(note.replace('meloxicam', 'methotrexate'), { transcript: undefined })).toEqual([]);
  });

  it('F2 a drug that the clinician added supports itself; one that replaced a drug that was heard does not', () => {
    const added = note.replace('Start meloxicam', 'Continue famotidine. Start meloxicam');
    expect(noteFound(added, { draft: { text: note } })).toEqual([]);
    expect(noteFound(added)).toContain('review note-drug-not-heard');
    expect(noteFound(note.replace('meloxicam', 'famotidine'), { draft: { text: note } })).toContain('review note-drug-not-heard');
  });

  it('F2 the chart that the model was shown supports drugs and findings', () => {
    const text = note.replace('She takes', 'She takes warfarin,');
    expect(noteFound(text)).toContain('review note-drug-not-heard');
    expect(noteFound(text, { contextShown: ['Medications: warfarin 5 mg'] })).toEqual([]);
  });

  it('F2 note and items that disagree', () => {
    const content = {
      note: { text: note.replace('She takes', 'No known allergies. She takes').replace('no redness', 'no redness, no asthma') },
      medications: [{ medication: { text: 'lisinopril' }, dosage: { dose: { value: 40, unit: 'mg' } } }],
      allergies: [{ substance: { text: 'penicillin' } }],
      problems: [{ code: { text: 'Asthma' } }],
    };
    expect(found(event({ content })).filter((one) => one === 'review note-structured-differs')).toHaveLength(3);
  });

  it('F2 any text is checked without an error, always with the same findings and spans inside the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 }), fc.string({ maxLength: 300 }), (text, said) => {
        fc.pre(/\S/.test(text) && text.isWellFormed() && /\S/.test(said) && said.isWellFormed());
        const one = event({ content: { note: { text } }, provenance: { transcript: { text: said } } });
        const first = checkEvent(one, rules, { now: NOW });
        expect(checkEvent(one, rules, { now: NOW })).toEqual(first);
        for (const { span } of first)
          expect(span === undefined || (span.start >= 0 && span.start <= span.end && span.end <= text.length)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

describe('codes, units, times, ranges and doses', () => {
  it.each([
    ['http://loinc.org', '8480-6', true],
    ['http://loinc.org', '8480-5', false],
    ['http://loinc.org', 'BP', false],
    ['http://snomed.info/sct', '22298006', true],
    ['http://snomed.info/sct', '22298007', false],
    ['http://snomed.info/sct', '12', false],
    ['http://hl7.org/fhir/sid/icd-10-cm', 'E11.9', true],
    ['http://hl7.org/fhir/sid/icd-10-cm', 'E1', false],
    ['http://www.nlm.nih.gov/research/umls/rxnorm', '29046', true],
    ['http://www.nlm.nih.gov/research/umls/rxnorm', '029046', false],
    ['http://hl7.org/fhir/sid/us-npi', '1234567893', true],
    ['http://hl7.org/fhir/sid/us-npi', '1234567890', false],
    ['urn:local', 'anything', true],
  ])('F1 %s %s', (system, code, right) => {
    expect(codeFault(system, code) === null).toBe(right);
  });

  it('F1 one changed digit never keeps its check digit', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[1-9]\d{4,8}$/), fc.nat(), fc.integer({ min: 1, max: 9 }), (digits, at, by) => {
        const place = at % digits.length;
        const other = digits.slice(0, place) + String((Number(digits[place]) + by) % 10) + digits.slice(place + 1);
        expect(luhnDigit(other)).not.toBe(luhnDigit(digits));
        const complete = [...'0123456789'].map((digit) => digits + digit).filter(verhoeffHolds);
        expect(complete).toHaveLength(1);
        expect(verhoeffHolds(other + (complete[0]?.at(-1) ?? ''))).toBe(false);
      }),
    );
    expect(npiFault('abc')).toContain('not formed');
  });

  it.each([
    ['mm[Hg]', true],
    ['mL/min/{1.73_m2}', true],
    ['10*3/uL', true],
    ['{score}', true],
    ['ug/mL', true],
    ['/min', true],
    ['mmHg', false],
    ['parsecs', false],
  ])('F1 unit %s', (unit, right) => {
    expect(rules.units.fault(unit) === null).toBe(right);
  });

  const bloodPressure = { code: { system: 'http://loinc.org', code: '8480-6' }, value: 120, unit: 'mm[Hg]' };
  const lisinopril = {
    medication: { text: 'lisinopril' },
    dosage: { dose: { value: 20, unit: 'mg' }, frequency: 1, period: 1, periodUnit: 'd' },
  };
  const dosed = (dosage: Record<string, unknown>, drug = 'lisinopril') => ({
    medications: [{ medication: { text: drug }, dosage: { ...lisinopril.dosage, ...dosage } }],
  });
  it.each<[string, unknown, readonly string[]]>([
    ['a plausible value', { observations: [bloodPressure] }, []],
    ['a value out of range', { observations: [{ ...bloodPressure, value: 1200 }] }, ['review value-implausible']],
    ['a unit that does not fit', { observations: [{ ...bloodPressure, unit: 'kg' }] }, ['review unit-does-not-fit']],
    ['a unit that is none', { observations: [{ ...bloodPressure, unit: 'parsecs' }] }, ['stop unit-not-ucum']],
    ['a unit in another spelling', { observations: [{ ...bloodPressure, unit: 'mmHg' }] }, ['information normalized']],
    ['a value in another unit', { observations: [{ ...bloodPressure, value: 16, unit: 'kPa' }] }, []],
    [
      'a value out of range in another unit',
      { observations: [{ ...bloodPressure, value: 160, unit: 'kPa' }] },
      ['review value-implausible'],
    ],
    [
      'a code with a slip',
      { observations: [{ ...bloodPressure, code: { system: 'http://loinc.org', code: '8480-7' } }] },
      ['stop code-shape'],
    ],
    ['a time to come', { observations: [{ ...bloodPressure, effectiveAt: '2027-01-01T00:00:00Z' }] }, ['review time-in-future']],
    ['a planned time', { orders: [{ code: { text: 'x-ray' }, occurrenceAt: '2027-01-01T00:00:00Z' }] }, []],
    [
      'a time before birth',
      { observations: [{ ...bloodPressure, effectiveAt: '1950-01-01T00:00:00Z' }] },
      ['review time-before-birth'],
    ],
    ['a time of nobody', { problems: [{ code: { text: 'gout' }, onsetAt: '1780-01-01' }] }, ['review time-impossible']],
    ['twice the same', { observations: [bloodPressure, bloodPressure] }, ['review duplicate-item']],
    [
      'a component',
      { observations: [{ code: { text: 'panel' }, components: [{ ...bloodPressure, value: 2 }] }] },
      ['review value-implausible'],
    ],
    ['a usual dose', { medications: [lisinopril] }, []],
    ['a high dose', dosed({ dose: { value: 100, unit: 'mg' } }), ['review dose-high']],
    ['an impossible dose', dosed({ dose: { value: 20, unit: 'g' } }), ['stop dose-impossible']],
    ['no dose at all', dosed({ dose: { value: 0, unit: 'mg' } }), ['stop dose-impossible']],
    ['too often', dosed({ frequency: 60 }), ['review frequency-implausible', 'review dose-high']],
    ['methotrexate daily', dosed({ dose: { value: 15, unit: 'mg' } }, 'methotrexate'), ['review dose-high']],
    [
      'a refuted active problem',
      { problems: [{ code: { text: 'gout' }, verificationStatus: 'refuted', clinicalStatus: 'active' }] },
      ['review status-contradiction'],
    ],
    ['a changed name', { demographics: { name: { family: 'Other' } } }, ['review protected-field']],
    ['an unseen character in an item', { tasks: [{ description: 'call\u202e back' }] }, ['review text-invisible-character']],
  ])('F1 %s', (_name, content, expected) => {
    expect(found(event({ content, provenance: {} }))).toEqual(expected);
  });

  it('F1 a value is judged by age', () => {
    const baby = { patient: { reference: 'Patient/2', birthDate: '2025-12-01' } };
    const content = { observations: [{ code: { system: 'http://loinc.org', code: '29463-7' }, value: 70, unit: 'kg' }] };
    expect(found(event({ content, provenance: {} }))).toEqual([]);
    expect(found(event({ content, provenance: {}, subject: baby }))).toEqual(['review value-implausible']);
  });

  it('F1 subject and approval', () => {
    const practitioner = { identifiers: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567890' }] };
    const encounter = { reference: 'Encounter/1', status: 'entered-in-error' };
    expect(found(event({ subject: { practitioner, encounter } }))).toEqual([
      'review identifier-shape',
      'stop encounter-entered-in-error',
    ]);
    const approval = { status: 'approved', by: { id: 'dr' }, at: '2026-03-02T09:00:00Z' };
    const content = { observations: [{ ...bloodPressure, effectiveAt: '2026-03-02T09:10:00Z' }] };
    expect(found(event({ content, approval, provenance: {} }))).toEqual(['review approval-before-content']);
  });

  it('F3 a write is told what concerns it, and what to do', () => {
    const one = event({
      content: { observations: [bloodPressure, { ...bloodPressure, value: 1200 }, bloodPressure] },
      provenance: {},
    });
    const { items } = itemsOf(one.content ?? {});
    const rulesOf = (index: number) => {
      const item = items[index];
      return item === undefined
        ? []
        : checkWriteContent(one, item, rules, { now: NOW }).map(({ rule, path: place }) => `${rule} ${place}`);
    };
    expect([0, 1, 2].map(rulesOf)).toEqual([
      [],
      ['value-implausible content.observations[1].value'],
      ['duplicate-item content.observations[2]'],
    ]);
    expect(checkEvent(one, rules, { now: NOW }).every(({ next }) => next.length > 10)).toBe(true);
    expect([stopsContent('dose-impossible'), stopsContent('r4-choice')]).toEqual([true, false]);
  });

  it('F1 plain resources by the same rules', () => {
    const resource = {
      resourceType: 'Observation',
      code: { coding: [{ system: 'http://loinc.org', code: '8480-7' }] },
      valueQuantity: { value: 1, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mmHg' },
      performer: [{ identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1' } }],
      note: [{ text: 'a\u200bb' }],
    };
    const parsed = parseExact(JSON.stringify(resource), 64);
    const findings = checkResourceCodes((parsed.ok ? parsed.value : {}) as ExactObject, rules, { birthDate: null, now: NOW }).map(
      ({ severity, rule, path: place }) => `${severity} ${rule} ${place}`,
    );
    expect(findings).toEqual([
      'stop code-shape Observation.code.coding[0].code',
      'stop unit-not-ucum Observation.valueQuantity.code',
      'review identifier-shape Observation.performer[0].identifier.value',
      'review text-invisible-character Observation.note[0].text',
    ]);
  });

  it('F1 rules that do not follow their schema are refused', () => {
    expect(() => compileChecks({ ...files, units: {} }, ucumUnits)).toThrow();
    expect(() => compileChecks({ ...files, more: {} }, ucumUnits)).toThrow();
  });
});

describe('sections that a note leaves out', () => {
  const heard = '[doctor] what brings you in today ?\n[patient] my knee\n[doctor] your lab results came back\n[patient] okay';
  const whole = 'HPI\nKnee pain.\nPHYSICAL EXAM\nNormal.\nRESULTS\nNormal.\nASSESSMENT\nSprain.\nPLAN\nRest.';
  it.each([
    ['nothing', whole, []],
    ['the history', whole.replace('HPI\nKnee pain.\n', ''), ['history of present illness']],
    ['the results', whole.replace('RESULTS\nNormal.\n', ''), ['results']],
    ['the plan', whole.replace('PLAN\nRest.', 'INSTRUCTIONS\nReturn in a week.'), ['plan']],
    ['everything, in a note without headings', 'Knee sprain. Rest.', []],
  ])('F1 %s', (_name, note, missing) => {
    const context = {
      parts: [readPart({ path: 'content.note.text', title: null, text: note }, rules.note.lexicon)],
      evidence: readEvidence({ transcript: heard, chart: null, draft: null }, rules.note.lexicon),
      lexicon: rules.note.lexicon,
    };
    const told = sectionsMissing(context, rules.note);
    expect(told.map(({ message }) => missing.filter((section) => message.includes(section)))).toEqual(
      missing.map((one) => [one]),
    );
    expect(told.every(({ severity }) => severity === 'information')).toBe(true);
  });
});

describe('the text model', () => {
  it.each([
    ['one twenty over eighty', ['120', '80']],
    ['five hundred', ['500']],
    ['twelve point five', ['12.5']],
    ['point five', ['0.5']],
    ['two and a half', ['2.5']],
    ['nineteen eighty', ['1980']],
    ['one oh five', ['105']],
    ['a hundred and fifty', ['150']],
    ['fifteen hundred', ['1500']],
    ['1,000', ['1000']],
    ['20.0', ['20']],
    ['temperature is ninety eight . seven', ['98.7']],
  ])('F2 "%s" is heard as %j', (text, values) => {
    const heard = numbersIn(tokenize(text)).map(({ value }) => value);
    expect(heard).toEqual(expect.arrayContaining(values));
  });

  it.each([
    ['[doctor] any fever ?\n[patient] no', 'fever', 'denied'],
    ['[doctor] any fever ?\n[patient] yes', 'fever', 'affirmed'],
    ['[doctor] any fever or cough ?\n[patient] yes', 'fever', 'asked'],
    ['[doctor] have you had a fever\n[patient] it is cold outside', 'fever', 'asked'],
    ["[patient] i do n't have a fever", 'fever', 'denied'],
    ["[patient] i do n't think i have a fever", 'fever', 'denied'],
    ['[patient] no i have a fever', 'fever', 'affirmed'],
    ['[doctor] call me if you have a fever', 'fever', 'asked'],
    ['[doctor] no rash your fever is gone', 'fever', 'affirmed'],
  ])('F2 %j: %s is %s', (text, concept, polarity) => {
    const heard = hear(text, rules.note.lexicon);
    const [mention] = heard.byConcept.get(`symptom ${concept}`) ?? [];
    expect(heard.polarity[mention?.from ?? -1]).toBe(polarity);
  });

  it('F2 stems and distances', () => {
    expect(new Set(['swelling', 'swells', 'swelled'].map(stemOf))).toEqual(new Set(['swell']));
    expect(editDistance('lasix', 'laisx', 2)).toBe(1);
    expect(editDistance('lasix', 'losartan', 2)).toBe(3);
  });
});
