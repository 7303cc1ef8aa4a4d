import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agreeing } from './testing/fake-ehr.ts';
import { clinician, Harness } from './testing/harness.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** Writes that wait: for the EHR, for another write. A run always ends, and what waits says for what. */

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

const addendum = (id: string, amends: string) => ({
  id,
  content: JSON.stringify({ addendum: { amends: { event: amends }, text: 'One more thing.' } }),
});

const unreachable = (): void => {
  harness.ehr.lookUps = () => ({
    outcome: 'failed',
    code: 'ehr-unreachable',
    retryable: true,
    retryAfterMs: null,
    message: 'down',
  });
};

describe('an EHR that cannot be read', () => {
  it('C6 a draft shows why it waits, is checked again later and later, and is held in the end', async () => {
    unreachable();
    const id = await one({ id: 'e1' });
    const startedAt = harness.clock.now();
    await harness.drain(1_000);
    expect((await harness.write(id)).state).toMatchObject({ name: 'draft', code: 'ehr-unreachable' });
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(id)).state).toMatchObject({
      name: 'held',
      hold: { code: 'checks-used-up', liftedBy: 'operations-lead' },
      resume: 'draft',
    });
    expect(harness.clock.now() - startedAt).toBeGreaterThan(60_000);
    const checks = (await harness.timeline(id)).filter(({ type }) => type === 'write.checked');
    expect(checks).toHaveLength(limits.checksMax);
  });

  it('C6 and when it can be read again, the next start goes on with it', async () => {
    unreachable();
    const id = await one({ id: 'e1' });
    await harness.drain();
    harness.ehr.lookUps = agreeing;
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('C4 C6 an EHR that ignored what it was asked to search by is asked again before a person is', async () => {
    let asked = 0;
    harness.ehr.lookUps = (query) => {
      asked += 1;
      return asked === 1
        ? { outcome: 'failed', code: 'look-up-not-trusted', retryable: true, retryAfterMs: null, message: 'ignored' }
        : agreeing(query);
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect((await harness.timeline(id)).filter(({ type }) => type === 'write.checked')).toHaveLength(2);
  });

  it('C6 a Retry-After is obeyed by the checks too', async () => {
    let asked = 0;
    harness.ehr.lookUps = (query) => {
      asked += 1;
      return asked === 1
        ? { outcome: 'failed', code: 'ehr-rate-limit', retryable: true, retryAfterMs: 90_000, message: 'slower' }
        : agreeing(query);
    };
    const startedAt = harness.clock.now();
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.clock.now() - startedAt).toBeGreaterThanOrEqual(90_000);
  });
});

describe('an addendum', () => {
  it('C6 to a note that waits for approval is held for it; the run ends, and both go once it is approved', async () => {
    const noteId = await one({ id: 'e1', approved: false });
    const addendumId = await one(addendum('e2', 'e1'));
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(addendumId)).state).toMatchObject({
      name: 'held',
      hold: { code: 'other-write-open', follows: noteId },
    });
    await harness.approve(noteId, clinician);
    await harness.drain();
    expect(harness.ehr.sends).toEqual([noteId, addendumId]);
  });

  it('C6 whose note is withdrawn is let go, and stops by itself', async () => {
    const noteId = await one({ id: 'e1', approved: false });
    const addendumId = await one(addendum('e2', 'e1'));
    await harness.drain();
    await harness.decide.withdraw(noteId, clinician, 'not needed');
    expect((await harness.write(addendumId)).state.name).toBe('draft');
    await harness.drain();
    expect((await harness.write(addendumId)).state).toMatchObject({ name: 'failed-terminal', code: 'target-not-found' });
  });

  it('C6 is not left behind when its note is settled while the addendum is being held for it', async () => {
    const noteId = await one({ id: 'e1', approved: false });
    await harness.drain();
    const addendumId = await one(addendum('e2', 'e1'));
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    ledger.commit = async (batch) => {
      const [entry] = batch.entries;
      if (entry?.type === 'write.checked' && entry.stream === `write/${addendumId}`) {
        ledger.commit = commit;
        await harness.decide.withdraw(noteId, clinician, 'not needed');
      }
      return commit(batch);
    };
    await harness.drain();
    expect((await harness.write(addendumId)).state).toMatchObject({ name: 'failed-terminal', code: 'target-not-found' });
  });
});
