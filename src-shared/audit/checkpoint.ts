import { utf8, type Sha256 } from '../domain/index.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import { hashBytes, sameBytes } from './hashing.ts';

/**
 * Checkpoints: what the log was at a size, signed (frozen; docs/formats.md).
 *
 * The text is a C2SP tlog-checkpoint (https://c2sp.org/tlog-checkpoint) in a C2SP signed note
 * (https://c2sp.org/signed-note): origin, size and root, a blank line, signature lines. Anything that reads those can
 * check ours.
 */
export interface Checkpoint {
  /** Name of the log, `console.<site>/<tenant>`. */
  readonly origin: string;
  readonly size: number;
  /** Merkle tree hash, 32 bytes. */
  readonly root: Uint8Array;
}

export interface NoteSignature {
  readonly name: string;
  /** First four bytes of the key's hash: tells keys apart, proves nothing. */
  readonly keyHash: Uint8Array;
  readonly signature: Uint8Array;
}

export type CheckpointParse =
  | { readonly ok: true; readonly checkpoint: Checkpoint; readonly signed: string; readonly signatures: readonly NoteSignature[] }
  | { readonly ok: false; readonly problem: string };

/** A known Ed25519 key: the name it signs under and its 32 public bytes. */
export interface NoteKey {
  readonly name: string;
  readonly publicKey: Uint8Array;
}

const ED25519 = 0x01;
const SIGNATURE_LINE = /^\u2014 ([^\s+]+) (\S+)$/u;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;
const SIGNATURES_MAX = 16;

/** Name of a tenant's log. Site and tenant must be free of white space and plus signs, as names of keys are. */
export function originOf(site: string, tenant: string): string {
  return `console.${site}/${tenant}`;
}

/** The text that is signed: three lines, each ended by a newline. */
export function checkpointText(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${encodeBase64(checkpoint.root)}\n`;
}

/** SHA-256(name || 0x0A || 0x01 || public key), first four bytes (C2SP signed-note, Ed25519 signatures). */
export function noteKeyHash(sha256: Sha256, key: NoteKey): Uint8Array {
  const name = utf8(key.name);
  const input = new Uint8Array(name.length + 2 + key.publicKey.length);
  input.set(name);
  input.set([0x0a, ED25519], name.length);
  input.set(key.publicKey, name.length + 2);
  return sha256(input).slice(0, 4);
}

/** The signed note of a checkpoint. `sign` gives the Ed25519 signature (64 bytes) of the bytes it is handed. */
export function signCheckpoint(
  sha256: Sha256,
  key: NoteKey,
  sign: (bytes: Uint8Array) => Uint8Array,
  checkpoint: Checkpoint,
): string {
  const text = checkpointText(checkpoint);
  const keyHash = noteKeyHash(sha256, key);
  const signature = sign(utf8(text));
  const blob = new Uint8Array(keyHash.length + signature.length);
  blob.set(keyHash);
  blob.set(signature, keyHash.length);
  return `${text}\n\u2014 ${key.name} ${encodeBase64(blob)}\n`;
}

/** Reads a signed checkpoint without judging its signatures. Refuses everything but the exact text of docs/formats.md. */
export function parseCheckpoint(note: string): CheckpointParse {
  const refuse = (problem: string): CheckpointParse => ({ ok: false, problem });
  if (!note.isWellFormed() || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note))
    return refuse('holds characters that a note must not hold');
  const lines = note.split('\n');
  const [origin = '', size = '', root = '', blank, ...rest] = lines;
  if (blank !== '' || rest.pop() !== '') return refuse('does not have the lines of a checkpoint');
  if (origin === '' || /[\s+]/u.test(origin)) return refuse('has no usable origin');
  if (!SIZE.test(size) || !Number.isSafeInteger(Number(size))) return refuse('has no usable size');
  const hash = decodeBase64(root);
  if (hash === undefined || hash.length !== hashBytes) return refuse('has no usable root');
  if (rest.length === 0 || rest.length > SIGNATURES_MAX)
    return refuse(`has ${rest.length} signatures instead of 1 to ${SIGNATURES_MAX}`);
  const signatures: NoteSignature[] = [];
  for (const line of rest) {
    const [, name, blob = ''] = SIGNATURE_LINE.exec(line) ?? [];
    const bytes = decodeBase64(blob);
    if (name === undefined || bytes === undefined || bytes.length < 5) return refuse('has a signature line that cannot be read');
    signatures.push({ name, keyHash: bytes.slice(0, 4), signature: bytes.slice(4) });
  }
  const checkpoint = { origin, size: Number(size), root: hash };
  return { ok: true, checkpoint, signed: checkpointText(checkpoint), signatures };
}

/**
 * Reads a signed checkpoint and judges it by one known key: it must carry a signature of that key, and every signature
 * that claims to be of that key must be right. Signatures of keys that are not known are ignored (C2SP signed-note).
 */
export function verifyCheckpoint(
  sha256: Sha256,
  key: NoteKey,
  verify: (bytes: Uint8Array, signature: Uint8Array) => boolean,
  note: string,
): CheckpointParse {
  const parsed = parseCheckpoint(note);
  if (!parsed.ok) return parsed;
  const keyHash = noteKeyHash(sha256, key);
  const known = parsed.signatures.filter((one) => one.name === key.name && sameBytes(one.keyHash, keyHash));
  if (known.length === 0) return { ok: false, problem: 'is not signed with the key of this log' };
  const signed = utf8(parsed.signed);
  if (!known.every((one) => verify(signed, one.signature)))
    return { ok: false, problem: 'carries a signature that does not fit' };
  return parsed;
}
