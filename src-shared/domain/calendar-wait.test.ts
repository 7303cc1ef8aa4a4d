import { describe, expect, it } from 'vitest';
import { released } from './decisions.ts';
import { afterLook, waitForCalendar, waitsForCalendar } from './outcome.ts';
import { now, stateNames, states, writeIn } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import { limits } from '../limits/index.ts';
import type { StateName, WriteState } from './write.ts';

const until = now + 3_600_000;

describe('a write that waits for the calendar of its connection', () => {
  it.each([
    ['pending', 'maintenance-window', ['pending']],
    ['pending', 'daily-cap', ['pending']],
    ['failed-retryable', 'maintenance-window', ['pending', 'pending']],
    ['failed-retryable', 'daily-cap', ['pending', 'pending']],
    ['in-flight', 'maintenance-window', ['failed-retryable']],
    ['in-flight', 'daily-cap', ['failed-retryable']],
  ] as const)('C6 %s, for the %s: %j, and says until when', (name, code, through) => {
    const moves = waitForCalendar(writeIn(name), { code, until, words: 'why' }, now);
    expect(moves.map((state) => state.name)).toEqual(through);
    expect(moves.at(-1)).toMatchObject({ code, nextAt: until });
    let from: StateName = name;
    for (const state of moves) {
      expect(mayMove(from, state.name)).toBe(true);
      from = state.name;
    }
    const waiting = { ...writeIn(name), state: moves.at(-1) ?? states.pending };
    expect(waitsForCalendar(waiting)).toBe(true);
    expect(released(waiting, now)).toEqual([{ name: 'pending', nextAt: now }]);
  });

  it.each(stateNames)('C6 %s as such waits for something else', (name) => {
    expect(waitsForCalendar(writeIn(name))).toBe(false);
  });
});

describe('an EHR that is being maintained', () => {
  const unknown = (looks: number): WriteState => ({
    ...states.unknown,
    code: 'reply-lost',
    looks,
    absentLooks: 2,
    personSince: null,
  });
  const look = (looks: number, code: 'ehr-unavailable' | 'search-not-trusted', maintained: boolean) =>
    afterLook(
      { ...writeIn('unknown'), state: unknown(looks) },
      { outcome: 'inconclusive', code, retryAfterMs: null },
      now,
      0.5,
      1_000,
      3,
      maintained,
    );

  it.each([
    ['ehr-unavailable', true, 0],
    ['ehr-unavailable', false, 1],
    // It answered: that it is being maintained changes nothing about what the answer is worth.
    ['search-not-trusted', true, 1],
  ] as const)('C6 C4 that answers %s, maintained %s, uses up %i look-ups', (code, maintained, used) => {
    expect(look(3, code, maintained)).toMatchObject([{ name: 'unknown', looks: 3 + used, absentLooks: 0, personSince: null }]);
    const last = look(limits.lookUpsMax - 1, code, maintained);
    expect(last).toMatchObject([{ name: 'unknown', personSince: used === 0 ? null : now }]);
  });
});
