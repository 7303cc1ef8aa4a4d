import { describe, expect, it } from 'vitest';
import { dueAgain, farOffStates, isFarOff } from './far-off.ts';
import { dueAt, type WriteState } from './write.ts';
import { mayMove } from './transitions.ts';
import { stateNames, states } from './testing/builders.ts';
import { limits } from '../limits/index.ts';

const now = 1_772_445_600_000;

describe('C6 writes that a wrong clock has put off', () => {
  it.each(farOffStates)('INV-2 %s waits for as long as an EHR may ask for, and not for years', (name) => {
    const waiting = (ms: number): { state: WriteState } => ({
      state: { ...states[name], nextAt: now + ms } as WriteState,
    });
    expect(isFarOff(waiting(-1), now)).toBe(false);
    expect(isFarOff(waiting(limits.retryAfterMaxMs), now)).toBe(false);
    expect(isFarOff(waiting(limits.farOffMs), now)).toBe(false);
    expect(isFarOff(waiting(limits.farOffMs + 1), now)).toBe(true);
  });

  it('INV-2 what waits for its connection may wait for weeks', () => {
    const waiting = (ms: number): { state: WriteState } => ({
      state: { name: 'pending', nextAt: now + ms, code: 'maintenance-window' },
    });
    expect(isFarOff(waiting(30 * 24 * 60 * 60_000), now)).toBe(false);
    expect(isFarOff(waiting(limits.calendarFarOffMs + 1), now)).toBe(true);
  });

  it('INV-2 an outcome that has been unknown since a time ahead is so since now: looks must be able to span it', () => {
    const since = now + limits.farOffMs * 2;
    const ahead = { ...states.unknown, since, nextAt: since };
    expect(dueAgain({ state: ahead }, now)).toEqual([{ ...ahead, since: now, nextAt: now }]);
    const before = { ...states.unknown, since: now - 5, nextAt: since };
    expect(dueAgain({ state: before }, now)).toEqual([{ ...before, nextAt: now }]);
  });

  it.each(stateNames)('INV-2 %s is due again by moves that are listed, or waits for no time', (name) => {
    const moves = dueAgain({ state: states[name] }, now);
    if (moves === null) return expect(dueAt(states[name])).toBeNull();
    let before = name;
    for (const to of moves) {
      expect(mayMove(before, to.name)).toBe(true);
      before = to.name;
    }
    const last = moves.at(-1);
    expect(last === undefined ? null : dueAt(last)).toBe(now);
  });
});
