import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, lookForLost, recordLoss } from '../index.ts';
import { clinician, Harness, owner, record, tester } from '../testing/harness.ts';
import type { FindOutcome } from '../../ports/outbound/index.ts';

/** What may have been sent in the time of which the ledger knows nothing, held against what the EHR says when it is looked for. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

/** The loss on record, with every log as long as it is now; writes go again. */
const lose = async (): Promise<void> => {
  const { ledger } = harness.deps;
  const sizes: Record<string, number> = {};
  for (const tenant of await ledger.tenants()) {
    let size = 0;
    while ((await ledger.entry(tenant, size)) !== undefined) size += 1;
    sizes[tenant] = size;
  }
  expect(await recordLoss(harness.deps, { logs: [], sizes }, 'the disk failed', 'admin', tester)).toBe(true);
  expect((await ledger.rows('switch')).map(({ what, off, reason }) => [what, off, reason])).toEqual([
    ['writes', true, 'the ledger lost its end: the disk failed'],
  ]);
};
const letGo = () => control(harness.deps).switch('writes', {}, false, 'decided again', owner, tester);
/** A write that is ready to be sent and that the ledger believes was never sent. */
const ready = async (): Promise<string> => (await readyFor('e1'))[0] ?? '';
const readyFor = async (...events: readonly string[]): Promise<readonly string[]> => {
  const writes: string[] = [];
  for (const id of events) writes.push(...(await harness.accept({ id, patient: `p-${id}`, approved: false })));
  await harness.drain();
  for (const write of writes) await harness.approve(write, clinician);
  return writes;
};
const finds = (answer: FindOutcome): void => void (harness.ehr.finds = () => answer);
const unclear: FindOutcome = { outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange: [] };

describe('C5 after a ledger lost its end', () => {
  it('C5 nothing is sent until a person lifts the switch', async () => {
    const id = await ready();
    await lose();
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'writes-switched-off' } });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C4 what stands in the chart is attached, by the first look and by the one before sending', async () => {
    const [first = '', second = ''] = await readyFor('e1', 'e2');
    for (const writeId of [first, second]) harness.ehr.commit({ resourceType: 'DocumentReference', writeId });
    await lose();
    harness.ehr.finds = ({ id }) => (id === first ? undefined : unclear);
    const looked = await lookForLost(harness.deps, new AbortController().signal, () => undefined);
    expect(looked).toEqual({ looked: 2, found: 1, absent: 0, unclear: 1 });
    expect((await harness.write(first)).state.name).toBe('committed');
    harness.ehr.finds = null;
    await letGo();
    await harness.drain();
    expect((await harness.write(second)).state.name).toBe('committed');
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C4 what is proved absent goes, not before the search can have caught up, and is not looked for a second time', async () => {
    const id = await ready();
    await lose();
    await letGo();
    const lostAt = harness.clock.now();
    let sentAt = 0;
    harness.ehr.onSend = () => void (sentAt = harness.clock.now());
    let looks = 0;
    harness.ehr.finds = () => {
      looks += 1;
      return { outcome: 'absent', exchange: [] };
    };
    harness.ehr.behaviours.push({ notApplied: 'ehr-unavailable' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.ehr.sends).toEqual([id, id]);
    expect(sentAt - lostAt).toBeGreaterThanOrEqual(harness.deps.searchSettleMs);
    expect(looks).toBe(1);
  });

  it.each([
    ['two entries', { outcome: 'duplicate', matches: [], exchange: [] }, 'held', 'chart-has-two'],
    ['a search that proves nothing', unclear, 'held', 'checks-used-up'],
    [
      'another version',
      { outcome: 'moved', match: { reference: 'X/1', versionId: '2', resource: {} }, exchange: [] },
      'conflict',
      'version-conflict',
    ],
  ] as const)('C4 %s: it is not sent, and a person is asked', async (_what, answer, state, code) => {
    const id = await ready();
    await lose();
    await letGo();
    finds(answer);
    await harness.drain();
    const row = await harness.write(id);
    expect(row.state).toMatchObject(state === 'held' ? { name: state, hold: { code } } : { name: state, code });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C3 a high-risk create that is proved absent is asked about before it goes', async () => {
    const content = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });
    const [id = ''] = await harness.accept({ id: 'e1', approved: false, content });
    await harness.drain();
    expect((await harness.write(id)).tier).toBe('high');
    expect(await harness.approve(id, owner)).toMatchObject({ ok: true });
    harness.clock.advance(1_000);
    await lose();
    await letGo();
    finds({ outcome: 'absent', exchange: [] });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({
      name: 'awaiting-approval',
      reason: expect.stringContaining('lost its end') as unknown,
    });
    harness.clock.advance(1_000);
    expect(await harness.approve(id, owner)).toMatchObject({ ok: true });
    await harness.drain();
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('C4 an event of the lost time that is handed in again is looked for; one of afterwards goes without', async () => {
    await harness.accept({ id: 'before' });
    await harness.drain();
    await lose();
    await letGo();
    const asked: string[] = [];
    harness.ehr.finds = ({ id }) => {
      asked.push(id);
      return undefined;
    };
    const [again = ''] = await harness.accept({ id: 'again', patient: 'p2' });
    const later = new Date(harness.clock.now() + 60_000).toISOString();
    harness.clock.advance(120_000);
    const text = record({ id: 'later', patient: 'p3' })
      .replace('2026-03-02T09:00:00Z', later)
      .replace('2026-03-02T09:10:00Z', later);
    const [receipt] = await harness.ingest(text);
    await harness.drain();
    expect((await harness.deps.ledger.counts()).byState).toEqual({ committed: 3 });
    expect(asked).toEqual([again]);
    expect(receipt?.writes).toHaveLength(1);
  });
});
