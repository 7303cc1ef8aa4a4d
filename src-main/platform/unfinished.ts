import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createFileDurably, syncFolder } from './key-slots/durable-file.ts';
import { workspacePaths } from './workspace.ts';

/**
 * A workspace that is being made. Its key slots, its ledger and its first administrator come one after the other; a file
 * beside them says that they are not all there yet, from before the first until after the last.
 */

/** True when making the workspace was begun and not finished, so that nothing can have been recorded in it for anybody. */
export function isUnfinished(folder: string): boolean {
  return existsSync(workspacePaths(folder).unfinished);
}

/** Notes, on disk when this resolves, that a workspace is being made in the folder. */
export async function beginWorkspace(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await createFileDurably(workspacePaths(folder).unfinished, '');
}

/** Notes, on disk when this resolves, that everything of the workspace is there. */
export async function finishWorkspace(folder: string): Promise<void> {
  const { unfinished } = workspacePaths(folder);
  await unlink(unfinished);
  await syncFolder(dirname(unfinished));
}

/**
 * Puts what an unfinished start has left into a folder of its own beside it. Nothing is removed: what looks like the beginning
 * of a workspace is not thrown away by a program.
 */
export async function putUnfinishedAside(folder: string): Promise<void> {
  const left = (await readdir(folder)).filter((name) => madeByAStart.some((start) => name.startsWith(start)));
  if (left.length === 0) return;
  let n = 1;
  while (existsSync(join(folder, `unfinished-${n}`))) n += 1;
  const aside = join(folder, `unfinished-${n}`);
  await mkdir(aside, { mode: 0o700 });
  for (const name of left) await rename(join(folder, name), join(aside, name));
  await syncFolder(folder);
}

/** How the names of the files begin that belong to one start alone. */
const madeByAStart = ['key-slots.json', 'ledger.', 'payload-keys.db', 'checkpoints', 'practice-secrets', 'practice-faults'];
