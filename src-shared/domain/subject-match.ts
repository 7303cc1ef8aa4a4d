import { asArray, asObject, asString, type ExactObject, type ExactValue } from '../fhir/index.ts';
import type { EncounterSubject, OrganizationSubject, PatientSubject, PractitionerSubject } from './business-event.ts';
import type { HumanName } from './content.ts';
import type { ResolvedRef } from './entries.ts';
import type { FailureCode } from './failures.ts';
import { epochMs, readEpochMs } from './time.ts';

/**
 * Is this the patient, visit and practitioner that the event means? One match, nothing that contradicts it, and for
 * the patient at least one thing besides the identifier that confirms it. Anything else stops the write: an identifier
 * is one mistyped digit away from somebody else's.
 */

/** A resource as read from the EHR. */
export interface Candidate {
  readonly reference: string;
  readonly versionId: string | null;
  readonly resource: ExactObject;
}

export type Match =
  { readonly ok: true; readonly ref: ResolvedRef } | { readonly ok: false; readonly code: FailureCode; readonly message: string };

const refused = (code: FailureCode, message: string): Match => ({ ok: false, code, message });
const accepted = (candidate: Candidate): Match => ({
  ok: true,
  ref: { reference: candidate.reference, versionId: candidate.versionId },
});

/** `Type/id` of a reference that may be absolute or carry a version (R4, references, literal). */
export function relativeReference(reference: string): string {
  const parts = reference.split('/_history/')[0]?.split('/') ?? [];
  return parts.slice(-2).join('/');
}

export function matchPatient(subject: PatientSubject, candidates: readonly Candidate[]): Match {
  const candidate = only(candidates, 'patient-not-found', 'patient-ambiguous', 'patients');
  if ('ok' in candidate) return candidate;
  const { resource } = candidate;
  if (resource.active === false) return refused('patient-inactive', `${candidate.reference} is marked inactive`);
  const replacedBy = asArray(resource.link)
    .map(asObject)
    .find((link) => link?.type === 'replaced-by');
  if (replacedBy !== undefined) {
    const other = asString(asObject(replacedBy.other)?.reference) ?? 'another record';
    return refused('patient-inactive', `${candidate.reference} was replaced by ${other}`);
  }
  let confirmed = 0;
  const birthDate = asString(resource.birthDate);
  if (subject.birthDate !== undefined && birthDate !== undefined) {
    if (birthDate !== subject.birthDate) return refused('patient-differs', 'the birth date is another one');
    confirmed += 1;
  }
  if (subject.name !== undefined && resource.name !== undefined) {
    const names = compareNames(subject.name, resource.name);
    if (names.difference !== null) return refused('patient-differs', names.difference);
    if (names.compared) confirmed += 1;
  }
  const gender = asString(resource.gender);
  if (
    subject.gender !== undefined &&
    gender !== undefined &&
    subject.gender !== 'unknown' &&
    gender !== 'unknown' &&
    gender !== subject.gender
  ) {
    return refused('patient-differs', 'the sex is another one');
  }
  if (confirmed === 0) return refused('patient-unconfirmed', 'neither birth date nor name could be compared');
  return accepted(candidate);
}

export function matchEncounter(subject: EncounterSubject, patient: string, candidates: readonly Candidate[]): Match {
  const candidate = only(candidates, 'encounter-not-found', 'encounter-ambiguous', 'visits');
  if ('ok' in candidate) return candidate;
  const owner = asString(asObject(candidate.resource.subject)?.reference);
  if (owner === undefined || relativeReference(owner) !== patient) {
    return refused('encounter-of-other-patient', `${candidate.reference} belongs to ${owner ?? 'nobody'}, not to ${patient}`);
  }
  const status = asString(candidate.resource.status);
  if (status === 'cancelled' || status === 'entered-in-error') {
    return refused('encounter-not-usable', `${candidate.reference} is ${status}`);
  }
  const from = asString(asObject(candidate.resource.period)?.start);
  if (subject.period?.start !== undefined && from !== undefined) {
    const started = readEpochMs(from);
    if (started === undefined) return refused('encounter-not-usable', `${candidate.reference} has a start that is no date`);
    if (Math.abs(epochMs(subject.period.start) - started) > DAY_MS) {
      return refused('encounter-not-usable', `${candidate.reference} started on another day than the event says`);
    }
  }
  return accepted(candidate);
}

export function matchPractitioner(subject: PractitionerSubject, candidates: readonly Candidate[]): Match {
  const candidate = only(candidates, 'author-not-found', 'author-ambiguous', 'practitioners');
  if ('ok' in candidate) return candidate;
  if (subject.name !== undefined && candidate.resource.name !== undefined) {
    const { difference } = compareNames(subject.name, candidate.resource.name);
    if (difference !== null) return refused('author-differs', difference);
  }
  return accepted(candidate);
}

export function matchOrganization(_subject: OrganizationSubject, candidates: readonly Candidate[]): Match {
  const candidate = only(candidates, 'organization-not-found', 'organization-ambiguous', 'organizations');
  return 'ok' in candidate ? candidate : accepted(candidate);
}

/** The document to be amended or replaced; it must be the same patient's. */
export function matchDocument(patient: string, candidates: readonly Candidate[]): Match {
  const candidate = only(candidates, 'target-not-found', 'target-ambiguous', 'documents');
  if ('ok' in candidate) return candidate;
  const owner = asString(asObject(candidate.resource.subject)?.reference);
  if (owner === undefined || relativeReference(owner) !== patient) {
    return refused('target-of-other-patient', `${candidate.reference} belongs to ${owner ?? 'nobody'}, not to ${patient}`);
  }
  return accepted(candidate);
}

function only(candidates: readonly Candidate[], none: FailureCode, several: FailureCode, what: string): Candidate | Match {
  const [first, second] = candidates;
  if (first === undefined) return refused(none, `the EHR has no such ${what}`);
  if (second !== undefined) return refused(several, `the EHR has ${candidates.length} such ${what}`);
  return first;
}

/**
 * Why the names disagree, and whether they had anything to compare: two names that share no part confirm nothing.
 * Family names must be equal; of the given names one must be shared.
 */
function compareNames(
  expected: HumanName,
  found: ExactValue,
): { readonly difference: string | null; readonly compared: boolean } {
  const names = asArray(found).map(asObject);
  let compared = false;
  const family = normalized(expected.family ?? '');
  if (family !== '') {
    compared = true;
    if (!names.some((one) => normalized(asString(one?.family) ?? '') === family)) {
      return { difference: 'the family name is another one', compared };
    }
  }
  const given = (expected.given ?? []).flatMap(words);
  const chart = names.flatMap((one) => asArray(one?.given)).flatMap((value) => words(asString(value) ?? ''));
  if (given.length > 0 && chart.length > 0) {
    compared = true;
    if (!given.some((word) => chart.includes(word))) return { difference: 'the given name is another one', compared };
  }
  return { difference: null, compared };
}

/** Case, accents, hyphens and spacing differ between systems that mean the same name. */
function normalized(name: string): string {
  return words(name).join('');
}

function words(name: string): string[] {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '');
}

// Two systems may round the start of a visit, or give only its day; a day apart is another visit.
const DAY_MS = 24 * 60 * 60 * 1000;
