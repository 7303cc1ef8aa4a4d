import path from 'node:path';
import { killedChild } from './killed-child.ts';
import { createWorkspace, openWorkspace } from '../../src-main/entry/workspace.ts';
import { register } from '../../src-main/engine/index.ts';
import type { AtFailpoint } from '../../src-main/ledger/index.ts';
import { systemClock, systemRandom } from '../../src-main/platform/index.ts';
import { workspaceLog, type Actor, type Person } from '../../src-shared/domain/index.ts';

/** Making a workspace, in a process that is killed at one failpoint of its ledger. */

const PASSPHRASE = 'a passphrase for tests';
const FOUNDER: Actor = { kind: 'system', id: 'crash' };
const admin: Person = { id: 'admin', name: 'Administrator', roles: ['integration-administrator'], npi: null, active: true };

/** Makes a workspace with its first person, as `init` does. */
export async function makeWorkspace(folder: string, failpoint: AtFailpoint = () => undefined): Promise<void> {
  const workspace = await createWorkspace(folder, PASSPHRASE, 'crash', {
    // The least that is accepted: deriving the key is most of the time.
    kdf: { memoryKiB: 64 * 1024, passes: 3, lanes: 4 },
    failpoint,
    fill: async ({ ledger }) => {
      await register({ ledger, clock: systemClock, random: systemRandom }).person(admin, 'no secret', FOUNDER);
    },
  });
  await workspace.close();
}

/** The failpoints that making a workspace comes by, in their order. */
export async function pointsOfMaking(folder: string): Promise<readonly string[]> {
  const points: string[] = [];
  await makeWorkspace(folder, (point) => points.push(point));
  return points;
}

const child = path.join(import.meta.dirname, 'crash-init-child.ts');

/**
 * Makes a workspace in a process that is killed at the n-th failpoint it comes by.
 *
 * @returns the failpoint; `null`: it came to its end before
 */
export async function killedMaking(folder: string, n: number): Promise<string | null> {
  return (await killedChild(child, folder, n)).point;
}

/** What the next start finds: the code of the refusal with its words, or the people of a workspace that opens and verifies. */
export async function found(folder: string): Promise<{ readonly refused: string; readonly words: string } | readonly string[]> {
  try {
    const workspace = await openWorkspace(folder, PASSPHRASE);
    try {
      const report = await workspace.ledger.verify();
      if (!report.ok) throw new Error(JSON.stringify(report.problems));
      const entries = await workspace.ledger.entries(workspaceLog, { stream: 'person/admin' }, 10);
      return entries.map(({ type }) => type);
    } finally {
      await workspace.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) return { refused: String(error.code), words: error.message };
    throw error;
  }
}
