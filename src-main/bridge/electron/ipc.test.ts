import type { IpcMainInvokeEvent } from 'electron';
import { describe, expect, it } from 'vitest';
import { callChannel, noticeChannel, passphraseChannel } from './channels.ts';
import { Ipc, type Caller, type IpcParts } from './ipc.ts';
import type { BridgeWindow } from '../bridge.ts';
import type { Notice } from '../../../src-shared/contract/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type Listener = Parameters<IpcParts['ipcMain']['handle']>[1];

/** The content of one window, with its top frame. */
class Content implements Caller {
  readonly sent: unknown[][] = [];
  closed = 0;
  destroyed = false;
  readonly mainFrame = { parent: null, frameTreeNodeId: 1, url: 'app://countersign/#/queue' };
  send(...args: unknown[]): void {
    this.sent.push(args);
  }
  isDestroyed(): boolean {
    return this.destroyed;
  }
  close(): void {
    this.closed += 1;
  }
}

function set() {
  const handlers = new Map<string, Listener>();
  const log: string[] = [];
  const ipc = new Ipc({
    ipcMain: { handle: (channel, listener) => void handlers.set(channel, listener) },
    log: { write: (level, event) => void log.push(`${level} ${event}`) },
    random: { id: () => 'c1' },
  });
  const asked: unknown[][] = [];
  const notices = new Set<(notice: Notice) => void>();
  let answer: Awaited<ReturnType<BridgeWindow['call']>> = { ok: true, value: 7 };
  let closed = 0;
  const window: BridgeWindow = {
    call: (method, request) => {
      asked.push([method, request]);
      return Promise.resolve(answer);
    },
    onNotice: (listener) => {
      notices.add(listener);
      return () => notices.delete(listener);
    },
    close: () => (closed += 1),
  };
  const content = new Content();
  const ask = (args: readonly unknown[], frame: unknown = content.mainFrame, sender: Content = content, channel = callChannel) =>
    handlers.get(channel)?.({ sender, senderFrame: frame } as unknown as IpcMainInvokeEvent, ...args) as Promise<{
      ok: boolean;
      failure?: { code: string; correlation: string };
    }>;
  return {
    ...{ handlers, log, ipc, asked, notices, window, content, ask },
    answerWith: (value: typeof answer) => (answer = value),
    closed: () => closed,
  };
}

const text = JSON.stringify({ method: 'today.read', request: { a: 1 } });

