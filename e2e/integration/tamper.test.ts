import { createHash, hkdfSync } from 'node:crypto';
import { copyFileSync, cpSync, openSync, readSync, readFileSync, rmSync, statSync, writeSync, closeSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeySlots } from '../../src-main/platform/index.ts';
import { Desk } from '../support/command-line.ts';
import { eventLine, patients } from '../support/chart.ts';
import { setUp } from '../support/set-up.ts';

/** What "audit verify" finds when somebody has been at the ledger, with and without its key. */

interface Report {
  readonly ok: boolean;
  readonly problems: readonly {
    readonly code: string;
    readonly tenant: string | null;
    readonly seq: number | null;
    readonly message: string;
  }[];
}

const desk = new Desk();
const kept = path.join(desk.folder, 'kept');

beforeAll(async () => {
  await setUp(desk);
  const lines = Array.from({ length: 30 }, (_, index) => {
    const patient = patients[index % patients.length];
    return eventLine({ id: `t-${index}`, ...(patient === undefined ? {} : { patient }) });
  });
  await desk.ok(['ingest', desk.file('events.ndjson', lines.join('\n'))]);
  await desk.ok(['run', '--drain', '--max-seconds', '90']);
  cpSync(desk.workspace, kept, { recursive: true });
}, 180_000);
afterAll(() => desk.close());

async function verify(): Promise<{ code: number | null; report: Report }> {
  const done = await desk.run(['--json', 'audit', 'verify']);
  return { code: done.code, report: JSON.parse(done.stdout) as Report };
}

function restore(): void {
  rmSync(desk.workspace, { recursive: true, force: true });
  cpSync(kept, desk.workspace, { recursive: true });
}

/** The ledger as it was before one more event was taken in. */
async function putOlderBack(): Promise<void> {
  await desk.ok(['ingest', desk.file('more.ndjson', eventLine({ id: 'later' }))]);
  for (const name of ['ledger.db', 'payload-keys.db']) copyFileSync(path.join(kept, name), path.join(desk.workspace, name));
  for (const name of ['ledger.db-wal', 'ledger.db-shm']) rmSync(path.join(desk.workspace, name), { force: true });
}

function flip(file: string, at: number): void {
  const handle = openSync(file, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 0x01;
  writeSync(handle, byte, 0, 1, at);
  closeSync(handle);
}

describe('H2 somebody without the key', () => {
  it('changes nothing: the log is whole', async () => {
    restore();
    expect(await verify()).toMatchObject({ code: 0, report: { ok: true, problems: [] } });
  });

  it.each([0.001, 0.02, 0.25, 0.5, 0.75, 0.999])(
    'flips one byte at %f of the file: the page is named with what it hides',
    async (part) => {
      restore();
      const file = path.join(desk.workspace, 'ledger.db');
      const at = Math.floor(statSync(file).size * part);
      flip(file, at);
      const { code, report } = await verify();
      expect(code).toBe(1);
      const page = Math.floor(at / 4096) + 1;
      const named = report.problems.filter((problem) => problem.code === 'page-damaged');
      expect(named.map((problem) => problem.message).join('\n')).toContain(`Page ${page} of the ledger file is damaged`);
    },
  );

  it('puts an older copy back: the ledger is not opened, and is not made again', async () => {
    restore();
    await putOlderBack();
    expect(await desk.run(['status'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('countersign audit accept-loss') as string,
    });
  });

  it(
    'puts an older copy back: it is gone on with by a person, on record, and nothing is sent',
    { timeout: 180_000 },
    async () => {
      restore();
      await putOlderBack();
      const accepted = await desk.json<{ logs: readonly object[] }>(['audit', 'accept-loss', '--reason', 'the disk failed']);
      expect(accepted).toMatchObject({ writesSwitchedOff: true, unclear: 0 });
      expect(accepted.logs.length).toBeGreaterThan(0);
      expect(await desk.json(['status'])).toMatchObject({ switches: [{ what: 'writes', by: 'admin' }] });
      expect(await verify()).toMatchObject({ code: 0, report: { ok: true } });
      expect(await desk.run(['audit', 'accept-loss', '--reason', 'again'])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('nothing-lost') as string,
      });
    },
  );

  it('takes the ledger away: nothing is made in its place', async () => {
    restore();
    rmSync(path.join(desk.workspace, 'ledger.db'));
    expect(await desk.run(['status'])).toMatchObject({ code: 3, stderr: expect.stringContaining('ledger-missing') as string });
    expect(statSync(path.join(desk.workspace, 'ledger.db'), { throwIfNoEntry: false })).toBeUndefined();
  });
});

describe('H2 somebody with the key', () => {
  it('rewrites one leaf, its hash included: the entry is named', async () => {
    restore();
    const db = await keyed();
    const rows = db.prepare('SELECT place, envelope FROM entry ORDER BY place').all() as { place: number; envelope: Buffer }[];
    const victim = rows.at(-8);
    if (victim === undefined) throw new Error('the log is too short');
    const envelope = JSON.parse(victim.envelope.toString('utf8')) as { at: number; seq: number; tenant: string };
    const changed = Buffer.from(victim.envelope.toString('utf8').replace(`"at":${envelope.at}`, `"at":${envelope.at + 1}`));
    const leaf = createHash('sha256')
      .update(Buffer.concat([Buffer.from([0]), changed]))
      .digest();
    db.exec('DROP TRIGGER entry_no_update');
    db.prepare('UPDATE entry SET envelope = ?, leaf_hash = ? WHERE place = ?').run(changed, leaf, victim.place);
    db.exec(`CREATE TRIGGER entry_no_update BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END`);
    db.close();
    const { code, report } = await verify();
    expect(code).toBe(1);
    expect(report.problems.some((problem) => problem.tenant === envelope.tenant && problem.seq === envelope.seq)).toBe(true);
  });

  it('changes a row and not the log: the write is named', async () => {
    restore();
    const db = await keyed();
    const row = db.prepare('SELECT id, doc FROM write LIMIT 1').get() as { id: string; doc: string };
    db.prepare('UPDATE write SET doc = ? WHERE id = ?').run(row.doc.replace('"attempts":1', '"attempts":7'), row.id);
    db.close();
    const { code, report } = await verify();
    expect(code).toBe(1);
    expect(report.problems.map((problem) => problem.message).join('\n')).toContain(row.id);
  });
});

/** The ledger's file opened as an insider with the passphrase could. */
async function keyed(): Promise<Database.Database> {
  const slots = await openKeySlots(desk.workspace, 'a passphrase for tests');
  if (!slots.ok) throw new Error(slots.message);
  const key = Buffer.from(hkdfSync('sha256', slots.key, '', 'countersign/v1/ledger', 32)).toString('hex');
  const salt = readFileSync(path.join(desk.workspace, 'ledger.db')).subarray(0, 16).toString('hex');
  const db = new Database(path.join(desk.workspace, 'ledger.db'));
  db.pragma("cipher='sqlcipher'");
  db.pragma('legacy=4');
  db.pragma(`key="x'${key}${salt}'"`);
  return db;
}
