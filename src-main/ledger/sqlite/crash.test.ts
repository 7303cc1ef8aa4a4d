import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { intake, plannedWrite } from '../testing/fixtures.ts';
import { TestWorkspace } from '../testing/sqlite-store.ts';
import type { Failpoint } from '../index.ts';

const child = path.join(import.meta.dirname, '..', 'testing', 'crash-child.ts');
const WRITES = 112;

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await TestWorkspace.make();
  await (await workspace.open()).close();
});
afterEach(() => workspace.dispose());

interface Run {
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  /** Ids of the writes that were acknowledged. */
  readonly told: readonly string[];
}

/** Runs the child to its end. `killAfter` kills it from outside once it has told so many writes. */
function run(step: Failpoint | 'none', times: number, options: { killAfter?: number; limitBlocks?: number } = {}): Promise<Run> {
  const args = [child, workspace.folder, step, String(times)];
  const [command, ...rest] =
    options.limitBlocks === undefined
      ? [process.execPath, ...args]
      : ['sh', '-c', `ulimit -f ${options.limitBlocks}; exec "$@"`, 'sh', process.execPath, ...args];
  return new Promise((resolve, reject) => {
    const started = spawn(command as string, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    started.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (options.killAfter !== undefined && output.split('\n').length > options.killAfter) started.kill('SIGKILL');
    });
    started.on('error', reject);
    started.on('close', (_code, signal) => {
      const lines = output.split('\n').filter((line) => line !== '');
      resolve({ signal, lines, told: lines.filter((line) => /^w\d+$/.test(line)) });
    });
  });
}

/** What every crash must leave: all that was told, nothing half, a log that is whole, and room to go on. */
async function assertWhole(told: readonly string[]): Promise<number> {
  const ledger = await workspace.open();
  const rows = await ledger.writes({ limit: 1_000 });
  const ids = new Set(rows.map((row) => row.id));
  expect(told.filter((id) => !ids.has(id))).toEqual([]);
  for (const id of ids) expect(await ledger.row('event', 'north', `event-${id}`)).toBeDefined();
  expect(await ledger.verify()).toMatchObject({ ok: true, entries: ids.size });
  expect(await ledger.commit(intake([plannedWrite('after')]))).toEqual({ ok: true, firstSeq: ids.size });
  await ledger.close();
  return ids.size;
}

describe('C5 kill -9', () => {
  const steps: readonly (readonly [Failpoint, number])[] = [
    ['queued', 2],
    ['keys-inserted', 1],
    ['keys-written', 3],
    ['begun', 4],
    ['staged', 2],
    ['rows-applied', 2],
    ['written', 4],
    ['committed', 4],
    ['tail-noted', 2],
    ['checkpoint-signed', 1],
    ['checkpoint-file-appended', 1],
  ];
  it.each(steps)(
    'C5 at every "%s" (%i of them) loses nothing that was acknowledged',
    async (step, count) => {
      for (let times = 1; times <= count; times += 1) {
        const { signal, told } = await run(step, times);
        expect(signal).toBe('SIGKILL');
        const kept = await assertWhole(told);
        expect(kept).toBeLessThanOrEqual(WRITES);
        await workspace.dispose();
        workspace = await TestWorkspace.make();
        await (await workspace.open()).close();
      }
    },
    120_000,
  );

  it('C5 from outside loses nothing that was acknowledged', async () => {
    const { told } = await run('none', 0, { killAfter: 30 });
    expect(told.length).toBeGreaterThan(0);
    await assertWhole(told);
  }, 30_000);

  it('C5 and then the end of the log lost with its WAL is refused at opening', async () => {
    // Seven transactions: the last commit after the checkpoint at 111 entries.
    const { told } = await run('keys-written', 4);
    expect(told).toHaveLength(WRITES - 1);
    for (const suffix of ['-wal', '-shm']) await rm(workspace.file(`ledger.db${suffix}`));
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-rolled-back' });
  }, 30_000);
});

describe('C5 a full disk', () => {
  // There is no limit on the size of files to set there.
  it.runIf(process.platform !== 'win32')(
    'C5 stops the ledger, and what was acknowledged stays',
    async () => {
      const { lines, told } = await run('none', 0, { limitBlocks: 600 });
      expect(lines.at(-1)).toBe('done');
      const failed = lines.filter((line) => line.startsWith('failed'));
      expect(failed.length).toBeGreaterThan(0);
      expect(new Set(failed).size).toBe(1);
      expect(failed[0]).toMatch(/^failed ledger-(?:io-failed|disk-full)$/);
      expect(told.length + failed.length).toBe(WRITES);
      await assertWhole(told);
    },
    30_000,
  );
});
