import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSlots } from './format.ts';
import { deriveFromPassphrase, isBelowFloor, passphraseKdf } from './kdf.ts';
import { createKeySlots, deriveKeys, openKeySlots, wipeKeys } from './key-slots.ts';
import { keyIdOf } from './wrap.ts';

/** Enough to be Argon2id, too little to be safe: for tests alone. */
const weak = { kdf: { memoryKiB: 1024, passes: 1, lanes: 1 }, allowWeakKdf: true } as const;
const passphrase = 'correct horse battery staple';

let root: string;
let folder: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-keys-'));
  folder = join(root, 'W');
  file = join(folder, 'key-slots.json');
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

type Json = Record<string, unknown> & { slots: (Record<string, unknown> & { kdf: Record<string, unknown> })[] };
const content = (): Json => JSON.parse(readFileSync(file, 'utf8')) as Json;

/** Writes the file again with something changed and a checksum that fits, as somebody would who means to deceive. */
function rewrite(change: (json: Json) => void): void {
  const { sha256: _sha256, ...json } = content();
  change(json as Json);
  writeFileSync(file, writeSlots(json as never));
}

async function created(): Promise<Buffer> {
  const slots = await createKeySlots(folder, passphrase, weak);
  if (!slots.ok) throw new Error(slots.message);
  return slots.key;
}

async function openedCode(text = passphrase, options: { allowWeakKdf?: boolean } = weak): Promise<string> {
  const opened = await openKeySlots(folder, text, options);
  return opened.ok ? 'ok' : opened.code;
}

describe('H2 a workspace key', () => {
  it('H2 is made once, and comes back with the passphrase', async () => {
    const key = await created();
    expect(key).toHaveLength(32);
    const opened = await openKeySlots(folder, passphrase, weak);
    expect(opened).toEqual({ ok: true, key });
  });

  it('H2 is another one each time', async () => {
    const key = await created();
    rmSync(file);
    expect((await created()).equals(key)).toBe(false);
  });

  it('H2 does not stand in its file, which only its owner can read', async () => {
    const key = await created();
    const text = readFileSync(file, 'utf8');
    for (const form of ['hex', 'base64', 'latin1'] as const) expect(text).not.toContain(key.toString(form));
    expect(text).not.toContain(passphrase);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['key-slots.json']);
  });

  it('H2 is not had with another passphrase', async () => {
    await created();
    for (const wrong of ['', 'x', `${passphrase} `, passphrase.toUpperCase()])
      expect(await openedCode(wrong)).toBe('wrong-passphrase');
  });

  it('H2 comes back when the passphrase is typed in another Unicode form', async () => {
    await createKeySlots(folder, 'Caf\u00e9', weak);
    expect(await openedCode('Cafe\u0301')).toBe('ok');
  });

  it('H2 is in a file whose parameters are recorded', async () => {
    await created();
    const [slot] = content().slots;
    expect(slot).toMatchObject({
      kind: 'passphrase',
      cipher: 'aes-256-gcm',
      kdf: { name: 'argon2id', version: 19, memoryKiB: 1024, passes: 1, lanes: 1 },
    });
    expect(Buffer.from(String(slot?.kdf['salt']), 'base64')).toHaveLength(16);
  });
});

describe('H2 what is there is never made anew', () => {
  it('H2 an existing file is left alone', async () => {
    await created();
    const before = readFileSync(file);
    expect(await createKeySlots(folder, 'another', weak)).toMatchObject({ ok: false, code: 'key-slots-exist' });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('H2 a damaged file too', async () => {
    mkdirSync(folder);
    writeFileSync(file, '');
    expect(await createKeySlots(folder, passphrase, weak)).toMatchObject({ ok: false, code: 'key-slots-exist' });
    expect(readFileSync(file, 'utf8')).toBe('');
  });

  it.each(['ledger.db', 'ledger.db-wal', 'payload-keys.db', 'checkpoints'])('H2 no key is made beside %s', async (name) => {
    mkdirSync(folder);
    if (name === 'checkpoints') mkdirSync(join(folder, name));
    else writeFileSync(join(folder, name), 'x');
    expect(await createKeySlots(folder, passphrase, weak)).toMatchObject({ ok: false, code: 'ledger-exists' });
    expect(existsSync(file)).toBe(false);
  });

  it('H2 of several that create at once, one succeeds, and its key is the one that opens', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => createKeySlots(folder, passphrase, weak)));
    const made = all.filter((one) => one.ok);
    expect(made).toHaveLength(1);
    expect(all.filter((one) => !one.ok && one.code === 'key-slots-exist')).toHaveLength(5);
    expect(await openKeySlots(folder, passphrase, weak)).toEqual(made[0]);
    expect(readdirSync(folder)).toEqual(['key-slots.json']);
  });

  it('H2 an empty passphrase makes nothing', async () => {
    expect(await createKeySlots(folder, '', weak)).toMatchObject({ ok: false, code: 'passphrase-empty' });
    expect(existsSync(folder)).toBe(false);
  });
});

