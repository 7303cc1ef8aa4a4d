import type { EhrGateway } from '../../ports/outbound/index.ts';
import {
  lookDelayMs,
  verificationOf,
  type Exchange,
  type PreparedRecord,
  type Verification,
  type VerifyRules,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

export interface ReadBack {
  readonly verification: Verification;
  /** Version that was read; the one the comparison speaks of. */
  readonly versionId: string | null;
  readonly exchange: readonly Exchange[];
}

/**
 * Reads a written resource back and compares it with what was sent, by the contract's fields (C7). A read that fails
 * now is due again later; only after several is the write called not verifiable.
 *
 * @param contract what of it the contract wants verified, and how
 * @param looks how often reading back has failed before
 */
export async function readBack(
  gateway: EhrGateway,
  prepared: PreparedRecord,
  contract: VerifyRules,
  reference: string,
  looks: number,
  now: number,
  fraction: number,
): Promise<ReadBack> {
  const answer = await gateway.read(reference);
  if (answer.outcome === 'read') {
    const verification = verificationOf(contract, gateway.compare(prepared, answer.match.resource));
    return { verification, versionId: answer.match.versionId, exchange: answer.exchange };
  }
  if (answer.outcome === 'gone') {
    return {
      verification: { result: 'not-verifiable', reason: `${reference} can no longer be read` },
      versionId: null,
      exchange: answer.exchange,
    };
  }
  return { ...readLater(looks, now, fraction, answer.retryAfterMs), exchange: answer.exchange };
}

/** The read-back could not be done now: due again later, until it has failed too often. */
export function readLater(looks: number, now: number, fraction: number, retryAfterMs: number | null = null): ReadBack {
  const verification: Verification =
    looks + 1 >= limits.readBacksMax
      ? { result: 'not-verifiable', reason: `reading it back failed ${looks + 1} times` }
      : { result: 'due', nextAt: now + lookDelayMs(looks, fraction, retryAfterMs), looks: looks + 1 };
  return { verification, versionId: null, exchange: [] };
}
