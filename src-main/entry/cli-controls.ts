import { Argument, Option, type Command } from 'commander';
import { list, wholeNumber } from './cli-options.ts';
import { CommandFailure } from './console-io.ts';
import type { CommandContext } from './session.ts';
import {
  connectionSet,
  connectionStage,
  connectionWindowAdd,
  connectionWindowRemove,
  type Setting,
} from './commands/controls.ts';
import { groupCompensate, groupDecide, groupList, groupShow, groupUndone } from './commands/groups.ts';
import { secondsOption } from './commands/work.ts';
import {
  groupDecisions,
  stageOrder,
  weekdays,
  type GroupDecision,
  type RolloutStage,
  type StageScope,
  type Weekday,
} from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

type Act = (run: (context: CommandContext) => Promise<number>) => Promise<void>;

/** `connection stage`, `set` and `window`: how far, how fast and when a connection may be written to. */
export function addConnectionControls(connection: Command, act: Act): void {
  connection
    .command('stage')
    .description('raise or lower the rollout stage; raising it lets go what was held for it')
    .argument('<name>')
    .addArgument(new Argument('<stage>').choices(stageOrder))
    .option('--resource <type>', 'only for this FHIR resource type; of several stages the lowest counts')
    .option('--specialty <name>', 'only for this specialty, as events name it')
    .option('--workflow <step>', 'only for this step of the workflow (workflowStep)')
    .option('--template <id>', 'only for this prompt template, as ID or ID@VERSION')
    .option('--section <title>', 'only for notes with this section, by title or code')
    .requiredOption('--reason <text>', 'why')
    .action((name: string, stage: RolloutStage, { reason, ...scope }: StageScope & { reason: string }) =>
      act((context) => connectionStage(context, name, stage, scope, reason)),
    );
  connection
    .command('set')
    .description('what is known about the EHR behind it, and how much it may be sent; "none" takes a limit away')
    .argument('<name>')
    .option('--search-settle <seconds>', 'how long its search may lag behind its commits', secondsOption)
    .option('--absence-looks <n>', 'looks that must find nothing before absence counts', wholeNumber)
    .option('--in-flight <n>', 'pieces of work under way at the same time', wholeNumber)
    .option('--per-minute <n>', 'changes sent per minute', numberOrNone)
    .option('--retries-per-minute <n>', 'of these, changes sent again', numberOrNone)
    .option('--region <code>', 'where its patients are treated, as in ISO 3166-2: US-CA; rules about consent may ask for it')
    .option('--time-zone <zone>', 'IANA time zone of its day, for example America/Chicago')
    .option('--per-day <n>', 'changes sent per day', numberOrNone)
    .option('--per-day-of <source=n>', 'of these, changes from one source (may be given more than once)', list)
    .option('--inbox <resource>', 'resource type that the EHR puts into an inbox (may be given more than once; "none")', list)
    .requiredOption('--reason <text>', 'why')
    .action((name: string, options: SettingsOptions) =>
      act((context) => connectionSet(context, name, settingsOf(options), options.reason)),
    );
  const window = connection.command('window').description('maintenance windows: nothing is sent in them, reading goes on');
  window
    .command('add')
    .argument('<name>', 'the connection')
    .argument('<id>', 'short name of the window')
    .requiredOption('--zone <zone>', 'IANA time zone in which the times are meant')
    .addOption(new Option('--weekly <days>', `on these days, of ${weekdays.join(',')}`).conflicts('once'))
    .option('--once', 'from and to are dates with a time', false)
    .requiredOption('--from <time>', 'HH:MM, or with --once YYYY-MM-DDTHH:MM')
    .requiredOption('--to <time>', 'as --from; a time of day that is not later lies on the next day')
    .requiredOption('--reason <text>', 'why')
    .action((name: string, id: string, options: WindowOptions) => act((context) => windowAdd(context, name, id, options)));
  window
    .command('remove')
    .argument('<name>', 'the connection')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why')
    .action((name: string, id: string, options: { reason: string }) =>
      act((context) => connectionWindowRemove(context, name, id, options.reason)),
    );
}

