// Builds the product into out/: the command line and the desktop shell's main process, its preload, and the window. Everything from
// node_modules stays outside the main bundle: native modules cannot go in, and the command line loads large packages only when a
// command needs them.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'electron-vite';
import { projectRoot } from './ensure-installed.mjs';
import { built } from './ensure-built.ts';

const startedAt = Date.now();

process.chdir(projectRoot);
try {
  await build({ logLevel: 'warn' });
  for (const folder of ['out/main', 'out/preload', 'out/renderer']) removeOlderThan(folder, startedAt);
  process.stdout.write(`Built out/ in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.\n`);
} catch (error) {
  // An earlier build must not pass for this one, in a test or in the hands of whoever asked for the build.
  for (const file of built) rmSync(path.join(projectRoot, file), { force: true });
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

/** Removes what earlier builds wrote and this one did not write again, now that nothing new refers to it. */
function removeOlderThan(folder: string, time: number): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    // File systems may keep times by the second only, so leave a second's doubt.
    if (entry.isFile() && statSync(file).mtimeMs < time - 1000) rmSync(file, { force: true });
  }
}
