import { sha256 } from '../../platform/index.ts';
import { simulate, type SimulationReport } from '../../simulation/index.ts';
import { CommandFailure } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import type { CommandContext } from '../session.ts';
import { defaultChecks, defaultConsentPolicy, defaultMatrix } from '../workspace.ts';
import { simulateInProcesses } from './simulate-workers.ts';

export interface SimulateCommandOptions {
  readonly seeds: number;
  readonly from: number;
  readonly trace: boolean;
  /** Processes that share the seeds. */
  readonly workers: number;
}

type Report = Output<'simulate'>;

/** Steps of a shrunk trace that are printed for people; `--json` gives all of them. */
const STEPS_SHOWN = 40;
/** Pairs of state and fault that are printed for people. */
const MISSED_SHOWN = 12;
/** How often a long run says how far it is, where no terminal shows it all the time. */
const TOLD_EVERY_MS = 60_000;
/** From so many seeds on, a fault that never met a write in a state where it should fails the run: the rarest take thousands. */
const COVERAGE_SEEDS = 20_000;
/** Turns after which signals and input of this process get their turn, too. */
const TURNS_ALONE = 4_096;

/** `simulate`: the real engine in a simulated world, seed after seed. Needs no workspace and touches no file. */
export async function simulateSeeds(context: CommandContext, options: SimulateCommandOptions): Promise<number> {
  const { io, signal } = context;
  if (options.seeds < 1) throw new CommandFailure(2, 'usage', 'At least one seed is needed.');
  if (options.workers < 1) throw new CommandFailure(2, 'usage', 'At least one process is needed.');
  if (options.workers > 1 && options.trace) throw new CommandFailure(2, 'usage', 'Traces are for one process.');
  const began = performance.now();
  const tell = progressOf(context, options.seeds, began);
  const report =
    options.workers === 1
      ? await simulateHere(context, options, tell)
      : await simulateInProcesses(options, options.workers, signal, (sum) => tell(sum.seeds, sum.violations.length));
  io.progressEnd();
  if (report === null) throw new CommandFailure(1, 'stopped', 'Stopped before any part was done.');
  const timed = { ...report, durationMs: Math.round(performance.now() - began) };
  io.result('simulate', timed, words(timed));
  const missed = timed.seeds >= COVERAGE_SEEDS && timed.coverage.missed.length > 0;
  return timed.violations.length === 0 && !missed ? 0 : 1;
}

async function simulateHere(
  { io, signal }: CommandContext,
  { seeds, from, trace }: SimulateCommandOptions,
  tell: (done: number, failed: number) => void,
): Promise<Report> {
  let done = 0;
  let failed = 0;
  let turns = 0;
  const report = await simulate({
    seeds,
    from,
    trace,
    signal,
    tools: {
      sha256,
      matrix: defaultMatrix(),
      consentPolicy: defaultConsentPolicy(),
      checks: defaultChecks(),
      httpDate: (ms) => new Date(ms).toUTCString(),
      // Run once all promises have settled that can without the scheduler; now and then by way of the event loop.
      idle: () =>
        new Promise((resolve) => void ((turns += 1) % TURNS_ALONE === 0 ? setImmediate(resolve) : process.nextTick(resolve))),
    },
    onSeed: (seed, result) => {
      done += 1;
      failed += result.violations.length;
      if (trace) for (const line of result.trace) io.note(`${seed} ${line}`);
      tell(done, failed);
    },
  });
  return outputOf(report, from);
}

/** A line that stays up to date on a terminal, and one a minute elsewhere. */
function progressOf({ io }: CommandContext, seeds: number, began: number): (done: number, failed: number) => void {
  let toldAt = began;
  return (done, failed) => {
    const now = performance.now();
    const line = `Seeds: ${done} of ${seeds}, ${(done / ((now - began) / 1_000)).toFixed(1)} each second; breaches: ${failed}.`;
    io.progress(line);
    if (now - toldAt < TOLD_EVERY_MS) return;
    toldAt = now;
    io.note(line);
  };
}

function outputOf({ coverage, violations, ...rest }: SimulationReport, from: number): Report {
  return {
    ...rest,
    operations: { ...rest.operations },
    faults: { ...rest.faults },
    from,
    durationMs: 0,
    coverage: { ...coverage, missed: [...coverage.missed], pairs: { ...coverage.pairs } },
    violations: violations.map((failure) => ({
      seed: failure.seed,
      invariant: failure.invariant,
      message: failure.message,
      atMs: failure.atMs,
      faults: Object.keys(failure.plan.faults),
      operations: failure.plan.operations.map((operation) => operation.kind),
      trace: [...failure.trace],
    })),
  };
}

function words(report: Report): string {
  const { coverage, intents, sends, ambiguous, violations, durationMs } = report;
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const share = sends === 0 ? 0 : Math.round((1_000 * ambiguous) / sends) / 10;
  return [
    `${report.seeds} seeds, each run twice, in ${Math.round(durationMs / 1_000)} s; ${report.steps} steps over ${Math.round(report.simulatedMs / 1_000)} simulated seconds.`,
    `Writes: ${intents}. Sent: ${sends}, with an outcome that could not be known: ${ambiguous} (${share} %).`,
    `Operations: ${list(report.operations)}.`,
    `Faults: ${list(report.faults)}.`,
    `State and fault met: ${coverage.hit} of ${coverage.reachable} pairs${missedWords(coverage.missed)}.`,
    `Trace of all: ${report.traceHash}.`,
    ...(violations.length === 0 ? ['No invariant was breached.'] : violations.map(failureWords)),
  ].join('\n');
}

/** Few seeds meet few pairs: a long list would say no more than that. */
function missedWords(missed: readonly string[]): string {
  if (missed.length === 0) return '';
  return missed.length > MISSED_SHOWN
    ? '; `--json` lists those not met, more seeds meet more'
    : `; not met: ${missed.join(', ')}`;
}

function failureWords({ seed, invariant, message, operations, faults, trace }: Report['violations'][number]): string {
  return [
    `Seed ${seed} breaches ${invariant}: ${message}.`,
    `  Still so with ${operations.length} operations and the faults ${faults.join(', ') || 'none'}. The last steps:`,
    ...trace.slice(-STEPS_SHOWN).map((line) => `  ${line}`),
  ].join('\n');
}
