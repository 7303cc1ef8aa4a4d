import type { Session, WebContents } from 'electron';
import { describe, expect, it } from 'vitest';
import {
  appSchemePrivileges,
  consoleWindow,
  hardenApp,
  hardenContents,
  hardenSession,
  passphraseWindow,
  serveFiles,
} from './window-settings.ts';

/** Listeners as they are put on; each stand-in below has to satisfy Electron's own types. */
function recorder() {
  const listeners = new Map<string, (...args: never[]) => unknown>();
  return {
    listeners,
    on: (event: string, listener: (...args: never[]) => unknown): never => {
      listeners.set(event, listener);
      return undefined as never;
    },
    /** Calls a listener; whether it prevented what was about to happen. */
    prevented(event: string, ...args: readonly unknown[]): boolean {
      let prevented = false;
      const heard = listeners.get(event) as ((...given: unknown[]) => unknown) | undefined;
      heard?.({ preventDefault: () => (prevented = true) }, ...args);
      return prevented;
    },
  };
}

describe('I2 settings of the windows', () => {
  const place = { bounds: { width: 1000, height: 700 }, maximized: false };

  it.each([true, false])('I2 the console, release %s', (release) => {
    expect(consoleWindow({ preload: '/p.cjs', release }, place)).toEqual({
      width: 1000,
      height: 700,
      minWidth: 900,
      minHeight: 600,
      title: 'Countersign',
      show: false,
      webPreferences: {
        preload: '/p.cjs',
        // Without "persist:" it is kept in memory.
        partition: 'countersign',
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        nodeIntegrationInWorker: false,
        nodeIntegrationInSubFrames: false,
        webSecurity: true,
        allowRunningInsecureContent: false,
        experimentalFeatures: false,
        webviewTag: false,
        plugins: false,
        enableWebSQL: false,
        webgl: false,
        navigateOnDragDrop: false,
        autoplayPolicy: 'document-user-activation-required',
        safeDialogs: true,
        spellcheck: false,
        backgroundThrottling: true,
        devTools: !release,
      },
    });
  });

  it('I2 the passphrase window has no less', () => {
    const kind = { preload: '/p.cjs', release: true };
    const options = passphraseWindow(kind);
    expect(options.webPreferences).toEqual(consoleWindow(kind, place).webPreferences);
    expect(options).toMatchObject({ resizable: false, maximizable: false, fullscreenable: false, show: false });
  });
});

describe('I2 settings of the program', () => {
  function hardened(release: boolean) {
    const { on, listeners, prevented } = recorder();
    const calls: string[] = [];
    const app: Parameters<typeof hardenApp>[0] = {
      on,
      enableSandbox: () => calls.push('sandbox'),
      commandLine: { removeSwitch: (name) => calls.push(`without ${name}`) },
    };
    const protocol: Parameters<typeof hardenApp>[1] = {
      registerSchemesAsPrivileged: (schemes) => expect(schemes).toEqual([appSchemePrivileges]),
    };
    hardenApp(app, protocol, { openExternal: () => Promise.resolve() }, release);
    return { calls, listeners, prevented };
  }

  it('I2 every process is sandboxed', () => {
    expect(hardened(false).calls).toEqual(['sandbox']);
  });

  it('I2 a release listens to no debugger', () => {
    expect(hardened(true).calls).toEqual([
      'sandbox',
      'without remote-debugging-port',
      'without remote-debugging-pipe',
      'without remote-debugging-address',
      'without js-flags',
      'without inspect',
    ]);
  });

  it('I2 no certificate of the person is handed out, and no bad one of a server is accepted', () => {
    const { listeners, prevented } = hardened(true);
    const chosen: unknown[][] = [];
    expect(prevented('select-client-certificate', {}, 'https://x', [{}], (...given: unknown[]) => chosen.push(given))).toBe(true);
    expect(chosen).toEqual([[]]);
    expect([...listeners.keys()].sort()).toEqual(['select-client-certificate', 'web-contents-created']);
  });

  it('I2 whatever content is made, it is kept on its page', () => {
    const { listeners } = hardened(true);
    const inner = recorder();
    const contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'> = { on: inner.on, setWindowOpenHandler: () => undefined };
    (listeners.get('web-contents-created') as (event: unknown, made: unknown) => void)({}, contents);
    expect(inner.prevented('will-navigate')).toBe(true);
  });

  it('I2 the scheme of its files may do what it needs and no more', () => {
    expect(appSchemePrivileges).toEqual({
      scheme: 'app',
      privileges: {
        standard: true,
        secure: true,
        bypassCSP: false,
        allowServiceWorkers: false,
        supportFetchAPI: false,
        corsEnabled: false,
        stream: false,
        codeCache: false,
        allowExtensions: false,
      },
    });
  });
});

