import { EventEmitter, once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWorkspace, openWorkspace } from './workspace.ts';

/**
 * The composition root with everything real but Electron, whose runtime does not run under the test runner. What each part
 * asks of Electron is held to Electron's types in src-main/bridge/electron; here it is that the parts are put together, and
 * in which order.
 */

const passphrase = 'correct horse battery staple';

interface Made {
  readonly options: { webPreferences: { preload: string; partition: string; sandbox: boolean } };
  readonly webContents: EventEmitter & { mainFrame: { parent: null; frameTreeNodeId: number; url: string } };
  readonly loaded: string[];
  close(): void;
}

type Invoke = (event: object, ...args: unknown[]) => Promise<unknown>;
type Serve = (request: { method: string; url: string }) => Response;

/** A machine with Electron on it, as far as the shell asks anything of it. */
function machine(userData: string, firstInstance = true) {
  const order: string[] = [];
  const windows: Made[] = [];
  const handlers = new Map<string, Invoke>();
  const boxes: string[] = [];
  const events = new EventEmitter();
  let serve: Serve | undefined;
  const app = Object.assign(new EventEmitter(), {
    isPackaged: false,
    commandLine: { removeSwitch: () => undefined },
    getPath: () => userData,
    enableSandbox: () => order.push('sandbox'),
    requestSingleInstanceLock: () => firstInstance,
    setAsDefaultProtocolClient: () => true,
    whenReady: () => {
      order.push('ready');
      return Promise.resolve();
    },
    quit: () => {
      let prevented = false;
      app.emit('before-quit', { preventDefault: () => (prevented = true) });
      order.push(prevented ? 'quit later' : 'quit');
      if (!prevented) events.emit('gone');
    },
    exit: (code: number) => {
      order.push(`exit ${code}`);
      events.emit('gone');
    },
  });
  class BrowserWindow extends EventEmitter implements Made {
    readonly options: Made['options'];
    readonly loaded: string[] = [];
    readonly webContents = Object.assign(new EventEmitter(), {
      mainFrame: { parent: null, frameTreeNodeId: 1, url: '' },
      send: () => undefined,
      isDestroyed: () => false,
      close: () => this.close(),
    });
    constructor(options: Made['options']) {
      super();
      this.options = options;
      windows.push(this);
      order.push('window');
    }
    static getAllWindows(): Made[] {
      return windows;
    }
    loadURL(url: string): Promise<void> {
      this.loaded.push(url);
      this.webContents.mainFrame.url = url;
      events.emit('loaded', this);
      return Promise.resolve();
    }
    close(): void {
      this.emit('closed');
    }
    show(): void {}
    setTitle(): void {}
    isDestroyed(): boolean {
      return false;
    }
    isMaximized(): boolean {
      return false;
    }
    isMinimized(): boolean {
      return false;
    }
    focus(): void {}
    getNormalBounds(): object {
      return { x: 0, y: 0, width: 1000, height: 700 };
    }
  }
  const own = {
    ...{ setPermissionRequestHandler: () => order.push('permissions'), setPermissionCheckHandler: () => undefined },
    ...{ setDevicePermissionHandler: () => undefined, setSpellCheckerEnabled: () => undefined, on: () => undefined },
    webRequest: { onBeforeRequest: () => undefined },
    protocol: { handle: (_scheme: string, handler: Serve) => (serve = handler) },
  };
  const electron = {
    app,
    BrowserWindow,
    dialog: { showErrorBox: (_title: string, words: string) => boxes.push(words) },
    ipcMain: { handle: (channel: string, handler: Invoke) => handlers.set(channel, handler) },
    Menu: { setApplicationMenu: () => undefined, buildFromTemplate: () => ({}) },
    powerMonitor: new EventEmitter(),
    protocol: { registerSchemesAsPrivileged: () => order.push('scheme') },
    safeStorage: { getSelectedStorageBackend: () => 'basic_text' },
    screen: { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] },
    session: {
      fromPartition: (name: string) => {
        expect(name).toBe('countersign');
        return own;
      },
    },
    shell: {},
  };
  return {
    ...{ electron, app, order, windows, handlers, boxes, events },
    serve: (url: string) => serve?.({ method: 'GET', url }),
    call: (window: Made, channel: string, value: unknown) =>
      handlers.get(channel)?.({ sender: window.webContents, senderFrame: window.webContents.mainFrame }, JSON.stringify(value)),
  };
}

async function started(made: ReturnType<typeof machine>, args: readonly string[]): Promise<void> {
  vi.doMock('electron', () => made.electron);
  process.argv = ['electron', '.', ...args];
  await import('./electron.ts');
}

let folder: string;
let workspace: string;
const { argv } = process;
const umask = process.umask();
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-shell-'));
  workspace = path.join(folder, 'W');
  await (await createWorkspace(workspace, passphrase, 'site')).close();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  vi.stubEnv('COUNTERSIGN_PASSPHRASE', '');
  vi.resetModules();
});
afterEach(() => {
  process.argv = argv;
  process.umask(umask);
  vi.unstubAllEnvs();
  vi.doUnmock('electron');
});

