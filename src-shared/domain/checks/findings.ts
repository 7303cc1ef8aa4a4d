import type { Finding, Severity } from '../entries.ts';
import type { FailureClass } from '../failure-class.ts';
import { failures, type FailureCode } from '../failures.ts';
import type { Span } from './text.ts';

/** What to do about each rule, in the words shown beside it. */
const next = {
  'note-drug-not-heard': 'Compare with the visit: correct the drug, or confirm that it is meant.',
  'note-dose-not-heard': 'Compare the dose with the visit and the chart.',
  'note-laterality-differs': 'Compare the side with the visit.',
  'note-negation-differs': 'Compare with the visit: was it affirmed or denied?',
  'note-finding-not-heard': 'Confirm that it was found, or remove it.',
  'note-diagnosis-not-heard': 'Confirm the diagnosis, or remove it.',
  'note-procedure-not-heard': 'Confirm the procedure, or remove it.',
  'note-number-differs': 'Compare the number with the visit and the chart.',
  'note-date-not-heard': 'Compare the date with the chart.',
  'note-contradiction': 'Decide which of the two statements is right.',
  'note-structured-differs': 'Decide which is right, the note or the item, and correct the other.',
  'note-unsafe-abbreviation': 'Write it out.',
  'note-leftover-text': 'Fill it in or remove it.',
  'note-text-cut': 'Read the sentence and complete it.',
  'note-foreign-text': 'Make sure that the text belongs to this patient and this visit.',
  'note-other-patient': 'Make sure that the note belongs to this patient.',
  'note-section-missing': 'Add the section, or confirm that it is not needed.',
  'text-invisible-character': 'Remove the character.',
  'text-mixed-script': 'Write the word in one script.',
  'text-piled-marks': 'Remove the marks.',
  'code-shape': 'Correct the code at its source.',
  'identifier-shape': 'Correct the identifier at its source.',
  'device-shape': 'Correct the name of the device at its source.',
  'unit-not-ucum': 'Send the unit as a UCUM code.',
  'unit-does-not-fit': 'Correct the unit or the code.',
  'value-implausible': 'Check value and unit; confirm if it is right.',
  'clinic-drift': 'Look at value and unit; confirm if it is right.',
  'time-in-future': 'Correct the time, or send it as planned.',
  'time-impossible': 'Correct the time.',
  'time-before-birth': 'Correct the time or the patient.',
  'approval-before-content': 'Have it approved after the last time it covers.',
  'dose-impossible': 'Correct the dose at its source.',
  'dose-high': 'Confirm the dose with the prescriber.',
  'frequency-implausible': 'Correct the frequency.',
  'status-contradiction': 'Correct one of the two states.',
  'protected-field': 'Have the change confirmed by registration.',
  'amends-entered-in-error': 'Write a new note, or amend the one that stands.',
  'contained-cycle': 'Take the circle of references apart at the source.',
  'chart-repeats': 'Look at the entry in the chart; confirm that it is another one, or withdraw this.',
  'write-repeats': 'Look at the other write; confirm that this is another entry, or withdraw one of the two.',
  'write-resembles': 'Look at the other write; confirm that both are meant, or withdraw one of the two.',
  'chart-not-compared': 'Look at the list in the chart before it is added to.',
  'house-disallowed': 'Chart it another way, or ask whoever answers for the rule.',
  'house-required': 'Add it at the source.',
  'house-section-missing': 'Add the section at the source.',
  'house-range': 'Look at the value; confirm if it is right.',
  'source-redacted': 'Make sure that nothing is missing which the reader needs.',
  'source-uncertain': 'Compare with the visit.',
  normalized: 'Compare with the original.',
  'code-ambiguous': 'Say at the source which one is meant, or agree on a convention for it.',
  'content-ambiguous': 'Decide what is meant: correct it at its source, or confirm that it is to be charted as it stands.',
  'duplicate-item': 'Remove one of the two.',
  'item-unclear': 'Decide what is meant, and have it sent as a fact or an intention.',
  'item-not-charted': 'Nothing, unless it is to be charted after all.',
  'encounter-entered-in-error': 'Send it for a visit that took place.',
  'encounter-cancelled': 'Send it for a visit that took place.',
  'encounter-closed': 'Make sure that it belongs to this visit and not to a later one.',
} as const satisfies Readonly<Record<string, string>>;
type OwnRule = keyof typeof next;

