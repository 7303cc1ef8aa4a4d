import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertsNow, clockNow, control, governance, register, runEngine } from '../index.ts';
import { agreeing } from '../testing/fake-ehr.ts';
import { clinician, consentContent, Harness, record, tester } from '../testing/harness.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import type { Person } from '../../../src-shared/domain/index.ts';

/** What a running engine notices by itself: stuck writes, its clock, and rules that have changed. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const one = async (options: Parameters<Harness['accept']>[0]): Promise<string> => {
  const [id] = await harness.accept(options);
  if (id === undefined) throw new Error('the event has no write');
  return id;
};
const stateOf = async (id: string) => (await harness.write(id)).state;
/** Runs until `done`, or gives up; `each` is called at every wait. */
const run = async (done: () => Promise<boolean>, each: (waits: number) => Promise<void> = () => Promise.resolve()) => {
  const stop = new AbortController();
  let waits = 0;
  const timers = {
    sleep: async (ms: number, signal?: AbortSignal): Promise<boolean> => {
      waits += 1;
      await each(waits);
      if (waits > 400 || (await done())) stop.abort();
      return harness.clock.sleep(ms, signal);
    },
  };
  await runEngine({ ...harness.deps, timers })({ drain: false, maxMs: null, signal: stop.signal });
  return waits;
};

describe('a write that is stuck', () => {
  const stuckEntries = async (id: string) => (await harness.timeline(id)).filter(({ type }) => type === 'write.stuck');

  it('C6 is told once, however often it is tried meanwhile, and shown until it moves on', async () => {
    let asked = 0;
    harness.ehr.lookUps = (query) => {
      asked += 1;
      if (asked > 9) return agreeing(query);
      harness.clock.advance(3 * 60_000);
      return { outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: null, message: 'down' };
    };
    const id = await one({ id: 'e1' });
    let shown = 0;
    await run(
      async () => (await stateOf(id)).name === 'committed',
      async () => {
        if ((await alertsNow(harness.deps)).some(({ kind }) => kind === 'stuck')) shown += 1;
      },
    );
    const told = await stuckEntries(id);
    expect(told.map(({ body }) => body)).toEqual([{ id, since: (await harness.write(id)).createdAt, state: 'draft' }]);
    // It was checked anew every few minutes: what counts is since when it has not come to rest.
    const checks = (await harness.timeline(id)).filter(({ type }) => type === 'write.checked');
    expect(checks.length).toBeGreaterThan(9);
    expect(shown).toBeGreaterThan(0);
    expect(await alertsNow(harness.deps)).toEqual([]);
  });

  it('C6 is shown by whoever asks, without a running engine', async () => {
    await one({ id: 'e1' });
    harness.clock.advance(limits.stuckMs);
    expect(await alertsNow(harness.deps)).toEqual([]);
    harness.clock.advance(1);
    expect(await alertsNow(harness.deps)).toMatchObject([{ kind: 'stuck', writes: 1 }]);
  });

  it('C6 what waits for a person, a maintenance window or another day is not stuck', async () => {
    const { settings, addWindow } = control(harness.deps);
    const waiting = await one({ id: 'e1', approved: false, patient: 'p1' });
    await harness.drain();
    await settings('ehr', { sendsPerDayMax: 1 }, 'pilot', tester);
    // Two of one visit: the second stands behind the first in its lane.
    for (const id of ['e2', 'e3', 'e4']) await one({ id, patient: 'p2' });
    await harness.drain();
    harness.clock.advance(2 * limits.stuckMs);
    expect(await alertsNow(harness.deps)).toMatchObject([{ kind: 'daily-cap', writes: 1 }]);
    await addWindow(
      'ehr',
      { id: 'now', timeZone: 'UTC', when: { repeats: 'never', from: '2026-03-02T00:00', to: '2026-03-03T00:00' } },
      'x',
      tester,
    );
    await harness.drain();
    harness.clock.advance(2 * limits.stuckMs);
    expect(await alertsNow(harness.deps)).toEqual([]);
    expect((await stateOf(waiting)).name).toBe('awaiting-approval');
  });
});

