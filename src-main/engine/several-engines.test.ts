import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine, type EngineDeps } from './index.ts';
import { connection, Harness } from './testing/harness.ts';
import type { RunReport } from '../ports/inbound/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An engine that knows it is not alone. */
function engine(name: string, over: Partial<EngineDeps> = {}): EngineDeps {
  return { ...harness.deps, engineId: name, sharesLedger: true, ...over };
}

function drain(deps: EngineDeps): Promise<RunReport> {
  return runEngine(deps)({ drain: true, maxMs: null, signal: new AbortController().signal });
}

async function types(id: string): Promise<readonly string[]> {
  return (await harness.timeline(id)).map((entry) => entry.type);
}

/** The next send reaches the chart; its answer comes when it is let go. */
function answerLater(): { readonly sent: Promise<void>; readonly letGo: () => void } {
  const send = harness.ehr.send.bind(harness.ehr);
  let letGo: () => void = () => undefined;
  let arrived: () => void = () => undefined;
  const sent = new Promise<void>((resolve) => (arrived = resolve));
  const released = new Promise<void>((resolve) => (letGo = resolve));
  harness.ehr.send = async (prepared) => {
    harness.ehr.send = send;
    const answer = await send(prepared);
    arrived();
    await released;
    return answer;
  };
  return { sent, letGo };
}

