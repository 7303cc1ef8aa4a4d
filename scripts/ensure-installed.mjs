// Installs the packages when they are missing or are not the ones the lockfile names, so that `npm start`, `npm test` and
// `npm run build` work on a fresh clone in one step.
//
// Plain JavaScript without dependencies: it runs before anything is installed, on whatever Node the machine has (20 or newer).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = path.dirname(path.dirname(fileURLToPath(import.meta.url)));

/**
 * The packages that the lockfile asks for and that are not installed in that version.
 *
 * Compares contents, not file times: a checkout or a copy renews the times of files that did not change, and a needless
 * `npm ci` costs half a minute. An optional package may be absent: npm leaves out those made for other systems.
 */
export function packagesToInstall(lockfile, installed) {
  const missing = [];
  for (const [place, wanted] of Object.entries(lockfile.packages ?? {})) {
    if (place === '') continue; // the project itself
    const present = installed?.packages?.[place];
    if (present === undefined ? wanted.optional !== true : present.version !== wanted.version) missing.push(place);
  }
  return missing;
}

/** Runs `npm ci` if it is needed. Returns 0, or npm's exit code when it failed. */
export function ensureInstalled(root = projectRoot) {
  const lockfile = readJson(path.join(root, 'package-lock.json'));
  // npm keeps this copy of the lockfile beside the packages: it says what is really there.
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'));
  if (lockfile === null || packagesToInstall(lockfile, installed).length === 0) return 0;

  process.stderr.write(
    `countersign: ${installed === null ? 'packages are not installed' : 'packages changed'}, running npm ci\n`,
  );
  // npm's standard output goes to our standard error: some scripts print JSON that another program reads.
  const options = { cwd: root, stdio: ['inherit', 2, 2] };
  const npmScript = process.env['npm_execpath'];
  const npmNode = process.env['npm_node_execpath'];
  // Inside an npm script, take the npm that runs it and the Node that npm itself runs on: the `node` found first on the path
  // may be the one inside node_modules that npm is about to replace.
  const result =
    npmScript !== undefined && npmNode !== undefined && /\.c?js$/.test(npmScript)
      ? spawnSync(npmNode, [npmScript, 'ci', '--loglevel=error'], options)
      : spawnSync('npm ci --loglevel=error', { ...options, shell: true });
  if (result.status === 0) return 0;
  process.stderr.write('countersign: npm ci failed; see above, or run it by hand in the project folder\n');
  return result.status ?? 1;
}

function readJson(file) {
  if (!existsSync(file)) return null;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null; // half written by an interrupted install: install again
  }
}
