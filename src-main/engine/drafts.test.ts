import { afterEach, beforeEach, expect, it } from 'vitest';
import { control, dryRun, explainPolicy } from './index.ts';
import { clinician, Harness, record, tester } from './testing/harness.ts';
import type { SwitchScope } from '../../src-shared/domain/index.ts';

/** Drafts are stopped apart from writes (B5): what is new is not checked, what was approved goes on. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const drafts = (off: boolean, scope: SwitchScope = { source: 'scribe-7' }) =>
  control(harness.deps).switch('drafts', scope, off, 'it makes things up', clinician, tester);
const one = async (options: Parameters<Harness['accept']>[0]): Promise<string> => (await harness.accept(options))[0] ?? '';
const stateOf = async (id: string) => (await harness.write(id)).state;

it('B5 a draft is held unchecked, without a question to the EHR; an approved write is sent; lifted, the draft is checked', async () => {
  const approved = await one({ id: 'e1', approved: false });
  await harness.drain();
  await harness.approve(approved, clinician);
  await drafts(true);
  const draft = await one({ id: 'e2', patient: 'p2' });
  const asked: string[] = [];
  const { lookUps } = harness.ehr;
  harness.ehr.lookUps = (query) => {
    asked.push(query.kind);
    return lookUps(query);
  };
  await harness.drain();
  expect(await stateOf(approved)).toMatchObject({ name: 'committed' });
  expect(await harness.write(draft)).toMatchObject({
    prepared: null,
    state: {
      name: 'held',
      resume: 'draft',
      hold: {
        code: 'drafts-switched-off',
        liftedBy: 'operations-lead',
        reason: 'it makes things up (drafts are switched off for source scribe-7, by dr-lee)',
      },
    },
  });
  expect(asked).toEqual([]);
  const explained = await explainPolicy(harness.deps)(draft, tester);
  expect(explained?.steps.find(({ rule }) => rule === 'switch')).toMatchObject({
    outcome: 'waits',
    words: 'drafts are off for source scribe-7, by dr-lee: it makes things up',
  });
  // A start of the engine, and lifting another switch, do not let it go.
  const before = (await harness.timeline(draft)).length;
  await harness.drain();
  expect((await harness.timeline(draft)).length).toBe(before);
  expect(await drafts(false)).toEqual({ ok: true, released: 1 });
  await harness.drain();
  expect(await stateOf(draft)).toMatchObject({ name: 'committed' });
  expect((await harness.deps.ledger.verify()).problems).toEqual([]);
});

it('B5 only what fits is stopped, and a switch for drafts stops no write and freezes no approval', async () => {
  await drafts(true, { resource: 'Task' });
  const id = await one({ id: 'e1', approved: false });
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
  await drafts(true, {});
  expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'committed' });
});

it('B4 B5 a dry run says what a switch for drafts would hold', async () => {
  await drafts(true);
  const rehearsed = await dryRun(harness.deps)({ file: 'f', line: 1, text: record({ id: 'e1' }) }, null, tester);
  expect(JSON.stringify(rehearsed)).toContain('drafts-switched-off');
  expect(harness.ehr.sends).toEqual([]);
});
