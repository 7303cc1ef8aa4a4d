import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertsNow } from '../index.ts';
import { connection, Harness, owner } from '../testing/harness.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** C4, C8: what an EHR has accepted and not said to be done. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const accepted = async (content?: string): Promise<string> => {
  harness.ehr.behaviours.push('accepted');
  const [id = ''] = await harness.accept({ id: 'e1', ...(content === undefined ? {} : { content }) });
  return id;
};
const carryOut = (): void => {
  for (const resource of harness.ehr.accepted.splice(0)) harness.ehr.commit(resource);
};
const stateOf = async (id: string) => (await harness.write(id)).state;

describe('C4 a request that was only accepted', () => {
  it('C4 is asked for at the address the EHR gave, at the pace it asks for, and then found in the chart', async () => {
    let asked = 0;
    const times: number[] = [];
    harness.ehr.monitors = () => {
      asked += 1;
      times.push(harness.clock.now());
      if (asked < 4) return { outcome: 'running', retryAfterMs: 30_000, exchange: [] };
      carryOut();
      return { outcome: 'ended', failed: false, exchange: [] };
    };
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect(asked).toBe(4);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(30_000);
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 is not looked for while the EHR says that it is under way', async () => {
    let looked = 0;
    harness.ehr.finds = () => {
      looked += 1;
      return undefined;
    };
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'unknown', code: 'accepted-only', looks: limits.lookUpsMax });
    expect(looked).toBe(0);
    expect((await alertsNow(harness.deps)).map(({ kind }) => kind)).toEqual(['person-must-look']);
  });

  it('C4 is found later by itself when the EHR takes longer than that', async () => {
    const id = await accepted();
    await harness.drain();
    carryOut();
    harness.clock.advance(limits.followFirstMs);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed', late: false });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 that failed there is proved absent, told, and not sent again', async () => {
    harness.ehr.monitors = () => ({ outcome: 'ended', failed: true, exchange: [] });
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toEqual({ name: 'failed-terminal', code: 'accepted-then-refused' });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 that failed by its word and is in the chart all the same is in the chart', async () => {
    harness.ehr.monitors = () => {
      carryOut();
      return { outcome: 'ended', failed: true, exchange: [] };
    };
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });

  it('C4 that ended and left nothing is sent again once its absence is proved', async () => {
    harness.ehr.monitors = () => ({ outcome: 'ended', failed: false, exchange: [] });
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect(harness.ehr.sends).toHaveLength(2);
    expect(harness.ehr.effects().get(id)).toBe(1);
  });

  it('C4 whose state cannot be read is looked for, and its absence proves nothing', async () => {
    harness.ehr.monitors = () => ({ outcome: 'unclear', code: 'ehr-fault', retryAfterMs: null, exchange: [] });
    const id = await accepted();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'unknown' });
    expect(harness.ehr.sends).toHaveLength(1);
  });
});

describe('C8 an EHR with an inbox', () => {
  const allergy = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });

  it('C8 what it accepted for its inbox stays unknown with that reason, is never sent again, and is found once taken over', async () => {
    const inbox = await Harness.open([{ ...connection, settings: { heldForReconciliation: ['AllergyIntolerance'] } }]);
    try {
      inbox.ehr.behaviours.push('accepted');
      inbox.ehr.monitors = () => ({ outcome: 'unclear', code: 'ehr-not-supported', retryAfterMs: null, exchange: [] });
      const [id = ''] = await inbox.accept({ id: 'e1', content: allergy });
      await inbox.drain();
      await inbox.approve(id, owner);
      await inbox.drain();
      expect((await inbox.write(id)).state).toMatchObject({ name: 'unknown', code: 'held-in-ehr' });
      for (const resource of inbox.ehr.accepted) inbox.ehr.commit(resource);
      inbox.clock.advance(limits.followSecondMs);
      await inbox.drain();
      expect((await inbox.write(id)).state).toMatchObject({ name: 'committed' });
      expect(inbox.ehr.sends).toHaveLength(1);
    } finally {
      await inbox.close();
    }
  });

  it('C8 what it says to have filed there is told as held for reconciliation', async () => {
    const inbox = await Harness.open([{ ...connection, settings: { heldForReconciliation: ['DocumentReference'] } }]);
    try {
      const [id = ''] = await inbox.accept({ id: 'e1' });
      await inbox.drain();
      expect((await inbox.write(id)).state).toMatchObject({ name: 'committed', landing: 'held-for-reconciliation' });
    } finally {
      await inbox.close();
    }
  });
});
