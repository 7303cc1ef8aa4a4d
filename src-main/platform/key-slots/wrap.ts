import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { base32 } from '../../../src-shared/domain/index.ts';
import { formatName, formatVersion, keyBytes, nonceBytes, tagBytes, type OsKeyStoreSlot, type PassphraseSlot } from './format.ts';
import { deriveFromPassphrase, saltBytes, type KdfParameters } from './kdf.ts';

const KEY_ID_BYTES = 16;

/** Names a workspace key: derived from it, so that a key under another name is noticed, and useless to find it. */
export function keyIdOf(key: Uint8Array): string {
  return base32(new Uint8Array(hkdfSync('sha256', key, '', 'countersign/v1/key-id', KEY_ID_BYTES)));
}

/** Everything of a slot that says what it is: whoever changes any of it makes the tag fail. */
function header(slot: Pick<PassphraseSlot, 'kind' | 'createdAt' | 'kdf' | 'cipher' | 'nonce'>, keyId: string): Buffer {
  const { kind, createdAt, kdf, cipher, nonce } = slot;
  const { name, version, memoryKiB, passes, lanes, salt } = kdf;
  return Buffer.from(
    JSON.stringify([
      formatName,
      formatVersion,
      keyId,
      kind,
      createdAt,
      [name, version, memoryKiB, passes, lanes, salt],
      cipher,
      nonce,
    ]),
  );
}

export async function wrapWithPassphrase(
  key: Uint8Array,
  passphrase: string,
  kdf: KdfParameters,
  createdAt: string,
): Promise<PassphraseSlot> {
  const salt = randomBytes(saltBytes);
  const nonce = randomBytes(nonceBytes);
  const slot = {
    kind: 'passphrase' as const,
    createdAt,
    kdf: { name: 'argon2id' as const, version: 19 as const, ...kdf, salt: salt.toString('base64') },
    cipher: 'aes-256-gcm' as const,
    nonce: nonce.toString('base64'),
  };
  const wrappingKey = await deriveFromPassphrase(passphrase, kdf, salt);
  try {
    return { ...slot, wrapped: wrap(key, wrappingKey, nonce, header(slot, keyIdOf(key))) };
  } finally {
    wrappingKey.fill(0);
  }
}

/** The workspace key, or `undefined` when the passphrase is not the one of this slot. */
export async function unwrapWithPassphrase(slot: PassphraseSlot, keyId: string, passphrase: string): Promise<Buffer | undefined> {
  const salt = Buffer.from(slot.kdf.salt, 'base64');
  const wrappingKey = await deriveFromPassphrase(passphrase, slot.kdf, salt);
  try {
    return unwrap(slot, wrappingKey, header(slot, keyId));
  } finally {
    wrappingKey.fill(0);
  }
}

/** Everything of a slot of the system's key store that says what it is, the store's name and the key's with it. */
function osHeader(slot: Omit<OsKeyStoreSlot, 'wrapped'>, keyId: string): Buffer {
  const { kind, createdAt, backend, sealed, cipher, nonce } = slot;
  return Buffer.from(JSON.stringify([formatName, formatVersion, keyId, kind, createdAt, backend, sealed, cipher, nonce]));
}

/**
 * @param wrappingKey 32 random bytes, made for this slot alone
 * @param sealed the same as the store gave it out
 */
export function wrapWithOsKey(
  key: Uint8Array,
  wrappingKey: Uint8Array,
  { backend, sealed, createdAt }: { readonly backend: string; readonly sealed: Buffer; readonly createdAt: string },
): OsKeyStoreSlot {
  const nonce = randomBytes(nonceBytes);
  const slot = {
    kind: 'os-key-store' as const,
    createdAt,
    backend,
    sealed: sealed.toString('base64'),
    cipher: 'aes-256-gcm' as const,
    nonce: nonce.toString('base64'),
  };
  return { ...slot, wrapped: wrap(key, wrappingKey, nonce, osHeader(slot, keyIdOf(key))) };
}

/** The workspace key, or `undefined` when anything about the slot is not as it was when it was made. */
export function unwrapWithOsKey(slot: OsKeyStoreSlot, keyId: string, wrappingKey: Uint8Array): Buffer | undefined {
  return wrappingKey.length === keyBytes ? unwrap(slot, wrappingKey, osHeader(slot, keyId)) : undefined;
}

/** Ciphertext and tag, as base64; the tag covers the header too. */
function wrap(key: Uint8Array, wrappingKey: Uint8Array, nonce: Uint8Array, authenticated: Uint8Array): string {
  const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce, { authTagLength: tagBytes });
  cipher.setAAD(authenticated);
  return Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

function unwrap(
  slot: Pick<PassphraseSlot, 'nonce' | 'wrapped'>,
  wrappingKey: Uint8Array,
  authenticated: Uint8Array,
): Buffer | undefined {
  const wrapped = Buffer.from(slot.wrapped, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', wrappingKey, Buffer.from(slot.nonce, 'base64'), { authTagLength: tagBytes });
  decipher.setAAD(authenticated);
  decipher.setAuthTag(wrapped.subarray(keyBytes));
  const key = decipher.update(wrapped.subarray(0, keyBytes));
  try {
    decipher.final();
  } catch {
    key.fill(0);
    return undefined;
  }
  return key;
}
