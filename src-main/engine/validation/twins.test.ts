import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clinician, Harness, note, record, tester } from '../testing/harness.ts';
import { agreeing } from '../testing/fake-ehr.ts';
import { findings, runEngine } from '../index.ts';
import { mayBeTwin, settledStates, type WriteState } from '../../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const json = JSON.stringify;
const observed = (value: number, more: object = {}): string =>
  json({ observations: [{ code: { system: 'http://loinc.org', code: '8480-6' }, value, unit: 'mm[Hg]', ...more }] });
const drug = (text: string, value: number, more: object = {}): string =>
  json({ medications: [{ medication: { text }, record: 'request', dosage: { dose: { value, unit: 'mg' } }, ...more }] });
const ordered = (more: object = {}): string => json({ orders: [{ code: { text: 'Chest x-ray' }, ...more }] });
const told = (words: string): string =>
  `Campbell has had a cough for three weeks and takes lisinopril every morning. Lungs are clear to auscultation on both sides, heart sounds are regular, there is no swelling of the legs. ${words} Return in two weeks or sooner if breathing gets harder.`;

/** Findings of this kind that a write was left with, and its state. */
async function standing(id: string) {
  const view = await harness.inspect.write(id, tester);
  const twins = (view?.findings ?? []).filter(({ rule }) => rule.startsWith('write-re'));
  return { rules: twins.map(({ rule, severity }) => `${severity} ${rule}`), message: twins[0]?.message, view };
}

async function both(first: string, second: string, change: (text: string) => string = (text) => text) {
  const approved = { approved: false } as const;
  const [one, two] = await harness.ingest(
    record({ id: 'e1', content: first, ...approved }),
    change(record({ id: 'e2', content: second, ...approved })),
  );
  await harness.drain();
  const ids = [one?.writes[0] ?? '', two?.writes[0] ?? ''];
  return { ids, rules: await Promise.all(ids.map(async (id) => (await standing(id)).rules)) };
}

const SAME = ['stop write-repeats'];
const ALIKE = ['stop write-resembles'];

