// The corpus of golden and adversarial notes (F4): bench/safety/corpus.json, all of it made up.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const corpus = z.array(
  z.strictObject({
    name: z.string(),
    transcript: z.string(),
    note: z.string(),
    /** Rules that must speak, and no others. */
    expect: z.array(z.string()),
  }),
);

export type CorpusNote = z.infer<typeof corpus>[number];

let read: readonly CorpusNote[] | null = null;

export function goldenNotes(): readonly CorpusNote[] {
  read ??= corpus.parse(JSON.parse(readFileSync(path.join(import.meta.dirname, 'corpus.json'), 'utf8')));
  return read;
}
