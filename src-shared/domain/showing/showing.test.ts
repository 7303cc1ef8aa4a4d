import { describe, expect, it } from 'vitest';
import { actionsOf } from './actions.ts';
import { subjectWords, titleOf } from './headline.ts';
import { queueTabs, runsOf } from './queue-tabs.ts';
import { storyOf } from './story.ts';
import { itemsOf } from '../fan-out.ts';
import { failureOf, failures, type FailureCode } from '../failures.ts';
import type { StateName, WriteState } from '../write.ts';
import { contract, event, matrix, now, person, states, stateNames, write, writeIn } from '../testing/builders.ts';
import { contentExamples, fullEvent } from '../testing/records.ts';
import { businessEvent } from '../business-event.ts';
import { contractRow } from '../contract-matrix.ts';
import { parseExact } from '../../fhir/index.ts';

describe('what a write is called', () => {
  it('I1 every kind of content has a title', () => {
    const kinds = new Map<string, string>();
    const all: Readonly<Record<string, unknown>>[] = Object.entries(contentExamples).flatMap(([member, examples]) =>
      examples.map((example) => ({ [member]: example })),
    );
    all.push({ medications: [{ medication: { text: 'amoxicillin' }, record: 'request' }] });
    for (const example of all) {
      const { content } = event({ content: example });
      for (const { clinical } of content === undefined ? [] : itemsOf(content).items) kinds.set(clinical.kind, titleOf(clinical));
    }
    expect([...kinds.keys()].sort()).toEqual(matrix.rows.map(({ kind }) => kind).sort());
    for (const title of kinds.values()) expect(title).toMatch(/^\S.*\S$/);
  });

  it.each([
    [{ code: { text: 'Body weight' }, value: '84.50', unit: 'kg' }, 'Body weight 84.50 kg'],
    [{ code: { code: '8867-4' }, value: '72' }, '8867-4 72'],
    [
      {
        code: { text: 'Blood pressure' },
        components: [
          { code: { text: 's' }, value: '142' },
          { code: { text: 'd' }, value: '88' },
        ],
      },
      'Blood pressure 142/88',
    ],
    [{ code: { display: 'Smoking status', text: 'smoking' }, valueConcept: { text: 'never' } }, 'Smoking status never'],
    [{ code: { text: 'Gait' }, valueText: 'steady' }, 'Gait steady'],
    [{ code: { text: 'Stool' } }, 'Stool'],
  ])('I1 an observation %j', (observation, title) => {
    const { content } = event({ content: { observations: [observation] } });
    expect(content === undefined ? [] : itemsOf(content).items.map(({ clinical }) => titleOf(clinical))).toEqual([title]);
  });

  it('I1 names the patient family first, and falls back to what the event has', () => {
    const { subject } = businessEvent.parse(parseToPlain(fullEvent));
    expect(subjectWords({ subject }).name).toMatch(/^[^,]+, .+/);
    const patient = { identifiers: [{ system: 'urn:mrn', value: '7' }] };
    expect(subjectWords({ subject: { patient } })).toEqual({
      name: '7',
      birthDate: null,
      gender: null,
      identifiers: ['7'],
      visit: null,
      practitioner: null,
    });
    expect(subjectWords({ subject: { patient: { reference: 'Patient/9', name: { text: 'A. Baker' } } } }).name).toBe('A. Baker');
    expect(subjectWords({ subject: { patient: { reference: 'Patient/9', name: { given: ['Ada'] } } } }).name).toBe('Ada');
    expect(subjectWords({ subject: { patient: { reference: 'Patient/9', name: { family: 'Baker' } } } }).name).toBe('Baker');
  });
});

