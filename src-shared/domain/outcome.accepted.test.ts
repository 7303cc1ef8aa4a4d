import { describe, expect, it } from 'vitest';
import { acceptedEnded, afterLateLook } from './outcome.ts';
import { now, states, write } from './testing/builders.ts';
import type { StateOf } from './write.ts';

const found = {
  reference: 'DocumentReference/11',
  versionId: '1',
  landing: 'charted',
  verification: { result: 'verified' },
} as const;

describe('what was only accepted', () => {
  const accepted: StateOf<'unknown'> = { ...states.unknown, code: 'accepted-only', looks: 4, absentLooks: 2, monitor: 'Job/1' };

  it.each([
    [false, 'reply-unclear'],
    [true, 'accepted-then-refused'],
  ] as const)('C4 has ended, failed: %s, as the EHR says: absence is proved anew from now on', (failed, code) => {
    const { monitor: _monitor, ...kept } = accepted;
    expect(acceptedEnded(accepted, failed, now + 5)).toEqual({ ...kept, code, since: now + 5, absentLooks: 0 });
  });

  it('C4 is looked for late, too: found settles it, found twice is told, anything else changes only the next look', () => {
    const personSince = now - 1;
    const asked = write({ state: { ...accepted, personSince } });
    expect(afterLateLook(asked, { outcome: 'present', ...found }, now).map(({ name }) => name)).toEqual(['committed']);
    expect(afterLateLook(asked, { outcome: 'duplicate' }, now)[0]).toMatchObject({ code: 'chart-has-two', personSince });
    const [still] = afterLateLook(asked, { outcome: 'absent' }, now);
    expect(still).toMatchObject({ name: 'unknown', code: 'accepted-only', personSince, absentLooks: 2 });
    expect(still?.name === 'unknown' && still.nextAt > now).toBe(true);
    expect(() => afterLateLook(write({ state: { ...accepted, personSince: null } }), { outcome: 'absent' }, now)).toThrow(
      RangeError,
    );
  });
});
