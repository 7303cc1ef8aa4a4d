import type { z } from 'zod';
import type { unitRules } from './rules.ts';

/** Units of measure: which are UCUM codes, which measure the same, and what a value is in another of them (F1). */

/** A library that knows UCUM (https://ucum.org/ucum), handed in so that the checks stay pure. */
export interface UnitLibrary {
  /** True for a case-sensitive UCUM code whose every unit is known. */
  valid(unit: string): boolean;
  /** The number in the other unit; `null` where one of them is no UCUM code or they do not measure the same. */
  convert(value: number, from: string, to: string): number | null;
}

export interface Units {
  /** What is wrong with a unit, in words; `null` when it is a UCUM code. */
  fault(unit: string): string | null;
  /** The number in the other unit; `null` where the two do not measure the same. */
  convert(value: number, from: string, to: string): number | null;
  /** The UCUM codes that a spelling in use may stand for; empty when it is not on the list. */
  candidates(spelling: string): readonly string[];
}

export function compileUnits(rules: z.infer<typeof unitRules>, library: UnitLibrary): Units {
  const spellings = new Map(Object.entries(rules.spellings));
  const candidates = (spelling: string): readonly string[] => spellings.get(spelling) ?? [];
  return {
    candidates,
    convert: (value, from, to) => (from === to ? value : library.convert(value, from, to)),
    fault(unit) {
      if (library.valid(unit)) return null;
      const better = candidates(unit);
      return better.length === 0
        ? `"${unit}" is no UCUM code`
        : `"${unit}" is no UCUM code; what is meant may be ${better.join(' or ')}`;
    },
  };
}
