import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { callChannel, noticeChannel, passphraseChannel } from './channels.ts';
import { exposeConsole, exposePassphrase, type PreloadParts } from './exposed-bridge.ts';
import type { ExposedBridge, ExposedPassphrase } from '../../../src-shared/contract/index.ts';

function parts() {
  const exposed: Record<string, unknown> = {};
  const invoked: unknown[][] = [];
  const listeners = new Set<(...args: never[]) => void>();
  const given: PreloadParts = {
    contextBridge: { exposeInMainWorld: (name, api) => void (exposed[name] = api) },
    ipcRenderer: {
      invoke: (...args) => {
        invoked.push(args);
        return Promise.resolve('answer');
      },
      on: (channel, listener) => {
        expect(channel).toBe(noticeChannel);
        listeners.add(listener);
        return undefined as never;
      },
      removeListener: (_channel, listener) => {
        listeners.delete(listener);
        return undefined as never;
      },
    },
  };
  return { exposed, invoked, listeners, given };
}

describe('I2 what a page gets', () => {
  it('I2 two functions, and nothing of Electron', async () => {
    const { exposed, invoked, listeners, given } = parts();
    exposeConsole(given);
    expect(Object.keys(exposed)).toEqual(['countersign']);
    const bridge = exposed['countersign'] as ExposedBridge;
    expect(Object.keys(bridge)).toEqual(['call', 'onNotice']);
    expect(await bridge.call('today.read', { a: 1 })).toBe('answer');
    expect(invoked).toEqual([[callChannel, '{"method":"today.read","request":{"a":1}}']]);
    const heard: unknown[][] = [];
    const stop = bridge.onNotice((...args) => heard.push(args));
    for (const listener of listeners as Set<(...args: unknown[]) => void>) listener({ sender: 'secret' }, { kind: 'frame' });
    expect(heard).toEqual([[{ kind: 'frame' }]]);
    expect(stop()).toBeUndefined();
    expect(listeners.size).toBe(0);
  });

  it('I2 the passphrase page gets one', async () => {
    const { exposed, invoked, given } = parts();
    exposePassphrase(given);
    expect(Object.keys(exposed)).toEqual(['countersignPassphrase']);
    await (exposed['countersignPassphrase'] as ExposedPassphrase).ask({ kind: 'question' });
    expect(invoked).toEqual([[passphraseChannel, '{"kind":"question"}']]);
  });
});

describe('I2 the built preload scripts', () => {
  const folder = path.join(import.meta.dirname, '..', '..', '..', 'out', 'preload');
  it.each(['preload.cjs', 'passphrase-preload.cjs'])('I2 %s is one file that loads nothing but Electron', (name) => {
    const file = path.join(folder, name);
    expect(existsSync(file)).toBe(true);
    const source = readFileSync(file, 'utf8');
    expect([...source.matchAll(/\b(?:require|import)\s*\(([^)]*)\)/g)].map(([, what]) => what)).toEqual(['"electron"']);
    expect(source).not.toMatch(/^\s*(?:import|export)\b/m);
    // The names it needs, not the schemas of the contract.
    expect(source.length).toBeLessThan(4_000);
  });
});
