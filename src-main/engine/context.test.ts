import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clinician, Harness, owner, record } from './testing/harness.ts';
import type { ReadOutcome } from '../ports/outbound/index.ts';

/** What is read again just before sending (D2, D6). */

let harness: Harness;
/** Versions of records of the chart that are not the engine's own. */
let versions: Map<string, string>;
beforeEach(async () => {
  harness = await Harness.open();
  versions = new Map([['AllergyIntolerance/91', '3']]);
  const read = harness.ehr.read.bind(harness.ehr);
  harness.ehr.read = (reference): Promise<ReadOutcome> => {
    const versionId = versions.get(reference);
    if (versionId === undefined) return read(reference);
    if (versionId === 'down')
      return Promise.resolve({ outcome: 'failed', code: 'ehr-unreachable', retryAfterMs: null, exchange: [] });
    if (versionId === 'forbidden')
      return Promise.resolve({ outcome: 'failed', code: 'permission-denied', retryAfterMs: null, exchange: [] });
    return Promise.resolve({ outcome: 'read', match: { reference, versionId, resource: {} }, exchange: [] });
  };
});
afterEach(() => harness.close());

const withSnapshot = async (): Promise<string> => {
  const event = JSON.parse(record({ id: 'e1' })) as Record<string, unknown>;
  event.snapshot = {
    takenAt: '2026-03-02T08:51:00Z',
    reliedOn: [{ reference: 'AllergyIntolerance/91', versionId: '3' }],
  };
  const [receipt] = await harness.ingest(JSON.stringify(event));
  return receipt?.writes[0] ?? '';
};

describe('what an event relied on', () => {
  it('D6 in the same version, the write goes', async () => {
    const id = await withSnapshot();
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it.each([
    ['changed', () => versions.set('AllergyIntolerance/91', '4'), 'is now in version 4, not 3'],
    ['gone', () => versions.delete('AllergyIntolerance/91'), 'is no longer there'],
  ] as const)(
    'D6 %s, the write pauses for review, and goes once someone who knows has approved it',
    async (_what, change, words) => {
      change();
      const id = await withSnapshot();
      await harness.drain();
      const paused = await harness.write(id);
      expect(paused).toMatchObject({ state: { name: 'awaiting-approval', code: 'context-changed' }, approval: null });
      expect(paused.state).toMatchObject({ reason: expect.stringContaining(words) as string });
      expect((await harness.deps.ledger.writes({ code: 'context-changed', limit: 9 })).map((row) => row.id)).toEqual([id]);
      expect(harness.ehr.sends).toEqual([]);
      expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
      await harness.drain();
      expect((await harness.write(id)).state.name).toBe('committed');
    },
  );

  it('D6 changed once more after that, it pauses again', async () => {
    versions.set('AllergyIntolerance/91', '4');
    const id = await withSnapshot();
    await harness.drain();
    await harness.approve(id, clinician);
    versions.set('AllergyIntolerance/91', '5');
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({
      name: 'awaiting-approval',
      reason: 'what it relied on has changed: AllergyIntolerance/91 is now in version 5, not 4',
    });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C6 D6 while it cannot be read the write waits with its reason, and is held in the end', async () => {
    versions.set('AllergyIntolerance/91', 'down');
    const id = await withSnapshot();
    await harness.drain(500);
    expect((await harness.write(id)).state).toMatchObject({ name: 'pending', code: 'ehr-unreachable' });
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'checks-used-up' }, resume: 'pending' });
    versions.set('AllergyIntolerance/91', '3');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('G6 D6 a read that is not permitted holds the write', async () => {
    versions.set('AllergyIntolerance/91', 'forbidden');
    const id = await withSnapshot();
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'permission-denied' } });
  });
});

describe('what an update changes', () => {
  const move = { id: 'e1', content: JSON.stringify({ demographics: { telecom: [{ system: 'phone', value: '555-0199' }] } }) };

  it.each([
    ['in the version that was read, it is changed', '1', 'committed'],
    ['changed by someone else since it was read, nothing is sent', '2', 'conflict'],
  ] as const)('D2 %s', async (_what, versionId, state) => {
    const [id = ''] = await harness.accept(move);
    await harness.drain();
    await harness.approve(id, owner);
    expect((await harness.write(id)).state.name).toBe('pending');
    versions.set('Patient/p1', versionId);
    harness.ehr.onSend = () => versions.delete('Patient/p1');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe(state);
    expect(harness.ehr.sends).toHaveLength(state === 'conflict' ? 0 : 1);
  });
});
