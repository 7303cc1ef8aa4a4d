import { open, readFile, rm, truncate } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeEnvelope, Frontier, leafHash, nodeNumber, parseEnvelope } from '../../../src-shared/audit/index.ts';
import type { VerifyProblem } from '../../ports/outbound/index.ts';
import { intake, moved, plannedWrite, received, sha256Of, stateOf, tested } from '../testing/fixtures.ts';
import { inspectDamagedFile } from '../index.ts';
import { testKeys, TestWorkspace } from '../testing/sqlite-store.ts';
import { openEncrypted, pageBytes, type Db } from './connection.ts';
import { ledgerSalt } from './files.ts';
import { sha256 } from './keys.ts';
import { placeOf } from './place.ts';

let workspace: TestWorkspace;
const ENTRIES = 260;
const WRITES = 100;

/** 100 writes, of which each is moved once, and 60 entries that move nothing. Checkpoints at 100, 200 and 260. */
beforeEach(async () => {
  workspace = await TestWorkspace.make();
  const ledger = await workspace.open();
  const ids = Array.from({ length: WRITES }, (_, n) => `w${n}`);
  await Promise.all(ids.map((id) => ledger.commit(intake([plannedWrite(id)]))));
  await Promise.all(
    ids.map((id) => ledger.commit({ tenant: 'north', expected: [], entries: [moved(plannedWrite(id), [stateOf('validated')])] })),
  );
  for (let n = 0; n < ENTRIES - 2 * WRITES; n += 1)
    await ledger.commit({ tenant: 'north', expected: [], entries: [tested(`c${n}`)] });
  await ledger.close();
});
afterEach(() => workspace.dispose());

/** Works on the file as someone who has its key: the guards against honest mistakes are taken down and put up again. */
function withKey(work: (db: Db) => void): void {
  const { ledger } = testKeys();
  const db = openEncrypted(workspace.file(), ledger, ledgerSalt(ledger), { create: false });
  const guards = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of guards) db.exec(`DROP TRIGGER ${name}`);
  work(db);
  for (const { sql } of guards) db.exec(sql);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

async function verify(): Promise<readonly VerifyProblem[]> {
  const ledger = await workspace.open();
  const report = await ledger.verify();
  await ledger.close();
  expect(report.ok).toBe(report.problems.length === 0);
  return report.problems;
}

const short = (problems: readonly VerifyProblem[]): unknown[] => problems.map((one) => [one.code, one.seq]);
/** A log may hold several tenants; this one has the first number. */
const place = (seq: number): number => placeOf(1, seq);

/** Rewrites entries from one on: envelope, recorded hash, and if asked everything that follows from it. */
function rewrite(db: Db, from: number, until: number, everything: boolean): void {
  const rows = db.prepare('SELECT place, envelope FROM entry ORDER BY place').all() as { place: number; envelope: Buffer }[];
  const update = db.prepare('UPDATE entry SET envelope = ?, leaf_hash = ? WHERE place = ?');
  let prev = '';
  rows.forEach((row, seq) => {
    const parsed = parseEnvelope(row.envelope);
    if (!parsed.ok) throw new Error(parsed.problem);
    let { envelope } = parsed;
    if (seq >= from && seq <= until) envelope = { ...envelope, correlation: `${envelope.correlation}-forged` };
    if (everything && seq > from) envelope = { ...envelope, prev };
    const bytes = encodeEnvelope(envelope);
    const leaf = leafHash(sha256, bytes);
    if ((seq >= from && seq <= until) || (everything && seq > from)) update.run(bytes, leaf, row.place);
    prev = Buffer.from(leaf).toString('hex');
  });
  if (everything) rebuildTree(db);
}

function rebuildTree(db: Db): void {
  const frontier = Frontier.empty(sha256);
  const update = db.prepare('UPDATE node SET hash = ? WHERE place = ?');
  let last: Buffer = Buffer.alloc(0);
  for (const leaf of db.prepare('SELECT leaf_hash FROM entry ORDER BY place').pluck().all() as Buffer[]) {
    for (const node of frontier.append(leaf)) update.run(node.hash, place(nodeNumber(node.level, node.index)));
    last = leaf;
  }
  db.prepare('UPDATE log SET frontier = ?, last_leaf = ?').run(frontier.bytes(), last);
}

