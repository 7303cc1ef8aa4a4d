import { originOf, sameBytes, verifyCheckpoint } from '../../../../src-shared/audit/index.ts';
import type { CheckpointFileContent } from '../checkpoint-file.ts';
import type { Db } from '../connection.ts';
import { sha256, type Signer } from '../keys.ts';

/** The checkpoint file of a log as it was before the state of the ledger that is checked, and after. */
export interface FileBeside {
  readonly name: string;
  readonly before: CheckpointFileContent | null;
  readonly after: CheckpointFileContent | null;
}

export interface SignedRoot {
  readonly size: number;
  readonly root: Uint8Array;
}

/**
 * Reads the checkpoints of a log from both places and judges them: each signature, the row against its note, the file
 * against the rows. The ledger is written first: what stood in the file before must be in the ledger, and what is in the
 * ledger must stand in the file after. Returns the roots that were signed, from either place, by size.
 */
export function readCheckpoints(
  db: Db,
  beside: FileBeside,
  signer: Signer,
  log: number,
  origin: { readonly site: string; readonly tenant: string },
  report: (message: string) => void,
): readonly SignedRoot[] {
  const name = originOf(origin.site, origin.tenant);
  const roots = new Map<number, Uint8Array>();
  const notes = new Map<number, string>();
  const judge = (note: string, where: string): void => {
    const judged = verifyCheckpoint(sha256, signer.key(name), (bytes, signature) => signer.verify(bytes, signature), note);
    if (!judged.ok || judged.checkpoint.origin !== name) {
      report(`A checkpoint of ${origin.tenant} ${where} ${judged.ok ? 'is of another log' : judged.problem}.`);
      return;
    }
    const { size, root } = judged.checkpoint;
    const other = roots.get(size);
    if (other !== undefined && !sameBytes(other, root))
      report(`Two different roots are signed for the first ${size} entries of ${origin.tenant}.`);
    roots.set(size, root);
  };
  const select = db.prepare('SELECT size, root, note FROM checkpoint WHERE log = ? ORDER BY size');
  for (const row of select.iterate(log) as Iterable<{ size: number; root: Buffer; note: string }>) {
    judge(row.note, 'in the ledger');
    notes.set(row.size, row.note);
    const signed = roots.get(row.size);
    if (signed === undefined || !sameBytes(signed, row.root))
      report(`The checkpoint row of ${origin.tenant} at ${row.size} entries is not what its note says.`);
  }
  const { name: fileName, before, after } = beside;
  if (after === null ? notes.size > 0 : after.problem !== null || after.tail !== '') {
    report(
      `The checkpoint file ${fileName} beside the ledger ${after === null ? 'is gone' : (after.problem ?? 'ends in the middle of a checkpoint')}.`,
    );
  }
  for (const note of before?.notes ?? []) {
    if (notes.get(note.checkpoint.size) === note.text) continue;
    report(
      `The checkpoint of ${origin.tenant} at ${note.checkpoint.size} entries stands beside the ledger and not, or not so, in it.`,
    );
    judge(note.text, 'beside the ledger');
  }
  const inFile = new Set(after?.notes.map((note) => note.checkpoint.size));
  const missing = after === null ? [] : [...notes.keys()].filter((size) => !inFile.has(size));
  if (missing.length > 0) report(`The checkpoint file ${fileName} lacks ${missing.length} checkpoints that the ledger has.`);
  return [...roots].map(([size, root]) => ({ size, root })).sort((a, b) => a.size - b.size);
}
