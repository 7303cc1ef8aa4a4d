import { z } from 'zod';
import type { ContentKind } from './content.ts';
import { roles } from './people.ts';
import { riskTiers } from './risk.ts';

/**
 * The contract matrix (B1): per kind of content, which resource it becomes, how risky it is, who may approve it and
 * what is compared when it is read back. Versioned data; the engine has no rule of its own about any kind.
 */

const contentKinds = [
  'note',
  'addendum',
  'observation',
  'problem',
  'allergy',
  'medication-statement',
  'medication-request',
  'order',
  'procedure',
  'care-plan',
  'task',
  'message',
  'patient-instructions',
  'questionnaire-response',
  'consent',
  'demographics',
  'encounter-status',
  'document',
  'intake-summary',
] as const satisfies readonly ContentKind[];

const row = z.strictObject({
  kind: z.enum(contentKinds),
  resource: z.string().regex(/^[A-Z][A-Za-z]+$/),
  operation: z.enum(['create', 'update']),
  mode: z.enum(['create-only', 'versioned-update', 'append-only', 'human-gate']),
  tier: z.enum(riskTiers),
  approvers: z.array(z.enum(roles)).min(1),
  /** Elements compared when the entry is read back; patient, visit and status are always compared. */
  verify: z.array(z.string().min(1)).min(1),
  reason: z.string().min(1),
});

export const contractMatrix = z
  .strictObject({ version: z.string().min(1), rows: z.array(row) })
  .superRefine((matrix, context) => {
    for (const kind of contentKinds) {
      const found = matrix.rows.filter((one) => one.kind === kind).length;
      if (found !== 1) context.addIssue({ code: 'custom', message: `needs exactly one row for "${kind}", has ${found}` });
    }
  });

export type ContractMatrix = z.infer<typeof contractMatrix>;
export type ContractRow = ContractMatrix['rows'][number];

/** The row for a kind of content. The schema guarantees that there is one. */
export function contractRow(matrix: ContractMatrix, kind: ContentKind): ContractRow {
  const found = matrix.rows.find((one) => one.kind === kind);
  if (found === undefined) throw new RangeError(`the contract matrix ${matrix.version} has no row for ${kind}`);
  return found;
}

/** JSON Schema (2020-12) of the matrix, for those who edit it. */
export function contractMatrixJsonSchema(): unknown {
  return z.toJSONSchema(contractMatrix, { io: 'input' });
}
