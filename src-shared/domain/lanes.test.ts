import { describe, expect, it } from 'vitest';
import { laneRoleOf, nextInLane, type LaneRole } from './lanes.ts';
import { stateNames, states } from './testing/builders.ts';

describe('lanes', () => {
  const roles: Readonly<Record<string, LaneRole>> = {
    draft: 'checking',
    'in-flight': 'holds',
    unknown: 'holds',
    'failed-retryable': 'retries',
    pending: 'waits',
    held: 'parked',
    'awaiting-approval': 'parked',
    conflict: 'parked',
  };
  it.each(stateNames)('C6 %s plays its part in its lane', (name) => {
    expect(laneRoleOf(states[name])).toBe(roles[name] ?? null);
  });

  it('C6 an unknown write holds its lane also while a person has to look', () => {
    expect(laneRoleOf({ ...states.unknown, personSince: 5 })).toBe('holds');
  });

  // Each write as role and group; the place of the one that goes, -1: none.
  it.each([
    ['', -1],
    ['waits 1', 0],
    ['checking 1, waits 1', -1],
    ['checking 1, waits 2', -1],
    ['waits 1, checking 1', 0],
    ['parked 1, waits 1', -1],
    ['parked 1, waits 2', 1],
    ['parked 1, waits 1, waits 2, waits 1', 2],
    ['parked 1, parked 2, waits 2, waits 1, waits 3', 4],
    ['parked 1, waits 1, checking 2, waits 2', -1],
    ['waits 1, parked 1', 0],
  ] as const)('C6 of "%s" goes the one at %i', (text, place) => {
    const rows = text.split(', ').flatMap((one) => {
      const [role, group] = one.split(' ');
      return role === '' || group === undefined ? [] : [{ role: role as LaneRole, group }];
    });
    const next = nextInLane(rows);
    expect(next === undefined ? -1 : rows.indexOf(next)).toBe(place);
  });
});
