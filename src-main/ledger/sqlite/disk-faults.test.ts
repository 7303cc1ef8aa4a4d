import {
  chmodSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
  writeSync,
  closeSync,
  cpSync,
  rmSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteError } from './connection.ts';
import { intake, plannedWrite } from '../testing/fixtures.ts';
import { TestWorkspace } from '../testing/sqlite-store.ts';
import type { Failpoint } from '../index.ts';

/** Each fault of the disk under the ledger ends in a state, and a code, of its own. */

const PAGE = 4096;

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await TestWorkspace.make();
});
afterEach(() => workspace.dispose());

describe('FLT-14 FLT-15 a disk that refuses while the ledger is open', () => {
  const faults: readonly (readonly [sqlite: string, at: Failpoint, code: string])[] = [
    ['SQLITE_FULL', 'written', 'ledger-disk-full'],
    ['SQLITE_FULL', 'keys-inserted', 'ledger-disk-full'],
    ['SQLITE_IOERR_FSYNC', 'written', 'ledger-io-failed'],
    ['SQLITE_IOERR_FSYNC', 'committed', 'ledger-io-failed'],
    ['SQLITE_READONLY', 'begun', 'ledger-read-only'],
    ['SQLITE_CANTOPEN', 'begun', 'ledger-unreadable'],
    ['SQLITE_CORRUPT', 'entry-inserted', 'ledger-damaged'],
    ['SQLITE_MISUSE', 'written', 'ledger-failed'],
  ];
  it.each(faults)(
    'C5 %s at "%s" stops the ledger as %s; reopened it holds all that was acknowledged',
    async (sqlite, at, code) => {
      let failing = false;
      const failpoint = (point: Failpoint): void => {
        if (failing && point === at) throw new SqliteError('simulated', sqlite);
      };
      const ledger = await workspace.open({ failpoint });
      expect(await ledger.commit(intake([plannedWrite('w1')]))).toMatchObject({ ok: true });
      expect(ledger.stopped()).toBeNull();
      failing = true;
      await expect(ledger.commit(intake([plannedWrite('w2', { patientKey: 'other' })]))).rejects.toMatchObject({ code });
      failing = false;
      expect(ledger.stopped()).toMatchObject({ code });
      expect(ledger.stopped()?.message).toContain('Nothing more is sent');
      await expect(ledger.commit(intake([plannedWrite('w3')]))).rejects.toMatchObject({ code });
      await ledger.close();

      const again = await workspace.open();
      const ids = (await again.writes({ limit: 10 })).map(({ id }) => id);
      // What came of the commit that failed is on disk or not; both can be.
      expect(ids).toEqual(at === 'committed' ? ['w2', 'w1'] : ['w1']);
      expect(await again.verify()).toMatchObject({ ok: true });
      expect(await again.commit(intake([plannedWrite('w4')]))).toMatchObject({ ok: true });
    },
  );
});

describe('FLT-15 a ledger that may not be opened for writing', () => {
  it('C5 a WAL that cannot be opened is its own refusal', async () => {
    await (await workspace.open()).close();
    mkdirSync(workspace.file('ledger.db-wal'));
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-unreadable' });
  });

  // The super-user may write everything.
  it.runIf(process.platform !== 'win32' && process.getuid?.() !== 0).each(['ledger.db', 'payload-keys.db', '.'])(
    'C5 %s that may only be read is its own refusal',
    async (name) => {
      await (await workspace.open()).close();
      const mode = statSync(workspace.file(name)).mode;
      chmodSync(workspace.file(name), name === '.' ? 0o500 : 0o400);
      const opened = await workspace.tryOpen();
      chmodSync(workspace.file(name), mode);
      expect(opened).toMatchObject({ ok: false, code: 'ledger-read-only' });
    },
  );
});

describe('FLT-13 FLT-16 FLT-17 what a disk gives back that is not what was written', () => {
  /** A ledger of so many commits, killed: its end stands in the WAL alone. Every file as it is then. */
  async function killedAfter(commits: number): Promise<void> {
    const ledger = await workspace.open();
    for (let index = 0; index < commits; index += 1)
      await ledger.commit(intake([plannedWrite(`w${index}`, { patientKey: `patient-${index}` })]));
    cpSync(workspace.folder, `${workspace.folder}-killed`, { recursive: true });
    await ledger.close();
    rmSync(workspace.folder, { recursive: true });
    cpSync(`${workspace.folder}-killed`, workspace.folder, { recursive: true });
    rmSync(`${workspace.folder}-killed`, { recursive: true });
  }

  /** The second half of a page as it would be had it never been written. */
  function tear(name: string, at: number): void {
    const fd = openSync(workspace.file(name), 'r+');
    const half = Buffer.alloc(PAGE / 2);
    readSync(fd, half, 0, half.length, at);
    expect(half.every((byte) => byte === 0)).toBe(false);
    writeSync(fd, Buffer.alloc(PAGE / 2), 0, PAGE / 2, at + PAGE / 2);
    closeSync(fd);
  }

  it('C5 a torn first page of the file is refused as damage', async () => {
    await (await workspace.open()).close();
    tear('ledger.db', 0);
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-damaged' });
  });

  it('C5 any torn page of the file is refused at opening or found by the check', async () => {
    const ledger = await workspace.open();
    for (let index = 0; index < 20; index += 1)
      await ledger.commit(intake([plannedWrite(`w${index}`, { patientKey: `patient-${index}` })]));
    await ledger.close();
    const whole = readFileSync(workspace.file());
    for (let page = 1; page * PAGE < whole.length; page += 9) {
      writeFileSync(workspace.file(), whole);
      tear('ledger.db', page * PAGE);
      const opened = await workspace.tryOpen();
      if (!opened.ok) {
        expect(opened.code).toBe('ledger-damaged');
        continue;
      }
      expect(await opened.ledger.verify()).toMatchObject({ ok: false });
      await opened.ledger.close().catch(() => undefined);
    }
  });

  it('C5 a torn page in the WAL, which SQLite drops with all that follows, is refused: acknowledged entries are gone', async () => {
    await killedAfter(6);
    const wal = statSync(workspace.file('ledger.db-wal')).size;
    // Frames of 24 bytes before each page; the last commit's are torn, and no checkpoint covers them.
    tear('ledger.db-wal', wal - PAGE);
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-tail-lost' });
  });

  it('C5 a WAL that is missing is refused', async () => {
    await killedAfter(6);
    for (const suffix of ['-wal', '-shm']) rmSync(workspace.file(`ledger.db${suffix}`), { force: true });
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-tail-lost' });
  });

  it('C5 an older copy of the file is refused', async () => {
    const ledger = await workspace.open();
    await ledger.commit(intake([plannedWrite('w1')]));
    await ledger.close();
    const older = readFileSync(workspace.file());
    const again = await workspace.open();
    await again.commit(intake([plannedWrite('w2')]));
    await again.close();
    writeFileSync(workspace.file(), older);
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-rolled-back' });
  });

  it('C5 a note of the end that was half written, or is gone, refuses nothing', async () => {
    const ledger = await workspace.open();
    await ledger.commit(intake([plannedWrite('w1')]));
    await ledger.close();
    const noted = readFileSync(workspace.file('ledger.tail'));
    writeFileSync(
      workspace.file('ledger.tail'),
      noted.map((byte, at) => (at % 32 < 16 ? byte : 0)),
    );
    await (await workspace.open()).close();
    rmSync(workspace.file('ledger.tail'));
    await (await workspace.open()).close();
  });
});
