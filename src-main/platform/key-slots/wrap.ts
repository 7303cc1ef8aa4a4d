import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { base32 } from '../../../src-shared/domain/index.ts';
import { formatName, formatVersion, keyBytes, nonceBytes, tagBytes, type PassphraseSlot } from './format.ts';
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
    const cipher = createCipheriv('aes-256-gcm', wrappingKey, nonce, { authTagLength: tagBytes });
    cipher.setAAD(header(slot, keyIdOf(key)));
    const wrapped = Buffer.concat([cipher.update(key), cipher.final(), cipher.getAuthTag()]);
    return { ...slot, wrapped: wrapped.toString('base64') };
  } finally {
    wrappingKey.fill(0);
  }
}

/** The workspace key, or `undefined` when the passphrase is not the one of this slot. */
export async function unwrapWithPassphrase(slot: PassphraseSlot, keyId: string, passphrase: string): Promise<Buffer | undefined> {
  const wrapped = Buffer.from(slot.wrapped, 'base64');
  const nonce = Buffer.from(slot.nonce, 'base64');
  const salt = Buffer.from(slot.kdf.salt, 'base64');
  const wrappingKey = await deriveFromPassphrase(passphrase, slot.kdf, salt);
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrappingKey, nonce, { authTagLength: tagBytes });
    decipher.setAAD(header(slot, keyId));
    decipher.setAuthTag(wrapped.subarray(keyBytes));
    const key = decipher.update(wrapped.subarray(0, keyBytes));
    try {
      decipher.final();
    } catch {
      key.fill(0);
      return undefined;
    }
    return key;
  } finally {
    wrappingKey.fill(0);
  }
}
