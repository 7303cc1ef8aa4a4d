import type { FhirPathAtom } from '@medplum/core';
import { asArray, asObject, asString, Decimal, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { isCertainlyAfter } from './dates.ts';
import { medplum } from './medplum.ts';
import type { Invariant } from './structure.ts';

/** A value and the invariant it must hold, to be evaluated once the whole resource is known. */
export interface PendingInvariant {
  readonly invariant: Invariant;
  readonly path: string;
  readonly type: string;
  readonly value: unknown;
  /** The resource the value stands in: a contained one, or the outermost. */
  readonly resource: unknown;
}

/** Parsed expressions: as many as R4 has for the types that are written. */
const expressions = new Map<string, FhirPathAtom>();

/** Evaluates the invariant's FHIRPath (R4, conformance rules: constraints). */
export function holds({ invariant, type, value, resource }: PendingInvariant, root: unknown): boolean {
  const { evalFhirPathTyped, parseFhirPath, toTypedValue } = medplum();
  const context = { type, value };
  const variables = {
    '%context': context,
    '%ucum': toTypedValue('http://unitsofmeasure.org'),
    '%resource': toTypedValue(resource),
    '%rootResource': toTypedValue(root),
  };
  try {
    let expression = expressions.get(invariant.expression);
    if (expression === undefined) {
      expression = parseFhirPath(invariant.expression);
      expressions.set(invariant.expression, expression);
    }
    const results = evalFhirPathTyped(expression, [context], variables);
    return results.length === 1 && results[0]?.value === true;
  } catch {
    // The expressions are the standard's own: one that cannot be evaluated met values it was not made for.
    return false;
  }
}

/**
 * Invariants that are not left to FHIRPath, by key. Those on dates and quantities, because Medplum compares the texts of
 * dates, so that 10:00 in London comes after 09:30 in New York, and compares quantities as objects, which says nothing;
 * obs-7, because it compares codings by identity; txt-1, txt-2 and dom-3, because it passes them whatever they are given;
 * the others, because they stand on the most frequent data types and cost more as FHIRPath than all the rest of the check.
 */
const ownKeys: ReadonlySet<string> = new Set([
  ...['per-1', 'inv-1', 'rng-2', 'txt-1', 'txt-2', 'dom-3', 'obs-7'],
  ...['ref-1', 'qty-3', 'att-1', 'cpt-2', 'ext-1'],
]);

export function isOwn(key: string): boolean {
  return ownKeys.has(key);
}

/** The invariants of a data type that compare or look up nothing outside the value: broken when the result names one. */
export function brokenOwnInvariant(type: string, value: ExactObject): string | undefined {
  switch (type) {
    case 'Period':
      return isAfter(value['start'], value['end']) ? 'per-1' : undefined;
    case 'Task':
      return isAfter(value['authoredOn'], value['lastModified']) ? 'inv-1' : undefined;
    case 'Observation':
      return componentRepeatsCode(value) ? 'obs-7' : undefined;
    case 'Range':
      return isReversed(value) ? 'rng-2' : undefined;
    case 'Quantity':
    case 'Age':
    case 'Count':
    case 'Distance':
    case 'Duration':
      return has(value, 'code') && !has(value, 'system') ? 'qty-3' : undefined;
    case 'Attachment':
      return has(value, 'data') && !has(value, 'contentType') ? 'att-1' : undefined;
    case 'ContactPoint':
      return has(value, 'value') && !has(value, 'system') ? 'cpt-2' : undefined;
    case 'Extension':
      return has(value, 'extension') === hasValue(value) ? 'ext-1' : undefined;
    default:
      return undefined;
  }
}

function has(value: ExactObject, element: string): boolean {
  return value[element] !== undefined || value[`_${element}`] !== undefined;
}

function isAfter(first: ExactObject[string], second: ExactObject[string]): boolean {
  const [start, end] = [asString(first), asString(second)];
  return start !== undefined && end !== undefined && isCertainlyAfter(start, end);
}

/** An Observation with a value must not give another value for the same code in a component. */
function componentRepeatsCode(observation: ExactObject): boolean {
  if (!hasValue(observation)) return false;
  const codings = (concept: ExactValue | undefined): readonly string[] => asArray(asObject(concept)?.['coding']).map(codingText);
  const own = codings(observation['code']);
  return asArray(observation['component']).some((one) => codings(asObject(one)?.['code']).some((coding) => own.includes(coding)));
}

function codingText(coding: ExactValue): string {
  const members = asObject(coding);
  return JSON.stringify(['system', 'version', 'code', 'display', 'userSelected'].map((key) => members?.[key]));
}

function hasValue(element: ExactObject): boolean {
  return Object.keys(element).some((key) => /^_?value[A-Z]/.test(key));
}

/** Quantities of different units are not compared: which of them is larger is not a question of structure. */
function isReversed(range: ExactObject): boolean {
  const [low, high] = [asObject(range['low']), asObject(range['high'])];
  if (low === undefined || high === undefined || low['code'] !== high['code'] || low['unit'] !== high['unit']) return false;
  const [from, to] = [low['value'], high['value']];
  return from instanceof Decimal && to instanceof Decimal && Number(from.text) > Number(to.text);
}
