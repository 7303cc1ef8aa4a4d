import { describe, expect, it } from 'vitest';
import { askedUntil, waitAsAsked } from './retry-after.ts';
import { now, writeIn } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import { limits } from '../limits/index.ts';
import type { StateName } from './write.ts';

const hour = 3_600_000;

describe('INV-18 C6 a write of which the EHR wants nothing for a while', () => {
  it.each([
    ['pending', ['pending']],
    ['failed-retryable', ['pending', 'pending']],
  ] as const)('C6 %s waits until then, and says for what: %j', (name, through) => {
    const moves = waitAsAsked({ ...writeIn(name), askedUntil: now + hour }, now) ?? [];
    expect(moves.map((state) => state.name)).toEqual(through);
    expect(moves.at(-1)).toMatchObject({ code: 'ehr-rate-limit', nextAt: now + hour });
    let from: StateName = name;
    for (const state of moves) {
      expect(mayMove(from, state.name)).toBe(true);
      from = state.name;
    }
  });

  it.each([
    ['nothing was asked', undefined],
    ['the time has come', now],
    ['it is over', now - hour],
    ['a wrong clock wrote it', now + limits.retryAfterMaxMs + 1],
  ])('C6 %s: it may go', (_why, until) => {
    const row = until === undefined ? writeIn('pending') : { ...writeIn('pending'), askedUntil: until };
    expect(waitAsAsked(row, now)).toBeNull();
  });

  it('C6 the longest that is followed is still waited for', () => {
    expect(waitAsAsked({ ...writeIn('pending'), askedUntil: now + limits.retryAfterMaxMs }, now)).not.toBeNull();
  });
});

it.each([
  [{ outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: 90_000 }, 90_000],
  [{ outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: 999 * hour }, limits.retryAfterMaxMs],
  [{ outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: null }, null],
  [{ outcome: 'not-applied', code: 'ehr-fault' }, null],
] as const)('C6 %j asks for a pause of %s ms', (result, pause) => {
  expect(askedUntil(result, now)).toEqual(pause === null ? {} : { askedUntil: now + pause });
});
