import { describe, expect, it } from 'vitest';
import { compensationOffers, groupPicture, memberPhase, notOursAnyMore, takenBack } from './groups.ts';
import { stateNames, states, writeIn } from './testing/builders.ts';
import type { StateName, WriteRow } from './write.ts';

const group = (...names: readonly StateName[]): readonly WriteRow[] =>
  names.map((name, n) => ({ ...writeIn(name), id: `w${n}`, connection: n % 2 === 0 ? 'north' : 'south' }));

describe('how far a write of a group has come', () => {
  const phases: Readonly<Record<StateName, string>> = {
    draft: 'preparing',
    validated: 'preparing',
    'awaiting-approval': 'prepared',
    held: 'prepared',
    pending: 'prepared',
    'in-flight': 'committing',
    unknown: 'committing',
    conflict: 'committing',
    'failed-retryable': 'committing',
    'failed-terminal': 'failed',
    'resolved-by-hand': 'ended',
    committed: 'committed',
    superseded: 'ended',
    withdrawn: 'ended',
    compensated: 'undone',
    corrected: 'undone',
    quarantined: 'failed',
  };
  it.each(stateNames)('A3 %s', (name) => {
    const prepared = { seq: 1, sha256: 'a', adapter: 'x 1', contract: 'c 1' };
    expect(memberPhase({ state: states[name], prepared })).toBe(phases[name]);
    if (phases[name] === 'prepared') expect(memberPhase({ state: states[name], prepared: null })).toBe('preparing');
  });
});

describe('the picture of a group', () => {
  it.each([
    [['draft', 'awaiting-approval'], 'preparing', 'open'],
    [['awaiting-approval', 'pending'], 'prepared', 'open'],
    [['pending', 'unknown'], 'committing', 'open'],
    [['pending', 'committed'], 'committing', 'open'],
    [['committed', 'committed'], 'settled', 'complete'],
    [['committed', 'failed-terminal'], 'settled', 'partial'],
    [['failed-terminal', 'withdrawn'], 'settled', 'failed'],
    [['compensated', 'committed', 'failed-terminal'], 'settled', 'compensating'],
    [['compensated', 'compensated', 'failed-terminal'], 'settled', 'compensated'],
    [['compensated', 'unknown'], 'committing', 'open'],
  ] as const)('A3 %j is %s, %s', (names, phase, state) => {
    const prepared = { seq: 1, sha256: 'a', adapter: 'x 1', contract: 'c 1' };
    expect(groupPicture(group(...names).map((row) => ({ ...row, prepared })))).toEqual({ phase, state });
  });

  it('A3 a group without writes has none', () => {
    expect(groupPicture([])).toBeNull();
  });
});

describe('what is offered when a group failed in part', () => {
  const contractOf = () => ({ rollback: 'entered-in-error' as const, approvers: ['clinical-owner' as const] });
  it.each([
    [['committed', 'failed-terminal'], ['w0']],
    [
      ['committed', 'withdrawn', 'committed'],
      ['w0', 'w2'],
    ],
    [['committed', 'quarantined'], ['w0']],
    [['compensated', 'committed', 'failed-terminal'], ['w1']],
    [['committed', 'committed'], []],
    [['failed-terminal', 'failed-terminal'], []],
    [['committed', 'failed-terminal', 'unknown'], []],
    [['committed', 'failed-terminal', 'awaiting-approval'], []],
    [['committed', 'resolved-by-hand'], []],
    [['committed', 'superseded'], []],
  ] as const)('E5 of %j: %j', (names, offered) => {
    const offers = compensationOffers(group(...names), contractOf);
    expect(offers.map((offer) => offer.write)).toEqual(offered);
    for (const offer of offers)
      expect(offer).toMatchObject({ how: 'entered-in-error', by: ['clinical-owner'], consequence: expect.any(String) as string });
  });
});

describe('a charted write that was taken back by hand', () => {
  const charted = { state: states.committed };
  it.each([
    ['gone', 'entered-in-error', null, true],
    ['marked by its status', 'entered-in-error', { status: 'entered-in-error' }, true],
    ['marked by its verification', 'entered-in-error', { verificationStatus: { coding: [{ code: 'entered-in-error' }] } }, true],
    ['still current', 'entered-in-error', { status: 'current' }, false],
    ['cancelled, where that does not take it back', 'entered-in-error', { status: 'cancelled' }, false],
    ['cancelled, where that takes it back', 'status-change', { status: 'cancelled' }, true],
    ['under way', 'status-change', { status: 'active' }, false],
  ] as const)('E5 %s', (_, how, seen, ok) => {
    const decided = takenBack(charted, how, seen, 'dr-lee');
    if (ok) expect(decided).toEqual({ ok: true, moves: [{ name: 'compensated', by: 'dr-lee' }] });
    else expect(decided).toMatchObject({ ok: false, code: 'still-charted' });
  });

  it.each(stateNames.filter((name) => name !== 'committed'))('E5 not one that is %s', (name) => {
    expect(takenBack({ state: states[name] }, 'entered-in-error', null, 'dr-lee')).toMatchObject({
      ok: false,
      code: 'state-forbids',
    });
  });
});

describe('whether a charted entry is still ours to take back', () => {
  const charted = (versionId: string | null) => ({
    ...states.committed,
    evidence: { ...states.committed.evidence, reference: 'Observation/1', versionId },
  });

  it('E2 it is in exactly the version that was written, and in no other', () => {
    expect(notOursAnyMore(charted('2'), '2')).toBeNull();
    expect(notOursAnyMore(charted('2'), '3')).toBe(
      'Observation/1 was changed since it was written: version 2 was ours, 3 stands there now',
    );
  });

  it.each([
    [null, '1'],
    ['1', null],
    [null, null],
  ])('E2 it is not where a version is missing (written %s, found %s)', (written, found) => {
    expect(notOursAnyMore(charted(written), found)).toContain('has no version');
  });
});
