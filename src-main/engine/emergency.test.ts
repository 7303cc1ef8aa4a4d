import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alertsNow, emergency, grants, register } from './index.ts';
import { clinician, Harness, owner, tester } from './testing/harness.ts';
import { workspaceLog, type Person } from '../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const cora: Person = { id: 'cora', name: 'Cora', roles: ['compliance-reviewer'], npi: null, active: true };
const security: Person = { id: 'sid', name: 'Sid', roles: ['security-administrator'], npi: null, active: true };
const allergy = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });
const HOUR = 60 * 60_000;

async function waiting(id = 'e1'): Promise<string> {
  const [write = ''] = await harness.accept({ id, content: allergy, patient: id });
  await harness.drain();
  return write;
}
const open = (write: string | null = null, person = clinician) =>
  emergency(harness.deps).open({ tenant: 'north', connection: 'ehr', write }, 'no owner can be reached', person, tester);
const stateOf = async (id: string) => (await harness.write(id)).state;
const accesses = () => emergency(harness.deps).list();

describe('break-glass', () => {
  it('G3 lets a clinician decide for an hour, is told at once, and is listed until somebody else has reviewed it', async () => {
    const id = await waiting();
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: false, code: 'role-forbids' });
    const opened = await open();
    const access = opened.ok ? opened.access.id : '';
    expect((await alertsNow(harness.deps)).find(({ kind }) => kind === 'emergency-unreviewed')).toMatchObject({ writes: 1 });
    expect(await harness.approve(id, clinician, 'severe reaction')).toMatchObject({ ok: true, state: 'pending' });
    expect((await harness.write(id)).approval).toMatchObject({ by: 'dr-lee', role: 'clinical-owner', emergency: access });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect(await accesses()).toMatchObject([{ id: access, uses: [{ write: id }], review: null }]);

    const review = emergency(harness.deps).review;
    expect(await review(access, true, 'fine', { ...clinician, roles: ['compliance-reviewer'] }, tester)).toMatchObject({
      code: 'self-review',
    });
    expect(await review(access, false, 'the owner was on call', cora, tester)).toMatchObject({ ok: true });
    expect(await alertsNow(harness.deps)).toEqual([]);
    expect(await accesses()).toMatchObject([{ review: { by: 'cora', justified: false } }]);
    expect((await harness.deps.ledger.verify()).ok).toBe(true);
  });

  it('G3 is limited in use', async () => {
    await open();
    const states: string[] = [];
    for (const id of ['e1', 'e2', 'e3', 'e4', 'e5', 'e6']) {
      const done = await harness.approve(await waiting(id), clinician);
      states.push(done.ok ? done.state : done.code);
    }
    expect(states).toEqual(['pending', 'pending', 'pending', 'pending', 'pending', 'role-forbids']);
  });

  it('G3 is limited in scope and in time', async () => {
    const [first, second] = [await waiting('e1'), await waiting('e2')];
    expect(
      await emergency(harness.deps).open({ tenant: 'south', connection: 'ehr', write: first }, 'x', clinician, tester),
    ).toMatchObject({
      code: 'scope-unknown',
    });
    await open(first);
    expect(await harness.approve(second, clinician)).toMatchObject({ code: 'role-forbids' });
    harness.clock.advance(HOUR);
    expect(await harness.approve(first, clinician)).toMatchObject({ code: 'role-forbids' });
  });

  it('G3 what was approved by it and has not left when it ends, is asked again', async () => {
    const id = await waiting();
    await open();
    await harness.approve(id, clinician);
    harness.clock.advance(HOUR);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval', reason: 'the emergency access has ended' });
    expect(harness.ehr.sends).toEqual([]);
    expect(await harness.approve(id, owner)).toMatchObject({ ok: true });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });

  it('G4 a high-risk approval asks again for a secret given a while ago', async () => {
    const id = await waiting();
    const sha = (await harness.write(id)).prepared?.sha256 ?? '';
    expect(await harness.decide.approve(id, owner, 'ok', sha, [], 5 * 60_000 + 1)).toMatchObject({ code: 'step-up-needed' });
    expect(await harness.decide.approve(id, owner, 'ok', sha, [], 60_000)).toMatchObject({ ok: true });
  });
});

describe('roles with an end', () => {
  it('G3 no longer carry an approval that has not left by then', async () => {
    const now = harness.clock.now();
    const cover: Person = { id: 'dr-cover', name: 'Cover', roles: ['clinician'], npi: null, active: true };
    await register(harness.deps).person(cover, 'no secret', tester);
    const change = { change: 'grant', role: 'clinical-owner', until: now + HOUR } as const;
    expect(await grants(harness.deps).change('dr-cover', change, 'holiday cover', cover, tester)).toMatchObject({
      code: 'self-grant',
    });
    const granted = await grants(harness.deps).change('dr-cover', change, 'holiday cover', security, tester);
    expect(granted).toMatchObject({ ok: true, person: { roles: ['clinician', 'clinical-owner'] } });
    const id = await waiting();
    if (granted.ok) expect(await harness.approve(id, granted.person)).toMatchObject({ ok: true });
    harness.clock.advance(HOUR);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({
      name: 'awaiting-approval',
      reason: '"dr-cover" no longer has the role clinical-owner',
    });
    expect(harness.ehr.sends).toEqual([]);
    const entries = await harness.deps.ledger.entries(workspaceLog, { stream: 'person/dr-cover' }, 10);
    expect(entries.map(({ type }) => type)).toEqual(['person.added', 'person.changed']);
  });

  it('G3 taken away counts at once, also for what a source approved', async () => {
    await grants(harness.deps).change('dr-lee', { change: 'revoke', role: 'clinician' }, 'left', security, tester);
    const [id = ''] = await harness.accept({ id: 'e1' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
  });
});
