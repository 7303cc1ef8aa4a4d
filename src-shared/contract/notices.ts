import { z } from 'zod';
import { writeId } from './shapes.ts';

/**
 * What the main process tells the window unasked. Ids, counts and revisions only: whoever wants to see clinical text
 * asks for it, in a role that may, and the asking is on record.
 */
export const notice = z.discriminatedUnion('kind', [
  /** The ledger has grown. `writes`: those known to have moved; `null` when another process wrote and they are not known. */
  z.strictObject({ kind: z.literal('ledger'), revision: z.int(), writes: z.array(writeId).nullable() }),
  /** The state of the engine or of the frame has changed. */
  z.strictObject({ kind: z.literal('frame') }),
  /** The session has ended or is locked: clinical text must leave the screen. */
  z.strictObject({ kind: z.literal('session'), state: z.enum(['locked', 'signed-out']) }),
  z.strictObject({ kind: z.literal('job'), job: z.string() }),
]);
export type Notice = z.infer<typeof notice>;
