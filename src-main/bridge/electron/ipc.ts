import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron';
import { callChannel, noticeChannel, passphraseChannel } from './channels.ts';
import { ownPath } from './addresses.ts';
import type { BridgeWindow } from '../bridge.ts';
import { boundaryRefusal } from '../refusal.ts';
import type { Log, Random } from '../../ports/outbound/index.ts';
import type { BoundaryCode, Envelope } from '../../../src-shared/contract/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * The only file that touches Electron's IPC. One gate for every message: is it from a window that was opened here, from
 * its top frame, on our own page; is it one text of a size that may be; is it JSON. Only then is anybody asked.
 */

export interface IpcParts {
  readonly ipcMain: Pick<IpcMain, 'handle'>;
  readonly log: Log;
  readonly random: Pick<Random, 'id'>;
}

/** A window's content, as far as it is spoken to here. */
export type Caller = Pick<WebContents, 'send' | 'isDestroyed' | 'close'>;
type Answer = (value: unknown) => Promise<unknown>;

export class Ipc {
  private readonly parts: IpcParts;
  private readonly callers = new Map<Caller, Answer>();
  private readonly askers = new Map<Caller, Answer>();
  private readonly refused = new WeakMap<Caller, number>();

  constructor(parts: IpcParts) {
    this.parts = parts;
    this.listen(callChannel, this.callers);
    this.listen(passphraseChannel, this.askers);
  }

  /** Puts a window of the console at the bridge; what is returned takes it away again and ends its session. */
  connect(contents: Caller, window: BridgeWindow): () => void {
    this.callers.set(contents, async (value) => {
      const { method, request } = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
      const answer = await window.call(method, request);
      // Nothing that the console itself sends is ever refused so.
      if (!answer.ok && (answer.failure.code === 'too-many-requests' || answer.failure.code === 'method-unknown'))
        this.count(contents);
      return answer;
    });
    const stop = window.onNotice((notice) => {
      if (!contents.isDestroyed()) contents.send(noticeChannel, notice);
    });
    return () => {
      stop();
      this.callers.delete(contents);
      window.close();
    };
  }

  /** Lets the passphrase page ask; what is returned ends that. */
  connectPassphrase(contents: Caller, answer: Answer): () => void {
    this.askers.set(contents, answer);
    return () => this.askers.delete(contents);
  }

  private listen(channel: string, windows: ReadonlyMap<Caller, Answer>): void {
    this.parts.ipcMain.handle(channel, async (event, ...args: unknown[]): Promise<unknown> => {
      const answer = windows.get(event.sender);
      if (answer === undefined || !fromTopFrameOfOwnPage(event))
        return this.refuse(event.sender, 'sender-not-trusted', 'This page may not ask.', 'Close this window.');
      const [text] = args;
      if (typeof text !== 'string' || args.length !== 1)
        return this.refuse(event.sender, 'request-invalid', 'The request is not as it must be.', 'Restart Countersign.');
      if (text.length > limits.bridgeRequestBytesMax)
        return this.refuse(event.sender, 'request-too-large', 'The request is too large.', 'Make what you entered shorter.');
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return this.refuse(event.sender, 'request-invalid', 'The request is not as it must be.', 'Restart Countersign.');
      }
      return answer(value);
    });
  }

  private refuse(sender: Caller, code: BoundaryCode, message: string, next: string): Envelope<never> {
    this.count(sender);
    const correlation = this.parts.random.id();
    const { chart, ...words } = boundaryRefusal(code, message, next);
    return { ok: false, failure: { ...words, chart, correlation } };
  }

  /** A window that goes on asking for what it may not have is not run by the console any more, and is closed. */
  private count(sender: Caller): void {
    const refused = (this.refused.get(sender) ?? 0) + 1;
    this.refused.set(sender, refused);
    if (refused === 1) this.parts.log.write('warn', 'window-request-refused');
    if (refused !== limits.windowRefusalsMax || sender.isDestroyed()) return;
    this.parts.log.write('error', 'window-closed-for-misuse', { refused });
    sender.close();
  }
}

function fromTopFrameOfOwnPage({ sender, senderFrame }: IpcMainInvokeEvent): boolean {
  // `null`: the frame has gone elsewhere meanwhile.
  if (senderFrame === null || senderFrame.parent !== null) return false;
  return senderFrame.frameTreeNodeId === sender.mainFrame.frameTreeNodeId && ownPath(senderFrame.url) !== null;
}
