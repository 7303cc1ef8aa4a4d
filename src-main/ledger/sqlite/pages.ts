import { createDecipheriv, createHmac, pbkdf2Sync } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { pageBytes, pageReserveBytes, saltBytes } from './connection.ts';

/**
 * Checks the pages of an encrypted file without SQLite.
 *
 * SQLCipher 4 (https://www.zetetic.net/sqlcipher/design/) ends each page of 4,096 bytes with a 16-byte IV and the
 * HMAC-SHA-512 of ciphertext, IV and page number (32-bit little endian), under a key derived from the page key with
 * PBKDF2-HMAC-SHA-512, 2 rounds, over the salt with every byte XORed with 0x3a. Page 1 begins with the salt itself.
 */
const IV_BYTES = 16;
const HMAC_BYTES = 64;
const SALT_MASK = 0x3a;
const PAGES_AT_ONCE = 256;
const LOOKS = 3;
const BETWEEN_LOOKS_MS = 20;

export interface PageKey {
  readonly key: Buffer;
  readonly hmacKey: Buffer;
  readonly salt: Buffer;
}

export function pageKey(key: Uint8Array, salt: Uint8Array): PageKey {
  const masked = Buffer.from(salt.map((byte) => byte ^ SALT_MASK));
  return { key: Buffer.from(key), hmacKey: pbkdf2Sync(key, masked, 2, 32, 'sha512'), salt: Buffer.from(salt) };
}

/** True when the page (4,096 bytes, as on disk) is what was written with this key as page `number` (from 1). */
export function pageFits(page: Buffer, number: number, key: PageKey): boolean {
  if (page.length !== pageBytes) return false;
  if (number === 1 && !page.subarray(0, saltBytes).equals(key.salt)) return false;
  const end = pageBytes - pageReserveBytes + IV_BYTES;
  const place = Buffer.alloc(4);
  place.writeUInt32LE(number);
  const hmac = createHmac('sha512', key.hmacKey)
    .update(page.subarray(number === 1 ? saltBytes : 0, end))
    .update(place)
    .digest();
  return hmac.equals(page.subarray(end, end + HMAC_BYTES));
}

/**
 * The content of a page as SQLite sees it (4,096 bytes less the reserve). Only for pages that fit. The first 16 bytes of
 * page 1, which SQLite keeps for its name and the file keeps for the salt, come back as zeros.
 */
export function decryptPage(page: Buffer, number: number, key: PageKey): Buffer {
  const end = pageBytes - pageReserveBytes;
  const start = number === 1 ? saltBytes : 0;
  const decipher = createDecipheriv('aes-256-cbc', key.key, page.subarray(end, end + IV_BYTES)).setAutoPadding(false);
  return Buffer.concat([Buffer.alloc(start), decipher.update(page.subarray(start, end)), decipher.final()]);
}

export interface PageScan {
  readonly pages: number;
  /** Numbers of the pages that do not fit, from 1, ascending. */
  readonly damaged: readonly number[];
  /** Bytes after the last whole page. */
  readonly rest: number;
}

/**
 * Checks every page of a file, a stretch at a time; `pause` is awaited between stretches. A page that does not fit is read
 * again before it counts as damaged: another process may have been writing it.
 */
export async function scanPages(
  file: string,
  key: PageKey,
  pause: (pages: number) => Promise<void> = async () => {},
): Promise<PageScan> {
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    const pages = Math.floor(size / pageBytes);
    const damaged: number[] = [];
    const stretch = Buffer.alloc(PAGES_AT_ONCE * pageBytes);
    for (let first = 0; first < pages; first += PAGES_AT_ONCE) {
      const read = readSync(fd, stretch, 0, Math.min(PAGES_AT_ONCE, pages - first) * pageBytes, first * pageBytes);
      for (let at = 0; at * pageBytes < read; at += 1) {
        const number = first + at + 1;
        if (!pageFits(stretch.subarray(at * pageBytes, (at + 1) * pageBytes), number, key)) damaged.push(number);
      }
      await pause(first);
    }
    const page = Buffer.alloc(pageBytes);
    const stillWrong = (number: number): boolean =>
      readSync(fd, page, 0, pageBytes, (number - 1) * pageBytes) !== pageBytes || !pageFits(page, number, key);
    let wrong: readonly number[] = damaged;
    for (let look = 1; look < LOOKS && wrong.length > 0; look += 1) {
      await setTimeout(BETWEEN_LOOKS_MS);
      wrong = wrong.filter(stillWrong);
    }
    return { pages, damaged: wrong, rest: size % pageBytes };
  } finally {
    closeSync(fd);
  }
}

/** True when one of the first pages fits: the file was written with this key, whatever else is wrong with it. */
export function anyPageFits(file: string, key: PageKey, pagesMax = 64): boolean {
  const fd = openSync(file, 'r');
  try {
    const page = Buffer.alloc(pageBytes);
    for (let number = 1; number <= pagesMax; number += 1) {
      if (readSync(fd, page, 0, pageBytes, (number - 1) * pageBytes) !== pageBytes) return false;
      if (pageFits(page, number, key)) return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}
