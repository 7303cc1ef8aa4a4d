import { z } from 'zod';
import { Lexicon } from './lexicon.ts';
import {
  abbreviationRules,
  doseRules,
  drugRules,
  findingRules,
  rangeRules,
  sectionRules,
  textRules,
  unitRules,
} from './rules.ts';
import { compileUnits, type Units } from './terminology.ts';

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
type Dose = z.infer<typeof doseRules>['doses'][number];

export interface CheckRules {
  readonly note: NoteRules;
  /** By LOINC code. */
  readonly ranges: ReadonlyMap<string, Range>;
  readonly units: Units;
  readonly doses: Omit<z.infer<typeof doseRules>, 'doses'> & { readonly byDrug: ReadonlyMap<string, Dose> };
}

export const checkRuleFiles = z.strictObject({
  abbreviations: abbreviationRules,
  doses: doseRules,
  drugs: drugRules,
  findings: findingRules,
  ranges: rangeRules,
  sections: sectionRules,
  text: textRules,
  units: unitRules,
});

/** Names of the files that the rules are read from, without their ending. */
export const checkRuleNames = Object.keys(checkRuleFiles.shape) as readonly (keyof typeof checkRuleFiles.shape)[];

/**
 * Reads the rule files (parsed JSON by name) and makes them ready for use.
 *
 * @throws ZodError when a file does not follow its schema, SyntaxError when a pattern is no regular expression
 */
export function compileChecks(files: unknown): CheckRules {
  const { abbreviations, doses, drugs, findings, ranges, sections, text, units } = checkRuleFiles.parse(files);
  return {
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
    units: compileUnits(units),
    doses: { ...doses, byDrug: new Map(doses.doses.map((dose) => [dose.drug, dose])) },
  };
}
