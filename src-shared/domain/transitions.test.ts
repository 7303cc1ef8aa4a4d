import { describe, expect, it } from 'vitest';
import { IllegalMove, mayMove, movesFrom } from './transitions.ts';
import { stateNames, states } from './testing/builders.ts';
import { codeOf, dueAt, settledStates, type StateName, type WriteState } from './write.ts';

// Copied from the table of docs/architecture by hand, row for row, so that a change on either side shows.
const TABLE: Readonly<Record<StateName, string>> = {
  draft: 'validated failed-terminal withdrawn superseded',
  validated: 'awaiting-approval pending held withdrawn superseded',
  'awaiting-approval': 'pending held withdrawn superseded',
  held: 'validated awaiting-approval pending withdrawn superseded',
  pending: 'in-flight held conflict failed-terminal awaiting-approval withdrawn superseded',
  'in-flight': 'committed conflict unknown failed-retryable failed-terminal held',
  unknown: 'committed conflict failed-retryable failed-terminal',
  conflict: 'superseded withdrawn',
  'failed-retryable': 'pending awaiting-approval failed-terminal held withdrawn superseded',
  'failed-terminal': 'superseded withdrawn resolved-by-hand',
  'resolved-by-hand': '',
  committed: 'superseded compensated corrected failed-terminal',
  superseded: 'committed',
  withdrawn: 'committed',
  compensated: 'committed',
  corrected: 'committed',
  quarantined: '',
};

// Moves besides those of the table, each for one reason.
const BESIDES: readonly (readonly [from: StateName, to: StateName, why: string])[] = [
  ['draft', 'draft', 'the EHR could not be read: checked again later'],
  ['draft', 'held', 'the connection is off or its sign-in is gone before anything could be checked'],
  ['held', 'draft', 'what was held unchecked is checked when the hold ends'],
  ['validated', 'failed-terminal', 'policy stops what the checks let pass'],
  ['awaiting-approval', 'failed-terminal', 'a person says no'],
  ['awaiting-approval', 'awaiting-approval', 'the first of two people has approved'],
  ['pending', 'pending', 'the EHR could not be read just before sending: tried again later'],
  ['unknown', 'unknown', 'a look that settles nothing, or a person now has to look'],
  ['committed', 'committed', 'the read-back comes after the outcome'],
  ['failed-terminal', 'draft', 'what the contract blocks was selected by a person'],
  ['failed-terminal', 'committed', 'late success: found in the chart after it was given up'],
  ['conflict', 'committed', 'late success: ours was carried out after theirs'],
  ['resolved-by-hand', 'committed', 'late success: found in the chart after a person had settled it'],
  ['draft', 'committed', 'sent before, checked anew, and found in the chart'],
  ['awaiting-approval', 'committed', 'sent before, a person asked, and found in the chart'],
  ['held', 'committed', 'sent before, held, and found in the chart'],
  ['pending', 'committed', 'found in the chart before it was sent again'],
  ['failed-retryable', 'committed', 'found in the chart before it was sent again'],
];

const listed = (from: StateName, to: StateName): boolean =>
  TABLE[from].split(' ').includes(to) || BESIDES.some((one) => one[0] === from && one[1] === to);
const pairs = stateNames.flatMap((from) => stateNames.map((to) => [from, to] as const));

