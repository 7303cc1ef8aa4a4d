import { Socket } from 'node:net';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { CommandFailure, ConsoleIo, type ExitCode } from './console-io.ts';
import type { CommandContext, GlobalOptions } from './session.ts';
import { auditTimeline, auditVerify } from './commands/audit.ts';
import { localConsole } from './commands/console.ts';
import { switchSet } from './commands/controls.ts';
import { addConnectionControls, addGroupCommands } from './cli-controls.ts';
import { collected, list, wholeNumber } from './cli-options.ts';
import { addPolicyCommands } from './cli-policy.ts';
import { check, type CheckCommandOptions } from './commands/check.ts';
import { dryRunFiles } from './commands/dry-run.ts';
import { init } from './commands/init.ts';
import { acceptLoss } from './commands/loss.ts';
import { practiceEhr } from './commands/practice-ehr.ts';
import {
  connectionAdd,
  connectionList,
  connectionTest,
  personAdd,
  personGrant,
  personList,
  personRevoke,
  sourceAdd,
  sourceList,
} from './commands/registry.ts';
import { shadowReport } from './commands/shadow.ts';
import { simulateSeeds } from './commands/simulate.ts';
import { ingest, run, secondsOption, status } from './commands/work.ts';
import {
  approveWrite,
  rejectWrite,
  resolveWrite,
  retryWrite,
  selectWrite,
  withdrawWrite,
  write,
  writes,
} from './commands/writes.ts';
import { LedgerError } from '../ledger/index.ts';
import { origins, roles, switchTargets, type SwitchScope } from '../../src-shared/domain/index.ts';

/** The command `countersign` (architecture, section 6): options in, one command run, an exit code out. */

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
function nameArgument(text: string): string {
  if (!NAME.test(text)) throw new InvalidArgumentError('1 to 64 letters, digits, dots, colons and dashes are allowed');
  return text;
}

