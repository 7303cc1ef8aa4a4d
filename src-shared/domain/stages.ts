import type { BusinessEvent } from './business-event.ts';
import type { ClinicalItem } from './content.ts';
import { stageDimensions, type Connection, type RolloutStage, type ScopedStage, type StageScope } from './people.ts';
import { stageOrder } from './switches.ts';

/**
 * How far a write has come in the rollout of its connection (B4): stages are set for a connection, and for parts of what goes
 * over it. Whatever fits counts, and of all that fit the lowest one.
 */

/** Of a write, what stages can be about; empty where its event does not say. */
export type StageFacts = Readonly<Record<(typeof stageDimensions)[number], readonly string[]>>;

/**
 * What stages can be about in one write. A template may be named with or without its version, a section by its title or its
 * code; a note is as far as the one of its sections that has come least far.
 *
 * @param event left out where `stagesNeedEvent` says that it is not needed
 */
export function stageFacts(
  row: { readonly resourceType: string },
  event?: Pick<BusinessEvent, 'specialty' | 'workflowStep' | 'provenance'>,
  clinical?: ClinicalItem,
): StageFacts {
  const template = event?.provenance?.promptTemplate;
  const { id, version } = template ?? {};
  return {
    resource: [row.resourceType],
    specialty: named(event?.specialty),
    workflow: named(event?.workflowStep),
    template: [...named(id), ...(version === undefined ? [] : named(`${id ?? ''}@${version}`))],
    section: clinical === undefined ? [] : sectionsOf(clinical),
  };
}

function sectionsOf({ item }: ClinicalItem): readonly string[] {
  const sections = 'sections' in item ? (item.sections ?? []) : [];
  return sections.flatMap(({ title, code }) => [title, ...named(code?.code)]);
}

function named(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

/** True when the stage of a write cannot be told from its row. */
export function stagesNeedEvent(connection: Pick<Connection, 'scopedStages'>): boolean {
  return (
    connection.scopedStages?.some(({ scope }) => stageDimensions.some((name) => name !== 'resource' && name in scope)) === true
  );
}

/** True when all that a scope names is so of the write. Capitals and outer spaces make no difference. */
export function stageFits(scope: StageScope, facts: StageFacts): boolean {
  return stageDimensions.every((name) => {
    const wanted = scope[name];
    return wanted === undefined || facts[name].some((one) => plain(one) === plain(wanted));
  });
}

function plain(text: string): string {
  return text.trim().toLowerCase();
}

/** How far a write has come: the lowest of the stages that fit it. */
export function stageFor(connection: Pick<Connection, 'stage' | 'stages' | 'scopedStages'>, facts: StageFacts): RolloutStage {
  const fitting = [
    connection.stage,
    ...facts.resource.flatMap((type) => connection.stages?.[type] ?? []),
    ...(connection.scopedStages ?? []).flatMap(({ scope, stage }) => (stageFits(scope, facts) ? stage : [])),
  ];
  return lowest(fitting);
}

/** The stage of a part of what goes over a connection, as it was set; the connection's own where none was. */
export function stageOfScope(connection: Pick<Connection, 'stage' | 'stages' | 'scopedStages'>, scope: StageScope): RolloutStage {
  const type = onlyResource(scope);
  const own =
    type === null
      ? connection.scopedStages?.find((one) => stageScopeWords(one.scope) === stageScopeWords(scope))?.stage
      : connection.stages?.[type];
  return lowest([connection.stage, own ?? connection.stage]);
}

function lowest(stages: readonly RolloutStage[]): RolloutStage {
  return stageOrder.find((one) => stages.includes(one)) ?? stageOrder[0];
}

/** The resource type of a scope that names nothing else, or `null`. */
export function onlyResource(scope: StageScope): string | null {
  const names = stageDimensions.filter((name) => scope[name] !== undefined);
  return names.length === 1 ? (scope.resource ?? null) : null;
}

/** What a stage is for, in words; the same for the same scope, in whatever order it was given. */
export function stageScopeWords(scope: StageScope): string {
  return stageDimensions.flatMap((name) => (scope[name] === undefined ? [] : [`${name} ${scope[name]}`])).join(', ');
}

/** The stages of a connection once a part of it was set to one. */
export function withStage(
  before: Pick<Connection, 'stages' | 'scopedStages'>,
  scope: StageScope,
  stage: RolloutStage,
): Pick<Connection, 'stage' | 'stages' | 'scopedStages'> | Pick<Connection, 'stages'> | Pick<Connection, 'scopedStages'> {
  const words = stageScopeWords(scope);
  if (words === '') return { stage };
  const type = onlyResource(scope);
  if (type !== null) return { stages: { ...before.stages, [type]: stage } };
  const others = (before.scopedStages ?? []).filter((one) => stageScopeWords(one.scope) !== words);
  const set: ScopedStage = { scope, stage };
  return { scopedStages: [...others, set] };
}
