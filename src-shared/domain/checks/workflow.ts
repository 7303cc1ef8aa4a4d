import { asObject, asString, type ExactObject } from '../../fhir/index.ts';
import { limits } from '../../limits/index.ts';
import type { Finding } from '../entries.ts';
import { readEpochMs } from '../time.ts';
import { finding } from './findings.ts';

/**
 * A visit that the EHR has closed some time before what is to be charted to it took place (F1, workflow state). Notes are
 * finished after the visit, so that alone is no reason to stop; long after, it may belong to a later one.
 *
 * @param visit the Encounter as the EHR returned it; `null` where the event names none
 */
export function closedVisit(occurredAt: number, visit: ExactObject | null): readonly Finding[] {
  if (visit === null || asString(visit.status) !== 'finished') return [];
  const end = asString(asObject(visit.period)?.end);
  const ended = end === undefined ? undefined : readEpochMs(end);
  if (end === undefined || ended === undefined || occurredAt - ended <= limits.visitClosedMs) return [];
  return [finding('encounter-closed', 'review', 'subject.encounter', `The visit was closed, and ended at ${end}.`)];
}
