import { afterEach, beforeEach, expect, it } from 'vitest';
import { findings } from '../index.ts';
import { clinician, Harness, record } from '../testing/harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

it('F2 F3 approved text is charted with its findings beside it; a code with a slip waits for whoever may waive it', async () => {
  const [approved = '', slipped = ''] = await harness.accept({
    id: 'e1',
    content: JSON.stringify({
      note: { text: 'Insulin 5 U daily.' },
      observations: [{ code: { system: 'http://loinc.org', code: '8480-7' }, value: 1, unit: 'mm[Hg]' }],
    }),
  });
  await harness.drain();
  expect((await harness.write(approved)).state).toMatchObject({ name: 'committed' });
  const detail = await harness.inspect.write(approved, { kind: 'system', id: 'test' });
  expect(detail?.findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['review note-unsafe-abbreviation']);
  expect((await harness.write(slipped)).state).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
});

it('A2 only facts and intentions become writes; what was unclear to its source is told to a person, with the receipt and beside the first entry', async () => {
  const content = JSON.stringify({
    note: { text: 'Well today.' },
    problems: [
      { code: { text: 'gout' }, class: 'fact' },
      { key: 'maybe', code: { text: 'lupus' }, class: 'ambiguity' },
    ],
    orders: [
      { code: { text: 'MRI' }, class: 'suggestion' },
      { code: { text: 'Chest x-ray' }, class: 'intention' },
    ],
    codingCues: [{ code: { text: 'level 4 visit' } }],
  });
  const [receipt] = await harness.ingest(record({ id: 'e1', content, approved: false }));
  expect(receipt?.kept).toEqual([
    { slot: 'problems/maybe', reason: 'unclear to its source: a person has to decide what is meant' },
    { slot: 'orders/0', reason: 'a suggestion: shown, not charted' },
    { slot: 'codingCues/0', reason: 'a coding cue: never charted' },
  ]);
  await harness.drain();
  const [first = '', ...others] = receipt?.writes ?? [];
  const rows = await Promise.all([first, ...others].map((id) => harness.write(id)));
  expect(rows.map(({ slot }) => slot)).toEqual(['note/0', 'problems/0', 'orders/1']);
  const told = async (id: string) =>
    (await harness.inspect.write(id, { kind: 'system', id: 'test' }))?.findings.map((one) => [one.severity, one.rule, one.path]);
  expect(await told(first)).toEqual([
    ['review', 'item-unclear', 'content.problems[1]'],
    ['information', 'item-not-charted', 'content.orders[0]'],
    ['information', 'item-not-charted', 'content.codingCues[0]'],
  ]);
  for (const id of others) expect(await told(id)).toEqual([]);
  // Whoever approves the note answers for having seen it.
  const row = await harness.write(first);
  const approve = (acknowledged: readonly string[]) =>
    harness.decide.approve(first, clinician, 'read', row.prepared?.sha256 ?? '', acknowledged);
  expect(await approve([])).toMatchObject({ ok: false, code: 'findings-not-acknowledged' });
  expect(await approve(['item-unclear@content.problems[1]'])).toMatchObject({ ok: true });
});

it('A2 what its words leave open waits for a person who says what is meant; nothing is guessed', async () => {
  const content = JSON.stringify({ problems: [{ code: { text: 'rule out pneumonia' } }] });
  const [id = ''] = await harness.accept({ id: 'e1', content });
  await harness.drain();
  expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
  expect(harness.ehr.sends).toEqual([]);
  const signed = await findings(harness.deps).sign(
    'waive',
    id,
    (await findings(harness.deps).of(id))?.findings[0]?.name ?? '',
    'it is the working diagnosis',
    clinician,
    { kind: 'person', id: clinician.id, role: 'clinician' },
  );
  expect(signed).toMatchObject({ ok: true });
  await harness.drain();
  expect((await harness.write(id)).state.name).toBe('committed');
});
