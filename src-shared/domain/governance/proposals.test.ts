import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RiskTier } from '../risk.ts';
import { approval, contract, matrix, person, requestSha256 } from '../testing/builders.ts';
import { policyKey, readPolicyDocument, type ContractOverride, type PolicyDocument } from './documents.ts';
import {
  decideApprovePolicy,
  decidePropose,
  policyRefusals,
  type ApprovePolicyFacts,
  type PolicyRefusal,
  type ProposalRow,
  type ProposeFacts,
} from './proposals.ts';
import { countApprovals, distinctPersons } from './separation.ts';

const noteTier = (tier: RiskTier): ContractOverride => ({
  policy: 'override',
  version: 'north-1',
  scope: { connection: 'north' },
  rows: [{ kind: 'note', tier, reason: 'x' }],
});
const consent = JSON.parse(
  readFileSync(path.resolve(import.meta.dirname, '../../../resources/consent/default.json'), 'utf8'),
) as PolicyDocument;
const baa: PolicyDocument = { policy: 'baa', version: 'baa-1', entries: [] };
const proposer = person({ id: 'admin', roles: ['integration-administrator'] });
const owner = person({ id: 'dr-o', roles: ['clinical-owner'] });
const reviewer = person({ id: 'cora', roles: ['compliance-reviewer'] });

const proposing = (changes: Partial<ProposeFacts> = {}): ProposeFacts => ({
  document: noteTier('high'),
  person: proposer,
  reason: 'because',
  contract: matrix,
  usedVersions: [],
  ...changes,
});
const proposal = (changes: Partial<ProposalRow> = {}): ProposalRow => ({
  id: 'p1',
  version: 1,
  key: 'override connection north',
  documentVersion: 'north-1',
  seq: 4,
  state: 'proposed',
  loosened: [],
  proposedBy: 'admin',
  proposedAt: 0,
  reason: 'because',
  decidedBy: null,
  decidedAt: null,
  ...changes,
});
const approving = (changes: Partial<ApprovePolicyFacts> = {}): ApprovePolicyFacts => ({
  proposal: proposal(),
  document: noteTier('high'),
  person: owner,
  contract: matrix,
  ...changes,
});
const codeOf = (decision: { readonly ok: boolean; readonly code?: PolicyRefusal }): PolicyRefusal | 'ok' => decision.code ?? 'ok';

describe('B1 proposing a policy', () => {
  it.each<readonly [string, Partial<ProposeFacts>, PolicyRefusal | 'ok']>([
    ['one that tightens', {}, 'ok'],
    ['somebody without the role', { person: person({ roles: ['operator'] }), reason: '' }, 'role-forbids'],
    ['no reason', { reason: ' ', usedVersions: ['north-1'] }, 'reason-missing'],
    ['a version that was used before', { usedVersions: ['north-1'], document: noteTier('low') }, 'policy-version-used'],
    ['an override that loosens', { document: noteTier('low') }, 'policy-loosens'],
    ['a consent policy', { document: consent, person: reviewer }, 'ok'],
  ])('B1 %s', (_, changes, code) => {
    expect(codeOf(decidePropose(proposing(changes)))).toBe(code);
  });

  it('B1 the refusal names every loosened cell', () => {
    expect(decidePropose(proposing({ document: noteTier('low') }))).toMatchObject({
      message: 'an override may only tighten: note.tier from "medium" to "low"',
    });
  });

  it('B1 a contract of the house may loosen, and says where', () => {
    const loose = { ...matrix, version: 'next', rows: matrix.rows.map((row) => ({ ...row, persons: 1 as const })) };
    const strict = { ...matrix, rows: matrix.rows.map((row) => ({ ...row, persons: 2 as const })) };
    const decision = decidePropose(proposing({ document: loose, contract: strict }));
    expect(decision.ok && decision.loosened).toHaveLength(matrix.rows.length);
  });
});

describe('B1 approving a policy', () => {
  it.each<readonly [string, Partial<ApprovePolicyFacts>, PolicyRefusal | 'ok']>([
    ['another person in the right role', {}, 'ok'],
    ['no proposal', { proposal: undefined, person: proposer }, 'policy-unknown'],
    ['one that was decided', { proposal: proposal({ state: 'refused' }), person: proposer }, 'policy-decided'],
    ['one in force already', { proposal: proposal({ state: 'approved' }), person: proposer }, 'policy-decided'],
    ['the one who proposed it', { person: person({ id: 'admin', roles: ['clinical-owner'] }) }, 'policy-self-approved'],
    [
      'the same person, spelled otherwise',
      { person: person({ id: 'ADMIN', roles: ['clinical-owner'] }) },
      'policy-self-approved',
    ],
    ['clinical rules by compliance', { person: reviewer }, 'role-forbids'],
    ['consent rules by a clinical owner', { document: consent }, 'role-forbids'],
    ['consent rules by compliance', { document: consent, person: reviewer }, 'ok'],
    ['agreements by compliance', { document: baa, person: reviewer }, 'ok'],
    ['agreements by a clinical owner', { document: baa }, 'role-forbids'],
    ['an override that has come to loosen', { contract: { ...matrix, rows: [contract({ tier: 'blocked' })] } }, 'policy-loosens'],
  ])('B1 %s', (_, changes, code) => {
    expect(codeOf(decideApprovePolicy(approving(changes)))).toBe(code);
  });

  it('B1 every refusal is a row above, or made where the document is read', () => {
    expect([...policyRefusals].sort()).toEqual(
      [
        'policy-decided',
        'policy-invalid',
        'policy-loosens',
        'policy-self-approved',
        'policy-unknown',
        'policy-version-used',
        'reason-missing',
        'role-forbids',
      ].sort(),
    );
  });
});

