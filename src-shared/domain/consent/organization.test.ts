import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { consentPolicy, labelsOf, organizationRule, type ConsentPolicy, type OrganizationAsk } from './organization.ts';

const shipped = consentPolicy.parse(
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../resources/consent/default.json'), 'utf8')),
);
type Rule = ConsentPolicy['rules'][number];

const ask: OrganizationAsk = {
  purpose: 'treatment',
  kind: 'note',
  origin: 'ai',
  connection: 'north',
  encounterClass: 'AMB',
  labels: ['SUD', 'HIV'],
  region: 'US-CA',
  attested: true,
};
const found = (when: Rule['when'], asked: OrganizationAsk = ask): boolean =>
  organizationRule({ ...shipped, rules: [{ id: 'one', when, effect: 'deny', reason: 'Says so.' }] }, 'deny', asked) !== undefined;

// One condition that fits what is asked, and one that does not.
const conditions: readonly (readonly [name: string, fits: Rule['when'], not: Rule['when']])[] = [
  ['purposes', { purposes: ['treatment'] }, { purposes: ['research'] }],
  ['kinds', { kinds: ['order', 'note'] }, { kinds: ['order'] }],
  ['origins', { origins: ['ai'] }, { origins: ['clinician'] }],
  ['connections', { connections: ['north'] }, { connections: ['south'] }],
  ['encounterClasses', { encounterClasses: ['AMB'] }, { encounterClasses: ['IMP'] }],
  ['labels', { labels: ['PSY', 'HIV'] }, { labels: ['PSY'] }],
  ['regions', { regions: ['US-NY', 'US-CA'] }, { regions: ['US-NY'] }],
  ['attested', { attested: true }, { attested: false }],
];

describe("G1 the organization's rules", () => {
  it.each(conditions)('G1 %s: fits where it is named, and not where another is', (_name, fits, not) => {
    expect(found(fits)).toBe(true);
    expect(found(not)).toBe(false);
  });

  it('G1 all that is named must fit: one that does not is enough', () => {
    const all = Object.assign({}, ...conditions.map(([, fits]) => fits)) as Rule['when'];
    expect(found(all)).toBe(true);
    for (const [name, , not] of conditions) expect(found({ ...all, ...not }), name).toBe(false);
  });

  it('G1 a rule without conditions fits everything; what is not known fits no condition', () => {
    expect(found({})).toBe(true);
    expect(found({ encounterClasses: ['AMB'] }, { ...ask, encounterClass: null })).toBe(false);
    expect(found({ labels: ['SUD'] }, { ...ask, labels: [] })).toBe(false);
  });

  it('G1 a part of a country lies in it, and the country not in its part', () => {
    expect(found({ regions: ['US'] })).toBe(true);
    expect(found({ regions: ['U'] as never })).toBe(false);
    expect(found({ regions: ['US-CA'] }, { ...ask, region: 'US' })).toBe(false);
    expect(found({ regions: ['US-C'] })).toBe(false);
  });

  it.each([
    ['deny', true],
    ['explicit', true],
    ['implied', false],
  ] as const)('G1 a region that nobody has named fails closed: a rule to %s fits: %s', (effect, fits) => {
    const rules: Rule[] = [{ id: 'one', when: { regions: ['US-CA'] }, effect, reason: 'Says so.' }];
    expect(organizationRule({ ...shipped, rules }, effect, { ...ask, region: null }) !== undefined).toBe(fits);
  });

  it('G1 the first of its effect counts, in the order of the file', () => {
    const rules: Rule[] = [
      { id: 'a', when: {}, effect: 'implied', reason: 'a' },
      { id: 'b', when: { kinds: ['order'] }, effect: 'deny', reason: 'b' },
      { id: 'c', when: {}, effect: 'deny', reason: 'c' },
      { id: 'd', when: {}, effect: 'deny', reason: 'd' },
    ];
    expect(organizationRule({ ...shipped, rules }, 'deny', ask)?.id).toBe('c');
    expect(organizationRule({ ...shipped, rules }, 'explicit', ask)).toBeUndefined();
  });
});

describe('G1 sensitivity labels', () => {
  const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
  it.each([
    [[{ system: ICD, code: 'F11.20' }], ['SUD']],
    [
      [
        { system: ICD, code: 'B20' },
        { system: ICD, code: 'F32.1' },
        { system: ICD, code: 'F10.1' },
      ],
      ['SUD', 'PSY', 'HIV'],
    ],
    [[{ system: ICD, code: 'I10' }], []],
    // The same characters in another system are another code.
    [[{ system: 'urn:local', code: 'F11.20' }], []],
    [[{ system: null, code: 'F11.20' }], []],
    [
      [
        { system: ICD, code: 'I10' },
        { system: 'urn:local', code: 'B20' },
      ],
      [],
    ],
    [[], []],
  ])('G1 %j carry %j', (codes, labels) => {
    expect(labelsOf(shipped, codes)).toEqual(labels);
  });
});

describe('G1 a consent policy is refused by name', () => {
  const rule: Rule = { id: 'one', when: {}, effect: 'deny', reason: 'Says so.' };
  it.each<readonly [why: string, policy: unknown, message: string]>([
    ['two rules of one name', { ...shipped, rules: [rule, rule] }, 'two rules are called "one"'],
    [
      'a purpose that nobody defined',
      { ...shipped, rules: [{ ...rule, when: { purposes: ['marketing'] } }] },
      'rule "one" names the purpose "marketing", which is not defined',
    ],
    [
      'a region that is none',
      { ...shipped, rules: [{ ...rule, when: { regions: ['California'] } }] },
      'is not a region like US-CA',
    ],
    [
      'no treatment',
      { ...shipped, purposes: {}, rules: [] },
      'needs the purpose "treatment": it is what writing into a chart is done for',
    ],
  ])('G1 %s', (_why, policy, message) => {
    const read = consentPolicy.safeParse(policy);
    expect(read.error?.issues.map((issue) => issue.message)).toEqual([message]);
  });

  it('G1 and the shipped one is not', () => {
    expect(consentPolicy.safeParse(shipped).success).toBe(true);
  });
});
