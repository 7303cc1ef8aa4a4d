import { asArray, asObject, asString, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { quote } from './rules.ts';
import type { AllowedCodes } from './structure.ts';

/** Required bindings (R4, terminologies: a code SHALL be from the value set). */

const SHOWN_MAX = 12;

/** True when the value set holds the code, in whichever of its systems: an element of type `code` names no system. */
export function allows(binding: AllowedCodes, code: string): boolean {
  if (binding.pattern !== undefined) return binding.pattern.test(code);
  for (const codes of binding.systems.values()) if (codes.has(code)) return true;
  return false;
}

/** What is wrong with a Coding or CodeableConcept under a required binding: one coding from the value set is enough. */
export function conceptFault(binding: AllowedCodes, type: string, concept: ExactObject): string | undefined {
  const codings = type === 'CodeableConcept' ? asArray(concept['coding']).map(asObject) : [concept];
  let said: string | undefined;
  for (const coding of codings) {
    const code = asString(coding?.['code']);
    if (code === undefined) continue;
    if (binding.systems.get(asString(coding?.['system']) ?? '')?.has(code) === true) return undefined;
    said ??= `${code} of ${asString(coding?.['system']) ?? 'no system'}`;
  }
  const asked = `R4 asks for ${allowedText(binding)} of ${[...binding.systems.keys()].join(' or ')}`;
  return said === undefined ? `has no code; ${asked}` : `has the code ${quote(said)}; ${asked}`;
}

/** The codes of the value set, in words for a message. */
export function allowedText(binding: AllowedCodes): string {
  if (binding.pattern !== undefined) return `the codes of ${binding.url}`;
  const all = [...binding.systems.values()].flatMap((codes) => [...codes]);
  const shown = all.slice(0, SHOWN_MAX).join(', ');
  return all.length > SHOWN_MAX ? `${shown} and ${String(all.length - SHOWN_MAX)} more` : shown;
}
