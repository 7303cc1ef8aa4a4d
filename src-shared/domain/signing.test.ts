import { describe, expect, it } from 'vitest';
import type { Finding } from './entries.ts';
import {
  acknowledgeAll,
  findingNames,
  openFindings,
  signedFindings,
  signFinding,
  signingRule,
  type SigningBasis,
  type SigningFacts,
} from './signing.ts';
import { approval, now, person, write } from './testing/builders.ts';

const basis: SigningBasis = { contentSha256: 'c'.repeat(64), contract: 'default-1', rules: 'checks 1' };
const remark: Finding = {
  rule: 'note-drug-not-heard',
  severity: 'review',
  path: 'note.text',
  message: 'm',
  next: 'n',
  span: { start: 3, end: 9 },
};
const stop: Finding = { rule: 'code-shape', severity: 'stop', path: 'observations[0].code', message: 'm', next: 'n' };
const owner = person({ id: 'dr-okafor', name: 'Chidi Okafor', roles: ['clinical-owner'] });
const held = write({
  state: { name: 'held', hold: { code: 'finding-open', liftedBy: 'clinical-owner' }, resume: 'draft' },
});

const facts = (changes: Partial<SigningFacts> = {}): SigningFacts => ({
  row: held,
  named: signedFindings([stop, remark], undefined, basis),
  basis,
  requestSha256: 'r'.repeat(64),
  approvedAtSource: 'dr-lee',
  person: owner,
  act: 'waive',
  finding: 'code-shape@observations[0].code',
  reason: 'new code of this year',
  now,
  ...changes,
});
const refusal = (changes: Partial<SigningFacts>): string => {
  const decided = signFinding(facts(changes));
  return decided.ok ? 'signed' : decided.code;
};
const signed = (changes: Partial<SigningFacts> = {}) => {
  const decided = signFinding(facts(changes));
  if (!decided.ok) throw new Error(decided.message);
  return decided.signature;
};

describe('who answers for a finding', () => {
  it.each([
    ['review', 'note-drug-not-heard', 'acknowledge by clinician, clinical-owner'],
    ['review', 'text-mixed-script', 'acknowledge by operator, operations-lead, clinician, clinical-owner'],
    ['review', 'dose-high', 'acknowledge by clinical-owner'],
    ['stop', 'code-shape', 'waive by clinical-owner, not who approved'],
    ['stop', 'chart-repeats', 'waive by clinician, clinical-owner'],
    ['stop', 'write-repeats', 'waive by clinician, clinical-owner'],
    ['stop', 'write-resembles', 'waive by clinician, clinical-owner'],
    ['review', 'clinic-drift', 'acknowledge by clinician, clinical-owner'],
    ['stop', 'encounter-cancelled', 'nobody'],
    ['stop', 'dose-impossible', 'nobody'],
    ['stop', 'encounter-entered-in-error', 'nobody'],
    ['stop', 'contract.field', 'nobody'],
    ['stop', 'cardinality', 'nobody'],
    ['stop', 'patient-mismatch', 'nobody'],
    ['stop', 'consent-denied', 'nobody'],
    ['stop', 'a-rule-of-tomorrow', 'nobody'],
    ['information', 'note-section-missing', 'nobody'],
  ] as const)('F3 %s %s: %s', (severity, rule, expected) => {
    const found = signingRule({ severity, rule });
    const words =
      found.act === 'none'
        ? 'nobody'
        : `${found.act} by ${found.roles.join(', ')}${found.anotherPerson ? ', not who approved' : ''}`;
    expect(words).toBe(expected);
  });

  it('F3 a rule that cannot be waived is refused by its name', () => {
    const named = signedFindings([{ ...stop, rule: 'dose-impossible' }], undefined, basis);
    const finding = 'dose-impossible@observations[0].code';
    expect(signFinding(facts({ named, finding }))).toMatchObject({
      code: 'rule-not-waivable',
      message: 'the rule dose-impossible cannot be waived; correct it at its source',
    });
  });

  it.each<[string, Partial<SigningFacts>]>([
    ['signed', {}],
    ['finding-unknown', { finding: 'code-shape@elsewhere' }],
    ['rule-not-waivable', { act: 'acknowledge' }],
    ['rule-not-waivable', { finding: 'note-drug-not-heard@note.text:3-9' }],
    ['state-forbids', { row: write({ state: { name: 'pending', nextAt: now } }) }],
    ['role-forbids', { person: person({ id: 'x', roles: ['clinician', 'security-administrator'] }) }],
    ['role-forbids', { person: { ...owner, active: false } }],
    ['self-waiver', { approvedAtSource: 'dr-okafor' }],
    ['self-waiver', { approvedAtSource: 'DR-Okafor' }],
    ['self-waiver', { approvedAtSource: null, row: { ...held, approval: approval({ by: 'dr-okafor' }) } }],
    ['reason-missing', { reason: '  ' }],
    ['already-signed', { named: signedFindings([stop], [signed()], basis) }],
  ])('F3 %s', (expected, changes) => {
    expect(refusal(changes)).toBe(expected);
  });

  it('F3 a signature says who, in which role, when, why, and for what', () => {
    expect(signed()).toEqual({
      act: 'waived',
      finding: 'code-shape@observations[0].code',
      rule: 'code-shape',
      severity: 'stop',
      path: 'observations[0].code',
      by: 'dr-okafor',
      name: 'Chidi Okafor',
      role: 'clinical-owner',
      at: now,
      reason: 'new code of this year',
      ...basis,
      requestSha256: 'r'.repeat(64),
      anotherPerson: true,
    });
  });
});

