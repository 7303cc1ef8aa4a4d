import path from 'node:path';
import { parseArgs } from 'node:util';
import { app, BrowserWindow, dialog, ipcMain, Menu, powerMonitor, protocol, safeStorage, screen, session, shell } from 'electron';
import { CommandFailure } from './console-io.ts';
import { openConsole, type ConsoleHost } from './console-host.ts';
import { unlockWorkspace } from './unlock.ts';
import { openWithKeys, passphraseOf } from './workspace.ts';
import { desktop, ShellFiles } from '../bridge/index.ts';
import { fileLog, resourcesFolder, systemRandom, systemTimers, workspacePaths } from '../platform/index.ts';

/** The desktop shell. It puts the parts together; what they do is in src-main/bridge/electron. */

// Whatever is made from here on is for this user alone: ledger, keys, logs, the practice chart.
process.umask(0o077);

const release = app.isPackaged;
const mac = process.platform === 'darwin';
const { values } = parseArgs({
  args: process.argv.slice(release ? 1 : 2),
  options: { workspace: { type: 'string' }, 'passphrase-file': { type: 'string' } },
  // The system and Chromium have arguments of their own.
  strict: false,
});
const passphraseFile = text(values['passphrase-file']);
const folder = text(values.workspace) ?? process.env['COUNTERSIGN_WORKSPACE'] ?? path.join(app.getPath('userData'), 'workspace');
const paths = workspacePaths(path.resolve(folder));
// Not in the workspace: it may not be there, and then nothing of one is made.
const log = fileLog(path.join(app.getPath('userData'), 'window.jsonl'));
const built = path.join(resourcesFolder(), '..', 'out');

let opening: Promise<ConsoleHost | null> = Promise.resolve(null);
let consoleWindow: desktop.ConsoleWindow | null = null;
let firstScreen = desktop.screenOfArguments(process.argv);

desktop.hardenApp(app, protocol, shell, release);
if (desktop.isFirstInstance(app, release, show)) void start();
else app.quit();

async function start(): Promise<void> {
  const quit = desktop.quitInSteps({
    app,
    timers: systemTimers,
    log,
    showWait: () => {
      if (consoleWindow !== null) consoleWindow.showWait();
      else for (const window of BrowserWindow.getAllWindows()) window.close();
    },
    settle: async () => {
      // A console that could not be opened has nothing to settle, and has been told about.
      const host = await opening.catch(() => null);
      await host?.close();
    },
  });
  try {
    await app.whenReady();
    opening = open(quit);
    if ((await opening) === null) app.quit();
  } catch (error) {
    const { message, exitCode } = error instanceof CommandFailure ? error : { message: String(error), exitCode: 1 };
    log.write('error', 'window-cannot-open');
    dialog.showErrorBox('Countersign cannot open the workspace', `${message}\n\nNothing was changed.`);
    app.exit(exitCode);
  }
}

/** Opens the workspace and its window; `null` when the person did not want to. */
async function open(quit: ReturnType<typeof desktop.quitInSteps>): Promise<ConsoleHost | null> {
  const own = session.fromPartition(desktop.partition);
  desktop.hardenSession(own, release);
  desktop.serveFiles(own.protocol, new ShellFiles(path.join(built, 'renderer'), 'none'));
  const ipc = new desktop.Ipc({ ipcMain, log, random: systemRandom });
  const lock = (): void => void consoleWindow?.lock();
  Menu.setApplicationMenu(Menu.buildFromTemplate(desktop.menuTemplate({ mac, release }, { go: show, lock })));
  powerMonitor.on('lock-screen', lock);
  powerMonitor.on('suspend', lock);

  const unlocked = await unlockWorkspace({
    folder: paths.folder,
    passphrase: givenPassphrase(),
    store: desktop.systemKeyStore(safeStorage, process.platform),
    log,
    ask: (question, tryPassphrase) =>
      desktop.askPassphrase(
        {
          ipc,
          open: (options) => new BrowserWindow(options),
          options: desktop.passphraseWindow({ preload: preload('passphrase-preload'), release }),
        },
        question,
        tryPassphrase,
      ),
  });
  if (unlocked === null) return null;
  const host = await openConsole((hooks) => openWithKeys(paths, unlocked.keys, hooks));
  const placeFile = path.join(app.getPath('userData'), 'window.json');
  const place = desktop.readPlace(
    placeFile,
    screen.getAllDisplays().map(({ workArea }) => workArea),
  );
  const window = new BrowserWindow(desktop.consoleWindow({ preload: preload('preload'), release }, place));
  const { bridge } = host;
  consoleWindow = new desktop.ConsoleWindow({
    ...{ window, place, placeFile, bridge, ipc, quit, log },
    ask: (options) => dialog.showMessageBox(window, options),
    end: () => app.quit(),
  });
  window.once('ready-to-show', unlocked.done);
  await consoleWindow.load(firstScreen);
  return host;
}

function show(screenWanted: string | null): void {
  if (consoleWindow === null) firstScreen = screenWanted ?? firstScreen;
  else consoleWindow.show(screenWanted);
}

function preload(name: string): string {
  return path.join(built, 'preload', `${name}.cjs`);
}

/** Scripts and the practice workspace hand it over; people are asked. */
function givenPassphrase(): string | null {
  const given = passphraseFile !== undefined || (process.env['COUNTERSIGN_PASSPHRASE'] ?? '') !== '';
  return given ? passphraseOf({ env: process.env, passphraseFile }) : null;
}

function text(value: string | boolean | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
