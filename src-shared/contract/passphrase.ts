import { z } from 'zod';
import { limits } from '../limits/index.ts';

/**
 * What the desktop shell's passphrase page may ask, before there is a workspace and so before anything of the contract
 * can be answered.
 */
export const passphraseRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('question') }),
  z.strictObject({
    kind: z.literal('passphrase'),
    text: z.string().min(1).max(limits.secretCharsMax),
    /** Put the key into the system's key store, so that the next start does not ask. */
    remember: z.boolean(),
  }),
]);
export type PassphraseRequest = z.infer<typeof passphraseRequest>;

/** Why the passphrase is asked for, and of which workspace. */
export const passphraseQuestion = z.strictObject({
  folder: z.string(),
  why: z.string(),
  /** `null`: the key can be remembered; else why not. */
  cannotRemember: z.string().nullable(),
});
export type PassphraseQuestion = z.infer<typeof passphraseQuestion>;

/** `null`: the workspace opens and the page goes away; else what was wrong. */
export const passphraseVerdict = z.strictObject({ refusal: z.string().nullable() });
export type PassphraseVerdict = z.infer<typeof passphraseVerdict>;
