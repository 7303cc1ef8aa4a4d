import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admits,
  admitsChange,
  admitsRetry,
  afterExchange,
  isDown,
  newFlow,
  refilled,
  restOf,
  retriesLeft,
  shareOf,
  spent,
  withRetriesLeft,
  type Flow,
} from './flow.ts';
import { failures, type FailureCode } from './failures.ts';
import { limits } from '../limits/index.ts';

const troubled = (times: number, code: FailureCode = 'ehr-unreachable', now = 0): Flow => {
  let flow = newFlow(now);
  for (let n = 0; n < times; n += 1) flow = afterExchange(flow, code, null, now);
  return flow;
};
const broken = troubled(limits.breakerFailuresMax);

describe('C6 C4 a connection that several engines share', () => {
  it.each([
    [{}, 1, {}],
    [{}, 3, { inFlightMax: Math.floor(limits.inFlightPerConnectionMax / 3) }],
    [{ inFlightMax: 4 }, 2, { inFlightMax: 2 }],
    [{ inFlightMax: 2 }, 3, { inFlightMax: 1 }],
    [
      { inFlightMax: 5_000, sendsPerMinuteMax: 90, retriesPerMinuteMax: 12 },
      2,
      { inFlightMax: Math.floor(limits.inFlightPerConnectionMax / 2), sendsPerMinuteMax: 45, retriesPerMinuteMax: 6 },
    ],
  ])('C6 %j is for each of %i engines %j', (settings, engines, share) => {
    expect(shareOf(settings, engines)).toEqual(share);
  });

  it('C6 together they never send faster than the connection may', () => {
    const engines = fc.integer({ min: 2, max: 5 });
    fc.assert(
      fc.property(engines, fc.integer({ min: 1, max: 1_200 }), fc.integer({ min: 1, max: 120 }), (count, rate, seconds) => {
        const share = shareOf({ sendsPerMinuteMax: rate }, count);
        let sent = 0;
        for (let engine = 0; engine < count; engine += 1) {
          let flow = newFlow(0);
          for (let now = 0; now <= seconds * 1_000; now += 100) {
            flow = refilled(flow, share, now);
            while (admits(flow, share, 0, true, now) === 0) {
              flow = spent(flow, share, false);
              sent += 1;
            }
          }
        }
        // Each begins with the tokens of one second, and with one at least.
        expect(sent).toBeLessThanOrEqual((rate / 60) * (seconds + 1) + count);
      }),
      { numRuns: 50 },
    );
  });
});

describe('C6 the budget of retries', () => {
  it('C6 never sends again more often than it may, however often that is asked', () => {
    const rates = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(rates, fc.array(fc.nat({ max: 2_000 }), { maxLength: 200 }), (rate, waits) => {
        const settings = { retriesPerMinuteMax: rate };
        let [now, sent] = [0, 0];
        let flow = refilled(newFlow(0), settings, 0);
        for (const wait of waits) {
          now += wait;
          flow = refilled(flow, settings, now);
          const at = admitsRetry(flow, settings, now);
          if (at === 0) {
            flow = spent(flow, settings, true);
            sent += 1;
          } else {
            expect(at).toBeGreaterThan(now);
            expect(admitsRetry(refilled(flow, settings, at), settings, at)).toBe(0);
          }
        }
        expect(sent).toBeLessThanOrEqual(Math.max(1, rate / 6) + (now * rate) / 60_000 + 1e-6);
      }),
    );
  });

  it('C6 without a setting there is a least, and one more for every few that go for the first time', () => {
    const drained = { ...refilled(newFlow(0), {}, 0), retryTokens: 0 };
    expect(admitsRetry(drained, {}, 0)).toBe(60_000 / limits.retriesPerMinuteMin);
    let flow: Flow = drained;
    for (let n = 0; n < 100 / limits.retriesPercent; n += 1) flow = spent(flow, {}, false);
    expect(admitsRetry(flow, {}, 0)).toBe(0);
  });

  it('C6 what goes for the first time does not use it up, and is not kept by it', () => {
    let flow = refilled(newFlow(0), { retriesPerMinuteMax: 1 }, 0);
    flow = spent(flow, { retriesPerMinuteMax: 1 }, true);
    expect(admitsRetry(flow, { retriesPerMinuteMax: 1 }, 0)).toBe(60_000);
    expect(admits(flow, { retriesPerMinuteMax: 1 }, 0, true, 0)).toBe(0);
  });
});