describe('H2 opening says what is wrong', () => {
  it('H2 no folder, or nothing in it', async () => {
    expect(await openedCode()).toBe('workspace-missing');
    mkdirSync(folder);
    expect(await openedCode()).toBe('workspace-missing');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('H2 a ledger without its key slots', async () => {
    await created();
    writeFileSync(join(folder, 'ledger.db'), 'x');
    rmSync(file);
    expect(await openedCode()).toBe('key-slots-missing');
    expect(readdirSync(folder)).toEqual(['ledger.db']);
  });

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another JSON', '[]'],
    ['another format', '{"format":"x","version":1,"slots":[]}'],
    ['random bytes', '\u0000\u0001\u0002'],
    ['a huge file', 'x'.repeat(2 * 1024 * 1024)],
  ])('H2 a file that holds %s', async (_what, text) => {
    await created();
    writeFileSync(file, text);
    expect(await openedCode()).toBe('key-slots-damaged');
  });

  it('H2 a file in which any one character is changed never opens', async () => {
    await created();
    const text = readFileSync(file, 'utf8');
    for (let at = 0; at < text.length; at += 1) {
      if (/\s/.test(text[at] ?? ' ')) continue;
      writeFileSync(file, `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`);
      expect(await openedCode(), `character ${String(at)}`).toBe('key-slots-damaged');
    }
  });

  it('H2 a newer version, or only slots of kinds that are not known', async () => {
    await created();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"version": 1,', '"version": 2,'));
    expect(await openedCode()).toBe('key-slots-newer');
    writeFileSync(file, text);
    rewrite((json) => {
      json.slots = [{ kind: 'os-store', backend: 'keychain' } as never];
    });
    expect(await openedCode()).toBe('key-slots-newer');
  });

  it('H2 a slot of a kind that is not known is passed over', async () => {
    const key = await created();
    rewrite((json) => {
      json.slots.unshift({ kind: 'os-store', backend: 'keychain', wrapped: 'x' } as never);
    });
    expect(await openKeySlots(folder, passphrase, weak)).toEqual({ ok: true, key });
  });

  it('H2 a slot whose header was changed does not open, since the tag covers it', async () => {
    await created();
    const text = readFileSync(file, 'utf8');
    const changes: readonly ((json: Json) => void)[] = [
      (json) => (json['keyId'] = 'a'.repeat(26)),
      (json) => Object.assign(json.slots[0] ?? {}, { createdAt: '2020-01-01T00:00:00.000Z' }),
      (json) => Object.assign(json.slots[0]?.kdf ?? {}, { memoryKiB: 2048 }),
      (json) => Object.assign(json.slots[0]?.kdf ?? {}, { passes: 2 }),
      (json) => Object.assign(json.slots[0]?.kdf ?? {}, { salt: Buffer.alloc(16, 1).toString('base64') }),
      (json) => Object.assign(json.slots[0] ?? {}, { nonce: Buffer.alloc(12, 1).toString('base64') }),
      (json) => Object.assign(json.slots[0] ?? {}, { wrapped: Buffer.alloc(48, 1).toString('base64') }),
    ];
    for (const change of changes) {
      writeFileSync(file, text);
      rewrite(change);
      expect(await openedCode()).toBe('wrong-passphrase');
    }
  });

  it.each([
    ['no slot', (json: Json) => (json.slots = [])],
    ['a slot without its kind', (json: Json) => delete json.slots[0]?.['kind']],
    ['a slot without its salt', (json: Json) => delete json.slots[0]?.kdf['salt']],
    ['a slot with a salt too short', (json: Json) => Object.assign(json.slots[0]?.kdf ?? {}, { salt: 'AAAA' })],
    ['another function', (json: Json) => Object.assign(json.slots[0]?.kdf ?? {}, { name: 'pbkdf2' })],
    ['parameters that would take all memory', (json: Json) => Object.assign(json.slots[0]?.kdf ?? {}, { memoryKiB: 2 ** 31 })],
    ['parameters that would take all time', (json: Json) => Object.assign(json.slots[0]?.kdf ?? {}, { passes: 2 ** 31 })],
    ['another cipher', (json: Json) => Object.assign(json.slots[0] ?? {}, { cipher: 'none' })],
    ['a key too short', (json: Json) => Object.assign(json.slots[0] ?? {}, { wrapped: 'AAAA' })],
  ])('H2 %s', async (_what, change) => {
    await created();
    rewrite(change);
    expect(await openedCode()).toBe('key-slots-damaged');
  });
});