describe('I2 the desktop shell, put together', () => {
  it('I2 opens the workspace in its window, answers it, and settles before it goes', async () => {
    const file = path.join(folder, 'passphrase.txt');
    writeFileSync(file, passphrase);
    const made = machine(folder);
    const loaded = once(made.events, 'loaded');
    const id = 'abcdefghijklmnopqrstuvwxyz';
    await started(made, ['--workspace', workspace, '--passphrase-file', file, `countersign://write/${id}`]);
    const [window] = (await loaded) as [Made];

    // Sandbox and scheme before the program is ready, permissions before there is a window.
    expect(made.order).toEqual(['sandbox', 'scheme', 'ready', 'permissions', 'window']);
    expect(window.loaded).toEqual([`app://countersign/#/write/${id}`]);
    expect(window.options.webPreferences).toMatchObject({ sandbox: true, partition: 'countersign' });
    expect(window.options.webPreferences.preload).toMatch(/out.preload.preload\.cjs$/);
    const page = made.serve('app://countersign/');
    expect(page?.headers.get('content-security-policy')).toContain("connect-src 'none'");
    expect(made.serve('app://countersign/../package.json')?.status).toBe(404);

    expect(await made.call(window, 'countersign:call', { method: 'session.me', request: {} })).toEqual({ ok: true, value: null });
    expect(await made.call(window, 'countersign:call', { method: 'today.read', request: {} })).toMatchObject({
      failure: { code: 'not-signed-in' },
    });

    const gone = once(made.events, 'gone');
    made.app.quit();
    expect(window.loaded.at(-1)).toBe('app://countersign/shell-pages/closing.html');
    expect(await made.call(window, 'countersign:call', { method: 'session.me', request: {} })).toMatchObject({ ok: false });
    await gone;
    expect(made.order.slice(-2)).toEqual(['quit later', 'quit']);
    // Closed as it should be: another process opens it.
    await (await openWorkspace(workspace, passphrase)).close();
  });

  it('H2 asks for the passphrase in a window that can do nothing else, and opens the console after it', async () => {
    const made = machine(folder);
    const asking = once(made.events, 'loaded');
    await started(made, ['--workspace', workspace]);
    const [window] = (await asking) as [Made];
    expect(window.loaded).toEqual(['app://countersign/shell-pages/passphrase.html']);
    expect(window.options.webPreferences).toMatchObject({ sandbox: true, partition: 'countersign' });
    const ask = (value: unknown) => made.call(window, 'countersign:passphrase', value);
    expect(await ask({ kind: 'question' })).toMatchObject({ ok: true, value: { folder: workspace } });
    expect(await made.call(window, 'countersign:call', { method: 'session.me', request: {} })).toMatchObject({ ok: false });
    expect(await ask({ kind: 'passphrase', text: 'wrong', remember: false })).toMatchObject({
      value: { refusal: expect.stringContaining('not the one') as unknown },
    });
    expect(await ask({ kind: 'passphrase', text: '', remember: false })).toMatchObject({
      value: { refusal: expect.stringContaining('1 to 1024') as unknown },
    });
    const opened = once(made.events, 'loaded');
    expect(await ask({ kind: 'passphrase', text: passphrase, remember: true })).toEqual({ ok: true, value: { refusal: null } });
    const [second] = (await opened) as [Made];
    expect(second.loaded).toEqual(['app://countersign/']);
    const gone = once(made.events, 'gone');
    made.app.quit();
    await gone;
  });

  it('H2 ends, having changed nothing, when the person closes that window', async () => {
    const made = machine(folder);
    const asking = once(made.events, 'loaded');
    await started(made, ['--workspace', workspace]);
    const [window] = (await asking) as [Made];
    const gone = once(made.events, 'gone');
    window.close();
    await gone;
    expect(made.windows).toHaveLength(1);
    expect(made.order.at(-1)).toBe('quit');
  });

  it('H2 quits at once while it asks', async () => {
    const made = machine(folder);
    const asking = once(made.events, 'loaded');
    await started(made, ['--workspace', workspace]);
    await asking;
    const gone = once(made.events, 'gone');
    made.app.quit();
    await gone;
    expect(made.order.filter((one) => one.startsWith('exit'))).toEqual([]);
  });

  it('I2 says what is wrong when there is no workspace, and makes none', async () => {
    const made = machine(folder);
    const gone = once(made.events, 'gone');
    const missing = path.join(folder, 'not-there');
    await started(made, ['--workspace', missing]);
    await gone;
    expect(made.order.at(-1)).toBe('exit 3');
    expect(made.boxes[0]).toContain('There is no workspace');
    expect(existsSync(missing)).toBe(false);
  });

  it('I2 is there once: a second start ends before it opens anything', async () => {
    const made = machine(folder, false);
    await started(made, ['--workspace', workspace]);
    expect(made.order).toEqual(['sandbox', 'scheme', 'quit']);
  });
});
