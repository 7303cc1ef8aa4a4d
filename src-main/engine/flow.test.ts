import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine } from './index.ts';
import { agreeing } from './testing/fake-ehr.ts';
import { clinician, connection, Harness, record } from './testing/harness.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** How much goes to one EHR, and how the clock is watched. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const several = (count: number): Promise<readonly unknown[]> =>
  harness.ingest(...Array.from({ length: count }, (_, n) => record({ id: `e${n}`, patient: `p${n}` })));
const states = async (): Promise<Readonly<Record<string, number>>> => (await harness.deps.ledger.counts()).byState;

describe('an EHR in trouble', () => {
  it('C6 is left alone and probed, not stormed; everything goes once it works again', async () => {
    let asked = 0;
    const downUntil = harness.clock.now() + 30_000;
    harness.ehr.lookUps = (query) => {
      if (harness.clock.now() >= downUntil) return agreeing(query);
      asked += 1;
      return { outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: null, message: 'down' };
    };
    await several(60);
    await harness.drain();
    expect(await states()).toEqual({ committed: 60 });
    // Those that were under way when it opened, and then one probe after each rest of 2, 4, 8 and 16 seconds.
    expect(asked).toBeLessThanOrEqual(limits.inFlightPerConnectionMax + 10);
  });

  it('C6 that stays away does not keep a run from ending: what is due is held, and goes on when the EHR is back', async () => {
    let down = true;
    harness.ehr.lookUps = (query) =>
      down
        ? { outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: null, message: 'down' }
        : agreeing(query);
    await several(80);
    const startedAt = harness.clock.now();
    expect((await harness.drain()).end).toBe('drained');
    expect(await states()).toEqual({ held: 80 });
    expect(harness.clock.now() - startedAt).toBeLessThan(30 * 60_000);
    const stop = new AbortController();
    const running = runEngine(harness.deps)({
      drain: false,
      maxMs: 60 * 60_000,
      signal: stop.signal,
      onProgress: () => {
        // Back after half an hour, in the middle of a run without end.
        if (harness.clock.now() - startedAt > 60 * 60_000) down = false;
        void states().then((now) => now.committed === 80 && stop.abort());
      },
    });
    await running;
    expect(await states()).toEqual({ committed: 80 });
  });

  it('C6 does not keep another EHR waiting, however much waits for it', async () => {
    const two = await Harness.open([connection, { ...connection, name: 'other' }]);
    try {
      const open = two.ehr.open.bind(two.ehr);
      const down = Object.assign(Object.create(two.ehr) as typeof two.ehr, {
        lookUp: () =>
          Promise.resolve({ outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: null, message: 'down' }),
      });
      const gateways = { open: (name: string) => (name === 'ehr' ? Promise.resolve(down) : open()) };
      Object.assign(two.deps, { gateways });
      const count = limits.claimBatchMax + 20;
      await two.ingest(
        ...Array.from({ length: count }, (_, n) =>
          record({ id: `e${n}`, patient: `p${n}` }).replace('"content"', '"targets":[{"connection":"ehr"}],"content"'),
        ),
      );
      await two.ingest(record({ id: 'x' }).replace('"content"', '"targets":[{"connection":"other"}],"content"'));
      await two.drain(20_000);
      expect((await two.deps.ledger.counts()).byConnection.other).toEqual({ committed: 1 });
    } finally {
      await two.close();
    }
  });

  it('C6 a Retry-After pauses the whole connection', async () => {
    await several(1);
    harness.ehr.behaviours.push({ throttle: 60_000 });
    const startedAt = harness.clock.now();
    const times: number[] = [];
    harness.ehr.onSend = () => void times.push(harness.clock.now() - startedAt);
    await harness.drain(1_000);
    await harness.ingest(record({ id: 'later', patient: 'other' }));
    await harness.drain();
    expect(await states()).toEqual({ committed: 2 });
    expect(times[0]).toBeLessThan(1_000);
  });
});

describe('a connection with a rate', () => {
  it('C6 is sent no more per minute than it is set to', async () => {
    const slow = await Harness.open([{ ...connection, settings: { sendsPerMinuteMax: 30, inFlightMax: 2 } }]);
    try {
      const times: number[] = [];
      slow.ehr.onSend = () => void times.push(slow.clock.now());
      await slow.ingest(...Array.from({ length: 8 }, (_, n) => record({ id: `e${n}`, patient: `p${n}` })));
      await slow.drain();
      expect(times).toHaveLength(8);
      times.slice(1).forEach((at, n) => expect(at - (times[n] ?? 0)).toBeGreaterThanOrEqual(1_900));
    } finally {
      await slow.close();
    }
  });
});

