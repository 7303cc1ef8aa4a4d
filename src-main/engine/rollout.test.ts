import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, explainPolicy, gates, governance, register, reviews, shadow } from './index.ts';
import { clinician, connection, Harness, note, owner, record, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** Rollout by specialty, workflow, template and section (B4), and what is looked at after it was charted. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

/** An event with members of its own; the approval stays bound to the content. */
const withMembers = (id: string, members: object, content = note(`Note of ${id}.`)): string => {
  const text = record({ id, patient: id, content });
  return `${JSON.stringify(members).slice(0, -1)},${text.slice(1)}`;
};
const one = (text: string): Promise<string> => harness.oneWrite(text);
const stateOf = async (id: string) => (await harness.write(id)).state;
const sections = (...titles: readonly string[]): string =>
  JSON.stringify({ note: { sections: titles.map((title) => ({ title, text: 'Well.' })) } });

describe('stages of parts', () => {
  it.each([
    ['specialty', { specialty: 'Cardiology' }, { specialty: 'cardiology' }, undefined],
    ['workflow', { workflowStep: 'sign' }, { workflow: 'sign' }, undefined],
    ['template', { provenance: { promptTemplate: { id: 'soap', version: '3' } } }, { template: 'soap' }, undefined],
    ['section', { device: 'd' }, { section: 'Plan' }, sections('History', 'Plan')],
  ])('B4 %s: what fits is held at its stage, the rest goes, and raising it lets it go', async (_, members, scope, content) => {
    const { stage } = control(harness.deps);
    expect(await stage('ehr', 'shadow', 'not yet', tester, scope)).toMatchObject({ ok: true });
    const held = await one(withMembers('a', members, content));
    const free = await one(withMembers('b', { specialty: 'Dermatology' }, sections('History')));
    await harness.drain();
    expect(await stateOf(held)).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
    expect((await stateOf(free)).name).toBe('committed');
    const explained = await explainPolicy(harness.deps)(held, tester);
    expect(explained?.steps.find(({ rule }) => rule === 'connection')).toMatchObject({
      outcome: 'waits',
      words: 'ehr is a practice connection at stage limited-auto-write, and this write at stage shadow',
    });
    expect(await stage('ehr', 'staged', 'rehearsed', tester, scope)).toEqual({ ok: true, released: 1 });
    await harness.drain();
    expect((await stateOf(held)).name).toBe('committed');
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('B4 lowered while a write waits for its approval, it stops it at the last moment', async () => {
    const [id = ''] = await harness.accept({ id: 'e1', approved: false, content: sections('Plan') });
    await harness.drain();
    await harness.approve(id, clinician);
    await control(harness.deps).stage('ehr', 'draft', 'trouble', tester, { section: 'Plan' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' }, resume: 'pending' });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('B4 is shown with what it has shown, and outside practice raised on that alone', async () => {
    const real = {
      ...connection,
      name: 'prod',
      environment: 'production' as const,
      stage: 'staged' as const,
      tenants: ['south'],
    };
    await register(harness.deps).connection(real, tester);
    const { stage } = control(harness.deps);
    expect(await stage('prod', 'draft', 'later', tester, { specialty: 'Cardiology' })).toMatchObject({ ok: true });
    expect(await stage('prod', 'staged', 'now', tester, { specialty: 'Cardiology' })).toMatchObject({
      ok: false,
      code: 'stage-not-earned',
      message: expect.stringContaining('after draft comes shadow') as unknown,
    });
    expect(await stage('prod', 'shadow', 'now', tester, { specialty: 'Cardiology' })).toMatchObject({
      message: expect.stringContaining('writes-checked (0 of 20') as unknown,
    });
    expect((await gates(harness.deps).report('prod'))?.byScope).toMatchObject([
      { scope: { specialty: 'Cardiology' }, stage: { stage: 'draft', next: 'shadow' } },
    ]);
  });

  it('B4 a part is measured by its own writes', async () => {
    await control(harness.deps).stage('ehr', 'staged', 'one by one', tester, { specialty: 'Cardiology' });
    await one(withMembers('a', { specialty: 'Cardiology' }));
    await one(withMembers('b', { specialty: 'Dermatology' }));
    await harness.drain();
    const report = await gates(harness.deps).report('ehr');
    const charted = report?.byScope[0]?.stage.criteria.find((criterion) => criterion.id === 'charted');
    expect(charted?.figure?.measured).toBe(1);
  });
});

describe('the review list', () => {
  const other: Person = { ...clinician, id: 'dr-x', name: 'X' };
  const list = (open = true) => reviews(harness.deps).list(null, open, tester);

  it('B4 holds what was charted without a decision made here, until somebody else has looked at it', async () => {
    const [auto = ''] = await harness.accept({ id: 'e1' });
    const [asked = ''] = await harness.accept({ id: 'e2', patient: 'p2', approved: false });
    await harness.drain();
    await harness.approve(asked, owner);
    await harness.drain();
    expect([(await stateOf(auto)).name, (await stateOf(asked)).name]).toEqual(['committed', 'committed']);
    expect(await list()).toMatchObject([{ write: auto, connection: 'ehr', approvedBy: clinician.id, review: null }]);

    const { sign } = reviews(harness.deps);
    expect(await sign(auto, 'fine', 'read it', clinician, tester)).toMatchObject({ ok: false, code: 'self-review' });
    expect(await sign(asked, 'fine', 'read it', other, tester)).toMatchObject({ ok: false, code: 'review-unknown' });
    expect(await sign(auto, 'wrong', 'the wrong knee', other, tester)).toMatchObject({
      ok: true,
      row: { review: { by: 'dr-x', verdict: 'wrong', requestSha256: (await harness.write(auto)).prepared?.sha256 } },
    });
    expect(await sign(auto, 'fine', 'after all', owner, tester)).toMatchObject({ ok: false, code: 'reviewed' });
    expect(await list()).toEqual([]);
    expect(await list(false)).toMatchObject([{ write: auto, review: { verdict: 'wrong', reason: 'the wrong knee' } }]);
    expect((await harness.timeline(auto)).at(-1)).toMatchObject({ type: 'write.reviewed', body: { note: 'the wrong knee' } });
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('B4 counts in what the stage has shown: what is overdue, and what was found wrong', async () => {
    const [auto = ''] = await harness.accept({ id: 'e1' });
    await harness.accept({ id: 'e2', patient: 'p2' });
    await harness.drain();
    await reviews(harness.deps).sign(auto, 'wrong', 'the wrong knee', other, tester);
    harness.clock.advance(limits.reviewDueMs + 60_000);
    const report = await gates(harness.deps).report('ehr');
    const shown = (criteria: readonly { id: string; met: boolean; figure?: { measured: number } }[] | undefined) =>
      criteria?.map(({ id, met, figure }) => [id, met, figure?.measured]);
    const expected = [
      ['reviewed', false, 1],
      ['review-wrong', false, 1],
    ];
    expect(shown(report?.stage.criteria)).toEqual(expected);
    expect(shown(report?.byResource.DocumentReference?.criteria)).toEqual(expected);
    expect(report?.stage.mayAdvance).toBe(false);
  });

  it('B4 is empty below the limited auto-write stage', async () => {
    await control(harness.deps).stage('ehr', 'staged', 'not yet', tester);
    await harness.accept({ id: 'e1' });
    await harness.drain();
    expect(await list()).toEqual([]);
  });

  it('B4 has a write that was lost and found in the chart, once', async () => {
    harness.ehr.behaviours.push('lost');
    const [id = ''] = await harness.accept({ id: 'e1' });
    await harness.drain();
    expect((await stateOf(id)).name).toBe('committed');
    expect(await list()).toMatchObject([{ write: id }]);
  });
});

describe('what nobody has approved', () => {
  const task = (id: string, approved = false) =>
    record({ id, patient: id, approved, content: JSON.stringify({ tasks: [{ key: 't1', description: 'Call the pharmacy.' }] }) });
  const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
  const unattended = async (version: string, on = true): Promise<void> => {
    const file = readFileSync(path.resolve(import.meta.dirname, '../../resources/contracts/default.json'), 'utf8');
    const matrix = JSON.parse(file) as { rows: { kind: string }[] };
    const rows = matrix.rows.map((row) => (row.kind === 'task' && on ? { ...row, unattended: true } : row));
    const policies = governance(harness.deps);
    const proposed = await policies.propose(JSON.stringify({ ...matrix, version, rows }), 'because', admin, tester);
    if (!proposed.ok) throw new Error(proposed.message);
    if (on) expect(proposed.loosened).toMatchObject([{ kind: 'task', cell: 'unattended' }]);
    if (!(await policies.approve(proposed.id, 'agreed', owner, tester)).ok) throw new Error('not in force');
  };

  it('B3 waits for a person by default, whatever the stage', async () => {
    const id = await one(task('a'));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval', reason: 'nobody has approved it yet' });
    // The contract is new to this path then: a person decides, until a run of the corpus is on record (B7).
    await unattended('u-1');
    const later = await one(task('b'));
    await harness.drain();
    expect(await stateOf(later)).toMatchObject({ name: 'awaiting-approval', code: 'version-unseen' });
  });

  it('B3 where the contract says so, low risk goes at the last stage, and is reviewed', async () => {
    await unattended('u-1');
    const id = await one(task('b'));
    const note_ = await one(record({ id: 'c', patient: 'c', approved: false }));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect((await harness.write(id)).approval).toMatchObject({ made: 'contract', by: owner.id, role: 'clinical-owner' });
    expect(await stateOf(note_)).toMatchObject({ name: 'awaiting-approval' });
    expect(await reviews(harness.deps).list(null, true, tester)).toMatchObject([{ write: id, approvedBy: owner.id }]);
    const explained = await explainPolicy(harness.deps)(id, tester);
    expect(explained?.steps.at(-1)).toMatchObject({
      rule: 'approval',
      words: expect.stringContaining('nobody approved it') as unknown,
    });
    expect(harness.ehr.sends).toEqual([id]);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('B3 goes under the own rules of an organization too, and is checked anew where these came after its check', async () => {
    await unattended('u-1');
    const houseRules = async (version: string): Promise<void> => {
      const lists = { normalRanges: [], disallowed: [], required: [], sections: [], protected: [], conventions: [] };
      const text = JSON.stringify({ policy: 'house-rules', version, tenant: 'north', ...lists });
      const proposed = await governance(harness.deps).propose(text, 'ours', admin, tester);
      if (!proposed.ok) throw new Error(proposed.message);
      await governance(harness.deps).approve(proposed.id, 'agreed', owner, tester);
    };
    await houseRules('h-1');
    const first = await one(task('a'));
    await harness.drain();
    expect(await stateOf(first)).toMatchObject({ name: 'committed' });
    await control(harness.deps).switch('writes', {}, true, 'hold on', admin, tester);
    const second = await one(task('b'));
    await harness.drain();
    await houseRules('h-2');
    await control(harness.deps).switch('writes', {}, false, 'go on', admin, tester);
    await harness.drain();
    // Checked anew under the newer rules, it goes.
    expect(await stateOf(second)).toMatchObject({ name: 'committed' });
    const types = (await harness.timeline(second)).map(({ type }) => type);
    expect(types.filter((type) => type === 'write.checked')).toHaveLength(2);
  });

  it('B3 B5 waits below the last stage, and while approvals are frozen', async () => {
    await unattended('u-1');
    await control(harness.deps).stage('ehr', 'staged', 'not yet', tester);
    const staged = await one(task('a'));
    await harness.drain();
    expect(await stateOf(staged)).toMatchObject({ name: 'awaiting-approval' });
    await control(harness.deps).stage('ehr', 'limited-auto-write', 'now', tester);
    await control(harness.deps).switch('approvals', {}, true, 'review', admin, tester);
    const frozen = await one(task('b'));
    await harness.drain();
    expect(await stateOf(frozen)).toMatchObject({ name: 'awaiting-approval' });
    expect(harness.ehr.sends).toEqual([]);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['the stage is lowered', () => control(harness.deps).stage('ehr', 'staged', 'trouble', tester), 'awaiting-approval'],
    ['approvals are frozen', () => control(harness.deps).switch('approvals', {}, true, 'r', admin, tester), 'awaiting-approval'],
    ['the contract is changed', () => unattended('u-2', false), 'awaiting-approval'],
  ])('B3 what is due is asked about at the last moment: %s', async (_, change, state) => {
    await unattended('u-1');
    await control(harness.deps).switch('writes', {}, true, 'hold on', admin, tester);
    const id = await one(task('a'));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'writes-switched-off' }, resume: 'pending' });
    await change();
    await control(harness.deps).switch('writes', {}, false, 'go on', admin, tester);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: state });
    expect(harness.ehr.sends).toEqual([]);
  });
});

it('B4 what a comparison at stage shadow found is on record, and asked for before the next stage', async () => {
  const criteria = async () => {
    const report = await gates(harness.deps).report('ehr');
    return Object.fromEntries((report?.stage.criteria ?? []).map(({ id, met, words }) => [id, [met, words]]));
  };
  await control(harness.deps).stage('ehr', 'shadow', 'rehearsal', tester);
  expect(await criteria()).toMatchObject({
    'shadow-compared': [false, 'no comparison in 30 days; "shadow CONNECTION" makes one'],
    'shadow-agreement': [false, expect.anything()],
  });
  for (const id of ['a', 'b']) await one(withMembers(id, { device: 'd' }));
  await harness.drain();
  const prepared: Record<string, string>[] = [];
  for (const row of await harness.deps.ledger.writes({ limit: 10 })) {
    const checked = (await harness.timeline(row.id)).find(({ type }) => type === 'write.checked');
    const { body } = (checked?.body as { prepared: { body: string } }).prepared;
    prepared.push(JSON.parse(body) as Record<string, string>);
  }
  const hand = prepared.map((resource, at) => ({
    reference: `DocumentReference/hand-${at}`,
    versionId: '1',
    resource: at === 0 ? { ...resource, content: 'otherwise' } : resource,
  }));
  harness.ehr.additions = () => ({ outcome: 'listed', complete: true, entries: hand });
  expect(await shadow(harness.deps)('ehr', tester)).toMatchObject({ ok: true });
  expect(await criteria()).toMatchObject({
    'shadow-compared': [false, '2 of 20 held writes were also written by hand, and compared'],
    'shadow-agreement': [false, 'DocumentReference.content in 1 of 2 written otherwise by hand, at most 5 % asked for'],
  });
});