describe('C4 INV-13 several engines on one ledger', () => {
  it('C4 FLT-19 two at once send every write once, and keep the order of its lane', async () => {
    const sent: string[] = [];
    for (let n = 0; n < 8; n += 1) sent.push(...(await harness.accept({ id: `e${n}`, patient: `p${n % 2}` })));
    const [a, b] = await Promise.all([drain(engine('a')), drain(engine('b'))]);
    expect([a.end, b.end]).toEqual(['drained', 'drained']);
    expect(harness.ehr.sends.toSorted()).toEqual(sent.toSorted());
    for (const lane of [0, 1]) {
      const own = sent.filter((_, at) => at % 2 === lane);
      expect(harness.ehr.sends.filter((id) => own.includes(id))).toEqual(own);
    }
  });

  it('C6 C4 together they have no more under way on a connection than it may, once they know of each other', async () => {
    await harness.close();
    harness = await Harness.open([{ ...connection, settings: { inFlightMax: 4 } }]);
    const stop = new AbortController();
    const run = (name: string) => runEngine(engine(name))({ drain: false, maxMs: null, signal: stop.signal });
    const running = [run('a'), run('b')];
    // They look at each other when they renew their leases.
    const until = harness.clock.monotonic() + 2 * limits.leaseRenewMs;
    while (harness.clock.monotonic() < until) await turn();
    let underWay = 0;
    let most = 0;
    let ended = 0;
    const waiting: (() => void)[] = [];
    const send = harness.ehr.send.bind(harness.ehr);
    harness.ehr.send = async (prepared) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise<void>((resolve) => waiting.push(resolve));
      underWay -= 1;
      ended += 1;
      return send(prepared);
    };
    const ids: string[] = [];
    for (let n = 0; n < 12; n += 1) ids.push(...(await harness.accept({ id: `e${n}`, patient: `p${n}` })));
    while (ended < ids.length) {
      for (let n = 0; n < 20; n += 1) await turn();
      waiting.shift()?.();
    }
    stop.abort();
    await Promise.all(running);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
    expect(harness.ehr.sends.toSorted()).toEqual(ids.toSorted());
  });

  it('C4 a write that another living engine has in flight is left to it', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { sent, letGo } = answerLater();
    const first = drain(engine('a'));
    await sent;
    const second = drain(engine('b'));
    for (let n = 0; n < 50; n += 1) await turn();
    expect((await harness.write(id)).state).toMatchObject({ name: 'in-flight', engine: 'a' });
    letGo();
    await Promise.all([first, second]);
    expect(await types(id)).not.toContain('write.recovered');
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('C4 FLT-19 the outcome of an engine that was outlived is refused, and kept beside the write', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { sent, letGo } = answerLater();
    const zombie = drain(engine('a'));
    await sent;
    // The lock of the workspace told this one that it is alone.
    await drain(engine('b', { sharesLedger: false }));
    const taken = await harness.write(id);
    expect(taken.state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    letGo();
    await zombie;
    expect(harness.ehr.sends).toEqual([id]);
    expect((await harness.write(id)).version).toBe(taken.version);
    const timeline = await harness.timeline(id);
    expect(timeline.map((entry) => entry.type)).not.toContain('write.settled');
    expect(timeline.at(-1)).toMatchObject({ type: 'write.answered-late', body: { id, attempt: 1, outcome: 'applied' } });
  });

  it('C4 an answer that says where the write stands settles it after all', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { sent, letGo } = answerLater();
    const zombie = drain(engine('a'));
    await sent;
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'ehr-unreachable', retryAfterMs: null, exchange: [] });
    const other = runEngine(engine('b', { sharesLedger: false }));
    await other({ drain: false, maxMs: 2_000, signal: new AbortController().signal });
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'crashed-in-flight' });
    letGo();
    await zombie;
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('C4 an engine that lost its lease between the attempt and the bytes does not send', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (batch) => {
      const result = await commit(batch);
      if (batch.entries[0]?.type === 'write.attempted') {
        ledger.commit = commit;
        harness.clock.advance(limits.leaseMs);
        await ledger.releaseLease(await ledger.takeLease('b', limits.leaseMs, true));
      }
      return result;
    };
    await drain(engine('a'));
    // Looked for, proved absent, and only then sent: under the next lease, and once.
    expect(harness.ehr.sends).toEqual([id]);
    const timeline = await types(id);
    expect(timeline.filter((type) => type === 'write.attempted')).toHaveLength(2);
    expect(timeline.indexOf('write.recovered')).toBe(timeline.indexOf('write.attempted') + 1);
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('C4 after a pause within the lease it is renewed before anything is sent', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    const renew = ledger.renewLease.bind(ledger);
    const happened: string[] = [];
    ledger.commit = async (batch) => {
      const result = await commit(batch);
      if (batch.entries[0]?.type === 'write.attempted') {
        harness.clock.advance(limits.leaseMs - 1);
        happened.push('paused');
      }
      return result;
    };
    ledger.renewLease = async (fence) => {
      await renew(fence);
      happened.push('renewed');
    };
    harness.ehr.onSend = () => void happened.push('sent');
    await drain(engine('a'));
    expect(happened.slice(happened.indexOf('paused'), happened.indexOf('sent') + 1)).toEqual(['paused', 'renewed', 'sent']);
    expect(await types(id)).not.toContain('write.recovered');
  });

  it('C4 a ledger that is busy when the lease is to be renewed is asked again', async () => {
    const { ledger } = harness.deps;
    const renew = ledger.renewLease.bind(ledger);
    let asked = 0;
    ledger.renewLease = (fence) => {
      asked += 1;
      return asked === 1 ? Promise.reject(Object.assign(new Error('busy'), { code: 'ledger-busy' })) : renew(fence);
    };
    const until = { drain: false, maxMs: limits.leaseRenewMs * 2, signal: new AbortController().signal };
    expect((await runEngine(engine('a'))(until)).end).toBe('out-of-time');
    expect(asked).toBeGreaterThan(1);
    ledger.renewLease = () => Promise.reject(new Error('input/output error'));
    await expect(runEngine(engine('a'))(until)).rejects.toThrow('input/output error');
  });

  it('C4 what an engine that died had in flight is taken over when its lease has run out', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { sent } = answerLater();
    // It dies: nothing of it happens any more, and its lease is never given back.
    const stopped = new Promise<never>(() => undefined);
    let dead = false;
    const timers = { sleep: (ms: number, signal?: AbortSignal) => (dead ? stopped : harness.clock.sleep(ms, signal)) };
    drain(engine('a', { timers })).catch(() => undefined);
    await sent;
    dead = true;
    // The ledger of this test counts real time; it is told here that the lease has run out by the test's.
    const { ledger } = harness.deps;
    const expire = ledger.expireLeases.bind(ledger);
    const startedAt = harness.clock.monotonic();
    ledger.expireLeases = async (fence) => {
      const living = await expire(fence);
      if (harness.clock.monotonic() - startedAt < limits.leaseMs) return living;
      for (const lease of living) if (lease.engine === 'a') await ledger.releaseLease(lease.fence);
      return expire(fence);
    };
    expect((await drain(engine('b'))).end).toBe('drained');
    expect(harness.clock.monotonic() - startedAt).toBeGreaterThanOrEqual(limits.leaseMs);
    expect(await types(id)).toContain('write.recovered');
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.ehr.sends).toEqual([id]);
  });
});
