import type { BusinessEvent } from './business-event.ts';
import type { VersionSeen, WriteApproval } from './write.ts';

/** What the content of an event relied on, held against the chart as it is now (D6). */

/** One record that is not as it was: in another version, or no longer there (`null`). */
export interface Drift {
  readonly reference: string;
  readonly reliedOn: string | null;
  readonly found: string | null;
}

/**
 * The versions a write may still rely on: those the event was made from, and in their place those that whoever approved
 * it was told about.
 */
export function reliedOnVersions(
  snapshot: BusinessEvent['snapshot'],
  approval: Pick<WriteApproval, 'context'> | null,
): readonly VersionSeen[] {
  const versions = new Map((snapshot?.reliedOn ?? []).map((one) => [one.reference, one.versionId as string | null]));
  for (const { reference, versionId } of approval?.context ?? []) if (versions.has(reference)) versions.set(reference, versionId);
  return [...versions].map(([reference, versionId]) => ({ reference, versionId }));
}

/** Records that are in another version than was relied on; `found` has one version for each, in the same order. */
export function contextDrift(reliedOn: readonly VersionSeen[], found: readonly (string | null)[]): readonly Drift[] {
  return reliedOn.flatMap(({ reference, versionId }, index) => {
    const now = found[index] ?? null;
    return now === versionId ? [] : [{ reference, reliedOn: versionId, found: now }];
  });
}

/** What changed, in words for whoever has to look at it. */
export function driftWords(drift: readonly Drift[]): string {
  const words = drift.map(({ reference, reliedOn, found }) =>
    found === null
      ? `${reference} is no longer there`
      : `${reference} is now in version ${found}${reliedOn === null ? '' : `, not ${reliedOn}`}`,
  );
  return `what it relied on has changed: ${words.join('; ')}`;
}
