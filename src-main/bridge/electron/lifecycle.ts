import type { App, RenderProcessGoneDetails, WebContents } from 'electron';
import { linkScheme, screenOfArguments, screenOfLink } from './addresses.ts';
import type { Log, Timers } from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** From the first start to the last step of quitting. */

/**
 * One program per person on a machine. A second start shows the window of the first and may name a screen; so may the
 * system with an address of ours. Nothing else of what they bring is looked at.
 *
 * @returns `false` when another one runs already: this one must end
 */
export function isFirstInstance(
  app: Pick<App, 'requestSingleInstanceLock' | 'on' | 'setAsDefaultProtocolClient'>,
  release: boolean,
  show: (screen: string | null) => void,
): boolean {
  if (!app.requestSingleInstanceLock()) return false;
  app.on('second-instance', (_event, argv) => show(screenOfArguments(argv)));
  app.on('open-url', (event, url) => {
    event.preventDefault();
    const screen = screenOfLink(url);
    if (screen !== null) show(screen);
  });
  // While the program is worked on, addresses on this machine stay with the one that is installed.
  if (release) app.setAsDefaultProtocolClient(linkScheme);
  return true;
}

export interface QuitParts {
  readonly app: Pick<App, 'on' | 'quit' | 'exit'>;
  readonly timers: Timers;
  readonly log: Log;
  /** Stops sending, lets what is under way settle, signs the log and closes it. */
  readonly settle: () => Promise<void>;
  /** Shows that the program is ending and still has something to finish. */
  readonly showWait: () => void;
}

/** How the program ends. */
export interface Quit {
  /** True once nothing is under way any more: windows may close. */
  readonly settled: boolean;
}

/**
 * Ends the program in steps. The first request to quit starts settling and shows it; further ones change nothing. After
 * `limits.quitSettleMs` it ends all the same: what was under way then is found again at the next start, as after a crash.
 */
export function quitInSteps({ app, timers, log, settle, showWait }: QuitParts): Quit {
  const state = { settling: false, settled: false };
  app.on('before-quit', (event) => {
    if (state.settled) return;
    event.preventDefault();
    if (state.settling) return;
    state.settling = true;
    showWait();
    void finish();
  });
  app.on('window-all-closed', () => app.quit());
  return state;

  async function finish(): Promise<void> {
    const waiting = new AbortController();
    const outcome = await Promise.race([
      settle().then(
        () => 'settled' as const,
        () => 'failed' as const,
      ),
      timers.sleep(limits.quitSettleMs, waiting.signal).then(() => 'too-long' as const),
    ]);
    waiting.abort();
    state.settled = true;
    if (outcome === 'settled') {
      app.quit();
      return;
    }
    log.write('error', outcome === 'failed' ? 'quit-failed-to-settle' : 'quit-without-settling');
    app.exit(1);
  }
}

/**
 * A window whose process has died is shown again, once. When it dies again, the person is told instead: something on the
 * screen may be what kills it.
 */
export function restoreOnce(
  contents: Pick<WebContents, 'on'>,
  { restore, tell, log }: { readonly restore: () => void; readonly tell: () => void; readonly log: Log },
): void {
  let died = 0;
  contents.on('render-process-gone', (_event, { reason, exitCode }: RenderProcessGoneDetails) => {
    if (reason === 'clean-exit') return;
    died += 1;
    log.write('error', 'window-process-gone', { exitCode, died });
    if (died === 1) restore();
    else tell();
  });
}