describe('H2 the strength of a passphrase slot', () => {
  it('H2 new ones take 256 MiB, three passes, four lanes; RFC 9106 is the floor', () => {
    expect(passphraseKdf).toEqual({ memoryKiB: 262_144, passes: 3, lanes: 4 });
    expect(isBelowFloor(passphraseKdf)).toBe(false);
    const floor = { memoryKiB: 65_536, passes: 3, lanes: 4 };
    expect(isBelowFloor(floor)).toBe(false);
    for (const less of [{ memoryKiB: 65_535 }, { passes: 2 }, { lanes: 3 }])
      expect(isBelowFloor({ ...floor, ...less })).toBe(true);
  });

  it('H2 weaker ones are neither made nor opened', async () => {
    await expect(createKeySlots(folder, passphrase, { kdf: weak.kdf })).rejects.toThrow(RangeError);
    expect(existsSync(folder)).toBe(false);
    await created();
    expect(await openedCode(passphrase, {})).toBe('key-slots-damaged');
  });

  it('H2 the product makes and opens its own, without options', async () => {
    const made = await createKeySlots(folder, passphrase);
    expect(await openKeySlots(folder, passphrase)).toEqual(made);
    expect(content().slots[0]?.kdf).toMatchObject({ memoryKiB: 262_144, passes: 3, lanes: 4 });
  });

  it('H2 the function is Argon2id, version 19', async () => {
    const salt = Buffer.alloc(16, 7);
    const kdf = { memoryKiB: 64, passes: 2, lanes: 2 };
    const encoded = await hash(passphrase, { memoryCost: 64, timeCost: 2, parallelism: 2, salt });
    const [, name, version, parameters, , digest] = encoded.split('$');
    expect([name, version, parameters]).toEqual(['argon2id', 'v=19', 'm=64,t=2,p=2']);
    expect((await deriveFromPassphrase(passphrase, kdf, salt)).toString('base64').replaceAll('=', '')).toBe(digest);
  });
});

describe('H2 derived keys', () => {
  it('H2 are four, of 32 bytes, each other, and always the same for the same key', () => {
    const [first, second] = [deriveKeys(Buffer.alloc(32, 5)), deriveKeys(Buffer.alloc(32, 5))];
    const all = [first.ledger, first.payload, first.signing, first.pseudonym];
    expect(all.every((key) => key.length === 32)).toBe(true);
    expect(new Set(all.map((key) => key.toString('hex'))).size).toBe(4);
    expect(second).toEqual(first);
    expect(deriveKeys(Buffer.alloc(32, 6)).ledger.equals(first.ledger)).toBe(false);
  });

  it('H2 are frozen: another version must open what this one wrote', () => {
    // Computed apart, with HKDF-SHA-256 written out in another language.
    const keys = deriveKeys(Buffer.from(Array.from({ length: 32 }, (_, index) => index)));
    expect(Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, (key as Buffer).toString('hex')]))).toEqual({
      ledger: 'dde8195238679801785212eeab5440f8ed9e3de421d2a4eab07b1388585633eb',
      payload: '60fd468ca7f5af900de6602ef4f527df818a2d12e7c20c95b0834b271dce794a',
      signing: 'd03f6b961173fcb71a52fd660118e0cd82145ba9722a8c60fdceb46f64d58484',
      pseudonym: '129c1543c1b1993c2fd93cee2bf22248cd98a22a13cbcc52d5696e99dad70be6',
    });
    expect(keyIdOf(Buffer.alloc(32, 1))).toBe('fb6vicaddn7aba4ovrzoy7oluy');
  });

  it('H2 leave nothing of the workspace key behind, and can be overwritten themselves', () => {
    const key = Buffer.alloc(32, 5);
    const keys = deriveKeys(key);
    expect(key.equals(Buffer.alloc(32))).toBe(true);
    wipeKeys(keys);
    for (const one of Object.values(keys) as Buffer[]) expect(one.equals(Buffer.alloc(32))).toBe(true);
  });

  it('H2 are refused for a key of another length', () => {
    for (const length of [0, 16, 31, 33]) expect(() => deriveKeys(Buffer.alloc(length, 1))).toThrow(RangeError);
  });
});
