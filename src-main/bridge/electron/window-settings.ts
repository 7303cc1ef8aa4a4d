import type { App, BrowserWindowConstructorOptions, CustomScheme, Protocol, Session, Shell, WebContents } from 'electron';
import { appScheme, mayOpenOutside, ownPath } from './addresses.ts';
import type { WindowPlace } from './window-place.ts';
import type { ShellFiles } from '../shell-files.ts';

/** Everything that keeps a page inside its window (Electron's security checklist). Electron's defaults are not relied on. */

/** Kept in memory only: nothing of what a window shows or stores is left on disk. */
export const partition = 'countersign';

/** Of the window's own scheme. Registered before the program is ready. */
export const appSchemePrivileges: CustomScheme = {
  scheme: appScheme,
  privileges: {
    standard: true,
    secure: true,
    bypassCSP: false,
    allowServiceWorkers: false,
    // The page asks over the bridge and fetches nothing.
    supportFetchAPI: false,
    corsEnabled: false,
    stream: false,
    codeCache: false,
    allowExtensions: false,
  },
};

export interface WindowKind {
  /** The preload script's file. */
  readonly preload: string;
  /** A program that is packaged for people; otherwise one that is being worked on. */
  readonly release: boolean;
}

function webPreferences({ preload, release }: WindowKind): NonNullable<BrowserWindowConstructorOptions['webPreferences']> {
  return {
    preload,
    partition,
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
    // Its dictionaries are fetched from the internet, and clinical text is what would be checked.
    spellcheck: false,
    // A hidden window draws nothing and runs its timers seldom. Locking and notices are the main process's affair.
    backgroundThrottling: true,
    devTools: !release,
  };
}

/** The console's window. Shown once its first picture is ready. */
export function consoleWindow(kind: WindowKind, { bounds }: WindowPlace): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: 900,
    minHeight: 600,
    title: 'Countersign',
    show: false,
    webPreferences: webPreferences(kind),
  };
}

/** The small window that asks for the passphrase. */
export function passphraseWindow(kind: WindowKind): BrowserWindowConstructorOptions {
  return {
    width: 480,
    height: 540,
    useContentSize: true,
    resizable: false,
    maximizable: false,
    fullscreenable: false,
    title: 'Countersign',
    show: false,
    webPreferences: webPreferences(kind),
  };
}

/** What a page may have: to put text on the clipboard. Nothing else, and nothing for any page but our own. */
const mayHave = (permission: string, address: string): boolean =>
  permission === 'clipboard-sanitized-write' && ownPath(address) !== null;

/** Settings of the session that the windows share. */
export function hardenSession(
  session: Pick<
    Session,
    'setPermissionRequestHandler' | 'setPermissionCheckHandler' | 'setDevicePermissionHandler' | 'setSpellCheckerEnabled' | 'on'
  > & { readonly webRequest: Pick<Session['webRequest'], 'onBeforeRequest'> },
  release: boolean,
): void {
  session.setPermissionRequestHandler((_contents, permission, callback, { requestingUrl, isMainFrame }) =>
    callback(isMainFrame && mayHave(permission, requestingUrl)),
  );
  session.setPermissionCheckHandler(
    (_contents, permission, requestingOrigin, { isMainFrame }) => isMainFrame && mayHave(permission, requestingOrigin),
  );
  session.setDevicePermissionHandler(() => false);
  session.setSpellCheckerEnabled(false);
  session.webRequest.onBeforeRequest(({ url }, callback) => {
    const tools = !release && /^(devtools|data|blob):/.test(url);
    callback({ cancel: ownPath(url) === null && !tools });
  });
  session.on('will-download', (event) => event.preventDefault());
}

/** A window's content stays on the page it was opened with, opens no other window and takes in no other page. */
export function hardenContents(
  contents: Pick<WebContents, 'on' | 'setWindowOpenHandler'>,
  shell: Pick<Shell, 'openExternal'>,
): void {
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    // Without a browser nothing opens, and there is nobody to tell but the person who sees just that.
    if (mayOpenOutside(url)) shell.openExternal(url).catch(() => undefined);
    return { action: 'deny' };
  });
}

/** Switches that let another program in. The program's own files cannot set them; whoever starts it could. */
const DEBUG_SWITCHES = ['remote-debugging-port', 'remote-debugging-pipe', 'remote-debugging-address', 'js-flags', 'inspect'];

/** Settings of the program as a whole; before it is ready. */
export function hardenApp(
  app: Pick<App, 'enableSandbox' | 'on'> & { readonly commandLine: Pick<App['commandLine'], 'removeSwitch'> },
  protocol: Pick<Protocol, 'registerSchemesAsPrivileged'>,
  shell: Pick<Shell, 'openExternal'>,
  release: boolean,
): void {
  app.enableSandbox();
  if (release) for (const name of DEBUG_SWITCHES) app.commandLine.removeSwitch(name);
  protocol.registerSchemesAsPrivileged([appSchemePrivileges]);
  app.on('web-contents-created', (_event, contents) => hardenContents(contents, shell));
  // Electron would hand over the first certificate of the person that it finds.
  app.on('select-client-certificate', (event, _contents, _url, _certificates, choose) => {
    event.preventDefault();
    choose();
  });
}

/** Serves the window's files, and nothing else, under its own scheme. */
export function serveFiles(protocol: Pick<Protocol, 'handle'>, files: Pick<ShellFiles, 'answer'>): void {
  protocol.handle(appScheme, ({ method, url }) => {
    const path = method === 'GET' ? ownPath(url) : null;
    if (path === null) return new Response(null, { status: 404 });
    const { status, headers, body } = files.answer(path);
    return new Response(new Uint8Array(body), { status, headers });
  });
}
