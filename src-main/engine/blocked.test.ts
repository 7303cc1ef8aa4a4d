import { afterEach, beforeEach, expect, it } from 'vitest';
import { explainPolicy, governance, register } from './index.ts';
import { clinician, Harness, note, owner, record, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';

/** What the contract blocks goes only by an explicit selection and two other people (B3). */

const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
const second: Person = { ...owner, id: 'dr-abe', name: 'Abe' };

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
  await register(harness.deps).person(second, 'no secret', tester);
});
afterEach(() => harness.close());

async function noteTier(tier: 'blocked' | 'high', version: string): Promise<void> {
  const rows = [{ kind: 'note', tier, reason: 'Not here.' }];
  const text = JSON.stringify({ policy: 'override', version, scope: { connection: 'ehr' }, rows });
  const policies = governance(harness.deps);
  const proposed = await policies.propose(text, 'because', admin, tester);
  if (!proposed.ok || !(await policies.approve(proposed.id, 'agreed', owner, tester)).ok) throw new Error('not in force');
}
const stopped = async (id: string): Promise<string> => {
  const [write] = await harness.accept({ id });
  await harness.drain();
  if (write === undefined) throw new Error('no write');
  return write;
};

it('B3 stays blocked by default; selected and approved by two others, it goes, and all of it is on record', async () => {
  await noteTier('blocked', 'b-1');
  const id = await stopped('e1');
  const other = await stopped('e2');
  expect((await harness.write(id)).state).toMatchObject({ name: 'failed-terminal', code: 'policy-blocked' });
  expect(await harness.decide.select(id, admin, 'need it')).toMatchObject({ ok: false, code: 'role-forbids' });
  expect(await harness.decide.select(id, clinician, ' ')).toMatchObject({ ok: false, code: 'reason-missing' });
  expect(await harness.decide.select(id, clinician, 'the only way in')).toEqual({ ok: true, id, state: 'draft' });
  await harness.drain();
  // The source had approved it; that counts for nothing here.
  expect((await harness.write(id)).state).toMatchObject({
    name: 'awaiting-approval',
    roles: ['clinical-owner'],
    reason: expect.stringContaining('the contract blocks this; Dana Lee selected it: the only way in') as unknown,
  });
  expect(await harness.approve(id, clinician)).toMatchObject({ ok: false, code: 'role-forbids' });
  const sha = (await harness.write(id)).prepared?.sha256 ?? '';
  expect(await harness.decide.approve(id, owner, 'ok', sha, [], 5 * 60_000 + 1)).toMatchObject({ code: 'step-up-needed' });
  expect(await harness.approve(id, owner)).toMatchObject({ ok: true, state: 'awaiting-approval' });
  expect(await harness.approve(id, owner)).toMatchObject({ ok: false, code: 'role-forbids' });
  await harness.drain();
  expect(harness.ehr.sends).toEqual([]);
  expect(await harness.approve(id, second)).toMatchObject({ ok: true, state: 'pending' });
  await harness.drain();
  expect((await harness.write(id)).state).toMatchObject({ name: 'committed' });
  // Only what was selected.
  expect(harness.ehr.sends).toEqual([id]);
  expect((await harness.write(other)).state).toMatchObject({ name: 'failed-terminal', code: 'policy-blocked' });
  const entry = (await harness.timeline(id)).find(({ type }) => type === 'write.selected');
  expect(entry).toMatchObject({ actor: { id: clinician.id, role: 'clinician' }, body: { note: 'the only way in' } });
  const explained = await explainPolicy(harness.deps)(id, tester);
  expect(explained?.steps[0]).toMatchObject({ rule: 'contract', outcome: 'passes' });
  expect(explained?.steps[0]?.words).toContain('Dana Lee selected it');
  expect((await harness.deps.ledger.verify()).ok).toBe(true);
});

it('B3 another contract ends the selection, and whoever selected it must still be allowed to when it is sent', async () => {
  await noteTier('blocked', 'b-1');
  const id = await stopped('e1');
  await harness.decide.select(id, clinician, 'the only way in');
  await harness.drain();
  await harness.approve(id, owner);
  await harness.approve(id, second);
  await noteTier('blocked', 'b-2');
  await harness.drain();
  expect((await harness.write(id)).state).toMatchObject({ name: 'failed-terminal', code: 'policy-blocked' });
  await harness.decide.select(id, clinician, 'still');
  await harness.drain();
  await harness.approve(id, owner);
  await harness.approve(id, second);
  await harness.deps.ledger.commit({
    tenant: '@workspace',
    expected: [],
    entries: [
      {
        ...{ type: 'person.changed', stream: 'person/dr-lee', at: harness.clock.now(), actor: tester, patientKey: null },
        ...{ correlation: 'c', body: { id: clinician.id, roles: [], rolesUntil: {}, reason: 'left' } },
      },
    ],
  });
  await harness.drain();
  // Approving it again would not help: somebody who may has to select it.
  expect((await harness.write(id)).state).toMatchObject({ name: 'failed-terminal', code: 'policy-blocked' });
  expect(harness.ehr.sends).toEqual([]);
  expect(await harness.decide.select(id, owner, 'still the only way in')).toMatchObject({ ok: true });
  await harness.drain();
  expect((await harness.write(id)).state).toMatchObject({
    name: 'awaiting-approval',
    reason: expect.stringContaining(`${owner.name} selected it`) as unknown,
  });
});

it('B3 what the contract does not block, and what a newer version replaces, is not selected', async () => {
  const [free] = await harness.accept({ id: 'e0' });
  expect(await harness.decide.select(free ?? '', clinician, 'why')).toMatchObject({ ok: false, code: 'state-forbids' });
  expect(await harness.decide.select('nothing', clinician, 'why')).toMatchObject({ ok: false, code: 'write-unknown' });
  await noteTier('blocked', 'b-1');
  const id = await stopped('e1');
  await harness.ingest(record({ id: 'e1', version: 2, content: note('Another.') }));
  expect(await harness.decide.select(id, clinician, 'why')).toMatchObject({
    ok: false,
    code: 'state-forbids',
    message: expect.stringContaining('version 2 of its event') as unknown,
  });
});
