import { describe, expect, it } from 'vitest';
import { goesUnattended, unattendedApproval, type UnattendedFacts } from './approval.ts';
import { contractMatrix } from './contract-matrix.ts';
import { loosensRow } from './governance/tighten.ts';
import { decidePolicy, type PolicyFacts } from './policy.ts';
import { contract, event, matrix, now, person, requestSha256, source } from './testing/builders.ts';
import type { Finding } from './entries.ts';

const low = contract({ kind: 'task', tier: 'low', unattended: true });
const owner = person({ id: 'dr-okafor', name: 'Chidi Okafor', roles: ['clinical-owner'] });
const facts: UnattendedFacts = {
  contract: low,
  stage: 'limited-auto-write',
  approval: null,
  source: source({ approvals: 'low' }),
  answers: owner,
  frozen: undefined,
  contentSha256: 'a'.repeat(64),
  now,
};
const approval = event({ approval: { status: 'approved', by: { id: 'x' }, at: '2026-03-02T09:14:30Z' } }).approval;
const frozen = { what: 'approvals' as const, scope: {}, off: true, reason: 'r', by: 'op-1' };

describe('B3 what nobody has approved', () => {
  it('B3 goes at the limited auto-write stage where the contract says so; whoever approved the contract answers for it', () => {
    expect(unattendedApproval(facts)).toEqual({
      ...{ by: 'dr-okafor', name: 'Chidi Okafor', role: 'clinical-owner', at: now, made: 'contract' },
      ...{ contentSha256: 'a'.repeat(64), meaning: 'low risk, unattended by the contract; to be reviewed' },
    });
  });

  it.each<[string, Partial<UnattendedFacts>]>([
    ['without a word in the contract', { contract: contract({ tier: 'low' }) }],
    ['at medium risk, by an override', { contract: { ...low, tier: 'medium' } }],
    ['where two people are asked for', { contract: { ...low, persons: 2 } }],
    ['where somebody signs here', { contract: { ...low, audit: 'strict' } }],
    ['at stage staged', { stage: 'staged' }],
    ['when somebody approved it in a way that does not count', { approval }],
    ['from a source whose approvals never count', { source: source({ approvals: 'none' }) }],
    ['from a source that is off', { source: source({ approvals: 'low', active: false }) }],
    ['from a source that is gone', { source: undefined }],
    ['under the shipped contract', { answers: undefined }],
    ['when whoever approved the contract is gone', { answers: { ...owner, active: false } }],
    ['or is no clinical owner any more', { answers: { ...owner, roles: ['clinician'] } }],
    ['while approvals are frozen', { frozen }],
  ])('B3 waits for a person %s', (_, changes) => {
    expect(unattendedApproval({ ...facts, ...changes })).toBeUndefined();
  });

  it('B4 goes at no stage but the last', () => {
    const stages = ['read-only', 'draft', 'shadow', 'staged', 'limited-auto-write'] as const;
    expect(stages.map((stage) => goesUnattended(low, stage))).toEqual([false, false, false, false, true]);
  });
});

describe('B3 policy and what nobody has approved', () => {
  const finding = (severity: Finding['severity']) => ({
    name: 'f',
    finding: { rule: 'r', severity, path: 'p', message: 'm', next: 'n' },
    signature: null,
  });
  const decided = (changes: Partial<PolicyFacts> = {}) =>
    decidePolicy({
      contract: low,
      connection: { stage: 'limited-auto-write', active: true },
      counted: { counts: false, reason: 'nobody has approved it yet' },
      unattended: unattendedApproval(facts),
      rejectedAtSource: false,
      findings: [],
      standing: { held: null },
      requestSha256,
      unseen: [],
      now,
      ...changes,
    });
  const end = (changes?: Partial<PolicyFacts>) => decided(changes).moves.at(-1)?.name;

  it('B3 goes, with the bytes it is for', () => {
    expect(decided()).toMatchObject({ moves: [{}, { name: 'pending' }], approval: { made: 'contract', requestSha256 } });
    expect(end({ findings: [finding('information')] })).toBe('pending');
  });

  it.each<[string, Partial<PolicyFacts>, string]>([
    ['a remark of the checks', { findings: [finding('review')] }, 'awaiting-approval'],
    ['a version nobody has tried', { unseen: [{ kind: 'model', version: 'm@2' }] }, 'awaiting-approval'],
    ['a no at the source', { rejectedAtSource: true }, 'failed-terminal'],
    ['a hold', { standing: { held: { code: 'consent-unknown', liftedBy: 'compliance-reviewer', because: 'b' } } }, 'held'],
    ['no approval of its own', { unattended: undefined }, 'awaiting-approval'],
  ])('B3 does not go with %s', (_, changes, state) => {
    expect(end(changes)).toBe(state);
    expect(decided(changes).approval).toBeNull();
  });
});

describe('B3 the contract', () => {
  const withTask = (changes: object) => ({
    ...matrix,
    rows: matrix.rows.map((row) => (row.kind === 'task' ? { ...row, ...changes } : row)),
  });
  it.each([
    ['low risk', { tier: 'low', unattended: true }, true],
    ['medium risk', { tier: 'medium', unattended: true }, false],
    ['blocked', { tier: 'blocked', unattended: true }, false],
    ['two people', { tier: 'low', persons: 2, unattended: true }, false],
    ['a strict record', { tier: 'low', audit: 'strict', unattended: true }, false],
    ['"false"', { tier: 'low', unattended: false }, false],
  ])('B3 %s may be unattended: see the table', (_, changes, valid) => {
    const read = contractMatrix.safeParse(withTask(changes));
    expect(read.success).toBe(valid);
  });

  it('B3 letting something go unattended loosens, and is named', () => {
    const before = contract({ tier: 'low' });
    expect(loosensRow(before, { ...before, unattended: true })).toMatchObject([{ cell: 'unattended', before: 'never' }]);
    expect(loosensRow({ ...before, unattended: true }, before)).toEqual([]);
  });
});
