import { describe, expect, it } from 'vitest';
import { asObject, parseExact } from '../fhir/index.ts';
import type { EncounterSubject, PatientSubject } from './business-event.ts';
import {
  matchDocument,
  matchEncounter,
  matchOrganization,
  matchPatient,
  matchPractitioner,
  relativeReference,
  type Candidate,
  type Match,
} from './subject-match.ts';

const candidate = (type: string, resource: object, id = '7'): Candidate => {
  const parsed = parseExact(JSON.stringify({ resourceType: type, id, ...resource }), 64);
  const read = parsed.ok ? asObject(parsed.value) : undefined;
  if (read === undefined) throw new Error('not an object');
  return { reference: `${type}/${id}`, versionId: '3', resource: read };
};
const end = (match: Match): string => (match.ok ? 'ok' : match.code);
const identifiers = [{ system: 'urn:mrn', value: '1' }];

const campbell = { name: [{ family: 'Campbell', given: ['Andrew', 'John'] }], birthDate: '1967-02-11', gender: 'male' };
const subject: PatientSubject = {
  identifiers,
  name: { family: 'Campbell', given: ['Andrew'] },
  birthDate: '1967-02-11',
  gender: 'male',
};

describe('matchPatient', () => {
  it('INV-17 accepts the one patient whom everything agrees with, and says which version was read', () => {
    expect(matchPatient(subject, [candidate('Patient', campbell)])).toEqual({
      ok: true,
      ref: { reference: 'Patient/7', versionId: '3' },
    });
  });

  it('INV-17 needs exactly one', () => {
    const one = candidate('Patient', campbell);
    expect(matchPatient(subject, [])).toEqual({ ok: false, code: 'patient-not-found', message: 'the EHR has no such patients' });
    expect(matchPatient(subject, [one, candidate('Patient', campbell, '8')])).toEqual({
      ok: false,
      code: 'patient-ambiguous',
      message: 'the EHR has 2 such patients',
    });
  });

  // What the event says besides the identifier, what the chart says -> the end. `undefined` leaves a member out.
  const table: readonly (readonly [what: string, says: Partial<PatientSubject>, chart: object, end: string])[] = [
    ['all the same', {}, {}, 'ok'],
    // Birth date.
    ['another birth date', {}, { birthDate: '1967-11-02' }, 'patient-differs'],
    [
      'another birth date, all else left out',
      { name: undefined, gender: undefined },
      { birthDate: '1967-02-12' },
      'patient-differs',
    ],
    ['a birth date of lower precision', { birthDate: '1967' }, {}, 'patient-differs'],
    ['the birth date alone', { name: undefined, gender: undefined }, {}, 'ok'],
    ['no birth date in the event', { birthDate: undefined }, {}, 'ok'],
    ['no birth date in the chart', {}, { birthDate: undefined }, 'ok'],
    // Names: case, accents, hyphens and spaces are spelled differently by systems that mean the same.
    ['another case', { name: { family: 'CAMPBELL', given: ['andrew'] } }, {}, 'ok'],
    ['accents', { name: { family: 'Múñoz', given: ['José'] } }, { name: [{ family: 'Munoz', given: ['Jose'] }] }, 'ok'],
    ['composed and decomposed accents', { name: { family: 'Mu\u0308ller' } }, { name: [{ family: 'M\u00fcller' }] }, 'ok'],
    ['a hyphen for a space', { name: { family: 'Smith-Jones' } }, { name: [{ family: 'Smith Jones' }] }, 'ok'],
    ['a hyphen for nothing', { name: { family: 'Smith-Jones' } }, { name: [{ family: 'SmithJones' }] }, 'ok'],
    ['an apostrophe', { name: { family: "O'Brien" } }, { name: [{ family: 'O’Brien' }] }, 'ok'],
    ['another script', { name: { family: 'Иванов' } }, { name: [{ family: 'ИВАНОВ' }] }, 'ok'],
    ['letters that only look alike', { name: { family: 'Саmpbell' } }, {}, 'patient-differs'],
    ['another family name', { name: { family: 'Kampbell', given: ['Andrew'] } }, {}, 'patient-differs'],
    ['half a family name', { name: { family: 'Camp' } }, {}, 'patient-differs'],
    [
      'an earlier family name still on record',
      { name: { family: 'Baker' } },
      { name: [{ family: 'Campbell' }, { family: 'Baker', use: 'maiden' }] },
      'ok',
    ],
    ['another given name', { name: { family: 'Campbell', given: ['Peter'] } }, {}, 'patient-differs'],
    ['a middle name first', { name: { family: 'Campbell', given: ['John'] } }, {}, 'ok'],
    ['given names in one text', { name: { family: 'Campbell', given: ['John Andrew'] } }, {}, 'ok'],
    ['an initial', { name: { family: 'Campbell', given: ['A.'] } }, {}, 'patient-differs'],
    ['no given name in the chart', {}, { name: [{ family: 'Campbell' }] }, 'ok'],
    ['no given name in the event', { name: { family: 'Campbell' } }, {}, 'ok'],
    ['a chart name without its parts', {}, { name: [{ text: 'Andrew Campbell' }] }, 'patient-differs'],
    ['the name alone', { birthDate: undefined, gender: undefined }, { birthDate: undefined, gender: undefined }, 'ok'],
    ['the given name alone', { birthDate: undefined, name: { given: ['Andrew'] } }, {}, 'ok'],
    // Sex.
    ['another sex', { gender: 'female' }, {}, 'patient-differs'],
    ['sex unknown to the event', { gender: 'unknown' }, {}, 'ok'],
    ['sex unknown to the chart', {}, { gender: 'unknown' }, 'ok'],
    ['sex left out of the chart', {}, { gender: undefined }, 'ok'],
    ['sex "other"', { gender: 'other' }, {}, 'patient-differs'],
    // Nothing to confirm by: an identifier is one mistyped digit away from somebody else's.
    ['the identifier only', { name: undefined, birthDate: undefined, gender: undefined }, {}, 'patient-unconfirmed'],
    ['identifier and sex only', { name: undefined, birthDate: undefined }, {}, 'patient-unconfirmed'],
    ['a chart that holds neither', {}, { name: undefined, birthDate: undefined }, 'patient-unconfirmed'],
    ['an empty name', { name: {}, birthDate: undefined }, {}, 'patient-unconfirmed'],
    [
      'a name as one text, which is not compared',
      { name: { text: 'Peter Miller' }, birthDate: undefined },
      {},
      'patient-unconfirmed',
    ],
    [
      'given names only, none in the chart',
      { name: { given: ['Andrew'] }, birthDate: undefined },
      { name: [{ family: 'Campbell' }] },
      'patient-unconfirmed',
    ],
    [
      'a family name without a letter',
      { name: { family: '-' }, birthDate: undefined },
      { name: [{ given: ['Andrew'] }] },
      'patient-unconfirmed',
    ],
    ['a name as one text, and the birth date', { name: { text: 'Peter Miller' } }, {}, 'ok'],
    // The record itself.
    ['an active record', {}, { active: true }, 'ok'],
    ['an inactive record', {}, { active: false }, 'patient-inactive'],
    ['an inactive record of someone else', {}, { active: false, birthDate: '1900-01-01' }, 'patient-inactive'],
    ['a merged record', {}, { link: [{ type: 'replaced-by', other: { reference: 'Patient/9' } }] }, 'patient-inactive'],
    ['a merged record, the other not named', {}, { link: [{ type: 'seealso' }, { type: 'replaced-by' }] }, 'patient-inactive'],
    ['the surviving record', {}, { link: [{ type: 'replaces', other: { reference: 'Patient/9' } }, null] }, 'ok'],
    // What the EHR may answer in place of a name.
    ['a name that is no list', {}, { name: 'Campbell' }, 'patient-differs'],
    ['names that are no objects', {}, { name: [null, 7, 'x', { family: 'Campbell', given: 'Andrew' }] }, 'ok'],
    ['a birth date that is a number', {}, { birthDate: 1967 }, 'ok'],
  ];
  it.each(table)('INV-17 %s', (_what, says, chart, expected) => {
    const given = Object.fromEntries(
      Object.entries({ ...subject, ...says }).filter(([, value]) => value !== undefined),
    ) as PatientSubject;
    expect(end(matchPatient(given, [candidate('Patient', { ...campbell, ...chart })]))).toBe(expected);
  });

  // The order of the checks, by their words.
  it.each([
    [{ active: false, link: [{ type: 'replaced-by' }] }, 'Patient/7 is marked inactive'],
    [
      { link: [{ type: 'replaced-by', other: { reference: 'Patient/9' } }], birthDate: '1900-01-01' },
      'Patient/7 was replaced by Patient/9',
    ],
    [{ link: [{ type: 'replaced-by' }] }, 'Patient/7 was replaced by another record'],
    [{ birthDate: '1900-01-01', name: [{ family: 'X' }], gender: 'female' }, 'the birth date is another one'],
    [{ name: [{ family: 'X', given: ['X'] }], gender: 'female' }, 'the family name is another one'],
    [{ name: [{ family: 'Campbell', given: ['X'] }], gender: 'female' }, 'the given name is another one'],
    [{ gender: 'female' }, 'the sex is another one'],
    [{ name: undefined, birthDate: undefined }, 'neither birth date nor name could be compared'],
  ])('INV-17 %j: %s', (chart, message) => {
    expect(matchPatient(subject, [candidate('Patient', { ...campbell, ...chart })])).toMatchObject({ ok: false, message });
  });
});

