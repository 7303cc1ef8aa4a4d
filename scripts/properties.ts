// `npm run properties [-- ROUNDS]`: every property test from chance, as often as asked. `npm test` always takes the same path through
// them (scripts/vitest-setup.ts); this is the run that seeks cases nobody has thought of. What it finds becomes a test of its own.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { projectRoot } from './ensure-installed.mjs';

const rounds = Number(process.argv[2] ?? '10');
if (!Number.isInteger(rounds) || rounds < 1) {
  process.stderr.write('Usage: npm run properties -- ROUNDS, a whole number from 1\n');
  process.exit(2);
}
const files = globSync('{src-shared,src-main,src-renderer}/**/*.test.ts', { cwd: projectRoot }).filter((file) =>
  readFileSync(`${projectRoot}/${file}`, 'utf8').includes("'fast-check'"),
);
for (let round = 1; round <= rounds; round += 1) {
  const { status } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--no-color', ...files], {
    cwd: projectRoot,
    stdio: 'inherit',
    env: { ...process.env, COUNTERSIGN_PROPERTIES: 'wander', ...(round > 1 ? { COUNTERSIGN_BUILD_DONE: '1' } : {}) },
  });
  process.stdout.write(`round ${round} of ${rounds}: ${status === 0 ? 'nothing found' : 'FAILED'}\n`);
  if (status !== 0) process.exit(1);
}