describe('B1 policy documents', () => {
  const refused = (value: unknown): string => {
    const read = readPolicyDocument(value);
    return read.ok ? 'taken' : read.message;
  };
  it('B1 the shipped ones are valid', () => {
    const shipped = JSON.parse(
      readFileSync(path.resolve(import.meta.dirname, '../../../resources/contracts/default.json'), 'utf8'),
    ) as unknown;
    expect(readPolicyDocument(shipped).ok).toBe(true);
    expect(readPolicyDocument(consent).ok).toBe(true);
  });

  const entry = {
    id: 'acme',
    processor: 'Acme',
    contract: 'BAA 2026-1',
    role: 'business-associate',
    permittedUse: ['treatment'],
    subprocessors: [],
    retention: 'six years',
    signedAt: '2026-01-01',
    expiresAt: null,
    covers: { sources: ['scribe-7'], connections: [] },
  };
  it.each<readonly [string, unknown, RegExp]>([
    ['nothing', null, /the document/],
    ['no kind', { version: 'x' }, /policy/],
    ['a contract without rows', { policy: 'contract', version: 'x', rows: [] }, /needs exactly one row for "note"/],
    ['an override without rows', { ...noteTier('high'), rows: [] }, /rows/],
    [
      'an override with two rows for one kind',
      { ...noteTier('high'), rows: [noteTier('high').rows[0], noteTier('high').rows[0]] },
      /two rows for "note"/,
    ],
    [
      'an override of a cell that is nobody else’s',
      { ...noteTier('high'), rows: [{ kind: 'note', resource: 'Task', reason: 'x' }] },
      /resource/,
    ],
    ['an override for both a tenant and a connection', { ...noteTier('high'), scope: { tenant: 'a', connection: 'b' } }, /scope/],
    ['two agreements of one name', { policy: 'baa', version: 'x', entries: [entry, entry] }, /two entries called "acme"/],
    ['an agreement without a day', { policy: 'baa', version: 'x', entries: [{ ...entry, signedAt: 'soon' }] }, /is not a date/],
  ])('B1 refuses %s, by name', (_, value, words) => {
    expect(refused(value)).toMatch(words);
  });

  it('B8 refuses a contract by which an order or prescription could be acted on', () => {
    const rows = (change: object) => matrix.rows.map((row) => (row.kind === 'order' ? { ...row, ...change } : row));
    const status = { element: 'status', codes: ['draft'] };
    for (const [change, words] of [
      [{ allowed: [status, { element: 'intent', codes: ['order'] }] }, /intent may be proposal or plan/],
      [{ allowed: [status] }, /intent may be proposal or plan/],
      [
        {
          allowed: [
            { element: 'status', codes: ['active'] },
            { element: 'intent', codes: ['proposal'] },
          ],
        },
        /status may be draft/,
      ],
      [{ audit: 'standard' }, /signed here/],
    ] as const) {
      expect(refused({ ...matrix, rows: rows(change) })).toMatch(words);
    }
  });

  it('B1 each has its place: one contract, one override per tenant and connection', () => {
    expect(policyKey(matrix)).toBe('contract');
    expect(policyKey(noteTier('high'))).toBe('override connection north');
    expect(policyKey({ ...noteTier('high'), scope: { tenant: 'north' } })).toBe('override tenant north');
  });
});

describe('G3 two different people', () => {
  const other = requestSha256.replace(/^./, 'f');
  it.each([
    ['one is enough', 1, [], { counts: 'alone', earlier: [] }],
    ['the first of two', 2, [], { counts: 'first', left: 1 }],
    ['the second of two', 2, [approval({ by: 'dr-x' })], { counts: 'last', earlier: [approval({ by: 'dr-x' })] }],
    ['the same person again', 2, [approval({ by: 'dr-lee' })], { counts: 'no' }],
    ['the same person, spelled otherwise', 2, [approval({ by: 'DR-Lee' })], { counts: 'no' }],
    ['an approval of other bytes is none', 2, [approval({ by: 'dr-x', requestSha256: other })], { counts: 'first', left: 1 }],
    ['the same person, for other bytes', 2, [approval({ by: 'dr-lee', requestSha256: other })], { counts: 'first', left: 1 }],
  ] as const)('G3 %s', (_, persons, given, expected) => {
    expect(countApprovals(persons, given, 'dr-lee', requestSha256)).toMatchObject(expected);
  });

  it('G3 nobody approves what they asked for', () => {
    expect(distinctPersons('a', 'a')).toBe(false);
    expect(distinctPersons('a', 'A')).toBe(false);
    expect(distinctPersons('a', 'b')).toBe(true);
    expect(distinctPersons(null, 'a')).toBe(true);
  });
});