describe('C6 the budget of retries over restarts', () => {
  it('C6 engines that start anew at any time send no more often than one that goes on, and what was left is not lost', () => {
    const rates = fc.integer({ min: 1, max: 2_000 });
    const steps = fc.array(fc.record({ wait: fc.nat({ max: 2_000 }), restarts: fc.boolean() }), { maxLength: 200 });
    fc.assert(
      fc.property(rates, steps, (rate, taken) => {
        const settings = { retriesPerMinuteMax: rate };
        let [now, sent] = [0, 0];
        let flow = refilled(newFlow(0), settings, 0);
        let kept: { left: number; at: number } | null = null;
        for (const { wait, restarts } of taken) {
          now += wait;
          if (restarts) {
            flow = newFlow(now);
            if (kept !== null) flow = withRetriesLeft(flow, settings, kept.left, now - kept.at);
          }
          flow = refilled(flow, settings, now);
          if (admitsRetry(flow, settings, now) !== 0) continue;
          flow = spent(flow, settings, true);
          kept = { left: retriesLeft(flow), at: now };
          sent += 1;
        }
        expect(sent).toBeLessThanOrEqual(Math.max(1, rate / 6) + (now * rate) / 60_000 + 1e-6);
      }),
    );
    const spentOnce = refilled(
      withRetriesLeft(newFlow(0), { retriesPerMinuteMax: 60 }, 4_000, 2_000),
      { retriesPerMinuteMax: 60 },
      0,
    );
    expect(retriesLeft(spentOnce)).toBe(6_000);
  });

  it('C6 a wall clock that was set back gives nothing, and one far ahead no more than a full budget', () => {
    const settings = { retriesPerMinuteMax: 60 };
    expect(retriesLeft(withRetriesLeft(newFlow(0), settings, 500, -1e12))).toBe(500);
    expect(retriesLeft(withRetriesLeft(newFlow(0), settings, 500, 1e12))).toBe(10_000);
  });
});

describe('C6 the circuit breaker', () => {
  it('C6 opens after enough failures in a row, and not before', () => {
    expect(admits(troubled(limits.breakerFailuresMax - 1), {}, 0, true, 0)).toBe(0);
    expect(admits(broken, {}, 0, true, 0)).toBe(limits.breakerOpenMs);
    expect(admits(broken, {}, 0, false, limits.breakerOpenMs - 1)).toBe(limits.breakerOpenMs);
  });

  it('C6 lets one probe through when its time has come, and everything once that has come back well', () => {
    const later = limits.breakerOpenMs;
    expect(admits(broken, {}, 0, true, later)).toBe(0);
    expect(admits(broken, {}, 1, true, later)).toBeNull();
    const well = afterExchange(broken, null, null, later);
    expect(admits(well, {}, 5, true, later)).toBe(0);
    expect(well).toMatchObject({ failures: 0, openUntil: null, opened: 0 });
  });

  it('C6 rests longer with each probe that fails, up to a limit', () => {
    let flow = broken;
    const rests: number[] = [];
    for (let n = 0; n < 12; n += 1) {
      const at = flow.openUntil ?? 0;
      flow = afterExchange(flow, 'ehr-unavailable', null, at);
      rests.push((flow.openUntil ?? 0) - at);
    }
    expect(rests.slice(0, 3)).toEqual([2, 4, 8].map((n) => n * limits.breakerOpenMs));
    expect(Math.max(...rests)).toBe(limits.breakerOpenMaxMs);
    expect([...rests].sort((a, b) => a - b)).toEqual(rests);
  });

  it('C6 calls an EHR down after so many rests in a row, until something succeeds', () => {
    let flow = newFlow(0);
    let rests = 0;
    while (!isDown(flow)) {
      const before = flow.opened;
      flow = afterExchange(flow, 'ehr-unreachable', null, flow.openUntil ?? 0);
      rests += flow.opened - before;
    }
    expect(rests).toBe(limits.breakerRestsMax);
    expect(isDown(afterExchange(flow, null, null, flow.openUntil ?? 0))).toBe(false);
  });

  it('C6 is not moved by what was under way when it opened', () => {
    expect(afterExchange(broken, 'reply-lost', null, 1).openUntil).toBe(broken.openUntil);
  });

  it.each(Object.keys(failures) as FailureCode[])('C6 %s counts only when the EHR itself is the trouble', (code) => {
    const trouble = ['ehr-unreachable', 'ehr-unavailable', 'ehr-fault', 'reply-lost', 'reply-late'].includes(code);
    expect(troubled(limits.breakerFailuresMax, code).openUntil !== null).toBe(trouble);
  });
});

