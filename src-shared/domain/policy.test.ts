import { describe, expect, it } from 'vitest';
import type { CountedApproval } from './approval.ts';
import type { Finding } from './entries.ts';
import type { NamedFinding } from './signing.ts';
import { decidePolicy, decideStanding, type PolicyFacts } from './policy.ts';
import { approval, contract, now, requestSha256 } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import type { StateName, WriteState } from './write.ts';

const { requestSha256: _, ...given } = approval({ made: 'source' });
const counted: CountedApproval = { counts: true, approval: given };
const notCounted: CountedApproval = { counts: false, reason: 'nobody has approved it yet' };
const finding = (severity: Finding['severity'], rule = 'r'): NamedFinding => ({
  name: `${rule}@p`,
  finding: { rule, severity, path: 'p', message: 'm', next: 'n' },
  signature: null,
});

function facts(changes: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    contract: contract(),
    connection: { active: true, stage: 'limited-auto-write' },
    counted,
    rejectedAtSource: false,
    findings: [],
    unseen: [],
    standing: { held: null },
    requestSha256,
    now,
    ...changes,
  };
}

const spell = (state: WriteState | undefined): string =>
  state === undefined
    ? ''
    : state.name === 'held'
      ? `held ${state.hold.code} -> ${state.resume}`
      : 'code' in state
        ? `${state.name} ${state.code}`
        : state.name;

describe('decidePolicy', () => {
  it('B1 lets an approved write go, approved for exactly the prepared bytes', () => {
    expect(decidePolicy(facts())).toEqual({
      moves: [{ name: 'validated' }, { name: 'pending', nextAt: now }],
      approval: { ...given, requestSha256 },
    });
  });

  it('B3 lets anything else wait for the people the contract names, with the reason', () => {
    expect(decidePolicy(facts({ counted: notCounted, contract: contract({ approvers: ['clinical-owner'] }) }))).toEqual({
      moves: [
        { name: 'validated' },
        { name: 'awaiting-approval', roles: ['clinical-owner'], reason: 'nobody has approved it yet' },
      ],
      approval: null,
    });
  });

  const off = { active: false, stage: 'read-only' } as const;
  const blocked = contract({ tier: 'blocked' });
  // Each row has everything wrong that the rows below it have: the order of the checks is pinned.
  const table: readonly (readonly [what: string, changes: Partial<PolicyFacts>, ends: string])[] = [
    [
      'a stopping finding',
      {
        findings: [finding('review'), finding('stop')],
        contract: blocked,
        rejectedAtSource: true,
        connection: off,
        counted: notCounted,
      },
      'failed-terminal structure-invalid',
    ],
    [
      'a blocked kind',
      { findings: [finding('review')], contract: blocked, rejectedAtSource: true, connection: off, counted: notCounted },
      'failed-terminal policy-blocked',
    ],
    ['a no at the source', { rejectedAtSource: true, connection: off, counted: notCounted }, 'failed-terminal approval-rejected'],
    ['a connection that is off', { connection: off, counted: notCounted }, 'held connection-inactive -> draft'],
    ['read-only', { connection: { active: true, stage: 'read-only' }, counted: notCounted }, 'held stage-read-only -> draft'],
    ['draft stage', { connection: { active: true, stage: 'draft' } }, 'held stage-read-only -> draft'],
    ['shadow stage', { connection: { active: true, stage: 'shadow' } }, 'held stage-read-only -> draft'],
    ['staged, not approved', { connection: { active: true, stage: 'staged' }, counted: notCounted }, 'awaiting-approval'],
    ['staged, approved', { connection: { active: true, stage: 'staged' } }, 'pending'],
    ['notices only', { findings: [finding('information'), finding('review')] }, 'pending'],
  ];
  it.each(table)('B1 with %s', (_what, changes, ends) => {
    const { moves, approval: kept } = decidePolicy(facts(changes));
    expect(spell(moves.at(-1))).toBe(ends);
    expect(kept === null).toBe(ends !== 'pending');
    let from: StateName = 'draft';
    for (const { name } of moves) {
      expect(mayMove(from, name), `${from} -> ${name}`).toBe(true);
      from = name;
    }
  });
});

