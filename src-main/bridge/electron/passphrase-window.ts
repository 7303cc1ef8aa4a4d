import type { BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import { passphrasePage } from './addresses.ts';
import type { Caller, Ipc } from './ipc.ts';
import {
  passphraseRequest,
  type Envelope,
  type PassphraseQuestion,
  type PassphraseVerdict,
} from '../../../src-shared/contract/index.ts';

/** Asks a person for the passphrase of the workspace, in a window of its own that can do nothing else. */

export interface PassphraseParts {
  readonly ipc: Pick<Ipc, 'connectPassphrase'>;
  readonly open: (
    options: BrowserWindowConstructorOptions,
  ) => Pick<BrowserWindow, 'on' | 'once' | 'show' | 'close' | 'isDestroyed' | 'loadURL'> & { readonly webContents: Caller };
  readonly options: BrowserWindowConstructorOptions;
}

/**
 * @param tryPassphrase opens the workspace with it; answers `null` or with what was wrong
 * @returns what closes the window, once the passphrase was the right one; `null` when the person closed it before
 */
export function askPassphrase(
  { ipc, open, options }: PassphraseParts,
  question: PassphraseQuestion,
  tryPassphrase: (text: string, remember: boolean) => Promise<string | null>,
): Promise<(() => void) | null> {
  const window = open(options);
  return new Promise((resolve, reject) => {
    let opened = false;
    // One at a time: each costs a quarter of a gigabyte, and a second one could open what is open.
    let trying = false;
    const disconnect = ipc.connectPassphrase(window.webContents, async (value): Promise<Envelope<unknown>> => {
      const request = passphraseRequest.safeParse(value);
      if (!request.success) return { ok: true, value: refusal('A passphrase is 1 to 1024 characters long.') };
      if (request.data.kind === 'question') return { ok: true, value: question };
      if (trying || opened) return { ok: true, value: refusal('The passphrase before is still being tried.') };
      trying = true;
      try {
        const wrong = await tryPassphrase(request.data.text, request.data.remember);
        opened = wrong === null;
        // The window stays until there is another one to look at.
        if (opened) resolve(() => window.isDestroyed() || window.close());
        return { ok: true, value: { refusal: wrong } satisfies PassphraseVerdict };
      } catch (error) {
        reject(error);
        return { ok: true, value: refusal('The workspace cannot be opened.') };
      } finally {
        trying = false;
      }
    });
    window.on('closed', () => {
      disconnect();
      resolve(null);
    });
    window.once('ready-to-show', () => window.show());
    window.loadURL(passphrasePage).catch(reject);
  });
}

const refusal = (words: string): PassphraseVerdict => ({ refusal: words });
