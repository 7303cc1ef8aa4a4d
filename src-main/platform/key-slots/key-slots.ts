import { hkdfSync, randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import type { Clock } from '../../ports/outbound/index.ts';
import { systemClock } from '../runtime.ts';
import { ledgerFiles, workspacePaths } from '../workspace.ts';
import { createFileDurably } from './durable-file.ts';
import { formatName, formatVersion, keyBytes, readSlots, writeSlots, type SlotsReading } from './format.ts';
import { isBelowFloor, passphraseKdf, type KdfParameters } from './kdf.ts';
import { keyIdOf, unwrapWithPassphrase, wrapWithPassphrase } from './wrap.ts';

/**
 * The workspace key and how it is got back: made once, at random, when there is no ledger yet, and from then on only
 * unwrapped. Nothing here ever makes a key for a ledger that exists: a key that cannot be had is not a reason for a new one.
 */

export interface KeySlotOptions {
  /** Argon2id parameters of the new slot. */
  readonly kdf?: KdfParameters;
  /** For tests, which cannot spend 256 MiB and half a second on each key. Product code never sets it. */
  readonly allowWeakKdf?: boolean;
  readonly clock?: Pick<Clock, 'now'>;
}

export type CreateRefusal = 'key-slots-exist' | 'ledger-exists' | 'passphrase-empty';
/** Why the file of slots cannot be used at all. */
export type SlotsRefusal = 'workspace-missing' | 'key-slots-missing' | 'key-slots-damaged' | 'key-slots-newer';
export type OpenRefusal = SlotsRefusal | 'wrong-passphrase';

export type KeyOr<Code> =
  { readonly ok: true; readonly key: Buffer } | { readonly ok: false; readonly code: Code; readonly message: string };

/** A file of slots is a few hundred bytes; anything of this size is something else. */
const FILE_BYTES_MAX = 1024 * 1024;

/**
 * Makes the workspace key and `key-slots.json` (mode 0600), durably, and hands out the key: 32 bytes that the caller
 * overwrites after use. The folder is made when it is missing.
 *
 * @throws RangeError for parameters below the floor of RFC 9106 without `allowWeakKdf`
 */
export async function createKeySlots(
  folder: string,
  passphrase: string,
  options: KeySlotOptions = {},
): Promise<KeyOr<CreateRefusal>> {
  const { kdf = passphraseKdf, allowWeakKdf = false, clock = systemClock } = options;
  if (isBelowFloor(kdf) && !allowWeakKdf) throw new RangeError('Argon2id parameters below the floor of RFC 9106');
  const path = workspacePaths(folder).keySlots;
  const slotsExist = { ok: false, code: 'key-slots-exist', message: `${path} is already there. Nothing was changed.` } as const;
  if (passphrase === '') return { ok: false, code: 'passphrase-empty', message: 'The passphrase is empty. Nothing was changed.' };
  if (existsSync(path)) return slotsExist;
  const [ledgerFile] = ledgerFiles(folder);
  if (ledgerFile !== undefined) {
    const message = `${ledgerFile} is already there, without its key slots. A new key could not open it. Nothing was changed; put key-slots.json back.`;
    return { ok: false, code: 'ledger-exists', message };
  }
  const key = randomBytes(keyBytes);
  const slot = await wrapWithPassphrase(key, passphrase, kdf, new Date(clock.now()).toISOString());
  const text = writeSlots({ format: formatName, version: formatVersion, keyId: keyIdOf(key), slots: [slot] });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (!(await createFileDurably(path, text))) {
    key.fill(0);
    return slotsExist;
  }
  return { ok: true, key };
}

/** Gets the workspace key back; each reason for which it cannot be had has its own code. Changes nothing. */
export async function openKeySlots(
  folder: string,
  passphrase: string,
  options: Pick<KeySlotOptions, 'allowWeakKdf'> = {},
): Promise<KeyOr<OpenRefusal>> {
  const read = await readKeySlots(folder);
  if (!read.ok) return read;
  const { path, file, passphraseSlots } = read;
  if (options.allowWeakKdf !== true && passphraseSlots.some((slot) => isBelowFloor(slot.kdf))) {
    return damaged(path, 'a slot has weaker parameters than Countersign writes');
  }
  for (const slot of passphraseSlots) {
    const key = await unwrapWithPassphrase(slot, file.keyId, passphrase);
    if (key !== undefined) return { ok: true, key };
  }
  return {
    ok: false,
    code: 'wrong-passphrase',
    message: 'The passphrase is not the one of this workspace. Nothing was changed.',
  };
}

/** The file of slots, read and checked; each reason for which it cannot be had has its own code. Changes nothing. */
export async function readKeySlots(
  folder: string,
): Promise<
  (Extract<SlotsReading, { ok: true }> & { readonly path: string }) | { ok: false; code: SlotsRefusal; message: string }
> {
  const path = workspacePaths(folder).keySlots;
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    return { ok: false, code: 'workspace-missing', message: `There is no folder ${folder}.` };
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    if (ledgerFiles(folder).length === 0)
      return { ok: false, code: 'workspace-missing', message: `There is no workspace in ${folder}.` };
    const message = `${path} is missing, and without it the ledger beside it cannot be read. Nothing was made anew; put the file back from a backup.`;
    return { ok: false, code: 'key-slots-missing', message };
  }
  if (!stat.isFile() || stat.size > FILE_BYTES_MAX) return damaged(path, 'it is not a file of key slots');
  const reading = readSlots(await readFile(path, 'utf8'));
  if (reading.ok) return { ...reading, path };
  if (reading.code === 'key-slots-damaged') return damaged(path, reading.detail);
  const message = `${path} was written by a newer version of Countersign: ${reading.detail}. Use that version. Nothing was changed.`;
  return { ok: false, code: 'key-slots-newer', message };
}

function damaged(path: string, detail: string): { ok: false; code: 'key-slots-damaged'; message: string } {
  const message = `${path} is damaged: ${detail}. Nothing was changed; put the file back from a backup.`;
  return { ok: false, code: 'key-slots-damaged', message };
}

/** The keys that everything else is done with, 32 bytes each. */
export interface WorkspaceKeys {
  /** Encrypts the ledger's file. */
  readonly ledger: Buffer;
  /** Wraps the payload keys. */
  readonly payload: Buffer;
  /** Seed of the key that signs checkpoints. */
  readonly signing: Buffer;
  /** Makes the pseudonyms of patients inside the ledger. */
  readonly pseudonym: Buffer;
}

/**
 * Derives the keys by HKDF-SHA-256 (RFC 5869), each under its own fixed label, and overwrites the workspace key: it is
 * not needed again.
 */
export function deriveKeys(key: Buffer): WorkspaceKeys {
  if (key.length !== keyBytes) throw new RangeError('the workspace key must be 32 bytes');
  const derived = (label: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', `countersign/v1/${label}`, keyBytes));
  const keys = {
    ledger: derived('ledger'),
    payload: derived('payload'),
    signing: derived('signing'),
    pseudonym: derived('pseudonym'),
  };
  key.fill(0);
  return keys;
}

/** Overwrites the keys, once nothing uses them any more. */
export function wipeKeys(keys: WorkspaceKeys): void {
  for (const one of [keys.ledger, keys.payload, keys.signing, keys.pseudonym]) one.fill(0);
}