describe('H2 one change through the keyed database', () => {
  it('H2 is not seen where there is none', async () => {
    expect(await verify()).toEqual([]);
    withKey(() => {});
    expect(await verify()).toEqual([]);
  });

  it.each([0, 1, 57, 99, 100, 257])('H2 in the bytes of entry %i names it', async (seq) => {
    withKey((db) =>
      db
        .prepare(
          `UPDATE entry SET envelope = CAST(replace(CAST(envelope AS TEXT), '"clock":"ok"', '"clock":"no"') AS BLOB) WHERE place = ?`,
        )
        .run(place(seq)),
    );
    expect(short(await verify())).toEqual([['entry-changed', seq]]);
  });

  it.each([0, 57, 99, 100, 257])('H2 in the bytes and the recorded hash of entry %i names it', async (seq) => {
    withKey((db) => rewrite(db, seq, seq, false));
    const problems = await verify();
    expect(problems[0]).toMatchObject({ code: 'entry-changed', tenant: 'north', seq });
    expect(problems.filter((one) => one.code.startsWith('entry'))).toHaveLength(1);
  });

  it('H2 in the last entry is found by the signed root', async () => {
    withKey((db) => {
      rewrite(db, ENTRIES - 1, ENTRIES - 1, false);
      rebuildTree(db);
    });
    // The file beside the ledger sees it first.
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-forked' });
  });

  it('H2 with everything after it made to fit is refused at opening, and found by verification in an open ledger', async () => {
    withKey((db) => rewrite(db, 150, 150, true));
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-forked' });
    const fresh = await TestWorkspace.make();
    await workspace.dispose();
    workspace = fresh;
    const ledger = await workspace.open();
    for (let n = 0; n < 250; n += 50)
      await Promise.all(
        Array.from({ length: 50 }, () => ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] })),
      );
    withKey((db) => rewrite(db, 150, 150, true));
    const { problems } = await ledger.verify();
    expect(problems).toEqual([
      {
        code: 'checkpoint-mismatch',
        tenant: 'north',
        seq: 100,
        message: 'Entries 100 to 199 of north are not what was signed: their root is another one.',
      },
    ]);
    await expect(ledger.close()).rejects.toMatchObject({ code: 'ledger-altered' });
  });

  it.each<[string, string, string, number | null]>([
    ['a recorded hash', `UPDATE entry SET leaf_hash = zeroblob(32) WHERE place = ${place(7)}`, 'entry-changed', 7],
    ['a node', `UPDATE node SET hash = zeroblob(32) WHERE place = ${place(nodeNumber(1, 3))}`, 'node-changed', 6],
    ['a missing node', `DELETE FROM node WHERE place = ${place(nodeNumber(2, 1))}`, 'node-changed', 4],
    ['a missing entry', `DELETE FROM entry WHERE place = ${place(7)}`, 'entry-missing', 7],
    [
      'two entries changed for each other',
      `UPDATE entry SET place = CASE place WHEN ${place(7)} THEN -8 ELSE -7 END WHERE place IN (${place(7)}, ${place(8)}); UPDATE entry SET place = ${place(0)} - place WHERE place < 0`,
      'entry-misplaced',
      7,
    ],
    [
      'a payload',
      `UPDATE payload SET sealed = CAST(substr(sealed, 1, 60) || x'00' || substr(sealed, 62) AS BLOB) WHERE place = ${place(7)}`,
      'payload-changed',
      7,
    ],
    [
      'two payloads changed for each other',
      `UPDATE payload SET place = CASE place WHEN ${place(7)} THEN -8 ELSE -7 END WHERE place IN (${place(7)}, ${place(8)}); UPDATE payload SET place = ${place(0)} - place WHERE place < 0`,
      'payload-changed',
      7,
    ],
    ['a missing payload', `DELETE FROM payload WHERE place = ${place(7)}`, 'payload-missing', 7],
    [
      'a row of a write',
      `UPDATE write SET doc = replace(doc, '"tier":"low"', '"tier":"high"') WHERE id = 'w5'`,
      'row-differs',
      105,
    ],
    ['a column of a write', `UPDATE write SET lane = 'elsewhere' WHERE id = 'w5'`, 'row-differs', 105],
    ['a column of a write that waits', `UPDATE write SET updated_at = 5 WHERE id = 'w5'`, 'row-differs', 105],
    ['a missing row of a write', `DELETE FROM write WHERE id = 'w5'`, 'row-missing', 5],
    [
      'a row of a write too many',
      `INSERT INTO write SELECT NULL, log, 'w5x', version, ord, state, code, connection, patient_key, encounter_key, event_id, lane, grp, created_at, updated_at, due_at, ready_at, lane_rank, unknown_since, seqs, doc, follow_at FROM write WHERE id = 'w5'`,
      'row-extra',
      null,
    ],
    [
      'a row of an event',
      `UPDATE registry_row SET doc = replace(doc, '"approved":true', '"approved":false') WHERE key = 'event-w5'`,
      'row-differs',
      5,
    ],
    [
      'a row of an event too many',
      `INSERT INTO registry_row SELECT kind, log, 'other', version, doc FROM registry_row WHERE key = 'event-w5'`,
      'row-extra',
      null,
    ],
    ['a person who was never added', `INSERT INTO registry_row VALUES ('person', 1, 'eve', 1, '{}')`, 'row-extra', null],
    ['the index of entries', `DELETE FROM entry_index WHERE seq = 7 AND field = 'actor'`, 'index-differs', null],
    ['a tally', `UPDATE write_tally SET n = n + 1`, 'counts-differ', null],
    ['a group', `UPDATE write_group SET open = 0, charted = 1 WHERE grp = 'event-w5'`, 'counts-differ', null],
    ['a tally of groups', `UPDATE group_tally SET n = n + 1`, 'counts-differ', null],
    ['whose turn it is', `UPDATE write SET ready_at = 5 WHERE id = 'w5'`, 'counts-differ', null],
    ['a root', `UPDATE checkpoint SET root = zeroblob(32) WHERE size = 100`, 'checkpoint-differs', null],
    ['a note', `UPDATE checkpoint SET note = replace(note, 'north', 'nortx') WHERE size = 100`, 'checkpoint-differs', null],
    ['a missing checkpoint', `DELETE FROM checkpoint WHERE size = 100`, 'checkpoint-differs', null],
    ['the length of the log', `UPDATE log SET size = 259, frontier = zeroblob(32 * 3)`, 'log-head-differs', 259],
  ])('H2 in %s is found', async (_name, sql, code, seq) => {
    withKey((db) => db.exec(sql));
    const opened = await workspace.tryOpen();
    if (!opened.ok) {
      // Some changes are seen at the door already.
      expect(['ledger-damaged', 'ledger-forked', 'ledger-rolled-back']).toContain(opened.code);
      return;
    }
    const { problems } = await opened.ledger.verify();
    await opened.ledger.close();
    expect(problems.map((one) => one.code)).toContain(code);
    if (seq !== null) expect(problems.find((one) => one.code === code)?.seq).toBe(seq);
  });

  it('H2 of a whole log cut short with its head is refused at opening', async () => {
    withKey((db) => {
      db.exec(
        `DELETE FROM entry WHERE place >= ${place(200)}; DELETE FROM payload WHERE place >= ${place(200)}; DELETE FROM checkpoint WHERE size > 200`,
      );
      const frontier = Frontier.empty(sha256);
      for (const leaf of db.prepare('SELECT leaf_hash FROM entry ORDER BY place').pluck().all() as Buffer[])
        frontier.append(leaf);
      db.prepare('UPDATE log SET size = 200, frontier = ?').run(frontier.bytes());
    });
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-rolled-back' });
  });

  it('H2 of the checkpoints beside the ledger is found', async () => {
    const ledger = await workspace.open();
    const file = workspace.file('checkpoints/north.log');
    const text = await readFile(file, 'utf8');
    await truncate(file, Math.floor(text.length / 2));
    expect((await ledger.verify()).problems.map((one) => one.code)).toContain('checkpoint-differs');
    await rm(file);
    expect((await ledger.verify()).problems.map((one) => one.code)).toContain('checkpoint-differs');
  });
});

