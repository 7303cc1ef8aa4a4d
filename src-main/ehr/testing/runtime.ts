import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../ports/outbound/index.ts';

/** Real time, a hash and ids that count up: what a gateway needs of its surroundings in a test. */
export const clock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

export function countingIds(): Pick<Random, 'id'> {
  let last = 0;
  return {
    id: () => {
      last += 1;
      return `req-${last}`;
    },
  };
}
