import { describe, expect, it } from 'vitest';
import type { ConsentProvision, RecordedConsent } from './model.ts';
import { answerOf, endOf, type ConsentAnswer, type ConsentAsk } from './provision.ts';

const none: ConsentProvision = {
  type: null,
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
};
const rule = (changes: Partial<ConsentProvision>): ConsentProvision => ({ ...none, ...changes });
const permit = (changes: Partial<ConsentProvision> = {}): ConsentProvision => rule({ type: 'permit', ...changes });
const deny = (changes: Partial<ConsentProvision> = {}): ConsentProvision => rule({ type: 'deny', ...changes });
const code = (one: string, system: string | null = null) => ({ system, code: one });

const REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
const ask: ConsentAsk = {
  at: Date.parse('2026-03-02T10:00:00Z'),
  purpose: code('TREAT', REASON),
  action: code('collect'),
  actors: ['Practitioner/lee', 'Organization/north'],
  class: [code('Observation', 'http://hl7.org/fhir/resource-types')],
  code: [code('8480-6', 'http://loinc.org')],
  securityLabel: null,
  dataAt: Date.parse('2026-03-01T10:00:00Z'),
};

const consent = (provision: ConsentProvision | null, changes: Partial<RecordedConsent> = {}): RecordedConsent => ({
  id: 'Consent/7',
  status: 'active',
  scope: [code('patient-privacy')],
  category: [],
  at: 0,
  base: null,
  provision,
  unreadable: null,
  restrictsOnly: false,
  ...changes,
});