/** Builds the program; each command's action sets the exit code through `act`. */
function program(act: (run: (context: CommandContext) => Promise<number>) => Promise<void>): Command {
  const cli = new Command('countersign')
    .description('Writes approved chart changes into EHRs, each exactly once, and proves it.')
    .addOption(
      new Option('--workspace <dir>', 'folder of the workspace').env('COUNTERSIGN_WORKSPACE').default('countersign-workspace'),
    )
    .option('--json', 'print JSON (one document, or one per line for lists)', false)
    .option('--as <user>', 'act as this person (default: admin); the secret comes from COUNTERSIGN_USER_SECRET')
    .option('--passphrase-file <file>', 'read the passphrase of the workspace here instead of from COUNTERSIGN_PASSPHRASE')
    .showHelpAfterError('(countersign --help lists the commands)')
    .exitOverride();

  cli
    .command('init')
    .description('create a workspace and its first administrator')
    .option('--practice', 'add a practice EHR, people, a source and a day of visits', false)
    .option('--site <name>', 'name of this site in signed checkpoints (default: the host name)')
    .action((options: { practice: boolean; site?: string }) => act((context) => init(context, options)));

  const person = cli.command('person').description('who may decide');
  person
    .command('add')
    .argument('<id>', 'short id', nameArgument)
    .requiredOption('--name <name>', 'full name')
    .addOption(
      new Option('--role <role>', 'role (may be given more than once)').choices(roles).argParser(list).makeOptionMandatory(),
    )
    .option('--npi <npi>', 'National Provider Identifier')
    .action((id: string, options: { name: string; role: string[]; npi?: string }) =>
      act((context) => personAdd(context, id, { name: options.name, role: options.role.map(roleOption), npi: options.npi })),
    );
  const giving = (name: 'grant' | 'revoke') =>
    person
      .command(name)
      .argument('<id>')
      .addOption(new Option('--role <role>').choices(roles).makeOptionMandatory())
      .requiredOption('--reason <text>', 'why');
  giving('grant')
    .description('give a role; with --until it ends by itself')
    .option('--until <time>', 'when it ends, like 2026-12-31T18:00:00Z')
    .action((id: string, options: { role: string; until?: string; reason: string }) =>
      act((context) => personGrant(context, id, roleOption(options.role), options.until, options.reason)),
    );
  giving('revoke')
    .description('take a role away; it counts at once')
    .action((id: string, options: { role: string; reason: string }) =>
      act((context) => personRevoke(context, id, roleOption(options.role), options.reason)),
    );
  person.command('list').action(() => act(personList));

  const source = cli.command('source').description('who may send');
  source
    .command('add')
    .argument('<name>', 'name as it stands in the events', nameArgument)
    .option('--tenant <tenant>', 'only for this tenant (may be given more than once; default: all)', list)
    .option('--types <types>', 'only these event types, separated by commas (default: all)', list)
    .addOption(new Option('--origin <origin>', 'who makes the content').choices(origins))
    .addOption(
      new Option('--approvals <tier>', 'up to which risk its approvals count').choices(['none', 'low', 'medium']).default('none'),
    )
    .action((name: string, options: { tenant?: string[]; types?: string[]; origin?: 'ai'; approvals: 'none' }) =>
      act((context) =>
        sourceAdd(context, name, {
          tenant: options.tenant,
          types: options.types,
          origin: options.origin,
          approvals: options.approvals,
        }),
      ),
    );
  source.command('list').action(() => act(sourceList));

  const connection = cli.command('connection').description('where writes go');
  connection
    .command('add')
    .argument('<name>', 'short name', nameArgument)
    .requiredOption('--adapter <adapter>', 'kind of EHR, for example generic-r4')
    .requiredOption('--base-url <url>', 'base address of its FHIR API; a loopback address is practice')
    .option('--tenant <tenant>', 'serve only this tenant (may be given more than once)', list)
    .addOption(
      new Option('--stage <stage>', 'rollout stage').choices(['read-only', 'draft', 'shadow', 'staged', 'limited-auto-write']),
    )
    .option('--baa <reference>', 'entry in the register of business associates')
    .option('--auth <how>', 'none, or bearer-file:PATH', 'none')
    .addOption(
      new Option('--environment <kind>', 'what a server outside this machine is')
        .choices(['sandbox', 'production'])
        .default('production'),
    )
    .action(
      (
        name: string,
        options: {
          adapter: string;
          baseUrl: string;
          tenant?: string[];
          stage?: 'staged';
          baa?: string;
          auth: string;
          environment: 'sandbox';
        },
      ) =>
        act((context) =>
          connectionAdd(context, name, { ...options, tenant: options.tenant, stage: options.stage, baa: options.baa }),
        ),
    );
  connection.command('list').action(() => act(connectionList));
  addConnectionControls(connection, act);
  connection
    .command('test')
    .argument('<name>')
    .description('read what the server says about itself; writes nothing')
    .action((name: string) => act((context) => connectionTest(context, name)));

  cli
    .command('ingest')
    .description('take in events from files (JSON, NDJSON, .gz; - is standard input)')
    .argument('<file...>')
    .action((files: string[]) => act((context) => ingest(context, files)));
  cli
    .command('check')
    .description('run every check on events without taking them in; needs no workspace')
    .argument('<file...>')
    .option('--fhir', 'the files hold FHIR R4 resources or Bundles', false)
    .option('--totals', 'counts by rule instead of a line per record', false)
    .option('--house-rules <file>', "an organization's rules, for the events of its tenant (repeat)", collected)
    .option('--in-force', 'the rules of organizations that are in force in the workspace', false)
    .action((files: string[], options: CheckCommandOptions) => act((context) => check(context, files, options)));
  cli
    .command('dry-run')
    .description('what would become of events and what would be sent; takes nothing in and sends nothing')
    .argument('<file...>')
    .option('--connection <name>', 'only the writes of this connection')
    .action((files: string[], options: { connection?: string }) =>
      act((context) => dryRunFiles(context, files, options.connection ?? null)),
    );
  cli
    .command('shadow')
    .description('at stage shadow: what would have been written beside what people wrote by hand, element by element')
    .argument('<connection>')
    .action((name: string) => act((context) => shadowReport(context, name)));
  cli
    .command('run')
    .description('run the engine')
    .option('--drain', 'end once nothing is left to do', false)
    .option('--max-seconds <n>', 'end after this long', secondsOption)
    .action((options: { drain: boolean; maxSeconds?: number }) =>
      act((context) => run(context, { drain: options.drain, maxSeconds: options.maxSeconds })),
    );
  cli
    .command('status')
    .description('how things stand')
    .action(() => act(status));

  cli
    .command('switch')
    .description('kill switch: stop sending, approving here or checking drafts at once, for everything or for what is named')
    .addArgument(new Argument('<what>').choices(switchTargets))
    .addArgument(new Argument('<off-or-on>').choices(['off', 'on']))
    .option('--tenant <tenant>')
    .option('--connection <name>')
    .option('--resource <type>', 'FHIR resource type')
    .option('--source <name>')
    .option('--model <name>', 'model, as NAME or NAME@VERSION')
    .option('--prompt <id>', 'one version of a prompt, as ID@VERSION')
    .option('--template <id>', 'every version of a prompt template')
    .requiredOption('--reason <text>', 'why')
    .action((what: 'writes', state: string, { reason, ...scope }: { reason: string } & SwitchScope) =>
      act((context) => switchSet(context, what, state === 'off', { scope, reason })),
    );

  cli
    .command('writes')
    .description('list writes, newest first')
    .option('--state <state>', 'only in this state')
    .option('--code <code>', 'only with this failure code')
    .option('--connection <name>', 'only on this connection')
    .option('--patient <id>', 'only of this patient: SYSTEM|VALUE or Patient/ID')
    .option('--since <time>', 'only created since then')
    .option('--limit <n>', 'at most so many', wholeNumber, 100)
    .action((options: Record<string, never> & { limit: number }) =>
      act((context) => writes(context, { ...NO_FILTER, ...options })),
    );
  cli
    .command('write')
    .description('everything known about one write')
    .argument('<id>')
    .action((id: string) => act((context) => write(context, id)));

  cli
    .command('approve')
    .argument('<id>')
    .option('--meaning <text>', 'what the approval says', 'reviewed and approved for the chart')
    .action((id: string, options: { meaning: string }) => act((context) => approveWrite(context, id, options.meaning)));
  cli
    .command('select')
    .description('take up what the contract blocks; it goes only if two others then approve it')
    .argument('<id>')
    .requiredOption('--reason <text>', 'why it has to be written all the same')
    .action((id: string, options: { reason: string }) => act((context) => selectWrite(context, id, options.reason)));
  cli
    .command('reject')
    .argument('<id>')
    .requiredOption('--reason <text>')
    .action((id: string, options: { reason: string }) => act((context) => rejectWrite(context, id, options.reason)));
  cli
    .command('retry')
    .description('bring the next attempt of a failed-retryable write forward')
    .argument('<id>')
    .action((id: string) => act((context) => retryWrite(context, id)));
  cli
    .command('withdraw')
    .argument('<id>')
    .requiredOption('--reason <text>')
    .action((id: string, options: { reason: string }) => act((context) => withdrawWrite(context, id, options.reason)));
  cli
    .command('resolve')
    .description('end a failed write by hand, or say what the chart holds of an unknown one')
    .argument('<id>')
    .requiredOption('--note <text>', 'what was done or seen')
    .option('--found <reference>', 'an unknown write: it is in the chart here')
    .option('--absent', 'an unknown write: it is not in the chart', false)
    .action((id: string, options: { note: string; found?: string; absent: boolean }) =>
      act((context) => resolveWrite(context, id, { note: options.note, found: options.found, absent: options.absent })),
    );

  addPolicyCommands(cli, act);
  addGroupCommands(cli, act);

  const audit = cli.command('audit').description('evidence');
  audit.command('verify').action(() => act(auditVerify));
  audit
    .command('accept-loss')
    .description(
      'go on with a ledger that lost its end (ledger-tail-lost, ledger-rolled-back): put on record, writes switched off, and everything that may have been sent looked for in the chart; sends nothing',
    )
    .requiredOption('--reason <text>', 'why there is no newer ledger')
    .action((options: { reason: string }) => act((context) => acceptLoss(context, options.reason)));
  audit
    .command('timeline')
    .option('--write <id>')
    .option('--patient <id>', 'SYSTEM|VALUE or Patient/ID')
    .option('--encounter <id>', 'SYSTEM|VALUE or Encounter/ID')
    .option('--user <id>')
    .action((options: { write?: string; patient?: string; encounter?: string; user?: string }) =>
      act((context) =>
        auditTimeline(context, {
          write: options.write,
          patient: options.patient,
          encounter: options.encounter,
          user: options.user,
        }),
      ),
    );

  cli
    .command('console')
    .description('the console in a browser of this machine, with the engine beside it')
    .option('--port <n>', 'port (default: a free one)', wholeNumber)
    .option('--no-open', 'only print the address')
    .action((options: { port?: number; open: boolean }) =>
      act((context) => localConsole(context, { port: options.port ?? 0, open: options.open })),
    );

  cli
    .command('practice-ehr')
    .description('the practice EHR on its own, with synthetic data')
    .option('--port <n>', 'port (default: a free one)', wholeNumber)
    .option('--profile <name>', 'which EHR to behave like', 'generic-r4')
    .option('--faults <file>', 'fault plan')
    .option('--load <bundle...>', 'FHIR Bundles to load; a Bundle already loaded is skipped')
    .action((options: { port?: number; profile: string; faults?: string; load?: string[] }) =>
      act((context) =>
        practiceEhr(context, { port: options.port, profile: options.profile, faults: options.faults, load: options.load }),
      ),
    );
  cli
    .command('simulate')
    .description('the engine in a simulated world with faults, checked by an auditor; needs no workspace')
    .option('--seeds <n>', 'how many seeds', wholeNumber, 100)
    .option('--from <seed>', 'the first of them', wholeNumber, 1)
    .option('--workers <n>', 'processes that share the seeds', wholeNumber, 1)
    .option('--trace', 'print every step on standard error', false)
    .action((options: { seeds: number; from: number; workers: number; trace: boolean }) =>
      act((context) => simulateSeeds(context, options)),
    );
  return cli;
}