describe('the clock of the machine', () => {
  it('C6 INV-19 set while the engine runs: nothing is sent, and the log says since when and why', async () => {
    expect(await clockNow(harness.deps.ledger)).toBeNull();
    let id = '';
    await run(
      async () => id !== '' && (await stateOf(id)).name === 'held',
      async (waits) => {
        if (waits === 5) harness.clock.step(60 * 60_000);
        if (waits === 12) id = await one({ id: 'e1' });
      },
    );
    expect(harness.ehr.sends).toEqual([]);
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'clock-unsafe' } });
    const view = await clockNow(harness.deps.ledger);
    expect(view).toMatchObject({ safe: false, jumpMs: 60 * 60_000, words: expect.stringContaining('forward') as string });
    expect(view?.since).toBeLessThanOrEqual((await harness.write(id)).updatedAt);
  });
});

describe('rules that change while an engine runs', () => {
  it('G1 a permission that comes lets go at once what was held for want of it, and nobody else', async () => {
    const waiting = await one({ id: 'e1', approved: false });
    const other = await one({ id: 'e2', approved: false, patient: 'p2' });
    await harness.drain();
    await harness.ingest(record({ id: 'c1', content: consentContent('deny', '2026-03-02T08:00:00Z') }));
    await harness.ingest(record({ id: 'c2', patient: 'p2', content: consentContent('deny', '2026-03-02T08:00:00Z') }));
    for (const id of [waiting, other]) await harness.approve(id, clinician);
    await harness.drain();
    for (const id of [waiting, other])
      expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' }, resume: 'pending' });
    await harness.ingest(record({ id: 'c3', content: consentContent('permit', '2026-03-02T08:30:00Z') }));
    expect((await stateOf(waiting)).name).toBe('pending');
    expect((await stateOf(other)).name).toBe('held');
  });

  it('G9 B1 a policy that comes into force is acted on without a restart', async () => {
    const [ehr] = await harness.deps.ledger.rows('connection');
    if (ehr === undefined) throw new Error('no connection');
    const real = {
      ...ehr,
      name: 'prod',
      baseUrl: 'https://ehr.example/fhir',
      tenants: ['south'],
      environment: 'production',
    } as const;
    await register(harness.deps).connection(real, tester);
    const text = record({ id: 'e1' })
      .replace('"north"', '"south"')
      .replace('"content"', '"targets":[{"connection":"prod"}],"content"');
    const [receipt] = await harness.ingest(text);
    const [id = ''] = receipt?.writes ?? [];
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'baa-missing' } });
    const admin: Person = { id: 'ada', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
    const reviewer: Person = { ...admin, id: 'cora', roles: ['compliance-reviewer'] };
    const agreement = {
      ...{ id: 'acme', processor: 'Acme', contract: 'BAA 1', role: 'business-associate', permittedUse: ['treatment'] },
      ...{ subprocessors: [], retention: 'six years', signedAt: '2026-01-01', expiresAt: '2026-03-31' },
      covers: { sources: ['scribe-7'], connections: ['prod'] },
    };
    const policies = governance(harness.deps);
    const waits = await run(
      async () => JSON.stringify(await stateOf(id)).includes('gate-closed'),
      async (count) => {
        if (count !== 10) return;
        const baa = JSON.stringify({ policy: 'baa', version: 'baa-1', entries: [agreement] });
        const proposed = await policies.propose(baa, 'signed', admin, tester);
        if (proposed.ok) await policies.approve(proposed.id, 'seen', reviewer, tester);
      },
    );
    // Covered now; the next thing that is missing holds it.
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'gate-closed' } });
    expect(waits).toBeLessThan(50);
  });
});

describe('a superseding version that is approved when it comes', () => {
  it('C6 wakes at once what was held for the one it replaces', async () => {
    const first = await one({ id: 'e1', approved: false });
    const addendum = await one({
      id: 'e2',
      content: JSON.stringify({ addendum: { amends: { event: 'e1' }, text: 'One more thing.' } }),
    });
    await harness.drain();
    expect(await stateOf(addendum)).toMatchObject({ name: 'held', hold: { code: 'other-write-open', follows: first } });
    const second = { id: 'e1', version: 2, content: JSON.stringify({ note: { text: 'Other words.' } }) };
    await run(
      async () => (await stateOf(addendum)).name === 'committed',
      async (waits) => {
        if (waits === 5) await one({ ...second, approved: false });
        // The same version again, now approved: the first one is superseded in the same commit.
        if (waits === 20) await harness.ingest(record(second));
      },
    );
    expect((await stateOf(first)).name).toBe('superseded');
    expect((await stateOf(addendum)).name).toBe('committed');
  });
});
