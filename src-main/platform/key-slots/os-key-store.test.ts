import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSlots } from './format.ts';
import { createKeySlots, openKeySlots } from './key-slots.ts';
import { addOsKeyStoreSlot, openWithOsKeyStore, osKeyStoreUsable, type OsKeyStore } from './os-key-store.ts';

const weak = { kdf: { memoryKiB: 1024, passes: 1, lanes: 1 }, allowWeakKdf: true } as const;
const passphrase = 'correct horse battery staple';
const clock = { now: () => Date.UTC(2026, 2, 2) };

let folder: string;
let file: string;
let key: Buffer;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-os-store-'));
  file = join(folder, 'key-slots.json');
  const made = await createKeySlots(folder, passphrase, weak);
  if (!made.ok) throw new Error(made.message);
  ({ key } = made);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A key store of a system, as one user has it on one machine. */
class Store implements OsKeyStore {
  name = 'gnome_libsecret';
  reachable = true;
  broken = false;
  outdated = false;
  readonly opened: Uint8Array[] = [];
  private readonly secret = randomBytes(32);

  backend(): string {
    return this.name;
  }
  available(): Promise<boolean> {
    return this.broken ? Promise.reject(new Error('no bus')) : Promise.resolve(this.reachable);
  }
  encrypt(bytes: Uint8Array): Promise<Buffer> {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.secret, nonce);
    return Promise.resolve(Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]));
  }
  decrypt(sealed: Uint8Array): Promise<{ bytes: Buffer; outdated: boolean }> {
    this.opened.push(sealed);
    const decipher = createDecipheriv('aes-256-gcm', this.secret, sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(-16));
    const bytes = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
    return Promise.resolve({ bytes, outdated: this.outdated });
  }
}

type Json = Record<string, unknown> & { slots: Record<string, unknown>[] };
const content = (): Json => JSON.parse(readFileSync(file, 'utf8')) as Json;
/** Changes the file with a checksum that fits, as somebody would who means to deceive. */
function rewrite(change: (json: Json) => void): void {
  const { sha256: _sha256, ...json } = content();
  change(json as Json);
  writeFileSync(file, writeSlots(json as never));
}
async function added(store = new Store()): Promise<Store> {
  expect(await addOsKeyStoreSlot(folder, key, store, clock)).toEqual({ ok: true });
  return store;
}
async function code(store: OsKeyStore): Promise<string> {
  const opened = await openWithOsKeyStore(folder, store);
  if (!opened.ok) expect(opened.message).not.toBe('');
  return opened.ok ? 'ok' : opened.code;
}

