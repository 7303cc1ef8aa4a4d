import { z } from 'zod';
import { compileNormalization, type Normalization } from './normalize-compiled.ts';
import { normalizationRules } from './normalize-rules.ts';
import type { ContentKind } from '../content.ts';
import { Lexicon } from './lexicon.ts';
import {
  abbreviationRules,
  chartRules,
  doseRules,
  drugRules,
  expectedUnitRules,
  findingRules,
  normRules,
  rangeRules,
  sectionRules,
  textRules,
  twinRules,
  unitRules,
  type RepeatRule,
  type TwinRule,
} from './rules.ts';
import { compileUnits, type UnitLibrary, type Units } from './units.ts';

/** The rules as the checks use them: read once, then the same for every note. */

export interface TextPattern {
  readonly rule: string;
  readonly expression: RegExp;
}

export interface NoteRules {
  readonly lexicon: Lexicon;
  readonly abbreviations: readonly (TextPattern & { readonly write: string })[];
  readonly leftovers: readonly TextPattern[];
  readonly sections: z.infer<typeof sectionRules>['sections'];
}

type Range = z.infer<typeof rangeRules>['ranges'][number];
type ExpectedUnits = z.infer<typeof expectedUnitRules>['observations'][number];
type Dose = z.infer<typeof doseRules>['doses'][number];

export interface CheckRules {
  /** Versions of all rule files and of the code that reads them; what is signed about a finding holds for one such version. */
  readonly version: string;
  readonly note: NoteRules;
  /** By LOINC code. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** By LOINC code. */
  readonly expectedUnits: ReadonlyMap<string, ExpectedUnits>;
  readonly units: Units;
  readonly normalization: Normalization;
  /** By kind of item. */
  readonly repeats: ReadonlyMap<ContentKind, RepeatRule>;
  readonly norms: z.infer<typeof normRules>;
  readonly twins: {
    readonly narrative: z.infer<typeof twinRules>['narrative'];
    readonly byKind: ReadonlyMap<ContentKind, TwinRule>;
  };
  readonly doses: Omit<z.infer<typeof doseRules>, 'doses'> & { readonly byDrug: ReadonlyMap<string, Dose> };
}

export const checkRuleFiles = z.strictObject({
  abbreviations: abbreviationRules,
  chart: chartRules,
  doses: doseRules,
  drugs: drugRules,
  'expected-units': expectedUnitRules,
  findings: findingRules,
  normalization: normalizationRules,
  norms: normRules,
  ranges: rangeRules,
  sections: sectionRules,
  text: textRules,
  twins: twinRules,
  units: unitRules,
});

/** Raised whenever a check finds something else in the same note by the same files. */
const CODE_VERSION = 2;

/** Names of the files that the rules are read from, without their ending. */
export const checkRuleNames = Object.keys(checkRuleFiles.shape) as readonly (keyof typeof checkRuleFiles.shape)[];

/**
 * Reads the rule files (parsed JSON by name) and makes them ready for use; units are judged by the library handed in.
 *
 * @throws ZodError when a file does not follow its schema, SyntaxError when a pattern is no regular expression
 */
export function compileChecks(files: unknown, unitLibrary: UnitLibrary): CheckRules {
  const read = checkRuleFiles.parse(files);
  const { abbreviations, doses, drugs, findings, ranges, sections, text, units } = read;
  return {
    version: [`checks ${CODE_VERSION}`, ...checkRuleNames.map((name) => `${name} ${read[name].version}`)].join(', '),
    note: {
      lexicon: new Lexicon(drugs, findings),
      abbreviations: abbreviations.entries.map(({ rule, pattern, write }) => ({
        rule,
        write,
        expression: new RegExp(pattern, 'gu'),
      })),
      leftovers: text.leftovers.map(({ rule, pattern }) => ({ rule, expression: new RegExp(pattern, 'gmu') })),
      sections: sections.sections,
    },
    ranges: new Map(ranges.ranges.map((range) => [range.loinc, range])),
    expectedUnits: new Map(read['expected-units'].observations.map((one) => [one.loinc, one])),
    units: compileUnits(units, unitLibrary),
    repeats: new Map(read.chart.repeats.map((rule) => [rule.kind, rule])),
    norms: read.norms,
    twins: { narrative: read.twins.narrative, byKind: new Map(read.twins.twins.map((rule) => [rule.kind, rule])) },
    normalization: compileNormalization(read.normalization),
    doses: { ...doses, byDrug: new Map(doses.doses.map((dose) => [dose.drug, dose])) },
  };
}
