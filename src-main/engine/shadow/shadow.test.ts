import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, shadow } from '../index.ts';
import { Harness, note, tester } from '../testing/harness.ts';
import type { ListOutcome } from '../../ports/outbound/index.ts';

/** What would have been written, beside what people wrote by hand. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const report = async () => {
  const made = await shadow(harness.deps)('ehr', tester);
  if (!made.ok) throw new Error(made.message);
  return made.report;
};
const stage = (to: 'shadow' | 'draft') => control(harness.deps).stage('ehr', to, 'rehearsal', tester);
const byHand = (...resources: readonly Record<string, string>[]): ListOutcome => ({
  outcome: 'listed',
  complete: true,
  entries: resources.map((resource, at) => ({ reference: `DocumentReference/hand-${at}`, versionId: '1', resource })),
});
const held = async (id: string, text: string): Promise<string> => {
  const [write = ''] = await harness.accept({ id, content: note(text) });
  await harness.drain();
  expect((await harness.write(write)).state).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
  return write;
};
/** The entry that would have been written, as a person would have written it. */
const asPrepared = async (write: string, changes: Record<string, string> = {}): Promise<Record<string, string>> => {
  const checked = (await harness.timeline(write)).find(({ type }) => type === 'write.checked');
  const { body } = (checked?.body as { prepared: { body: string } }).prepared;
  return { ...(JSON.parse(body) as Record<string, string>), ...changes };
};

describe('stage shadow', () => {
  it('B4 each held write is compared with the entry that says the same, and sent nothing', async () => {
    await stage('shadow');
    const same = await held('v-1', 'Well today.');
    const other = await held('v-2', 'Cough for a week.');
    const nobody = await held('v-3', 'Knee pain.');
    const chart = [
      await asPrepared(same),
      await asPrepared(other, { content: 'cough since Monday' }),
      { ...(await asPrepared(nobody)), patient: 'x', content: 'y', writeId: 'z' },
    ];
    const asked: [string, string, number][] = [];
    harness.ehr.additions = (...query) => {
      asked.push(query);
      return byHand(...chart);
    };
    const { writes, resources, more } = await report();
    const outcomes = new Map(writes.map(({ row, outcome, match }) => [row.id, [outcome, match?.reference ?? null]]));
    expect(outcomes.get(same)).toEqual(['same', 'DocumentReference/hand-0']);
    expect(outcomes.get(other)).toEqual(['differs', 'DocumentReference/hand-1']);
    expect(outcomes.get(nobody)).toEqual(['absent', null]);
    expect(resources).toMatchObject([
      {
        resourceType: 'DocumentReference',
        held: 3,
        same: 1,
        differs: 1,
        absent: 1,
        unread: 0,
        elements: [{ element: 'content', differs: 1 }],
      },
    ]);
    expect(more).toBe(false);
    // From the visit on, and of one patient.
    expect(asked[0]).toEqual(['DocumentReference', expect.stringContaining('Patient/'), Date.parse('2026-03-02T09:00:00Z')]);
    expect(harness.ehr.sends).toEqual([]);
    const viewed = await harness.deps.ledger.entries('north', { stream: 'shadow/ehr' }, 5);
    expect(viewed.map(({ type }) => type)).toEqual(['record.viewed']);
  });

  it('B4 a chart that cannot be read is told, and counts as no difference', async () => {
    await stage('shadow');
    await held('v-1', 'Well today.');
    harness.ehr.additions = () => ({ outcome: 'failed', code: 'ehr-unavailable', retryable: true, retryAfterMs: null });
    expect(await report()).toMatchObject({
      resources: [{ unread: 1, absent: 0 }],
      writes: [{ outcome: 'unread', code: 'ehr-unavailable' }],
    });
  });

  it('B4 what another stage holds is not compared', async () => {
    await stage('draft');
    await held('v-1', 'Well today.');
    expect(await shadow(harness.deps)('ehr', tester)).toMatchObject({ ok: false, code: 'not-at-shadow' });
    expect(await shadow(harness.deps)('west', tester)).toMatchObject({ ok: false, code: 'connection-unknown' });
    await stage('shadow');
    await control(harness.deps).stage('ehr', 'draft', 'notes later', tester, { resource: 'DocumentReference' });
    await control(harness.deps).stage('ehr', 'shadow', 'others', tester, { resource: 'Task' });
    expect(await report()).toMatchObject({ writes: [], resources: [] });
  });
});
