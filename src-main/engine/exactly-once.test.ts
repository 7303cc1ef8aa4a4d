import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine } from './index.ts';
import type { SendBehaviour } from './testing/fake-ehr.ts';
import { Harness, clinician, owner } from './testing/harness.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { FailureCode, StateName } from '../../src-shared/domain/index.ts';

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

describe('what becomes of a send', () => {
  const rows: readonly [string, readonly SendBehaviour[], StateName, FailureCode | null, number, number][] = [
    // what happens                                   behaviours                                       ends as            code                  sends  in the chart
    ['reply lost after the commit', ['lost'], 'committed', null, 1, 1],
    ['request lost before the commit', ['never'], 'committed', null, 2, 1],
    ['lost twice before the commit', ['never', 'never'], 'committed', null, 3, 1],
    ['asked to wait', [{ throttle: 60_000 }], 'committed', null, 2, 1],
    ['asked to wait without a time', [{ throttle: null }], 'committed', null, 2, 1],
    ['not reached', [{ notApplied: 'ehr-unreachable' }], 'committed', null, 2, 1],
    [
      'not reached, every time',
      Array.from({ length: 20 }, () => ({ notApplied: 'ehr-unreachable' as const })),
      'failed-terminal',
      'attempts-used-up',
      limits.attemptsMax,
      0,
    ],
    ['content refused', [{ refuse: 'ehr-rejected' }], 'failed-terminal', 'ehr-rejected', 1, 0],
    ['sign-in refused', [{ refuse: 'sign-in-needed' }], 'held', 'sign-in-needed', 1, 0],
    ['permission refused', [{ refuse: 'permission-denied' }], 'held', 'permission-denied', 1, 0],
    ['several match already', [{ conflict: 'several-match' }], 'failed-terminal', 'several-match', 1, 0],
    ['conflict answered, nothing there', [{ conflict: 'version-conflict' }], 'committed', null, 2, 1],
  ];
  it.each(rows)('C4 C6 %s', async (_, behaviours, state, code, sends, charted) => {
    harness.ehr.behaviours.push(...behaviours);
    const id = await one({ id: 'e1' });
    expect((await harness.drain()).end).toBe('drained');
    const row = await harness.write(id);
    expect(row.state.name).toBe(state);
    if (row.state.name === 'held') expect(row.state.hold.code).toBe(code);
    else if (code !== null) expect(row.state).toMatchObject({ code });
    expect(harness.ehr.sends).toHaveLength(sends);
    expect(harness.ehr.chart).toHaveLength(charted);
  });

  it('C6 Retry-After is obeyed: no send before its time', async () => {
    harness.ehr.behaviours.push({ throttle: 600_000 });
    await one({ id: 'e1' });
    const startedAt = harness.clock.now();
    await harness.drain();
    expect(harness.clock.now() - startedAt).toBeGreaterThanOrEqual(600_000);
  });

  it('C4 absence is believed only after looks that span the search lag', async () => {
    harness.ehr.behaviours.push('never');
    await one({ id: 'e1' });
    const startedAt = harness.clock.now();
    let looks = 0;
    harness.ehr.finds = () => {
      looks += 1;
      expect(harness.ehr.sends).toHaveLength(1);
      return undefined;
    };
    await harness.drain();
    expect(looks).toBeGreaterThanOrEqual(limits.absenceLooksMin);
    expect(harness.clock.now() - startedAt).toBeGreaterThanOrEqual(harness.deps.searchSettleMs);
  });

  it('C4 a search that cannot be trusted never leads to a second send; a person must look', async () => {
    harness.ehr.behaviours.push('never');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange: [] });
    const id = await one({ id: 'e1' });
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(id)).state).toMatchObject({
      name: 'unknown',
      code: 'search-not-trusted',
      looks: limits.lookUpsMax,
    });
    expect(harness.ehr.sends).toHaveLength(1);
    expect(await harness.decide.retry(id, owner)).toMatchObject({ ok: false, code: 'state-forbids' });
    expect(await harness.decide.withdraw(id, owner, 'no')).toMatchObject({ ok: false, code: 'state-forbids' });
    expect(await harness.decide.attestAbsent(id, owner, 'looked in the chart, nothing there')).toMatchObject({
      ok: true,
      state: 'failed-retryable',
    });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('C4 a person who found it in the chart settles it without a send', async () => {
    harness.ehr.behaviours.push('lost');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: null, exchange: [] });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'look-ups-used-up' });
    const reference = harness.ehr.chart[0]?.reference ?? '';
    expect(await harness.decide.attestFound(id, owner, 'DocumentReference/999', 'there')).toMatchObject({ ok: false });
    expect(await harness.decide.attestFound(id, owner, reference, 'seen in the chart')).toMatchObject({
      ok: true,
      state: 'committed',
    });
    expect((await harness.write(id)).state).toMatchObject({ verification: { result: 'not-verifiable' } });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 two entries in the chart stop the write and call a person', async () => {
    harness.ehr.behaviours.push('lost');
    harness.ehr.onSend = () => {
      const [entry] = harness.ehr.chart;
      if (entry !== undefined)
        harness.ehr.commit({ ...entry.resource, writeId: entry.writeId, resourceType: 'DocumentReference' });
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'chart-has-two' });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 a newer version by someone else is a conflict', async () => {
    harness.ehr.behaviours.push({ conflict: 'version-conflict' });
    harness.ehr.finds = () => ({
      outcome: 'moved',
      match: { reference: 'Patient/1', versionId: '7', resource: {} },
      exchange: [],
    });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'conflict', code: 'version-conflict', found: 'Patient/1' });
  });
});

