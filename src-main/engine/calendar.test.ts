import { afterEach, describe, expect, it } from 'vitest';
import { control, register } from './index.ts';
import { connection, Harness, record, scribe, tester } from './testing/harness.ts';
import type { ConnectionSettings, MaintenanceWindow } from '../../src-shared/domain/index.ts';

/** Maintenance windows and daily caps of a connection, on the real ledger. The test's day begins at ten in UTC. */

let harness: Harness;
const open = async (settings: ConnectionSettings = {}): Promise<Harness> => {
  harness = await Harness.open([{ ...connection, settings }]);
  return harness;
};
afterEach(() => harness.close());

const iso = (text: string): number => Date.parse(text);
const everyDay = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
const daily = (from: string, to: string, timeZone = 'UTC'): MaintenanceWindow => ({
  id: 'nightly',
  timeZone,
  when: { repeats: 'weekly', days: everyDay, from, to },
});
const several = async (count: number, source?: string): Promise<readonly string[]> => {
  const receipts = await harness.ingest(
    ...Array.from({ length: count }, (_, n) => {
      const text = record({ id: `e${n}${source ?? ''}`, patient: `p${n}${source ?? ''}` });
      return source === undefined ? text : text.replaceAll('scribe-7', source);
    }),
  );
  return receipts.flatMap((receipt) => receipt.writes);
};
const states = async (): Promise<Readonly<Record<string, number>>> => (await harness.deps.ledger.counts()).byState;
/** A run at that time. */
const drainAt = async (text: string): Promise<void> => {
  harness.clock.advance(iso(text) - harness.clock.now());
  await harness.drain();
};

