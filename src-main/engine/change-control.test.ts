import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { safety, testConnection } from './index.ts';
import { clinician, Harness, owner, record, tester } from './testing/harness.ts';
import type { VersionAt } from '../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

/** Takes in and sends one event written by this model with this prompt. */
async function from(id: string, model: string | null, prompt = '3'): Promise<string> {
  const provenance =
    model === null
      ? {}
      : { provenance: { model: { name: 'm', version: model }, promptTemplate: { id: 'soap', version: prompt } } };
  const text = record({ id, patient: id }).replace(
    '"specVersion"',
    `${JSON.stringify(provenance).slice(1, -1)}${model === null ? '' : ','}"specVersion"`,
  );
  const [receipt] = await harness.ingest(text);
  await harness.drain();
  return receipt?.writes[0] ?? JSON.stringify(receipt);
}
const spell = async (id: string): Promise<string> => {
  const { state } = await harness.write(id);
  return state.name === 'awaiting-approval' ? `awaiting-approval ${state.code ?? ''}` : state.name;
};
const run = (changes: object = {}): string =>
  JSON.stringify({
    bench: 'safety',
    commit: 'abc',
    figures: [
      { name: 'recall', value: 0.97, unit: '', goal: { at: 'least', value: 0.95 } },
      { name: 'longest note', value: 41.5, unit: 'ms' },
    ],
    ...changes,
  });
const answerFor = (covers: readonly VersionAt[], text = run(), person = owner) =>
  safety(harness.deps).record(text, covers, 'corpus run of March', person, tester);

describe('change control of a path', () => {
  it('B7 what it was begun with goes; another model waits for a person until a run is on record', async () => {
    expect(await spell(await from('e1', '1'))).toBe('committed');
    expect(await spell(await from('e2', '1'))).toBe('committed');
    const waiting = await from('e3', '2');
    expect(await spell(waiting)).toBe('awaiting-approval version-unseen');
    expect(await safety(harness.deps).show()).toMatchObject({
      demanded: [{ kind: 'model', version: 'm@2' }],
      paths: [{ source: 'scribe-7', connection: 'ehr' }],
    });
    // Decided by a person, it goes all the same.
    const second = await from('e4', '2');
    expect(await harness.approve(second, clinician)).toMatchObject({ ok: true });

    expect(await answerFor([{ kind: 'model', version: 'm@2' }])).toMatchObject({ ok: true, released: 1 });
    await harness.drain();
    expect(await spell(waiting)).toBe('committed');
    expect(await spell(second)).toBe('committed');
    expect(await spell(await from('e5', '2'))).toBe('committed');
    expect((await safety(harness.deps).show()).demanded).toEqual([]);
  });

  it('B7 a new prompt, adapter and EHR version each wait', async () => {
    await testConnection(harness.deps)('ehr', tester);
    expect(await spell(await from('e1', '1'))).toBe('committed');
    expect(await spell(await from('e2', '1', '4'))).toBe('awaiting-approval version-unseen');
    const software = harness.ehr.test();
    harness.ehr.test = async () => ({ ...(await software), software: 'fake 2' });
    await testConnection(harness.deps)('ehr', tester);
    const third = await from('e3', '1');
    expect((await harness.write(third)).state).toMatchObject({
      reason: expect.stringContaining('the EHR software fake 2') as string,
    });
    harness.ehr.adapter = 'fake 99';
    expect((await harness.write(await from('e4', '1'))).state).toMatchObject({
      reason: expect.stringContaining('the adapter fake 99, the EHR software fake 2') as string,
    });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('B7 an EHR that was upgraded between check and sending is noticed before anything leaves', async () => {
    await testConnection(harness.deps)('ehr', tester);
    await from('e1', '1');
    harness.ehr.behaviours.push({ throttle: 60_000 });
    const id = await from('e2', '1');
    expect(await spell(id)).toBe('committed');
    const software = harness.ehr.test();
    harness.ehr.test = async () => ({ ...(await software), software: 'fake 2' });
    const [held = ''] = await harness.accept({ id: 'e3', patient: 'e3' });
    harness.ehr.behaviours.push({ notApplied: 'ehr-unavailable' });
    await harness.drain(1);
    await testConnection(harness.deps)('ehr', tester);
    await harness.drain();
    expect(await spell(held)).toBe('awaiting-approval version-unseen');
    expect(harness.ehr.effects().size).toBe(2);
  });

  it.each([
    ['safety-failed', run({ figures: [{ name: 'recall', value: 0.9, unit: '', goal: { at: 'least', value: 0.95 } }] })],
    ['safety-incomplete', run({ bench: 'engine' })],
    ['safety-incomplete', run({ figures: [{ name: 'recall', value: 0.97, unit: '' }] })],
    ['safety-incomplete', 'not JSON'],
  ])('B7 a run is not recorded: %s', async (code, text) => {
    expect(await answerFor([{ kind: 'model', version: 'm@2' }], text)).toMatchObject({ ok: false, code });
    expect((await safety(harness.deps).show()).records).toEqual([]);
  });

  it('B7 a clinician does not answer for a run, and a run says who did, when and what it measured', async () => {
    expect(await answerFor([{ kind: 'model', version: 'm@2' }], run(), clinician)).toMatchObject({ code: 'role-forbids' });
    expect(await answerFor([{ kind: 'model', version: 'm@2' }])).toMatchObject({
      record: {
        by: 'dr-okafor',
        role: 'clinical-owner',
        meaning: 'corpus run of March',
        figures: [
          { name: 'recall', value: '0.97', goal: 'at least 0.95', met: true },
          { name: 'longest note', value: '41.5', goal: null },
        ],
        covers: [{ kind: 'model', version: 'm@2' }],
      },
    });
  });
});
