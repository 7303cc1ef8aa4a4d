import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, groups, peopleDecide } from '../index.ts';
import { clinician, connection, Harness, record, tester } from '../testing/harness.ts';
import { markedAsError } from '../../../src-shared/domain/follow-up.ts';

/** Taking a charted entry back by a write of Countersign's own (E2, E5): accepted, checked, approved, sent, read back. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open([connection, { ...connection, name: 'other' }]);
});
afterEach(() => harness.close());

const measured = {
  observations: [
    {
      code: { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' },
      value: '72',
      unit: '/min',
      effectiveAt: '2026-03-02T08:50:00Z',
    },
  ],
};

/** An event whose writes on `ehr` are charted and whose writes on `other` are refused for good. */
const partial = async (content: object = measured): Promise<{ readonly charted: string; readonly group: string }> => {
  const open = harness.ehr.open.bind(harness.ehr);
  const refusing = Object.assign(Object.create(harness.ehr) as typeof harness.ehr, {
    send: () => Promise.resolve({ outcome: 'refused', code: 'ehr-refused-content', exchange: [] }),
  });
  Object.assign(harness.deps, { gateways: { open: (name: string) => (name === 'other' ? Promise.resolve(refusing) : open()) } });
  const text = record({ id: 'e1', content: JSON.stringify(content) });
  const targeted = text.replace('"content"', '"targets":[{"connection":"ehr"},{"connection":"other"}],"content"');
  const [receipt] = await harness.ingest(targeted);
  await harness.drain();
  const rows = await Promise.all((receipt?.writes ?? []).map((id) => harness.write(id)));
  const charted = rows.find((row) => row.connection === 'ehr');
  expect(charted?.state.name).toBe('committed');
  return { charted: charted?.id ?? '', group: charted?.group ?? '' };
};

const accept = async (charted: string, group: string): Promise<string> => {
  const { decide, compensate } = groups(harness.deps);
  expect(await decide(group, 'undo', 'measured on somebody else', clinician, tester)).toMatchObject({ ok: true });
  const outcome = await compensate(charted, 'measured on somebody else', clinician, tester);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.group.compensations.at(-1)?.id ?? '';
};

