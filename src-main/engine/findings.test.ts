import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findings, governance, register } from './index.ts';
import { clinician, Harness, note, owner, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
const actorOf = (person: Person) => ({ kind: 'person' as const, id: person.id, role: person.roles[0] ?? 'operator' });
const sign = (act: 'acknowledge' | 'waive', id: string, finding: string, person: Person, reason = 'checked with the visit') =>
  findings(harness.deps).sign(act, id, finding, reason, person, actorOf(person));

// A LOINC code whose check digit is wrong, and a place that a template left open.
const badCode = JSON.stringify({
  observations: [
    {
      code: { system: 'http://loinc.org', code: '8480-5', display: 'Systolic blood pressure' },
      value: '128',
      unit: 'mm[Hg]',
      effectiveAt: '2026-03-02T09:00:00Z',
    },
  ],
});
const CODE = 'code-shape@content.observations[0].code.code';
const leftOver = note('Feels well. {{plan}}');

async function only(content: string, approved = true): Promise<string> {
  const [id] = await harness.accept({ id: 'e1', content, approved });
  await harness.drain();
  return id ?? '';
}
const stateOf = async (id: string) => (await harness.write(id)).state;

/** Brings another contract into force, as strict as the one before. */
async function anotherContract(): Promise<void> {
  const { deps } = harness;
  const text = JSON.stringify({ ...deps.matrix, version: 'house-2' });
  const put = await governance(deps).propose(text, 'yearly review', admin, tester);
  if (!put.ok) throw new Error(put.message);
  const done = await governance(deps).approve(put.id, 'reviewed', owner, tester);
  if (!done.ok) throw new Error(done.message);
}

describe('a stop that may be waived', () => {
  it('F3 holds the write until somebody else than its approver has waived it, then it goes', async () => {
    const id = await only(badCode);
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'finding-open', liftedBy: 'clinical-owner' } });
    expect(harness.ehr.sends).toEqual([]);
    expect((await findings(harness.deps).waiting()).map(({ row }) => row.id)).toEqual([id]);
    // The approver of the content is dr-lee: also in another role.
    const both = { ...clinician, roles: ['clinical-owner'] as const };
    expect(await sign('waive', id, CODE, both)).toMatchObject({ ok: false, code: 'self-waiver' });
    expect(await sign('waive', id, CODE, clinician)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await sign('waive', id, CODE, owner, ' ')).toMatchObject({ ok: false, code: 'reason-missing' });

    expect(await sign('waive', id, CODE, owner)).toMatchObject({ ok: true, state: 'draft' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect((await harness.write(id)).signatures).toMatchObject([{ act: 'waived', by: 'dr-okafor', rule: 'code-shape' }]);
    const view = await harness.inspect.write(id, tester);
    expect(view?.signed.find(({ name }) => name === CODE)).toMatchObject({ signature: { reason: 'checked with the visit' } });
    expect(view?.timeline.some(({ type, actor }) => type === 'write.finding-signed' && actor.id === 'dr-okafor')).toBe(true);
  });

  it('F3 is asked again under another contract', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: badCode });
    await harness.drain();
    await sign('waive', id, CODE, owner);
    await harness.drain(1);
    expect(await stateOf(id)).toMatchObject({ name: 'pending' });
    await anotherContract();
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
    expect(harness.ehr.effects().size).toBe(0);
  });

  it("F3 is asked again under a newer version of the organization's own rules", async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: badCode });
    await harness.drain();
    await sign('waive', id, CODE, owner);
    await harness.drain(1);
    expect(await stateOf(id)).toMatchObject({ name: 'pending' });
    const { deps } = harness;
    const none = { normalRanges: [], disallowed: [], required: [], sections: [], protected: [], conventions: [] };
    const text = JSON.stringify({ policy: 'house-rules', version: '1', tenant: 'north', ...none });
    const put = await governance(deps).propose(text, 'first rules', admin, tester);
    await governance(deps).approve(put.ok ? put.id : '', 'reviewed', owner, tester);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
    await sign('waive', id, CODE, owner);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect((await harness.write(id)).signatures?.map(({ rules }) => rules.split(', ').at(-1))).toEqual([
      expect.stringMatching(/^units /),
      'house-rules 1',
    ]);
  });

  it('F3 is asked again for a new version of the event, whose content is another', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: badCode, approved: false });
    await harness.drain();
    await sign('waive', id, CODE, owner);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
    const [next = ''] = await harness.accept({
      id: 'e1',
      version: 2,
      content: badCode.replace('"128"', '"131"'),
      approved: false,
    });
    await harness.drain();
    expect(await stateOf(next)).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
    expect((await harness.write(next)).signatures ?? []).toEqual([]);
  });

  it('F3 is asked again by a newer version of the rules', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', content: badCode });
    await harness.drain();
    await sign('waive', id, CODE, owner);
    await harness.drain(1);
    expect(await stateOf(id)).toMatchObject({ name: 'pending' });
    Object.assign(harness.deps, { checks: { ...harness.deps.checks, version: 'checks 99' } });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('F3 a stop that may not be waived ends the write, and says so by the name of its rule', async () => {
    const content = JSON.stringify({
      medications: [{ medication: { text: 'lisinopril' }, dosage: { dose: { value: '20', unit: 'g' } } }],
    });
    const id = await only(content);
    const [found] = (await findings(harness.deps).of(id))?.findings ?? [];
    expect(found?.finding.rule).toBe('dose-impossible');
    expect(await sign('waive', id, found?.name ?? '', owner)).toMatchObject({ ok: false, code: 'rule-not-waivable' });
  });
});

