import type { Chart } from '../ehr/chart.ts';
import type { ChartEffect } from '../ehr/wire.ts';
import type { WritePicture } from './picture.ts';

/**
 * What later looks at charted entries must have shown (C8): an entry that somebody else has changed since is told as
 * changed, and one that still stands as the EHR took it is not.
 */

type Kind = 'deleted' | 'entered-in-error' | 'changed' | 'touched';

/** A charted entry is looked at again once so much time has passed. */
const FIRST_LOOK_MS = 3_600_000;

/**
 * What is wrong with the looks that were taken from `since` (wall clock) on at a write, or `null`.
 *
 * @param effects what the EHR recorded of the write
 */
export function laterLookWrong(
  { state, attested }: WritePicture,
  since: number,
  effects: readonly ChartEffect[],
  chart: Chart | undefined,
): string | null {
  // Where a person said that it is in the chart, what was taken there is theirs to know.
  if (state.name !== 'committed' || attested) return null;
  const { reference, versionId } = state.evidence;
  if (state.follow === undefined && state.at + FIRST_LOOK_MS <= since) return `nobody looked at ${reference} again`;
  if (state.follow === undefined || state.follow.at < since) return null;
  const own = effects.findLast((effect) => effect.reference === reference);
  if (own === undefined || chart === undefined) return null;
  const ownLater = chart.effects.some((one) => one.number > own.number && one.reference === reference && one.request !== null);
  const told = state.follow.drift?.kind ?? null;
  if (ownLater) return null;
  const expected = whatBecame(own, versionId, chart);
  return told === expected
    ? null
    : `the chart says "${expected ?? 'as it was'}" of ${reference}, the look "${told ?? 'as it was'}"`;
}

function whatBecame(own: ChartEffect, versionId: string | null, chart: Chart): Kind | null {
  const current = chart.current(own.reference);
  if (current === undefined) return 'deleted';
  if (current.resource.status === 'entered-in-error') return 'entered-in-error';
  const fields = Object.keys(own.resource).filter((name) => !['id', 'meta', 'identifier'].includes(name));
  if (fields.some((name) => JSON.stringify(own.resource[name]) !== JSON.stringify(current.resource[name]))) return 'changed';
  return versionId !== null && current.versionId !== versionId ? 'touched' : null;
}