describe('H2 the slot of the system key store', () => {
  it('H2 gives the workspace key back, beside the passphrase', async () => {
    const store = await added();
    expect(await openWithOsKeyStore(folder, store)).toEqual({ ok: true, key, outdated: false });
    expect(await openKeySlots(folder, passphrase, weak)).toEqual({ ok: true, key });
  });

  it('H2 records which store, when and how, and holds no key in clear', async () => {
    const store = await added();
    const [, slot] = content().slots;
    expect(slot).toMatchObject({
      kind: 'os-key-store',
      backend: 'gnome_libsecret',
      createdAt: '2026-03-02T00:00:00.000Z',
      cipher: 'aes-256-gcm',
    });
    const text = readFileSync(file, 'utf8');
    for (const form of ['hex', 'base64', 'latin1'] as const) expect(text).not.toContain(key.toString(form));
    const { bytes } = await store.decrypt(Buffer.from(String(slot?.['sealed']), 'base64'));
    // The store holds a key of the slot's own: the workspace key never goes through it.
    expect(bytes.equals(key)).toBe(false);
    expect(readdirSync(folder)).toEqual(['key-slots.json']);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('H2 is there once per store: added again it is a new one, and other stores keep theirs', async () => {
    const store = await added();
    const former = content().slots[1]?.['sealed'];
    store.name = 'kwallet6';
    await added(store);
    store.name = 'gnome_libsecret';
    await added(store);
    const { slots } = content();
    expect(slots.map((slot) => [slot['kind'], slot['backend']])).toEqual([
      ['passphrase', undefined],
      ['os-key-store', 'kwallet6'],
      ['os-key-store', 'gnome_libsecret'],
    ]);
    expect(slots[2]?.['sealed']).not.toBe(former);
  });

  it('H2 leaves slots and members of kinds that are not known as they are', async () => {
    rewrite((json) => {
      json.slots.push({ kind: 'later', wrapped: 'x' });
      json['later'] = { a: 1 };
    });
    await added();
    expect(content()).toMatchObject({ later: { a: 1 } });
    expect(content().slots).toContainEqual({ kind: 'later', wrapped: 'x' });
  });

  it('H2 says when the store wants it sealed again', async () => {
    const store = await added();
    store.outdated = true;
    expect(await openWithOsKeyStore(folder, store)).toEqual({ ok: true, key, outdated: true });
  });
});

describe('H2 FLT-23 whatever is wrong with the store, the passphrase is asked for and nothing is changed', () => {
  it.each<[string, string, (store: Store) => void]>([
    ['os-store-not-safe', 'it is the one that protects nothing', (store) => (store.name = 'basic_text')],
    ['os-store-not-safe', 'it is not known yet', (store) => (store.name = 'unknown')],
    ['os-store-not-safe', 'it has a name that nobody knows', (store) => (store.name = 'new_wallet')],
    ['os-store-unavailable', 'it is locked', (store) => (store.reachable = false)],
    ['os-store-failed', 'it fails', (store) => (store.broken = true)],
    ['os-store-changed', 'another store is used than before', (store) => (store.name = 'kwallet6')],
  ])('H2 %s: %s', async (expected, _why, change) => {
    const store = await added();
    const before = readFileSync(file);
    store.opened.length = 0;
    change(store);
    expect(await code(store)).toBe(expected);
    expect(store.opened).toEqual([]);
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(await openKeySlots(folder, passphrase, weak)).toEqual({ ok: true, key });
  });

  it('H2 os-store-failed: the store of another user or machine', async () => {
    await added();
    const before = readFileSync(file);
    expect(await code(new Store())).toBe('os-store-failed');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('H2 os-slot-missing: never added', async () => {
    expect(await code(new Store())).toBe('os-slot-missing');
  });

  it.each<[string, (json: Json) => void]>([
    ['the name of the store', (json) => Object.assign(json.slots[1] ?? {}, { backend: 'kwallet6' })],
    ['the id of the key', (json) => (json['keyId'] = 'a'.repeat(26))],
    ['the time', (json) => Object.assign(json.slots[1] ?? {}, { createdAt: '2020-01-01T00:00:00.000Z' })],
    ['the nonce', (json) => Object.assign(json.slots[1] ?? {}, { nonce: Buffer.alloc(12, 1).toString('base64') })],
    ['the wrapped key', (json) => Object.assign(json.slots[1] ?? {}, { wrapped: Buffer.alloc(48, 1).toString('base64') })],
  ])('H2 os-slot-refused: %s was changed', async (_what, change) => {
    const store = await added();
    rewrite(change);
    store.name = String(content().slots[1]?.['backend']);
    expect(await code(store)).toBe('os-slot-refused');
  });

  it.each([
    ['another cipher', { cipher: 'none' }],
    ['no store', { backend: '' }],
    ['a sealed key that is too long', { sealed: Buffer.alloc(5000).toString('base64') }],
    ['a wrapped key that is too short', { wrapped: 'AAAA' }],
  ])('H2 key-slots-damaged: %s', async (_what, change) => {
    const store = await added();
    rewrite((json) => Object.assign(json.slots[1] ?? {}, change));
    expect(await code(store)).toBe('key-slots-damaged');
  });

  it('H2 a file without a passphrase slot opens for nobody', async () => {
    const store = await added();
    rewrite((json) => json.slots.shift());
    expect(await code(store)).toBe('key-slots-newer');
  });
});

describe('H2 adding the slot', () => {
  it.each<[string, (store: Store) => void]>([
    ['os-store-not-safe', (store) => (store.name = 'basic_text')],
    ['os-store-unavailable', (store) => (store.reachable = false)],
    ['os-store-failed', (store) => (store.broken = true)],
    ['os-store-failed', (store) => (store.encrypt = () => Promise.reject(new Error('denied')))],
    ['os-store-failed', (store) => (store.decrypt = () => Promise.resolve({ bytes: Buffer.alloc(32), outdated: false }))],
    ['os-store-failed', (store) => (store.encrypt = () => Promise.resolve(Buffer.alloc(5000)))],
  ])('H2 %s: nothing is written', async (expected, change) => {
    const before = readFileSync(file);
    const store = new Store();
    change(store);
    expect(await addOsKeyStoreSlot(folder, key, store, clock)).toMatchObject({ ok: false, code: expected });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('H2 needs the key of this very workspace', async () => {
    const before = readFileSync(file);
    for (const other of [randomBytes(32), Buffer.alloc(0), key.subarray(0, 31)])
      expect(await addOsKeyStoreSlot(folder, other, new Store(), clock)).toMatchObject({ ok: false, code: 'another-key' });
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  it('H2 makes nothing where there is no file of slots', async () => {
    rmSync(file);
    expect(await addOsKeyStoreSlot(folder, key, new Store(), clock)).toMatchObject({ ok: false, code: 'workspace-missing' });
    writeFileSync(join(folder, 'ledger.db'), 'x');
    expect(await addOsKeyStoreSlot(folder, key, new Store(), clock)).toMatchObject({ ok: false, code: 'key-slots-missing' });
    expect(await code(new Store())).toBe('key-slots-missing');
    expect(readdirSync(folder)).toEqual(['ledger.db']);
  });

  it('H2 can be asked about beforehand', async () => {
    const store = new Store();
    expect(await osKeyStoreUsable(store)).toEqual({ ok: true });
    store.name = 'basic_text';
    expect(await osKeyStoreUsable(store)).toMatchObject({ ok: false, code: 'os-store-not-safe' });
  });
});
