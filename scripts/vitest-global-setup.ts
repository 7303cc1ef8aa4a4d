// Tests in e2e/integration start the built command. Vitest may be run on its own while the sources change, so build first when the
// build is older than what it is made from.
import { ensureBuilt } from './ensure-built.ts';

export function setup(): void {
  // `npm test` has a build stage of its own, just before, and reports it.
  if (process.env['COUNTERSIGN_BUILD_DONE'] === '1') return;
  const failure = ensureBuilt();
  // A broken build must not stop the tests that do not need it.
  if (failure !== null) process.stderr.write(`${failure}\nThe build failed: tests that start the command will fail.\n`);
}
