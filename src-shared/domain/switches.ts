import type { BusinessEvent } from './business-event.ts';
import type { Connection, RolloutStage } from './people.ts';
import type { Hold, StateOf, WriteRow } from './write.ts';

/**
 * Kill switches (B5): what stops, for which writes, why and by whom. They stop sending, approving or drafts; reading, checking
 * and looking for what may be in the chart go on.
 */

export const switchTargets = ['writes', 'approvals', 'drafts'] as const;
/**
 * `writes`: nothing that fits is sent. `approvals`: nobody here may approve what fits. `drafts`: nothing that fits is checked,
 * prepared or put before a person; what has been goes on.
 */
export type SwitchTarget = (typeof switchTargets)[number];

export const switchDimensions = ['tenant', 'connection', 'resource', 'source', 'model', 'prompt', 'template'] as const;
export type SwitchDimension = (typeof switchDimensions)[number];

/** What a switch is for: all that is named must fit, and what is not named fits always. Nothing named: everything. */
export type SwitchScope = Readonly<Partial<Record<SwitchDimension, string>>>;

export interface Switch {
  readonly what: SwitchTarget;
  readonly scope: SwitchScope;
  /** True while it stops what fits. */
  readonly off: boolean;
  readonly reason: string;
  readonly by: string;
}

/** Of a write, what switches can be about. `null`: the event does not say, so that only a switch for everything fits. */
export type SwitchFacts = Readonly<Record<SwitchDimension, readonly string[]>>;

/** The name under which a switch is kept: the same for the same target and scope, in whatever order it was given. */
export function switchKey(what: SwitchTarget, scope: SwitchScope): string {
  return [what, ...switchDimensions.flatMap((name) => (scope[name] === undefined ? [] : [`${name}=${scope[name]}`]))].join(' ');
}

/** What a switch is for, in words. */
export function switchWords(scope: SwitchScope): string {
  const parts = switchDimensions.flatMap((name) => (scope[name] === undefined ? [] : [`${name} ${scope[name]}`]));
  return parts.length === 0 ? 'everything' : parts.join(', ');
}

/** True when switches must be held against the event, because the write's row does not say all they are about. */
export function needsEvent(switches: readonly Pick<Switch, 'scope'>[]): boolean {
  return switches.some(({ scope }) => scope.model !== undefined || scope.prompt !== undefined || scope.template !== undefined);
}

/**
 * What switches can be about in one write. A model may be named with or without its version; a template names every
 * version of it, a prompt (`id@version`) one.
 */
export function switchFacts(row: WriteRow, provenance: BusinessEvent['provenance']): SwitchFacts {
  const versions = (name: string | undefined, version: string | undefined): readonly string[] =>
    name === undefined ? [] : version === undefined ? [name] : [name, `${name}@${version}`];
  const { model, promptTemplate } = provenance ?? {};
  return {
    tenant: [row.tenant],
    connection: [row.connection],
    resource: [row.resourceType],
    source: [row.source],
    model: versions(model?.name, model?.version),
    prompt: versions(promptTemplate?.id, promptTemplate?.version).slice(-1),
    template: promptTemplate === undefined ? [] : [promptTemplate.id],
  };
}

/** The first switch that stops the write, or `undefined`. */
export function switchStops<T extends Switch>(facts: SwitchFacts, what: SwitchTarget, switches: readonly T[]): T | undefined {
  return switches.find(
    (one) =>
      one.off &&
      one.what === what &&
      switchDimensions.every((name) => {
        const wanted = one.scope[name];
        return wanted === undefined || facts[name].includes(wanted);
      }),
  );
}

/** The hold of a write that a switch stops: with its reason, and who can lift it. */
export function switchedOff(row: WriteRow, stopping: Switch): StateOf<'held'> {
  const reason = `${stopping.reason} (writes are switched off for ${switchWords(stopping.scope)}, by ${stopping.by})`;
  return {
    name: 'held',
    hold: { code: 'writes-switched-off', liftedBy: 'operations-lead', reason },
    resume: row.state.name === 'draft' ? 'draft' : 'pending',
  };
}

/** The hold of a draft that a switch keeps from being checked. */
export function draftsOff({ scope, by, reason }: Switch): StateOf<'held'> {
  return {
    name: 'held',
    hold: {
      code: 'drafts-switched-off',
      liftedBy: 'operations-lead',
      reason: `${reason} (drafts are switched off for ${switchWords(scope)}, by ${by})`,
    },
    resume: 'draft',
  };
}

/** Rollout stages in the order in which a connection goes through them (B4). */
export const stageOrder = [
  'read-only',
  'draft',
  'shadow',
  'staged',
  'limited-auto-write',
] as const satisfies readonly RolloutStage[];

/** True when a rollout stage lets approved writes go (B4). */
export function stageSends(stage: RolloutStage): boolean {
  return stage === 'staged' || stage === 'limited-auto-write';
}

/**
 * Whether what holds a write is known to be still there. What Countersign cannot see (a permission, a credential) counts
 * as gone: trying is the way to find out.
 */
export function stillHeld(
  hold: Hold,
  /** With the stage that counts for the write (`stageFor`). */
  connection: Pick<Connection, 'stage'> | undefined,
  /** The switch of the kind that holds it. */
  stopping: Switch | undefined,
): boolean {
  if (hold.code === 'writes-switched-off' || hold.code === 'drafts-switched-off') return stopping !== undefined;
  if (hold.code === 'stage-read-only') return connection === undefined || !stageSends(connection.stage);
  return false;
}
