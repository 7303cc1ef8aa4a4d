import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CommandFailure } from '../console-io.ts';
import { openConsole } from '../console-host.ts';
import type { CommandContext } from '../session.ts';
import { openWorkspace, passphraseOf } from '../workspace.ts';
import { LocalConsole, ShellFiles, type LaunchCode } from '../../bridge/index.ts';
import { resourcesFolder, systemClock } from '../../platform/index.ts';

/** `console`: the window in a browser of this machine, with the engine beside it, until it is stopped. */

export interface ConsoleOptions {
  readonly port: number;
  readonly open: boolean;
}

const launchFile = 'console.json';
/** A page that leads to the console: what the browser is told to open, so that the code stands in no list of processes. */
const launchPage = 'console.html';
const launch = z.strictObject({ pid: z.int(), origin: z.string(), code: z.string(), expiresAt: z.int() });

export async function localConsole(context: CommandContext, options: ConsoleOptions): Promise<number> {
  const folder = path.resolve(context.options.workspace);
  const running = runningConsole(folder);
  if (running !== null) {
    tell(
      context,
      addressOf(running.origin, running.code),
      options.open,
      'A local console already runs on this workspace. Open it at',
    );
    return 0;
  }
  const passphrase = passphraseOf({ env: context.env, passphraseFile: context.options.passphraseFile });
  const files = shellFiles();
  const host = await openConsole((hooks) => openWorkspace(folder, passphrase, hooks));
  let told = false;
  try {
    const server = await LocalConsole.start({
      bridge: host.bridge,
      files,
      port: options.port,
      now: () => systemClock.now(),
      onCode: ({ code, expiresAt }: LaunchCode, origin) => {
        putPrivately(path.join(folder, launchPage), pageTo(addressOf(origin, code)));
        putPrivately(path.join(folder, launchFile), JSON.stringify({ pid: process.pid, origin, code, expiresAt }));
        // The first address is shown; later ones stand in the file, for whoever asks again.
        if (!told) tell(context, addressOf(origin, code), options.open, 'The console is open at');
        told = true;
      },
    });
    context.io.note('It runs until you press Ctrl+C. What is being sent then is settled first.');
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    await server.close();
  } finally {
    for (const name of [launchFile, launchPage]) rmSync(path.join(folder, name), { force: true });
    await host.close();
  }
  return 0;
}

function shellFiles(): ShellFiles {
  try {
    return new ShellFiles(path.join(resourcesFolder(), '..', 'out', 'renderer'), 'self');
  } catch (error) {
    throw new CommandFailure(
      2,
      'window-not-built',
      `${error instanceof Error ? error.message : String(error)}. Run "npm run build" first.`,
    );
  }
}

/** The console that a living process of this workspace has open, with a code that is still good. */
function runningConsole(folder: string): { origin: string; code: string } | null {
  const file = path.join(folder, launchFile);
  if (!existsSync(file)) return null;
  try {
    const found = launch.parse(JSON.parse(readFileSync(file, 'utf8')));
    process.kill(found.pid, 0);
    return found.expiresAt > systemClock.now() ? found : null;
  } catch {
    // Left by a process that was killed: its place is free.
    return null;
  }
}

function addressOf(origin: string, code: string): string {
  return `${origin}/#code=${code}`;
}

function tell(context: CommandContext, url: string, open: boolean, words: string): void {
  context.io.result(
    'console',
    { url },
    `${words}\n  ${url}\nThe address works once, for one minute. Run the command again for a new one.`,
  );
  if (open) openInBrowser(path.join(path.resolve(context.options.workspace), launchPage));
}

/** For this user alone, and whole at any moment. */
function putPrivately(file: string, text: string): void {
  writeFileSync(`${file}.new`, `${text}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function pageTo(url: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Countersign</title><meta http-equiv="refresh" content="0;url=${url}"><a href="${url}">Open the console</a>`;
}

function openInBrowser(page: string): void {
  const command = { darwin: 'open', win32: 'explorer.exe' }[process.platform as string] ?? 'xdg-open';
  // Without a browser the address on the screen is all there is, and enough.
  spawn(command, [page], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref();
}
