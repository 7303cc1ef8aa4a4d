import { sha256 } from '../../platform/index.ts';
import { simulate, type Failure, type SimulationReport } from '../../simulation/index.ts';
import { CommandFailure } from '../console-io.ts';
import type { CommandContext } from '../session.ts';
import { defaultChecks, defaultConsentPolicy, defaultMatrix } from '../workspace.ts';

export interface SimulateCommandOptions {
  readonly seeds: number;
  readonly from: number;
  readonly trace: boolean;
}

/** Steps of a shrunk trace that are printed for people; `--json` gives all of them. */
const STEPS_SHOWN = 40;

/** `simulate`: the real engine in a simulated world, seed after seed. Needs no workspace and touches no file. */
export async function simulateSeeds(context: CommandContext, options: SimulateCommandOptions): Promise<number> {
  const { io } = context;
  if (options.seeds < 1) throw new CommandFailure(2, 'usage', 'At least one seed is needed.');
  const began = performance.now();
  let failed = 0;
  const report = await simulate({
    seeds: options.seeds,
    from: options.from,
    trace: options.trace,
    signal: context.signal,
    tools: {
      sha256,
      matrix: defaultMatrix(),
      consentPolicy: defaultConsentPolicy(),
      checks: defaultChecks(),
      // A turn of the event loop: every promise that can settle without the scheduler has settled then.
      idle: () => new Promise((resolve) => setImmediate(resolve)),
    },
    onSeed: (seed, result) => {
      failed += result.violations.length;
      if (options.trace) for (const line of result.trace) io.note(`${seed} ${line}`);
      io.progress(`Seed ${seed}: ${failed} breaches so far.`);
    },
  });
  io.progressEnd();
  const durationMs = Math.round(performance.now() - began);
  const { coverage, violations, ...rest } = report;
  io.result(
    'simulate',
    {
      ...rest,
      operations: { ...rest.operations },
      faults: { ...rest.faults },
      from: options.from,
      durationMs,
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
    },
    words(report, durationMs),
  );
  return violations.length === 0 ? 0 : 1;
}

function words(report: SimulationReport, durationMs: number): string {
  const { coverage, intents, sends, ambiguous, violations } = report;
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
    `State and fault met: ${coverage.hit} of ${coverage.reachable} pairs${coverage.missed.length === 0 ? '' : `; not met: ${coverage.missed.join(', ')}`}.`,
    `Trace of all: ${report.traceHash}.`,
    ...(violations.length === 0 ? ['No invariant was breached.'] : violations.map(failureWords)),
  ].join('\n');
}

function failureWords(failure: Failure): string {
  const { seed, invariant, message, plan, trace } = failure;
  return [
    `Seed ${seed} breaches ${invariant}: ${message}.`,
    `  Still so with ${plan.operations.length} operations and the faults ${Object.keys(plan.faults).join(', ') || 'none'}. The last steps:`,
    ...trace.slice(-STEPS_SHOWN).map((line) => `  ${line}`),
  ].join('\n');
}
