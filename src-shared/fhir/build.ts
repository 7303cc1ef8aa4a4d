import { withSeconds } from './date-time.ts';
import type { Decimal } from './decimal.ts';
import type { ExactObject, ExactValue } from './exact-json.ts';

/** Small builders for R4 data types (https://hl7.org/fhir/R4/datatypes.html), with a member order that never changes. */

/** The members that have a value: no `undefined`, no empty list, no object without members, none of which FHIR allows. */
export function members(all: Readonly<Record<string, ExactValue | undefined>>): ExactObject {
  const result: Record<string, ExactValue> = {};
  for (const name in all) {
    const value = all[name];
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    result[name] = value;
  }
  return result;
}

/** The object, or `undefined` when it has no members. */
export function unlessEmpty(value: ExactObject): ExactObject | undefined {
  for (const _ in value) return value;
  return undefined;
}

export interface ConceptParts {
  readonly system?: string | undefined;
  readonly code?: string | undefined;
  readonly display?: string | undefined;
  readonly text?: string | undefined;
  readonly translations?:
    readonly { readonly system: string; readonly code: string; readonly display?: string | undefined }[] | undefined;
}

/** A `Coding`. */
export function coding(system: string | undefined, code: string | undefined, display?: string): ExactObject {
  return members({ system, code, display });
}

/** A `CodeableConcept`: the code first, then its translations; words without a code become its text. */
export function codeableConcept(concept: ConceptParts): ExactObject {
  const codings = (concept.translations ?? []).map((one) => coding(one.system, one.code, one.display));
  if (concept.code !== undefined) codings.unshift(coding(concept.system, concept.code, concept.display));
  return members({ coding: codings, text: concept.text ?? (concept.code === undefined ? concept.display : undefined) });
}

/** A `CodeableConcept` from one code of a code system. */
export function codeOf(system: string, code: string, display?: string): ExactObject {
  return { coding: [coding(system, code, display)] };
}

/** A list of one, or `undefined`: for elements that repeat in FHIR and do not in the canonical model. */
export function listOf<T extends ExactValue>(value: T | undefined): readonly T[] | undefined {
  return value === undefined ? undefined : [value];
}

/** A `Quantity` in UCUM; without a unit the number stands alone. */
export function ucumQuantity(value: Decimal, unit: string | undefined): ExactObject {
  return unit === undefined ? { value } : { value, unit, system: 'http://unitsofmeasure.org', code: unit };
}

/** A `Period`, its times completed with seconds; `undefined` when neither end is known. */
export function period(
  span: { readonly start?: string | undefined; readonly end?: string | undefined } | undefined,
): ExactObject | undefined {
  return unlessEmpty(members({ start: dateTime(span?.start), end: dateTime(span?.end) }));
}

/** A `dateTime` or `instant` with the seconds that R4 demands. */
export function dateTime(text: string | undefined): string | undefined {
  return text === undefined ? undefined : withSeconds(text);
}

/** `Annotation` list with one text. */
export function notes(...texts: readonly (string | undefined)[]): readonly ExactObject[] {
  return texts.flatMap((text) => (text === undefined ? [] : [{ text }]));
}
