import { createPrivateKey, createPublicKey, hash, hkdfSync, sign, verify } from 'node:crypto';
import type { NoteKey } from '../../../src-shared/audit/index.ts';
import type { Sha256 } from '../../../src-shared/domain/index.ts';

/** The three secrets of a workspace, 32 bytes each, as the key slots keep them. */
export interface LedgerKeys {
  /** Encrypts ledger.db. */
  readonly ledger: Uint8Array;
  /** Wraps the payload keys and encrypts the file they are in. */
  readonly payload: Uint8Array;
  /** Ed25519 seed that signs checkpoints (RFC 8032). */
  readonly signing: Uint8Array;
}

export const keyBytes = 32;

export const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

/** A key for one use, from a secret: HKDF-SHA-256 (RFC 5869) without salt; `use` keeps the derived keys apart. */
export function derive(secret: Uint8Array, use: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, new Uint8Array(0), `countersign/${use}`, length));
}

/**
 * An empty or short key would not be refused further down: SQLite3 Multiple Ciphers writes plaintext with an empty one and
 * takes 31 bytes for a passphrase.
 */
export function assertKey(key: Uint8Array, name: string): void {
  if (!(key instanceof Uint8Array) || key.length !== keyBytes) throw new RangeError(`the ${name} key must be ${keyBytes} bytes`);
  if (key.every((byte) => byte === 0)) throw new RangeError(`the ${name} key is all zeros`);
}

/** Signs checkpoints and judges their signatures. */
export interface Signer {
  readonly publicKey: Buffer;
  sign(bytes: Uint8Array): Uint8Array;
  verify(bytes: Uint8Array, signature: Uint8Array): boolean;
  key(name: string): NoteKey;
}

// PKCS #8 around a raw Ed25519 seed (RFC 8410, section 7).
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function ed25519Signer(seed: Uint8Array): Signer {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const publicObject = createPublicKey(privateKey);
  const publicKey = publicObject.export({ format: 'der', type: 'spki' }).subarray(-32);
  return {
    publicKey,
    sign: (bytes) => sign(null, bytes, privateKey),
    verify: (bytes, signature) => verify(null, bytes, publicObject, signature),
    key: (name) => ({ name, publicKey }),
  };
}