describe('I2 calls of a window', () => {
  it('I2 there is one channel for calls and one for the passphrase, and no other', () => {
    expect([...set().handlers.keys()]).toEqual([callChannel, passphraseChannel]);
  });

  it('I2 a call from its top frame is answered by its own session', async () => {
    const { ipc, content, window, ask, asked, log } = set();
    ipc.connect(content, window);
    expect(await ask([text])).toEqual({ ok: true, value: 7 });
    expect(asked).toEqual([['today.read', { a: 1 }]]);
    expect(log).toEqual([]);
  });

  it.each<[string, (own: Content) => unknown]>([
    ['a frame inside the page', (own) => ({ parent: own.mainFrame, frameTreeNodeId: 1, url: 'app://countersign/' })],
    ['a frame that has gone elsewhere', () => null],
    ['another frame that says it is on top', () => ({ parent: null, frameTreeNodeId: 2, url: 'app://countersign/' })],
  ])('I2 %s is not heard', async (_what, frame) => {
    const { ipc, content, window, ask, asked } = set();
    ipc.connect(content, window);
    expect(await ask([text], frame(content))).toMatchObject({
      ok: false,
      failure: { code: 'sender-not-trusted', chart: 'unchanged', correlation: 'c1' },
    });
    expect(asked).toEqual([]);
  });

  it.each(['https://example/', 'app://countersign.example/', 'about:blank', 'data:text/html,x', 'file:///app/index.html', ''])(
    'I2 a page at "%s" is not heard',
    async (url) => {
      const { ipc, content, window, ask, asked } = set();
      ipc.connect(content, window);
      content.mainFrame.url = url;
      expect(await ask([text])).toMatchObject({ ok: false, failure: { code: 'sender-not-trusted' } });
      expect(asked).toEqual([]);
    },
  );

  it('I2 a content that was not opened here is not heard, and a window hears only on its own channel', async () => {
    const { ipc, content, window, ask, asked } = set();
    const stranger = new Content();
    expect(await ask([text], stranger.mainFrame, stranger)).toMatchObject({ ok: false });
    ipc.connect(content, window);
    expect(await ask([text], content.mainFrame, content, passphraseChannel)).toMatchObject({
      ok: false,
      failure: { code: 'sender-not-trusted' },
    });
    expect(asked).toEqual([]);
  });

  it.each<[string, readonly unknown[], string]>([
    ['nothing', [], 'request-invalid'],
    ['an object', [{ method: 'today.read' }], 'request-invalid'],
    ['an object that has a prototype', [Object.create({ method: 'today.read' })], 'request-invalid'],
    ['two texts', [text, text], 'request-invalid'],
    ['no JSON', ['{'], 'request-invalid'],
    ['100 MB', ['x'.repeat(100 * 1024 * 1024)], 'request-too-large'],
    ['a little too much', ['1'.repeat(limits.bridgeRequestBytesMax + 1)], 'request-too-large'],
  ])('I2 %s is refused before anybody is asked', async (_what, args, code) => {
    const { ipc, content, window, ask, asked } = set();
    ipc.connect(content, window);
    expect(await ask(args)).toMatchObject({ ok: false, failure: { code } });
    expect(asked).toEqual([]);
  });

  it.each(['null', '7', '[]', '"x"', '{}'])('I2 %s asks for no method', async (json) => {
    const { ipc, content, window, ask, asked } = set();
    ipc.connect(content, window);
    await ask([json]);
    expect(asked).toEqual([[undefined, undefined]]);
  });

  it('I2 members that would become a prototype stay data', async () => {
    const { ipc, content, window, ask, asked } = set();
    ipc.connect(content, window);
    await ask(['{"method":"today.read","request":{"__proto__":{"admin":true}}}']);
    const request = asked[0]?.[1] as { admin?: boolean };
    expect(request.admin).toBeUndefined();
    expect(Object.getPrototypeOf(request)).toBe(Object.prototype);
  });
});

describe('I2 a window that goes on asking for what it may not have', () => {
  it.each(['sender', 'rate'])('I2 is closed: %s', async (kind) => {
    const { ipc, content, window, ask, log, answerWith } = set();
    ipc.connect(content, window);
    const failure = { code: 'too-many-requests', message: '', chart: 'unchanged', next: '', correlation: '' } as const;
    answerWith({ ok: false, failure });
    const once = () => (kind === 'rate' ? ask([text]) : ask([text], null));
    for (let at = 1; at < limits.windowRefusalsMax; at += 1) await once();
    expect(content.closed).toBe(0);
    await once();
    await once();
    expect(content.closed).toBe(1);
    expect(log.at(-1)).toBe('error window-closed-for-misuse');
  });

  it('I2 a refusal that a person can meet does not count', async () => {
    const { ipc, content, window, ask, answerWith } = set();
    ipc.connect(content, window);
    answerWith({ ok: false, failure: { code: 'role-forbids', message: '', chart: 'unchanged', next: '', correlation: '' } });
    for (let at = 0; at <= limits.windowRefusalsMax; at += 1) await ask([text]);
    expect(content.closed).toBe(0);
  });
});

describe('I2 notices', () => {
  it('I2 go to their window as long as it is there', () => {
    const { ipc, content, window, notices } = set();
    ipc.connect(content, window);
    const [tell] = notices;
    tell?.({ kind: 'frame' });
    content.destroyed = true;
    tell?.({ kind: 'frame' });
    expect(content.sent).toEqual([[noticeChannel, { kind: 'frame' }]]);
  });

  it('I2 a window taken away hears and asks no more, and its session has ended', async () => {
    const { ipc, content, window, notices, ask, closed } = set();
    ipc.connect(content, window)();
    expect(notices.size).toBe(0);
    expect(closed()).toBe(1);
    expect(await ask([text])).toMatchObject({ ok: false });
  });
});
