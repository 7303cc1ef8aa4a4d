import { describe, expect, it } from 'vitest';
import type { CountedApproval } from './approval.ts';
import type { Finding } from './entries.ts';
import { decidePolicy, type PolicyFacts } from './policy.ts';
import { approval, contract, now, requestSha256 } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import type { StateName, WriteState } from './write.ts';

const { requestSha256: _, ...given } = approval({ made: 'source' });
const counted: CountedApproval = { counts: true, approval: given };
const notCounted: CountedApproval = { counts: false, reason: 'nobody has approved it yet' };
const finding = (severity: Finding['severity']): Finding => ({ rule: 'r', severity, path: 'p', message: 'm', next: 'n' });

function facts(changes: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    contract: contract(),
    connection: { active: true, stage: 'limited-auto-write' },
    counted,
    rejectedAtSource: false,
    findings: [],
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
        findings: [finding('warning'), finding('stop')],
        contract: blocked,
        rejectedAtSource: true,
        connection: off,
        counted: notCounted,
      },
      'failed-terminal structure-invalid',
    ],
    [
      'a blocked kind',
      { findings: [finding('warning')], contract: blocked, rejectedAtSource: true, connection: off, counted: notCounted },
      'failed-terminal policy-blocked',
    ],
    ['a no at the source', { rejectedAtSource: true, connection: off, counted: notCounted }, 'failed-terminal approval-rejected'],
    ['a connection that is off', { connection: off, counted: notCounted }, 'held connection-inactive -> draft'],
    ['read-only', { connection: { active: true, stage: 'read-only' }, counted: notCounted }, 'held stage-read-only -> draft'],
    ['draft stage', { connection: { active: true, stage: 'draft' } }, 'held stage-read-only -> draft'],
    ['shadow stage', { connection: { active: true, stage: 'shadow' } }, 'held stage-read-only -> draft'],
    ['staged, not approved', { connection: { active: true, stage: 'staged' }, counted: notCounted }, 'awaiting-approval'],
    ['staged, approved', { connection: { active: true, stage: 'staged' } }, 'pending'],
    ['notices only', { findings: [finding('information'), finding('warning')] }, 'pending'],
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
