import { describe, expect, it } from 'vitest';
import { alertKinds, alertOf, alertsOf, movingSince } from './alerts.ts';
import { limits } from '../limits/index.ts';
import { now, stateNames, states, writeIn } from './testing/builders.ts';
import type { AwaitedInChart, ChartDrift, FollowUp, WriteState } from './write.ts';

describe('C6 alerts', () => {
  it.each(stateNames)('C6 %s that has just moved gives no alert', (name) => {
    expect(alertOf(writeIn(name), now)).toBeNull();
  });

  it.each(stateNames)('C6 %s that has not moved for long is stuck only if nobody is waited for', (name) => {
    const moving = ['draft', 'pending', 'in-flight', 'unknown', 'failed-retryable'].includes(name);
    expect(alertOf(writeIn(name), now + limits.stuckMs)).toBeNull();
    expect(alertOf(writeIn(name), now + limits.stuckMs + 1)).toBe(moving ? 'stuck' : null);
  });

  const followed: FollowUp = { looks: 1, failures: 0, at: now, nextAt: null, versionId: null, drift: null, awaited: null };
  const drift: ChartDrift = { kind: 'deleted', noticedAt: now, versionId: null, by: null, differences: [] };
  const awaited: AwaitedInChart = { element: 'docStatus', value: null, by: now - 1, result: 'overdue' };
  const special: readonly (readonly [WriteState, string])[] = [
    [{ ...states.unknown, code: 'chart-has-two', personSince: now }, 'chart-has-two'],
    [{ ...states.unknown, code: 'look-ups-used-up', personSince: now }, 'person-must-look'],
    [
      {
        ...states.committed,
        verification: {
          result: 'partial',
          differences: [{ path: 'Observation.subject.reference', kind: 'changed', sent: 'Patient/1', found: 'Patient/2' }],
        },
      },
      'chart-misplaced',
    ],
    [{ ...states.committed, late: true }, 'charted-late'],
    [{ ...states.committed, follow: { ...followed, drift } }, 'chart-drifted'],
    [{ ...states.committed, follow: { ...followed, awaited } }, 'follow-up-overdue'],
    [{ name: 'failed-terminal', code: 'patient-differs' }, 'wrong-patient'],
    [{ ...states.held, hold: { code: 'clock-unsafe', liftedBy: 'operations-lead' } }, 'clock-unsafe'],
    [{ name: 'pending', nextAt: now, code: 'daily-cap', reason: 'the cap is reached' }, 'daily-cap'],
  ];
  it.each(special)('C4 %j: %s', (state, kind) => {
    expect(alertOf({ state, updatedAt: now }, now)).toBe(kind);
  });

  it('BAD-14 a stop for another reason is no wrong patient', () => {
    expect(alertOf({ state: { name: 'failed-terminal', code: 'content-refused' }, updatedAt: now }, now)).toBeNull();
  });

  it('C6 are counted by kind, in a fixed order', () => {
    const rows = [...special, ...special].map(([state]) => ({ state, updatedAt: now }));
    expect(alertsOf(rows, now, 2).map(({ kind, writes }) => [kind, writes])).toEqual(
      alertKinds.filter((kind) => kind !== 'stuck').map((kind) => [kind, 2]),
    );
    expect(alertsOf([], now)).toEqual([]);
  });
});

describe('since when a write is on its way', () => {
  const moved = (at: number, ...moves: WriteState[]) => ({ at, body: { id: 'w', moves } });
  const row = { createdAt: 10, updatedAt: 90 };
  const waits: WriteState = { name: 'pending', nextAt: now, code: 'daily-cap' };
  it.each([
    ['since it came, when it never rested', [moved(20, states.draft), moved(30, states.pending), moved(40, states.unknown)], 10],
    [
      'since it was approved',
      [moved(20, states['awaiting-approval']), moved(30, states.pending), moved(40, states['in-flight'])],
      30,
    ],
    ['since it was let go', [moved(20, states.held), moved(50, states.pending), moved(60, states['failed-retryable'])], 50],
    ['since its connection let it go', [moved(20, states.pending), moved(30, waits), moved(70, states['in-flight'])], 70],
    ['since then, when it rests', [moved(20, states.pending), moved(90, states.committed)], 90],
    [
      'whatever else is on record about it',
      [moved(20, states.held), moved(50, states.pending), { at: 60, body: { id: 'w', since: 50 } }],
      50,
    ],
    ['states passed through count for nothing', [moved(20, states.held, states.pending), moved(30, states.unknown)], 10],
  ] as const)('C6 %s', (_, entries, since) => {
    expect(movingSince(row, entries)).toBe(since);
  });
});