describe('how long a signature holds', () => {
  const signature = signed();
  it.each<[string, Partial<SigningBasis>, number]>([
    ['for the same version, contract and rules', {}, 1],
    ['not for other content', { contentSha256: 'd'.repeat(64) }, 2],
    ['not under another contract', { contract: 'default-1+north-2' }, 2],
    ['not under other rules', { rules: 'checks 2' }, 2],
  ])('F3 %s', (_, changes, open) => {
    expect(openFindings(signedFindings([stop, remark], [signature], { ...basis, ...changes }))).toHaveLength(open);
  });

  it('F3 not once the same finding has become graver', () => {
    const remarked = { ...signature, severity: 'review' as const };
    expect(openFindings(signedFindings([stop], [remarked], basis))).toHaveLength(1);
  });

  it('F3 findings of one rule at one place are told apart', () => {
    expect(findingNames([remark, remark, { ...remark, span: { start: 0, end: 1 } }, stop])).toEqual([
      'note-drug-not-heard@note.text:3-9',
      'note-drug-not-heard@note.text:3-9#2',
      'note-drug-not-heard@note.text:0-1',
      'code-shape@observations[0].code',
    ]);
  });
});

describe('approving what has findings', () => {
  const lee = person({ id: 'dr-lee', roles: ['clinician'] });
  const approving = (acknowledged: readonly string[], changes: Partial<Parameters<typeof acknowledgeAll>[0]> = {}) =>
    acknowledgeAll({
      ...{ named: signedFindings([remark], undefined, basis), basis, requestSha256: 'r', person: lee, reason: 'ok', now },
      acknowledged,
      ...changes,
    });
  const name = 'note-drug-not-heard@note.text:3-9';

  it('F3 signs each remark that was acknowledged', () => {
    expect(approving([name])).toMatchObject({
      ok: true,
      signatures: [{ act: 'acknowledged', finding: name, by: 'dr-lee', reason: 'ok' }],
    });
  });
  it('F3 is refused while one is not', () => {
    expect(approving([])).toMatchObject({ ok: false, code: 'findings-not-acknowledged' });
    expect(approving(['note-drug-not-heard@note.text'])).toMatchObject({ ok: false, code: 'findings-not-acknowledged' });
  });
  it('F3 asks for nothing that is signed already', () => {
    const before = approving([name]);
    const signatures = before.ok ? before.signatures : [];
    expect(approving([], { named: signedFindings([remark], signatures, basis) })).toEqual({ ok: true, signatures: [] });
  });
  it('F3 is refused in a role that the rule does not name', () => {
    expect(approving([name], { person: person({ roles: ['operator'] }) })).toMatchObject({ code: 'role-forbids' });
  });
  it('F3 nobody approves what they waived where the rule asks for two', () => {
    const named = signedFindings([stop], [signed()], basis);
    expect(approving([], { named, person: owner })).toMatchObject({ code: 'self-waiver' });
    expect(approving([], { named })).toMatchObject({ ok: true });
  });
});