describe('E2 a charted entry that is taken back', () => {
  it('E2 E5 is marked by a write of its own, which a person approves; the original counts as taken back once it is read back', async () => {
    const { charted, group } = await partial();
    const { show } = groups(harness.deps);
    expect((await show(group, tester))?.offers).toMatchObject([{ write: charted, how: 'entered-in-error', sends: true }]);
    const id = await accept(charted, group);
    expect(id).not.toBe(charted);
    await harness.drain();
    // Accepted is not approved: the source's approval was for the original, and nothing has been sent.
    const waiting = await harness.write(id);
    expect(waiting).toMatchObject({ compensates: charted, operation: 'update', approval: null, attempts: 0 });
    expect(waiting.state).toMatchObject({ name: 'awaiting-approval', reason: expect.stringContaining(charted) as unknown });
    expect(harness.ehr.sends).toEqual([charted]);
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect((await harness.write(charted)).state).toEqual({ name: 'compensated', by: 'dr-lee' });
    expect(harness.ehr.chart).toHaveLength(1);
    expect(harness.ehr.chart.map(({ resource, versionId }) => [markedAsError(resource), versionId])).toEqual([[true, 2]]);
    expect(await show(group, tester)).toMatchObject({ state: 'compensated', offers: [], compensations: [{ id }] });
    const told = (await harness.timeline(charted)).filter(({ type }) => type === 'write.compensated');
    expect(told.map(({ body }) => body)).toMatchObject([{ note: expect.stringContaining(id) as unknown }]);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('E2 what it wrote is the mark: a later look finds no drift in it, and finds it when the mark is gone', async () => {
    const { charted, group } = await partial();
    const id = await accept(charted, group);
    await harness.drain();
    await harness.approve(id, clinician);
    await harness.drain();
    harness.clock.advance(2 * 60 * 60_000);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', follow: { drift: null } });
    const [entry] = harness.ehr.chart;
    if (entry === undefined) throw new Error('nothing is charted');
    harness.ehr.replace(entry, { ...entry.resource, status: 'final' });
    harness.clock.advance(25 * 60 * 60_000);
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', follow: { drift: { kind: 'changed' } } });
  });

  it('E5 is refused before anybody decided, twice, without a reason, by somebody who may not, and where it is done by hand', async () => {
    const { charted, group } = await partial({ ...measured, note: { text: 'A note.' } });
    const { decide, compensate, show } = groups(harness.deps);
    expect(await compensate(charted, 'why', clinician, tester)).toMatchObject({ ok: false, code: 'no-offer' });
    await decide(group, 'undo', 'wrong visit', clinician, tester);
    const offers = (await show(group, tester))?.offers ?? [];
    const [byHand, sent] = [offers.find((one) => !one.sends), offers.find((one) => one.sends)];
    expect(byHand).toMatchObject({ how: 'addendum' });
    expect(await compensate(byHand?.write ?? '', 'why', clinician, tester)).toMatchObject({ ok: false, code: 'no-offer' });
    const id = sent?.write ?? '';
    expect(await compensate(id, ' ', clinician, tester)).toMatchObject({ ok: false, code: 'reason-missing' });
    const operator = { ...clinician, id: 'op', roles: ['operator' as const] };
    expect(await compensate(id, 'why', operator, tester)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await compensate(id, 'why', clinician, tester)).toMatchObject({ ok: true });
    expect(await compensate(id, 'why', clinician, tester)).toMatchObject({ ok: false, code: 'state-forbids' });
    expect(await compensate('nothing', 'why', clinician, tester)).toMatchObject({ ok: false, code: 'write-unknown' });
  });

  it('E5 is refused while writes are switched off', async () => {
    const { charted, group } = await partial();
    const { decide, compensate } = groups(harness.deps);
    await decide(group, 'undo', 'wrong visit', clinician, tester);
    await control(harness.deps).switch('writes', {}, true, 'drill', clinician, tester);
    expect(await compensate(charted, 'why', clinician, tester)).toMatchObject({
      ok: false,
      code: 'state-forbids',
      message: expect.stringContaining('drill') as unknown,
    });
  });

  it('E2 D2 an entry that somebody else has changed is not marked: not planned, not approved, not sent', async () => {
    const { charted, group } = await partial();
    const [entry] = harness.ehr.chart;
    if (entry === undefined) throw new Error('nothing is charted');
    const { compensate } = groups(harness.deps);
    const id = await accept(charted, group);
    await harness.drain();
    await harness.approve(id, clinician);
    // Between the approval and the bytes.
    harness.ehr.replace(entry, { ...entry.resource, comment: 'of another author' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'conflict', code: 'version-conflict' });
    expect(harness.ehr.sends).toEqual([charted]);
    expect((await harness.write(charted)).state.name).toBe('committed');
    await peopleDecide(harness.deps).withdraw(id, clinician, 'done by hand');
    expect(await compensate(charted, 'again', clinician, tester)).toMatchObject({ ok: false, code: 'chart-moved' });
  });

  it('E2 drift between accepting and checking fails it, and the chart stays as it is', async () => {
    const { charted, group } = await partial();
    const id = await accept(charted, group);
    const [entry] = harness.ehr.chart;
    if (entry === undefined) throw new Error('nothing is charted');
    harness.ehr.replace(entry, { ...entry.resource, comment: 'of another author' });
    await harness.drain();
    expect((await harness.write(id)).state).toEqual({ name: 'failed-terminal', code: 'version-conflict' });
    expect(harness.ehr.sends).toEqual([charted]);
  });

  it('C4 E2 a reply that was lost is looked for, and the entry is marked once', async () => {
    const { charted, group } = await partial();
    const id = await accept(charted, group);
    await harness.drain();
    await harness.approve(id, clinician);
    harness.ehr.behaviours.push('lost');
    await harness.drain();
    expect(harness.ehr.sends.filter((one) => one === id)).toHaveLength(1);
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect((await harness.write(charted)).state.name).toBe('compensated');
    expect(harness.ehr.chart.map(({ versionId }) => versionId)).toEqual([2]);
  });

  it('E5 withdrawn, it can be accepted again, as another write; done by hand, it has nothing left to do', async () => {
    const { charted, group } = await partial();
    const first = await accept(charted, group);
    await harness.drain();
    await harness.decide.withdraw(first, clinician, 'not yet');
    const { compensate, undone } = groups(harness.deps);
    const again = await compensate(charted, 'now', clinician, tester);
    const second = again.ok ? (again.group.compensations.at(-1)?.id ?? '') : '';
    expect(second).not.toBe(first);
    const [entry] = harness.ehr.chart;
    if (entry === undefined) throw new Error('nothing is charted');
    harness.ehr.replace(entry, { ...entry.resource, status: 'entered-in-error' });
    expect(await undone(charted, 'marked in the EHR', clinician, tester)).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(second)).state).toEqual({ name: 'failed-terminal', code: 'target-not-found' });
    expect(harness.ehr.sends).toEqual([charted]);
  });
});