describe('matchEncounter', () => {
  const visit: EncounterSubject = { identifiers, period: { start: '2026-03-02T08:50:00Z' } };
  const table: readonly (readonly [what: string, chart: object, end: string])[] = [
    ['of the patient', {}, 'ok'],
    ['by an absolute reference', { subject: { reference: 'https://ehr.test/r4/Patient/7' } }, 'ok'],
    ['by a reference with a version', { subject: { reference: 'Patient/7/_history/4' } }, 'ok'],
    ['by an absolute reference with a version', { subject: { reference: 'https://ehr.test/r4/Patient/7/_history/4' } }, 'ok'],
    ['of another patient', { subject: { reference: 'Patient/8' } }, 'encounter-of-other-patient'],
    ['of a patient whose id begins alike', { subject: { reference: 'Patient/77' } }, 'encounter-of-other-patient'],
    ['of somebody who is no patient', { subject: { reference: 'Group/7' } }, 'encounter-of-other-patient'],
    ['of nobody', { subject: undefined }, 'encounter-of-other-patient'],
    ['of a patient named otherwise', { subject: { display: 'Andrew Campbell' } }, 'encounter-of-other-patient'],
    [
      'of another patient and cancelled',
      { subject: { reference: 'Patient/8' }, status: 'cancelled' },
      'encounter-of-other-patient',
    ],
    ['in progress', { status: 'in-progress' }, 'ok'],
    ['finished', { status: 'finished' }, 'ok'],
    ['cancelled', { status: 'cancelled' }, 'encounter-not-usable'],
    ['entered in error', { status: 'entered-in-error' }, 'encounter-not-usable'],
    ['without a status', { status: undefined }, 'ok'],
    ['begun an hour earlier', { period: { start: '2026-03-02T07:50:00Z' } }, 'ok'],
    ['begun that day', { period: { start: '2026-03-02' } }, 'ok'],
    ['begun a day earlier to the minute', { period: { start: '2026-03-01T08:50:00Z' } }, 'ok'],
    ['begun more than a day earlier', { period: { start: '2026-03-01T08:49:59Z' } }, 'encounter-not-usable'],
    ['begun more than a day later', { period: { start: '2026-03-03T08:50:01Z' } }, 'encounter-not-usable'],
    ['begun at a time that is none', { period: { start: 'this morning' } }, 'encounter-not-usable'],
    ['with an end only', { period: { end: '1999-01-01' } }, 'ok'],
    ['without a period', { period: undefined }, 'ok'],
  ];
  const chart = { subject: { reference: 'Patient/7' }, status: 'in-progress', period: { start: '2026-03-02T08:50:00Z' } };
  it.each(table)('INV-17 a visit %s', (_what, changes, expected) => {
    expect(end(matchEncounter(visit, 'Patient/7', [candidate('Encounter', { ...chart, ...changes }, '88')]))).toBe(expected);
  });

  it('INV-17 does not compare a start that the event does not give', () => {
    const far = candidate('Encounter', { ...chart, period: { start: '1999-01-01' } }, '88');
    expect(matchEncounter({ identifiers }, 'Patient/7', [far])).toEqual({
      ok: true,
      ref: { reference: 'Encounter/88', versionId: '3' },
    });
    expect(end(matchEncounter({ identifiers, period: { end: '2026-03-02' } }, 'Patient/7', [far]))).toBe('ok');
  });

  it('INV-17 names who it belongs to', () => {
    const other = candidate('Encounter', { ...chart, subject: { reference: 'Patient/8' } }, '88');
    expect(matchEncounter(visit, 'Patient/7', [other])).toMatchObject({
      message: 'Encounter/88 belongs to Patient/8, not to Patient/7',
    });
    expect(matchEncounter(visit, 'Patient/7', [candidate('Encounter', {}, '88')])).toMatchObject({
      message: 'Encounter/88 belongs to nobody, not to Patient/7',
    });
  });
});

