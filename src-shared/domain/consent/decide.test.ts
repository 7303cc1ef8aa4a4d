import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { consentHold, decideConsent, type ConsentFacts } from './decide.ts';
import { consentsOf, originOf, patientNames } from './from-event.ts';
import { consentRules, type ConsentDecision, type ConsentRule, type RecordedConsent } from './model.ts';
import { consentPolicy, type ConsentPolicy } from './organization.ts';
import { event, now } from '../testing/builders.ts';

const shipped = consentPolicy.parse(
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../resources/consent/default.json'), 'utf8')),
);
const withRules = (...rules: ConsentPolicy['rules']): ConsentPolicy => ({ ...shipped, rules });
type Rule = ConsentPolicy['rules'][number];
const explicit: Rule = { id: 'labelled', when: { labels: ['SUD'] }, effect: 'explicit', reason: 'Says so.' };
const denying: Rule = { id: 'never', when: { kinds: ['note'] }, effect: 'deny', reason: 'Never.' };
const implied = shipped.rules.filter((one) => one.effect === 'implied');

const recorded = (type: 'permit' | 'deny', changes: Partial<RecordedConsent> = {}): RecordedConsent => ({
  id: `Consent/${type}`,
  status: 'active',
  scope: [{ system: null, code: 'patient-privacy' }],
  category: [{ system: null, code: type }],
  at: 1,
  base: type,
  provision: null,
  unreadable: null,
  restrictsOnly: false,
  ...changes,
});

const named = (type: 'permit' | 'deny', changes: Partial<RecordedConsent> = {}) => ({
  reference: `Consent/${type}`,
  consent: recorded(type, changes),
  because: null,
});

const base: ConsentFacts = {
  stated: undefined,
  event: { id: 'e1', version: 2 },
  recorded: [],
  policy: shipped,
  kind: 'note',
  resourceType: 'DocumentReference',
  connection: 'north',
  origin: 'ai',
  encounterClass: 'AMB',
  codes: [],
  actors: [],
  dataAt: now,
  now,
};
const sud = [{ system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'F10.20' }];

/** One row per rule, in the order in which the rules are asked: facts that make it, and only what comes after, apply. */
const rows: readonly (readonly [rule: ConsentRule, facts: Partial<ConsentFacts>, result: ConsentDecision['result']])[] = [
  ['record-of-consent', { kind: 'consent', stated: { status: 'revoked' } }, 'permit'],
  ['revoked', { stated: { status: 'revoked', expiresAt: '2020-01-01' }, recorded: [recorded('deny')] }, 'deny'],
  ['inactive', { stated: { status: 'inactive', expiresAt: '2020-01-01' }, recorded: [recorded('deny')] }, 'deny'],
  ['expired', { stated: { status: 'active', expiresAt: '2020-01-01' }, recorded: [recorded('deny')] }, 'deny'],
  [
    'refused-by-patient',
    { stated: { status: 'unknown' }, recorded: [recorded('permit', { unreadable: 'x' }), recorded('deny')] },
    'deny',
  ],
  ['not-readable', { stated: { status: 'unknown' }, recorded: [recorded('permit', { unreadable: 'x' })] }, 'unknown'],
  [
    'named-missing',
    {
      named: { reference: 'Consent/7', consent: null, because: 'gone' },
      stated: { status: 'unknown' },
      recorded: [recorded('permit')],
    },
    'unknown',
  ],
  ['named-denies', { named: named('deny'), stated: { status: 'unknown' }, recorded: [recorded('permit')] }, 'deny'],
  [
    'named-unclear',
    { named: named('permit', { status: 'draft' }), stated: { status: 'unknown' }, recorded: [recorded('permit')] },
    'unknown',
  ],
  ['stated-unknown', { stated: { status: 'unknown', purposes: ['research'] }, recorded: [recorded('permit')] }, 'unknown'],
  [
    'out-of-scope',
    { stated: { status: 'active', purposes: ['research'] }, recorded: [recorded('permit')], policy: withRules(denying) },
    'deny',
  ],
  [
    'organization-denies',
    { stated: { status: 'active' }, recorded: [recorded('permit')], policy: withRules(denying, explicit) },
    'deny',
  ],
  [
    'permitted-by-patient',
    { stated: { status: 'active' }, recorded: [recorded('permit')], codes: sud, policy: withRules(explicit) },
    'permit',
  ],
  [
    'stated-active',
    { stated: { status: 'active', purposes: ['treatment'] }, codes: sud, policy: withRules(explicit, ...implied) },
    'permit',
  ],
  ['explicit-needed', { codes: sud, policy: withRules(explicit, ...implied) }, 'unknown'],
  ['implied', {}, 'permit'],
  ['nothing-known', { policy: withRules() }, 'unknown'],
];