describe('a maintenance window', () => {
  it('C6 nothing is sent in it, reading goes on, and what waits says why and until when', async () => {
    await open({ maintenance: [daily('09:00', '11:30')] });
    const [id = ''] = await several(1);
    expect((await harness.drain()).end).toBe('drained');
    const row = await harness.write(id);
    expect(row.state).toMatchObject({ name: 'pending', code: 'maintenance-window', nextAt: iso('2026-03-02T11:30:00Z') });
    expect(row.state).toHaveProperty('reason', expect.stringContaining('2026-03-02 11:30 UTC'));
    expect(row.prepared).not.toBeNull();
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C6 everything that waited goes when it ends, in the order of its lane', async () => {
    await open({ maintenance: [daily('09:00', '11:30')] });
    const ids: string[] = [];
    for (const n of [1, 2, 3]) ids.push(...(await harness.accept({ id: `e${n}` })));
    const times: number[] = [];
    harness.ehr.onSend = () => void times.push(harness.clock.now());
    await harness.drain();
    await drainAt('2026-03-02T11:29:00Z');
    expect(harness.ehr.sends).toEqual([]);
    await drainAt('2026-03-02T11:30:00Z');
    expect(harness.ehr.sends).toEqual(ids);
    for (const at of times) expect(at).toBeGreaterThanOrEqual(iso('2026-03-02T11:30:00Z'));
  });

  it('C6 that opens after the attempt was recorded stops what has not left; it is not counted as unknown', async () => {
    await open({ maintenance: [daily('10:30', '11:00')] });
    harness.clock.advance(iso('2026-03-02T10:29:59Z') - harness.clock.now());
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (batch) => {
      const done = await commit(batch);
      if (batch.entries[0]?.type === 'write.attempted' && harness.clock.now() < iso('2026-03-02T10:30:00Z'))
        harness.clock.advance(2_000);
      return done;
    };
    const [id = ''] = await several(1);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ code: 'maintenance-window', nextAt: iso('2026-03-02T11:00:00Z') });
    expect(harness.ehr.sends).toEqual([]);
    await drainAt('2026-03-02T11:00:00Z');
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('C6 C4 an outcome that is unknown is looked for all the same, and silence then uses up nothing', async () => {
    await open({ maintenance: [daily('10:30', '12:30')] });
    harness.clock.advance(iso('2026-03-02T10:29:59Z') - harness.clock.now());
    harness.ehr.behaviours.push('never');
    let looks = 0;
    harness.ehr.finds = () => {
      looks += 1;
      harness.clock.advance(5 * 60_000);
      return harness.clock.now() < iso('2026-03-02T12:30:00Z')
        ? { outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: null, exchange: [] }
        : undefined;
    };
    const [id = ''] = await several(1);
    await harness.drain();
    expect(looks).toBeGreaterThan(12);
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('C6 taken away again, it lets go at once what waited; one that is added stops what is due', async () => {
    await open({ maintenance: [daily('09:00', '11:30')] });
    const [id = ''] = await several(1);
    await harness.drain();
    const { addWindow, removeWindow } = control(harness.deps);
    expect(await removeWindow('ehr', 'nightly', 'cancelled', tester)).toEqual({ ok: true, released: 1 });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    await addWindow('ehr', { ...daily('05:00', '06:00', 'America/New_York'), id: 'early' }, 'upgrade', tester);
    const [other = ''] = await harness.accept({ id: 'other' });
    await harness.drain();
    expect((await harness.write(other)).state).toMatchObject({ code: 'maintenance-window', nextAt: iso('2026-03-02T11:00:00Z') });
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('C6 is refused when it cannot be understood, and named only once', async () => {
    await open();
    const { addWindow, removeWindow } = control(harness.deps);
    expect(await addWindow('ehr', daily('09:00', '11:30', 'Mars/Base'), 'x', tester)).toMatchObject({ code: 'settings-invalid' });
    expect(await addWindow('ehr', daily('09:00', '11:30'), 'x', tester)).toMatchObject({ ok: true });
    expect(await addWindow('ehr', daily('12:00', '13:30'), 'x', tester)).toMatchObject({ code: 'window-exists' });
    expect(await removeWindow('ehr', 'other', 'x', tester)).toMatchObject({ code: 'window-unknown' });
    expect(await addWindow('other', daily('12:00', '13:30'), 'x', tester)).toMatchObject({ code: 'connection-unknown' });
  });
});

describe('a daily cap', () => {
  it('B4 no more than that is sent on one day of the connection, and everything else on the days after', async () => {
    // Midnight in Chicago is six in the morning in UTC.
    await open({ sendsPerDayMax: 3, timeZone: 'America/Chicago' });
    const times: number[] = [];
    harness.ehr.onSend = () => void times.push(harness.clock.now());
    await several(8);
    expect((await harness.drain()).end).toBe('drained');
    expect(await states()).toEqual({ committed: 3, pending: 5 });
    const [waiting] = await harness.deps.ledger.writes({ code: 'daily-cap', limit: 1 });
    expect(waiting?.state).toMatchObject({ nextAt: iso('2026-03-03T06:00:00Z') });
    for (const day of [3, 4]) {
      await drainAt(`2026-03-0${day}T05:59:59Z`);
      await drainAt(`2026-03-0${day}T06:00:00Z`);
    }
    expect(await states()).toEqual({ committed: 8 });
    const days = times.map((at) => Math.floor((at - iso('2026-03-02T06:00:00Z')) / (24 * 60 * 60_000)));
    expect(days).toEqual([0, 0, 0, 1, 1, 1, 2, 2]);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('B4 is counted by the ledger, so that a start of another engine counts on', async () => {
    await open({ sendsPerDayMax: 2 });
    await several(1);
    await harness.drain();
    await harness.accept({ id: 'x1', patient: 'x1' });
    await harness.drain();
    await harness.accept({ id: 'x2', patient: 'x2' });
    await harness.drain();
    expect(harness.ehr.sends).toHaveLength(2);
    expect(await harness.deps.ledger.row('sends', 'north', 'ehr 2026-03-02')).toMatchObject({ sends: 2 });
  });

  it('B4 of one source keeps the others going', async () => {
    await open({ sendsPerDayMaxOfSource: { 'scribe-7': 1 } });
    await register(harness.deps).source({ ...scribe, name: 'scribe-8' }, tester);
    await several(3);
    await several(3, 'scribe-8');
    await harness.drain();
    expect(await states()).toEqual({ committed: 4, pending: 2 });
  });

  it('B4 raised, it lets what waited go at once', async () => {
    await open({ sendsPerDayMax: 1 });
    await several(3);
    await harness.drain();
    expect(await control(harness.deps).settings('ehr', { sendsPerDayMax: 2 }, 'pilot', tester)).toMatchObject({ ok: true });
    await harness.drain();
    expect(await states()).toEqual({ committed: 2, pending: 1 });
    await control(harness.deps).settings('ehr', {}, 'pilot over', tester, ['sendsPerDayMax']);
    await harness.drain();
    expect(await states()).toEqual({ committed: 3 });
  });
});
