import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits/index.ts';
import { failures, type FailureCode } from './failures.ts';
import {
  afterCrash,
  afterFailedCheck,
  afterFault,
  afterLook,
  afterSend,
  heldAsDown,
  lateSuccess,
  mayBeLate,
  putOff,
  type LookResult,
  type SendResult,
} from './outcome.ts';
import { lookDelayMs, retryDelayMs } from './schedule.ts';
import { now, stateNames, states, write, writeIn } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import type { StateName, StateOf, WriteRow, WriteState } from './write.ts';

const chance = 0.5;
const settleMs = limits.searchSettleMs;
const codes = Object.keys(failures) as readonly FailureCode[];
const found = {
  reference: 'DocumentReference/11',
  versionId: '1',
  landing: 'charted',
  verification: { result: 'verified' },
} as const;
const askAgain: WriteState = {
  name: 'awaiting-approval',
  roles: ['clinical-owner'],
  reason: 'sent once, and not in the chart; may it be sent again?',
};

function legal(from: StateName, moves: readonly WriteState[]): void {
  let at = from;
  for (const { name } of moves) {
    expect(mayMove(at, name), `${at} -> ${name}`).toBe(true);
    at = name;
  }
}
const spell = (moves: readonly WriteState[]): string =>
  moves.map((state) => ('code' in state ? `${state.name} ${state.code}` : state.name)).join(', ');

describe('afterSend', () => {
  const sent = (attempts = 1, tier: WriteRow['tier'] = 'medium'): WriteRow => writeIn('in-flight', { attempts, tier });
  const last = limits.attemptsMax;

  it('C5 keeps what the EHR showed when the change was made', () => {
    const verification = { result: 'due', nextAt: now + 5, looks: 0 } as const;
    expect(afterSend(sent(), { outcome: 'applied', ...found, landing: 'draft', verification }, now, chance)).toEqual([
      {
        name: 'committed',
        evidence: { reference: 'DocumentReference/11', versionId: '1', seq: -1 },
        landing: 'draft',
        verification,
        at: now,
        late: false,
      },
    ]);
  });

  it('C4 turns every unclear end, and every conflict told by the EHR alone, into something to be looked at', () => {
    for (const outcome of ['unknown', 'conflict'] as const) {
      for (const code of codes) {
        for (const attempts of [1, last, last + 1]) {
          const state = {
            name: 'unknown',
            code,
            since: now,
            looks: 0,
            absentLooks: 0,
            nextAt: now + lookDelayMs(0, chance, null),
            personSince: null,
          };
          expect(afterSend(sent(attempts, 'high'), { outcome, code }, now, chance)).toEqual([state]);
        }
      }
    }
  });

  const table: readonly (readonly [result: SendResult, attempts: number, ends: string, waits: number | null])[] = [
    [{ outcome: 'not-applied', code: 'ehr-unreachable' }, 1, 'failed-retryable ehr-unreachable', retryDelayMs(1, chance, null)],
    [{ outcome: 'not-applied', code: 'ehr-unreachable' }, 0, 'failed-retryable ehr-unreachable', retryDelayMs(1, chance, null)],
    [{ outcome: 'not-applied', code: 'ehr-fault' }, 5, 'failed-retryable ehr-fault', retryDelayMs(5, chance, null)],
    [{ outcome: 'not-applied', code: 'ehr-fault' }, last - 1, 'failed-retryable ehr-fault', retryDelayMs(last - 1, chance, null)],
    [{ outcome: 'not-applied', code: 'ehr-fault' }, last, 'failed-terminal attempts-used-up', null],
    [{ outcome: 'not-applied', code: 'ehr-fault' }, last + 5, 'failed-terminal attempts-used-up', null],
    [
      { outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: null },
      1,
      'failed-retryable ehr-rate-limit',
      retryDelayMs(1, chance, null),
    ],
    [{ outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: 90_000 }, 1, 'failed-retryable ehr-rate-limit', 90_000],
    [
      { outcome: 'throttled', code: 'ehr-unavailable', retryAfterMs: 86_400_000 },
      1,
      'failed-retryable ehr-unavailable',
      limits.retryAfterMaxMs,
    ],
    [{ outcome: 'throttled', code: 'ehr-unavailable', retryAfterMs: 90_000 }, last, 'failed-terminal attempts-used-up', null],
    [{ outcome: 'refused', code: 'ehr-rejected' }, 1, 'failed-terminal ehr-rejected', null],
    [{ outcome: 'refused', code: 'ehr-not-supported' }, last, 'failed-terminal ehr-not-supported', null],
    [{ outcome: 'refused', code: 'sign-in-needed' }, 1, 'held', null],
    [{ outcome: 'refused', code: 'permission-denied' }, last, 'held', null],
  ];
  it.each(table)('C6 after %j at attempt %i: %s', (result, attempts, ends, waits) => {
    const moves = afterSend(sent(attempts), result, now, chance);
    expect(spell(moves)).toBe(ends);
    legal('in-flight', moves);
    const [state] = moves;
    if (waits !== null) expect(state).toHaveProperty('nextAt', now + waits);
    if (state?.name === 'held') {
      expect(state).toEqual({
        name: 'held',
        hold: { code: (result as { code: FailureCode }).code, liftedBy: 'integration-administrator' },
        resume: 'pending',
      });
    }
  });

  it('I2 holds for every refusal that a person can lift, and ends every other', () => {
    for (const code of codes) {
      const [state] = afterSend(sent(), { outcome: 'refused', code }, now, chance);
      expect(state?.name, code).toBe(failures[code].nature === 'lift' ? 'held' : 'failed-terminal');
    }
  });
});

