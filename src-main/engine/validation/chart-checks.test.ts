import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clinician, Harness, tester } from '../testing/harness.ts';
import { findings } from '../index.ts';
import type { ChartList } from '../../../src-shared/domain/index.ts';
import type { ListOutcome } from '../../ports/outbound/index.ts';
import type { ExactObject } from '../../../src-shared/fhir/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const ICD = 'http://hl7.org/fhir/sid/icd-10-cm';
const listed = (...resources: readonly ExactObject[]): ListOutcome => ({
  outcome: 'listed',
  entries: resources.map((resource, at) => ({ reference: `Entry/${at + 1}`, versionId: '1', resource })),
  complete: true,
});
const gout = (changes: ExactObject = {}): ExactObject => ({
  resourceType: 'Condition',
  code: { coding: [{ system: ICD, code: 'M10.9', display: 'Gout, unspecified' }] },
  ...changes,
});
const problem = (changes: object = {}): string =>
  JSON.stringify({ problems: [{ code: { system: ICD, code: 'M10.9', text: 'Gout' }, ...changes }] });

async function checked(content: string, lists: (query: ChartList) => ListOutcome) {
  const asked: ChartList[] = [];
  harness.ehr.lists = (query) => {
    asked.push(query);
    return lists(query);
  };
  const [id = ''] = await harness.accept({ id: 'e1', content, approved: false });
  await harness.drain();
  const view = await harness.inspect.write(id, tester);
  const serious = (view?.findings ?? []).filter(({ severity }) => severity !== 'information');
  return {
    id,
    asked,
    view,
    rules: serious.map(({ rule, severity }) => `${severity} ${rule}`),
    state: (await harness.write(id)).state,
  };
}