describe('decideStanding', () => {
  const permit = { result: 'permit', rule: 'implied', artifact: 'policy', reason: 'r' } as const;
  const deny = { result: 'deny', rule: 'revoked', artifact: 'event', reason: 'r' } as const;
  const real = { name: 'ehr', environment: 'production' as const, baa: null, tenants: null, active: true };
  const practice = { ...real, name: 'practice', environment: 'practice' as const };
  const closed = { open: false, missing: ['security: not signed'], signatures: [] };
  const open = { open: true, missing: [], signatures: [] };
  const covered = {
    policy: 'baa' as const,
    version: '1',
    entries: [
      {
        id: 'a',
        processor: 'p',
        contract: 'c',
        role: 'business-associate' as const,
        permittedUse: ['treatment'],
        subprocessors: [],
        retention: 'r',
        signedAt: '2020-01-01',
        expiresAt: null,
        covers: { sources: ['s'], connections: ['ehr'] },
      },
    ],
  };
  const stand = (changes: object): string => {
    const standing = decideStanding({
      carry: { tenant: 't', connection: real, source: 's', connections: [real], register: covered, now },
      gate: open,
      stage: 'staged',
      consent: permit,
      ...changes,
    });
    return `${standing.held?.code ?? 'goes'}${standing.carries ? '' : ', nothing travels'}`;
  };
  const uncovered = { tenant: 't', connection: real, source: 's', connections: [real], register: null, now };
  const mixed = { tenant: 't', connection: practice, source: 's', connections: [real, practice], register: null, now };

  it.each([
    ['nothing holds it', {}, 'goes'],
    ['G8 environments go first', { carry: mixed, gate: closed, consent: deny }, 'environment-mix, nothing travels'],
    ['G9 then agreements', { carry: uncovered, gate: closed, consent: deny }, 'baa-missing, nothing travels'],
    ['B6 then the gate', { gate: closed, consent: deny }, 'gate-closed'],
    ['G1 then consent', { consent: deny }, 'consent-revoked'],
    ['B6 a gate that no stage asks for', { gate: closed, stage: 'shadow' }, 'goes'],
    ['B6 a practice connection has none', { gate: null }, 'goes'],
  ])('%s', (_, changes, expected) => {
    expect(stand(changes)).toBe(expected);
  });
});

describe('B7 versions nobody has tried', () => {
  const unseen = [{ kind: 'model' as const, version: 'm@2' }];
  it.each([
    [
      'a source approved it',
      { counted },
      'no run of the corpus is on record for the model m@2; until then a person decides, and what is queued waits',
    ],
    [
      'nobody has',
      { counted: notCounted },
      'nobody has approved it yet; no run of the corpus is on record for the model m@2; until then a person decides, and what is queued waits',
    ],
  ])('B7 wait for a person, whether or not %s', (_, changes, reason) => {
    const decision = decidePolicy(facts({ ...changes, unseen }));
    expect(decision.moves.at(-1)).toMatchObject({ name: 'awaiting-approval', code: 'version-unseen', reason });
    expect(decision.approval).toBeNull();
  });
});

describe('the order of decidePolicy', () => {
  const held = { code: 'consent-unknown', liftedBy: 'compliance-reviewer', because: 'b' } as const;
  const all = {
    findings: [finding('stop')],
    contract: contract({ tier: 'blocked' }),
    rejectedAtSource: true,
    connection: { active: false, stage: 'read-only' as const },
    standing: { held },
    counted: notCounted,
  };
  /** Each row takes away the fact that decided the one before. */
  it.each([
    ['failed-terminal structure-invalid', {}],
    ['failed-terminal contract-forbids', { findings: [finding('stop', 'contract.field')] }],
    ['failed-terminal structure-invalid', { findings: [finding('stop', 'contract.field'), finding('stop')] }],
    ['failed-terminal content-refused', { findings: [finding('stop', 'dose-impossible')] }],
    ['failed-terminal content-refused', { findings: [finding('stop', 'dose-impossible'), finding('stop', 'code-shape')] }],
    ['failed-terminal policy-blocked', { findings: [finding('stop', 'code-shape')] }],
    ['held finding-open -> draft', { findings: [finding('stop', 'code-shape')], contract: contract() }],
    ['failed-terminal approval-rejected', { findings: [], contract: contract() }],
    ['held connection-inactive -> draft', { findings: [], contract: contract(), rejectedAtSource: false }],
    [
      'held stage-read-only -> draft',
      { findings: [], contract: contract(), rejectedAtSource: false, connection: { active: true, stage: 'shadow' as const } },
    ],
    [
      'held consent-unknown -> draft',
      { findings: [], contract: contract(), rejectedAtSource: false, connection: facts().connection },
    ],
    [
      'awaiting-approval',
      { findings: [], contract: contract(), rejectedAtSource: false, connection: facts().connection, standing: { held: null } },
    ],
  ])('B1 %s', (state, changes) => {
    expect(spell(decidePolicy(facts({ ...all, ...changes })).moves.at(-1))).toBe(state);
  });

  it('G1 what holds it is told with its reason', () => {
    expect(decidePolicy(facts({ standing: { held } })).moves.at(-1)).toMatchObject({
      hold: { reason: 'b', liftedBy: 'compliance-reviewer' },
    });
  });
});