describe('H2 one flipped byte in the file', () => {
  const flip = async (at: number): Promise<void> => {
    const handle = await open(workspace.file(), 'r+');
    const byte = Buffer.alloc(1);
    await handle.read(byte, 0, 1, at);
    byte[0] = (byte[0] ?? 0) ^ 1;
    await handle.write(byte, 0, 1, at);
    await handle.close();
  };

  /** Pages of the file by the table or index they belong to, as SQLite tells while all is well. */
  const pagesOf = (type?: string): Map<string, number[]> => {
    const { ledger } = testKeys();
    const db = openEncrypted(workspace.file(), ledger, ledgerSalt(ledger), { create: false });
    const sql = `SELECT name, pageno FROM dbstat WHERE pagetype = coalesce(?, pagetype) ORDER BY pageno`;
    const pages = new Map<string, number[]>();
    for (const { name, pageno } of db.prepare(sql).all(type ?? null) as { name: string; pageno: number }[]) {
      pages.set(name, [...(pages.get(name) ?? []), pageno]);
    }
    db.close();
    return pages;
  };
  const inside = (page: number): number => (page - 1) * pageBytes + ((page * 131) % pageBytes);

  it('H2 on any page is found, and said to be of its table or index', async () => {
    const { ledger } = testKeys();
    for (const [object, pages] of pagesOf()) {
      for (const page of pages) {
        await flip(inside(page));
        const report = await inspectDamagedFile({ folder: workspace.folder, key: ledger });
        // Without the first pages there is no layout to say it.
        const known = object !== 'sqlite_schema' || page === 1;
        expect(report?.damagedPages, `page ${page}`).toMatchObject([{ page, ...(known ? { object } : {}) }]);
        await flip(inside(page));
      }
    }
  }, 120_000);

  it('H2 on one page does not keep the rest from being checked', async () => {
    for (const [object, pages] of pagesOf()) {
      const page = pages[Math.floor(pages.length / 2)] as number;
      await flip(inside(page));
      const opened = await workspace.tryOpen();
      if (opened.ok) {
        const { ok, problems } = await opened.ledger.verify();
        expect(ok, object).toBe(false);
        const named = problems.filter((one) => one.code === 'page-damaged').map((one) => one.message);
        expect(named, object).toEqual([expect.stringContaining(`Page ${page} of the ledger file is damaged`)]);
        await opened.ledger.close().catch(() => {});
      } else {
        expect(opened.code, object).toBe('ledger-damaged');
      }
      await flip(inside(page));
    }
    expect(await verify()).toEqual([]);
  }, 120_000);

  it('H2 in a long body or a long row is said to be of exactly that', async () => {
    const ledger = await workspace.open();
    const noise = Array.from({ length: 400 }, (_, n) => sha256Of(`noise ${n}`)).join('');
    const writes = Array.from({ length: 200 }, (_, n) => plannedWrite(`long${n}`, { eventId: 'event-long' }));
    await ledger.commit({ tenant: 'north', expected: [], entries: [received(writes, 9_000, noise)] });
    await ledger.close();
    const { ledger: key } = testKeys();
    const hides: string[] = [];
    const overflow = pagesOf('overflow');
    for (const object of ['payload', 'registry_row']) {
      const page = overflow.get(object)?.at(-1) as number;
      await flip(inside(page));
      const report = await inspectDamagedFile({ folder: workspace.folder, key });
      hides.push(report?.damagedPages[0]?.hides ?? '');
      await flip(inside(page));
    }
    expect(hides).toEqual([
      `it hides the bodies of entries ${ENTRIES} to ${ENTRIES} of north.`,
      'it belongs to registry_row; what it holds can be made again from the log.',
    ]);
  });

  it('H2 under entries says which, and names exactly those', async () => {
    const { ledger } = testKeys();
    const db = openEncrypted(workspace.file(), ledger, ledgerSalt(ledger), { create: false });
    const pages = db
      .prepare(`SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' ORDER BY path`)
      .pluck()
      .all() as number[];
    db.close();
    await flip(((pages[1] as number) - 1) * pageBytes + 77);
    const problems = await verify();
    const message = problems.find((one) => one.code === 'page-damaged')?.message ?? '';
    const [, first, last] = /hides entries (\d+) to (\d+) of north/.exec(message) ?? [];
    const expected = Array.from({ length: Number(last) - Number(first) + 1 }, (_, n) => Number(first) + n);
    expect(expected.length).toBeGreaterThan(3);
    expect(problems.filter((one) => one.code === 'entry-unreadable').map((one) => one.seq)).toEqual(expected);
    expect(problems.filter((one) => !['page-damaged', 'entry-unreadable', 'row-unchecked'].includes(one.code))).toEqual([]);
  });

  it('H2 a file cut off is found', async () => {
    const { length } = await readFile(workspace.file());
    await truncate(workspace.file(), length - 3 * pageBytes - 10);
    const opened = await workspace.tryOpen();
    if (opened.ok) {
      const { problems } = await opened.ledger.verify();
      expect(problems.map((one) => one.code)).toContain('file-cut');
      await opened.ledger.close().catch(() => {});
    } else {
      expect(opened.code).toBe('ledger-damaged');
    }
  });
});