describe('what a person is told about a write', () => {
  it.each(stateNames)('I2 %s: what happened, whether the chart changed, what can be done', (state) => {
    const story = storyOf(writeIn(state));
    for (const words of [story.happened, story.chart, story.next]) expect(words).toMatch(/^[A-Z0-9"].*\S/s);
  });

  const claims: readonly (readonly [string, WriteState | StateName, number, RegExp])[] = [
    ['nothing was ever sent', 'failed-terminal', 0, /not changed/],
    ['sent and proved absent', 'failed-terminal', 2, /proved that the chart was not changed/],
    ['sent, no answer', 'unknown', 1, /may already be in the chart/],
    ['under way', 'in-flight', 1, /may be changing right now/],
    ['withdrawn after an attempt', 'withdrawn', 1, /if it is found in the chart/],
    ['withdrawn before any', 'withdrawn', 0, /not changed/],
    ['approved', 'pending', 0, /not changed/],
    ['approved again after an attempt', 'pending', 1, /proved/],
    [
      'taken, and not yet read back',
      { ...states.committed, verification: { result: 'due', nextAt: 0, looks: 0 } },
      1,
      /is in the chart as/,
    ],
    ['filed as a draft there', { ...states.committed, landing: 'draft' }, 1, /not part of the chart until/],
    ['held there', { ...states.committed, landing: 'held-for-reconciliation' }, 1, /for somebody there to reconcile/],
    [
      'not to be read back',
      { ...states.committed, verification: { result: 'not-verifiable', reason: 'gone' } },
      1,
      /Nobody has compared it/,
    ],
  ];
  it.each(claims)('C4 of a write %s never claims more than is known', (_what, state, attempts, chart) => {
    const row = typeof state === 'string' ? writeIn(state, { attempts }) : write({ state, attempts });
    expect(storyOf(row).chart).toMatch(chart);
  });

  it('C7 says "charted and verified" only of what was read back and equal', () => {
    const verified = { ...states.committed, verification: { result: 'verified' } } as const;
    const due = { ...states.committed, verification: { result: 'due', nextAt: 0, looks: 0 } } as const;
    const difference = { path: 'status', kind: 'changed', sent: 'a', found: 'b' } as const;
    const partial = { ...states.committed, verification: { result: 'partial', differences: [difference] } } as const;
    expect(storyOf(write({ state: verified })).happened).toMatch(/read back and compared/);
    expect(storyOf(write({ state: due })).happened).toMatch(/still to be done/);
    expect(storyOf(write({ state: partial })).happened).toMatch(/1 field came back other than sent/);
    expect(storyOf(write({ state: { ...verified, late: true } })).happened).toMatch(/given up/);
  });

  it('C4 an unknown outcome is never offered a retry', () => {
    expect(storyOf(writeIn('unknown')).next).not.toMatch(/retry|try again/i);
  });
});

describe('what a person can do with a write', () => {
  const may = (state: StateName, by: Parameters<typeof person>[0]): readonly string[] => {
    const row = writeIn(state);
    return actionsOf(row, person(by), contractRow(matrix, row.kind), now)
      .filter(({ allowed }) => allowed)
      .map(({ name }) => name);
  };

  it.each(stateNames)('I2 %s: what is locked says why', (state) => {
    for (const { allowed, reason } of actionsOf(
      writeIn(state),
      person({ roles: ['operator', 'clinical-owner'] }),
      contract(),
      now,
    ))
      expect(reason === '').toBe(allowed);
  });

  it('C4 an unknown write can be neither retried nor withdrawn', () => {
    expect(may('unknown', { roles: ['operator', 'clinician'] })).toEqual(expect.not.arrayContaining(['retry', 'withdraw']));
  });

  it('G3 nobody is offered what their role does not do', () => {
    for (const state of stateNames) expect(may(state, { roles: ['auditor'] })).toEqual([]);
    expect(may('awaiting-approval', { roles: ['operator'] })).not.toContain('approve');
    expect(may('failed-retryable', { roles: ['operator'] })).toContain('retry');
  });
});

describe('the tabs of the queue', () => {
  it('I1 every state stands in "all", and every other tab holds each of its states once', () => {
    expect(runsOf('all', {})).toEqual([{ state: null, code: null }]);
    for (const tab of queueTabs) {
      const names = runsOf(tab, {}).map(({ state, code }) => `${state ?? ''} ${code ?? ''}`);
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('C7 everything that was charted otherwise than sent is open work', () => {
    const partial = (Object.keys(failures) as FailureCode[]).filter((code) => failureOf(code).class === 'partial');
    expect(runsOf('open', { state: 'committed' }).map(({ code }) => code)).toEqual(partial);
    expect(partial).toContain('chart-differs');
  });

  it('I1 a filter by code narrows every run and adds none', () => {
    expect(runsOf('open', { code: 'chart-differs' })).toContainEqual({ state: 'committed', code: 'chart-differs' });
    expect(runsOf('pending', { state: 'unknown' })).toEqual([]);
  });
});

function parseToPlain(value: unknown): unknown {
  const parsed = parseExact(JSON.stringify(value), 64);
  return parsed.ok ? parsed.value : null;
}
