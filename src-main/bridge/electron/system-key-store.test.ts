import { describe, expect, it } from 'vitest';
import { systemKeyStore } from './system-key-store.ts';

type Storage = Parameters<typeof systemKeyStore>[0];

function storage(change: Partial<Storage> = {}): Storage {
  return {
    getSelectedStorageBackend: () => 'basic_text',
    isAsyncEncryptionAvailable: () => Promise.resolve(true),
    encryptStringAsync: (text) => Promise.resolve(Buffer.from(`sealed ${text}`)),
    decryptStringAsync: (sealed) => Promise.resolve({ result: sealed.toString().replace('sealed ', ''), shouldReEncrypt: true }),
    ...change,
  };
}

describe('H2 the key store of the system', () => {
  it.each([
    ['darwin', 'keychain'],
    ['win32', 'dpapi'],
    ['linux', 'basic_text'],
    ['freebsd', 'basic_text'],
  ] as const)('H2 on %s is named %s', (platform, name) => {
    expect(systemKeyStore(storage(), platform).backend()).toBe(name);
  });

  it('H2 gives back the bytes it was given, whatever they are, and says when they should be sealed again', async () => {
    const store = systemKeyStore(storage(), 'linux');
    const bytes = Buffer.from([0, 255, 10, 128, 195, 40]);
    expect(await store.decrypt(await store.encrypt(bytes))).toEqual({ bytes, outdated: true });
    expect(await store.available()).toBe(true);
  });

  it('H2 hands on what fails', async () => {
    const broken = storage({ decryptStringAsync: () => Promise.reject(new Error('denied')) });
    await expect(systemKeyStore(broken, 'linux').decrypt(Buffer.alloc(1))).rejects.toThrow('denied');
  });
});
