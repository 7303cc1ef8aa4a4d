// Tests in e2e/integration start the built command. Vitest may be run on its own while the sources change, so build first when the
// build is older than what it is made from.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './ensure-installed.mjs';

const sources = ['src-main', 'src-shared', 'electron.vite.config.ts', 'package-lock.json'];

export function setup(): void {
  // `npm test` has a build stage of its own, just before, and reports it.
  if (process.env['COUNTERSIGN_BUILD_DONE'] === '1') return;
  const builtAt = modifiedAt('out/main/cli.js');
  if (builtAt !== null && newestOf(sources) <= builtAt) return;
  const result = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: projectRoot, encoding: 'utf8' });
  if (result.status === 0) return;
  // A broken build must not stop the tests that do not need it. The others fail: a failed build leaves no old command behind.
  process.stderr.write(`${result.stdout}${result.stderr}\nThe build failed: tests that start the command will fail.\n`);
}

function newestOf(places: readonly string[]): number {
  let newest = 0;
  for (const place of places) {
    newest = Math.max(newest, modifiedAt(place) ?? 0);
    if (!statSync(path.join(projectRoot, place), { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const entry of readdirSync(path.join(projectRoot, place), { recursive: true, withFileTypes: true })) {
      // Folders count too: removing a file changes only its folder. Tests are not part of the build.
      if (!entry.name.endsWith('.test.ts')) newest = Math.max(newest, modifiedAt(path.join(entry.parentPath, entry.name)) ?? 0);
    }
  }
  return newest;
}

function modifiedAt(place: string): number | null {
  return statSync(path.resolve(projectRoot, place), { throwIfNoEntry: false })?.mtimeMs ?? null;
}
