import { describe, expect, it } from 'vitest';
import { ClockGuard } from './clock-guard.ts';
import type { Exchange } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

const START = Date.parse('2026-03-02T10:00:00Z');
class SteppedClock {
  wall = START;
  passed = 0;
  now = () => this.wall;
  monotonic = () => this.passed;
  pass(ms: number): void {
    this.wall += ms;
    this.passed += ms;
  }
}
const exchange = (at: number, date: number): Exchange => ({
  at,
  method: 'GET',
  path: 'Patient/1',
  requestSha256: null,
  status: 200,
  headers: { date: new Date(date).toUTCString() },
  body: null,
  bodySha256: null,
  fault: null,
  durationMs: 0,
});

const HOUR = 60 * 60_000;

describe('the clock of a run', () => {
  it.each([HOUR, -HOUR, 87_600 * HOUR, -87_600 * HOUR])(
    'INV-19 a step by %i ms is seen, and its time never goes back',
    (step) => {
      const clock = new SteppedClock();
      const guard = new ClockGuard(clock);
      clock.pass(10_000);
      expect(guard.unsafe()).toBeNull();
      const before = guard.now();
      clock.wall += step;
      expect(guard.unsafe()).toContain(step > 0 ? 'forward' : 'back');
      expect(guard.now()).toBeGreaterThanOrEqual(before);
      const stepped = guard.now();
      clock.pass(5_000);
      expect(guard.now()).toBe(stepped + 5_000);
    },
  );

  it.each([HOUR, -HOUR])('a step by %i ms that the clock of an EHR confirms is safe again', (step) => {
    const clock = new SteppedClock();
    const guard = new ClockGuard(clock);
    clock.wall += step;
    guard.observe('ehr', [exchange(clock.wall, clock.wall - 700)]);
    expect(guard.unsafe()).toBeNull();
    clock.wall -= step;
    expect(guard.unsafe()).not.toBeNull();
  });

  it('a wrong clock shows against that of an EHR, and is safe once they agree', () => {
    const clock = new SteppedClock();
    const guard = new ClockGuard(clock);
    guard.observe('ehr', [exchange(clock.wall, clock.wall + limits.clockSkewMaxMs + 2_000)]);
    expect(guard.unsafe()).toContain('ehr');
    guard.observe('ehr', [exchange(clock.wall, clock.wall + 1_000)]);
    expect(guard.unsafe()).toBeNull();
  });

  it('gives whole milliseconds over a finer monotonic clock', () => {
    const clock = new SteppedClock();
    const guard = new ClockGuard(clock);
    clock.passed += 12.75;
    expect(Number.isSafeInteger(guard.now())).toBe(true);
    expect(guard.now()).toBe(START + 12);
  });

  it('answers without a readable date say nothing', () => {
    const guard = new ClockGuard(new SteppedClock());
    const { headers: _headers, ...rest } = exchange(START, START + 10 * HOUR);
    guard.observe('ehr', [
      { ...rest, headers: {} },
      { ...rest, headers: { date: 'yesterday' } },
    ]);
    guard.observe('ehr', []);
    expect(guard.unsafe()).toBeNull();
  });
});

describe('how the clock stands', () => {
  const settle = (clock: SteppedClock, guard: ClockGuard, skewMs: number): void =>
    guard.observe('ehr', [exchange(clock.now(), clock.now() + skewMs)]);

  it('INV-19 is not known before an EHR has said what time it is', () => {
    expect(new ClockGuard(new SteppedClock()).judged()).toBeNull();
  });

  it.each([
    [2_000, true],
    [-limits.clockSkewMaxMs, true],
    [limits.clockSkewMaxMs + 1_000, false],
    [-limits.clockSkewMaxMs - 1_000, false],
  ])('INV-19 an EHR that is %i ms ahead: can be trusted %s, with what was seen', (skewMs, safe) => {
    const clock = new SteppedClock();
    const guard = new ClockGuard(clock);
    settle(clock, guard, skewMs);
    const date = new Date(START + skewMs).toUTCString();
    expect(guard.judged()).toMatchObject({ safe, jumpMs: 0, evidence: [{ connection: 'ehr', at: START, date, skewMs }] });
    expect(guard.judged()?.words === null).toBe(safe);
  });

  it('INV-19 a step is told before anybody has said what time it is, and is over once an EHR agrees', () => {
    const clock = new SteppedClock();
    const guard = new ClockGuard(clock);
    clock.wall -= HOUR;
    expect(guard.judged()).toMatchObject({ safe: false, jumpMs: -HOUR, evidence: [] });
    guard.observe('ehr', [exchange(clock.now(), clock.now())]);
    expect(guard.judged()).toMatchObject({ safe: true, words: null });
  });
});