describe('I2 settings of a content', () => {
  function contents() {
    const { on, listeners, prevented } = recorder();
    let opener: ((url: string) => unknown) | undefined;
    const opened: string[] = [];
    hardenContents(
      { on, setWindowOpenHandler: (handler) => (opener = (url) => handler({ url } as Parameters<typeof handler>[0])) },
      {
        openExternal: (url) => {
          opened.push(url);
          return Promise.reject(new Error('no browser'));
        },
      },
    );
    return { listeners, prevented, open: (url: string) => opener?.(url), opened };
  }

  it.each(['will-navigate', 'will-frame-navigate', 'will-redirect', 'will-attach-webview'])('I2 %s is denied', (event) => {
    expect(contents().prevented(event)).toBe(true);
  });

  it('I2 no window is opened, whatever the address', () => {
    const { open, opened } = contents();
    for (const url of ['https://example/', 'app://countersign/', 'javascript:alert(1)', 'file:///etc/passwd'])
      expect(open(url)).toEqual({ action: 'deny' });
    expect(opened).toEqual([]);
    expect(open('https://hl7.org/fhir/R4/')).toEqual({ action: 'deny' });
    expect(opened).toEqual(['https://hl7.org/fhir/R4/']);
  });
});

describe('I2 settings of the session', () => {
  type Asked = Parameters<NonNullable<Parameters<Session['setPermissionRequestHandler']>[0]>>;
  type Permission = Asked[1];
  /** All that Electron knows but one: with one more or one less in Electron's types this does not compile. */
  const others = {
    ...{
      ar: true,
      'automatic-fullscreen': true,
      'background-fetch': true,
      'background-sync': true,
      'captured-surface-control': true,
    },
    ...{
      'clipboard-read': true,
      'deprecated-sync-clipboard-read': true,
      'display-capture': true,
      fileSystem: true,
      fullscreen: true,
    },
    ...{ geolocation: true, 'geolocation-approximate': true, 'hand-tracking': true, hid: true, 'idle-detection': true },
    ...{ keyboardLock: true, 'local-fonts': true, 'local-network': true, 'local-network-access': true, 'loopback-network': true },
    ...{ media: true, mediaKeySystem: true, midi: true, midiSysex: true, nfc: true },
    ...{
      notifications: true,
      openExternal: true,
      'payment-handler': true,
      'periodic-background-sync': true,
      'persistent-storage': true,
    },
    ...{ pointerLock: true, 'screen-wake-lock': true, sensors: true, serial: true, 'smart-card': true },
    ...{
      'speaker-selection': true,
      'storage-access': true,
      'system-wake-lock': true,
      'top-level-storage-access': true,
      usb: true,
    },
    ...{ vr: true, 'web-app-installation': true, 'web-printing': true, 'window-management': true, unknown: true },
  } as const satisfies Record<Exclude<Permission, 'clipboard-sanitized-write'>, true>;
  const denied = Object.keys(others) as (keyof typeof others)[];

  function hardened(release = true) {
    const { on, prevented } = recorder();
    const spelling: boolean[] = [];
    let request: Parameters<Session['setPermissionRequestHandler']>[0] = null;
    let check: Parameters<Session['setPermissionCheckHandler']>[0] = null;
    let device: Parameters<Session['setDevicePermissionHandler']>[0] = null;
    let before: unknown;
    const session: Parameters<typeof hardenSession>[0] = {
      on,
      setPermissionRequestHandler: (handler) => (request = handler),
      setPermissionCheckHandler: (handler) => (check = handler),
      setDevicePermissionHandler: (handler) => (device = handler),
      setSpellCheckerEnabled: (enabled) => spelling.push(enabled),
      webRequest: { onBeforeRequest: (...args: unknown[]) => (before = args[0]) },
    };
    hardenSession(session, release);
    return {
      prevented,
      spelling,
      requested: (permission: Permission, requestingUrl: string, isMainFrame = true): boolean => {
        let granted = true;
        request?.({} as WebContents, permission, (answer) => (granted = answer), { isMainFrame, requestingUrl });
        return request !== null && granted;
      },
      checked: (permission: Permission, origin: string, isMainFrame = true): boolean =>
        check === null || check(null, permission, origin, { isMainFrame }),
      device: () => device?.({} as Parameters<typeof device>[0]),
      cancelled: (url: string): boolean | undefined => {
        let cancelled: boolean | undefined;
        type Before = (details: { url: string }, callback: (response: { cancel?: boolean }) => void) => void;
        (before as Before)({ url }, ({ cancel }) => (cancelled = cancel));
        return cancelled;
      },
    };
  }

  it.each(denied)('I2 %s is neither given nor had', (permission) => {
    const { requested, checked } = hardened();
    expect(requested(permission, 'app://countersign/')).toBe(false);
    expect(checked(permission, 'app://countersign/')).toBe(false);
  });

  it('I2 only our own page may put text on the clipboard', () => {
    const { requested, checked } = hardened();
    const permission = 'clipboard-sanitized-write';
    expect(requested(permission, 'app://countersign/#/queue')).toBe(true);
    expect(checked(permission, 'app://countersign/')).toBe(true);
    for (const address of ['https://example/', 'app://other/', 'null', '']) {
      expect(requested(permission, address)).toBe(false);
      expect(checked(permission, address)).toBe(false);
    }
    expect(requested(permission, 'app://countersign/', false)).toBe(false);
    expect(checked(permission, 'app://countersign/', false)).toBe(false);
  });

  it('I2 no device is given, nothing is downloaded, no dictionary is fetched', () => {
    const { device, prevented, spelling } = hardened();
    expect(device()).toBe(false);
    expect(prevented('will-download')).toBe(true);
    expect(spelling).toEqual([false]);
  });

  it('C1 nothing is asked of any network', () => {
    const release = hardened(true);
    expect(release.cancelled('app://countersign/assets/a.js')).toBe(false);
    for (const url of [
      'https://hl7.org/',
      'http://127.0.0.1:1/',
      'ws://x/',
      'file:///etc/passwd',
      'app://other/',
      'devtools://x/',
    ])
      expect(release.cancelled(url)).toBe(true);
    const development = hardened(false);
    expect(development.cancelled('devtools://devtools/bundled/x.js')).toBe(false);
    expect(development.cancelled('https://hl7.org/')).toBe(true);
  });
});

