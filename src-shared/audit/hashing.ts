import type { Sha256 } from '../domain/index.ts';

/**
 * Hashes of the log (RFC 6962, section 2.1; RFC 9162, section 2.1): the first byte says what is hashed, so that a leaf
 * can never be passed off as a node or as a payload.
 */
const LEAF = 0x00;
const NODE = 0x01;
const PAYLOAD = 0x02;

export const hashBytes = 32;
export const saltBytes = 32;

/** SHA-256 of nothing: the root of the empty tree (RFC 6962, section 2.1). */
export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256(new Uint8Array(0));
}

/** SHA-256(0x00 || bytes). */
export function leafHash(sha256: Sha256, bytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(bytes.length + 1);
  input[0] = LEAF;
  input.set(bytes, 1);
  return sha256(input);
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + hashBytes * 2);
  input[0] = NODE;
  input.set(left, 1);
  input.set(right, 1 + hashBytes);
  return sha256(input);
}

/**
 * SHA-256(0x02 || salt || length as 64-bit big endian || bytes): binds an entry to its payload without giving the payload
 * away. Without the 32 random bytes of salt a short payload could be found by trying; with the salt destroyed the
 * commitment says nothing, and the entry still verifies.
 */
export function payloadCommitment(sha256: Sha256, salt: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (salt.length !== saltBytes) throw new RangeError(`the salt of a payload is ${saltBytes} bytes, not ${salt.length}`);
  const input = new Uint8Array(1 + saltBytes + 8 + bytes.length);
  input[0] = PAYLOAD;
  input.set(salt, 1);
  new DataView(input.buffer).setBigUint64(1 + saltBytes, BigInt(bytes.length));
  input.set(bytes, 1 + saltBytes + 8);
  return sha256(input);
}

/** True when both hold the same bytes. For hashes that are not secret: takes no care of timing. */
export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at += 1) if (left[at] !== right[at]) return false;
  return true;
}