describe('the table of moves', () => {
  it('C2 knows 17 states', () => {
    expect(stateNames.length).toBe(17);
    expect(Object.keys(TABLE).toSorted()).toEqual(stateNames.toSorted());
  });

  it.each(stateNames)('C2 lets a write leave %s exactly as the table says', (from) => {
    for (const to of stateNames) expect(mayMove(from, to), `${from} -> ${to}`).toBe(listed(from, to));
    expect([...movesFrom(from)].toSorted()).toEqual(stateNames.filter((to) => listed(from, to)).toSorted());
  });

  it('C2 lists no move twice', () => {
    for (const from of stateNames) expect(new Set(movesFrom(from)).size, from).toBe(movesFrom(from).length);
    for (const [from, to] of BESIDES) expect(TABLE[from].split(' '), `${from} -> ${to}`).not.toContain(to);
  });

  it('C4 has no way from unknown to a second sending except by proved absence', () => {
    expect(mayMove('unknown', 'in-flight')).toBe(false);
    expect(mayMove('unknown', 'pending')).toBe(false);
    expect(mayMove('unknown', 'withdrawn')).toBe(false);
    expect(pairs.filter(([, to]) => to === 'in-flight').filter(([from, to]) => mayMove(from, to))).toEqual([
      ['pending', 'in-flight'],
    ]);
  });

  it('C2 leads every write somewhere: from draft each state but quarantined can be reached', () => {
    const reached = new Set<StateName>(['draft']);
    for (let size = 0; size < reached.size;) {
      size = reached.size;
      for (const [from, to] of pairs) if (reached.has(from) && mayMove(from, to)) reached.add(to);
    }
    expect(stateNames.filter((name) => !reached.has(name))).toEqual(['quarantined']);
  });

  it('C2 says in words what was asked for', () => {
    const fault = new IllegalMove('abc', 'unknown', 'pending');
    expect(fault).toBeInstanceOf(Error);
    expect(fault.name).toBe('IllegalMove');
    expect(fault.message).toBe('write abc cannot go from unknown to pending');
    expect(new IllegalMove('abc', null, 'draft').message).toBe('write abc cannot go from nothing to draft');
  });
});

describe('what a state means', () => {
  // state, settled, due, code
  const meaning: readonly (readonly [name: StateName, settled: boolean, due: number | null, code: string | null])[] = [
    ['draft', false, 11, null],
    ['validated', false, null, null],
    ['awaiting-approval', false, null, null],
    ['held', false, null, 'sign-in-needed'],
    ['pending', false, 11, null],
    ['in-flight', false, null, null],
    ['unknown', false, 11, 'reply-lost'],
    ['conflict', false, null, 'version-conflict'],
    ['failed-retryable', false, 11, 'ehr-unavailable'],
    ['failed-terminal', true, null, 'ehr-rejected'],
    ['resolved-by-hand', true, null, null],
    ['committed', true, null, null],
    ['superseded', true, null, null],
    ['withdrawn', true, null, null],
    ['compensated', true, null, null],
    ['corrected', true, null, null],
    ['quarantined', true, null, null],
  ];
  it.each(meaning)('A3 %s: settled %s, due %s, code %s', (name, settled, due, code) => {
    const state = ('nextAt' in states[name] ? { ...states[name], nextAt: 11 } : states[name]) as WriteState;
    expect(settledStates.includes(name)).toBe(settled);
    expect(dueAt(state)).toBe(due);
    expect(codeOf(state)).toBe(code);
  });

  it('A3 covers every state in the table above', () => {
    expect(meaning.map(([name]) => name)).toEqual(stateNames);
  });

  it('C6 a draft says what it waits for, if it waits', () => {
    expect(codeOf({ ...states.draft, code: 'ehr-unreachable' })).toBe('ehr-unreachable');
  });

  it('C4 leaves an unknown write to a person once its look-ups are used up', () => {
    expect(dueAt({ ...states.unknown, personSince: 5 })).toBeNull();
  });

  const committed = states.committed;
  it.each([
    [{ result: 'verified' }, null, null],
    [{ result: 'due', nextAt: 42, looks: 1 }, 42, null],
    [{ result: 'partial', differences: [] }, null, 'chart-differs'],
    [{ result: 'not-verifiable', reason: 'no read' }, null, null],
  ] as const)('C7 a charted write with %j is due at %s, code %s', (verification, due, code) => {
    expect(dueAt({ ...committed, verification })).toBe(due);
    expect(codeOf({ ...committed, verification })).toBe(code);
  });

  it('C4 a late success says so, whatever its read-back showed', () => {
    expect(codeOf({ ...committed, late: true })).toBe('charted-late');
  });
});
