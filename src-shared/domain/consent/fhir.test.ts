import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { consentResource, readConsent } from './fhir.ts';
import type { ConsentProvision, RecordedConsent } from './model.ts';
import { parseExact, stringifyExact, type ExactValue } from '../../fhir/index.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const CONSENT = {
  resourceType: 'Consent',
  id: '7',
  status: 'active',
  scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  patient: { identifier: { system: 'urn:mrn', value: 'p1' } },
  dateTime: '2026-01-05',
  policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }] },
  provision: {
    period: { start: '2026-01-01', end: '2027-01-01' },
    provision: [
      {
        type: 'deny',
        securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SUD' }],
        provision: [{ type: 'permit', purpose: [{ code: 'ETREAT' }] }],
      },
    ],
  },
};
const read = (value: unknown) => readConsent(value as ExactValue, NOW);
const changed = (change: Record<string, unknown>) => read({ ...CONSENT, ...change });
const refused = (change: Record<string, unknown>): string => {
  const result = changed(change);
  return result.ok ? 'taken' : result.message;
};

describe('G1 FHIR R4 Consent in', () => {
  it('G1 keeps status, base, nested provisions and whose it is', () => {
    expect(read(CONSENT)).toMatchObject({
      ok: true,
      consent: {
        id: 'Consent/7',
        status: 'active',
        base: 'permit',
        at: Date.parse('2026-01-05'),
        unreadable: null,
        restrictsOnly: false,
        provision: { type: null, provision: [{ type: 'deny', provision: [{ type: 'permit', purpose: [{ code: 'ETREAT' }] }] }] },
      },
      patient: { identifiers: [{ system: 'urn:mrn', value: 'p1' }] },
    });
  });

  it.each([
    ['no Consent at all', { resourceType: 'Patient' }, /resourceType/],
    ['a status that does not exist', { status: 'given' }, /status/],
    ['nobody named', { patient: { display: 'Jo' } }, /names nobody/],
    ['nothing to know it by', { id: undefined }, /needs an id or an identifier/],
    ['no category', { category: [] }, /category/],
  ])('G1 refuses %s, by name', (_, change, words) => {
    expect(refused(change)).toMatch(words);
  });

  it.each([
    ['a modifier extension', { modifierExtension: [{ url: 'urn:x' }] }],
    ['implicit rules', { implicitRules: 'urn:x' }],
    ['a member of a provision that R4 does not know', { provision: { type: 'permit', limit: [] } }],
    ['a modifier extension in a provision', { provision: { type: 'permit', modifierExtension: [] } }],
    ['a condition in words only', { provision: { type: 'permit', code: [{ text: 'the usual' }] } }],
    ['a purpose without code', { provision: { type: 'permit', purpose: [{ display: 'care' }] } }],
    ['an actor who is nobody', { provision: { type: 'permit', actor: [{ role: { text: 'x' }, reference: { display: 'Jo' } }] } }],
    [
      'words only, deep inside',
      { provision: { provision: [{ type: 'deny', provision: [{ type: 'permit', action: [{ text: 'x' }] }] }] } },
    ],
  ])('G1 takes in, and never lets permit, one with %s', (_, change) => {
    const result = changed(change);
    expect(result.ok && result.consent.unreadable).toMatch(/./);
  });

  it.each([
    ['OPTIN', 'permit'],
    ['OPTOUT', 'deny'],
    ['hipaa-auth', null],
  ])('G1 the policy %s stands for %s', (code, base) => {
    const result = changed({ policyRule: { coding: [{ code }] } });
    expect(result.ok && result.consent.base).toBe(base);
  });

  it('G1 knows one without id by its identifier, and one without date by when it came', () => {
    const result = changed({ id: undefined, dateTime: undefined, identifier: [{ system: 'urn:c', value: '9' }] });
    expect(result).toMatchObject({ ok: true, consent: { id: 'urn:c|9', at: NOW } });
  });
});

describe('G1 FHIR R4 Consent out', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9]{1,8}$/);
  const coding = fc.record({ system: fc.option(name), code: name });
  const codings = fc.array(coding, { maxLength: 2 });
  const period = fc.option(fc.record({ start: fc.option(fc.constant('2026-01-01')), end: fc.constant('2027') }));
  const provision: fc.Arbitrary<ConsentProvision> = fc.letrec<{ rule: ConsentProvision }>((tie) => ({
    rule: fc.record({
      type: fc.constantFrom('permit', 'deny', null),
      period,
      actor: fc.array(
        fc.record({ role: fc.array(coding, { minLength: 1, maxLength: 1 }), reference: fc.constant('Organization/1') }),
        { maxLength: 1 },
      ),
      action: codings,
      securityLabel: codings,
      purpose: codings,
      class: codings,
      code: codings,
      dataPeriod: period,
      data: fc.array(fc.constant('Observation/1'), { maxLength: 1 }),
      provision: fc.oneof({ maxDepth: 2 }, fc.constant([]), fc.array(tie('rule'), { maxLength: 2 })),
    }),
  })).rule;
  const consents: fc.Arbitrary<RecordedConsent> = fc.record({
    id: fc.constantFrom('Consent/7', 'urn:c|9'),
    status: fc.constantFrom('active', 'inactive', 'rejected'),
    scope: fc.array(coding, { minLength: 1, maxLength: 1 }),
    category: fc.array(coding, { minLength: 1, maxLength: 2 }),
    at: fc.constant(NOW),
    base: fc.constantFrom('permit', 'deny', null),
    provision: fc.option(provision),
    unreadable: fc.constant(null),
    restrictsOnly: fc.constant(false),
  });

  it('G1 gives back a resource that reads as the same rules', () => {
    fc.assert(
      fc.property(consents, (consent) => {
        const text = stringifyExact(consentResource(consent, { reference: 'Patient/1' }, new Date(NOW).toISOString()));
        const parsed = parseExact(text, 64);
        const back = parsed.ok ? readConsent(parsed.value, 0) : { ok: false as const };
        const empty = consent.provision !== null && Object.keys(JSON.parse(text).provision ?? {}).length === 0;
        // A rule without any condition or word says nothing: FHIR has no way to write an empty one.
        expect(back).toMatchObject({ ok: true, consent: empty ? { ...consent, provision: expect.anything() } : consent });
      }),
    );
  });
});
