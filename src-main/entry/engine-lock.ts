import path from 'node:path';
import { CommandFailure } from './console-io.ts';
import { acquireEngineLock } from '../ledger/index.ts';

/**
 * Runs something that only one process may do at a time in a workspace.
 *
 * @throws CommandFailure (exit 3) that says who holds the lock
 */
export async function withEngineLock<T>(workspace: string, use: () => Promise<T>): Promise<T> {
  const lock = await acquireEngineLock(path.resolve(workspace));
  if ('heldBy' in lock) {
    const { heldBy } = lock;
    const who = heldBy === null ? 'another process' : `process ${heldBy.pid} on ${heldBy.host}, since ${heldBy.since}`;
    throw new CommandFailure(3, 'engine-running', `An engine already runs on this workspace: ${who}. One engine at a time.`);
  }
  try {
    return await use();
  } finally {
    await lock.release();
  }
}
