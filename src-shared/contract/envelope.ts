import { z } from 'zod';

/**
 * What every call over the process boundary answers: a value, or a failure in words a person can act on. Nothing is
 * thrown across the boundary (I2).
 */

/** Codes of the boundary itself; refusals of a use case carry that use case's own code. */
export const boundaryCodes = [
  'sender-not-trusted',
  'method-unknown',
  'request-invalid',
  'request-too-large',
  'too-many-requests',
  'not-signed-in',
  'session-locked',
  'role-forbids',
  'not-found',
  'unreachable',
  'internal',
] as const;
export type BoundaryCode = (typeof boundaryCodes)[number];

export const callFailure = z.strictObject({
  /** A boundary code, or the code of the use case that refused. */
  code: z.string(),
  /** What happened. */
  message: z.string(),
  /** Whether anything in a chart was changed by this call. */
  chart: z.enum(['unchanged', 'may-have-changed']),
  /** What the person can do now. */
  next: z.string(),
  /** Finds this call in the operational log. */
  correlation: z.string(),
});
export type CallFailure = z.infer<typeof callFailure>;

export type Envelope<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: CallFailure };

/** The envelope around values of one schema. */
export function envelope<T extends z.ZodType>(value: T) {
  return z.discriminatedUnion('ok', [
    z.strictObject({ ok: z.literal(true), value }),
    z.strictObject({ ok: z.literal(false), failure: callFailure }),
  ]);
}
