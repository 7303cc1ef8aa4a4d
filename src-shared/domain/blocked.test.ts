import { describe, expect, it } from 'vitest';
import { approversFor, blockedVoid, personsFor, selectionOf } from './blocked.ts';
import { approve, select } from './decisions.ts';
import { roles, type Role } from './people.ts';
import { approval, contract, now, person, requestSha256, states, write, writeIn } from './testing/builders.ts';
import type { BlockedSelection, WriteRow } from './write.ts';

const blocked = contract({ tier: 'blocked', approvers: ['clinician', 'clinical-owner'] });
const selection: BlockedSelection = {
  by: 'dr-lee',
  name: 'Dana Lee',
  role: 'clinician',
  at: now,
  reason: 'the only way in',
  contract: 'test-1',
};
const stopped = write({ state: { name: 'failed-terminal', code: 'policy-blocked' } });
const owner = (id: string) => person({ id, name: id, roles: ['clinical-owner'] });

describe('B3 selecting what the contract blocks', () => {
  const ask = (changes: Partial<Parameters<typeof given>[0]> = {}) => given({ ...all, ...changes });
  const all = { row: stopped, by: person(), tier: 'blocked' as Parameters<typeof contract>[0], newest: 1, reason: 'why' };
  function given(one: { row: WriteRow; by: ReturnType<typeof person>; tier: unknown; newest: number; reason: string }) {
    const row = one.tier === 'blocked' ? blocked : contract({ tier: 'high' });
    return select(one.row, one.by, row, 'test-1', one.newest, one.reason, now);
  }

  it('B3 goes back to its check, with who, as what, when, why and under which contract', () => {
    expect(ask()).toEqual({
      ok: true,
      moves: [{ name: 'draft', nextAt: now, looks: 0 }],
      selection: { ...selection, reason: 'why' },
    });
  });

  // Each has everything wrong that stands below it.
  it.each([
    [
      'a write that failed otherwise',
      { row: writeIn('failed-terminal') },
      'state-forbids',
      /only a write that the contract blocks/,
    ],
    ['a write that is on its way', { row: writeIn('pending') }, 'state-forbids', /it is pending/],
    ['a contract that no longer blocks it', { tier: 'high' as never, newest: 2 }, 'state-forbids', /no longer blocks it/],
    ['an older version', { newest: 2, by: person({ roles: ['operator'] }) }, 'state-forbids', /version 2 of its event/],
    ['somebody without the role', { by: person({ roles: ['operator'] }), reason: ' ' }, 'role-forbids', /may not select/],
    ['no reason', { reason: ' ' }, 'reason-missing', /say why/],
  ])('B3 is refused for %s', (_, changes, code, words) => {
    expect(ask(changes)).toMatchObject({ ok: false, code, message: expect.stringMatching(words) as unknown });
  });

  it.each(roles.map((role): [Role, boolean] => [role, role === 'clinician' || role === 'clinical-owner']))(
    'B3 as %s: %s',
    (role, may) => expect(ask({ by: person({ roles: [role] }) }).ok).toBe(may),
  );

  it('B3 holds under the contract it was made under, and while whoever made it may still do so', () => {
    const there = person();
    expect(selectionOf({ selection }, 'test-1', there)).toBe(selection);
    expect(selectionOf({ selection }, 'test-2', there)).toBeUndefined();
    expect(selectionOf({}, 'test-1', there)).toBeUndefined();
    expect(selectionOf({ selection }, 'test-1', undefined)).toBeUndefined();
    expect(selectionOf({ selection }, 'test-1', person({ roles: ['operator'] }))).toBeUndefined();
  });
});

describe('B3 approving what was selected', () => {
  const waiting = write({
    selection,
    state: { ...states['awaiting-approval'], roles: approversFor(blocked) },
  });
  const by = (row: WriteRow, who: ReturnType<typeof person>) => approve(row, who, blocked, requestSha256, 'seen', now);

  it('B3 takes two people who may decide on high risk, however few the contract names', () => {
    expect(approversFor(blocked)).toEqual(['clinical-owner']);
    expect(approversFor(contract())).toEqual(['clinician', 'clinical-owner']);
    expect([personsFor(blocked), personsFor(contract())]).toEqual([2, 1]);
    const first = by(waiting, owner('a'));
    expect(first).toMatchObject({ ok: true, moves: [{ name: 'awaiting-approval', given: [{ by: 'a' }] }] });
    if (!first.ok) return;
    const half: WriteRow = { ...waiting, state: first.moves[0] ?? waiting.state };
    expect(by(half, owner('A'))).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(by(half, owner('b'))).toMatchObject({
      ok: true,
      moves: [{ name: 'pending' }],
      approval: { by: 'b', with: [{ by: 'a' }] },
    });
  });

  it('B3 is not for whoever selected it, in whatever spelling, nor for a clinician', () => {
    expect(by(waiting, owner('DR-Lee'))).toMatchObject({
      ok: false,
      code: 'role-forbids',
      message: '"DR-Lee" selected it; two others have to approve it',
    });
    expect(by(waiting, person({ id: 'dr-x' }))).toMatchObject({ ok: false, code: 'role-forbids' });
  });
});

describe('B3 just before sending', () => {
  const two = approval({ by: 'a', role: 'clinical-owner', with: [approval({ by: 'b', role: 'clinical-owner' })] });
  const there = { roles: ['clinician'] as const };
  it.each([
    ['selected, and approved by two others', { selection }, two, there, null],
    ['nobody selected it', {}, two, there, /nobody who may has selected/],
    [
      'selected under another contract',
      { selection: { ...selection, contract: 'test-0' } },
      two,
      there,
      /nobody who may has selected/,
    ],
    ['whoever selected it is gone', { selection }, two, undefined, /nobody who may has selected/],
    ['or has lost the role', { selection }, two, { roles: ['operator'] as const }, /nobody who may/],
    ['one approval', { selection }, approval({ by: 'a' }), there, /two others have not/],
    ['the same person twice', { selection }, approval({ by: 'a', with: [approval({ by: 'A' })] }), there, /two others have not/],
    ['one of them selected it', { selection }, approval({ by: 'a', with: [approval()] }), there, /two others have not/],
    ['one of them by emergency', { selection }, { ...two, emergency: 'e' }, there, /two others have not/],
    ['one of them at the source', { selection }, { ...two, made: 'source' as const }, there, /two others have not/],
    [
      'one of them of other bytes',
      { selection },
      approval({ by: 'a', with: [approval({ by: 'b', requestSha256: 'f'.repeat(64) })] }),
      there,
      /two others have not/,
    ],
  ])('B3 %s', (_, row, given, selector, words) => {
    const found = blockedVoid(row, blocked, 'test-1', given, selector);
    if (words === null) expect(found).toBeNull();
    else expect(found).toMatch(words);
  });

  it('B3 asks nothing of what is not blocked', () => {
    expect(blockedVoid({}, contract({ tier: 'high' }), 'test-1', approval(), undefined)).toBeNull();
  });
});
