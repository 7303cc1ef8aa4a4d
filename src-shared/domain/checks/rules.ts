import { z } from 'zod';
import { contentKinds } from '../contract-matrix.ts';

/**
 * The rules of the checks as data (F1, F2): versioned files with their source, so that a clinical team can read and change
 * them without touching code. `resources/checks` holds what is shipped.
 */

const head = { version: z.string().regex(/^\d+\.\d+\.\d+$/), source: z.string().min(20) };
const words = z.array(z.string().min(1)).min(1);

export const drugRules = z.strictObject({
  ...head,
  groups: z.array(
    z.strictObject({
      group: z.string(),
      /** Words that name the whole group. */
      said: z.array(z.string().min(2)),
      /** Generic name to its brand and short names. */
      drugs: z.record(z.string(), z.array(z.string().min(2))),
    }),
  ),
});

/** Each row: the concept's name, then the other words for it. */
export const findingRules = z.strictObject({
  ...head,
  symptoms: z.array(words),
  diagnoses: z.array(words),
  procedures: z.array(words),
  sites: z.array(words),
  /** Other words that say the same in a visit as in a note. */
  words: z.array(words),
});

export const abbreviationRules = z.strictObject({
  ...head,
  entries: z.array(z.strictObject({ rule: z.string(), pattern: z.string(), write: z.string() })).min(1),
});

export const sectionRules = z.strictObject({
  ...head,
  sections: z.array(
    z.strictObject({
      section: z.string(),
      titles: words,
      expected: z.enum(['always', 'when-heard', 'never']),
      /** Words of the visit that make the section expected. */
      heard: words.optional(),
    }),
  ),
});

export const textRules = z.strictObject({
  ...head,
  leftovers: z.array(z.strictObject({ rule: z.string(), pattern: z.string() })).min(1),
});

const limit = z.strictObject({
  /** Ages in years: from this one, up to but not including `below`. */
  from: z.number().nonnegative(),
  below: z.number().positive().optional(),
  least: z.number(),
  most: z.number(),
});

export const rangeRules = z.strictObject({
  ...head,
  ranges: z.array(z.strictObject({ loinc: z.string(), name: z.string(), units: z.record(z.string(), z.array(limit).min(1)) })),
});

export const unitRules = z.strictObject({
  ...head,
  /** Spellings in use that are no UCUM code, or another one than is meant, each with the codes it may stand for. */
  spellings: z.record(z.string(), words),
});

/** Which units a value of a code can be given in; any that measures the same fits. */
export const expectedUnitRules = z.strictObject({
  ...head,
  observations: z.array(z.strictObject({ loinc: z.string(), name: z.string(), units: words })),
});

/** Which items are compared with what the chart holds, and how serious it is to repeat it. */
export const chartRules = z.strictObject({
  ...head,
  repeats: z.array(
    z.strictObject({
      kind: z.enum(contentKinds),
      types: z
        .array(z.enum(['MedicationRequest', 'MedicationStatement']))
        .min(1)
        .optional(),
      same: z.enum(['stop', 'review', 'information']),
      alike: z.enum(['stop', 'review', 'information']).optional(),
    }),
  ),
});

/** Which items are compared with what other events ask for, and how serious it is to ask for the same, or almost the same. */
export const twinRules = z.strictObject({
  ...head,
  /** Texts are alike from this share of common runs of words on; shorter ones are compared for being the same only. */
  narrative: z.strictObject({ wordsMin: z.int().positive(), runWords: z.int().positive(), share: z.number().positive().max(1) }),
  twins: z.array(
    z.strictObject({
      kind: z.enum(contentKinds),
      same: z.enum(['stop', 'review', 'information']),
      alike: z.enum(['stop', 'review', 'information']).optional(),
    }),
  ),
});

export type TwinRule = z.infer<typeof twinRules>['twins'][number];

export type RepeatRule = z.infer<typeof chartRules>['repeats'][number];

/** When a value is held against those charted before (`norms.ts`). */
export const normRules = z.strictObject({
  ...head,
  samplesMin: z.int().positive(),
  /** Distances between the quartiles beyond a quartile. */
  fence: z.number().positive(),
  /** Ages in years at which another group begins, the youngest first. */
  ages: z.array(z.int().nonnegative()).min(1),
});

export const doseRules = z.strictObject({
  ...head,
  impossibleFactor: z.number().positive(),
  timesPerDayMax: z.number().positive(),
  doses: z.array(
    z.strictObject({
      drug: z.string(),
      unit: z.literal('mg'),
      singleMax: z.number().positive(),
      dailyMax: z.number().positive(),
      weekly: z.literal(true).optional(),
    }),
  ),
});
