import { z } from 'zod';
import { consentPolicy } from '../consent/organization.ts';
import { contractMatrix, rowOverride } from '../contract-matrix.ts';
import { readEpochMs } from '../time.ts';
import { houseRules } from './house-rules.ts';

/**
 * Policies are documents (B1, G1, G9): proposed by one person, approved by another, recorded, in force from then on.
 * There are five kinds; what a document is, its member `policy` says.
 */

const words = z.string().min(1).max(1000);
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/);
const version = z.string().min(1).max(200);

/** What one tenant or one connection asks for beyond the contract of the house. It may only tighten. */
export const contractOverride = z
  .strictObject({
    policy: z.literal('override'),
    version,
    scope: z.union([z.strictObject({ tenant: name }), z.strictObject({ connection: name })]),
    rows: z.array(rowOverride).min(1),
  })
  .superRefine((override, context) => {
    const kinds = override.rows.map((row) => row.kind);
    const twice = kinds.find((kind, at) => kinds.indexOf(kind) !== at);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `has two rows for "${twice}"` });
  });
export type ContractOverride = z.infer<typeof contractOverride>;

const day = z.string().refine((text) => readEpochMs(text) !== undefined, 'is not a date');

/** An agreement with a processor of health information (45 CFR 164.504(e)). */
export const baaEntry = z.strictObject({
  id: name,
  processor: words,
  contract: words,
  role: z.enum(['covered-entity', 'business-associate', 'subcontractor']),
  permittedUse: z.array(words).min(1),
  subprocessors: z.array(z.strictObject({ name: words, purpose: words })),
  retention: words,
  signedAt: day,
  /** Last day on which it covers anything; `null`: until it is ended. */
  expiresAt: day.nullable(),
  covers: z.strictObject({ sources: z.array(name), connections: z.array(name) }),
});
export type BaaEntry = z.infer<typeof baaEntry>;

export const baaRegister = z
  .strictObject({ policy: z.literal('baa'), version, entries: z.array(baaEntry) })
  .superRefine((register, context) => {
    const ids = register.entries.map((entry) => entry.id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `has two entries called "${twice}"` });
  });
export type BaaRegister = z.infer<typeof baaRegister>;

const policyDocument = z.discriminatedUnion('policy', [contractMatrix, contractOverride, consentPolicy, baaRegister, houseRules]);
export type PolicyDocument = z.infer<typeof policyDocument>;
export type PolicyKind = PolicyDocument['policy'];

export type DocumentRead =
  { readonly ok: true; readonly document: PolicyDocument } | { readonly ok: false; readonly message: string };

/** Reads a policy document; the message names every place that is wrong. */
export function readPolicyDocument(value: unknown): DocumentRead {
  const parsed = policyDocument.safeParse(value);
  if (parsed.success) return { ok: true, document: parsed.data };
  const issues = parsed.error.issues.map((issue) => `${issue.path.map(String).join('.') || 'the document'}: ${issue.message}`);
  return { ok: false, message: issues.slice(0, ISSUES_MAX).join('; ') };
}

const ISSUES_MAX = 20;

/** JSON Schema (2020-12) of every kind of policy document, for those who write them. */
export function policyDocumentJsonSchema(): unknown {
  return z.toJSONSchema(policyDocument, { io: 'input' });
}

/** The place a document takes when it comes into force; a later one with the same key replaces it. */
export function policyKey(document: PolicyDocument): string {
  if (document.policy === 'house-rules') return `house-rules ${document.tenant}`;
  if (document.policy !== 'override') return document.policy;
  return 'tenant' in document.scope
    ? `override tenant ${document.scope.tenant}`
    : `override connection ${document.scope.connection}`;
}
