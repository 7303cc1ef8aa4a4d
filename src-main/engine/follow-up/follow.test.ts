import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertsNow } from '../index.ts';
import { connection, Harness, note } from '../testing/harness.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** C8 in the running engine: charted entries are read again, and what became of them is told. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const chart = async (id = 'e1', patient = 'p1'): Promise<string> => {
  const [write = ''] = await harness.accept({ id, patient });
  await harness.drain();
  expect((await harness.write(write)).state.name).toBe('committed');
  return write;
};
const follow = async (id: string) => {
  const { state } = await harness.write(id);
  return state.name === 'committed' ? (state.follow ?? null) : null;
};
const looksOf = async (id: string): Promise<number> =>
  (await harness.timeline(id)).filter(({ type }) => type === 'write.followed').length;
const entry = () => {
  const [found] = harness.ehr.chart;
  if (found === undefined) throw new Error('the chart is empty');
  return found;
};

describe('later looks', () => {
  it('C8 come after an hour, a day and a week, and a drained run does not wait for them', async () => {
    const id = await chart();
    expect(await looksOf(id)).toBe(0);
    for (const [ms, looks] of [
      [limits.followFirstMs, 1],
      [60_000, 1],
      [limits.followSecondMs, 2],
      [limits.followLastMs, 3],
    ] as const) {
      harness.clock.advance(ms);
      const before = harness.clock.now();
      expect((await harness.drain()).end).toBe('drained');
      expect(await looksOf(id)).toBe(looks);
      expect(harness.clock.now() - before).toBeLessThan(60_000);
    }
    expect(await follow(id)).toMatchObject({ looks: 3, drift: null });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C8 INV-19 a look by a clock ten years ahead, which the answer shows, does not use up the ones to come', async () => {
    const id = await chart();
    const read = harness.ehr.read.bind(harness.ehr);
    let aheadMs = 10 * 365 * 24 * 3_600_000;
    harness.ehr.read = async (reference) => {
      const at = harness.clock.now();
      const answer = await read(reference);
      const headers = { date: new Date(at - aheadMs).toUTCString() };
      const of = { method: 'GET', path: reference, requestSha256: null, status: 200, body: null, bodySha256: null } as const;
      return { ...answer, exchange: [{ at, headers, fault: null, durationMs: 0, ...of }] };
    };
    harness.clock.step(aheadMs);
    await harness.drain();
    expect(await looksOf(id)).toBe(0);
    harness.clock.step(-aheadMs);
    aheadMs = 0;
    harness.clock.advance(limits.followFirstMs);
    await harness.drain();
    expect(await looksOf(id)).toBe(1);
    harness.clock.advance(limits.followSecondMs);
    await harness.drain();
    expect(await looksOf(id)).toBe(2);
  });

  it('C8 a change by somebody else is recorded, told and shown', async () => {
    const id = await chart();
    Object.assign(entry(), {
      versionId: 2,
      resource: { ...entry().resource, content: 'other', meta: { source: 'Practitioner/9' } },
    });
    harness.clock.advance(limits.followFirstMs);
    await harness.drain();
    expect(await follow(id)).toMatchObject({
      drift: {
        kind: 'changed',
        versionId: '2',
        by: 'Practitioner/9',
        noticedAt: (await follow(id))?.at,
        differences: [{ path: 'content' }],
      },
    });
    expect((await harness.deps.ledger.writes({ code: 'chart-drifted', limit: 9 })).map((row) => row.id)).toEqual([id]);
    expect(await alertsNow(harness.deps)).toMatchObject([{ kind: 'chart-drifted', writes: 1 }]);
  });

  it('C8 an entry that is gone is noticed', async () => {
    const id = await chart();
    harness.ehr.chart.length = 0;
    harness.clock.advance(limits.followFirstMs);
    await harness.drain();
    expect(await follow(id)).toMatchObject({ drift: { kind: 'deleted' } });
  });

  it('C8 while the EHR cannot be read nothing is concluded, and it is asked again', async () => {
    const id = await chart();
    harness.clock.advance(limits.followFirstMs);
    harness.ehr.readFailures = 1;
    await harness.drain();
    expect(await follow(id)).toMatchObject({ failures: 1, drift: null });
    harness.clock.advance(limits.followRetryMs);
    await harness.drain();
    expect(await follow(id)).toMatchObject({ failures: 0, looks: 2 });
  });

  it('C8 what a contract awaits is followed until it is overdue', async () => {
    const id = await chart();
    harness.clock.advance(73 * 60 * 60_000);
    await harness.drain();
    expect(await follow(id)).toMatchObject({ awaited: { element: 'docStatus', value: null, result: 'overdue' } });
    expect(await alertsNow(harness.deps)).toMatchObject([{ kind: 'follow-up-overdue', writes: 1 }]);
    entry().resource = { ...entry().resource, docStatus: 'final' };
    harness.clock.advance(limits.followAwaitedMs);
    await harness.drain();
    expect(await follow(id)).toMatchObject({ awaited: { value: 'final', result: 'done' } });
    expect(await alertsNow(harness.deps)).toEqual([]);
  });

  it('C6 C8 they are read in small batches, and what is to be sent goes first', async () => {
    const ids: string[] = [];
    for (let at = 0; at < limits.followBatchMax + 3; at += 1)
      ids.push(...(await harness.accept({ id: `e${at}`, patient: `p${at}` })));
    await harness.drain();
    harness.clock.advance(limits.followFirstMs);
    const order: string[] = [];
    const read = harness.ehr.read.bind(harness.ehr);
    harness.ehr.read = (reference) => {
      order.push(reference);
      return read(reference);
    };
    harness.ehr.onSend = () => order.push('send');
    const [fresh = ''] = await harness.accept({ id: 'fresh', patient: 'p-fresh', content: note('now') });
    await harness.drain();
    expect(order[0]).toBe('send');
    expect((await harness.write(fresh)).state.name).toBe('committed');
    for (const id of ids) expect(await looksOf(id)).toBe(1);
  });

  it('C6 C8 on a connection that takes few at once the others come after them, in the same run', async () => {
    await harness.close();
    harness = await Harness.open([{ ...connection, settings: { inFlightMax: 2 } }]);
    const ids: string[] = [];
    for (let at = 0; at < 5; at += 1) ids.push(await chart(`e${at}`, `p${at}`));
    harness.clock.advance(limits.followFirstMs);
    await harness.drain();
    for (const id of ids) expect(await looksOf(id)).toBe(1);
  });
});

describe('what was handed to a person', () => {
  it('C4 C8 is looked for again by itself, and found when it is there after all', async () => {
    harness.ehr.behaviours.push('never');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange: [] });
    const [id = ''] = await harness.accept({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'search-not-trusted' });
    harness.clock.advance(limits.followSecondMs);
    await harness.drain();
    const still = (await harness.write(id)).state;
    expect(still).toMatchObject({ name: 'unknown', code: 'search-not-trusted' });
    harness.ehr.finds = null;
    harness.clock.advance(limits.followLastMs);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown' });
    harness.ehr.commit({ writeId: id, resourceType: 'DocumentReference', patient: 'Patient/p1', content: '{}' });
    harness.clock.advance(limits.followLastMs);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: false });
    expect(harness.ehr.sends).toHaveLength(1);
  });
});