describe('G1 the rules of consent', () => {
  it('G1 each has its row here, in the order in which they are asked', () => {
    expect(rows.map(([rule]) => rule)).toEqual(consentRules);
  });

  it.each(rows)('G1 %s decides before every rule after it', (rule, facts, result) => {
    const decision = decideConsent({ ...base, ...facts });
    expect(decision).toMatchObject({ rule, result });
    expect(decision.reason).not.toBe('');
    expect(decision.artifact).not.toBe('');
  });

  it.each(rows)('G1 %s lets go only what is permitted, and fails closed with a code and who lifts it', (_, facts, result) => {
    const hold = consentHold(decideConsent({ ...base, ...facts }));
    if (result === 'permit') expect(hold).toBeNull();
    else expect(hold).toMatchObject({ code: expect.stringMatching(/^consent-/), liftedBy: 'compliance-reviewer' });
  });

  it.each([
    ['consent-revoked', { status: 'revoked' as const }],
    ['consent-revoked', { status: 'inactive' as const }],
    ['consent-expired', { status: 'active' as const, expiresAt: '2026-01-01' }],
    ['consent-expired', { status: 'active' as const, expiresAt: 'some day' }],
    ['consent-unknown', { status: 'unknown' as const }],
    ['consent-out-of-scope', { status: 'active' as const, purposes: ['marketing'] }],
    ['consent-out-of-scope', { status: 'active' as const, purposes: [] }],
  ])('G1 %s for %j', (code, stated) => {
    expect(consentHold(decideConsent({ ...base, stated }))?.code).toBe(code);
  });

  it('G1 a recorded refusal has its own code', () => {
    expect(consentHold(decideConsent({ ...base, recorded: [recorded('deny')] }))?.code).toBe('consent-denied');
  });

  it('G1 is in force up to the moment of its expiry, and not at it', () => {
    const stated = (expiresAt: string) => decideConsent({ ...base, stated: { status: 'active', expiresAt } }).result;
    expect(stated(new Date(now + 1).toISOString())).toBe('permit');
    expect(stated(new Date(now).toISOString())).toBe('deny');
  });

  it('G1 names the artifact: the event with its reference, the consent, or the policy and its rule', () => {
    const artifact = (facts: Partial<ConsentFacts>): string => decideConsent({ ...base, ...facts }).artifact;
    expect(artifact({ stated: { status: 'active', reference: 'Consent/7' } })).toBe('event e1 version 2, Consent/7');
    expect(artifact({ recorded: [recorded('deny')] })).toBe('Consent/deny');
    expect(artifact({})).toBe(`policy ${shipped.version}, rule documentation-of-care`);
  });

  describe('what is recorded of a patient', () => {
    const result = (...consents: readonly RecordedConsent[]): string => decideConsent({ ...base, recorded: consents }).rule;
    const same = { category: [{ system: null, code: 'same' }] };
    it('G1 the newest of the same scope and category counts', () => {
      expect(result(recorded('deny', { ...same, at: 1 }), recorded('permit', { ...same, at: 2 }))).toBe('permitted-by-patient');
      expect(result(recorded('deny', { ...same, at: 2 }), recorded('permit', { ...same, at: 1 }))).toBe('refused-by-patient');
    });
    it('G1 of two that are as new, the refusal counts', () => {
      expect(result(recorded('deny', same), recorded('permit', same))).toBe('refused-by-patient');
    });
    it('G1 of different categories, both count', () => {
      expect(result(recorded('deny', { at: 1 }), recorded('permit', { at: 2 }))).toBe('refused-by-patient');
    });
    it('G1 what nobody has approved takes away and never gives', () => {
      expect(result(recorded('permit', { restrictsOnly: true }))).toBe('implied');
      expect(result(recorded('deny', { restrictsOnly: true }))).toBe('refused-by-patient');
      expect(result(recorded('deny', same), recorded('permit', { ...same, at: 2, restrictsOnly: true }))).toBe(
        'refused-by-patient',
      );
    });
    it('G1 what nobody has approved stands beside what is recorded: a narrower refusal does not end a wider one', () => {
      const none = { actor: [], action: [], securityLabel: [], class: [], code: [], data: [], provision: [] };
      const research = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HRESCH' }];
      const provision = { ...none, type: 'deny' as const, period: null, dataPeriod: null, purpose: research };
      const narrow = recorded('deny', { ...same, at: 2, provision, restrictsOnly: true });
      expect(result(narrow)).not.toBe('refused-by-patient');
      expect(result(recorded('deny', { ...same, at: 1 }), narrow)).toBe('refused-by-patient');
      expect(result(recorded('deny', { ...same, at: 1, restrictsOnly: true }), narrow)).toBe('refused-by-patient');
      expect(result(recorded('permit', { ...same, at: 1 }), recorded('deny', { ...same, at: 2, restrictsOnly: true }))).toBe(
        'refused-by-patient',
      );
    });
    it('G1 a draft and what was entered in error replace nothing', () => {
      expect(result(recorded('deny', same), recorded('permit', { ...same, at: 2, status: 'draft' }))).toBe('refused-by-patient');
      expect(result(recorded('deny', { ...same, status: 'entered-in-error' }))).toBe('implied');
    });
  });
});

