import type { Chart } from '../ehr/chart.ts';
import type { ChartEffect } from '../ehr/wire.ts';
import type { WritePicture } from './picture.ts';
import type { Verification } from '../../../src-shared/domain/index.ts';
import type { ExactObject } from '../../../src-shared/fhir/index.ts';

/**
 * What later looks at charted entries must have shown (C8): an entry that somebody else has changed since is told as
 * changed, and one that still stands as the EHR took it is not.
 */

type Kind = 'deleted' | 'entered-in-error' | 'changed' | 'touched';

/** A charted entry is looked at again once so much time has passed. */
const FIRST_LOOK_MS = 3_600_000;

/**
 * What is wrong with the looks that were taken at a write from `since` until `now` (wall clock), or `null`.
 *
 * @param effects what the EHR recorded of the write
 */
export function laterLookWrong(
  { planned, state, attested, prepared }: WritePicture,
  { since, now }: { readonly since: number; readonly now: number },
  effects: readonly ChartEffect[],
  chart: Chart | undefined,
): string | null {
  // Where a person said that it is in the chart, what was taken there is theirs to know.
  if (state.name !== 'committed' || attested) return null;
  const { reference, versionId } = state.evidence;
  if (state.follow === undefined && state.at + FIRST_LOOK_MS <= since) return `nobody looked at ${reference} again`;
  if (state.follow === undefined || state.follow.at < since) return null;
  // A look by a clock that stood ahead, of an EHR that does not tell the time: nobody could know.
  if (state.follow.at > now) return null;
  const own = effects.findLast((effect) => effect.reference === reference);
  if (own === undefined || chart === undefined) return null;
  const ownLater = chart.effects.some((one) => one.number > own.number && one.reference === reference && one.request !== null);
  const told = state.follow.drift?.kind ?? null;
  if (ownLater) return null;
  // What the EHR left out is known from the read-back, where there was one.
  const readBack = state.verification.result === 'verified' || state.verification.result === 'partial';
  const sent = JSON.parse(prepared?.body ?? '{}') as ExactObject;
  // Of a record that was only changed, what this write put there; the rest is the EHR's and of others.
  const marks = planned.compensates !== undefined;
  const fields = own.before === null ? Object.keys(sent) : ['content', ...(marks ? ['status'] : [])];
  const expected = whatBecame(
    marks,
    fields,
    sent,
    readBack ? asRead(own.resource, state.verification) : sent,
    versionId,
    chart.current(reference),
  );
  return told === expected
    ? null
    : `the chart says "${expected ?? 'as it was'}" of ${reference}, the look "${told ?? 'as it was'}"`;
}

/** An entry as its read-back found it: somebody may have changed it by then, and what differed was told at once. */
function asRead(written: ExactObject, verification: Verification): ExactObject {
  if (verification.result !== 'partial') return written;
  const differing = verification.differences.map(({ path, found }) => [path, found === null ? undefined : JSON.parse(found)]);
  return { ...written, ...(Object.fromEntries(differing) as ExactObject) };
}

/**
 * @param marks what was written is the mark itself: then losing it is the change
 * @param stood as it was known to stand after the read-back
 */
function whatBecame(
  marks: boolean,
  fields: readonly string[],
  sent: ExactObject,
  stood: ExactObject,
  versionId: string | null,
  current: ReturnType<Chart['current']>,
): Kind | null {
  if (current === undefined) return 'deleted';
  const { resource } = current;
  if (!marks && resource.status === 'entered-in-error') return 'entered-in-error';
  const text = (of: ExactObject, name: string): string | undefined => JSON.stringify(of[name]);
  const content = fields.filter((name) => !['id', 'meta', 'identifier'].includes(name));
  if (content.some((name) => ![text(sent, name), text(stood, name)].includes(text(resource, name)))) return 'changed';
  return versionId !== null && current.versionId !== versionId ? 'touched' : null;
}