/** `group`: the writes of one event, over all connections. */
export function addGroupCommands(cli: Command, act: Act): void {
  const group = cli.command('group').description('the writes of one event together, and what is decided when some fail');
  group
    .command('show')
    .description('how far a group has come; what could be done about what is charted when something failed')
    .argument('<id>', 'a group, or one of its writes')
    .action((id: string) => act((context) => groupShow(context, id)));
  group
    .command('list')
    .description('groups that failed in part and wait for a decision')
    .action(() => act(groupList));
  group
    .command('decide')
    .description('what is charted stays (keep), or is to be taken back in the EHR (undo); sends nothing')
    .argument('<id>', 'a group, or one of its writes')
    .addArgument(new Argument('<decision>').choices(groupDecisions))
    .requiredOption('--reason <text>', 'why')
    .action((id: string, decision: GroupDecision, options: { reason: string }) =>
      act((context) => groupDecide(context, id, decision, options.reason)),
    );
  group
    .command('compensate')
    .description('plan the change that takes a write back, where its contract has one: checked, approved and sent like any other')
    .argument('<write>')
    .requiredOption('--reason <text>', 'why')
    .action((write: string, options: { reason: string }) => act((context) => groupCompensate(context, write, options.reason)));
  group
    .command('undone')
    .description('a write was taken back in the EHR: it is read there, and counts once the chart shows it')
    .argument('<write>')
    .requiredOption('--note <text>', 'what was done')
    .action((write: string, options: { note: string }) => act((context) => groupUndone(context, write, options.note)));
}

interface WindowOptions {
  readonly zone: string;
  readonly weekly?: string;
  readonly once: boolean;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

function windowAdd(context: CommandContext, name: string, id: string, options: WindowOptions): Promise<number> {
  const { zone: timeZone, weekly, once, from, to, reason } = options;
  if (once === (weekly !== undefined)) throw new CommandFailure(2, 'usage', 'Say --weekly DAYS or --once.');
  const when = once
    ? { repeats: 'never' as const, from, to }
    : { repeats: 'weekly' as const, days: daysOf(weekly ?? ''), from, to };
  return connectionWindowAdd(context, name, { id, timeZone, when }, reason);
}

function daysOf(text: string): readonly Weekday[] {
  return text.split(',').map((one) => {
    const day = weekdays.find((name) => name === one.trim());
    if (day === undefined) throw new CommandFailure(2, 'usage', `"${one}" is not one of ${weekdays.join(', ')}.`);
    return day;
  });
}

type Limit = number | 'none';

function numberOrNone(text: string): Limit {
  return text === 'none' ? 'none' : wholeNumber(text);
}

interface SettingsOptions {
  readonly searchSettle?: number;
  readonly absenceLooks?: number;
  readonly inFlight?: number;
  readonly perMinute?: Limit;
  readonly retriesPerMinute?: Limit;
  readonly region?: string;
  readonly timeZone?: string;
  readonly perDay?: Limit;
  readonly perDayOf?: readonly string[];
  readonly inbox?: readonly string[];
  readonly reason: string;
}

function settingsOf(options: SettingsOptions): Setting {
  const {
    searchSettle,
    absenceLooks,
    inFlight,
    perMinute,
    retriesPerMinute,
    region,
    timeZone,
    perDay,
    perDayOf = [],
    inbox = [],
  } = options;
  if (absenceLooks !== undefined && absenceLooks < limits.absenceLooksMin)
    throw new CommandFailure(2, 'usage', `Absence takes at least ${limits.absenceLooksMin} looks.`);
  if ([inFlight, perMinute, retriesPerMinute, perDay].includes(0))
    throw new CommandFailure(2, 'usage', 'Nothing can go with 0; use "switch writes off" to stop writes.');
  const set = {
    ...(searchSettle === undefined ? {} : { searchSettleMs: Math.round(searchSettle * 1000) }),
    ...(absenceLooks === undefined ? {} : { absenceLooks }),
    ...(inFlight === undefined ? {} : { inFlightMax: inFlight }),
    ...(typeof perMinute !== 'number' ? {} : { sendsPerMinuteMax: perMinute }),
    ...(typeof retriesPerMinute !== 'number' ? {} : { retriesPerMinuteMax: retriesPerMinute }),
    ...(region === undefined ? {} : { region }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(typeof perDay !== 'number' ? {} : { sendsPerDayMax: perDay }),
    ...(perDayOf.length === 0 || perDayOf.includes('none') ? {} : { sendsPerDayMaxOfSource: bySource(perDayOf) }),
    ...(inbox.length === 0 || inbox.includes('none') ? {} : { heldForReconciliation: inbox }),
  };
  const cleared = [
    ...(perMinute === 'none' ? (['sendsPerMinuteMax'] as const) : []),
    ...(retriesPerMinute === 'none' ? (['retriesPerMinuteMax'] as const) : []),
    ...(perDay === 'none' ? (['sendsPerDayMax'] as const) : []),
    ...(perDayOf.includes('none') ? (['sendsPerDayMaxOfSource'] as const) : []),
    ...(inbox.includes('none') ? (['heldForReconciliation'] as const) : []),
  ];
  return { set, cleared };
}

function bySource(texts: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf('=');
      const max = at < 1 ? 0 : wholeNumber(text.slice(at + 1));
      if (max === 0) throw new CommandFailure(2, 'usage', `"${text}" does not say SOURCE=N.`);
      return [text.slice(0, at), max];
    }),
  );
}
