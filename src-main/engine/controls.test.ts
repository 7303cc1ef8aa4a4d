import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, runEngine } from './index.ts';
import { clinician, connection, Harness, record, tester } from './testing/harness.ts';
import type { SwitchScope } from '../../src-shared/domain/index.ts';

/** Kill switches, frozen approvals and stages, on the real ledger. */

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
const off = (scope: SwitchScope, reason = 'wrong doses') =>
  control(harness.deps).switch('writes', scope, true, reason, clinician, tester);
const on = (scope: SwitchScope) => control(harness.deps).switch('writes', scope, false, 'mended', clinician, tester);
const stateOf = async (id: string) => (await harness.write(id)).state;

describe('writes are switched off', () => {
  it('B5 what is due is held, checks go on, and nothing is sent; switching on sends it', async () => {
    await off({});
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({
      state: { name: 'held', hold: { code: 'writes-switched-off', liftedBy: 'operations-lead' }, resume: 'pending' },
      prepared: { adapter: 'fake 1' },
    });
    expect(harness.ehr.sends).toEqual([]);
    expect(await on({})).toEqual({ ok: true, released: 1 });
    expect((await stateOf(id)).name).toBe('pending');
    await harness.drain();
    expect((await stateOf(id)).name).toBe('committed');
  });

  it('B5 a start of the engine does not let it go, and does not fill the log', async () => {
    await off({});
    const id = await one({ id: 'e1' });
    await harness.drain();
    const before = (await harness.timeline(id)).length;
    expect((await harness.drain()).recovered.released).toBe(0);
    expect((await harness.timeline(id)).length).toBe(before);
  });

  it.each([
    [{ tenant: 'north' }, true],
    [{ tenant: 'south' }, false],
    [{ connection: 'ehr' }, true],
    [{ resource: 'Observation' }, false],
    [{ source: 'scribe-7', resource: 'DocumentReference' }, true],
    [{ model: 'scribe-model' }, true],
    [{ model: 'scribe-model@2' }, true],
    [{ model: 'scribe-model@3' }, false],
    [{ template: 'soap' }, true],
    [{ prompt: 'soap@17' }, true],
    [{ prompt: 'soap@18' }, false],
  ] as const)('B5 for %j it is held: %s', async (scope, held) => {
    await off(scope);
    const event = JSON.parse(record({ id: 'e1' })) as Record<string, unknown>;
    event.provenance = {
      model: { name: 'scribe-model', version: '2' },
      promptTemplate: { id: 'soap', version: '17' },
    };
    const [receipt] = await harness.ingest(JSON.stringify(event));
    await harness.drain();
    expect((await stateOf(receipt?.writes[0] ?? '')).name).toBe(held ? 'held' : 'committed');
  });

  it('B5 one of two switches lifted leaves what the other stops', async () => {
    await off({ tenant: 'north' });
    await off({ source: 'scribe-7' });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect(await on({ tenant: 'north' })).toEqual({ ok: true, released: 0 });
    expect((await stateOf(id)).name).toBe('held');
    expect(await on({ source: 'scribe-7' })).toEqual({ ok: true, released: 1 });
  });

  it('B5 only a switch that is off can be lifted, by exactly its scope', async () => {
    expect(await on({})).toMatchObject({ ok: false, code: 'switch-unknown' });
    await off({ tenant: 'north' });
    expect(await on({})).toMatchObject({ ok: false, code: 'switch-unknown' });
    expect(await on({ tenant: 'north' })).toMatchObject({ ok: true });
    expect(await on({ tenant: 'north' })).toMatchObject({ ok: false, code: 'switch-unknown' });
  });

  it('B5 C4 what may be in the chart is looked for all the same, and not sent again', async () => {
    harness.ehr.behaviours.push('never');
    harness.ehr.onSend = () => void off({});
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'writes-switched-off' }, resume: 'pending' });
    expect(harness.ehr.sends).toHaveLength(1);
    await on({});
    await harness.drain();
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });
});