type Unknown = StateOf<'unknown'>;
const unknown = (changes: Partial<Unknown> = {}, row: Partial<WriteRow> = {}): WriteRow =>
  write({ attempts: 1, ...row, state: { ...states.unknown, ...changes } });

describe('afterLook', () => {
  const look = (row: WriteRow, result: LookResult, at = now + settleMs): readonly WriteState[] =>
    afterLook(row, result, at, chance, settleMs);

  it.each(stateNames.filter((name) => name !== 'unknown'))('C4 settles nothing but an unknown write: %s is a fault', (name) => {
    expect(() => look(writeIn(name), { outcome: 'absent' })).toThrow(
      `a look settles only an unknown write, not one that is ${name}`,
    );
  });

  it('C4 finds it: charted, with what was found as evidence', () => {
    for (const personSince of [null, now]) {
      const moves = look(unknown({ looks: 11, absentLooks: 2, personSince }), { outcome: 'present', ...found }, now + 9);
      expect(moves).toEqual([
        {
          name: 'committed',
          evidence: { reference: found.reference, versionId: '1', seq: -1 },
          landing: 'charted',
          verification: found.verification,
          at: now + 9,
          late: false,
        },
      ]);
    }
  });

  it('C4 finds two: a person must look, whatever was known before', () => {
    expect(look(unknown({ looks: 1, absentLooks: 2 }), { outcome: 'duplicate' })).toEqual([
      { ...states.unknown, code: 'chart-has-two', looks: 2, absentLooks: 2, personSince: now + settleMs },
    ]);
  });

  it('D2 finds that someone else changed it: a conflict, proved by looking', () => {
    expect(look(unknown({ code: 'version-conflict' }), { outcome: 'moved', reference: 'Patient/7' })).toEqual([
      { name: 'conflict', code: 'version-conflict', found: 'Patient/7' },
    ]);
  });

  it.each<[absentLooks: number, age: number, code: FailureCode, ends: string]>([
    // The EHR itself refused it: nothing of it is on its way any more.
    [0, 1, 'version-conflict', 'conflict version-conflict'],
    // No answer came: the request may still arrive, at an EHR that was put back to the version it is based on, or that
    // does not keep If-Match.
    [0, 1, 'reply-lost', 'unknown reply-lost'],
    [50, settleMs - 1, 'reply-lost', 'unknown reply-lost'],
    [1, settleMs * 100, 'crashed-in-flight', 'unknown crashed-in-flight'],
    [2, settleMs, 'reply-lost', 'conflict version-conflict'],
    [2, settleMs, 'reply-unclear', 'conflict version-conflict'],
    // What was only accepted may be carried out at any time.
    [50, settleMs * 100, 'accepted-only', 'unknown accepted-only'],
    [50, settleMs * 100, 'held-in-ehr', 'unknown held-in-ehr'],
  ])('INV-12 %i looks found it moved or absent, %i ms on, after %s: it moved, so %s', (absentLooks, age, code, ends) => {
    const row = unknown({ code, looks: absentLooks + 1, absentLooks });
    const moves = look(row, { outcome: 'moved', reference: 'Patient/7' }, now + age);
    expect(spell(moves)).toBe(ends);
    if (moves[0]?.name === 'unknown') expect(moves[0].absentLooks).toBe(absentLooks + 1);
  });

  // Looks that found nothing so far, time since it was sent, tier, attempts, code -> what follows a look that finds nothing.
  const absent: readonly (readonly [
    looks: number,
    age: number,
    tier: WriteRow['tier'],
    attempts: number,
    code: FailureCode,
    ends: string,
  ])[] = [
    [0, settleMs, 'medium', 1, 'reply-lost', 'unknown reply-lost'],
    [1, settleMs * 100, 'medium', 1, 'reply-lost', 'unknown reply-lost'],
    [2, settleMs - 1, 'medium', 1, 'reply-lost', 'unknown reply-lost'],
    [50, settleMs - 1, 'medium', 1, 'reply-lost', 'unknown reply-lost'],
    [50, -60_000, 'medium', 1, 'reply-lost', 'unknown reply-lost'],
    [2, settleMs, 'low', 1, 'reply-lost', 'failed-retryable reply-lost'],
    [2, settleMs, 'medium', 1, 'reply-late', 'failed-retryable reply-late'],
    [2, settleMs, 'medium', 1, 'version-conflict', 'failed-retryable version-conflict'],
    [2, settleMs, 'medium', limits.attemptsMax - 1, 'reply-lost', 'failed-retryable reply-lost'],
    [2, settleMs, 'medium', limits.attemptsMax, 'reply-lost', 'failed-terminal attempts-used-up'],
    [2, settleMs, 'high', 1, 'reply-lost', 'failed-retryable reply-lost, awaiting-approval'],
    [2, settleMs, 'high', limits.attemptsMax, 'reply-lost', 'failed-terminal attempts-used-up'],
    [2, settleMs, 'medium', 1, 'several-match', 'failed-terminal several-match'],
    [2, settleMs, 'high', 1, 'several-match', 'failed-terminal several-match'],
    [1, settleMs, 'medium', 1, 'several-match', 'unknown several-match'],
    [1, settleMs, 'medium', 1, 'accepted-then-refused', 'unknown accepted-then-refused'],
    [2, settleMs, 'medium', 1, 'accepted-then-refused', 'failed-terminal accepted-then-refused'],
    [2, settleMs, 'high', 1, 'accepted-then-refused', 'failed-terminal accepted-then-refused'],
  ];
  it.each(absent)(
    'C4 after %i looks that found nothing, %i ms on, %s risk, attempt %i, %s: %s',
    (looks, age, tier, attempts, code, ends) => {
      const row = unknown({ code, looks: looks + 1, absentLooks: looks }, { tier, attempts });
      const moves = look(row, { outcome: 'absent' }, now + age);
      expect(spell(moves)).toBe(ends);
      legal('unknown', moves);
      if (moves[0]?.name === 'unknown') {
        expect(moves[0]).toEqual({
          ...row.state,
          since: Math.min(now, now + age),
          looks: looks + 2,
          absentLooks: looks + 1,
          nextAt: now + age + lookDelayMs(looks + 2, chance, null),
        });
      }
      if (moves[0]?.name === 'failed-retryable') expect(moves[0].nextAt).toBe(now + age + retryDelayMs(attempts, chance, null));
      if (moves.length === 2) expect(moves[1]).toEqual(askAgain);
    },
  );

  const max = limits.lookUpsMax;
  // Looks so far, what the look ran into, what it asked for -> code, delay, whether a person must look now.
  const inconclusive: readonly (readonly [
    looks: number,
    code: FailureCode,
    asked: number | null,
    said: FailureCode,
    person: boolean,
  ])[] = [
    [0, 'ehr-unavailable', null, 'reply-lost', false],
    [0, 'ehr-unavailable', 60_000, 'reply-lost', false],
    [0, 'search-not-trusted', null, 'reply-lost', false],
    [max - 2, 'search-not-trusted', null, 'reply-lost', false],
    [max - 1, 'search-not-trusted', null, 'search-not-trusted', true],
    [max - 1, 'ehr-unavailable', null, 'look-ups-used-up', true],
    [max + 5, 'sign-in-needed', null, 'look-ups-used-up', true],
  ];
  it.each(inconclusive)(
    'C4 after %i looks, one that proves nothing (%s, Retry-After %s): %s, a person: %s',
    (looks, code, asked, said, person) => {
      const moves = look(unknown({ looks, absentLooks: 2 }), { outcome: 'inconclusive', code, retryAfterMs: asked }, now + 7);
      expect(moves).toEqual([
        {
          ...states.unknown,
          code: said,
          looks: looks + 1,
          absentLooks: 0,
          nextAt: now + 7 + lookDelayMs(looks + 1, chance, asked),
          personSince: person ? now + 7 : null,
        },
      ]);
      legal('unknown', moves);
    },
  );

  const anyLook: fc.Arbitrary<LookResult> = fc.oneof(
    { weight: 6, arbitrary: fc.constant<LookResult>({ outcome: 'absent' }) },
    fc.constant<LookResult>({ outcome: 'duplicate' }),
    fc.record({
      outcome: fc.constant('inconclusive' as const),
      code: fc.constantFrom<FailureCode>('ehr-unavailable', 'search-not-trusted'),
      retryAfterMs: fc.option(fc.nat(5_000)),
    }),
  );
  it('C4 never calls it absent before three looks in a row found nothing and the search had its time to settle', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(anyLook, fc.nat(2 * settleMs)), { minLength: 1, maxLength: 20 }),
        fc.constantFrom<WriteRow['tier']>('low', 'medium', 'high'),
        fc.integer({ min: 1, max: limits.attemptsMax }),
        (looks, tier, attempts) => {
          let row = unknown({}, { tier, attempts });
          let at = now;
          let inARow = 0;
          for (const [result, waited] of looks) {
            at += waited;
            const moves = afterLook(row, result, at, chance, settleMs);
            legal('unknown', moves);
            if (result.outcome === 'absent') inARow += 1;
            else if (result.outcome === 'inconclusive') inARow = 0;
            const proved = result.outcome === 'absent' && inARow >= 3 && at - now >= settleMs;
            const [state] = moves;
            if (state === undefined) throw new Error('nothing follows');
            expect(state.name === 'unknown').toBe(!proved);
            if (state.name !== 'unknown') {
              // Sent again by itself only where that is allowed: never a dangerous write, never without end.
              const end = moves.at(-1)?.name;
              expect(end).toBe(
                attempts >= limits.attemptsMax ? 'failed-terminal' : tier === 'high' ? 'awaiting-approval' : 'failed-retryable',
              );
              return;
            }
            expect(state.since).toBe(now);
            row = { ...row, state };
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('C4 comes to an end: looks that prove nothing, mixed in any way, reach a person', () => {
    fc.assert(
      fc.property(fc.infiniteStream(fc.boolean()), (absences) => {
        let row = unknown();
        for (let looks = 0; looks < 3 * max; looks += 1) {
          const absence = absences.next().value === true && looks % 3 !== 2;
          const result: LookResult = absence
            ? { outcome: 'absent' }
            : { outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: null };
          const [state] = afterLook(row, result, now + looks * settleMs, chance, settleMs);
          if (state?.name !== 'unknown' || state.personSince !== null) return;
          row = { ...row, state };
        }
        throw new Error('it is still being looked for');
      }),
    );
  });
});

describe('afterCrash and afterFault', () => {
  const crashed: WriteState = { ...states.unknown, code: 'crashed-in-flight', nextAt: now + lookDelayMs(0, chance, null) };

  it('C5 takes what was in flight for possibly charted', () => {
    expect(afterCrash(now, chance)).toEqual([crashed]);
    legal('in-flight', afterCrash(now, chance));
  });

  const given = { name: 'failed-terminal', code: 'invariant-broken' } as const;
  const unread = { result: 'not-verifiable', reason: 'Countersign could not compare it; see the operational log' } as const;
  const table: readonly (readonly [state: StateName, then: WriteState | null])[] = [
    ['draft', given],
    ['validated', null],
    ['awaiting-approval', null],
    ['held', null],
    ['pending', given],
    ['in-flight', crashed],
    ['unknown', { ...states.unknown, code: 'invariant-broken', personSince: now }],
    ['conflict', null],
    ['failed-retryable', given],
    ['failed-terminal', null],
    ['resolved-by-hand', null],
    ['committed', { ...states.committed, verification: unread }],
    ['superseded', null],
    ['withdrawn', null],
    ['compensated', null],
    ['corrected', null],
    ['quarantined', null],
  ];
  it.each(table)('C5 a fault of the engine itself on a write that is %s', (name, then) => {
    const moves = afterFault(writeIn(name), now, chance);
    expect(moves).toEqual(then === null ? null : [then]);
    if (moves !== null) legal(name, moves);
  });

  it('C5 says so for every state', () => {
    expect(table.map(([name]) => name)).toEqual(stateNames);
  });
});

describe('afterFailedCheck', () => {
  it('C6 checks again later and later, says why, and holds the draft once it has failed too often', () => {
    let looks = 0;
    for (;;) {
      const state = afterFailedCheck(looks, 'ehr-unreachable', now, chance, null);
      legal('draft', [state]);
      if (state.name === 'held') {
        expect(looks + 1).toBe(limits.checksMax);
        expect(state).toMatchObject({ hold: { code: 'checks-used-up', liftedBy: 'operations-lead' }, resume: 'draft' });
        expect(state.hold.reason).toContain(failures['ehr-unreachable'].words);
        return;
      }
      expect(state).toEqual({
        name: 'draft',
        nextAt: now + lookDelayMs(looks, chance, null),
        looks: looks + 1,
        code: 'ehr-unreachable',
      });
      looks = state.looks;
    }
  });
});

describe('late success', () => {
  it.each(stateNames)('C4 %s: not charted by an attempt, and found all the same', (name) => {
    const late = ['failed-terminal', 'withdrawn', 'superseded', 'conflict', 'resolved-by-hand'].includes(name);
    const given = late || ['draft', 'awaiting-approval', 'held', 'pending', 'failed-retryable'].includes(name);
    expect(mayBeLate({ ...writeIn(name), attempts: 1 })).toBe(given);
    expect(mayBeLate({ ...writeIn(name), attempts: 0 })).toBe(false);
    const moves = lateSuccess({ ...writeIn(name), attempts: 1 }, found, now);
    if (!given) expect(moves).toBeNull();
    else {
      legal(name, moves ?? []);
      expect(moves).toMatchObject([{ name: 'committed', late, verification: { result: 'verified' } }]);
    }
  });
});

describe('absence', () => {
  it('C4 INV-2 of what was recorded by a clock years ahead is proved from now on, not from then', () => {
    const ahead = now + 10 * 365 * 24 * 3_600_000;
    let row = write({ attempts: 1, state: { ...states.unknown, since: ahead, absentLooks: limits.absenceLooksMin } });
    const [first] = afterLook(row, { outcome: 'absent' }, now, chance, settleMs);
    expect(first).toMatchObject({ name: 'unknown', since: now });
    if (first === undefined) return;
    row = { ...row, state: first };
    expect(afterLook(row, { outcome: 'absent' }, now + settleMs - 1, chance, settleMs)).toMatchObject([{ name: 'unknown' }]);
    expect(afterLook(row, { outcome: 'absent' }, now + settleMs, chance, settleMs)).not.toMatchObject([{ name: 'unknown' }]);
  });

  it('C4 of a request that was only accepted is never proved: a person decides in the end', () => {
    let row = write({ attempts: 1, state: { ...states.unknown, code: 'accepted-only', since: now } });
    for (let look = 1; look <= limits.lookUpsMax; look += 1) {
      const moves = afterLook(row, { outcome: 'absent' }, now + 10 * settleMs, chance, settleMs);
      const [state] = moves;
      expect(moves).toHaveLength(1);
      expect(state).toMatchObject({
        name: 'unknown',
        code: 'accepted-only',
        looks: look,
        personSince: look === limits.lookUpsMax ? now + 10 * settleMs : null,
      });
      if (state !== undefined) row = { ...row, state };
    }
  });

  it('C4 takes as many looks as the connection asks for', () => {
    let row = write({ attempts: 1, state: { ...states.unknown, since: now - settleMs } });
    for (let look = 1; look <= 5; look += 1) {
      const [state] = afterLook(row, { outcome: 'absent' }, now, chance, settleMs, 5);
      expect(state?.name).toBe(look < 5 ? 'unknown' : 'failed-retryable');
      if (state !== undefined) row = { ...row, state };
    }
  });
});

describe('putOff', () => {
  it.each(['pending', 'failed-retryable'] as const)('C6 from %s: later, and held once it has been too often', (name) => {
    let row = writeIn(name);
    for (let look = 1; ; look += 1) {
      const moves = putOff(row, 'ehr-unavailable', now, chance, null);
      legal(row.state.name, moves);
      const state = moves.at(-1);
      if (state?.name === 'held') {
        expect(look).toBe(limits.checksMax);
        expect(state).toMatchObject({ hold: { code: 'checks-used-up' }, resume: 'pending' });
        break;
      }
      expect(state).toMatchObject({ name: 'pending', code: 'ehr-unavailable', looks: look });
      if (state !== undefined) row = { ...row, state };
    }
  });

  it('C6 waits at least as long as the EHR asked, and holds at once what only a person can mend', () => {
    expect(putOff(writeIn('pending'), 'ehr-rate-limit', now, chance, 90_000)).toMatchObject([{ nextAt: now + 90_000 }]);
    expect(putOff(writeIn('pending'), 'sign-in-needed', now, chance, null)).toMatchObject([
      { name: 'held', hold: { code: 'sign-in-needed', liftedBy: 'integration-administrator' } },
    ]);
  });
});

describe('heldAsDown', () => {
  it.each(stateNames)('C6 %s: what is to be sent or checked is held, everything else is not for it', (name) => {
    const moves = heldAsDown(writeIn(name), now, 'ehr-unavailable');
    if (!['draft', 'pending', 'failed-retryable'].includes(name)) expect(moves).toBeNull();
    else {
      legal(name, moves ?? []);
      expect(moves?.at(-1)).toMatchObject({ name: 'held', resume: name === 'draft' ? 'draft' : 'pending' });
    }
  });
});