describe('G1 what an event says about consent', () => {
  const refusal = {
    key: 'c',
    scope: 'patient-privacy' as const,
    category: { system: 'http://loinc.org', code: '59284-0' },
    decision: 'deny' as const,
    policy: 'urn:policy',
    givenAt: '2026-03-01T08:00:00Z',
  };
  const consents = [refusal];
  it('G1 its consents are recorded under event and slot; unapproved they only restrict', () => {
    expect(consentsOf(event({ content: { consents } }))).toMatchObject([
      { id: expect.stringContaining('consents/c'), base: 'deny', at: Date.parse('2026-03-01T08:00:00Z'), unreadable: null },
    ]);
    expect(consentsOf(event({ content: { consents }, approval: null }))[0]?.restrictsOnly).toBe(true);
    expect(consentsOf(event({ content: { note: { text: 'x' } } }))).toEqual([]);
  });
  it('G1 a purpose in words only is not left out: the consent cannot be judged', () => {
    const purposes = [{ text: 'whatever helps' }];
    expect(consentsOf(event({ content: { consents: [{ ...refusal, purposes }] } }))[0]?.unreadable).not.toBeNull();
  });
  it('G1 content of a model is made by a model, whatever else is said; nothing said counts as a model', () => {
    expect(originOf({ origin: 'clinician', provenance: { model: { name: 'm' } } }, { origin: 'device' })).toBe('ai');
    expect(originOf({ origin: 'clinician' }, { origin: 'ai' })).toBe('clinician');
    expect(originOf({}, { origin: 'device' })).toBe('device');
    expect(originOf({}, undefined)).toBe('ai');
  });
  it('G1 a patient is known by every identifier and by reference', () => {
    expect(
      patientNames({
        identifiers: [
          { system: 'a', value: '1' },
          { system: 'b', value: '2' },
        ],
        reference: 'Patient/3',
      }),
    ).toEqual(['patient identifier a|1', 'patient identifier b|2', 'patient reference Patient/3']);
  });
});

describe('G1 the organization policy as data', () => {
  it.each([
    ['two rules of the same name', { rules: [implied[0], implied[0]] }],
    ['a purpose that is not defined', { rules: [{ ...implied[0], when: { purposes: ['fun'] } }] }],
    ['no treatment', { purposes: {} }],
    ['an unknown effect', { rules: [{ ...implied[0], effect: 'allow' }] }],
    ['an unknown member', { surprise: true }],
  ])('G1 refuses %s', (_, change) => {
    expect(consentPolicy.safeParse({ ...shipped, ...change }).success).toBe(false);
  });
});
