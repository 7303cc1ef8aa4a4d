import { z } from 'zod';
import { contentKinds } from '../contract-matrix.ts';

/**
 * What one organization asks of content beyond the rules that are shipped (F1, business rules): governed data, proposed
 * by one person and approved by another like every policy. They add findings; none of them takes one away.
 */

const words = z.string().min(1).max(1000);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/);
const decimal = z.string().regex(/^-?\d{1,9}(?:\.\d{1,9})?$/, 'is not a decimal number in quotes');
const severity = z.enum(['stop', 'review', 'information']);
const coded = z.strictObject({ system: words, code: words });
const member = z.string().regex(/^[a-z][A-Za-z]*$/);

/** The clinic's own normal range of an observation; `from` and `below` are ages in whole years. */
const normalRange = z
  .strictObject({
    id: name,
    loinc: words,
    unit: words,
    from: z.int().nonnegative(),
    below: z.int().positive().optional(),
    least: decimal,
    most: decimal,
    severity: z.enum(['review', 'information']),
  })
  .refine((range) => Number(range.least) <= Number(range.most), 'has its limits the wrong way round');

/** Content that this organization does not chart over this way: a code, or words that stand in the item's own words. */
const disallowed = z
  .strictObject({
    id: name,
    kind: z.enum(contentKinds),
    code: coded.optional(),
    contains: words.optional(),
    severity,
    reason: words,
  })
  .refine((rule) => rule.code !== undefined || rule.contains !== undefined, 'names neither a code nor words');

/** Members that an item of a kind must have here though the format does not ask for them. */
const required = z.strictObject({ id: name, kind: z.enum(contentKinds), member, severity, reason: words });

/** Titles of which one must stand in every note, addenda excepted. */
const section = z.strictObject({ id: name, titles: z.array(words).min(1), severity, reason: words });

/** Members that are changed only with a finding beside them. */
const protectedMember = z.strictObject({ id: name, kind: z.enum(contentKinds), member, severity, reason: words });

/** A code or unit of this organization's own for the one that everybody reads (A2, site conventions). */
const convention = z.union([
  z.strictObject({ id: name, version: z.int().positive(), from: coded, to: coded.extend({ display: words.optional() }) }),
  z.strictObject({ id: name, version: z.int().positive(), unit: words, ucum: words }),
]);
export type Convention = z.infer<typeof convention>;

export const houseRules = z
  .strictObject({
    policy: z.literal('house-rules'),
    version: words.max(200),
    tenant: name,
    normalRanges: z.array(normalRange),
    disallowed: z.array(disallowed),
    required: z.array(required),
    sections: z.array(section),
    protected: z.array(protectedMember),
    conventions: z.array(convention),
  })
  .superRefine((rules, context) => {
    const { normalRanges, disallowed: not, required: must, sections, protected: kept, conventions } = rules;
    const ids = [normalRanges, not, must, sections, kept, conventions].flatMap((list) => list.map((one) => one.id));
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `has two rules called "${twice}"` });
  });
export type HouseRules = z.infer<typeof houseRules>;
