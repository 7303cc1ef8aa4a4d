import { z } from 'zod';

/**
 * What can go wrong on purpose. Which requests a fault may strike is narrowed by `methods` and `types`; of those it strikes each
 * with `probability`, or every n-th, at most `times` times. Neither given: every one.
 */
const common = {
  probability: z.number().min(0).max(1).optional().describe('Chance that a matching request is struck'),
  every: z.int().min(1).optional().describe('Strikes the n-th, 2n-th, ... matching request instead'),
  method: z
    .array(z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']))
    .min(1)
    .optional()
    .describe('Only requests by these methods'),
  types: z
    .array(z.string().regex(/^[A-Z][A-Za-z]+$/))
    .min(1)
    .optional()
    .describe('Only requests for these resource types; Bundle for a transaction or batch'),
  times: z.int().min(1).optional().describe('Strikes at most this often'),
};

const HOUR_MS = 3_600_000;
const milliseconds = (most: number): z.ZodInt => z.int().min(0).max(most);
// What the server itself writes cannot be lost or set.
const elementPath = z.string().regex(/^(?!(?:id|meta|resourceType)(?:\.|$))[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/);
const elementName = z.string().regex(/^(?!(?:id|meta|resourceType)$)[A-Za-z_]\w*$/);

const fault = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('lost-reply'), ...common })
    .describe('Carries out the request, then closes the connection without an answer'),
  z
    .strictObject({ kind: z.literal('timeout-before'), ...common, holdMs: milliseconds(HOUR_MS).default(60_000) })
    .describe('Never carries out the request: holds the connection, then closes it'),
  z
    .strictObject({ kind: z.literal('reset-mid-body'), ...common })
    .describe('Carries out the request, sends half of the answer, closes the connection'),
  z
    .strictObject({
      kind: z.literal('duplicate-request'),
      ...common,
      answer: z.enum(['first', 'second']).default('first').describe('Which of the two answers the client gets'),
      delayMs: milliseconds(HOUR_MS).default(0).describe('Time between the two'),
    })
    .describe('Carries out the request twice, as a proxy that repeats it would'),
  z
    .strictObject({
      kind: z.literal('status'),
      ...common,
      status: z.int().min(400).max(599),
      retryAfter: z.enum(['absent', 'seconds', 'http-date', 'huge', 'past', 'garbage']).default('absent'),
      retryAfterSeconds: z.int().min(0).default(1).describe('For seconds and http-date'),
      committed: z.boolean().default(false).describe('Whether the request was carried out all the same'),
    })
    .describe('Answers with an error status'),
  z
    .strictObject({
      kind: z.literal('stale-version'),
      ...common,
      change: z
        .record(elementName, z.json())
        .optional()
        .describe('Top-level elements the other author sets; left out, a meta.tag only'),
    })
    .describe('Another author updates the resource just before a PUT, PATCH or DELETE'),
  z
    .strictObject({ kind: z.literal('search-lag'), ...common, lagMs: milliseconds(24 * HOUR_MS) })
    .describe('What is written is found by searches and If-None-Exist only this much later; a read by id finds it at once'),
  z
    .strictObject({ kind: z.literal('drop-field'), ...common, fields: z.array(elementPath).min(1) })
    .describe('Loses elements of what is written without a word'),
  z
    .strictObject({ kind: z.literal('ignored-search-parameter'), ...common, parameters: z.array(z.string().min(1)).min(1) })
    .describe('Overlooks these search parameters, in If-None-Exist too; the self link tells'),
  z
    .strictObject({ kind: z.literal('ok-with-error-outcome'), ...common, committed: z.boolean().default(false) })
    .describe('Answers a write with 200 and an OperationOutcome of severity error'),
  z
    .strictObject({ kind: z.literal('accepted-202'), ...common, delayMs: milliseconds(24 * HOUR_MS).default(0) })
    .describe('Answers a write with 202 and no body, and carries it out later; not at all when the server ends before'),
  z
    .strictObject({
      kind: z.literal('slow'),
      ...common,
      delayMs: milliseconds(HOUR_MS),
      when: z
        .enum(['before', 'after'])
        .default('before')
        .describe('Before the request is carried out, even if the client has gone, or after'),
    })
    .describe('Takes its time'),
  z
    .strictObject({
      kind: z.literal('no-location'),
      ...common,
      etag: z.boolean().default(true).describe('Whether the ETag is still sent'),
    })
    .describe('Answers a create with 201, without Location and without body'),
  z
    .strictObject({ kind: z.literal('duplicate-create-race'), ...common })
    .describe('Overlooks If-None-Exist, as servers do under concurrency'),
]);

const onlyOneRate = (one: { readonly probability?: number | undefined; readonly every?: number | undefined }): boolean =>
  one.probability === undefined || one.every === undefined;

/** A fault plan, as the file of `--faults` and `PUT controlUrl/faults` carry it. */
export const faultPlan = z.strictObject({
  seed: z
    .int()
    .min(0)
    .max(0xffff_ffff)
    .optional()
    .describe('Of the pseudo-random numbers; the same seed and requests give the same faults'),
  faults: z.array(fault.refine(onlyOneRate, { message: 'probability and every exclude each other' })).max(100),
});

export type FaultPlan = z.input<typeof faultPlan>;
export type Fault = z.output<typeof fault>;
export type FaultKind = Fault['kind'];

/** The plan as a JSON Schema (draft 2020-12), for `resources/schemas/practice-ehr-faults.schema.json`. */
export function faultPlanJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(faultPlan, { io: 'input' });
  return {
    $schema,
    $id: 'urn:countersign:schema:practice-ehr-faults',
    title: 'Faults of the practice EHR',
    description: 'Accepted by practice-ehr --faults and by PUT controlUrl/faults. probability and every exclude each other.',
    ...schema,
  };
}
