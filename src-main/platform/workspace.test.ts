import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/ensure-installed.mjs';
import { isWorkspace, ledgerFiles, resourcesFolder, workspacePaths } from './workspace.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-paths-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('K1 a workspace', () => {
  it('K1 has everything inside its folder, the ledger directly', () => {
    const { folder: same, ...paths } = workspacePaths(folder);
    expect(same).toBe(folder);
    for (const path of Object.values(paths)) expect(path.startsWith(folder)).toBe(true);
    expect(new Set(Object.values(paths)).size).toBe(Object.keys(paths).length);
    expect(paths.ledger).toBe(join(folder, 'ledger.db'));
    expect(paths.payloadKeys).toBe(join(folder, 'payload-keys.db'));
  });

  it.each(['key-slots.json', 'ledger.db', 'ledger.db-wal', 'payload-keys.db'])('K1 is one as soon as there is %s', (name) => {
    expect(isWorkspace(folder)).toBe(false);
    writeFileSync(join(folder, name), '');
    expect(isWorkspace(folder)).toBe(true);
  });

  it('K1 is none with the chart of the practice EHR alone, or where there is no folder', () => {
    writeFileSync(workspacePaths(folder).practiceChart, '');
    mkdirSync(workspacePaths(folder).logs);
    expect(isWorkspace(folder)).toBe(false);
    expect(isWorkspace(join(folder, 'none'))).toBe(false);
    expect(ledgerFiles(join(folder, 'none'))).toEqual([]);
  });
});

describe('the resources', () => {
  it('are found from the sources', () => {
    expect(resourcesFolder()).toBe(join(projectRoot, 'resources'));
    expect(() => readFileSync(join(resourcesFolder(), 'definitions', 'codes.json'))).not.toThrow();
  });
});
