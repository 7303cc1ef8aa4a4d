import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { r4Definitions, ucumUnits } from '../../../src-main/platform/index.ts';
import { businessEvent, type BusinessEvent } from '../business-event.ts';
import { failures, type FailureCode } from '../failures.ts';
import { houseRules } from '../governance/house-rules.ts';
import { parseExact, type ExactObject } from '../../fhir/index.ts';
import { deviceFault, identifierFault } from './identifiers.ts';
import { checkEvent, checkResourceCodes, checkRuleNames, closedVisit, compileChecks, findingLayers, layerOf } from './index.ts';

/** Each thing that F1 names: an input that has it, the rule that finds it, and the layer it is told as. */

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8'));
const rules = compileChecks(Object.fromEntries(checkRuleNames.map((name) => [name, read(name)])), ucumUnits);
const now = Date.parse('2026-03-02T10:00:00Z');
const definitions = r4Definitions();

const LOINC = 'http://loinc.org';
const systolic = { code: { system: LOINC, code: '8480-6' }, value: 120, unit: 'mm[Hg]' };
const subject = { patient: { reference: 'Patient/1', birthDate: '1967-02-11' } };
const exact = (value: unknown): ExactObject => {
  const parsed = parseExact(JSON.stringify(value), 64);
  return (parsed.ok ? parsed.value : {}) as ExactObject;
};
function event(changes: object): BusinessEvent {
  const base = {
    specVersion: '1.0',
    id: 'v1',
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe',
    occurredAt: '2026-03-02T09:14:00Z',
    subject,
    content: { note: { text: 'Well today.' } },
  };
  return businessEvent.parse(exact({ ...base, ...changes }));
}
const house = houseRules.parse({
  policy: 'house-rules',
  version: '1',
  tenant: 'north',
  normalRanges: [{ id: 'na', loinc: '2951-2', unit: 'mmol/L', from: 0, least: '135', most: '145', severity: 'review' }],
  disallowed: [{ id: 'no', kind: 'note', contains: 'billing', severity: 'stop', reason: 'not here' }],
  required: [{ id: 'on', kind: 'problem', member: 'onsetAt', severity: 'review', reason: 'dated' }],
  sections: [],
  protected: [{ id: 'la', kind: 'demographics', member: 'preferredLanguage', severity: 'stop', reason: 'at the desk' }],
  conventions: [],
});
const found = (changes: object): readonly string[] =>
  checkEvent(event(changes), rules, { now, house })
    .filter(({ severity }) => severity !== 'information')
    .map(({ rule, severity }) => `${severity} ${rule}`);
const observed = (changes: object) => ({ content: { observations: [{ ...systolic, ...changes }] } });
const coded = (system: string, code: string) => ({ content: { problems: [{ code: { system, code }, onsetAt: '2020' }] } });
const dosed = (dosage: object) => ({ content: { medications: [{ medication: { text: 'lisinopril' }, dosage }] } });
const by = (system: string, value: string) => ({ subject: { ...subject, practitioner: { identifiers: [{ system, value }] } } });