describe('G1 what a FHIR R4 Consent says', () => {
  const cases: readonly (readonly [
    what: string,
    consent: RecordedConsent,
    answer: ConsentAnswer,
    asked?: Partial<ConsentAsk>,
  ])[] = [
    ['the root rule permits', consent(permit()), 'permit'],
    ['the root rule denies', consent(deny()), 'deny'],
    ['no rule and no policy: it says nothing that can be used', consent(null), 'unknown'],
    ['a root rule without type and no policy', consent(rule({})), 'unknown'],
    ['OPTIN stands for the root rule', consent(rule({}), { base: 'permit' }), 'permit'],
    ['OPTOUT alone', consent(null, { base: 'deny' }), 'deny'],
    ['the root rule goes before the policy', consent(deny(), { base: 'permit' }), 'deny'],

    ['a draft binds nobody', consent(deny(), { status: 'draft' }), 'not-applicable'],
    ['a proposal binds nobody', consent(deny(), { status: 'proposed' }), 'not-applicable'],
    ['entered in error', consent(deny(), { status: 'entered-in-error' }), 'not-applicable'],
    ['rejected: the patient said no', consent(permit(), { status: 'rejected' }), 'deny'],
    ['a permission that ended permits nothing', consent(permit(), { status: 'inactive' }), 'deny'],
    [
      'a permission that ended for something else',
      consent(permit({ class: [code('Task')] }), { status: 'inactive' }),
      'not-applicable',
    ],
    ['a refusal that ended binds nobody', consent(deny(), { status: 'inactive' }), 'not-applicable'],
    ['what ended cannot be told', consent(rule({}), { status: 'inactive' }), 'unknown'],

    ['research is another matter', consent(deny(), { scope: [code('research')] }), 'not-applicable'],
    ['so are advance directives', consent(deny(), { scope: [code('adr')] }), 'not-applicable'],
    ['a refused treatment is charted', consent(deny(), { scope: [code('treatment')] }), 'not-applicable'],
    ['unless it names a purpose of use', consent(deny({ purpose: [code('TREAT')] }), { scope: [code('treatment')] }), 'deny'],
    ['no scope: it counts', consent(deny(), { scope: [] }), 'deny'],
    ['unreadable', consent(permit(), { unreadable: 'modifier extension' }), 'unknown'],

    ['inside its period', consent(permit({ period: { start: '2026-03', end: '2026-03-02' } })), 'permit'],
    [
      'the whole last day counts',
      consent(permit({ period: { start: null, end: '2026-03-02' } })),
      'permit',
      { at: Date.parse('2026-03-02T23:59:59Z') },
    ],
    ['after its period', consent(permit({ period: { start: null, end: '2026-03-01' } })), 'not-applicable'],
    ['before its period', consent(permit({ period: { start: '2026-03-04', end: null } })), 'not-applicable'],
    ['a period that cannot be read', consent(permit({ period: { start: 'soon', end: null } })), 'unknown'],
    ['for the purpose', consent(permit({ purpose: [code('HPAYMT'), code('TREAT', REASON)] })), 'permit'],
    ['for another purpose', consent(permit({ purpose: [code('HRESCH')] })), 'not-applicable'],
    [
      'a wider purpose covers a narrower one',
      consent(permit({ purpose: [code('TREAT')] })),
      'permit',
      { purpose: code('ETREAT') },
    ],
    ['a narrower one does not cover a wider one', consent(permit({ purpose: [code('ETREAT')] })), 'not-applicable'],
    ['every purpose', consent(permit({ purpose: [code('PurposeOfUse')] })), 'permit'],
    ['the same code of another system', consent(permit({ purpose: [code('TREAT', 'urn:other')] })), 'not-applicable'],
    ['for the action', consent(permit({ action: [code('collect')] })), 'permit'],
    ['for another action', consent(permit({ action: [code('disclose')] })), 'not-applicable'],
    ['for this party', consent(deny({ actor: [{ role: [], reference: 'Practitioner/lee' }] })), 'deny'],
    [
      'for another party of a kind that is known',
      consent(deny({ actor: [{ role: [], reference: 'Practitioner/x' }] })),
      'not-applicable',
    ],
    ['for a party of a kind that is not known', consent(permit({ actor: [{ role: [], reference: 'CareTeam/1' }] })), 'unknown'],
    ['for whoever has a role', consent(permit({ actor: [{ role: [code('PRCP')], reference: null }] })), 'unknown'],
    ['for the class', consent(permit({ class: [code('Observation')] })), 'permit'],
    ['for another class', consent(permit({ class: [code('Condition')] })), 'not-applicable'],
    ['for the code', consent(deny({ code: [code('8480-6', 'http://loinc.org')] })), 'deny'],
    ['for a code, and what is written has none', consent(deny({ code: [code('8480-6')] })), 'deny', { code: [] }],
    ['labels, and nothing is labelled', consent(permit({ securityLabel: [code('SUD')] })), 'unknown'],
    ['the label it carries', consent(permit({ securityLabel: [code('SUD')] })), 'permit', { securityLabel: [code('SUD')] }],
    ['another label', consent(permit({ securityLabel: [code('HIV')] })), 'not-applicable', { securityLabel: [code('SUD')] }],
    ['data of its time', consent(permit({ dataPeriod: { start: '2026', end: null } })), 'permit'],
    ['data of another time', consent(permit({ dataPeriod: { start: null, end: '2025' } })), 'not-applicable'],
    ['data of an unknown time', consent(permit({ dataPeriod: { start: '2026', end: null } })), 'unknown', { dataAt: null }],
    ['single resources', consent(permit({ data: ['Observation/1'] })), 'unknown'],
    [
      'all conditions must be met',
      consent(permit({ class: [code('Observation')], purpose: [code('HRESCH')] })),
      'not-applicable',
    ],

    ['an exception denies', consent(permit({ provision: [deny({ class: [code('Observation')] })] })), 'deny'],
    ['an exception for something else', consent(permit({ provision: [deny({ class: [code('Task')] })] })), 'permit'],
    [
      'an exception without type says the opposite',
      consent(permit({ provision: [rule({ class: [code('Observation')] })] })),
      'deny',
    ],
    ['an exception permits', consent(deny({ provision: [permit({ class: [code('Observation')] })] })), 'permit'],
    [
      'an exception of an exception',
      consent(permit({ provision: [deny({ class: [code('Observation')], provision: [permit({ purpose: [code('TREAT')] })] })] })),
      'permit',
    ],
    [
      'among exceptions that apply, the one that denies wins',
      consent(deny({ provision: [permit({}), deny({ class: [code('Observation')] })] })),
      'deny',
    ],
    [
      'an exception that may apply stops a permission',
      consent(permit({ provision: [deny({ securityLabel: [code('SUD')] })] })),
      'unknown',
    ],
    [
      'an exception that may apply lifts no refusal',
      consent(deny({ provision: [permit({ securityLabel: [code('SUD')] })] })),
      'deny',
    ],
    ['a root that may apply permits nothing', consent(permit({ securityLabel: [code('SUD')] })), 'unknown'],
    ['a root that may apply denies', consent(deny({ data: ['Observation/1'] })), 'deny'],
    [
      'an exception of a root that does not apply',
      consent(permit({ class: [code('Task')], provision: [deny()] })),
      'not-applicable',
    ],
  ];
  it.each(cases.map((one) => [one[0], one] as const))('G1 %s', (_, [, given, answer, asked = {}]) => {
    expect(answerOf(given, { ...ask, ...asked })).toBe(answer);
  });

  it.each([
    ['2026', '2026-12-31T23:59:59.999Z'],
    ['2026-02', '2026-02-28T23:59:59.999Z'],
    ['2026-02-28', '2026-02-28T23:59:59.999Z'],
    ['2026-02-28T10:00:00Z', '2026-02-28T10:00:00.000Z'],
  ])('G1 %s ends at %s', (text, end) => {
    expect(endOf(text)).toBe(Date.parse(end));
  });

  it('G1 what is no date has no end', () => {
    expect(endOf('whenever')).toBeUndefined();
  });
});
