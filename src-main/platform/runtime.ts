import { hash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { base32 } from '../../src-shared/domain/index.ts';
import type { Clock, Random, Sha256, Timers } from '../ports/outbound/index.ts';

/** The machine's clocks. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};

/** The longest wait that Node's timers take; a longer one would fire at once. */
const TIMER_MAX_MS = 2 ** 31 - 1;

export const systemTimers: Timers = {
  async sleep(ms, signal) {
    const end = performance.now() + ms;
    if (isAborted(signal)) return false;
    // More than one turn: for waits beyond a timer's reach, and because a timer may fire a fraction of a millisecond early.
    for (let left = ms; left > 0; left = end - performance.now()) {
      try {
        await delay(Math.min(Math.ceil(left), TIMER_MAX_MS), undefined, signal === undefined ? {} : { signal });
      } catch (error) {
        if (isAborted(signal)) return false;
        throw error;
      }
    }
    return true;
  },
};

function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

/** 128 bits are 26 characters of base32. */
const ID_BYTES = 16;

/** Chance from the system's cryptographic generator. */
export const systemRandom: Random = {
  fraction: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: (count) => new Uint8Array(randomBytes(count)),
  id: () => base32(randomBytes(ID_BYTES)),
};

/** SHA-256 (FIPS 180-4), 32 bytes. */
export const sha256: Sha256 = (bytes) => new Uint8Array(hash('sha256', bytes, 'buffer'));
