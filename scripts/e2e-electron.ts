// `npm run e2e:electron`: the browser tests once more, in the desktop window. Where Electron's runtime is not installed it says so and
// claims nothing.
import { spawnSync } from 'node:child_process';
import { electronRuntime } from './electron-runtime.ts';
import { ensureBuilt } from './ensure-built.ts';
import { projectRoot } from './ensure-installed.mjs';

process.exitCode = run();

function run(): number {
  if (electronRuntime() === null) {
    process.stdout.write(
      'Electron\'s runtime is not on this machine, so nothing was tested in it. Get it with "npx install-electron" and run this again.\n',
    );
    return 0;
  }
  const failure = ensureBuilt();
  if (failure !== null) {
    process.stderr.write(failure);
    return 1;
  }
  const vitest = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'e2e/specs'], {
    cwd: projectRoot,
    stdio: 'inherit',
    env: { ...process.env, COUNTERSIGN_E2E_SHELL: 'electron' },
  });
  return vitest.status ?? 1;
}
