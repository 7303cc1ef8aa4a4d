import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine } from './index.ts';
import { clinician, Harness, record } from './testing/harness.ts';
import type { EntryType } from '../../src-shared/domain/index.ts';

/**
 * FLT-20: the connection to the ledger breaks while a commit is being acknowledged, so that nobody knows whether it was made;
 * or the ledger says again and again that another commit came first. What a database server does at a failover, here on the
 * ledger port.
 */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const broken = (): Error => Object.assign(new Error('the connection was lost at COMMIT'), { code: 'ledger-failed' });

/** The next commit with an entry of this type is lost on its way to the ledger, or on the way back. */
function breakAt(type: EntryType, made: boolean): { readonly restore: () => void; readonly met: () => boolean } {
  const { ledger } = harness.deps;
  const commit = ledger.commit.bind(ledger);
  let met = false;
  ledger.commit = async (batch) => {
    if (met) throw broken();
    if (!batch.entries.some((entry) => entry.type === type)) return commit(batch);
    met = true;
    if (made) await commit(batch);
    throw broken();
  };
  return { restore: () => void (ledger.commit = commit), met: () => met };
}

const next = (name: string) =>
  runEngine({ ...harness.deps, engineId: name })({ drain: true, maxMs: null, signal: new AbortController().signal });

describe('FLT-20 a commit of which nobody knows whether it was made', () => {
  const points = ['event.received', 'write.checked', 'write.attempted', 'write.settled', 'write.looked-up'] as const;
  const cases = points.flatMap((type) => [true, false].map((made) => [type, made] as const));

  it.each(cases)('C5 at %s, made: %s: the engine stops, and the write is charted once afterwards', async (type, made) => {
    // An outcome that has to be looked for, where that is the point.
    if (type === 'write.looked-up') harness.ehr.behaviours.push('lost');
    const { restore, met } = breakAt(type, made);
    const first = await harness.accept({ id: 'e1' }).catch(() => null);
    if (type === 'event.received') expect(first).toBeNull();
    else await expect(next('engine-a')).rejects.toThrow('COMMIT');
    expect(met()).toBe(true);
    restore();
    // Nobody was told that it was taken in: it is handed in again.
    await harness.ingest(...(first === null ? [record({ id: 'e1' })] : []));
    await next('engine-b');
    const rows = await harness.deps.ledger.writes({ limit: 10 });
    expect(rows.map(({ state }) => state.name)).toEqual(['committed']);
    expect([...harness.ehr.effects().values()]).toEqual([1]);
    expect(harness.ehr.sends).toHaveLength(1);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it.each([true, false])('C5 at an approval, made: %s: the person asks again, and it goes once', async (made) => {
    const [id = ''] = await harness.accept({ id: 'e1', approved: false });
    await harness.drain();
    const { restore } = breakAt('write.approved', made);
    await expect(harness.approve(id, clinician)).rejects.toThrow('COMMIT');
    restore();
    expect((await harness.write(id)).state.name).toBe(made ? 'pending' : 'awaiting-approval');
    const again = await harness.approve(id, clinician);
    expect(again.ok).toBe(!made);
    await harness.drain();
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('C5 INV-13 another commit that comes first again and again is gathered for anew, and nothing is decided on old facts', async () => {
    const [id = ''] = await harness.accept({ id: 'e1' });
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    let clashes = 0;
    ledger.commit = async (batch) => {
      const [first] = batch.expected;
      if (clashes >= 12 || first === undefined || batch.entries[0]?.type === 'engine.started') return commit(batch);
      clashes += 1;
      return { ok: false, clash: first };
    };
    await harness.drain();
    expect(clashes).toBe(12);
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.ehr.sends).toEqual([id]);
  });
});
