// Builds the product into out/. Everything from node_modules stays outside the bundle: native modules cannot go in, and the command
// line loads large packages only when a command needs them.
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'electron-vite';
import { projectRoot } from './ensure-installed.mjs';

const outDir = path.join(projectRoot, 'out', 'main');
const startedAt = Date.now();

process.chdir(projectRoot);
try {
  // Only the command line is built so far; electron-vite would warn about the missing window.
  await build({ logLevel: 'warn', ignoreConfigWarning: true });
  removeOlderThan(startedAt);
  process.stdout.write(`Built out/main in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.\n`);
} catch (error) {
  // An earlier build must not pass for this one, in a test or in the hands of whoever asked for the build.
  rmSync(path.join(outDir, 'cli.js'), { force: true });
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Removes what earlier builds wrote and this one did not write again, now that nothing new refers to it. */
function removeOlderThan(time: number): void {
  for (const entry of readdirSync(outDir, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    // File systems may keep times by the second only, so leave a second's doubt.
    if (entry.isFile() && statSync(file).mtimeMs < time - 1000) rmSync(file, { force: true });
  }
}
