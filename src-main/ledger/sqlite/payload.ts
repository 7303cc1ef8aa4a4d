import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { payloadCommitment, saltBytes } from '../../../src-shared/audit/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { sha256 } from './keys.ts';

/**
 * An entry's body on disk: format (1 byte), nonce (12), AES-256-GCM of salt (32) and body, tag (16). The salt of the
 * commitment is inside the ciphertext, so that destroying the key destroys the salt as well, and the commitment left in
 * the envelope says nothing about the body any more.
 */
const PLAIN = 0x01;
const ZSTD = 0x02;
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Below this, compression gains little and costs more than the encryption. */
const COMPRESS_FROM_BYTES = 512;
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Random bytes that sealing one payload takes: its salt and its nonce. */
export const sealRandomBytes = saltBytes + NONCE_BYTES;

export interface Sealed {
  readonly sealed: Buffer;
  readonly commitment: Uint8Array;
}

/** Encrypts a body and commits to its bytes as they are, before compression. */
export function seal(body: Buffer, key: KeyObject, random: Uint8Array): Sealed {
  const salt = random.subarray(0, saltBytes);
  const nonce = random.subarray(saltBytes, sealRandomBytes);
  const small = body.length < COMPRESS_FROM_BYTES ? body : zstdCompressSync(body, COMPRESSION);
  const format = small.length < body.length ? ZSTD : PLAIN;
  const cipher = createCipheriv(CIPHER, key, nonce);
  const head = Buffer.allocUnsafe(1 + NONCE_BYTES);
  head[0] = format;
  head.set(nonce, 1);
  cipher.setAAD(head.subarray(0, 1));
  const sealed = Buffer.concat([
    head,
    cipher.update(salt),
    cipher.update(format === ZSTD ? small : body),
    cipher.final(),
    cipher.getAuthTag(),
  ]);
  return { sealed, commitment: payloadCommitment(sha256, salt, body) };
}

export interface Unsealed {
  readonly body: Buffer;
  readonly salt: Buffer;
}

/** Decrypts what `seal` wrote. Throws when a byte of it was changed or the key is another one. */
export function unseal(sealed: Buffer, key: KeyObject): Unsealed {
  const format = sealed[0];
  if ((format !== PLAIN && format !== ZSTD) || sealed.length < 1 + sealRandomBytes + TAG_BYTES)
    throw new RangeError('the payload has no known format');
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1, 1 + NONCE_BYTES));
  decipher.setAAD(sealed.subarray(0, 1));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  const plain = Buffer.concat([decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  const stored = plain.subarray(saltBytes);
  return {
    salt: plain.subarray(0, saltBytes),
    body: format === ZSTD ? zstdDecompressSync(stored, { maxOutputLength: limits.entryBodyBytesMax }) : stored,
  };
}
