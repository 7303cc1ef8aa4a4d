import { limits } from '../limits/index.ts';
import type { SendResult } from './outcome.ts';
import type { WriteRow, WriteState } from './write.ts';

/**
 * Approved and due, and the EHR has asked for a longer pause (Retry-After, RFC 9110, section 10.2.3): what stopped it
 * meanwhile does not shorten that. `null`: it may go. No EHR is given longer than it ever is; a time beyond that was
 * written by a clock that was wrong.
 */
export function waitAsAsked(row: Pick<WriteRow, 'state' | 'askedUntil'>, now: number): readonly WriteState[] | null {
  const { state, askedUntil = 0 } = row;
  if (askedUntil <= now || askedUntil > now + limits.retryAfterMaxMs) return null;
  const through: readonly WriteState[] = state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: now }] : [];
  return [...through, { name: 'pending', nextAt: askedUntil, code: 'ehr-rate-limit' }];
}

/** Until when the EHR wants nothing of this write (`WriteRow.askedUntil`); left out where it did not say. */
export function askedUntil(result: SendResult, now: number): { readonly askedUntil?: number } {
  if (result.outcome !== 'throttled' || result.retryAfterMs === null) return {};
  return { askedUntil: now + Math.min(result.retryAfterMs, limits.retryAfterMaxMs) };
}
