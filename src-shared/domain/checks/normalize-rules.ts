import { z } from 'zod';
import { contentClasses } from '../content.ts';
import { contentKinds } from '../contract-matrix.ts';

/**
 * The rules by which content is brought into one form (A2), as data: each with its name, its version and its reason. A
 * rule never changes what it does under the same version: what it did stands on record by both.
 */

const words = z.string().min(1).max(1000);
const rule = { id: z.string().regex(/^[a-z][a-z0-9-]*$/), version: z.int().positive(), why: words };

export const normalizationRule = z.discriminatedUnion('kind', [
  /** Names of a code system for its FHIR address; several addresses: it is not known which is meant. */
  z.strictObject({ ...rule, kind: z.literal('code-system'), from: z.array(words).min(1), to: z.array(words).min(1) }),
  /** The way a system's codes are written. Applied only where the result has the shape that the system asks for. */
  z.strictObject({
    ...rule,
    kind: z.literal('code'),
    system: words,
    pattern: words,
    replace: words,
    /** Capitals before the pattern is tried. */
    upper: z.literal(true).optional(),
  }),
  /** Abbreviations at the head of a text, in the members named; several readings: it is not known which is meant. */
  z.strictObject({
    ...rule,
    kind: z.literal('text'),
    at: z.array(z.enum(['medication', 'bodySite', 'substance', 'code'])).min(1),
    terms: z.record(z.string().min(1), z.array(words).min(1)),
  }),
  /** Units by the list of spellings: on their own, or as they fit the code of what was measured. */
  z.strictObject({ ...rule, kind: z.literal('unit'), context: z.enum(['any', 'code']) }),
  /** Times of day without seconds. */
  z.strictObject({ ...rule, kind: z.literal('time') }),
  /** What an item is, by its kind or by how its words begin. */
  z.strictObject({
    ...rule,
    kind: z.literal('class'),
    class: z.enum(contentClasses),
    kinds: z.array(z.enum(contentKinds)).min(1),
    pattern: words.optional(),
  }),
]);

export const normalizationRules = z
  .strictObject({
    version: z.string().regex(/^\d+\.\d+\.\d+$/),
    source: z.string().min(20),
    rules: z.array(normalizationRule).min(1),
  })
  .superRefine(({ rules }, context) => {
    const ids = rules.map((one) => one.id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `has two rules called "${twice}"` });
  });

/** JSON Schema (2020-12) of the rules, for those who edit them. */
export function normalizationJsonSchema(): unknown {
  return z.toJSONSchema(normalizationRules, { io: 'input' });
}
