import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unlockWorkspace, type Unlocked, type Unlocking } from './unlock.ts';
import { addOsKeyStoreSlot, createKeySlots, deriveKeys, openWithOsKeyStore, type OsKeyStore } from '../platform/index.ts';
import type { PassphraseQuestion } from '../../src-shared/contract/index.ts';

const weak = { kdf: { memoryKiB: 1024, passes: 1, lanes: 1 }, allowWeakKdf: true } as const;
const passphrase = 'correct horse battery staple';

let folder: string;
let key: Buffer;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-unlock-'));
  const made = await createKeySlots(folder, passphrase, weak);
  if (!made.ok) throw new Error(made.message);
  ({ key } = made);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function keyStore(backend = 'gnome_libsecret', outdated = false): OsKeyStore {
  const sealing = (bytes: Uint8Array): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0x5a));
  return {
    backend: () => backend,
    available: () => Promise.resolve(true),
    encrypt: (bytes) => Promise.resolve(sealing(bytes)),
    decrypt: (sealed) => Promise.resolve({ bytes: sealing(sealed), outdated }),
  };
}

/** A person who types these, one after the other, and then closes the window. */
async function unlocking(
  typed: readonly (readonly [text: string, remember: boolean])[],
  change: Partial<Unlocking> = {},
): Promise<{ unlocked: Unlocked | null; questions: PassphraseQuestion[]; answers: (string | null)[]; log: string[] }> {
  const questions: PassphraseQuestion[] = [];
  const answers: (string | null)[] = [];
  const log: string[] = [];
  const unlocked = await unlockWorkspace(
    {
      folder,
      passphrase: null,
      store: keyStore(),
      log: { write: (_level, event) => log.push(event) },
      ask: async (question, tryPassphrase) => {
        questions.push(question);
        for (const [text, remember] of typed) {
          const answer = await tryPassphrase(text, remember);
          answers.push(answer);
          if (answer === null) return () => log.push('window gone');
        }
        return null;
      },
      ...change,
    },
    weak,
  );
  return { unlocked, questions, answers, log };
}

const rightKeys = (): ReturnType<typeof deriveKeys> => deriveKeys(Buffer.from(key));

describe('H2 the desktop shell comes by the keys', () => {
  it('H2 by the passphrase it was started with, and asks nobody', async () => {
    const { unlocked, questions } = await unlocking([], { passphrase });
    expect(unlocked?.keys).toEqual(rightKeys());
    expect(questions).toEqual([]);
    await expect(unlocking([], { passphrase: 'wrong' })).rejects.toMatchObject({ code: 'wrong-passphrase', exitCode: 3 });
  });

  it('H2 by the key store, and asks nobody', async () => {
    await addOsKeyStoreSlot(folder, key, keyStore());
    const { unlocked, questions } = await unlocking([]);
    expect(unlocked?.keys).toEqual(rightKeys());
    expect(questions).toEqual([]);
  });

  it('H2 from the person, as often as it takes; the window stays until there is another', async () => {
    const { unlocked, questions, answers, log } = await unlocking([
      ['wrong', false],
      [passphrase, false],
    ]);
    expect(unlocked?.keys).toEqual(rightKeys());
    expect(questions).toEqual([{ folder, why: 'The workspace is encrypted. Its passphrase opens it.', cannotRemember: null }]);
    expect(answers).toEqual(['The passphrase is not the one of this workspace. Nothing was changed.', null]);
    expect(log).toEqual([]);
    unlocked?.done();
    expect(log).toEqual(['window gone']);
    expect(await openWithOsKeyStore(folder, keyStore())).toMatchObject({ code: 'os-slot-missing' });
  });

  it('H2 and remembers them when asked to', async () => {
    await unlocking([[passphrase, true]]);
    expect(await openWithOsKeyStore(folder, keyStore())).toEqual({ ok: true, key, outdated: false });
  });

  it('H2 not at all when the person closes the window', async () => {
    expect((await unlocking([['wrong', true]])).unlocked).toBeNull();
    expect(await openWithOsKeyStore(folder, keyStore())).toMatchObject({ code: 'os-slot-missing' });
  });
});

describe('H2 FLT-23 a key store that cannot be used', () => {
  it('H2 of another name than before: the person is told why they are asked, and nothing is changed', async () => {
    await addOsKeyStoreSlot(folder, key, keyStore());
    const file = path.join(folder, 'key-slots.json');
    const before = readFileSync(file, 'utf8');
    const { unlocked, questions, log } = await unlocking([[passphrase, false]], { store: keyStore('kwallet6') });
    expect(unlocked?.keys).toEqual(rightKeys());
    expect(questions[0]?.why).toContain('"kwallet6"');
    expect(log).toEqual(['os-store-changed']);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  it('H2 that protects nothing: it cannot be remembered, and is not even when asked to', async () => {
    const { unlocked, questions, log } = await unlocking([[passphrase, true]], { store: keyStore('basic_text') });
    expect(unlocked?.keys).toEqual(rightKeys());
    expect(questions[0]?.cannotRemember).toContain('basic_text');
    expect(log).toEqual(['os-store-not-safe']);
  });

  it('H2 that wants the key sealed again gets it again', async () => {
    await addOsKeyStoreSlot(folder, key, keyStore());
    const sealed = (): unknown =>
      (JSON.parse(readFileSync(path.join(folder, 'key-slots.json'), 'utf8')) as { slots: unknown[] }).slots;
    const before = sealed();
    await unlocking([], { store: keyStore('gnome_libsecret', true) });
    expect(sealed()).not.toEqual(before);
    expect(await openWithOsKeyStore(folder, keyStore())).toMatchObject({ ok: true });
  });
});

describe('H2 what no passphrase can mend is said at once', () => {
  it('H2 no workspace', async () => {
    await expect(unlocking([], { folder: path.join(folder, 'x') })).rejects.toMatchObject({
      code: 'workspace-missing',
      exitCode: 3,
    });
  });

  it('H2 damaged key slots', async () => {
    writeFileSync(path.join(folder, 'key-slots.json'), '{');
    await expect(unlocking([])).rejects.toMatchObject({ code: 'key-slots-damaged', exitCode: 3 });
  });
});
