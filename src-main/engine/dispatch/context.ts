import type { EventSource } from '../event-source.ts';
import type { EhrGateway } from '../../ports/outbound/index.ts';
import {
  contextDrift,
  reliedOnVersions,
  type Drift,
  type FailureCode,
  type VersionSeen,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

export type Context =
  | { readonly outcome: 'same' }
  /** `seen`: the versions that stand there now, for whoever decides to know and to answer for. */
  | { readonly outcome: 'changed'; readonly drift: readonly Drift[]; readonly seen: readonly VersionSeen[] }
  | { readonly outcome: 'unread'; readonly code: FailureCode; readonly retryAfterMs: number | null };

/** Reads again, just before sending, what the content of the event relied on (D6). */
export async function readContext(gateway: EhrGateway, events: EventSource, row: WriteRow): Promise<Context> {
  const { snapshot } = await events.eventAt(row.tenant, row.eventSeq);
  const reliedOn = reliedOnVersions(snapshot, row.approval);
  const found: (string | null)[] = [];
  for (const { reference } of reliedOn) {
    const answer = await gateway.read(reference);
    if (answer.outcome === 'failed') return { outcome: 'unread', code: answer.code, retryAfterMs: answer.retryAfterMs };
    found.push(answer.outcome === 'gone' ? null : answer.match.versionId);
  }
  const drift = contextDrift(reliedOn, found);
  if (drift.length === 0) return { outcome: 'same' };
  return { outcome: 'changed', drift, seen: reliedOn.map(({ reference }, at) => ({ reference, versionId: found[at] ?? null })) };
}

/**
 * Reads again what an update changes, just before it is sent: not every EHR that takes If-Match keeps to it (D2).
 *
 * @returns the reason not to send, or `null`
 */
export async function targetMoved(
  gateway: EhrGateway,
  target: VersionSeen,
): Promise<{ readonly moved: string } | { readonly code: FailureCode; readonly retryAfterMs: number | null } | null> {
  const answer = await gateway.read(target.reference);
  if (answer.outcome === 'failed') return { code: answer.code, retryAfterMs: answer.retryAfterMs };
  if (answer.outcome === 'gone' || answer.match.versionId !== target.versionId) return { moved: target.reference };
  return null;
}
