import { describe, expect, it } from 'vitest';
import { itemsOf } from './fan-out.ts';
import type { ResolvedFacts } from './entries.ts';
import { event } from './testing/builders.ts';
import { shownReads, withheldOf, withholdingRules } from './withheld.ts';

const full = event({
  specialty: 'Cardiology',
  workflowStep: 'sign',
  device: 'tablet-2',
  subject: {
    patient: { identifiers: [{ system: 'urn:mrn:north', value: '100234' }], birthDate: '1967-02-11' },
    encounter: { reference: 'Encounter/v1' },
    practitioner: { reference: 'Practitioner/lee', name: { family: 'Lee' } },
  },
  content: { note: { text: 'Feels well.', evidence: ['s1'] } },
  approval: { status: 'approved', by: { id: 'dr-lee' }, at: '2026-03-02T09:14:30Z' },
  consent: { status: 'active' },
  provenance: { transcript: { text: 'doctor: well' }, draft: { text: 'Well.' }, redactions: ['name of a neighbour'] },
});
const [first] = itemsOf(full.content ?? {}).items;
if (first === undefined) throw new Error('no item');
const facts: ResolvedFacts = {
  patient: { reference: 'Patient/p1', versionId: '1' },
  encounter: { reference: 'Encounter/v1', versionId: null },
  practitioner: { reference: 'Practitioner/lee', versionId: null },
  organization: null,
  target: null,
};
const told = (given = full, found: ResolvedFacts | null = facts) =>
  withheldOf(given, first.clinical, 'note', found).map(({ path, act, rule, by }) => `${act} ${path} ${rule} ${by ?? '-'}`);

describe('G2 what does not leave as it came', () => {
  it('G2 is named with its rule, and with what stands there instead', () => {
    expect(told()).toEqual([
      'replaced subject.patient subject-by-reference Patient/p1',
      'replaced subject.practitioner subject-by-reference Practitioner/lee',
      'left-out provenance.transcript evidence-stays -',
      'left-out provenance.draft evidence-stays -',
      'left-out provenance.redactions[0] redacted-at-source name of a neighbour',
      'left-out approval decisions-stay -',
      'left-out consent decisions-stay -',
      'left-out workflowStep marks-stay -',
      'left-out specialty marks-stay -',
      'left-out device marks-stay -',
      'left-out note.evidence marks-stay -',
    ]);
  });

  it('G2 before the first check it is not known yet what stands there instead', () => {
    expect(told(full, null)).toContain('replaced subject.patient subject-by-reference -');
    expect(told(full, null)).toContain('replaced subject.encounter subject-by-reference -');
  });

  it('G2 what the event does not say is not told', () => {
    const plain = event({ subject: { patient: { reference: 'Patient/p1' } }, content: { note: { text: 'Feels well.' } } });
    expect(withheldOf(plain, { kind: 'note', item: { text: 'Feels well.' } }, 'note', facts)).toEqual([]);
  });

  it('G2 every rule says in words what it keeps', () => {
    for (const words of Object.values(withholdingRules)) expect(words).toMatch(/^[A-Z].*\.$/);
  });
});

describe('G2 what was looked at of the chart', () => {
  const read = (purpose: 'identify' | 'compare-list' | 'own-entry', what: string) => ({ purpose, what, found: ['x'] });
  it.each([
    [read('identify', 'patient'), false, ['identifier', 'active', 'name', 'gender', 'birthDate', 'link']],
    [read('identify', 'patient'), true, null],
    [read('identify', 'encounter'), false, ['identifier', 'status', 'subject', 'period']],
    [read('compare-list', 'problems'), false, ['identifier', 'subject', 'code', 'clinicalStatus', 'verificationStatus']],
    [read('compare-list', 'medications'), false, ['identifier', 'subject', 'status', 'intent', 'medicationCodeableConcept']],
    [read('own-entry', 'document'), false, null],
    [read('own-entry', 'consent'), false, null],
    [read('own-entry', 'Condition'), false, null],
  ])('G2 %j, the patient changed: %s', (one, changes, elements) => {
    expect(shownReads([one], changes)).toEqual([{ ...one, elements }]);
  });
});