describe('the budget of retries', () => {
  const budget = { ...connection, settings: { retriesPerMinuteMax: 1 } };

  it('C6 goes on where it was after a restart, however the engine before this one ended', async () => {
    const frugal = await Harness.open([budget]);
    try {
      const times: number[] = [];
      frugal.ehr.onSend = () => void times.push(frugal.clock.monotonic());
      frugal.ehr.behaviours.push(...Array.from({ length: 6 }, () => ({ notApplied: 'ehr-unavailable' }) as const));
      await frugal.ingest(
        record({ id: 'e0', patient: 'p0' }),
        record({ id: 'e1', patient: 'p1' }),
        record({ id: 'e2', patient: 'p2' }),
      );
      // An engine of its own for every few seconds: each would begin with a full budget if none remembered.
      for (let starts = 0; starts < 30; starts += 1) {
        await frugal.drain(5_000);
        frugal.clock.advance(5_000);
      }
      await frugal.drain();
      expect((await frugal.deps.ledger.counts()).byState).toEqual({ committed: 3 });
      const again = times.slice(3);
      expect(again).toHaveLength(6);
      again.slice(1).forEach((at, n) => expect(at - (again[n] ?? 0)).toBeGreaterThanOrEqual(59_900));
      expect((await frugal.deps.ledger.verify()).problems).toEqual([]);
    } finally {
      await frugal.close();
    }
  });

  it('C6 is recorded with the attempt itself, and by no commit of its own', async () => {
    harness.ehr.behaviours.push({ notApplied: 'ehr-unavailable' });
    const [id = ''] = await harness.accept({ id: 'e1' });
    await harness.drain();
    const attempts = (await harness.timeline(id)).filter(({ type }) => type === 'write.attempted');
    expect(attempts.map(({ body }) => body)).toEqual([
      expect.not.objectContaining({ retried: expect.anything() as unknown }),
      expect.objectContaining({ retried: { key: 'ehr retries', left: expect.any(Number) as unknown } }),
    ]);
    const row = await harness.deps.ledger.row('sends', (await harness.write(id)).tenant, 'ehr retries');
    expect(row).toMatchObject({ sends: 1, retries: { at: attempts[1]?.at } });
  });
});

describe('the clock', () => {
  it('INV-18 C6 a Retry-After outlasts a hold that a wrong clock led to, also for an engine that was not there when it was asked', async () => {
    harness.ehr.behaviours.push({ throttle: 60 * 60_000 });
    const [id = ''] = await harness.accept({ id: 'e1' });
    const times: number[] = [];
    harness.ehr.onSend = () => void times.push(harness.clock.now());
    await harness.drain(1_000);
    harness.ehr.onSend = () => harness.clock.step(2 * 60 * 60_000);
    await harness.accept({ id: 'e2', patient: 'other' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'clock-unsafe' } });
    harness.clock.step(-2 * 60 * 60_000);
    harness.ehr.onSend = () => void times.push(harness.clock.now());
    await harness.drain(60_000);
    expect((await harness.write(id)).state).toMatchObject({ name: 'pending', code: 'ehr-rate-limit' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(60 * 60_000);
  });

  it('INV-18 a step of the wall clock does not shorten a Retry-After', async () => {
    harness.ehr.behaviours.push({ throttle: 60 * 60_000 });
    const [id = ''] = await harness.accept({ id: 'e1' });
    const passed: number[] = [];
    harness.ehr.onSend = () => {
      passed.push(harness.clock.monotonic());
      if (passed.length === 1) harness.clock.step(2 * 60 * 60_000);
    };
    await harness.drain();
    expect((passed[1] ?? Number.POSITIVE_INFINITY) - (passed[0] ?? 0)).toBeGreaterThanOrEqual(60 * 60_000);
    // Nobody confirmed that step: what was due after it is held, and the next start trusts the clock as it finds it.
    if (passed.length === 1) {
      expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'clock-unsafe' } });
      await harness.drain();
    }
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('INV-2 what was put off while the clock stood years ahead goes on once it is right', async () => {
    harness.ehr.lookUps = () => ({
      outcome: 'failed',
      code: 'ehr-unreachable',
      retryable: true,
      retryAfterMs: null,
      message: 'down',
    });
    const [id = ''] = await harness.accept({ id: 'e1' });
    const years = 10 * 365 * 24 * 60 * 60_000;
    harness.clock.step(years);
    await harness.drain(1_000);
    expect((await harness.write(id)).state).toMatchObject({ name: 'draft', code: 'ehr-unreachable' });
    harness.clock.step(-years);
    harness.ehr.lookUps = agreeing;
    const startedAt = harness.clock.monotonic();
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.clock.monotonic() - startedAt).toBeLessThan(60 * 60_000);
  });

  it('C4 a step of the wall clock is no time gone by for a search that lags', async () => {
    harness.ehr.behaviours.push('never');
    const [id = ''] = await harness.accept({ id: 'e1' });
    let first: number | null = null;
    let last = 0;
    harness.ehr.finds = () => {
      first ??= harness.clock.monotonic();
      last = harness.clock.monotonic();
      harness.clock.step(10_000);
      return undefined;
    };
    await harness.drain();
    expect(last - (first ?? 0)).toBeGreaterThanOrEqual(harness.deps.searchSettleMs - 1_000);
    expect(harness.ehr.effects().get(id) ?? 0).toBeLessThanOrEqual(1);
  });

  it('INV-19 a clock that is set while the attempt is being recorded: nothing is sent until it is right', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (batch) => {
      if (batch.entries[0]?.type === 'write.attempted') harness.clock.step(3_600_000);
      return commit(batch);
    };
    await harness.drain();
    expect(harness.ehr.sends).toEqual([]);
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'clock-unsafe' } });
    ledger.commit = commit;
    harness.clock.step(-3_600_000);
    await harness.drain();
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('INV-4 an approver who is removed while the attempt is being recorded: nothing is sent', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', approved: false });
    await harness.drain();
    await harness.approve(id, clinician);
    const { ledger } = harness.deps;
    const [commit, row] = [ledger.commit.bind(ledger), ledger.row.bind(ledger)];
    let removed = false;
    ledger.row = (async (kind, tenant, key) => {
      const found = await row(kind, tenant, key);
      return kind === 'person' && removed && found !== undefined ? { ...found, active: false } : found;
    }) as typeof ledger.row;
    ledger.commit = async (batch) => {
      if (batch.entries[0]?.type === 'write.attempted') removed = true;
      return commit(batch);
    };
    await harness.drain();
    expect(harness.ehr.sends).toEqual([]);
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
  });
});
