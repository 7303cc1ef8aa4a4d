// The whole of `npm test`: the static stages side by side, then every test. All of it runs even where something fails, and the very
// last line says how it went: `N passed, N failed, N skipped`. A static stage counts as one check.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, constants, tmpdir } from 'node:os';
import path from 'node:path';
import { ensureChromium } from './chromium.ts';
import { projectRoot } from './ensure-installed.mjs';
import { countVitest, type VitestReport } from './test-count.ts';

interface Stage {
  readonly name: string;
  readonly args: readonly string[];
}

interface Outcome {
  readonly exitCode: number | null;
  readonly output: string;
}

// The slowest first, so that none of them is left to run alone at the end.
const stages: readonly Stage[] = [
  { name: 'lint', args: ['node_modules/eslint/bin/eslint.js', '.', '--max-warnings', '0'] },
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'types of the window', args: ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'src-renderer'] },
  { name: 'format', args: ['node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'] },
  { name: 'directions', args: ['scripts/directions.ts'] },
  { name: 'build', args: ['scripts/build.ts'] },
];

const running = new Set<ChildProcess>();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal);
    process.exit(128 + constants.signals[signal]);
  });
}

const startedAt = Date.now();
let passed = 0;
let failed = 0;

// Before anything else, because it may take a while; the browser tests fail, and say so, where none is to be had.
const browser = ensureChromium(say);
const queue = [...stages];
await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, runStages));
const vitest = await runVitest();
passed += vitest.passed;
failed += vitest.failed;

say(`\n${seconds(startedAt)} in all`);
say(`${passed} passed, ${failed} failed, ${vitest.skipped} skipped`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

async function runStages(): Promise<void> {
  for (let stage = queue.shift(); stage !== undefined; stage = queue.shift()) {
    const stageStartedAt = Date.now();
    const { exitCode, output } = await run(stage.args, 'pipe');
    if (exitCode === 0) {
      passed += 1;
      say(`ok     ${stage.name} (${seconds(stageStartedAt)})`);
    } else {
      failed += 1;
      say(
        `FAILED ${stage.name} (${seconds(stageStartedAt)}, ${exitCode === null ? 'did not finish' : `exit code ${exitCode}`})\n${output}`,
      );
    }
  }
}

async function runVitest(): Promise<ReturnType<typeof countVitest>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-test-'));
  const reportFile = path.join(folder, 'vitest.json');
  try {
    const args = [
      'node_modules/vitest/vitest.mjs',
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
    ];
    const { exitCode } = await run(args, 'inherit', {
      COUNTERSIGN_BUILD_DONE: '1',
      ...(browser === null ? {} : { COUNTERSIGN_CHROMIUM: browser }),
    });
    return countVitest(readReport(reportFile), exitCode);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(file: string): VitestReport | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as VitestReport;
  } catch {
    return null; // vitest ended before it could write one
  }
}

/** Runs a program under this Node; null as its exit code means that it did not start or was ended by a signal. */
function run(args: readonly string[], output: 'pipe' | 'inherit', env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: projectRoot,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...env },
    });
    let text = '';
    running.add(child);
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (part: string) => (text += part));
    child.on('error', (error) => resolve({ exitCode: null, output: `${text}${error.message}\n` }));
    child.on('close', (exitCode) => {
      running.delete(child);
      resolve({ exitCode, output: text });
    });
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function seconds(since: number): string {
  return `${((Date.now() - since) / 1000).toFixed(1)} s`;
}
