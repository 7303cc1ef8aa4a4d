import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { groups } from '../index.ts';
import { clinician, connection, Harness, owner, record, tester } from '../testing/harness.ts';
import type { ReadOutcome } from '../../ports/outbound/index.ts';

/** Groups over two EHRs, on the real ledger: one takes its part, the other refuses its. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open([connection, { ...connection, name: 'other' }]);
});
afterEach(() => harness.close());

const both = (id: string, approved = true): string =>
  record({ id, approved }).replace('"content"', '"targets":[{"connection":"ehr"},{"connection":"other"}],"content"');

/** An event whose write on `ehr` is charted and whose write on `other` is refused for good. */
const partial = async (): Promise<{ readonly charted: string; readonly failed: string; readonly group: string }> => {
  const open = harness.ehr.open.bind(harness.ehr);
  const refusing = Object.assign(Object.create(harness.ehr) as typeof harness.ehr, {
    send: () => Promise.resolve({ outcome: 'refused', code: 'ehr-refused-content', exchange: [] }),
  });
  Object.assign(harness.deps, { gateways: { open: (name: string) => (name === 'other' ? Promise.resolve(refusing) : open()) } });
  const [receipt] = await harness.ingest(both('e1'));
  await harness.drain();
  const rows = await Promise.all((receipt?.writes ?? []).map((id) => harness.write(id)));
  const of = (name: string) => rows.find((row) => row.connection === name);
  return { charted: of('ehr')?.id ?? '', failed: of('other')?.id ?? '', group: rows[0]?.group ?? '' };
};
const reads = (answer: ReadOutcome): void => {
  const { gateways } = harness.deps;
  const changed = {
    open: async (name: string) => {
      const gateway = await gateways.open(name);
      return Object.assign(Object.create(gateway) as typeof gateway, { read: () => Promise.resolve(answer) });
    },
  };
  Object.assign(harness.deps, { gateways: changed });
};

describe('a group over two EHRs', () => {
  it('A3 shows which of its writes are prepared, charted and failed', async () => {
    const [receipt] = await harness.ingest(both('e1', false));
    const [id = ''] = receipt?.writes ?? [];
    const { show } = groups(harness.deps);
    expect(await show(id, tester)).toMatchObject({ phase: 'preparing', state: 'open', offers: [] });
    await harness.drain();
    expect(await show(id, tester)).toMatchObject({ phase: 'prepared', members: [{ phase: 'prepared' }, { phase: 'prepared' }] });
    await harness.approve(id, clinician);
    await harness.drain();
    const view = await show((await harness.write(id)).group, tester);
    expect(view).toMatchObject({ phase: 'committing', state: 'open', eventId: 'e1' });
    expect(view?.members.map(({ phase }) => phase).sort()).toEqual(['committed', 'prepared']);
    expect(await show('nothing', tester)).toBeUndefined();
  });

  it('E5 that failed in part offers what could be undone, and undoes nothing', async () => {
    const { charted, group } = await partial();
    const { show, waiting } = groups(harness.deps);
    const view = await show(group, tester);
    expect(view).toMatchObject({ phase: 'settled', state: 'partial' });
    expect(view?.offers).toMatchObject([{ write: charted, connection: 'ehr', how: 'addendum' }]);
    expect((await waiting(tester)).map(({ id }) => id)).toEqual([group]);
    const before = harness.ehr.sends.length;
    await harness.drain();
    expect(harness.ehr.sends).toHaveLength(before);
    expect((await harness.write(charted)).state.name).toBe('committed');
  });

  it('E5 a person decides that it stays; the decision is on record and the group waits no longer', async () => {
    const { charted, group } = await partial();
    const { decide, waiting, undone } = groups(harness.deps);
    expect(await decide(group, 'keep', ' ', clinician, tester)).toMatchObject({ ok: false, code: 'reason-missing' });
    const operator = { ...clinician, id: 'op', roles: ['operator' as const] };
    expect(await decide(group, 'keep', 'fine', operator, tester)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await decide(charted, 'keep', 'the note is right', clinician, tester)).toMatchObject({
      ok: true,
      group: { state: 'partial', decisions: [{ decision: 'keep', by: 'dr-lee', writes: [charted] }] },
    });
    expect(await waiting(tester)).toEqual([]);
    expect(await undone(charted, 'done', clinician, tester)).toMatchObject({ ok: false, code: 'no-offer' });
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('E5 decided to be undone, it counts as taken back once the chart shows it, and not on a word', async () => {
    const { charted, failed, group } = await partial();
    const { decide, undone, show } = groups(harness.deps);
    expect(await decide(group, 'undo', 'wrong hospital', clinician, tester)).toMatchObject({ ok: true });
    expect(await undone(charted, 'marked in the EHR', clinician, tester)).toMatchObject({ ok: false, code: 'still-charted' });
    expect((await harness.write(charted)).state.name).toBe('committed');
    expect(await undone(failed, 'x', clinician, tester)).toMatchObject({ ok: false, code: 'no-offer' });
    reads({ outcome: 'gone', exchange: [] });
    expect(await undone(charted, 'removed in the EHR', clinician, tester)).toMatchObject({
      ok: true,
      group: { state: 'compensated', offers: [] },
    });
    expect((await harness.write(charted)).state).toEqual({ name: 'compensated', by: 'dr-lee' });
    expect((await show(group, tester))?.members.map(({ phase }) => phase).sort()).toEqual(['failed', 'undone']);
    await harness.drain();
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('E5 nothing is offered while anything may still be charted, or when nothing failed', async () => {
    const [receipt] = await harness.ingest(both('e1'));
    const [id = ''] = receipt?.writes ?? [];
    await harness.drain();
    const { decide } = groups(harness.deps);
    expect(await decide(id, 'undo', 'why', owner, tester)).toMatchObject({ ok: false, code: 'no-offer' });
    expect(await decide('nothing', 'undo', 'why', owner, tester)).toMatchObject({ ok: false, code: 'group-unknown' });
  });
});
