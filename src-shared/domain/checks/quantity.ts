import type { Finding } from '../entries.ts';
import { readEpochMs } from '../time.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';

/** A measured value: is its unit one, does it fit what was measured, and can the value be (F1, layers terminology and semantic). */

export interface MeasuredValue {
  /** What was measured, where its code is a LOINC code. */
  readonly loinc: string | null;
  /** Decimal text. */
  readonly value: string;
  readonly unit: string;
  /** `null` when it is not known. */
  readonly ageYears: number | null;
}

/** Where the value and its unit stand. */
export interface QuantityPlace {
  readonly value: string;
  readonly unit: string;
}

/** A unit goes to the EHR as a UCUM code: what is none cannot be sent as one. */
export function unitFindings(unit: string, path: string, rules: CheckRules): readonly Finding[] {
  const fault = rules.units.fault(unit);
  return fault === null ? [] : [finding('unit-not-ucum', 'stop', path, `${fault}.`)];
}

/** A unit that is none, one that cannot be that of the code, or a value that is more likely a slip than a measurement. */
export function quantityFindings(measured: MeasuredValue, at: QuantityPlace, rules: CheckRules): readonly Finding[] {
  const { loinc, unit } = measured;
  const unknown = unitFindings(unit, at.unit, rules);
  if (unknown.length > 0) return unknown;
  if (loinc === null) return [];
  const expected = unitsOf(loinc, rules);
  if (expected === null) return [];
  if (!expected.units.some((one) => rules.units.convert(1, unit, one) !== null))
    return [
      finding(
        'unit-does-not-fit',
        'review',
        at.unit,
        `${expected.name} is not given in "${unit}" (expected ${expected.units.join(' or ')}).`,
      ),
    ];
  return plausibility(loinc, measured, at, rules);
}

/** The name of what a LOINC code measures and the units it can be given in; `null` for a code on no list. */
export function unitsOf(loinc: string, rules: CheckRules): { readonly name: string; readonly units: readonly string[] } | null {
  const listed = rules.expectedUnits.get(loinc);
  const range = rules.ranges.get(loinc);
  if (listed === undefined && range === undefined) return null;
  return {
    name: range?.name ?? listed?.name ?? loinc,
    units: [...new Set([...Object.keys(range?.units ?? {}), ...(listed?.units ?? [])])],
  };
}

function plausibility(loinc: string, measured: MeasuredValue, at: QuantityPlace, rules: CheckRules): readonly Finding[] {
  const range = rules.ranges.get(loinc);
  if (range === undefined) return [];
  const { ageYears: age, unit, value } = measured;
  // Limits are given for some units; a value in another one is converted to the first that measures the same.
  const inUnit = Object.hasOwn(range.units, unit)
    ? unit
    : Object.keys(range.units).find((one) => rules.units.convert(1, unit, one) !== null);
  if (inUnit === undefined) return [];
  const number = rules.units.convert(Number(value), unit, inUnit);
  const fitting = (range.units[inUnit] ?? []).filter(
    (band) => age === null || (age >= band.from && age < (band.below ?? Number.POSITIVE_INFINITY)),
  );
  if (number === null || fitting.length === 0 || fitting.some((band) => number >= band.least && number <= band.most)) return [];
  const [band] = fitting;
  return [
    finding(
      'value-implausible',
      'review',
      at.value,
      `${range.name} ${value} ${unit} lies outside ${String(band?.least)} to ${String(band?.most)}${inUnit === unit ? '' : ` ${inUnit}`}${age === null ? '' : ' for this age'}.`,
    ),
  ];
}

const YEAR_MS = 365.2425 * 24 * 3600 * 1000;

/** Age in years at a moment; `null` when the birth date is not known or later. */
export function ageAt(birthDate: string | null, at: number): number | null {
  const born = birthDate === null ? undefined : readEpochMs(birthDate);
  return born === undefined || born > at ? null : (at - born) / YEAR_MS;
}
