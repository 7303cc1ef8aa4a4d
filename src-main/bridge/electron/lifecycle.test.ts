import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isFirstInstance, quitInSteps, restoreOnce, type QuitParts } from './lifecycle.ts';
import { limits } from '../../../src-shared/limits/index.ts';

const id = 'abcdefghijklmnopqrstuvwxyz';

function recorder() {
  const listeners = new Map<string, (...args: unknown[]) => void>();
  return {
    on: (event: string, listener: (...args: never[]) => void): never => {
      listeners.set(event, listener as (...args: unknown[]) => void);
      return undefined as never;
    },
    emit(event: string, ...args: readonly unknown[]): boolean {
      let prevented = false;
      listeners.get(event)?.({ preventDefault: () => (prevented = true) }, ...args);
      return prevented;
    },
  };
}

describe('I2 one program', () => {
  function started(free: boolean, release = true) {
    const { on, emit } = recorder();
    const shown: (string | null)[] = [];
    const schemes: string[] = [];
    const first = isFirstInstance(
      {
        on,
        requestSingleInstanceLock: () => free,
        setAsDefaultProtocolClient: (scheme) => {
          schemes.push(scheme);
          return true;
        },
      },
      release,
      (screen) => shown.push(screen),
    );
    return { first, emit, shown, schemes };
  }

  it('I2 a second start ends, and listens to nothing', () => {
    const { first, emit, shown, schemes } = started(false);
    expect(first).toBe(false);
    emit('second-instance', [`countersign://write/${id}`]);
    expect([shown, schemes]).toEqual([[], []]);
  });

  it('I2 the first shows its window when there is a second, with the write that it names', () => {
    const { first, emit, shown, schemes } = started(true);
    expect(first).toBe(true);
    emit('second-instance', ['countersign', '--inspect', 'javascript:alert(1)', '; rm -rf /']);
    emit('second-instance', ['countersign', `countersign://write/${id}`]);
    expect(shown).toEqual([null, `/write/${id}`]);
    expect(schemes).toEqual(['countersign']);
  });

  it('I2 an address from the system leads to a write or nowhere', () => {
    const { emit, shown } = started(true);
    expect(emit('open-url', `countersign://write/${id}`)).toBe(true);
    expect(emit('open-url', 'countersign://approve/x')).toBe(true);
    expect(shown).toEqual([`/write/${id}`]);
  });

  it('I2 while it is worked on, it takes no addresses from the installed one', () => {
    expect(started(true, false).schemes).toEqual([]);
  });
});

describe('A4 the end of the program', () => {
  function running() {
    const { on, emit } = recorder();
    const calls: string[] = [];
    const log: string[] = [];
    const settled = Promise.withResolvers<void>();
    const slept = Promise.withResolvers<boolean>();
    let asked: { ms: number; signal: AbortSignal | undefined } | undefined;
    const parts: QuitParts = {
      app: { on, quit: () => calls.push('quit'), exit: (code) => calls.push(`exit ${code ?? 0}`) },
      timers: {
        sleep: (ms, signal) => {
          asked = { ms, signal };
          return slept.promise;
        },
      },
      log: { write: (_level, event) => log.push(event) },
      settle: () => {
        calls.push('settle');
        return settled.promise;
      },
      showWait: () => calls.push('wait'),
    };
    const quit = quitInSteps(parts);
    const turns = async (): Promise<void> => {
      for (let at = 0; at < 10; at += 1) await Promise.resolve();
    };
    return { emit, calls, log, settled, slept, quit, turns, asked: () => asked };
  }

  it('A4 waits, visibly, for what is under way, and only then goes', async () => {
    const { emit, calls, quit, settled, turns, asked } = running();
    expect(emit('before-quit')).toBe(true);
    await turns();
    expect(calls).toEqual(['wait', 'settle']);
    expect(quit.settled).toBe(false);
    settled.resolve();
    await turns();
    expect(calls).toEqual(['wait', 'settle', 'quit']);
    expect(quit.settled).toBe(true);
    expect(emit('before-quit')).toBe(false);
    expect(asked()).toMatchObject({ ms: limits.quitSettleMs, signal: { aborted: true } });
  });

  it('A4 settles once, however often it is told to quit', async () => {
    const { emit, calls, turns } = running();
    for (let at = 0; at < 5; at += 1) expect(emit('before-quit')).toBe(true);
    await turns();
    expect(calls).toEqual(['wait', 'settle']);
  });

  it('A4 does not wait for ever: what is still open then is found at the next start', async () => {
    const { emit, calls, log, slept, quit, turns } = running();
    emit('before-quit');
    slept.resolve(true);
    await turns();
    expect(calls).toEqual(['wait', 'settle', 'exit 1']);
    expect(log).toEqual(['quit-without-settling']);
    expect(quit.settled).toBe(true);
  });

  it('A4 says on the screen how long that takes at most', () => {
    const page = path.join(import.meta.dirname, '..', '..', '..', 'src-renderer', 'shell-pages', 'closing.html');
    expect(readFileSync(page, 'utf8')).toContain(`at most ${limits.quitSettleMs / 1000} seconds`);
  });

  it('A4 ends when settling fails', async () => {
    const { emit, calls, log, settled, turns } = running();
    emit('before-quit');
    settled.reject(new Error('the disk is full'));
    await turns();
    expect(calls).toEqual(['wait', 'settle', 'exit 1']);
    expect(log).toEqual(['quit-failed-to-settle']);
  });

  it('A4 quits when its last window is gone, on every system: no engine runs unseen', () => {
    const { emit, calls } = running();
    emit('window-all-closed');
    expect(calls).toEqual(['quit']);
  });
});

describe('A4 a window whose process dies', () => {
  it('A4 comes back once, then the person is told', () => {
    const { on, emit } = recorder();
    const did: string[] = [];
    restoreOnce(
      { on },
      {
        restore: () => did.push('restored'),
        tell: () => did.push('told'),
        log: { write: (_level, event, fields) => did.push(`${event} ${String(fields?.['died'])}`) },
      },
    );
    emit('render-process-gone', { reason: 'clean-exit', exitCode: 0 });
    expect(did).toEqual([]);
    emit('render-process-gone', { reason: 'crashed', exitCode: 11 });
    emit('render-process-gone', { reason: 'oom', exitCode: 9 });
    expect(did).toEqual(['window-process-gone 1', 'restored', 'window-process-gone 2', 'told']);
  });
});
