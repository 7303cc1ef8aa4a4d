import { spawn } from 'node:child_process';
import { outputs, type Output } from '../outputs.ts';
import { sumOfHashes } from '../../simulation/index.ts';

/** A range of seeds that a process of its own runs. */
interface Part {
  readonly from: number;
  readonly seeds: number;
}

type Report = Output<'simulate'>;

/** Seeds of one process at most: long enough that starting it does not count, short enough to tell how far the whole is. */
const PART_SEEDS = 500;
const SAID_CHARACTERS = 2_000;

/**
 * Runs seeds in so many processes at once, each the same command over a range, and adds up what they report. The result is
 * the one of a single process but for the time. Rejects when a process ends without a report: then nothing is claimed.
 *
 * @param onPart told of the sum so far
 */
export async function simulateInProcesses(
  range: Part,
  workers: number,
  signal: AbortSignal,
  onPart: (sum: Report) => void,
): Promise<Report | null> {
  const parts: Part[] = [];
  const most = Math.min(PART_SEEDS, Math.ceil(range.seeds / workers));
  const end = range.from + range.seeds;
  for (let from = range.from; from < end; from += most) parts.push({ from, seeds: Math.min(most, end - from) });
  let sum: Report | null = null;
  const work = async (): Promise<void> => {
    for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
      if (signal.aborted) return;
      const report = await runPart(part, signal);
      if (report === null) return;
      sum = sum === null ? report : added(sum, report);
      onPart(sum);
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return sum;
}

/** One process; `null` when it was stopped on request. */
async function runPart({ from, seeds }: Part, signal: AbortSignal): Promise<Report | null> {
  const own = process.argv[1];
  if (own === undefined) throw new Error('the command does not know its own file');
  const words = ['--json', 'simulate', '--seeds', String(seeds), '--from', String(from)];
  const child = spawn(process.execPath, [...process.execArgv, own, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const stop = (): void => void child.kill();
  signal.addEventListener('abort', stop);
  try {
    let text = '';
    child.stdout.setEncoding('utf8');
    child.stdout.on('data', (piece: string) => (text += piece));
    // Its progress is of no use here; its last words are, should it fail.
    let said = '';
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (piece: string) => (said = (said + piece).slice(-SAID_CHARACTERS)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (signal.aborted) return null;
    if ((code !== 0 && code !== 1) || text === '')
      throw new Error(`the process for seeds ${from} to ${from + seeds - 1} ended with ${code}: ${said}`);
    return outputs.simulate.parse(JSON.parse(text));
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Two reports as one of both ranges. */
function added(a: Report, b: Report): Report {
  const missed = a.coverage.missed.filter((pair) => b.coverage.missed.includes(pair));
  return {
    from: Math.min(a.from, b.from),
    seeds: a.seeds + b.seeds,
    operations: addedCounts(a.operations, b.operations),
    faults: addedCounts(a.faults, b.faults),
    coverage: {
      reachable: a.coverage.reachable,
      hit: a.coverage.reachable - missed.length,
      missed,
      pairs: addedCounts(a.coverage.pairs, b.coverage.pairs),
    },
    intents: a.intents + b.intents,
    sends: a.sends + b.sends,
    ambiguous: a.ambiguous + b.ambiguous,
    steps: a.steps + b.steps,
    simulatedMs: a.simulatedMs + b.simulatedMs,
    durationMs: a.durationMs + b.durationMs,
    traceHash: sumOfHashes(a.traceHash, b.traceHash),
    violations: [...a.violations, ...b.violations].sort((one, other) => one.seed - other.seed),
  };
}

function addedCounts(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> {
  const sum: Record<string, number> = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
