import { describe, expect, it } from 'vitest';
import { alertKinds, alertOf, alertsOf } from './alerts.ts';
import { limits } from '../limits/index.ts';
import { now, stateNames, states, writeIn } from './testing/builders.ts';
import type { WriteState } from './write.ts';

describe('C6 alerts', () => {
  it.each(stateNames)('C6 %s that has just moved gives no alert', (name) => {
    expect(alertOf(writeIn(name), now)).toBeNull();
  });

  it.each(stateNames)('C6 %s that has not moved for long is stuck only if nobody is waited for', (name) => {
    const moving = ['draft', 'pending', 'in-flight', 'unknown', 'failed-retryable'].includes(name);
    expect(alertOf(writeIn(name), now + limits.stuckMs)).toBeNull();
    expect(alertOf(writeIn(name), now + limits.stuckMs + 1)).toBe(moving ? 'stuck' : null);
  });

  const special: readonly (readonly [WriteState, string])[] = [
    [{ ...states.unknown, code: 'chart-has-two', personSince: now }, 'chart-has-two'],
    [{ ...states.unknown, code: 'look-ups-used-up', personSince: now }, 'person-must-look'],
    [{ ...states.committed, late: true }, 'charted-late'],
    [{ ...states.held, hold: { code: 'clock-unsafe', liftedBy: 'operations-lead' } }, 'clock-unsafe'],
  ];
  it.each(special)('C4 %j: %s', (state, kind) => {
    expect(alertOf({ state, updatedAt: now }, now)).toBe(kind);
  });

  it('C6 are counted by kind, in a fixed order', () => {
    const rows = [...special, ...special].map(([state]) => ({ state, updatedAt: now }));
    expect(alertsOf(rows, now).map(({ kind, writes }) => [kind, writes])).toEqual(
      alertKinds.filter((kind) => kind !== 'stuck').map((kind) => [kind, 2]),
    );
    expect(alertsOf([], now)).toEqual([]);
  });
});