describe('I2 files of the window', () => {
  type Handler = Parameters<Parameters<typeof serveFiles>[0]['handle']>[1];
  function serving() {
    const asked: string[] = [];
    let handler: Handler | undefined;
    serveFiles(
      {
        handle: (scheme, given) => {
          expect(scheme).toBe('app');
          handler = given;
        },
      },
      {
        answer: (path) => {
          asked.push(path);
          return { status: 200, headers: { 'content-security-policy': 'x' }, body: Buffer.from('page') };
        },
      },
    );
    const get = async (url: string, method = 'GET'): Promise<Response> => {
      if (handler === undefined) throw new Error('nothing serves');
      return handler({ url, method } as Request);
    };
    return { asked, get };
  }

  it('I2 come from the fixed map, with its policy', async () => {
    const { asked, get } = serving();
    const answer = await get('app://countersign/index.html#/queue');
    expect([answer.status, answer.headers.get('content-security-policy'), await answer.text()]).toEqual([200, 'x', 'page']);
    expect(asked).toEqual(['/index.html']);
  });

  it.each([
    ['GET', 'app://other/index.html'],
    ['GET', 'file:///etc/passwd'],
    ['POST', 'app://countersign/index.html'],
    ['HEAD', 'app://countersign/index.html'],
  ])('I2 %s %s is not there', async (method, url) => {
    const { asked, get } = serving();
    expect((await get(url, method)).status).toBe(404);
    expect(asked).toEqual([]);
  });
});
