import { describe, expect, it } from 'vitest';
import {
  changeControl,
  changeWords,
  decideSafety,
  demandedVersions,
  pathVersions,
  type ChangeFacts,
  type PathRow,
  type PathVersions,
} from './change-control.ts';

const versions: PathVersions = { model: 'm@1', prompt: 'soap@3', contract: 'default-1', adapter: 'generic-r4 1', ehr: 'EHR 9' };
const path: PathRow = {
  ...{ key: 'scribe ehr', version: 1, tenant: 'north', source: 'scribe', connection: 'ehr' },
  first: versions,
  demanded: [],
};
const spell = (facts: Partial<ChangeFacts>): string => {
  const { unseen, change } = changeControl({ versions, path, records: [], practice: true, ...facts });
  const open = unseen.map(({ kind, version }) => `${kind} ${version}`).join(', ') || 'nothing unseen';
  return change === null ? open : `${open}; recorded`;
};

describe('versions nobody has tried', () => {
  it('B7 are read from the event, the request and what the EHR said of itself', () => {
    const provenance = { model: { name: 'm', version: '1' }, promptTemplate: { id: 'soap', version: '3' } };
    expect(pathVersions(provenance, { software: 'EHR 9' }, 'generic-r4 1', 'default-1')).toEqual(versions);
    expect(pathVersions(undefined, {}, 'a 1', 'c')).toEqual({
      model: null,
      prompt: null,
      contract: 'c',
      adapter: 'a 1',
      ehr: null,
    });
    expect(pathVersions({ model: { name: 'm' } }, {}, 'a 1', 'c').model).toBe('m');
  });

  it.each<[string, Partial<ChangeFacts>]>([
    ['nothing unseen', {}],
    ['nothing unseen; recorded', { path: undefined }],
    [
      'model m@1, prompt soap@3, contract default-1, adapter generic-r4 1, ehr EHR 9; recorded',
      { path: undefined, practice: false },
    ],
    ['nothing unseen; recorded', { path: { ...path, first: { ...versions, ehr: null } } }],
    ['nothing unseen', { versions: { ...versions, model: null } }],
    ['model m@2; recorded', { versions: { ...versions, model: 'm@2' } }],
    ['prompt soap@4; recorded', { versions: { ...versions, prompt: 'soap@4' } }],
    ['contract default-2; recorded', { versions: { ...versions, contract: 'default-2' } }],
    ['adapter generic-r4 2; recorded', { versions: { ...versions, adapter: 'generic-r4 2' } }],
    ['ehr EHR 10; recorded', { versions: { ...versions, ehr: 'EHR 10' } }],
    [
      'model m@2',
      { versions: { ...versions, model: 'm@2' }, path: { ...path, demanded: [{ kind: 'model', version: 'm@2', since: 1 }] } },
    ],
    ['nothing unseen', { versions: { ...versions, model: 'm@2' }, records: [{ covers: [{ kind: 'model', version: 'm@2' }] }] }],
    [
      'model m@2; recorded',
      { versions: { ...versions, model: 'm@2' }, records: [{ covers: [{ kind: 'prompt', version: 'm@2' }] }] },
    ],
    ['nothing unseen', { practice: false }],
  ])('B7 %s', (expected, facts) => {
    expect(spell(facts)).toBe(expected);
  });

  it('B7 are told in plain words, with what happens to what is queued', () => {
    expect(changeWords([{ kind: 'ehr', version: 'EHR 10' }])).toBe(
      'no run of the corpus is on record for the EHR software EHR 10; until then a person decides, and what is queued waits',
    );
  });

  it('B7 are demanded once, however many paths meet them, until a run covers them', () => {
    const met = { ...path, demanded: [{ kind: 'model' as const, version: 'm@2', since: 1 }] };
    expect(demandedVersions([met, { ...met, key: 'other' }], [])).toEqual([{ kind: 'model', version: 'm@2' }]);
    expect(demandedVersions([met], [{ covers: [{ kind: 'model', version: 'm@2' }] }])).toEqual([]);
  });
});

describe('a run on record', () => {
  const figure = { name: 'recall', value: '0.97', goal: 'at least 0.95', met: true };
  const covers = [{ kind: 'model' as const, version: 'm@2' }];
  it.each([
    ['ok', [figure], covers, 'run'],
    ['safety-incomplete', [{ ...figure, goal: null }], covers, 'run'],
    ['safety-incomplete', [figure], [], 'run'],
    ['safety-failed', [figure, { ...figure, met: false }], covers, 'run'],
    ['reason-missing', [figure], covers, ' '],
  ] as const)('B7 %s', (expected, figures, versionsOfRun, meaning) => {
    const decided = decideSafety(figures, versionsOfRun, meaning);
    expect(decided.ok ? 'ok' : decided.code).toBe(expected);
  });
});
