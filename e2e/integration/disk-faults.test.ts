import { spawn } from 'node:child_process';
import path from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventLine, patients } from '../support/chart.ts';
import { Desk, root } from '../support/command-line.ts';
import { CrashDesk, reopened, workThroughDay } from '../support/crash.ts';
import { effects, setUp } from '../support/set-up.ts';
import type { AtFailpoint, Failpoint } from '../../src-main/ledger/index.ts';
import { fileAlarm, workspacePaths } from '../../src-main/platform/index.ts';
import { workspaceLog } from '../../src-shared/domain/index.ts';

/** A disk that refuses while the engine works: it stops sending, says so outside of the ledger, and goes on when the disk does. */

describe('FLT-14 FLT-15 an outcome that cannot be stored', () => {
  let desk: CrashDesk;
  beforeAll(async () => {
    desk = await CrashDesk.open();
  });
  afterAll(() => desk.close());

  /** Fails every commit from the moment at which the chart has one more entry: the first that fails is an outcome. */
  function failing(at: Failpoint, error: () => Error): AtFailpoint {
    const before = desk.ehr.stats().committed.created;
    return (point) => {
      if (point === at && desk.ehr.stats().committed.created > before) throw error();
    };
  }

  const sqlite = (code: string) => (): Error => new Database.SqliteError(`simulated ${code}`, code);
  const system = (code: string) => (): Error => Object.assign(new Error(`simulated ${code}`), { code });
  const faults: readonly (readonly [what: string, at: Failpoint, error: () => Error, code: string])[] = [
    ['a full disk', 'written', sqlite('SQLITE_FULL'), 'ledger-disk-full'],
    ['a failed fsync, the bytes lost', 'written', sqlite('SQLITE_IOERR_FSYNC'), 'ledger-io-failed'],
    ['a failed fsync, the bytes kept', 'committed', sqlite('SQLITE_IOERR_FSYNC'), 'ledger-io-failed'],
    ['a disk mounted for reading alone', 'begun', sqlite('SQLITE_READONLY_DBMOVED'), 'ledger-read-only'],
    ['a disk that has gone', 'begun', sqlite('SQLITE_CANTOPEN'), 'ledger-unreadable'],
    ['a torn page', 'rows-applied', sqlite('SQLITE_CORRUPT'), 'ledger-damaged'],
    ['no room for a checkpoint', 'checkpoint-file-appended', system('ENOSPC'), 'ledger-disk-full'],
  ];

  it.each(faults)(
    'C5 I1 %s: the engine stops with an alarm, and each write is charted once afterwards',
    async (_what, at, error, code) => {
      const folder = desk.fresh();
      const alarm = fileAlarm(workspacePaths(folder).alarm);
      await expect(workThroughDay(folder, failing(at, error))).rejects.toMatchObject({ name: 'LedgerError', code });
      expect(alarm.raised()).toEqual({ code, at: expect.any(Number) });

      await workThroughDay(folder);
      expect(alarm.raised()).toBeNull();
      await reopened(folder, async (ledger) => {
        const rows = await ledger.writes({ limit: 100 });
        expect(rows.map(({ state }) => state.name)).toEqual(['committed', 'committed', 'committed', 'committed']);
        const counted = await effects(desk.ehr.controlUrl);
        expect(rows.map(({ id }) => counted.get(id))).toEqual([1, 1, 1, 1]);
        const counts: (string | undefined)[] = [];
        for (let seq = 0; ; seq += 1) {
          const entry = await ledger.entry(workspaceLog, seq);
          if (entry === undefined) break;
          if (entry.type === 'engine.started') counts.push((entry.body as { after?: { code: string } }).after?.code);
        }
        expect(counts.filter((one) => one !== undefined)).toEqual([code]);
      });
    },
  );

  it('C5 an attempt that cannot be stored is not made', async () => {
    const folder = desk.fresh();
    const posts = (): number => desk.ehr.stats().requests.byMethod.POST ?? 0;
    const [before, reads] = [posts(), desk.ehr.stats().requests.byMethod.GET ?? 0];
    const failpoint: AtFailpoint = (point) => {
      // From the first thing on that the engine has read of the chart: checks, approvals and attempts are all that follows.
      if (point === 'written' && (desk.ehr.stats().requests.byMethod.GET ?? 0) > reads) throw sqlite('SQLITE_FULL')();
    };
    await expect(workThroughDay(folder, failpoint)).rejects.toMatchObject({ code: 'ledger-disk-full' });
    expect(posts()).toBe(before);
    await workThroughDay(folder);
    expect(posts()).toBe(before + 4);
  });
});

describe('FLT-15 the command line on a file that may not grow', () => {
  let desk: Desk;
  beforeEach(() => {
    desk = new Desk();
  });
  afterEach(() => desk.close());

  // There is no limit on the size of files to set there.
  it.runIf(process.platform !== 'win32')(
    'C5 I1 run ends with 4 and says why, status shows the alarm until the engine runs again, nothing is charted twice',
    { timeout: 300_000 },
    async () => {
      const { controlUrl } = await setUp(desk);
      const lines = Array.from({ length: 40 }, (_, index) => {
        const patient = patients[index % patients.length];
        return eventLine({ id: `full:${index}`, ...(patient === undefined ? {} : { patient }) });
      });
      const receipts = await desk.lines<{ writes: string[] }>(['ingest', desk.file('events.ndjson', lines.join('\n'))]);
      const ids = receipts.flatMap(({ writes }) => writes);

      const { code, stderr } = await limited(desk, 800, ['run', '--drain']);
      expect(code).toBe(4);
      const [, stop] = /\[(ledger-disk-full|ledger-io-failed)\]/.exec(stderr) ?? [];
      expect(stop).toBeDefined();
      expect(stderr).toContain('Nothing more is sent to any EHR');
      const { engine } = await desk.json<{ engine: { running: boolean; alarm: { code: string; words: string } | null } }>([
        'status',
      ]);
      expect(engine).toMatchObject({ running: false, alarm: { code: stop } });
      expect((await effects(controlUrl)).size).toBeLessThan(ids.length);

      expect(await desk.json(['run', '--drain'])).toMatchObject({ end: 'drained', totals: { committed: ids.length } });
      const counted = await effects(controlUrl);
      expect(new Map(ids.map((id) => [id, counted.get(id) ?? 0]))).toEqual(new Map(ids.map((id) => [id, 1])));
      expect(await desk.json(['status'])).toMatchObject({ engine: { alarm: null } });
      expect(await desk.json(['audit', 'verify'])).toMatchObject({ ok: true, problems: [] });
    },
  );
});

/** Runs a command whose files may not grow beyond so many blocks of 512 bytes. */
function limited(desk: Desk, blocks: number, args: readonly string[]): Promise<{ code: number | null; stderr: string }> {
  const command = [process.execPath, path.join(root, 'out', 'main', 'cli.js'), ...args];
  const child = spawn('sh', ['-c', `ulimit -f ${blocks}; exec "$@"`, 'sh', ...command], {
    env: desk.env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}
