import type { BusinessEvent } from '../business-event.ts';
import type { ClinicalItem } from '../content.ts';
import type { Finding } from '../entries.ts';
import { epochMs } from '../time.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { ageAt } from './quantity.ts';
import { systems } from './terminology.ts';

/**
 * Drift from what the clinic itself charts (F1): a value far outside of all that was charted here before, of the same code
 * and the same age. It says that something is unusual here, not that it is wrong, and is only ever a remark.
 */

/** One number that was charted, or is to be. */
export interface MeasuredNumber {
  readonly loinc: string;
  /** Decimal text. */
  readonly value: string;
  readonly unit: string;
  /** Where it stands in its item, empty for the item itself. */
  readonly at: string;
  /** Place in the list of ages; `null` when the age is not known. */
  readonly age: number | null;
}

/** The numbers of an observation that a LOINC code names. */
export function measuredNumbers(clinical: ClinicalItem, event: BusinessEvent, rules: CheckRules): readonly MeasuredNumber[] {
  if (clinical.kind !== 'observation') return [];
  const years = ageAt(event.subject.patient.birthDate ?? null, epochMs(event.occurredAt));
  const age = years === null ? null : rules.norms.ages.findLastIndex((from) => years >= from);
  const parts = [
    { part: clinical.item, at: '' },
    ...(clinical.item.components ?? []).map((part, index) => ({ part, at: `.components[${index}]` })),
  ];
  return parts.flatMap(({ part: { code, value, unit }, at }) =>
    code.system !== systems.loinc || code.code === undefined || value === undefined || unit === undefined
      ? []
      : [{ loinc: code.code, value: value.text, unit, at, age }],
  );
}

/**
 * What lies far outside of the values charted before.
 *
 * @param charted numbers charted here before, of any code and age
 */
export function driftFindings(
  numbers: readonly MeasuredNumber[],
  path: string,
  charted: readonly MeasuredNumber[],
  rules: CheckRules,
): readonly Finding[] {
  const { samplesMin, fence, ages } = rules.norms;
  return numbers.flatMap((own) => {
    if (own.age === null) return [];
    const inUnit = (text: string, unit: string): number | null => rules.units.convert(Number(text), unit, own.unit);
    const samples = charted
      .filter((one) => one.loinc === own.loinc && one.age === own.age)
      .flatMap((one) => inUnit(one.value, one.unit) ?? [])
      .toSorted((a, b) => a - b);
    if (samples.length < samplesMin) return [];
    const [low, high] = [quantile(samples, 0.25), quantile(samples, 0.75)];
    const spread = (high - low) * fence;
    const value = Number(own.value);
    // Where half of the values are one and the same, the quartiles say nothing about how far the others may lie.
    if (spread <= 0 || (value >= low - spread && value <= high + spread)) return [];
    const [from, below] = [ages[own.age] ?? 0, ages[own.age + 1]];
    const years = below === undefined ? `from ${from} years on` : `from ${from} to under ${below} years`;
    const words = `${own.value} ${own.unit} lies far outside of what is charted here: half of ${samples.length} values ${years} lie between ${rounded(low)} and ${rounded(high)}.`;
    return [finding('clinic-drift', 'review', `${path}${own.at}.value`, words)];
  });
}

/** Linear between the two nearest (Hyndman and Fan 1996, type 7). */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = sorted[Math.floor(place)] ?? 0;
  return below + ((sorted[Math.ceil(place)] ?? below) - below) * (place - Math.floor(place));
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(4)));
}
