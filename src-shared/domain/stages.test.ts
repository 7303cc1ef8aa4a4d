import { describe, expect, it } from 'vitest';
import type { StageScope } from './people.ts';
import {
  onlyResource,
  stageFacts,
  stageFits,
  stageFor,
  stageOfScope,
  stageScopeWords,
  stagesNeedEvent,
  withStage,
} from './stages.ts';
import { connection, event, write } from './testing/builders.ts';

const visit = event({
  specialty: 'Cardiology',
  workflowStep: 'sign',
  provenance: { promptTemplate: { id: 'soap', version: '3' } },
});
const note = (...titles: readonly string[]) => ({
  kind: 'note' as const,
  item: { sections: titles.map((title) => ({ title, text: 'x', code: { code: '51847-2' } })) },
});
const facts = stageFacts(write(), visit, note('History', 'Plan'));

describe('B4 what a stage can be about', () => {
  it('B4 is what the row, the event and the item say', () => {
    expect(facts).toEqual({
      resource: ['DocumentReference'],
      specialty: ['Cardiology'],
      workflow: ['sign'],
      template: ['soap', 'soap@3'],
      section: ['History', '51847-2', 'Plan', '51847-2'],
    });
    expect(stageFacts(write(), event(), { kind: 'task', item: { description: 'x' } })).toEqual({
      ...{ resource: ['DocumentReference'], specialty: [], workflow: [], template: [], section: [] },
    });
    expect(stageFacts(write(), event({ provenance: { promptTemplate: { id: 'soap' } } })).template).toEqual(['soap']);
  });

  it.each<[StageScope, boolean]>([
    [{}, true],
    [{ resource: 'DocumentReference' }, true],
    [{ resource: 'Task' }, false],
    [{ specialty: ' cardiology ' }, true],
    [{ specialty: 'cardio' }, false],
    [{ workflow: 'sign' }, true],
    [{ workflow: 'amend' }, false],
    [{ template: 'soap' }, true],
    [{ template: 'soap@3' }, true],
    [{ template: 'soap@2' }, false],
    [{ section: 'plan' }, true],
    [{ section: '51847-2' }, true],
    [{ section: 'Allergies' }, false],
    [{ specialty: 'Cardiology', section: 'Plan' }, true],
    [{ specialty: 'Cardiology', section: 'Allergies' }, false],
  ])('B4 %j fits: %s', (scope, fits) => expect(stageFits(scope, facts)).toBe(fits));

  it('B4 what the event does not say fits no stage that asks for it', () => {
    expect(stageFits({ specialty: 'Cardiology' }, stageFacts(write(), event()))).toBe(false);
  });

  it('B4 the event is read only where a stage asks for more than the row says', () => {
    const at = (...scopes: readonly StageScope[]) =>
      stagesNeedEvent({ scopedStages: scopes.map((scope) => ({ scope, stage: 'draft' })) });
    expect([stagesNeedEvent({}), at(), at({ resource: 'Task' }), at({ resource: 'Task', section: 'x' })]).toEqual([
      ...[false, false, false, true],
    ]);
  });
});

describe('B4 the stage that counts', () => {
  it.each([
    ['limited-auto-write', undefined, 'limited-auto-write'],
    ['limited-auto-write', 'shadow', 'shadow'],
    ['limited-auto-write', 'read-only', 'read-only'],
    ['shadow', 'limited-auto-write', 'shadow'],
    ['read-only', 'staged', 'read-only'],
    ['staged', 'staged', 'staged'],
  ] as const)('B4 of a connection at %s and a resource type at %s is %s', (stage, own, counts) => {
    const stages = own === undefined ? {} : { stages: { Observation: own } };
    const of = (resourceType: string) => stageFor({ stage, ...stages }, stageFacts({ resourceType }));
    expect(of('Observation')).toBe(counts);
    expect(of('DocumentReference')).toBe(stage);
  });

  it('B4 is the lowest of all that fit', () => {
    const rollout = {
      stage: 'limited-auto-write' as const,
      stages: { DocumentReference: 'staged' as const },
      scopedStages: [
        { scope: { specialty: 'cardiology' }, stage: 'shadow' as const },
        { scope: { section: 'Plan' }, stage: 'draft' as const },
        { scope: { section: 'Allergies' }, stage: 'read-only' as const },
      ],
    };
    expect(stageFor(rollout, facts)).toBe('draft');
    expect(stageFor(rollout, stageFacts(write(), visit, note('History')))).toBe('shadow');
    expect(stageFor(rollout, stageFacts(write()))).toBe('staged');
    expect(stageFor(rollout, stageFacts({ resourceType: 'Task' }))).toBe('limited-auto-write');
  });

  it('B4 of a part is its own, and never further than that of the connection', () => {
    const rollout = connection({ stage: 'staged', scopedStages: [{ scope: { section: 'Plan' }, stage: 'draft' }] });
    expect(stageOfScope(rollout, { section: 'Plan' })).toBe('draft');
    expect(stageOfScope(rollout, { section: 'Other' })).toBe('staged');
    expect(stageOfScope(rollout, {})).toBe('staged');
    expect(stageOfScope({ stage: 'draft', stages: { Task: 'staged' } }, { resource: 'Task' })).toBe('draft');
  });
});

describe('B4 setting a stage', () => {
  it('B4 is of the connection, of a resource type, or of what else is named; a later one takes the place of its own kind', () => {
    expect(withStage({}, {}, 'draft')).toEqual({ stage: 'draft' });
    expect(withStage({ stages: { Task: 'draft' } }, { resource: 'Task' }, 'staged')).toEqual({ stages: { Task: 'staged' } });
    const both: StageScope = { section: 'Plan', resource: 'DocumentReference' };
    const once = withStage({}, both, 'draft');
    expect(once).toEqual({ scopedStages: [{ scope: both, stage: 'draft' }] });
    const again = withStage(connection(once), { resource: 'DocumentReference', section: 'Plan' }, 'shadow');
    expect(again).toEqual({ scopedStages: [{ scope: both, stage: 'shadow' }] });
    expect(withStage(connection(again), { section: 'Plan' }, 'draft')).toMatchObject({ scopedStages: [{}, {}] });
  });

  it('B4 has one name, whatever the order', () => {
    expect(stageScopeWords({ section: 'Plan', resource: 'Task' })).toBe('resource Task, section Plan');
    expect(stageScopeWords({})).toBe('');
    expect([onlyResource({ resource: 'Task' }), onlyResource({ resource: 'Task', section: 'x' }), onlyResource({})]).toEqual([
      ...['Task', null, null],
    ]);
  });
});
