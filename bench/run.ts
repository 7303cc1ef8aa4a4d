// `npm run bench [-- NAME...] [--json] [--full] [--writes N]`: runs the benches, prints ratios measured side by side in this run.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import * as consoleBench from './console.ts';
import * as crash from './crash.ts';
import * as engine from './engine.ts';
import { closeFilled } from './filled.ts';
import * as footprint from './footprint.ts';
import * as intake from './intake.ts';
import * as safety from './safety.ts';
import * as soak from './soak.ts';
import * as start from './start.ts';
import { root, type Figure } from './support.ts';

interface BenchOptions {
  /** How many writes, for benches that let it be chosen; `null`: as many as they usually do. */
  readonly writes: number | null;
}

const benches: Readonly<Record<string, (full: boolean, options: BenchOptions) => Promise<readonly Figure[]>>> = {
  engine: engine.run,
  intake: intake.run,
  footprint: footprint.run,
  safety: safety.run,
  start: start.run,
  console: consoleBench.run,
  crash: crash.run,
  soak: soak.run,
};

const { positionals: names, values } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, full: { type: 'boolean', default: false }, writes: { type: 'string' } },
});
const { json, full } = values;
const writes = values.writes === undefined ? null : Number(values.writes);
if (writes !== null && !(Number.isSafeInteger(writes) && writes > 0)) {
  process.stderr.write('--writes takes a number of writes.\n');
  process.exit(2);
}
const unknown = names.filter((name) => !(name in benches));
if (unknown.length > 0) {
  process.stderr.write(`There is no bench ${unknown.join(', ')}. Benches: ${Object.keys(benches).join(', ')}.\n`);
  process.exit(2);
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
say(
  `Commit ${commit}, Node ${process.version}, ${cpus().length} cores of ${cpus()[0]?.model ?? 'unknown'}. Ratios are from one run; absolute figures are this machine's.`,
);
try {
  for (const [name, run] of Object.entries(benches)) {
    if (names.length > 0 && !names.includes(name)) continue;
    say(`\n${name}`);
    const figures = await run(full, { writes });
    if (json) process.stdout.write(`${JSON.stringify({ bench: name, commit, figures })}\n`);
    else for (const figure of figures) process.stdout.write(`  ${line(figure)}\n`);
  }
} finally {
  await closeFilled();
}

function line({ name, value, unit, goal }: Figure): string {
  const digits = value >= 100 ? 0 : 2;
  const held = goal === undefined ? '' : (goal.at === 'least' ? value >= goal.value : value <= goal.value) ? 'met' : 'MISSED';
  const target = goal === undefined ? '' : `   goal ${goal.at === 'least' ? '>=' : '<='} ${goal.value}: ${held}`;
  return `${name.padEnd(52)} ${value.toFixed(digits).padStart(9)} ${unit}${target}`;
}

function say(words: string): void {
  (json ? process.stderr : process.stdout).write(`${words}\n`);
}