describe('what the chart holds already', () => {
  it.each<[string, string, ExactObject, readonly string[]]>([
    ['the same code', problem(), gout(), ['stop chart-repeats']],
    [
      'the same words',
      JSON.stringify({ problems: [{ code: { text: 'gout' } }] }),
      gout({ code: { text: 'Gout ' } }),
      ['stop chart-repeats'],
    ],
    ['another code', problem(), gout({ code: { coding: [{ system: ICD, code: 'M10.0' }], text: 'Gout' } }), []],
    ['one entered in error', problem(), gout({ verificationStatus: { coding: [{ code: 'entered-in-error' }] } }), []],
    [
      'the same allergy',
      JSON.stringify({ allergies: [{ substance: { text: 'Penicillin' } }] }),
      { resourceType: 'AllergyIntolerance', code: { text: 'penicillin' } },
      ['stop chart-repeats'],
    ],
    [
      'the same drug under another code',
      JSON.stringify({ medications: [{ medication: { text: 'lisinopril 20 mg' } }] }),
      { resourceType: 'MedicationStatement', medicationCodeableConcept: { text: 'Lisinopril 10 MG Oral Tablet' } },
      ['review chart-repeats'],
    ],
    [
      'the same observation at the same moment',
      JSON.stringify({
        observations: [
          {
            code: { system: 'http://loinc.org', code: '8480-6' },
            value: 120,
            unit: 'mm[Hg]',
            effectiveAt: '2026-03-02T09:00:00Z',
          },
        ],
      }),
      {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] },
        effectiveDateTime: '2026-03-02T04:00:00-05:00',
      },
      ['stop chart-repeats'],
    ],
  ])('F1 %s', async (_name, content, resource, expected) => {
    const { rules, state } = await checked(content, () => listed(resource));
    expect(rules).toEqual(expected);
    expect(state.name).toBe(expected.includes('stop chart-repeats') ? 'held' : 'awaiting-approval');
  });

  it('F3 a clinician who says that it is another one waives it; then it goes on', async () => {
    const { id } = await checked(problem(), () => listed(gout()));
    const [finding] = (await findings(harness.deps).of(id))?.findings ?? [];
    const signed = await findings(harness.deps).sign('waive', id, finding?.name ?? '', 'the other foot', clinician, tester);
    expect(signed).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
  });

  it.each<[string, string]>([
    ['what goes on', JSON.stringify({ medications: [{ medication: { text: 'lisinopril' }, change: 'continue' }] })],
    ['what is over', problem({ clinicalStatus: 'resolved' })],
    ['a note', JSON.stringify({ note: { text: 'Gout.' } })],
    [
      'a measurement of a day',
      JSON.stringify({ observations: [{ code: { text: 'weight' }, value: 1, unit: 'kg', effectiveAt: '2026-03-02' }] }),
    ],
  ])('G2 nothing is read for %s', async (_name, content) => {
    const { asked } = await checked(content, () => listed(gout()));
    expect(asked).toEqual([]);
  });

  it('H1 G2 each read of the check stands on its record: what for, what, and which records were shown', async () => {
    const { view, asked } = await checked(problem(), () => listed(gout()));
    expect(asked).toEqual([{ list: 'problems', patient: 'Patient/p1' }]);
    const body = view?.timeline.find(({ type }) => type === 'write.checked')?.body;
    expect(body).toMatchObject({
      reads: {
        list: '2',
        made: [
          { purpose: 'identify', what: 'patient', found: ['Patient/p1'] },
          { purpose: 'identify', what: 'encounter', found: ['Encounter/1'] },
          { purpose: 'compare-list', what: 'problems', found: ['Entry/1'] },
        ],
      },
    });
  });

  it('F1 a chart that cannot be read now is asked again; one that cannot be asked is told', async () => {
    let times = 0;
    const failing = await checked(problem(), () => {
      times += 1;
      return times === 1 ? { outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: null } : listed();
    });
    expect([times, failing.rules]).toEqual([2, []]);
    const refused = { outcome: 'failed', code: 'ehr-not-supported', retryable: false, retryAfterMs: null } as const;
    harness.ehr.lists = () => refused;
    const [id = ''] = await harness.accept({ id: 'e2', content: problem(), approved: false, patient: 'p2' });
    await harness.drain();
    expect((await harness.inspect.write(id, tester))?.findings.map(({ rule }) => rule)).toEqual(['chart-not-compared']);
  });

  it('F1 an addendum to a document that was entered in error stops', async () => {
    const [note = ''] = await harness.accept({ id: 'e1' });
    await harness.drain();
    const [entry] = harness.ehr.chart;
    if (entry === undefined) throw new Error('nothing charted');
    const amending = (event: string) => JSON.stringify({ addendum: { text: 'Also well.', amends: { event } } });
    const [before = ''] = await harness.accept({ id: 'e2', content: amending('e1') });
    await harness.drain();
    expect((await harness.write(before)).state.name).toBe('committed');
    entry.resource = { ...entry.resource, status: 'entered-in-error' };
    const [after = ''] = await harness.accept({ id: 'e3', content: amending('e1') });
    await harness.drain();
    expect((await harness.write(after)).state).toEqual({ name: 'failed-terminal', code: 'content-refused' });
    expect(harness.ehr.sends).toEqual([note, before]);
  });

  it('A2 what was normalized is charted, and the original stands beside it', async () => {
    const content = JSON.stringify({
      observations: [{ code: { system: 'LOINC', code: '8480-6' }, value: 120, unit: 'mmHg' }],
    });
    const [id = ''] = await harness.accept({ id: 'e1', content });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    const view = await harness.inspect.write(id, tester);
    expect(view?.normalized).toMatchObject({
      class: 'fact',
      steps: [
        { rule: 'system-loinc', version: 1, from: 'LOINC', to: 'http://loinc.org' },
        { rule: 'unit-spelling', version: 1, path: 'content.observations[0].unit', from: 'mmHg', to: 'mm[Hg]' },
      ],
    });
    expect(view?.prepared?.body).toContain('mm[Hg]');
    expect(view?.event?.contentSha256).toBe((await harness.write(id)).contentSha256);
  });
});
