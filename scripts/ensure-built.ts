// Builds the product when the build is missing or older than what it is made from.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './ensure-installed.mjs';

const sources = ['src-main', 'src-renderer', 'src-shared', 'electron.vite.config.ts', 'package-lock.json'];
/** What a build ends with; all of it is there and current, or the build is not. */
export const built = ['out/main/cli.js', 'out/main/electron.js', 'out/preload/preload.cjs', 'out/renderer/index.html'] as const;

/** Makes the build current; what the build said when it failed, or `null`. A failed build leaves no old command behind. */
export function ensureBuilt(): string | null {
  const times = built.map(modifiedAt);
  const newest = newestOf(sources);
  if (times.every((time) => time !== null && newest <= time)) return null;
  const result = spawnSync(process.execPath, ['scripts/build.ts'], { cwd: projectRoot, encoding: 'utf8' });
  return result.status === 0 ? null : `${result.stdout}${result.stderr}`;
}

function newestOf(places: readonly string[]): number {
  let newest = 0;
  for (const place of places) {
    newest = Math.max(newest, modifiedAt(place) ?? 0);
    if (!statSync(path.join(projectRoot, place), { throwIfNoEntry: false })?.isDirectory()) continue;
    for (const entry of readdirSync(path.join(projectRoot, place), { recursive: true, withFileTypes: true })) {
      // Folders count too: removing a file changes only its folder. Tests are not part of the build.
      if (!/\.test\.tsx?$/.test(entry.name)) newest = Math.max(newest, modifiedAt(path.join(entry.parentPath, entry.name)) ?? 0);
    }
  }
  return newest;
}

function modifiedAt(place: string): number | null {
  return statSync(path.resolve(projectRoot, place), { throwIfNoEntry: false })?.mtimeMs ?? null;
}