const NO_FILTER = { state: undefined, code: undefined, connection: undefined, patient: undefined, since: undefined };

function roleOption(text: string): (typeof roles)[number] {
  const role = roles.find((one) => one === text);
  if (role === undefined) throw new CommandFailure(2, 'usage', `There is no role "${text}". Roles: ${roles.join(', ')}.`);
  return role;
}

/** Runs one command line and gives its exit code; never throws. */
export async function main(argv: readonly string[]): Promise<ExitCode> {
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  let exitCode = 0;
  let io = new ConsoleIo(false, process.stdout, process.stderr);
  const cli = program(async (runCommand) => {
    const options = cli.opts<{ workspace: string; json: boolean; as?: string; passphraseFile?: string }>();
    const global: GlobalOptions = {
      workspace: options.workspace,
      json: options.json,
      as: options.as,
      passphraseFile: options.passphraseFile,
    };
    io = new ConsoleIo(options.json, process.stdout, process.stderr);
    exitCode = await runCommand({ io, options: global, env: process.env, stdin: process.stdin, signal: stop.signal });
  });
  try {
    await cli.parseAsync(argv);
    return exitCode as ExitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof CommandFailure) {
      io.note(`${error.message} [${error.code}]`);
      return error.exitCode;
    }
    if (error instanceof LedgerError) {
      io.note(`${error.message} [${error.code}]`);
      return error.code === 'ledger-busy' || error.code === 'entry-refused' ? 1 : 4;
    }
    io.note(`Countersign stopped: ${error instanceof Error ? error.message : String(error)}`);
    io.note('What was recorded is safe. Run "countersign status", and "countersign audit verify" if this comes again.');
    return 1;
  } finally {
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/**
 * When another process started this one and may be killed, it hands over the read end of a pipe that closes with it. A
 * command whose caller was killed must not go on writing behind anyone's back.
 */
function endWithParent(): void {
  const fd = process.env.COUNTERSIGN_PARENT_FD;
  if (fd === undefined) return;
  delete process.env.COUNTERSIGN_PARENT_FD;
  const pipe = new Socket({ fd: Number(fd), readable: true });
  pipe.on('close', () => process.kill(process.pid, 'SIGKILL'));
  pipe.unref();
  pipe.resume();
}

// Whatever is made from here on is for this user alone: ledger, keys, logs, the practice chart.
process.umask(0o077);
endWithParent();
process.exitCode = await main(process.argv);
