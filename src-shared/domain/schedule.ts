import { limits } from '../limits/index.ts';

/** When to try or look again. Pure: chance comes in as a fraction in [0, 1). */

/**
 * Milliseconds to wait before the next attempt: exponential backoff with full jitter, never sooner than the EHR asked
 * (RFC 9110, section 10.2.3, Retry-After), and never later than an hour on the EHR's word alone.
 *
 * @param attempts how many attempts have been made, at least 1
 */
export function retryDelayMs(attempts: number, fraction: number, retryAfterMs: number | null): number {
  const ceiling = Math.min(limits.retryCapMs, limits.retryBaseMs * 2 ** Math.min(attempts - 1, 30));
  const jittered = Math.round(ceiling * fraction);
  const asked = Math.min(retryAfterMs ?? 0, limits.retryAfterMaxMs);
  return Math.max(jittered, asked);
}

/**
 * Milliseconds to wait before looking at the chart again. Growing, with a little jitter: early looks settle most
 * writes, late ones wait for search indexes.
 *
 * @param looks how many looks have been made, 0 for the first
 */
export function lookDelayMs(looks: number, fraction: number, retryAfterMs: number | null): number {
  const base = Math.min(limits.lookUpCapMs, limits.lookUpBaseMs * 2 ** Math.min(looks, 30));
  const asked = Math.min(retryAfterMs ?? 0, limits.retryAfterMaxMs);
  return Math.max(Math.round(base * (0.5 + fraction / 2)), asked);
}
