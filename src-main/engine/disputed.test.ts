import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Harness, note, record } from './testing/harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const stateOf = async (id: string) => (await harness.write(id)).state;
const again = (text: string, options: { approved?: boolean; version?: number } = {}) =>
  harness.ingest(record({ id: 'e1', content: note(text), ...options }));

describe('one version of an event, approved with two contents', () => {
  it('G5 holds what has not left, whichever was meant, until a new version says it', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: note('5 mg daily') });
    expect(await again('50 mg daily')).toMatchObject([{ status: 'refused', code: 'event-version-conflict' }]);
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'version-disputed', liftedBy: 'clinical-owner' } });
    // Also after the engine has started anew, which tries what is held.
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'version-disputed' } });
    expect(harness.ehr.sends).toEqual([]);

    const [newer] = await again('5 mg daily, confirmed', { version: 2 });
    await harness.drain();
    expect(await stateOf(newer?.writes[0] ?? '')).toMatchObject({ name: 'committed' });
    expect(await stateOf(id)).toMatchObject({ name: 'superseded' });
    expect((await harness.deps.ledger.verify()).ok).toBe(true);
  });

  it('G5 is on record with what the second one was, also when the first is in the chart already', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: note('5 mg daily') });
    await harness.drain();
    await again('50 mg daily');
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    const entries = await harness.deps.ledger.entries('north', { stream: 'event/e1' }, 10);
    expect(entries.find(({ type }) => type === 'event.disputed')?.body).toMatchObject({ eventId: 'e1', eventVersion: 1 });
  });

  it.each([
    ['a second one that nobody approved', { approved: false }],
    ['an older version', { version: 0 }],
  ])('G5 %s disputes nothing', async (_, options) => {
    const [id = ''] = await harness.accept({ id: 'e1', content: note('5 mg daily') });
    expect(await again('50 mg daily', options)).toMatchObject([{ status: 'refused' }]);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });
});