describe('C2 two events that ask for the same chart entry', () => {
  it.each<[string, string, string, readonly string[]]>([
    ['the same note', note('Well today.'), note('Well  today.\n'), SAME],
    ['another short note', note('Well today.'), note('Not well today.'), []],
    ['a note with a sentence changed', note(told('Start albuterol.')), note(told('Start no drug.')), ALIKE],
    [
      'a note of the same visit in other words',
      note(told('Start albuterol.')),
      note(`Came for a letter. ${told('').length}`),
      [],
    ],
    ['the same measurement', observed(120), observed(120), SAME],
    ['another value of the same moment', observed(120), observed(210), ALIKE],
    [
      'the same moment in another zone',
      observed(120, { effectiveAt: '2026-03-02T09:00:00Z' }),
      observed(120, { effectiveAt: '2026-03-02T04:00:00-05:00' }),
      SAME,
    ],
    ['the same value at another moment', observed(120), observed(120, { effectiveAt: '2026-03-02T08:00:00Z' }), []],
    [
      'the same problem, once by code and once under another name of its system',
      json({ problems: [{ code: { system: ICD, code: 'M10.9' } }] }),
      json({ problems: [{ code: { system: 'ICD-10-CM', code: 'M10.9' } }] }),
      SAME,
    ],
    [
      'the same allergy, told more closely',
      json({ allergies: [{ substance: { text: 'Penicillin' } }] }),
      json({ allergies: [{ substance: { text: 'penicillin' }, criticality: 'high' }] }),
      ALIKE,
    ],
    [
      'a problem that is over',
      json({ problems: [{ code: { text: 'Gout' } }] }),
      json({ problems: [{ code: { text: 'Gout' }, clinicalStatus: 'resolved' }] }),
      [],
    ],
    ['the same prescription', drug('lisinopril', 20), drug('lisinopril', 20), SAME],
    ['another dose of the same drug', drug('lisinopril', 20), drug('lisinopril', 40), ALIKE],
    ['the same drug under another name', drug('lisinopril', 20), drug('Zestril', 20), ALIKE],
    ['another drug', drug('lisinopril', 20), drug('metformin', 500), []],
    ['what is started and what is stopped', drug('lisinopril', 20), drug('lisinopril', 20, { change: 'stop' }), []],
    ['the same order', ordered(), ordered(), SAME],
    ['the same order, more urgent', ordered(), ordered({ priority: 'stat' }), ALIKE],
    ['the same task', json({ tasks: [{ description: 'Call' }] }), json({ tasks: [{ description: 'Call' }] }), SAME],
    ['another task', json({ tasks: [{ description: 'Call' }] }), json({ tasks: [{ description: 'Write' }] }), []],
    [
      'the same change of a record that is there once',
      json({ demographics: { telecom: [{ system: 'phone', value: '1' }] } }),
      json({ demographics: { telecom: [{ system: 'phone', value: '1' }] } }),
      [],
    ],
  ])('C2 %s', async (_name, first, second, expected) => {
    const { rules } = await both(first, second);
    expect(rules).toEqual([[], expected]);
  });

  it('C2 of another visit it is another note', async () => {
    const other = (text: string): string => text.replace('"v-p1"', '"v-another"');
    expect((await both(note(told('a')), note(told('a')), other)).rules).toEqual([[], []]);
  });

  it('C2 a patient and a visit that are named otherwise are the same', async () => {
    const named = (text: string): string =>
      text
        .replace('"identifiers":[{"system":"urn:mrn","value":"p1"}]', '"reference":"Patient/p1"')
        .replace('"identifiers":[{"system":"urn:visit","value":"v-p1"}]', '"reference":"Encounter/1"');
    // The EHR knows both by both names.
    const ids = { patient: ['p1', 'urn:mrn', 'p1'], encounter: ['1', 'urn:visit', 'v-p1'] } as const;
    harness.ehr.lookUps = (query) => {
      const answer = agreeing(query);
      if ((query.kind !== 'patient' && query.kind !== 'encounter') || answer.outcome !== 'found') return answer;
      const [id, system, value] = ids[query.kind];
      return {
        ...answer,
        matches: answer.matches.map(({ reference, resource, ...rest }) => ({
          ...rest,
          reference: reference.replace(/[^/]+$/, id),
          resource: { ...resource, identifier: [{ system, value }] },
        })),
      };
    };
    expect((await both(note('Well today.'), note('Well today.'), named)).rules).toEqual([[], SAME]);
    const [one, two] = await harness.ingest(
      named(record({ id: 'e3', content: ordered(), approved: false })),
      record({ id: 'e4', content: ordered(), approved: false }),
    );
    await harness.drain();
    const rules = [one, two].map(async (receipt) => (await standing(receipt?.writes[0] ?? '')).rules);
    expect(await Promise.all(rules)).toEqual([[], SAME]);
  });

  it('C2 nor for another patient', async () => {
    await harness.accept({ id: 'e1', content: ordered(), approved: false });
    const [id = ''] = await harness.accept({ id: 'e2', content: ordered(), approved: false, patient: 'p2' });
    await harness.drain();
    expect((await standing(id)).rules).toEqual([]);
  });

  it('C2 the second waits for a person, whichever of the two is checked first', async () => {
    let turns = 0;
    // The first cannot be checked at once, so that the second comes before it.
    harness.ehr.lookUps = (query) => {
      turns += 1;
      return turns === 1
        ? { outcome: 'failed', code: 'ehr-unreachable', message: 'away', retryable: true, retryAfterMs: null }
        : agreeing(query);
    };
    const [one, two] = await harness.ingest(
      record({ id: 'e1', content: note('Same words.') }),
      record({ id: 'e2', content: note('Same words.') }),
    );
    await harness.drain();
    const [first = '', second = ''] = [one?.writes[0], two?.writes[0]];
    expect((await harness.write(first)).state.name).toBe('committed');
    expect((await harness.write(second)).state).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
    expect((await standing(second)).message).toContain(`by event e1 (write ${first})`);
    expect(harness.ehr.sends).toEqual([first]);
  });

  it('C2 two engines on one ledger that check them at the same moment chart one', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1)
      for (const id of [`a${n}`, `b${n}`])
        ids.push(...(await harness.accept({ id, content: note(`Same words ${n}.`), patient: `p${n}` })));
    const drain = (engineId: string) =>
      runEngine({ ...harness.deps, engineId, sharesLedger: true })({
        drain: true,
        maxMs: null,
        signal: new AbortController().signal,
      });
    await Promise.all([drain('a'), drain('b')]);
    expect(harness.ehr.sends.toSorted()).toEqual(ids.filter((_, at) => at % 2 === 0).toSorted());
  });

  it('C2 F3 a clinician who says that both are meant waives it; then it is charted as well', async () => {
    const [, two] = await harness.ingest(record({ id: 'e1', content: ordered() }), record({ id: 'e2', content: ordered() }));
    await harness.drain();
    const id = two?.writes[0] ?? '';
    const [finding] = (await findings(harness.deps).of(id))?.findings ?? [];
    const signed = await findings(harness.deps).sign('waive', id, finding?.name ?? '', 'both knees', clinician, tester);
    expect(signed).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
  });

  it('C2 one that was withdrawn is no reason to stop the next', async () => {
    const [first = ''] = await harness.accept({ id: 'e1', content: note('Same words.'), approved: false });
    await harness.drain();
    await harness.decide.withdraw(first, clinician, 'sent by mistake');
    const [second = ''] = await harness.accept({ id: 'e2', content: note('Same words.') });
    await harness.drain();
    expect((await harness.write(second)).state.name).toBe('committed');
  });

  it('C2 one that waited while the other was let through sees it when it is checked', async () => {
    const [first = ''] = await harness.accept({ id: 'e1', content: ordered(), approved: false });
    const [second = ''] = await harness.accept({ id: 'e2', content: ordered(), approved: false });
    const [one, two] = [await harness.write(first), await harness.write(second)];
    expect([mayBeTwin(one, two), mayBeTwin(two, one)]).toEqual([false, true]);
    const sent = { ...two, state: { name: 'pending', nextAt: 0 } } as const;
    expect(mayBeTwin(one, sent)).toBe(true);
    for (const state of settledStates.filter((name) => name !== 'committed'))
      expect([state, mayBeTwin(two, { ...one, state: { name: state } as WriteState })]).toEqual([state, false]);
  });
});
