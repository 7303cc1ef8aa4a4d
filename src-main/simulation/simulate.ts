import type { Violation } from './auditor/index.ts';
import { Chance, noHash, RunningHash, sumOfHashes } from './chance.ts';
import { reachablePairs } from './coverage.ts';
import { drawFaults } from './faults.ts';
import { drawPlan, type RunPlan } from './plan/operations.ts';
import { runOnce, type RunResult } from './run.ts';
import { shrink } from './shrink.ts';
import type { Sabotage, SimulationTools } from './world.ts';

export interface SimulateOptions {
  /** How many seeds, one after the other, from which on. */
  readonly seeds: number;
  readonly from: number;
  readonly tools: SimulationTools;
  /** Changes what the engine is given, to see whether the auditor notices. */
  readonly sabotage?: Sabotage;
  /** Told of each seed when it is done, with every step if `trace` is set. */
  readonly onSeed?: (seed: number, result: RunResult) => void;
  readonly trace?: boolean;
  /** Ends after the seed under way. */
  readonly signal?: AbortSignal;
}

/** A breach, with the smallest plan found that still shows it. */
export interface Failure extends Violation {
  readonly seed: number;
  readonly plan: RunPlan;
  /** The steps of that plan, up to the breach. */
  readonly trace: readonly string[];
}

export interface SimulationReport {
  /** Seeds run, each twice. */
  readonly seeds: number;
  readonly operations: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  readonly coverage: {
    readonly reachable: number;
    readonly hit: number;
    readonly missed: readonly string[];
    readonly pairs: Readonly<Record<string, number>>;
  };
  readonly intents: number;
  readonly sends: number;
  readonly ambiguous: number;
  readonly steps: number;
  readonly simulatedMs: number;
  /** Over the traces of all seeds: equal for the same seeds on every machine, in whatever order and parts they ran. */
  readonly traceHash: string;
  readonly violations: readonly Failure[];
}

const SHRINK_RUNS_MAX = 150;

/**
 * Runs the real engine in a simulated world, seed after seed, each twice: the two must leave the same trace. What the
 * auditor finds is shrunk and reported; a seed that failed does not keep the next from running.
 */
export async function simulate(options: SimulateOptions): Promise<SimulationReport> {
  const totals = new Totals();
  for (let seed = options.from; seed < options.from + options.seeds; seed += 1) {
    if (options.signal?.aborted === true) break;
    const plan = planOf(seed);
    const run = (trace: boolean, of = plan): Promise<RunResult> =>
      runOnce({
        plan: of,
        tools: options.tools,
        trace,
        ...(options.sabotage === undefined ? {} : { sabotage: options.sabotage }),
      });
    const first = await run(options.trace === true);
    const second = await run(false);
    totals.add(seed, first);
    options.onSeed?.(seed, first);
    const [violation] = first.violations;
    if (first.traceHash !== second.traceHash) {
      totals.failed({
        seed,
        plan,
        trace: [],
        invariant: 'INV-20',
        message: 'the same seed left two traces',
        atMs: first.simulatedMs,
      });
    } else if (violation !== undefined) {
      const smaller = await shrink(
        plan,
        async (of) => (await run(false, of)).violations[0]?.invariant === violation.invariant,
        SHRINK_RUNS_MAX,
      );
      const last = await run(true, smaller);
      totals.failed({ ...(last.violations[0] ?? violation), seed, plan: smaller, trace: last.trace });
    }
  }
  return totals.report();
}

/** What happens under a seed. */
export function planOf(seed: number): RunPlan {
  const chance = new Chance(`seed ${seed}`);
  return drawPlan(String(seed), chance, drawFaults(chance.part('faults')));
}

class Totals {
  private seeds = 0;
  private readonly operations: Record<string, number> = {};
  private readonly faults: Record<string, number> = {};
  private readonly pairs: Record<string, number> = {};
  private intents = 0;
  private sends = 0;
  private ambiguous = 0;
  private steps = 0;
  private simulatedMs = 0;
  private traceHash = noHash;
  private readonly violations: Failure[] = [];

  add(seed: number, result: RunResult): void {
    this.seeds += 1;
    addAll(this.operations, result.operations);
    addAll(this.faults, result.faults);
    addAll(this.pairs, result.coverage);
    this.intents += result.intents;
    this.sends += result.sends;
    this.ambiguous += result.ambiguous;
    this.steps += result.steps;
    this.simulatedMs += result.simulatedMs;
    const hash = new RunningHash();
    hash.add(`${seed} ${result.traceHash}`);
    this.traceHash = sumOfHashes(this.traceHash, hash.text());
  }

  failed(failure: Failure): void {
    this.violations.push(failure);
  }

  report(): SimulationReport {
    const { seeds, operations, faults, pairs, intents, sends, ambiguous, steps, simulatedMs, traceHash, violations } = this;
    const missed = reachablePairs.filter((pair) => pairs[pair] === undefined);
    const coverage = { reachable: reachablePairs.length, hit: reachablePairs.length - missed.length, missed, pairs };
    return { seeds, operations, faults, coverage, intents, sends, ambiguous, steps, simulatedMs, traceHash, violations };
  }
}

function addAll(to: Record<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) to[name] = (to[name] ?? 0) + count;
}
