import type { Finding } from '../../../src-shared/domain/index.ts';

/**
 * The rules of the structure check, by stable code: what to do when one is broken. Invariants of the standard come on
 * top of these under their own keys: `r4-obs-7` is the invariant obs-7.
 */
const rules = {
  'r4-resource-type': 'Name one of the resource types that Countersign writes.',
  'r4-unknown-element': 'Check the spelling of the element; R4 has no place for it.',
  'r4-missing-element': 'Add the element.',
  'r4-cardinality': 'Send as many values as R4 allows here.',
  'r4-wrong-type': 'Send the value in the JSON form that R4 asks for.',
  'r4-empty-value': 'Leave the element out, or give it a value.',
  'r4-primitive-format': 'Write the value in the format of its R4 data type.',
  'r4-no-such-day': 'Correct the date: the calendar has no such day.',
  'r4-too-large': 'Send large content as an attachment.',
  'r4-choice': 'Keep one of the values and leave out the others.',
  'r4-binding': 'Use one of the codes that R4 allows here.',
  'r4-narrative': 'Use plain XHTML: formatting only, nothing that runs or loads anything.',
  'r4-reference': 'Write the reference as Type/id, as an absolute address, or as #id of a contained resource.',
  'r4-reference-type': 'Refer to a resource of a type that R4 allows here.',
  'r4-contained': 'Keep contained resources and the references to them together.',
} as const satisfies Record<string, string>;

export type StructureRule = keyof typeof rules;

/** A finding that keeps the resource from being written. */
export function stop(rule: StructureRule, path: string, message: string): Finding {
  return { rule, severity: 'stop', path, message, next: rules[rule] };
}

/** A finding for a broken invariant of the standard, in the standard's own words. */
export function invariantBroken(
  key: string,
  path: string,
  known: readonly { readonly key: string; readonly words: string }[],
): Finding {
  const words = known.find((one) => one.key === key)?.words ?? 'the rule is broken';
  return {
    rule: `r4-${key}`,
    severity: 'stop',
    path,
    message: `${path}: ${words}`,
    next: `Correct what the rule ${key} of R4 asks for.`,
  };
}

const QUOTE_MAX = 60;

/** A value as it may stand in a message: shortened, on one line, with nothing invisible in it. */
export function quote(text: string): string {
  const visible = text.slice(0, QUOTE_MAX).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\u00b7');
  return `"${visible}${text.length > QUOTE_MAX ? '\u2026' : ''}"`;
}
