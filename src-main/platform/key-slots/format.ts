import { hash } from 'node:crypto';
import { z } from 'zod';
import { base64Bytes, kdfRecord } from './kdf.ts';

/**
 * `key-slots.json`, version 1: the workspace key, wrapped once per slot.
 *
 * Each slot says how it is opened, and holds the key under AES-256-GCM: a passphrase slot with a key from Argon2id, a slot
 * of the system's key store with a key that only that store can open. There is always a passphrase slot: it is the way
 * back when the machine, its user or its key store is another one. Slots of a kind that this version does not know are
 * left as they are.
 */
export const formatName = 'countersign-key-slots';
export const formatVersion = 1;

export const keyBytes = 32;
/** AES-GCM with the lengths that NIST SP 800-38D recommends. */
export const nonceBytes = 12;
export const tagBytes = 16;

export const passphraseSlot = z.looseObject({
  kind: z.literal('passphrase'),
  createdAt: z.iso.datetime(),
  kdf: kdfRecord,
  cipher: z.literal('aes-256-gcm'),
  nonce: base64Bytes(nonceBytes),
  /** Ciphertext and tag. */
  wrapped: base64Bytes(keyBytes + tagBytes),
});
export type PassphraseSlot = z.infer<typeof passphraseSlot>;

/** Longest sealed key that is read; stores put a header and padding of their own around 32 bytes. */
const SEALED_BYTES_MAX = 4096;

export const osKeyStoreSlot = z.looseObject({
  kind: z.literal('os-key-store'),
  createdAt: z.iso.datetime(),
  /** Which store sealed it: its name as the system gives it. */
  backend: z.string().min(1).max(64),
  /** The wrapping key as the store gave it out: opaque, bound to this user on this machine. */
  sealed: base64Bytes(1, SEALED_BYTES_MAX),
  cipher: z.literal('aes-256-gcm'),
  nonce: base64Bytes(nonceBytes),
  /** Ciphertext and tag. */
  wrapped: base64Bytes(keyBytes + tagBytes),
});
export type OsKeyStoreSlot = z.infer<typeof osKeyStoreSlot>;

const knownSlot = z.discriminatedUnion('kind', [passphraseSlot, osKeyStoreSlot]);

const file = z.looseObject({
  format: z.literal(formatName),
  version: z.literal(formatVersion),
  /** Names the workspace key without saying anything about it. */
  keyId: z.string().regex(/^[a-z2-7]{26}$/),
  slots: z.array(z.looseObject({ kind: z.string().min(1) })).min(1),
  /** Hex SHA-256 of the file without this member: tells damage from a wrong passphrase. It is no protection against intent. */
  sha256: z.string(),
});
export type KeySlotsFile = z.infer<typeof file>;

export type SlotsReading =
  | {
      readonly ok: true;
      readonly file: KeySlotsFile;
      readonly passphraseSlots: readonly PassphraseSlot[];
      readonly osKeyStoreSlots: readonly OsKeyStoreSlot[];
    }
  | { readonly ok: false; readonly code: 'key-slots-damaged' | 'key-slots-newer'; readonly detail: string };

const damaged = (detail: string): SlotsReading => ({ ok: false, code: 'key-slots-damaged', detail });

/** Reads the file's text; says whether it is damaged or was written by a newer version. */
export function readSlots(text: string): SlotsReading {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return damaged('it is not JSON');
  }
  const head = z.looseObject({ format: z.literal(formatName), version: z.int().min(1) }).safeParse(raw);
  if (!head.success) return damaged('it is not a list of key slots');
  if (head.data.version > formatVersion) {
    return {
      ok: false,
      code: 'key-slots-newer',
      detail: `it has version ${String(head.data.version)} and this program knows version ${String(formatVersion)}`,
    };
  }
  // From the text itself, not from what a schema made of it: the order of the members counts.
  const { sha256, ...rest } = raw as Readonly<Record<string, unknown>>;
  if (checksum(rest) !== sha256) return damaged('its checksum does not fit its content');
  const parsed = file.safeParse(raw);
  if (!parsed.success) return damaged(`${parsed.error.issues[0]?.path.join('.') ?? 'it'} is not as it should be`);
  const passphraseSlots: PassphraseSlot[] = [];
  const osKeyStoreSlots: OsKeyStoreSlot[] = [];
  for (const slot of parsed.data.slots) {
    if (slot.kind !== 'passphrase' && slot.kind !== 'os-key-store') continue;
    const known = knownSlot.safeParse(slot);
    if (!known.success) return damaged(`the slot's ${known.error.issues[0]?.path.join('.') ?? 'content'} is not as it should be`);
    if (known.data.kind === 'passphrase') passphraseSlots.push(known.data);
    else osKeyStoreSlots.push(known.data);
  }
  if (passphraseSlots.length === 0) {
    const kinds = parsed.data.slots.map((slot) => slot.kind).join(', ');
    return { ok: false, code: 'key-slots-newer', detail: `it has only slots that this program cannot open (${kinds})` };
  }
  return { ok: true, file: parsed.data, passphraseSlots, osKeyStoreSlots };
}

/** The file's text. */
export function writeSlots(content: Pick<KeySlotsFile, 'format' | 'version' | 'keyId' | 'slots'>): string {
  return `${JSON.stringify({ ...content, sha256: checksum(content) }, null, 2)}\n`;
}

function checksum(content: Readonly<Record<string, unknown>>): string {
  return hash('sha256', JSON.stringify(content), 'hex');
}
