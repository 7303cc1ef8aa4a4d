import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Where everything of a workspace lies. The ledger's files stand directly in the workspace folder. */
export interface WorkspacePaths {
  readonly folder: string;
  readonly keySlots: string;
  /** There while the workspace is being made: what lies beside it was never finished. */
  readonly unfinished: string;
  readonly ledger: string;
  readonly payloadKeys: string;
  /** Signed checkpoints beside the ledger. */
  readonly checkpoints: string;
  /** Held exclusively by the one engine that runs. */
  readonly engineLock: string;
  /** Why the engine stopped by itself, when the ledger could not record it. */
  readonly alarm: string;
  readonly logs: string;
  readonly engineLog: string;
  /** The practice EHR's chart. It needs no workspace: the file may be all there is in the folder. */
  readonly practiceChart: string;
  /** What goes wrong in the practice EHR on purpose; nothing where the file is missing. */
  readonly practiceFaults: string;
}

export function workspacePaths(folder: string): WorkspacePaths {
  const logs = join(folder, 'logs');
  return {
    folder,
    keySlots: join(folder, 'key-slots.json'),
    unfinished: join(folder, 'init.unfinished'),
    ledger: join(folder, 'ledger.db'),
    payloadKeys: join(folder, 'payload-keys.db'),
    checkpoints: join(folder, 'checkpoints'),
    engineLock: join(folder, 'engine.lock'),
    alarm: join(folder, 'engine.alarm'),
    logs,
    engineLog: join(logs, 'engine.jsonl'),
    practiceChart: join(folder, 'practice-ehr.db'),
    practiceFaults: join(folder, 'practice-faults.json'),
  };
}

/** The files without which a ledger cannot be read: what is found of them must never be made anew. */
export function ledgerFiles(folder: string): readonly string[] {
  const { ledger, payloadKeys, checkpoints } = workspacePaths(folder);
  return [ledger, `${ledger}-wal`, payloadKeys, checkpoints].filter((path) => existsSync(path));
}

/** True when the folder holds a workspace, or what is left of one. */
export function isWorkspace(folder: string): boolean {
  return existsSync(workspacePaths(folder).keySlots) || ledgerFiles(folder).length > 0;
}

/**
 * The product's `resources` folder: beside `src-main` when it runs from its sources, above `out` when it was built.
 *
 * @throws Error when the installation has none
 */
export function resourcesFolder(): string {
  let folder = import.meta.dirname;
  for (;;) {
    const candidate = join(folder, 'resources');
    if (existsSync(join(candidate, 'definitions', 'codes.json'))) return candidate;
    const above = dirname(folder);
    if (above === folder) throw new Error(`the resources folder is missing: looked upwards from ${import.meta.dirname}`);
    folder = above;
  }
}
