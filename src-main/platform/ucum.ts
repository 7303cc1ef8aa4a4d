import { createRequire } from 'node:module';
import type ucum from '@lhncbc/ucum-lhc';
import type { UnitLibrary } from '../../src-shared/domain/index.ts';

/**
 * UCUM by the library of the US National Library of Medicine (https://lhncbc.github.io/ucum-lhc/). It is loaded at the first
 * question, for 50 ms and 17 MB: a command that asks none does not pay for it.
 */
export const ucumUnits: UnitLibrary = {
  valid(unit) {
    if (INHERITED.test(unit) || unit === '') return false;
    const read = library().validateUnitString(unit);
    // The library also accepts a name and a code of another case, and says which code it took them for.
    return read.status === 'valid' && read.ucumCode === unit;
  },
  convert(value, from, to) {
    if (!this.valid(from) || !this.valid(to)) return null;
    const converted = library().convertUnitTo(standIn(from), value, standIn(to));
    return converted.status === 'succeeded' ? converted.toVal : null;
  },
};

// International units are of no dimension, so the library converts nothing that holds one, not even m[IU]/L to u[IU]/mL.
// They measure the same where both hold them: the candela, which nothing clinical is given in, stands in for them.
function standIn(unit: string): string {
  return unit.replaceAll(/\[(?:iU|IU)\]/g, 'cd');
}

// It looks units up in plain objects, which also have members nobody put there: "toString" would be a unit.
const INHERITED = new RegExp(`(?<![A-Za-z_])(?:${Object.getOwnPropertyNames(Object.prototype).join('|')})(?![A-Za-z_])`);

type Library = ReturnType<typeof ucum.UcumLhcUtils.getInstance>;

let loaded: Library | undefined;
function library(): Library {
  loaded ??= (createRequire(import.meta.url)('@lhncbc/ucum-lhc') as typeof ucum).UcumLhcUtils.getInstance();
  return loaded;
}
