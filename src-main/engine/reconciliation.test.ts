import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertsNow, runEngine } from './index.ts';
import { clinician, connection, Harness, owner } from './testing/harness.ts';
import type { FindQuery } from '../ports/outbound/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** How absence is proved, and what is found late. */

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
const asked = (): FindQuery[] => {
  const queries: FindQuery[] = [];
  harness.ehr.finds = (query) => {
    queries.push(query);
    return undefined;
  };
  return queries;
};

describe('the control search', () => {
  it('C4 is for a write of ours of the same type that was verified before the search could lag', async () => {
    const first = await one({ id: 'e1', patient: 'p1' });
    await harness.drain();
    harness.clock.advance(limits.searchSettleMs);
    const queries = asked();
    harness.ehr.behaviours.push('never');
    const second = await one({ id: 'e2', patient: 'p2' });
    await harness.drain();
    const { reference } = harness.ehr.chart[0] ?? { reference: '' };
    expect(queries[0]).toMatchObject({ id: second, control: { value: first, reference, resourceType: 'DocumentReference' } });
  });

  it('C4 is for the patient before there is such a write', async () => {
    const queries = asked();
    harness.ehr.behaviours.push('never');
    await one({ id: 'e1', patient: 'p1' });
    await harness.drain();
    expect(queries[0]).toMatchObject({
      control: { resourceType: 'Patient', system: 'urn:mrn', value: 'p1', reference: 'Patient/p1' },
    });
  });

  it('C4 a connection says how long its search lags, and how many looks it takes', async () => {
    const slow = await Harness.open([{ ...connection, settings: { searchSettleMs: 40_000, absenceLooks: 6 } }]);
    try {
      slow.ehr.behaviours.push('never');
      let looks = 0;
      slow.ehr.finds = () => {
        looks += 1;
        return undefined;
      };
      const startedAt = slow.clock.now();
      const [id] = await slow.accept({ id: 'e1' });
      await slow.drain();
      expect((await slow.write(id ?? '')).state.name).toBe('committed');
      expect(looks).toBeGreaterThanOrEqual(6);
      expect(slow.clock.now() - startedAt).toBeGreaterThanOrEqual(40_000);
    } finally {
      await slow.close();
    }
  });
});

describe('alerts', () => {
  it('C4 two entries in the chart, and what was found late, are told until somebody has looked', async () => {
    const { deps, ehr } = harness;
    expect(await alertsNow(deps)).toEqual([]);
    ehr.behaviours.push('lost', { refuse: 'ehr-rejected' });
    ehr.onSend = () => {
      const [entry] = ehr.chart;
      if (ehr.chart.length === 1 && entry !== undefined)
        ehr.commit({ ...entry.resource, writeId: entry.writeId, resourceType: 'DocumentReference' });
    };
    await one({ id: 'e1', patient: 'p1' });
    await harness.drain();
    const late = await one({ id: 'e2', patient: 'p2' });
    await harness.drain();
    ehr.commit({ writeId: late, resourceType: 'DocumentReference', patient: 'Patient/p2', content: '{}' });
    await harness.drain();
    expect((await alertsNow(deps)).map(({ kind, writes }) => [kind, writes])).toEqual([
      ['chart-has-two', 1],
      ['charted-late', 1],
    ]);
  });
});

describe('late success', () => {
  const arrive = (id: string): void => {
    harness.ehr.commit({ writeId: id, resourceType: 'DocumentReference', patient: 'Patient/p1', content: '{}' });
  };

  it('C4 a write that was given up and is in the chart after all is attached by the next start', async () => {
    harness.ehr.behaviours.push({ refuse: 'ehr-rejected' });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('failed-terminal');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('failed-terminal');
    arrive(id);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: true });
    expect((await harness.deps.ledger.writes({ code: 'charted-late', limit: 9 })).map((row) => row.id)).toEqual([id]);
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 a withdrawn one too; one that was never sent is not looked for', async () => {
    harness.ehr.behaviours.push('never');
    const sent = await one({ id: 'e1', content: JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] }) });
    const unsent = await one({ id: 'e2', approved: false, patient: 'p2' });
    await harness.drain();
    await harness.approve(sent, owner);
    await harness.drain();
    for (const id of [sent, unsent]) await harness.decide.withdraw(id, clinician, 'not needed');
    const queries = asked();
    await harness.drain();
    expect(queries.map(({ id }) => id)).toEqual([sent]);
  });
});

describe('found late, wherever the write stands by then', () => {
  const arrive = (id: string): void => {
    harness.ehr.commit({ writeId: id, resourceType: 'DocumentReference', patient: 'Patient/p1', content: '{}' });
  };

  it('C4 before it is sent a second time: it is not', async () => {
    harness.ehr.behaviours.push('never');
    const id = await one({ id: 'e1' });
    let looks = 0;
    harness.ehr.finds = () => {
      looks += 1;
      // Carried out when its absence had just been proved.
      if (looks === limits.absenceLooksMin + 1) arrive(id);
      return undefined;
    };
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: false });
    expect(harness.ehr.sends).toHaveLength(1);
    expect(harness.ehr.effects().get(id)).toBe(1);
  });

  it('C4 while a person is asked whether it may be sent again', async () => {
    harness.ehr.behaviours.push('never');
    const id = await one({ id: 'e1', content: JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] }) });
    await harness.drain();
    await harness.approve(id, owner);
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
    arrive(id);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: false });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 after a person has settled it by hand: it is told as late', async () => {
    harness.ehr.behaviours.push({ refuse: 'ehr-rejected' });
    const id = await one({ id: 'e1' });
    await harness.drain();
    await harness.decide.resolve(id, clinician, 'entered by hand');
    expect((await harness.write(id)).state.name).toBe('resolved-by-hand');
    arrive(id);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: true });
  });

  it('C4 in an engine that runs on, without a new start', async () => {
    harness.ehr.behaviours.push({ refuse: 'ehr-rejected' });
    const id = await one({ id: 'e1' });
    const stop = new AbortController();
    let waits = 0;
    const sleep = harness.clock.sleep.bind(harness.clock);
    harness.clock.sleep = async (ms, signal) => {
      waits += 1;
      const { state } = await harness.write(id);
      if (state.name === 'failed-terminal' && harness.ehr.chart.length === 0) {
        arrive(id);
        harness.clock.advance(limits.lateEveryMs);
      }
      if (state.name === 'committed' || waits > 1_000) stop.abort();
      return sleep(ms, signal);
    };
    await runEngine(harness.deps)({ drain: false, maxMs: null, signal: stop.signal });
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', late: true });
  });
});
