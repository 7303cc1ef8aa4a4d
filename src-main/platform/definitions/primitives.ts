import { Decimal, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { isTemporal, temporalFault } from './dates.ts';
import { medplum } from './medplum.ts';
import { narrativeFaults } from './narrative.ts';
import { quote, type StructureRule } from './rules.ts';

/** What is wrong with a primitive value: the rule, and how the message goes on after the path. */
export interface PrimitiveFault {
  readonly rule: StructureRule;
  readonly words: string;
}

/** The value as a JavaScript value, numbers as numbers; without it when it has not even the right JSON type. */
export type PrimitiveReading =
  { readonly value: unknown; readonly faults: readonly PrimitiveFault[] } | { readonly unusable: PrimitiveFault };

const WHOLE: Readonly<Record<string, { readonly format: RegExp; readonly least: number }>> = {
  integer: { format: /^(?:0|-?[1-9]\d*)$/, least: -(2 ** 31) },
  unsignedInt: { format: /^(?:0|[1-9]\d*)$/, least: 0 },
  positiveInt: { format: /^[1-9]\d*$/, least: 1 },
};
const WHOLE_MAX = 2 ** 31 - 1;
/** Characters of a string (R4, datatypes: string); base64Binary has no limit of its own. */
const STRING_MAX = 1024 * 1024;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const NONE: readonly PrimitiveFault[] = [];

const unusable = (rule: StructureRule, words: string): PrimitiveReading => ({ unusable: { rule, words } });

/** Reads a value as a primitive data type of R4 (R4, datatypes: primitive types). */
export function readPrimitive(type: string, exact: ExactValue): PrimitiveReading {
  if (type === 'boolean')
    return typeof exact === 'boolean' ? { value: exact, faults: NONE } : unusable('r4-wrong-type', 'must be true or false');
  const whole = WHOLE[type];
  if (whole !== undefined || type === 'decimal') {
    if (!(exact instanceof Decimal)) return unusable('r4-wrong-type', 'must be a number');
    const number = toNumber(exact);
    const fits = whole === undefined || (whole.format.test(exact.text) && number >= whole.least && number <= WHOLE_MAX);
    return { value: number, faults: fits ? NONE : [malformed(type, exact.text)] };
  }
  if (typeof exact !== 'string') return unusable('r4-wrong-type', 'must be a text');
  if (exact.trim() === '') return unusable('r4-empty-value', 'is there but empty');
  return { value: exact, faults: textFaults(type, exact) };
}

function textFaults(type: string, text: string): readonly PrimitiveFault[] {
  if (type === 'base64Binary') return text.length % 4 === 0 && BASE64.test(text) ? NONE : [malformed(type, text)];
  if (text.length > STRING_MAX)
    return [
      { rule: 'r4-too-large', words: `has ${String(text.length)} characters; a text of R4 has ${String(STRING_MAX)} at most` },
    ];
  if (type === 'xhtml') return narrativeFaults(text).map((words) => ({ rule: 'r4-narrative', words }));
  if (isTemporal(type)) {
    const fault = temporalFault(type, text);
    if (fault === 'day') return [{ rule: 'r4-no-such-day', words: `is ${quote(text)}, a day that does not exist` }];
    return fault === undefined ? NONE : [malformed(type, text)];
  }
  return medplum().validationRegexes[type]?.test(text) === false ? [malformed(type, text)] : NONE;
}

function malformed(type: string, text: string): PrimitiveFault {
  return { rule: 'r4-primitive-format', words: `is ${quote(text)}, which is not a valid ${type}` };
}

/** The nearest JavaScript number; the largest one where the text goes beyond it, since the decimal itself is valid. */
function toNumber(decimal: Decimal): number {
  const number = Number(decimal.text);
  return Number.isFinite(number) ? number : Math.sign(number) * Number.MAX_VALUE;
}