describe('C6 what the EHR asks for', () => {
  it('C6 a Retry-After pauses the whole connection, reads too, and never more than the limit', () => {
    const paused = afterExchange(newFlow(0), 'ehr-rate-limit', 7_000, 0);
    for (const sends of [true, false]) {
      expect(admits(paused, {}, 0, sends, 6_999)).toBe(7_000);
      expect(admits(paused, {}, 0, sends, 7_000)).toBe(0);
    }
    expect(afterExchange(newFlow(0), 'ehr-rate-limit', 10 ** 12, 0).pausedUntil).toBe(limits.retryAfterMaxMs);
    // A later answer that asks for less does not shorten it.
    expect(afterExchange(paused, null, null, 1).pausedUntil).toBe(7_000);
  });
});

describe('C6 what a connection is set to', () => {
  it('C6 no more is under way at once than it may have', () => {
    expect(admits(newFlow(0), { inFlightMax: 2 }, 1, true, 0)).toBe(0);
    expect(admits(newFlow(0), { inFlightMax: 2 }, 2, true, 0)).toBeNull();
    expect(admits(newFlow(0), {}, limits.inFlightPerConnectionMax, true, 0)).toBeNull();
    expect(admits(newFlow(0), { inFlightMax: 10 ** 6 }, limits.inFlightPerConnectionMax, true, 0)).toBeNull();
  });

  it('C6 never sends faster than it may, however it is asked, and reads without limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6_000 }), fc.array(fc.nat({ max: 500 }), { maxLength: 200 }), (rate, waits) => {
        const settings = { sendsPerMinuteMax: rate };
        let [now, sent] = [0, 0];
        let flow = refilled(newFlow(0), settings, 0);
        for (const wait of waits) {
          now += wait;
          flow = refilled(flow, settings, now);
          expect(admits(flow, settings, 0, false, now)).toBe(0);
          const at = admits(flow, settings, 0, true, now);
          if (at === 0) {
            flow = spent(flow, settings, false);
            sent += 1;
          } else expect(at).toBeGreaterThan(now);
        }
        expect(sent).toBeLessThanOrEqual(Math.max(1, rate / 60) + (now * rate) / 60_000 + 1e-6);
      }),
    );
  });
});

describe('C6 the circuit breaker of changes', () => {
  const sent = (times: number, code: FailureCode | null = 'ehr-unavailable', from: Flow = newFlow(0), now = 0): Flow => {
    let flow = from;
    for (let n = 0; n < times; n += 1) flow = afterExchange(afterExchange(flow, null, null, now), code, null, now, true);
    return flow;
  };

  it('C6 opens though reads between the changes are answered, and lets reads go on', () => {
    const open = sent(limits.breakerFailuresMax);
    expect(admitsChange(sent(limits.breakerFailuresMax - 1), 0, 0)).toBe(0);
    expect(admitsChange(open, 0, 0)).toBe(limits.breakerOpenMs);
    expect(admits(open, {}, 0, true, 0)).toBe(0);
    expect(restOf(open)).toEqual({ what: 'changes', code: 'ehr-unavailable', down: false });
  });

  it('C6 lets one change through at a time when it is half open, and all once one went well; a read does not close it', () => {
    const open = sent(limits.breakerFailuresMax);
    const later = limits.breakerOpenMs;
    expect(admitsChange(open, 0, later)).toBe(0);
    expect(admitsChange(open, 1, later)).toBeNull();
    expect(admitsChange(afterExchange(open, null, null, later), 1, later)).toBeNull();
    const well = afterExchange(open, null, null, later, true);
    expect(admitsChange(well, 5, later)).toBe(0);
    expect(restOf(well)).toBeNull();
  });

  it('C6 what is due to be sent counts as down in the end, what is read does not', () => {
    let flow = sent(limits.breakerFailuresMax);
    while (!isDown(flow, true)) flow = sent(1, 'ehr-unavailable', flow, flow.changes.openUntil ?? 0);
    expect(flow.changes.opened).toBe(limits.breakerRestsMax);
    expect(isDown(flow)).toBe(false);
    expect(restOf(flow)).toMatchObject({ what: 'changes', down: true });
  });

  it('C6 an EHR that answers nothing rests altogether, and that is what is told', () => {
    expect(restOf(troubled(limits.breakerFailuresMax - 1))).toBeNull();
    expect(restOf(broken)).toEqual({ what: 'everything', code: 'ehr-unreachable', down: false });
  });
});
