import { describe, expect, it } from 'vitest';
import { passphrasePage } from './addresses.ts';
import { askPassphrase, type PassphraseParts } from './passphrase-window.ts';

const question = { folder: '/w', why: 'It is encrypted.', cannotRemember: null };

function asking(tryPassphrase: (text: string, remember: boolean) => Promise<string | null>) {
  const listeners = new Map<string, () => void>();
  const did: string[] = [];
  let ask: ((value: unknown) => Promise<unknown>) | undefined;
  const on = (event: string, listener: (...args: never[]) => void): never => {
    listeners.set(event, listener as () => void);
    return undefined as never;
  };
  const parts: PassphraseParts = {
    options: {},
    ipc: {
      connectPassphrase: (_contents, answer) => {
        ask = answer;
        return () => did.push('disconnected');
      },
    },
    open: () => ({
      on,
      once: on,
      show: () => did.push('show'),
      close: () => did.push('close'),
      isDestroyed: () => false,
      loadURL: (url) => {
        did.push(url);
        return Promise.resolve();
      },
      webContents: { send: () => undefined, isDestroyed: () => false, close: () => undefined },
    }),
  };
  const done = askPassphrase(parts, question, tryPassphrase);
  return { did, done, ask: (value: unknown) => ask?.(value), emit: (event: string) => listeners.get(event)?.() };
}

const typed = (text: string) => ({ kind: 'passphrase', text, remember: true });

describe('H2 the window that asks for the passphrase', () => {
  it('H2 shows its page and what is asked', async () => {
    const { did, ask, emit } = asking(() => Promise.resolve(null));
    emit('ready-to-show');
    expect(did).toEqual([passphrasePage, 'show']);
    expect(await ask({ kind: 'question' })).toEqual({ ok: true, value: question });
  });

  it.each([
    null,
    {},
    { kind: 'other' },
    { kind: 'passphrase', text: '', remember: false },
    typed('x'.repeat(1025)),
    { ...typed('x'), more: 1 },
  ])('H2 tries nothing for %j', async (value) => {
    let tried = 0;
    const { ask } = asking(() => Promise.resolve(String((tried += 1))));
    expect(await ask(value)).toMatchObject({ ok: true, value: { refusal: expect.any(String) as unknown } });
    expect(tried).toBe(0);
  });

  it('H2 tries one passphrase at a time, and none once it is open', async () => {
    const first = Promise.withResolvers<string | null>();
    const tried: string[] = [];
    const { ask, done, did } = asking((text) => {
      tried.push(text);
      return first.promise;
    });
    const answer = ask(typed('a'));
    expect(await ask(typed('b'))).toMatchObject({ value: { refusal: expect.stringContaining('still being tried') as unknown } });
    first.resolve(null);
    expect(await answer).toEqual({ ok: true, value: { refusal: null } });
    await ask(typed('c'));
    expect(tried).toEqual(['a']);
    // It stays until there is something else to look at.
    expect(did).not.toContain('close');
    (await done)?.();
    expect(did).toContain('close');
  });

  it('H2 is told when the person closes it', async () => {
    const { emit, done, did } = asking(() => Promise.resolve('wrong'));
    emit('closed');
    expect(await done).toBeNull();
    expect(did).toContain('disconnected');
  });

  it('H2 hands on what went wrong while a passphrase was tried', async () => {
    const { ask, done } = asking(() => Promise.reject(new Error('the disk')));
    const failed = expect(done).rejects.toThrow('the disk');
    expect(await ask(typed('a'))).toMatchObject({ value: { refusal: 'The workspace cannot be opened.' } });
    await failed;
  });
});
