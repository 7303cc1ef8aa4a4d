import type { MessageBoxOptions } from 'electron';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closingPage, consolePage } from './addresses.ts';
import { noticeChannel } from './channels.ts';
import { ConsoleWindow, type ShownWindow } from './console-window.ts';
import type { BridgeWindow } from '../bridge.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-window-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function opened({ maximized = false, answer = 0 } = {}) {
  const did: string[] = [];
  const sent: unknown[][] = [];
  const sessions: { closed: boolean; asked: unknown[][] }[] = [];
  const boxes: MessageBoxOptions[] = [];
  const listeners = new Map<string, (...args: unknown[]) => void>();
  const on = (event: string, listener: (...args: never[]) => void): never => {
    listeners.set(event, listener as (...args: unknown[]) => void);
    return undefined as never;
  };
  const state = { minimized: false, settled: false };
  const window: ShownWindow = {
    on,
    once: on,
    show: () => did.push('show'),
    focus: () => did.push('focus'),
    maximize: () => did.push('maximize'),
    isMaximized: () => maximized,
    isMinimized: () => state.minimized,
    restore: () => did.push('unminimize'),
    getNormalBounds: () => ({ x: 5, y: 30, width: 1000, height: 700 }),
    setTitle: () => undefined,
    loadURL: (url) => {
      did.push(url);
      return Promise.resolve();
    },
    isDestroyed: () => false,
    webContents: { on, send: (...args) => sent.push(args), isDestroyed: () => false, close: () => undefined },
  };
  const placeFile = path.join(folder, 'window.json');
  const console = new ConsoleWindow({
    ...{ window, placeFile, quit: state },
    place: { bounds: { width: 1000, height: 700 }, maximized },
    bridge: {
      open: () => {
        const session = { closed: false, asked: [] as unknown[][] };
        sessions.push(session);
        const made: BridgeWindow = {
          call: (...args) => {
            session.asked.push(args);
            return Promise.resolve({ ok: true, value: {} });
          },
          onNotice: () => () => undefined,
          close: () => (session.closed = true),
        };
        return made;
      },
    },
    ipc: {
      connect: (_contents, made) => () => made.close(),
    },
    ask: (options) => {
      boxes.push(options);
      return Promise.resolve({ response: answer });
    },
    end: () => did.push('end'),
    log: { write: () => undefined },
  });
  const emit = (event: string, ...args: readonly unknown[]): boolean => {
    let prevented = false;
    listeners.get(event)?.({ preventDefault: () => (prevented = true) }, ...args);
    return prevented;
  };
  return { console, did, sent, sessions, boxes, state, emit, placeFile };
}

const dead = { reason: 'crashed', exitCode: 1 };

describe('I2 the console window', () => {
  it('I2 is one session of the bridge, shown once there is a picture', async () => {
    const { console, did, sessions, emit } = opened({ maximized: true });
    await console.load('/write/abc');
    emit('ready-to-show');
    expect(did).toEqual(['maximize', `${consolePage}#/write/abc`, 'show']);
    expect(sessions).toHaveLength(1);
    emit('closed');
    expect(sessions[0]?.closed).toBe(true);
  });

  it('I2 comes to the front, on the screen that is named', () => {
    const { console, did, state } = opened();
    state.minimized = true;
    console.show('/queue');
    state.minimized = false;
    console.show(null);
    expect(did).toEqual(['unminimize', 'show', 'focus', `${consolePage}#/queue`, 'show', 'focus']);
  });

  it('I2 locks in the main process first, then on the screen', async () => {
    const { console, sent, sessions } = opened();
    await console.lock();
    expect(sessions[0]?.asked).toEqual([['session.lock', {}]]);
    expect(sent).toEqual([[noticeChannel, { kind: 'session', state: 'locked' }]]);
  });
});

describe('A4 the console window at the end', () => {
  it('A4 does not close while something is under way, and says so instead', () => {
    const { console, did, sessions, state, emit, placeFile } = opened();
    expect(emit('close')).toBe(true);
    expect(did).toEqual(['end']);
    expect(existsSync(placeFile)).toBe(true);
    console.showWait();
    console.showWait();
    expect(did).toEqual(['end', closingPage, 'show']);
    expect(sessions[0]?.closed).toBe(true);
    console.show('/queue');
    expect(did).not.toContain(`${consolePage}#/queue`);
    state.settled = true;
    expect(emit('close')).toBe(false);
  });

  it('A4 whose process died comes back once, with nobody signed in', () => {
    const { did, sessions, boxes, emit } = opened();
    emit('render-process-gone', dead);
    expect(did).toEqual([consolePage]);
    expect(sessions.map(({ closed }) => closed)).toEqual([true, false]);
    expect(boxes).toEqual([]);
  });

  it.each([
    [0, consolePage],
    [1, 'end'],
  ])('A4 whose process died again asks the person (answer %i)', async (answer, last) => {
    const { did, boxes, emit } = opened({ answer });
    emit('render-process-gone', dead);
    emit('render-process-gone', dead);
    await Promise.resolve();
    await Promise.resolve();
    expect(boxes).toHaveLength(1);
    expect(boxes[0]?.buttons).toEqual(['Open the window again', 'Close Countersign']);
    expect(did).toEqual([consolePage, last]);
  });

  it('A4 whose process dies while it is closing stays away', () => {
    const { console, did, sessions, emit } = opened();
    console.showWait();
    emit('render-process-gone', dead);
    expect(sessions).toHaveLength(1);
    expect(did.at(-1)).toBe('show');
  });
});
