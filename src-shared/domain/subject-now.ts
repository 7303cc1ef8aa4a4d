import { asArray, asObject, asString, type ExactObject } from '../fhir/index.ts';
import type { VersionSeen } from './write.ts';
import { relativeReference } from './subject-match.ts';

/**
 * Whether the patient and the visit still are what they were when the write was checked (D6), read again just before it is
 * sent. A change that nobody has to know for this write is none: charts change all day.
 */

/** The patient or visit of a write: as it was when it was checked, and as it stands now (`null`: it is not there). */
export interface SubjectSeen {
  readonly kind: 'patient' | 'encounter';
  readonly checked: VersionSeen;
  readonly now: { readonly versionId: string | null; readonly resource: ExactObject } | null;
}

/**
 * What follows from it. `check`: it cannot be written there as it stands, and the check will say why. `ask`: whoever
 * approves has to know.
 */
export type SubjectChange = { readonly then: 'check' | 'ask'; readonly words: string };

/** The change that matters, or `null`. `patient`: the reference that the visit must belong to. */
export function subjectChange(seen: SubjectSeen, patient: string): SubjectChange | null {
  const { kind, checked, now } = seen;
  const { reference } = checked;
  if (now === null) return { then: 'check', words: `${reference} is no longer there` };
  // The same version is the same record; where there are no versions, what it says counts.
  if (now.versionId !== null && now.versionId === checked.versionId) return null;
  return kind === 'patient' ? patientChange(reference, now.resource) : encounterChange(reference, now.resource, patient);
}

function patientChange(reference: string, resource: ExactObject): SubjectChange | null {
  if (asArray(resource.link).some((link) => asObject(link)?.type === 'replaced-by'))
    return { then: 'check', words: `${reference} was merged into another record` };
  if (resource.active === false) return { then: 'check', words: `${reference} is no longer active` };
  const died = resource.deceasedBoolean === true || asString(resource.deceasedDateTime) !== undefined;
  return died ? { then: 'ask', words: `${reference} is recorded as deceased` } : null;
}

function encounterChange(reference: string, resource: ExactObject, patient: string): SubjectChange | null {
  const owner = asString(asObject(resource.subject)?.reference);
  if (owner !== undefined && relativeReference(owner) !== patient)
    return { then: 'check', words: `${reference} now belongs to ${owner}` };
  const status = asString(resource.status);
  if (status === 'cancelled' || status === 'entered-in-error') return { then: 'check', words: `${reference} is now ${status}` };
  return status === 'finished' ? { then: 'ask', words: `${reference} has been closed` } : null;
}
