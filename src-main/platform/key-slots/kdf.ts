import { hashRaw } from '@node-rs/argon2';
import { z } from 'zod';

/** How a passphrase becomes a key: Argon2id, version 19 (RFC 9106). Recorded beside what it protects. */
export interface KdfParameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** What new workspaces get: half a second to a second on common machines. */
export const passphraseKdf: KdfParameters = { memoryKiB: 256 * 1024, passes: 3, lanes: 4 };

/** RFC 9106, section 4: the second recommended option, for machines with little memory. Nothing below it is accepted. */
const FLOOR: KdfParameters = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

/** RFC 9106, section 3.1: 16 bytes are recommended. */
export const saltBytes = 16;

/** Parameters read from a file must not make this machine run out of memory or time. */
const CEILING: KdfParameters = { memoryKiB: 4 * 1024 * 1024, passes: 32, lanes: 64 };

/** Base64 of at least so many bytes, and no more than so many. */
export const base64Bytes = (least: number, most = least) =>
  z.base64().refine((text) => {
    const { length } = Buffer.from(text, 'base64');
    return length >= least && length <= most;
  });

const within = (ceiling: number) => z.int().min(1).max(ceiling);

/** The parameters as they stand in a file, with the salt. */
export const kdfRecord = z.looseObject({
  name: z.literal('argon2id'),
  version: z.literal(19),
  memoryKiB: within(CEILING.memoryKiB).min(8),
  passes: within(CEILING.passes),
  lanes: within(CEILING.lanes),
  salt: base64Bytes(saltBytes, 64),
});

export function isBelowFloor(kdf: KdfParameters): boolean {
  return kdf.memoryKiB < FLOOR.memoryKiB || kdf.passes < FLOOR.passes || kdf.lanes < FLOOR.lanes;
}

/** 32 bytes from the passphrase. Whoever calls overwrites them after use. */
export async function deriveFromPassphrase(passphrase: string, kdf: KdfParameters, salt: Uint8Array): Promise<Buffer> {
  // The same passphrase typed on another system may come in another Unicode form (RFC 8265, section 4.2: NFC).
  const bytes = Buffer.from(passphrase.normalize('NFC'), 'utf8');
  try {
    // Argon2id and version 19 are the library's defaults; its enumerations do not exist at run time. A test holds it to them.
    return await hashRaw(bytes, { memoryCost: kdf.memoryKiB, timeCost: kdf.passes, parallelism: kdf.lanes, outputLen: 32, salt });
  } finally {
    bytes.fill(0);
  }
}
