import { createHmac, createSecretKey } from 'node:crypto';
import { hostname } from 'node:os';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CommandFailure } from './console-io.ts';
import { withEngineLock } from './engine-lock.ts';
import { inspectDamagedFile, openSqliteLedger, type AtFailpoint, type DamageReport, type LedgerLoss } from '../ledger/index.ts';
import {
  beginWorkspace,
  createKeySlots,
  deriveKeys,
  finishWorkspace,
  isUnfinished,
  isWorkspace,
  openKeySlots,
  putUnfinishedAside,
  resourcesFolder,
  systemClock,
  systemRandom,
  workspacePaths,
  type KdfParameters,
  type WorkspaceKeys,
  type WorkspacePaths,
  ucumUnits,
} from '../platform/index.ts';
import type { Commit, Ledger, LedgerLists } from '../ports/outbound/index.ts';
import {
  base32,
  checkRuleNames,
  compileChecks,
  consentPolicy,
  contractMatrix,
  type CheckRules,
  type ConsentPolicy,
  type ContractMatrix,
} from '../../src-shared/domain/index.ts';

/** Opening a workspace: keys out of their slots, ledger with its settings asserted, everything ready to be composed. */

export interface Workspace {
  readonly paths: WorkspacePaths;
  readonly ledger: Ledger & LedgerLists;
  readonly pseudonym: (tenant: string, text: string) => string;
  /** The end that the ledger lost; only where it was asked to be opened all the same. */
  readonly loss?: LedgerLoss;
  close(): Promise<void>;
}

export interface OpenWorkspaceOptions {
  /** Called after each commit that this process makes. */
  readonly onCommitted?: (commit: Commit) => void;
  /** For crash tests alone: called at every failpoint of the ledger. */
  readonly failpoint?: AtFailpoint;
  /** Open a ledger that lost its end instead of refusing it. */
  readonly acceptLoss?: boolean;
}

export interface PassphraseSource {
  readonly env: NodeJS.ProcessEnv;
  readonly passphraseFile: string | undefined;
}

/** The passphrase from its file or the environment. */
export function passphraseOf({ env, passphraseFile }: PassphraseSource): string {
  const text = passphraseFile === undefined ? env.COUNTERSIGN_PASSPHRASE : readPassphrase(passphraseFile);
  if (text === undefined || text === '') {
    throw new CommandFailure(
      2,
      'passphrase-missing',
      'Set COUNTERSIGN_PASSPHRASE or give --passphrase-file: the workspace is encrypted.',
    );
  }
  return text;
}

function readPassphrase(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw new CommandFailure(2, 'passphrase-file-unreadable', `The passphrase file ${file} cannot be read.`);
  }
}

export interface CreateWorkspaceOptions {
  readonly kdf?: KdfParameters;
  /** Puts in what a workspace needs from its first moment on. Until it is done, nothing else opens the workspace. */
  readonly fill?: (workspace: Workspace) => Promise<void>;
  /** For crash tests alone: called at every failpoint of the ledger. */
  readonly failpoint?: AtFailpoint;
}

/**
 * Creates the folder, the key slots and the ledger, and fills it: a workspace is there whole, or it counts as unfinished and
 * is made anew. What an unfinished start has left is put aside.
 *
 * @throws CommandFailure when a workspace is already there: nothing is ever created over it
 */
export async function createWorkspace(
  folder: string,
  passphrase: string,
  site: string,
  { kdf, fill, failpoint }: CreateWorkspaceOptions = {},
): Promise<Workspace> {
  const paths = workspacePaths(path.resolve(folder));
  assertNone(paths.folder);
  mkdirSync(paths.folder, { recursive: true, mode: 0o700 });
  // Two at a time would put each other's beginnings aside.
  return withEngineLock(paths.folder, async () => {
    assertNone(paths.folder);
    if (isUnfinished(paths.folder)) await putUnfinishedAside(paths.folder);
    await beginWorkspace(paths.folder);
    const created = await createKeySlots(paths.folder, passphrase, kdf === undefined ? {} : { kdf });
    if (!created.ok) throw new CommandFailure(3, created.code, created.message);
    const options = { create: true, site, ...(failpoint === undefined ? {} : { failpoint }) };
    const workspace = await open(paths, deriveKeys(created.key), options);
    try {
      await fill?.(workspace);
      await finishWorkspace(paths.folder);
      return workspace;
    } catch (error) {
      await workspace.close();
      throw error;
    }
  });
}

