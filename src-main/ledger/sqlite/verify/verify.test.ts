import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { intake, moved, plannedWrite, stateOf } from '../../testing/fixtures.ts';
import { testRandom, TestWorkspace } from '../../testing/sqlite-store.ts';
import type { SqliteLedgerParts } from '../ledger.ts';
import { SpillStore } from './spill-store.ts';
import { Verification } from './verify.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await TestWorkspace.make();
});
afterEach(() => workspace.dispose());

describe('H2 memory of a check', () => {
  const WRITES = 40;

  it('H2 does not grow with the writes that wait: what does not fit is put aside, and still compared', async () => {
    const ledger = await workspace.open();
    const ids = Array.from({ length: WRITES }, (_, n) => `w${n}`);
    for (const id of ids) await ledger.commit(intake([plannedWrite(id)]));
    for (const state of ['validated', 'pending'] as const) {
      for (const id of ids)
        await ledger.commit({ tenant: 'north', expected: [], entries: [moved(plannedWrite(id), [stateOf(state)])] });
    }
    const { parts } = ledger as unknown as { parts: SqliteLedgerParts };
    const spillFile = workspace.file('spill.tmp');
    const check = async (): Promise<unknown[]> => {
      const db = parts.openReader();
      const report = await new Verification({ ...parts, db, spillFile, settleWal: () => {}, liveMax: 3 }).run(() => {});
      db.close();
      expect(report.entries).toBe(3 * WRITES);
      return report.problems.map((one) => [one.code, one.seq]);
    };
    expect(await check()).toEqual([]);
    // Two rows that claim to be older than they are, and one under another name.
    parts.db.exec(`UPDATE write SET version = 2 WHERE id IN ('w3', 'w30'); UPDATE write SET id = 'x' WHERE id = 'w9'`);
    expect(await check()).toEqual([
      ['row-differs', WRITES + 3],
      ['row-differs', WRITES + 30],
      ['row-missing', 9],
      ['row-extra', null],
    ]);
    expect(existsSync(spillFile)).toBe(false);
  });

  it('H2 what is put aside is not readable, and gone afterwards', async () => {
    const file = workspace.file('spill.tmp');
    const spill = new SpillStore(file, testRandom);
    expect(spill.take('a')).toBeUndefined();
    expect([...spill.drain()]).toEqual([]);
    const words = 'words of a patient';
    spill.put(
      Array.from({ length: 2_000 }, (_, n) => [`key ${n}`, { words, n, noise: randomBytes(50).toString('hex') }] as const),
    );
    expect((await readFile(file)).includes(words)).toBe(false);
    expect(spill.take('key 7')).toMatchObject({ words, n: 7 });
    expect(spill.take('key 7')).toBeUndefined();
    expect([...spill.drain()]).toHaveLength(1_999);
    expect([...spill.drain()]).toEqual([]);
    spill.close();
    expect(await readdir(workspace.folder)).toEqual([]);
  });
});
