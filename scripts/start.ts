// `npm start`: from a fresh clone to a working window. Builds what is missing, makes the practice workspace when there is none, and
// opens it: in the desktop window where Electron's runtime is there, else in the local console. It only calls what anyone could call.
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { electronRuntime } from './electron-runtime.ts';
import { ensureBuilt } from './ensure-built.ts';
import { projectRoot } from './ensure-installed.mjs';

const folder = path.join(projectRoot, 'practice-workspace');
const passphraseFile = path.join(folder, 'practice-passphrase.txt');
const cli = path.join(projectRoot, 'out', 'main', 'cli.js');

process.exitCode = await start();

async function start(): Promise<number> {
  say('1 of 3  Building the program and its window ...');
  const failure = ensureBuilt();
  if (failure !== null) {
    process.stderr.write(failure);
    return 1;
  }
  if (existsSync(path.join(folder, 'key-slots.json'))) say('2 of 3  The practice workspace is there.');
  else {
    say('2 of 3  Making the practice workspace: made-up people, a practice EHR, a day of visits ...');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(passphraseFile, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
    const made = spawnSync(process.execPath, commandLine(['init', '--practice']), { stdio: ['ignore', 'ignore', 'inherit'] });
    if (made.status !== 0) return made.status ?? 1;
  }
  const runtime = electronRuntime();
  if (runtime !== null) {
    say('3 of 3  Opening the window ...');
    return run(runtime, [projectRoot, ...workspaceOptions()]);
  }
  say("3 of 3  Electron's runtime is not on this machine, so the window opens in a browser instead.");
  return run(process.execPath, commandLine(['console', ...process.argv.slice(2)]));
}

function workspaceOptions(): string[] {
  return ['--workspace', folder, '--passphrase-file', passphraseFile];
}

function commandLine(args: readonly string[]): string[] {
  return [cli, ...workspaceOptions(), ...args];
}

/** Runs it until it ends, and ends it with this process: a signal to one is a signal to both. */
function run(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`);
      resolve(1);
    });
    child.on('close', (code) => resolve(code ?? 0));
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
