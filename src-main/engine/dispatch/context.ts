import type { EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import type { EhrGateway } from '../../ports/outbound/index.ts';
import {
  baseSha256,
  contextDrift,
  reliedOnVersions,
  subjectChange,
  type Drift,
  type FailureCode,
  type ResolvedFacts,
  type ResolvedRef,
  type VersionSeen,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

export type Context =
  | { readonly outcome: 'same' }
  /** `seen`: the versions that stand there now, for whoever decides to know and to answer for. */
  | { readonly outcome: 'changed'; readonly drift: readonly Drift[]; readonly seen: readonly VersionSeen[] }
  | { readonly outcome: 'unread'; readonly code: FailureCode; readonly retryAfterMs: number | null };

export type SubjectNow =
  | Extract<Context, { outcome: 'same' | 'unread' }>
  /** It cannot be written there as it stands; the check says why. */
  | { readonly outcome: 'check' }
  | { readonly outcome: 'changed'; readonly reason: string; readonly seen: readonly VersionSeen[] };

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
 * Reads the patient and the visit again, just before sending (D6): merged, deceased, closed, cancelled since it was
 * checked? What whoever approved it has been told of counts as known.
 */
export async function readSubject(gateway: EhrGateway, row: WriteRow, facts: ResolvedFacts): Promise<SubjectNow> {
  const known = new Map((row.approval?.context ?? []).map(({ reference, versionId }) => [reference, versionId]));
  const asked: { readonly words: string; readonly seen: VersionSeen }[] = [];
  for (const [kind, ref] of [['patient', facts.patient] as const, ['encounter', facts.encounter] as const]) {
    if (ref === null) continue;
    const answer = await gateway.read(ref.reference);
    if (answer.outcome === 'failed') return { outcome: 'unread', code: answer.code, retryAfterMs: answer.retryAfterMs };
    const now = answer.outcome === 'gone' ? null : answer.match;
    const change = subjectChange({ kind, checked: ref, now }, facts.patient.reference);
    if (change === null) continue;
    if (change.then === 'check') return { outcome: 'check' };
    const versionId = now?.versionId ?? null;
    if (!known.has(ref.reference) || known.get(ref.reference) !== versionId)
      asked.push({ words: change.words, seen: { reference: ref.reference, versionId } });
  }
  if (asked.length === 0) return { outcome: 'same' };
  const before = [...known].map(([reference, versionId]) => ({ reference, versionId }));
  const reason = `what it was approved for has changed: ${asked.map(({ words }) => words).join('; ')}`;
  return { outcome: 'changed', reason, seen: [...before, ...asked.map(({ seen }) => seen)] };
}

/**
 * Reads again what an update changes, just before it is sent: not every EHR that takes If-Match keeps to it, and some give
 * no versions at all; of those the content is compared (D2).
 *
 * @returns the reason not to send, or `null`
 */
export async function targetMoved(
  { sha256 }: Pick<EngineDeps, 'sha256'>,
  gateway: EhrGateway,
  target: ResolvedRef,
): Promise<{ readonly moved: string } | { readonly code: FailureCode; readonly retryAfterMs: number | null } | null> {
  const answer = await gateway.read(target.reference);
  if (answer.outcome === 'failed') return { code: answer.code, retryAfterMs: answer.retryAfterMs };
  if (answer.outcome === 'gone' || answer.match.versionId !== target.versionId) return { moved: target.reference };
  if (target.versionId !== null) return null;
  return baseSha256(sha256, answer.match.resource) === target.contentSha256 ? null : { moved: target.reference };
}
