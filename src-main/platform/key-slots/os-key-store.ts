import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../ports/outbound/index.ts';
import { systemClock } from '../runtime.ts';
import { replaceFileDurably } from './durable-file.ts';
import { keyBytes, osKeyStoreSlot, writeSlots, type OsKeyStoreSlot } from './format.ts';
import { readKeySlots, type KeyOr, type SlotsRefusal } from './key-slots.ts';
import { keyIdOf, unwrapWithOsKey, wrapWithOsKey } from './wrap.ts';

/**
 * The second way to the workspace key: the key store of the operating system, so that a person need not type the
 * passphrase at each start. It is a convenience beside the passphrase and never the only way: whatever is wrong with the
 * store, the passphrase is asked for, and nothing is made anew or taken away.
 */

/** What is asked of the system's key store. Given by the shell that has one. */
export interface OsKeyStore {
  /** The store's name as the system gives it. */
  backend(): string;
  /** Whether it can be used now; a store may be locked, or not be there. */
  available(): Promise<boolean>;
  /** Seals bytes for this user on this machine. @throws Error when the store fails */
  encrypt(bytes: Uint8Array): Promise<Buffer>;
  /**
   * Opens what `encrypt` sealed. `outdated`: the store has a newer key of its own, and the bytes should be sealed again.
   *
   * @throws Error when the store cannot or will not
   */
  decrypt(sealed: Uint8Array): Promise<{ readonly bytes: Buffer; readonly outdated: boolean }>;
}

/**
 * Stores that keep a secret from other users. On Linux `basic_text` means that there is none and a password known to
 * everybody is used; a name that is not listed here may mean the same.
 */
const TRUSTED_BACKENDS: ReadonlySet<string> = new Set([
  'dpapi',
  'keychain',
  'gnome_libsecret',
  'kwallet',
  'kwallet5',
  'kwallet6',
]);

export type OsStoreRefusal = 'os-store-not-safe' | 'os-store-unavailable' | 'os-store-failed';
export type OsOpenRefusal = SlotsRefusal | OsStoreRefusal | 'os-slot-missing' | 'os-store-changed' | 'os-slot-refused';
export type OsAddRefusal = SlotsRefusal | OsStoreRefusal | 'another-key';

const NEXT = 'Nothing was changed; the passphrase opens the workspace.';
const failed = { ok: false, code: 'os-store-failed', message: `The key store of this system failed. ${NEXT}` } as const;

/** Whether this store may hold a key now, and why not. */
export async function osKeyStoreUsable(
  store: OsKeyStore,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: OsStoreRefusal; readonly message: string }> {
  const backend = store.backend();
  if (!TRUSTED_BACKENDS.has(backend)) {
    const message = `This system has no key store that keeps a secret ("${backend}"). ${NEXT}`;
    return { ok: false, code: 'os-store-not-safe', message };
  }
  try {
    if (await store.available()) return { ok: true };
  } catch {
    return failed;
  }
  return {
    ok: false,
    code: 'os-store-unavailable',
    message: `The key store of this system is locked or cannot be reached. ${NEXT}`,
  };
}

/**
 * Gets the workspace key back through the system's key store: 32 bytes that the caller overwrites after use. Changes nothing.
 *
 * `outdated`: the slot should be added again (see {@link addOsKeyStoreSlot}) while the key is at hand.
 */
export async function openWithOsKeyStore(
  folder: string,
  store: OsKeyStore,
): Promise<
  (Extract<KeyOr<never>, { ok: true }> & { readonly outdated: boolean }) | Extract<KeyOr<OsOpenRefusal>, { ok: false }>
> {
  const read = await readKeySlots(folder);
  if (!read.ok) return read;
  const { file, osKeyStoreSlots } = read;
  if (osKeyStoreSlots.length === 0)
    return { ok: false, code: 'os-slot-missing', message: 'The key of this workspace is not in the key store of this system.' };
  const usable = await osKeyStoreUsable(store);
  if (!usable.ok) return usable;
  const backend = store.backend();
  const slot = osKeyStoreSlots.find((one) => one.backend === backend);
  if (slot === undefined) {
    const message = `The key was put into another key store ("${osKeyStoreSlots.map((one) => one.backend).join('", "')}"; this one is "${backend}"). ${NEXT}`;
    return { ok: false, code: 'os-store-changed', message };
  }
  try {
    const { bytes, outdated } = await store.decrypt(Buffer.from(slot.sealed, 'base64'));
    const key = unwrapWithOsKey(slot, file.keyId, bytes);
    bytes.fill(0);
    if (key !== undefined) return { ok: true, key, outdated };
  } catch {
    return failed;
  }
  return {
    ok: false,
    code: 'os-slot-refused',
    message: `The key store of this system gave another key than the one that was put in. ${NEXT}`,
  };
}

/**
 * Adds the workspace key, which must be open, to the system's key store. A slot of the same store is replaced, and every
 * other slot stays as it is. What was made is tried before it is written.
 */
export async function addOsKeyStoreSlot(
  folder: string,
  key: Uint8Array,
  store: OsKeyStore,
  clock: Pick<Clock, 'now'> = systemClock,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly code: OsAddRefusal; readonly message: string }> {
  const read = await readKeySlots(folder);
  if (!read.ok) return read;
  const { path, file } = read;
  if (key.length !== keyBytes || keyIdOf(key) !== file.keyId)
    return { ok: false, code: 'another-key', message: `This is not the key of ${folder}. Nothing was changed.` };
  const usable = await osKeyStoreUsable(store);
  if (!usable.ok) return usable;
  const made = await sealed(key, store, new Date(clock.now()).toISOString(), file.keyId);
  if (made === undefined) return failed;
  const others = file.slots.filter((slot) => slot.kind !== made.kind || slot['backend'] !== made.backend);
  const { sha256: _former, ...content } = file;
  await replaceFileDurably(path, writeSlots({ ...content, slots: [...others, made] }));
  return { ok: true };
}

/** A slot that has been opened once; `undefined` when the store fails or does not give back what it was given. */
async function sealed(key: Uint8Array, store: OsKeyStore, createdAt: string, keyId: string): Promise<OsKeyStoreSlot | undefined> {
  const wrappingKey = randomBytes(keyBytes);
  try {
    const slot = wrapWithOsKey(key, wrappingKey, {
      backend: store.backend(),
      sealed: await store.encrypt(wrappingKey),
      createdAt,
    });
    const { bytes } = await store.decrypt(Buffer.from(slot.sealed, 'base64'));
    const back = unwrapWithOsKey(slot, keyId, bytes);
    bytes.fill(0);
    // What would not be read again is not written either.
    const readable = osKeyStoreSlot.safeParse(slot).success;
    return readable && back !== undefined && timingSafeEqual(back, key) ? slot : undefined;
  } catch {
    return undefined;
  } finally {
    wrappingKey.fill(0);
  }
}
