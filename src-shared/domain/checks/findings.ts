import type { Finding, Severity } from '../entries.ts';
import type { Span } from './text.ts';

/** What to do about each rule, in the words shown beside it. */
const next: Readonly<Record<string, string>> = {
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
  'unit-not-ucum': 'Send the unit as a UCUM code.',
  'unit-does-not-fit': 'Correct the unit or the code.',
  'value-implausible': 'Check value and unit; confirm if it is right.',
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
  'encounter-entered-in-error': 'Send it for a visit that took place.',
};

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
    next: next[rule] ?? 'Compare with the source.',
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
  'amends-entered-in-error',
  'house-disallowed',
  'house-required',
  'house-section-missing',
  'protected-field',
  'dose-impossible',
  'encounter-entered-in-error',
]);

/** True for rules of content, not of structure, that keep an entry from being charted. */
export function stopsContent(rule: string): boolean {
  return STOPS.has(rule) || rule.startsWith('contract.');
}