describe('approvals are frozen', () => {
  it('B5 nobody approves while they are, and someone can afterwards', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    const set = (frozen: boolean) =>
      control(harness.deps).switch('approvals', { tenant: 'north' }, frozen, 'review', clinician, tester);
    await set(true);
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: false, code: 'approvals-frozen' });
    expect((await stateOf(id)).name).toBe('awaiting-approval');
    expect(await set(false)).toEqual({ ok: true, released: 0 });
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
  });
});

describe('the stage of a connection', () => {
  it('B4 raised, it lets go what was held for it at once; lowered, it stops what is pending', async () => {
    const readOnly = await Harness.open([{ ...connection, stage: 'read-only' }]);
    try {
      const [first] = await readOnly.accept({ id: 'e1' });
      await readOnly.drain();
      const { stage } = control(readOnly.deps);
      expect((await readOnly.write(first ?? '')).state).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
      expect(await stage('ehr', 'shadow', 'rehearsal', tester)).toEqual({ ok: true, released: 0 });
      expect(await stage('ehr', 'limited-auto-write', 'signed off', tester)).toEqual({ ok: true, released: 1 });
      await readOnly.drain();
      expect((await readOnly.write(first ?? '')).state.name).toBe('committed');

      const [second] = await readOnly.accept({ id: 'e2', approved: false });
      await readOnly.drain();
      await readOnly.approve(second ?? '', clinician);
      await stage('ehr', 'read-only', 'trouble', tester);
      await readOnly.drain();
      expect((await readOnly.write(second ?? '')).state).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
      expect(readOnly.ehr.sends).toEqual([first]);
      expect((await readOnly.deps.ledger.verify()).problems).toEqual([]);
    } finally {
      await readOnly.close();
    }
  });

  it('B4 a connection that is not there is refused', async () => {
    expect(await control(harness.deps).stage('other', 'staged', 'why', tester)).toMatchObject({
      ok: false,
      code: 'connection-unknown',
    });
  });
});

describe('one resource type of a connection', () => {
  it('B4 stays behind while the connection goes on, and goes with it once it is raised', async () => {
    const { stage } = control(harness.deps);
    await stage('ehr', 'shadow', 'notes first', tester, { resource: 'DocumentReference' });
    const note = await one({ id: 'e1' });
    const task = JSON.stringify({ tasks: [{ key: 't1', description: 'Call the pharmacy.' }] });
    const other = await one({ id: 'e2', patient: 'p2', content: task });
    await harness.drain();
    expect(await stateOf(note)).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
    // Checked and prepared all the same: what would be sent can be looked at.
    expect((await harness.write(note)).prepared).not.toBeNull();
    expect((await stateOf(other)).name).toBe('committed');
    expect(await stage('ehr', 'staged', 'rehearsed', tester, { resource: 'DocumentReference' })).toEqual({
      ok: true,
      released: 1,
    });
    await harness.drain();
    expect((await stateOf(note)).name).toBe('committed');
  });

  it('B4 never goes further than the connection', async () => {
    const { stage } = control(harness.deps);
    await stage('ehr', 'limited-auto-write', 'notes only', tester, { resource: 'DocumentReference' });
    await stage('ehr', 'read-only', 'trouble', tester);
    const note = await one({ id: 'e1' });
    await harness.drain();
    expect(await stateOf(note)).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
  });

  it('B4 outside practice it is raised one step at a time, on what that type has shown', async () => {
    const real = await Harness.open([{ ...connection, environment: 'production', stage: 'staged', tenants: ['north'] }]);
    try {
      const { stage } = control(real.deps);
      expect(await stage('ehr', 'draft', 'notes later', tester, { resource: 'DocumentReference' })).toMatchObject({ ok: true });
      expect(await stage('ehr', 'staged', 'now', tester, { resource: 'DocumentReference' })).toMatchObject({
        ok: false,
        code: 'stage-not-earned',
        message: expect.stringContaining('after draft comes shadow') as string,
      });
      expect(await stage('ehr', 'shadow', 'now', tester, { resource: 'DocumentReference' })).toMatchObject({
        ok: false,
        code: 'stage-not-earned',
      });
    } finally {
      await real.close();
    }
  });
});

