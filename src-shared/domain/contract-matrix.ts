import { z } from 'zod';
import { origins } from './business-event.ts';
import type { ContentKind } from './content.ts';
import { roles } from './people.ts';
import { riskTiers } from './risk.ts';

/**
 * The contract matrix (B1): per kind of content, which resource it becomes, who owns each field, how risky it is, who
 * may approve it, what is checked, what is compared when it is read back and how it is undone. Versioned data; the
 * engine has no rule of its own about any kind.
 */

export const contentKinds = [
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

const words = z.string().min(1).max(1000);
const element = z.string().regex(/^[a-z][A-Za-z]*$/);

/** Who a field belongs to (D1), and what a write may do with it. Elements that no entry names are not written. */
const field = z.strictObject({
  element,
  owner: z.enum(['ehr', 'console', 'source']),
  /** `advisory`: sent as a proposal, the EHR's own value stands; `read-only`: never sent. */
  use: z.enum(['writable', 'advisory', 'read-only']),
  /** Where its value comes from: a member of the canonical model, or what the engine adds. */
  from: words,
});

/** Codes that one element may hold when it is sent. */
const allowed = z.strictObject({ element, codes: z.array(words).min(1) });

/** What is to become of a charted entry in the EHR, and by when (C8): `docStatus` final within 72 hours. */
const awaited = z.strictObject({
  element,
  until: z.array(words).min(1),
  withinHours: z
    .int()
    .positive()
    .max(24 * 90),
});

/** The layers a write passes before anything is sent (F1). */
export const validationLayers = ['structure', 'terminology', 'business', 'workflow', 'semantic', 'evidence'] as const;

const row = z.strictObject({
  kind: z.enum(contentKinds),
  resource: z.string().regex(/^[A-Z][A-Za-z]+$/),
  operation: z.enum(['create', 'update']),
  mode: z.enum(['create-only', 'versioned-update', 'append-only', 'saga', 'human-gate']),
  /** Which classes of items become a write; the others are kept and shown. */
  classes: z.array(z.enum(['fact', 'intention'])).min(1),
  /** Whether words also become structured entries; `stays-narrative`: only where the event carries them as such. */
  narrative: z.enum(['stays-narrative', 'structured-already']),
  origins: z.array(z.enum(origins)).min(1),
  allowed: z.array(allowed),
  tier: z.enum(riskTiers),
  approvers: z.array(z.enum(roles)).min(1),
  /** How many different people must approve. */
  persons: z.union([z.literal(1), z.literal(2)]),
  /**
   * At the limited auto-write stage a write that nobody has approved goes all the same, and is reviewed afterwards (B3, B4). Low
   * risk only. Left out: never.
   */
  unattended: z.literal(true).exactOptional(),
  validations: z.array(z.enum(validationLayers)).min(1),
  fields: z.array(field).min(1),
  /** Elements compared when the entry is read back; patient, visit and status are always compared. */
  verify: z.array(z.string().min(1)).min(1),
  /** Elements whose decimals must come back digit by digit; elsewhere a lost zero is noted and the value counts. */
  exact: z.array(element).exactOptional(),
  /** What is followed after the entry is in the chart. */
  follow: awaited.exactOptional(),
  /**
   * What happens to an update where the EHR gives no versions: refused, or read again and compared with what the approver
   * saw just before it is sent. Left out: refused.
   */
  unversioned: z.enum(['refuse', 'compare']).exactOptional(),
  merge: z.enum(['append', 'by-section', 'hard-stop', 'explicit-confirmation', 'strict-reconciliation', 'none']),
  rollback: z.enum(['addendum', 'entered-in-error', 'status-change', 'restore-version', 'by-hand']),
  /** `strict`: an approval given at the source never counts; somebody signs here. */
  audit: z.enum(['standard', 'strict']),
  /** Codes that are not written on this path, whoever approves (B8). */
  formulary: z.array(z.strictObject({ system: words, code: words, reason: words })),
  reason: words,
});

export const contractMatrix = z
  .strictObject({ policy: z.literal('contract'), version: z.string().min(1).max(200), rows: z.array(row) })
  .superRefine((matrix, context) => {
    const wrong = (message: string): void => context.addIssue({ code: 'custom', message });
    for (const kind of contentKinds) {
      const found = matrix.rows.filter((one) => one.kind === kind).length;
      if (found !== 1) wrong(`needs exactly one row for "${kind}", has ${found}`);
    }
    for (const one of matrix.rows) {
      const elements = one.fields.map((named) => named.element);
      const twice = elements.find((name, at) => elements.indexOf(name) !== at);
      if (twice !== undefined) wrong(`row "${one.kind}" says twice whose "${twice}" is`);
      if (one.unattended === true && (one.tier !== 'low' || one.audit !== 'standard' || one.persons !== 1))
        wrong(`row "${one.kind}": unattended is for low risk, standard audit and one person only`);
      // Orders and prescriptions take a path of their own (B8): never acted on without a signature in the EHR.
      if (signedInEhr.includes(one.kind)) {
        const intents = one.allowed.find((rule) => rule.element === 'intent')?.codes ?? [];
        const states = one.allowed.find((rule) => rule.element === 'status')?.codes ?? [];
        if (one.audit !== 'strict') wrong(`row "${one.kind}": an order or prescription is signed here (audit strict)`);
        if (intents.length === 0 || intents.some((code) => code !== 'proposal' && code !== 'plan'))
          wrong(`row "${one.kind}": intent may be proposal or plan only; what is acted on is signed in the EHR`);
        if (states.length === 0 || states.includes('active') || states.includes('completed'))
          wrong(`row "${one.kind}": status may be draft or on-hold only; what is active is signed in the EHR`);
      }
    }
  });

const signedInEhr: readonly ContentKind[] = ['medication-request', 'order'];

export type ContractMatrix = z.infer<typeof contractMatrix>;
export type ContractRow = ContractMatrix['rows'][number];

/** The row for a kind of content. The schema guarantees that there is one. */
export function contractRow(matrix: ContractMatrix, kind: ContentKind): ContractRow {
  const found = matrix.rows.find((one) => one.kind === kind);
  if (found === undefined) throw new RangeError(`the contract matrix ${matrix.version} has no row for ${kind}`);
  return found;
}

/** What a tenant or a connection changes in a row: only the cells it names. */
export const rowOverride = row
  .pick({
    classes: true,
    origins: true,
    tier: true,
    approvers: true,
    persons: true,
    validations: true,
    verify: true,
    audit: true,
    formulary: true,
  })
  .partial()
  .extend({ kind: z.enum(contentKinds), reason: words });
export type RowOverride = z.infer<typeof rowOverride>;

/** JSON Schema (2020-12) of the matrix, for those who edit it. */
export function contractMatrixJsonSchema(): unknown {
  return z.toJSONSchema(contractMatrix, { io: 'input' });
}