describe('a remark', () => {
  const REMARK = /^note-leftover-text@content\.note\.text:\d+-\d+$/;
  const remarkOf = async (id: string): Promise<string> => {
    const named = (await findings(harness.deps).of(id))?.findings ?? [];
    return named.find(({ name }) => REMARK.test(name))?.name ?? 'none';
  };
  const approve = async (id: string, acknowledged: readonly string[], person = clinician) =>
    harness.decide.approve(id, person, 'read and meant so', (await harness.write(id)).prepared?.sha256 ?? '', acknowledged);

  it('F3 has to be acknowledged by whoever approves, and is signed with the approval', async () => {
    const id = await only(leftOver, false);
    const remark = await remarkOf(id);
    expect(await approve(id, [])).toMatchObject({ ok: false, code: 'findings-not-acknowledged' });
    expect(await approve(id, [remark])).toMatchObject({ ok: true });
    expect((await harness.write(id)).signatures).toMatchObject([
      { act: 'acknowledged', finding: remark, by: 'dr-lee', role: 'clinician', reason: 'read and meant so' },
    ]);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });

  it('F3 acknowledged beforehand, it is not asked again of whoever approves', async () => {
    const id = await only(leftOver, false);
    expect(await sign('acknowledge', id, await remarkOf(id), owner)).toMatchObject({ ok: true, state: 'awaiting-approval' });
    expect(await approve(id, [])).toMatchObject({ ok: true });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });

  it('F3 what was approved under older rules is checked and asked again, and not sent before', async () => {
    const id = await only(leftOver, false);
    await approve(id, [await remarkOf(id)]);
    Object.assign(harness.deps, { checks: { ...harness.deps.checks, version: 'checks 99' } });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
    expect(harness.ehr.sends).toEqual([]);
    expect(await approve(id, [])).toMatchObject({ ok: false, code: 'findings-not-acknowledged' });
  });

  it('F3 what a source approved goes, and its remarks are acknowledged afterwards', async () => {
    const id = await only(leftOver);
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect(await sign('acknowledge', id, await remarkOf(id), clinician)).toMatchObject({ ok: true, state: 'committed' });
    expect(await sign('acknowledge', id, await remarkOf(id), clinician)).toMatchObject({ ok: false, code: 'already-signed' });
  });

  it('F3 a signer who may no longer sign holds nothing', async () => {
    const gone: Person = { id: 'dr-gone', name: 'Gone', roles: ['clinician'], npi: null, active: true };
    await register(harness.deps).person(gone, 'no secret', tester);
    const id = await only(leftOver, false);
    await sign('acknowledge', id, await remarkOf(id), gone);
    await approve(id, []);
    const row = await harness.deps.ledger.row('person', '@workspace', 'dr-gone');
    await harness.deps.ledger.commit({
      tenant: '@workspace',
      expected: [{ kind: 'person', key: 'dr-gone', version: row?.version ?? 0 }],
      entries: [
        {
          ...{ type: 'person.added', stream: 'person/dr-gone', at: harness.clock.now(), actor: tester, patientKey: null },
          correlation: 'x',
          body: { person: { ...gone, active: false }, secretVerifier: 'x' },
        },
      ],
    });
    await harness.drain();
    expect(harness.ehr.sends).toEqual([]);
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
  });
});