describe('approvals that come from a source', () => {
  const freeze = (off: boolean, scope: SwitchScope = {}) =>
    control(harness.deps).switch('approvals', scope, off, 'review', clinician, tester);

  it('B5 while approvals are frozen wait for a person like the rest', async () => {
    await freeze(true);
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval', reason: expect.stringContaining('frozen') as string });
    expect(harness.ehr.sends).toEqual([]);
    await freeze(false);
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
    await harness.drain();
    expect((await stateOf(id)).name).toBe('committed');
  });

  it('B5 one that comes later does not let the write go either', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    await freeze(true, { source: 'scribe-7' });
    await harness.ingest(record({ id: 'e1' }));
    await harness.drain();
    expect((await stateOf(id)).name).toBe('awaiting-approval');
  });

  it.each([
    [{ tenant: 'north' }, true],
    [{ tenant: 'south' }, false],
    [{ connection: 'ehr' }, true],
    [{ connection: 'other' }, false],
    [{ resource: 'DocumentReference' }, true],
    [{ resource: 'Observation' }, false],
    [{ source: 'scribe-7' }, true],
    [{ source: 'scribe-8' }, false],
    [{ model: 'scribe-model@2' }, true],
    [{ model: 'scribe-model@3' }, false],
    [{ prompt: 'soap@17' }, true],
    [{ prompt: 'soap@18' }, false],
    [{ template: 'soap' }, true],
    [{ template: 'letter' }, false],
  ] as const)('B5 a freeze for %j keeps it waiting: %s', async (scope, waits) => {
    await freeze(true, scope);
    const event = JSON.parse(record({ id: 'e1' })) as Record<string, unknown>;
    event.provenance = { model: { name: 'scribe-model', version: '2' }, promptTemplate: { id: 'soap', version: '17' } };
    const [receipt] = await harness.ingest(JSON.stringify(event));
    await harness.drain();
    expect((await stateOf(receipt?.writes[0] ?? '')).name).toBe(waits ? 'awaiting-approval' : 'committed');
  });
});

describe('what is held is asked about again at once', () => {
  it('B5 when another process lifts the switch and dies before it has let anything go', async () => {
    await off({});
    const id = await one({ id: 'e1' });
    await harness.drain();
    const { ledger } = harness.deps;
    const [held] = await ledger.rows('switch');
    if (held === undefined) throw new Error('no switch');
    const stop = new AbortController();
    let lifted = false;
    let looks = 0;
    const sleep = harness.deps.timers.sleep.bind(harness.deps.timers);
    const timers = {
      sleep: async (ms: number, signal?: AbortSignal) => {
        looks += 1;
        if (!lifted && looks > 10) {
          lifted = true;
          const { version, at: _, ...one } = held;
          await ledger.commit({
            tenant: '@workspace',
            expected: [{ kind: 'switch', key: 'writes', version }],
            entries: [
              {
                type: 'switch.set',
                stream: 'switch/writes',
                at: harness.clock.now(),
                actor: tester,
                patientKey: null,
                correlation: 'x',
                body: { switch: { ...one, off: false } },
              },
            ],
          });
        }
        if ((await stateOf(id)).name === 'committed' || looks > 1_000) stop.abort();
        return sleep(ms, signal);
      },
    };
    await runEngine({ ...harness.deps, timers })({ drain: false, maxMs: null, signal: stop.signal });
    expect((await stateOf(id)).name).toBe('committed');
    expect(looks).toBeLessThan(100);
  });
});
