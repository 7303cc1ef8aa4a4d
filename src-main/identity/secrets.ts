import { randomBytes } from 'node:crypto';
import { hash, parseOptions, verify } from '@node-rs/argon2';
import { base32 } from '../../src-shared/domain/index.ts';

/** The secrets by which people sign in, and the verifiers that are kept of them. */

/** Argon2id parameters of a verifier (RFC 9106, section 4). */
export interface VerifierParameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

/** The second recommended option of RFC 9106: 64 MiB. People sign in often, and a server has little memory to spare. */
export const verifierParameters: VerifierParameters = { memoryKiB: 64 * 1024, passes: 3, lanes: 4 };

const SECRET_BYTES = 16;

/** A fresh secret of 128 bits: 26 characters of base32 in five groups, to be shown once and read out if need be. */
export function createSecret(): string {
  const text = base32(randomBytes(SECRET_BYTES));
  return [text.slice(0, 5), text.slice(5, 10), text.slice(10, 15), text.slice(15, 20), text.slice(20)].join('-');
}

/** What is kept of a secret: an Argon2id verifier with its salt and parameters, in PHC text form. */
export async function hashSecret(secret: string, parameters: VerifierParameters = verifierParameters): Promise<string> {
  const { memoryKiB, passes, lanes } = parameters;
  return hash(normalized(secret), { memoryCost: memoryKiB, timeCost: passes, parallelism: lanes });
}

/** True when the verifier was made from this secret; false for any other, and for a text that is no verifier. */
export async function verifySecret(verifier: string, secret: string): Promise<boolean> {
  return isVerifier(verifier) && verify(verifier, normalized(secret));
}

function isVerifier(text: string): boolean {
  if (!text.startsWith('$argon2id$v=19$')) return false;
  try {
    parseOptions(text);
    return true;
  } catch {
    return false;
  }
}

/** The same secret typed on another system may come in another Unicode form (RFC 8265, section 4.2: NFC). */
function normalized(secret: string): string {
  return secret.normalize('NFC');
}