function assertNone(folder: string): void {
  if (isUnfinished(folder) || !isWorkspace(folder)) return;
  throw new CommandFailure(3, 'workspace-exists', `${folder} already holds a workspace. Nothing was changed.`);
}

/** @throws CommandFailure when there is no workspace, or none that was finished; it says what to do */
export function assertWorkspace(folder: string, missing: string): void {
  if (isUnfinished(folder)) {
    throw new CommandFailure(
      3,
      'workspace-unfinished',
      `A workspace was begun in ${folder} and not finished: "countersign init" was interrupted, or is still at it. Nothing can have been recorded in it. Run "countersign init" again; it puts aside what was begun.`,
    );
  }
  if (!isWorkspace(folder)) throw new CommandFailure(3, 'workspace-missing', missing);
}

/** Opens an existing workspace; every reason for which it cannot be opened has its own words. */
export async function openWorkspace(folder: string, passphrase: string, options: OpenWorkspaceOptions = {}): Promise<Workspace> {
  const { paths, keys } = await unlock(folder, passphrase);
  return openWithKeys(paths, keys, options);
}

/** Opens a workspace whose keys are at hand already. */
export function openWithKeys(paths: WorkspacePaths, keys: WorkspaceKeys, options: OpenWorkspaceOptions = {}): Promise<Workspace> {
  return open(paths, keys, { create: false, ...options });
}

/** What a ledger file that can no longer be opened still shows: damaged pages, and what each of them hides. */
export async function inspectWorkspace(folder: string, passphrase: string): Promise<DamageReport | null> {
  const { paths, keys } = await unlock(folder, passphrase);
  return inspectDamagedFile({ folder: paths.folder, key: keys.ledger });
}

async function unlock(
  folder: string,
  passphrase: string,
): Promise<{ readonly paths: WorkspacePaths; readonly keys: WorkspaceKeys }> {
  const paths = workspacePaths(path.resolve(folder));
  assertWorkspace(paths.folder, `There is no workspace in ${paths.folder}. Create one with "countersign init".`);
  const opened = await openKeySlots(paths.folder, passphrase);
  if (!opened.ok) throw new CommandFailure(3, opened.code, opened.message);
  return { paths, keys: deriveKeys(opened.key) };
}

async function open(
  paths: WorkspacePaths,
  keys: WorkspaceKeys,
  options: OpenWorkspaceOptions & { readonly create: boolean; readonly site?: string },
): Promise<Workspace> {
  const opened = await openSqliteLedger({
    folder: paths.folder,
    keys,
    clock: systemClock,
    random: systemRandom,
    ...options,
  });
  if (!opened.ok) throw new CommandFailure(3, opened.code, opened.message);
  const { ledger, loss } = opened;
  // As a key object: handing over the bytes each time costs six times as much.
  const pseudonymKey = createSecretKey(keys.pseudonym);
  return {
    paths,
    ledger,
    ...(loss === undefined ? {} : { loss }),
    pseudonym: (tenant, text) =>
      base32(
        createHmac('sha256', pseudonymKey)
          .update(JSON.stringify([tenant, text]))
          .digest(),
      ).slice(0, PSEUDONYM_CHARS),
    close: () => ledger.close(),
  };
}

/** 130 bits: enough that two patients never share one. */
const PSEUDONYM_CHARS = 26;

/** The contract matrix that is shipped; its version is recorded with every request that it shaped. */
export function defaultMatrix(): ContractMatrix {
  const file = path.join(resourcesFolder(), 'contracts', 'default.json');
  return contractMatrix.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** The organization's consent policy that is shipped. */
export function defaultConsentPolicy(): ConsentPolicy {
  return consentPolicy.parse(JSON.parse(readFileSync(path.join(resourcesFolder(), 'consent', 'default.json'), 'utf8')));
}

/** The rules of the content checks that are shipped. */
export function defaultChecks(): CheckRules {
  const read = (name: string): unknown =>
    JSON.parse(readFileSync(path.join(resourcesFolder(), 'checks', `${name}.json`), 'utf8'));
  return compileChecks(Object.fromEntries(checkRuleNames.map((name) => [name, read(name)])), ucumUnits);
}

/** Names this machine in checkpoints; only letters, digits and dashes. */
export function siteName(): string {
  return (
    hostname()
      .toLowerCase()
      .replace(/[^a-z0-9-]+/g, '-')
      .slice(0, 40) || 'site'
  );
}
