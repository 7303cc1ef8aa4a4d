import type { BusinessEvent } from './business-event.ts';
import type { ClinicalItem } from './content.ts';
import type { ReadRecord, ResolvedFacts } from './entries.ts';
import { readRules } from './minimum-necessary.ts';

/**
 * What of an event does not travel, or travels as something else, and what of the chart was looked at (G2): shown beside the
 * request, so that the minimum necessary can be seen and not only trusted. The rules are those of the mapping
 * (`ehr`) and of the list of reads (`minimum-necessary`); a test over all adapters holds that nothing named here leaves.
 */

export const withholdingRules = {
  'evidence-stays':
    'What the content was made from stays here: transcript, prompt, draft, and what the model was shown and wrote.',
  'redacted-at-source': 'The source took it out before it sent the event.',
  'subject-by-reference': 'Who and what it is about travels as an address in the EHR, without names, numbers and dates of birth.',
  'decisions-stay': 'Approvals and consent are decided on and kept here.',
  'marks-stay': 'Marks of the source that are no clinical content.',
} as const;
export type WithholdingRule = keyof typeof withholdingRules;

/** One member of the event that does not leave as it came. */
export interface Withheld {
  /** Its place in the event. */
  readonly path: string;
  readonly act: 'left-out' | 'replaced';
  readonly rule: WithholdingRule;
  /** What stands there instead, or what the source says it took out; `null`: nothing. */
  readonly by: string | null;
}

const MARKS = ['key', 'class', 'evidence'] as const;
const EVENT_MARKS = ['workflowStep', 'specialty', 'device', 'correlationId', 'snapshot', 'reason'] as const;
const SUBJECTS = ['patient', 'encounter', 'practitioner', 'organization'] as const;

/**
 * Every member of the event, besides the words of the item itself, that is left out of what is sent or replaced in it.
 *
 * @param place of the item in the event (`pathOf`)
 * @param facts addresses in the EHR; `null` before the first check
 */
export function withheldOf(
  event: BusinessEvent,
  clinical: ClinicalItem,
  place: string,
  facts: ResolvedFacts | null,
): readonly Withheld[] {
  const { approval, consent, provenance, subject } = event;
  const out = (path: string, rule: WithholdingRule, by: string | null = null): Withheld => ({ path, act: 'left-out', rule, by });
  const there = (names: readonly string[], of: object, prefix: string, rule: WithholdingRule): readonly Withheld[] =>
    names.filter((name) => (of as Record<string, unknown>)[name] !== undefined).map((name) => out(`${prefix}${name}`, rule));
  const evidence = Object.keys(provenance ?? {}).filter((name) => name !== 'redactions');
  return [
    ...SUBJECTS.flatMap((name): readonly Withheld[] => {
      const one = subject[name];
      if (one === undefined) return [];
      const by = facts?.[name]?.reference ?? null;
      const alike = Object.keys(one).length === 1 && one.reference !== undefined && one.reference === by;
      return alike ? [] : [{ path: `subject.${name}`, act: 'replaced', rule: 'subject-by-reference', by }];
    }),
    ...there(evidence, provenance ?? {}, 'provenance.', 'evidence-stays'),
    ...(provenance?.redactions ?? []).map((words, at) => out(`provenance.redactions[${at}]`, 'redacted-at-source', words)),
    ...(approval === null || approval === undefined ? [] : [out('approval', 'decisions-stay')]),
    ...(consent === undefined ? [] : [out('consent', 'decisions-stay')]),
    ...there(EVENT_MARKS, event, '', 'marks-stay'),
    ...there(MARKS, clinical.item, `${place}.`, 'marks-stay'),
  ];
}

/** One question about the chart, with how much of each record was looked at. */
export interface ShownRead extends ReadRecord {
  /** `null`: the whole record, because it is compared or changed as a whole. */
  readonly elements: readonly string[] | null;
}

// What a read was for, as the check calls it, and the types that were asked for it.
const TYPES: Readonly<Record<string, readonly string[]>> = {
  patient: ['Patient'],
  encounter: ['Encounter'],
  practitioner: ['Practitioner'],
  organization: ['Organization'],
  problems: ['Condition'],
  allergies: ['AllergyIntolerance'],
  medications: ['MedicationRequest', 'MedicationStatement'],
  observation: ['Observation'],
};

/**
 * The reads of a check, each with the elements that were kept of what it found.
 *
 * @param changesPatient the patient's own record is what would be changed, and was read as a whole
 */
export function shownReads(made: readonly ReadRecord[], changesPatient: boolean): readonly ShownRead[] {
  return made.map((read) => {
    const types = read.what === 'patient' && changesPatient ? [] : (TYPES[read.what] ?? []);
    const rules = readRules.filter((one) => one.purpose === read.purpose && types.includes(one.type));
    const elements = [...new Set(rules.flatMap((one) => one.elements ?? []))];
    return { ...read, elements: elements.length === 0 ? null : elements };
  });
}
