// Whether the desktop shell can be opened on this machine: the `electron` package downloads its runtime apart from itself.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from './ensure-installed.mjs';

/** The runtime's executable, or `null` where it is not installed. */
export function electronRuntime(): string | null {
  const folder = path.join(projectRoot, 'node_modules', 'electron');
  const named = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const pathFile = path.join(folder, 'path.txt');
  if (!existsSync(pathFile)) return null;
  const executable = path.join(named ?? path.join(folder, 'dist'), readFileSync(pathFile, 'utf8').trim());
  return existsSync(executable) ? executable : null;
}
