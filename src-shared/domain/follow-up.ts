import { asArray, asObject, asString, carriesIdentifier, stringifyExact, type ExactObject } from '../fhir/index.ts';
import { limits } from '../limits/index.ts';
import { below } from './difference.ts';
import type { ContractRow } from './contract-matrix.ts';
import { writeIdentifierSystem } from './keys.ts';
import type { AwaitedInChart, ChartDrift, FieldDifference, FollowUp, StateOf, WriteRow } from './write.ts';

/**
 * What is followed after the commit (C8): a charted entry is read again, an hour, a day and a week after it was written;
 * longer where its contract expects something to become of it. Each look says what stands there now and whether that is
 * still what was written.
 */

/** What a later look at a charted entry showed. */
export type Seen =
  | {
      readonly outcome: 'read';
      readonly versionId: string | null;
      readonly resource: ExactObject;
      /** Serious differences from what was sent, as at the read-back. */
      readonly differences: readonly FieldDifference[];
    }
  | { readonly outcome: 'gone' }
  | { readonly outcome: 'failed' };

/** The committed state after one more look. */
export function afterFollow(
  row: Pick<WriteRow, 'id' | 'compensates'>,
  state: StateOf<'committed'>,
  seen: Seen,
  contract: Pick<ContractRow, 'follow'>,
  now: number,
): StateOf<'committed'> {
  const before = state.follow ?? null;
  const looks = (before?.looks ?? 0) + 1;
  if (seen.outcome === 'failed') {
    const failures = (before?.failures ?? 0) + 1;
    const nextAt =
      failures < limits.followFailuresMax ? now + limits.followRetryMs : planned(state.at, now, before?.awaited ?? null);
    return { ...state, follow: { ...(before ?? unseen(state)), looks, failures, at: now, nextAt } };
  }
  const found = seen.outcome === 'read' ? seen : null;
  const awaited = awaitedNow(contract.follow, state, found?.resource ?? null, before?.awaited ?? null, now);
  const versionId = found?.versionId ?? null;
  const common = { looks, failures: 0, at: now, versionId, awaited };
  // A later write of ours changed the same resource: it is followed there.
  if (found !== null && laterWriteOfOurs(found.resource, row.id)) {
    return { ...state, follow: { ...common, nextAt: null, drift: null } };
  }
  const drift = sinceThen(
    driftOf(state, found, contract.follow?.element, now, row.compensates !== undefined),
    before?.drift ?? null,
  );
  return { ...state, follow: { ...common, nextAt: planned(state.at, now, awaited), drift } };
}

function unseen(state: StateOf<'committed'>): FollowUp {
  return { looks: 0, failures: 0, at: state.at, nextAt: null, versionId: state.evidence.versionId, drift: null, awaited: null };
}

/** The next look after this one, or `null`. */
function planned(committedAt: number, now: number, awaited: AwaitedInChart | null): number | null {
  const steps = [limits.followFirstMs, limits.followSecondMs, limits.followLastMs];
  const step = steps.map((ms) => committedAt + ms).find((at) => at > now);
  const waits = awaited !== null && awaited.result !== 'done' && now < awaited.by + limits.followOverdueMaxMs;
  const times = [...(step === undefined ? [] : [step]), ...(waits ? [now + limits.followAwaitedMs] : [])];
  return times.length === 0 ? null : Math.min(...times);
}

function driftOf(
  state: StateOf<'committed'>,
  found: Extract<Seen, { outcome: 'read' }> | null,
  awaited: string | undefined,
  now: number,
  marks: boolean,
): ChartDrift | null {
  if (found === null) return { kind: 'deleted', noticedAt: now, versionId: null, by: null, differences: [] };
  const { versionId, resource } = found;
  const known = state.verification.result === 'partial' ? state.verification.differences : [];
  const differences = found.differences.filter(
    ({ path, found: value }) =>
      !known.some((one) => one.path === path && one.found === value) &&
      // What is awaited is to change; with a signature the intent of an order changes, too.
      (awaited === undefined || ![awaited, 'intent'].includes(below(path))),
  );
  const seen = { noticedAt: now, versionId, by: changedBy(resource), differences };
  // Where the mark is what was written, losing it is the drift.
  if (!marks && markedAsError(resource)) return { kind: 'entered-in-error', ...seen };
  if (differences.length > 0) return { kind: 'changed', ...seen };
  const moved = versionId !== null && state.evidence.versionId !== null && versionId !== state.evidence.versionId;
  return moved ? { kind: 'touched', ...seen } : null;
}

/** The same drift seen again keeps the time at which it was noticed. */
function sinceThen(drift: ChartDrift | null, before: ChartDrift | null): ChartDrift | null {
  const same = drift !== null && before?.kind === drift.kind && before.versionId === drift.versionId;
  return same ? { ...drift, noticedAt: before.noticedAt } : drift;
}

/** True when the look brought a drift that nobody has been told of. */
export function newDrift(before: StateOf<'committed'>, after: StateOf<'committed'>): boolean {
  const drift = after.follow?.drift ?? null;
  return drift !== null && drift.kind !== 'touched' && drift.noticedAt !== before.follow?.drift?.noticedAt;
}

/** R4: `status` of most resources, `verificationStatus` of conditions and allergies, `docStatus` of documents. */
export function markedAsError(resource: ExactObject): boolean {
  const codes = asArray(asObject(resource.verificationStatus)?.coding).map((one) => asObject(one)?.code);
  return [resource.status, resource.docStatus, ...codes].includes('entered-in-error');
}

/** Who made the version, as far as the resource itself says (R4, Meta.source). */
function changedBy(resource: ExactObject): string | null {
  return asString(asObject(resource.meta)?.source) ?? null;
}

/** Another write's tag stands after what this one left; without that, the EHR may have been put back to before it. */
function laterWriteOfOurs(resource: ExactObject, id: string): boolean {
  const tags = asArray(asObject(resource.meta)?.tag).map(asObject);
  const ours = tags.flatMap((tag) => (tag?.system === writeIdentifierSystem ? [tag.code] : []));
  const made = carriesIdentifier(resource, writeIdentifierSystem, id);
  return (made || ours.includes(id)) && ours.length > 0 && ours.at(-1) !== id;
}

function awaitedNow(
  rule: ContractRow['follow'],
  state: StateOf<'committed'>,
  resource: ExactObject | null,
  before: AwaitedInChart | null,
  now: number,
): AwaitedInChart | null {
  if (rule === undefined) return before;
  if (before?.result === 'done') return before;
  const value = resource === null ? null : valueAt(resource, rule.element);
  const by = before?.by ?? state.at + rule.withinHours * HOUR_MS;
  const done = value !== null && (rule.until.includes(value) || rule.until.includes('present'));
  return { element: rule.element, value, by, result: done ? 'done' : now > by ? 'overdue' : 'open' };
}

/** A code as it stands; of a CodeableConcept its first code; anything else that is there, as its text. */
function valueAt(resource: ExactObject, element: string): string | null {
  const value = resource[element];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  return asString(asObject(asArray(asObject(value)?.coding)[0])?.code) ?? stringifyExact(value);
}

const HOUR_MS = 60 * 60_000;
