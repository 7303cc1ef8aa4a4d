import path from 'node:path';
import { CommandFailure } from './console-io.ts';
import { assertWorkspace } from './workspace.ts';
import {
  addOsKeyStoreSlot,
  deriveKeys,
  openKeySlots,
  openWithOsKeyStore,
  osKeyStoreUsable,
  type KeySlotOptions,
  type OsKeyStore,
  type WorkspaceKeys,
} from '../platform/index.ts';
import type { Log } from '../ports/outbound/index.ts';
import type { PassphraseQuestion } from '../../src-shared/contract/index.ts';

/** How the desktop shell comes by the keys: a passphrase it was started with, the system's key store, or the person. */

export interface Unlocking {
  /** The workspace's folder. */
  readonly folder: string;
  /** Given at the start, by a file or the environment; `null`: not given. */
  readonly passphrase: string | null;
  readonly store: OsKeyStore;
  /** Asks the person; `null` when they do not want to. */
  readonly ask: (
    question: PassphraseQuestion,
    tryPassphrase: (text: string, remember: boolean) => Promise<string | null>,
  ) => Promise<(() => void) | null>;
  readonly log: Log;
}

export interface Unlocked {
  readonly keys: WorkspaceKeys;
  /** Takes away what asked, when there is something else to look at. */
  readonly done: () => void;
}

/**
 * @returns `null` when the person closed the question
 * @throws CommandFailure when no passphrase could open it: there is no workspace, its slots are damaged or newer, or the
 *   passphrase it was started with is not the one
 */
export async function unlockWorkspace(
  { folder, passphrase, store, ask, log }: Unlocking,
  options: Pick<KeySlotOptions, 'allowWeakKdf'> = {},
): Promise<Unlocked | null> {
  const resolved = path.resolve(folder);
  assertWorkspace(
    resolved,
    `There is no workspace in ${resolved}. Create one with "countersign init", or start with --workspace FOLDER.`,
  );
  if (passphrase !== null) {
    const opened = await openKeySlots(folder, passphrase, options);
    if (!opened.ok) throw new CommandFailure(3, opened.code, opened.message);
    return { keys: deriveKeys(opened.key), done: () => undefined };
  }
  const opened = await openWithOsKeyStore(folder, store);
  if (opened.ok) {
    if (opened.outdated) await remember(opened.key);
    return { keys: deriveKeys(opened.key), done: () => undefined };
  }
  switch (opened.code) {
    case 'workspace-missing':
    case 'key-slots-missing':
    case 'key-slots-damaged':
    case 'key-slots-newer':
      throw new CommandFailure(3, opened.code, opened.message);
    case 'os-slot-missing':
      break;
    case 'os-store-not-safe':
    case 'os-store-unavailable':
    case 'os-store-failed':
    case 'os-store-changed':
    case 'os-slot-refused':
      log.write('warn', opened.code);
  }
  const usable = await osKeyStoreUsable(store);
  const question: PassphraseQuestion = {
    folder: resolved,
    why: opened.code === 'os-slot-missing' ? 'The workspace is encrypted. Its passphrase opens it.' : opened.message,
    cannotRemember: usable.ok ? null : usable.message,
  };
  let keys: WorkspaceKeys | null = null;
  const done = await ask(question, async (text, toRemember) => {
    const tried = await openKeySlots(folder, text, options);
    if (!tried.ok) return tried.message;
    if (toRemember) await remember(tried.key);
    keys = deriveKeys(tried.key);
    return null;
  });
  return done === null || keys === null ? null : { keys, done };

  /** Remembering is a convenience: when it fails, the next start asks again, and says why. */
  async function remember(key: Buffer): Promise<void> {
    const added = await addOsKeyStoreSlot(folder, key, store);
    if (!added.ok) log.write('warn', added.code);
  }
}