/**
 * The layers of the checks (F1), each a class of errors of its own: how it came, whether it is valid R4, whether its codes
 * are codes, what this organization asks for, where the visit and the record stand, what it says, what of it was heard.
 */
export const findingLayers = [
  'transport',
  'structure',
  'terminology',
  'business-rule',
  'contract',
  'workflow',
  'semantic',
  'evidence',
] as const;
export type FindingLayer = (typeof findingLayers)[number];

const layers: Readonly<Record<Exclude<OwnRule, `note-${string}`>, FindingLayer>> = {
  'text-invisible-character': 'semantic',
  'text-mixed-script': 'semantic',
  'text-piled-marks': 'semantic',
  'code-shape': 'terminology',
  'code-ambiguous': 'terminology',
  'unit-not-ucum': 'terminology',
  'unit-does-not-fit': 'semantic',
  'identifier-shape': 'semantic',
  'device-shape': 'semantic',
  'value-implausible': 'semantic',
  'clinic-drift': 'semantic',
  'time-in-future': 'semantic',
  'time-impossible': 'semantic',
  'time-before-birth': 'semantic',
  'approval-before-content': 'semantic',
  'dose-impossible': 'semantic',
  'dose-high': 'semantic',
  'frequency-implausible': 'semantic',
  'status-contradiction': 'semantic',
  'protected-field': 'semantic',
  'duplicate-item': 'semantic',
  'item-unclear': 'semantic',
  'item-not-charted': 'semantic',
  'chart-repeats': 'semantic',
  'chart-not-compared': 'semantic',
  'write-repeats': 'semantic',
  'write-resembles': 'semantic',
  'content-ambiguous': 'semantic',
  normalized: 'semantic',
  'contained-cycle': 'structure',
  'encounter-entered-in-error': 'workflow',
  'encounter-cancelled': 'workflow',
  'encounter-closed': 'workflow',
  'amends-entered-in-error': 'workflow',
  'house-disallowed': 'business-rule',
  'house-required': 'business-rule',
  'house-section-missing': 'business-rule',
  'house-range': 'business-rule',
  'source-redacted': 'evidence',
  'source-uncertain': 'evidence',
};

const ofClass: Partial<Readonly<Record<FailureClass, FindingLayer>>> = {
  intake: 'transport',
  unavailable: 'transport',
  'ehr-schema': 'structure',
  'consent-or-policy': 'contract',
};

/** The layer that a rule belongs to; a check that ended early names a failure code as its rule. */
export function layerOf(rule: string): FindingLayer {
  if (rule.startsWith('r4-') || rule === 'structure-invalid') return 'structure';
  if (rule.startsWith('contract.')) return 'contract';
  if (rule === 'weaker-guarantee') return 'workflow';
  // A section may be missing whatever was heard.
  if (rule === 'note-section-missing') return 'semantic';
  if (rule.startsWith('note-')) return 'evidence';
  if (Object.hasOwn(layers, rule)) return layers[rule as keyof typeof layers];
  return Object.hasOwn(failures, rule) ? (ofClass[failures[rule as FailureCode].class] ?? 'workflow') : 'semantic';
}

export function finding(
  rule: string,
  severity: Severity,
  path: string,
  message: string,
  place: { readonly span?: Span; readonly transcriptSpan?: Span } = {},
): Finding {
  const { span, transcriptSpan } = place;
  return {
    rule,
    severity,
    path,
    message,
    next: Object.hasOwn(next, rule) ? next[rule as OwnRule] : 'Compare with the source.',
    ...(span === undefined ? {} : { span }),
    ...(transcriptSpan === undefined ? {} : { transcriptSpan }),
  };
}

const STOPS = new Set([
  'code-shape',
  'unit-not-ucum',
  'code-ambiguous',
  'content-ambiguous',
  'chart-repeats',
  'write-repeats',
  'write-resembles',
  'amends-entered-in-error',
  'house-disallowed',
  'house-required',
  'house-section-missing',
  'protected-field',
  'dose-impossible',
  'encounter-entered-in-error',
  'encounter-cancelled',
]);

/** True for rules of content, not of structure, that keep an entry from being charted. */
export function stopsContent(rule: string): boolean {
  return STOPS.has(rule) || rule.startsWith('contract.');
}