describe('the others of an event', () => {
  const lee = { name: [{ family: 'Lee', given: ['Dana'] }] };
  it.each([
    [undefined, lee, 'ok'],
    [{ family: 'Lee' }, lee, 'ok'],
    [{ family: 'lee', given: ['Dana', 'Q'] }, lee, 'ok'],
    [{ family: 'Leigh' }, lee, 'author-differs'],
    [{ family: 'Lee', given: ['Ana'] }, lee, 'author-differs'],
    [{ family: 'Lee' }, {}, 'ok'],
    [{ text: 'Dana Lee' }, lee, 'ok'],
  ])('A1 an author named %j, in the chart %j: %s', (name, chart, expected) => {
    expect(
      end(matchPractitioner({ identifiers, ...(name === undefined ? {} : { name }) }, [candidate('Practitioner', chart)])),
    ).toBe(expected);
  });

  it.each([
    ['Patient/7', 'ok'],
    ['https://ehr.test/r4/Patient/7', 'ok'],
    ['Patient/8', 'target-of-other-patient'],
    [undefined, 'target-of-other-patient'],
  ])('D5 a document of %s: %s', (reference, expected) => {
    expect(
      end(
        matchDocument('Patient/7', [
          candidate('DocumentReference', reference === undefined ? {} : { subject: { reference } }, '5'),
        ]),
      ),
    ).toBe(expected);
  });

  const none: readonly Candidate[] = [];
  const two = [candidate('X', {}, '1'), candidate('X', {}, '2')];
  it.each([
    [
      'encounter',
      (all: readonly Candidate[]) => matchEncounter({ identifiers }, 'Patient/7', all),
      'encounter-not-found',
      'encounter-ambiguous',
    ],
    ['author', (all: readonly Candidate[]) => matchPractitioner({ identifiers }, all), 'author-not-found', 'author-ambiguous'],
    [
      'organization',
      (all: readonly Candidate[]) => matchOrganization({ identifiers }, all),
      'organization-not-found',
      'organization-ambiguous',
    ],
    ['document', (all: readonly Candidate[]) => matchDocument('Patient/7', all), 'target-not-found', 'target-ambiguous'],
  ])('INV-17 the %s is one, not none and not two', (_what, match, notFound, ambiguous) => {
    expect(end(match(none))).toBe(notFound);
    expect(end(match(two))).toBe(ambiguous);
  });

  it('A1 an organization is the one found', () => {
    expect(matchOrganization({ identifiers }, [candidate('Organization', {}, '1')])).toEqual({
      ok: true,
      ref: { reference: 'Organization/1', versionId: '3' },
    });
  });
});

describe('relativeReference', () => {
  it.each([
    ['Patient/7', 'Patient/7'],
    ['Patient/7/_history/2', 'Patient/7'],
    ['https://ehr.test/fhir/r4/Patient/7', 'Patient/7'],
    ['https://ehr.test/fhir/r4/Patient/7/_history/2', 'Patient/7'],
    ['urn:uuid:2f0c', 'urn:uuid:2f0c'],
    ['#contained', '#contained'],
    ['', ''],
  ])('INV-17 of %j is %j', (reference, expected) => {
    expect(relativeReference(reference)).toBe(expected);
  });
});