describe('a crash', () => {
  it('C5 in flight, after the commit: the write is found, not sent again', async () => {
    const id = await one({ id: 'e1' });
    // The process ends when the bytes have arrived: nothing after that is recorded.
    harness.ehr.send = ((send) => (prepared) => {
      void send(prepared);
      return new Promise(() => undefined);
    })(harness.ehr.send.bind(harness.ehr));
    // A process that was killed tells nobody anything any more.
    harness.drain().catch(() => undefined);
    while (harness.ehr.chart.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await harness.write(id)).state.name).toBe('in-flight');

    const next = { ...harness.deps, engineId: 'engine-2' };
    const report = await runEngine(next)({ drain: true, maxMs: null, signal: new AbortController().signal });
    expect(report.recovered.inFlight).toBe(1);
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C5 an outcome that cannot be stored stops the engine', async () => {
    await harness.accept({ id: 'e1', patient: 'p1' });
    await harness.accept({ id: 'e2', patient: 'p2' });
    const commit = harness.deps.ledger.commit.bind(harness.deps.ledger);
    harness.deps.ledger.commit = (batch) =>
      harness.ehr.sends.length > 0 && batch.tenant === 'north' ? Promise.reject(new Error('disk full')) : commit(batch);
    await expect(harness.drain()).rejects.toThrow('disk full');
    harness.deps.ledger.commit = commit;
    expect(harness.ehr.sends.length).toBeLessThanOrEqual(2);
    await harness.drain();
    expect([...harness.ehr.effects().values()]).toEqual([1, 1]);
  });
});

describe('the loop', () => {
  it('C6 a later write of a visit does not overtake an earlier one whose check is slow', async () => {
    const [first, second] = [await one({ id: 'e1' }), await one({ id: 'e2' })];
    const other = await one({ id: 'e3', patient: 'p2' });
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    const checked = new Set<string>();
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => (release = resolve));
    ledger.commit = async (batch) => {
      const [entry] = batch.entries;
      const id = entry?.stream.slice('write/'.length) ?? '';
      if (entry?.type === 'write.checked' && id === first) await released;
      const result = await commit(batch);
      if (entry?.type === 'write.checked') checked.add(id);
      // The other visit is charted while the check of the first write still runs.
      if (entry?.type === 'write.settled' && id === other && checked.has(second)) release();
      return result;
    };
    expect((await harness.drain()).end).toBe('drained');
    expect(harness.ehr.sends).toEqual([other, first, second]);
  });

  it('C6 waits, and does not spin, when a due write shares its lane with one that is just being taken up', async () => {
    const [first, second] = [await one({ id: 'e1', approved: false }), await one({ id: 'e2' })];
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    const due = ledger.due.bind(ledger);
    // The first of the lane is approved while the second is taken up and its attempt not yet on disk.
    ledger.commit = async (batch) => {
      const [entry] = batch.entries;
      if (entry?.type === 'write.attempted' && entry.stream === `write/${second}`) await harness.approve(first, clinician);
      return commit(batch);
    };
    let asked = 0;
    ledger.due = (now, limit) => {
      asked += 1;
      if (asked > 500) throw new Error('the loop spins');
      return due(now, limit);
    };
    expect((await harness.drain()).end).toBe('drained');
    expect(harness.ehr.sends).toEqual([second, first]);
  });
});