describe('F1 layers', () => {
  it.each<[string, object, string, (typeof findingLayers)[number]]>([
    ['LOINC, mod 10', observed({ code: { system: LOINC, code: '8480-7' } }), 'stop code-shape', 'terminology'],
    ['SNOMED CT, Verhoeff', coded('http://snomed.info/sct', '22298007'), 'stop code-shape', 'terminology'],
    ['ICD-10-CM, pattern', coded('http://hl7.org/fhir/sid/icd-10-cm', 'E1'), 'stop code-shape', 'terminology'],
    ['RxNorm, pattern', coded('http://www.nlm.nih.gov/research/umls/rxnorm', '29A46'), 'stop code-shape', 'terminology'],
    ['UCUM', observed({ unit: 'parsecs' }), 'stop unit-not-ucum', 'terminology'],
    ['a code that may be two', coded('ICD-10', 'E11.9'), 'stop code-ambiguous', 'terminology'],
    ['NPI, Luhn', by('http://hl7.org/fhir/sid/us-npi', '1234567890'), 'review identifier-shape', 'semantic'],
    ['a malformed device', { device: '(01)00844588003289' }, 'review device-shape', 'semantic'],
    ['a unit that does not fit the observation', observed({ unit: 'kg' }), 'review unit-does-not-fit', 'semantic'],
    ['a value out of range for its age', observed({ value: 1200 }), 'review value-implausible', 'semantic'],
    ['a time to come', observed({ effectiveAt: '2027-01-01T00:00:00Z' }), 'review time-in-future', 'semantic'],
    ['a time before birth', observed({ effectiveAt: '1960-01-01T00:00:00Z' }), 'review time-before-birth', 'semantic'],
    ['a time of nobody', observed({ effectiveAt: '1780-01-01T00:00:00Z' }), 'review time-impossible', 'semantic'],
    [
      'an approval older than what it covers',
      {
        ...observed({ effectiveAt: '2026-03-02T09:10:00Z' }),
        approval: { status: 'approved', by: { id: 'dr' }, at: '2026-03-02T09:00:00Z' },
      },
      'review approval-before-content',
      'semantic',
    ],
    ['an impossible dose', dosed({ dose: { value: 0, unit: 'mg' } }), 'stop dose-impossible', 'semantic'],
    ['a high dose', dosed({ dose: { value: 100, unit: 'mg' } }), 'review dose-high', 'semantic'],
    ['a frequency', dosed({ frequency: 60, period: 1, periodUnit: 'd' }), 'review frequency-implausible', 'semantic'],
    ['twice in one event', { content: { observations: [systolic, systolic] } }, 'review duplicate-item', 'semantic'],
    ['a protected field', { content: { demographics: { name: { family: 'Other' } } } }, 'review protected-field', 'semantic'],
    ['what was unclear to its source', unclearProblem(), 'review item-unclear', 'semantic'],
    ['an unseen character', { content: { note: { text: 'Give 10\u202e mg' } } }, 'review text-invisible-character', 'semantic'],
    [
      'content that is not charted here',
      { content: { note: { text: 'Billing code.' } } },
      'stop house-disallowed',
      'business-rule',
    ],
    ['what is asked for here', { content: { problems: [{ code: { text: 'gout' } }] } }, 'review house-required', 'business-rule'],
    [
      "the clinic's own range",
      observed({ code: { system: LOINC, code: '2951-2' }, value: 150, unit: 'mmol/L' }),
      'review house-range',
      'business-rule',
    ],
    [
      'a visit entered in error',
      { subject: { ...subject, encounter: { reference: 'Encounter/1', status: 'entered-in-error' } } },
      'stop encounter-entered-in-error',
      'workflow',
    ],
    [
      'a cancelled visit',
      { subject: { ...subject, encounter: { reference: 'Encounter/1', status: 'cancelled' } } },
      'stop encounter-cancelled',
      'workflow',
    ],
    ['an abbreviation', { content: { note: { text: 'Insulin 5 U daily.' } } }, 'review note-unsafe-abbreviation', 'evidence'],
  ])('F1 %s', (_name, changes, rule, layer) => {
    expect(found(changes)).toContain(rule);
    expect(layerOf(rule.split(' ')[1] ?? '')).toBe(layer);
  });

  it('F1 transport, structure, contract and workflow state: what ends a record or a write before its content is read', () => {
    const layers: Readonly<Record<string, readonly string[]>> = {
      transport: ['json-syntax', 'json-duplicate-key', 'record-not-utf8', 'event-invalid', 'ehr-unreachable'],
      structure: ['r4-missing-element', 'r4-obs-7', 'contained-cycle', 'structure-invalid', 'operation-unsupported'],
      contract: ['contract.status', 'consent-denied', 'policy-blocked', 'stage-read-only'],
      workflow: [
        ...['patient-inactive', 'patient-differs', 'encounter-of-other-patient', 'encounter-not-usable', 'encounter-closed'],
        ...['amends-entered-in-error', 'version-conflict', 'weaker-guarantee'],
      ],
      semantic: ['chart-repeats', 'write-repeats', 'write-resembles', 'clinic-drift', 'note-section-missing'],
      evidence: ['note-negation-differs', 'source-uncertain'],
    };
    for (const [layer, names] of Object.entries(layers)) expect(names.map(layerOf), layer).toEqual(names.map(() => layer));
    for (const code of Object.keys(failures) as FailureCode[]) expect(findingLayers).toContain(layerOf(code));
    expect(definitions.validate(exact({ resourceType: 'Observation' })).map(({ rule }) => layerOf(rule))).toContain('structure');
  });

  it.each<[string, object | null, readonly string[]]>([
    ['closed a week before', { status: 'finished', period: { end: '2026-02-23T09:00:00Z' } }, ['review encounter-closed']],
    ['closed the day before, with its note to be written', { status: 'finished', period: { end: '2026-03-01T17:00:00Z' } }, []],
    ['open', { status: 'in-progress', period: { start: '2026-02-23T09:00:00Z' } }, []],
    ['closed, nobody says when', { status: 'finished' }, []],
    ['none', null, []],
  ])('F1 a visit that is %s', (_name, visit, expected) => {
    const findings = closedVisit(Date.parse('2026-03-02T09:14:00Z'), visit === null ? null : exact(visit));
    expect(findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(expected);
  });
});

/** A problem that its source could not read, beside a note. */
function unclearProblem(): object {
  return { content: { note: { text: 'Well.' }, problems: [{ code: { text: 'gout' }, class: 'ambiguity' }] } };
}

describe('F1 identifiers and devices', () => {
  it.each([
    ['http://hl7.org/fhir/sid/us-npi', '1234567893', true],
    ['http://hl7.org/fhir/sid/us-npi', '1234567890', false],
    ['http://hl7.org/fhir/sid/us-ssn', '219-09-9999', true],
    ['http://hl7.org/fhir/sid/us-ssn', '000-12-3456', false],
    ['http://hl7.org/fhir/sid/us-ssn', '219-09', false],
    ['http://terminology.hl7.org/NamingSystem/usDEANumber', 'AB1234563', true],
    ['http://terminology.hl7.org/NamingSystem/usDEANumber', 'AB1234564', false],
    ['http://terminology.hl7.org/NamingSystem/usDEANumber', '1234563', false],
    ['urn:ietf:rfc:3986', 'urn:uuid:c757873d-ec9a-4326-a141-556f43239520', true],
    ['urn:ietf:rfc:3986', 'urn:uuid:c757873d', false],
    ['urn:ietf:rfc:3986', 'urn:oid:2.16.840.1.113883.4.1', true],
    ['urn:ietf:rfc:3986', 'urn:oid:2.016.1', false],
    ['urn:ietf:rfc:3986', 'no uri', false],
    ['urn:oid:2.16.840', 'anything', true],
    ['urn:oid:9.1', 'anything', false],
    ['urn:mrn', 'anything', true],
  ])('F1 %s %s', (system, value, right) => {
    expect(identifierFault(system, value) === null).toBe(right);
  });

  it.each([
    ['(01)00844588003288(17)141120(10)7654321D', true],
    ['(01)00844588003289(17)141120', false],
    ['(01)0084', false],
    ['urn:uuid:c757873d-ec9a-4326-a141-556f43239520', true],
    ['urn:uuid:nothing', false],
    ['Room 4 microphone', true],
  ])('F1 the device %s', (name, right) => {
    expect(deviceFault(name) === null).toBe(right);
  });

  it('F1 the carrier of a plain Device', () => {
    const device = (deviceIdentifier: string, carrierHRF: string) => ({
      resourceType: 'Device',
      udiCarrier: [{ issuer: 'http://hl7.org/fhir/NamingSystem/gs1', deviceIdentifier, carrierHRF }],
    });
    const places = (resource: object) =>
      checkResourceCodes(exact(resource), rules, { birthDate: null, now }).map((one) => `${one.rule} ${one.path}`);
    expect(places(device('00844588003288', '(01)00844588003288'))).toEqual([]);
    expect(places(device('00844588003280', '(01)00844588003280'))).toEqual([
      'device-shape Device.udiCarrier[0].deviceIdentifier',
      'device-shape Device.udiCarrier[0].carrierHRF',
    ]);
  });
});
