import type { BrowserWindow, MessageBoxOptions, MessageBoxReturnValue, WebContents } from 'electron';
import { closingPage, consolePage } from './addresses.ts';
import { noticeChannel } from './channels.ts';
import type { Caller, Ipc } from './ipc.ts';
import { restoreOnce, type Quit } from './lifecycle.ts';
import { keepPlace, type WindowPlace } from './window-place.ts';
import type { Bridge, BridgeWindow } from '../bridge.ts';
import type { Log } from '../../ports/outbound/index.ts';
import type { Notice } from '../../../src-shared/contract/index.ts';

/** The console's window: one page at one session of the bridge, from its opening to the end of the program. */

export type ShownWindow = Pick<
  BrowserWindow,
  | 'on'
  | 'once'
  | 'show'
  | 'focus'
  | 'maximize'
  | 'isMaximized'
  | 'isMinimized'
  | 'restore'
  | 'getNormalBounds'
  | 'setTitle'
  | 'loadURL'
  | 'isDestroyed'
> & { readonly webContents: Caller & Pick<WebContents, 'on'> };

export interface ConsoleWindowParts {
  readonly window: ShownWindow;
  readonly place: WindowPlace;
  /** Where the window's place is kept. */
  readonly placeFile: string;
  readonly bridge: Pick<Bridge, 'open'>;
  readonly ipc: Pick<Ipc, 'connect'>;
  /** Asks the person, in front of the window. */
  readonly ask: (options: MessageBoxOptions) => Promise<Pick<MessageBoxReturnValue, 'response'>>;
  readonly quit: Quit;
  /** Asks the program to end. */
  readonly end: () => void;
  readonly log: Log;
}

export class ConsoleWindow {
  private readonly parts: ConsoleWindowParts;
  private session: BridgeWindow;
  private disconnect: () => void;
  private ending = false;

  constructor(parts: ConsoleWindowParts) {
    this.parts = parts;
    const { window, place, placeFile, quit, end, log } = parts;
    this.session = parts.bridge.open();
    this.disconnect = parts.ipc.connect(window.webContents, this.session);
    if (place.maximized) window.maximize();
    window.once('ready-to-show', () => window.show());
    window.on('close', (event) => {
      if (!this.ending) keepPlace(placeFile, window.getNormalBounds(), window.isMaximized());
      if (quit.settled) return;
      // The window stays until nothing is under way any more, and says so.
      event.preventDefault();
      end();
    });
    window.on('closed', () => this.disconnect());
    restoreOnce(window.webContents, { log, restore: () => this.restore(), tell: () => void this.tellTrouble() });
  }

  /** Loads the page. `screen`: what stands behind `#`. */
  async load(screen: string | null): Promise<void> {
    await this.parts.window.loadURL(`${consolePage}${screen === null ? '' : `#${screen}`}`);
  }

  /** Brings the window to the front, on a screen when one is named. */
  show(screen: string | null): void {
    const { window } = this.parts;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    // The same page with something else behind `#`: nothing is loaded anew. A screen that cannot be shown leaves the one before.
    if (screen !== null && !this.ending) this.load(screen).catch(() => undefined);
  }

  /** Locks the session at once, then takes clinical text off the screen. */
  async lock(): Promise<void> {
    const { window } = this.parts;
    await this.session.call('session.lock', {});
    const notice: Notice = { kind: 'session', state: 'locked' };
    if (!window.isDestroyed()) window.webContents.send(noticeChannel, notice);
  }

  /** Leaves the screens: what is shown from here on is that the program is finishing. Nothing can be asked any more. */
  showWait(): void {
    if (this.ending) return;
    const { window, placeFile } = this.parts;
    this.ending = true;
    this.disconnect();
    if (window.isDestroyed()) return;
    keepPlace(placeFile, window.getNormalBounds(), window.isMaximized());
    window.setTitle('Countersign is closing');
    window.loadURL(closingPage).catch(() => undefined);
    window.show();
  }

  /** The page anew, and nobody signed in: what it was doing when it died is not known. */
  private restore(): void {
    const { window, bridge, ipc } = this.parts;
    this.disconnect();
    if (this.ending || window.isDestroyed()) return;
    this.session = bridge.open();
    this.disconnect = ipc.connect(window.webContents, this.session);
    this.load(null).catch(() => undefined);
  }

  private async tellTrouble(): Promise<void> {
    const { ask, end } = this.parts;
    const { response } = await ask({
      type: 'error',
      title: 'Countersign',
      message: 'The window has stopped working twice.',
      detail: 'Nothing that was recorded is lost, and the engine goes on. Open the window again, or close Countersign.',
      buttons: ['Open the window again', 'Close Countersign'],
      defaultId: 0,
      cancelId: 0,
      noLink: true,
    });
    if (response === 0) this.restore();
    else end();
  }
}
