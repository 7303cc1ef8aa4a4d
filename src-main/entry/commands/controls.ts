import { CommandFailure, printable } from '../console-io.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { control } from '../../engine/index.ts';
import { windowView } from '../views.ts';
import type { ControlOutcome } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  onlyResource,
  stageDimensions,
  stageScopeWords,
  stageSends,
  switchWords,
  workspaceLog,
  windowWords,
  type ConnectionSettings,
  type MaintenanceWindow,
  type RolloutStage,
  type StageScope,
  type SwitchScope,
  type SwitchTarget,
} from '../../../src-shared/domain/index.ts';

/** Stopping and going on: kill switches, and the stages of connections. */

/** What to set of a connection's settings, and which limits to take away. */
export interface Setting {
  readonly set: ConnectionSettings;
  readonly cleared: readonly (keyof ConnectionSettings)[];
}

export interface SwitchOptions {
  readonly scope: SwitchScope;
  readonly reason: string;
}

export function switchSet(context: CommandContext, what: SwitchTarget, off: boolean, options: SwitchOptions): Promise<number> {
  const { scope, reason } = options;
  reasonGiven(reason);
  return withPerson(context, off ? 'switch.off' : 'switch.on', async ({ deps, person, actor }) => {
    const outcome = done(await control(deps).switch(what, scope, off, reason, person, actor));
    const output = { what, off, scope: { ...scope }, reason, released: outcome.released };
    const effect = {
      writes: 'What is due is held instead of sent; reading goes on.',
      approvals: 'Nobody here can approve these writes.',
      drafts: 'What comes in is held unchecked; what was prepared and approved goes on.',
    }[what];
    const words = off
      ? `${what} are switched off for ${printable(switchWords(scope))}. ${effect}`
      : `${what} are switched on again for ${printable(switchWords(scope))}. ${outcome.released} held writes go on.`;
    context.io.result('switch', output, words.charAt(0).toUpperCase() + words.slice(1));
    return 0;
  });
}

export function connectionStage(
  context: CommandContext,
  name: string,
  stage: RolloutStage,
  scope: StageScope,
  reason: string,
): Promise<number> {
  reasonGiven(reason);
  const empty = stageDimensions.find((one) => scope[one]?.trim() === '');
  if (empty !== undefined) throw new CommandFailure(2, 'usage', `--${empty} names nothing.`);
  return withPerson(context, 'connection.stage', async ({ deps, actor }) => {
    const { released } = done(await control(deps).stage(name, stage, reason, actor, scope));
    const effect = stageSends(stage) ? `${released} held writes go on.` : 'Nothing is written to it from now on.';
    const part = stageScopeWords(scope);
    const what = part === '' ? name : `${printable(part)} on ${name}`;
    const resource = onlyResource(scope);
    const named = part === '' ? {} : resource === null ? { scope: { ...scope } } : { resource };
    const output = { connection: name, ...named, stage, released };
    context.io.result('connection-stage', output, `Stage of ${what}: ${stage}. ${effect}`);
    return 0;
  });
}

export function connectionSet(context: CommandContext, name: string, { set, cleared }: Setting, reason: string): Promise<number> {
  reasonGiven(reason);
  if (Object.keys(set).length + cleared.length === 0) throw new CommandFailure(2, 'usage', 'Say what to set; see --help.');
  return withPerson(context, 'connection.set', async ({ deps, actor }) => {
    done(await control(deps).settings(name, set, reason, actor, cleared));
    const row = await deps.ledger.row('connection', workspaceLog, name);
    const now: ConnectionSettings = row?.settings ?? {};
    const words = Object.entries(now).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
    context.io.result(
      'connection-set',
      { connection: name, settings: settingsView(now) },
      `Settings of ${name}: ${words.join(', ')}.`,
    );
    return 0;
  });
}

export function connectionWindowAdd(
  context: CommandContext,
  name: string,
  window: MaintenanceWindow,
  reason: string,
): Promise<number> {
  reasonGiven(reason);
  return withPerson(context, 'connection.set', async ({ deps, actor }) =>
    toldWindows(context, deps.ledger, name, done(await control(deps).addWindow(name, window, reason, actor)).released),
  );
}

export function connectionWindowRemove(context: CommandContext, name: string, id: string, reason: string): Promise<number> {
  reasonGiven(reason);
  return withPerson(context, 'connection.set', async ({ deps, actor }) =>
    toldWindows(context, deps.ledger, name, done(await control(deps).removeWindow(name, id, reason, actor)).released),
  );
}

function settingsView({
  maintenance,
  sendsPerDayMaxOfSource: ofSource,
  heldForReconciliation: inbox,
  ...rest
}: ConnectionSettings) {
  return {
    ...rest,
    ...(ofSource === undefined ? {} : { sendsPerDayMaxOfSource: { ...ofSource } }),
    ...(maintenance === undefined ? {} : { maintenance: maintenance.map(windowView) }),
    ...(inbox === undefined ? {} : { heldForReconciliation: [...inbox] }),
  };
}

async function toldWindows(context: CommandContext, ledger: LedgerReader, name: string, released: number): Promise<number> {
  const windows = (await ledger.row('connection', workspaceLog, name))?.settings?.maintenance ?? [];
  const words = windows.map((one) => `  ${one.id}: ${windowWords(one)}`);
  const head = windows.length === 0 ? `${name} has no maintenance windows.` : `Nothing is sent to ${name} in:`;
  context.io.result(
    'connection-window',
    { connection: name, windows: windows.map(windowView), released },
    [head, ...words].join('\n'),
  );
  return 0;
}

function reasonGiven(reason: string): void {
  if (reason.trim() === '') throw new CommandFailure(2, 'reason-missing', 'Say why, with --reason.');
}

function done(outcome: ControlOutcome): Extract<ControlOutcome, { ok: true }> {
  if (!outcome.ok) throw new CommandFailure(2, outcome.code, `Not done: ${printable(outcome.message)}. Nothing was changed.`);
  return outcome;
}
