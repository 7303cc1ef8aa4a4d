import { existsSync } from 'node:fs';
import { appendFile, cp, mkdir, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import Database from 'better-sqlite3-multiple-ciphers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { intake, plannedWrite, tested } from '../testing/fixtures.ts';
import { testKeys, TestWorkspace } from '../testing/sqlite-store.ts';
import { inspectDamagedFile, type RefusalCode } from '../index.ts';
import { openEncrypted, type Db } from './connection.ts';
import { ledgerSalt } from './files.ts';
import { newestVersion } from './migrations/index.ts';

let workspace: TestWorkspace;
beforeEach(async () => {
  workspace = await TestWorkspace.make();
});
afterEach(() => workspace.dispose());

/** A closed ledger with some entries of two tenants. */
async function filled(entries = 5): Promise<void> {
  const ledger = await workspace.open();
  for (let n = 0; n < entries; n += 1) await ledger.commit(intake([plannedWrite(`w${n}`)]));
  await ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
  await ledger.close();
}

function withKey<T>(use: (db: Db) => T): T {
  const { ledger } = testKeys();
  const db = openEncrypted(workspace.file(), ledger, ledgerSalt(ledger), { create: false });
  try {
    return use(db);
  } finally {
    db.close();
  }
}

async function overwrite(file: string, at: number, bytes: Uint8Array): Promise<void> {
  const handle = await open(workspace.file(file), 'r+');
  await handle.write(bytes, 0, bytes.length, at);
  await handle.close();
}

async function flip(file: string, at: number): Promise<void> {
  const bytes = await readFile(workspace.file(file));
  await overwrite(file, at, Uint8Array.of((bytes[at] ?? 0) ^ 0x10));
}

/** Every file of the workspace with its bytes; SQLite's own scratch files aside. */
async function snapshot(): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(workspace.folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile() && !/-(?:wal|shm)$/.test(entry.name))
      files[path.relative(workspace.folder, file)] = (await readFile(file)).toString('base64');
  }
  return files;
}

describe('H2 opening is refused', () => {
  const cases: readonly {
    readonly name: string;
    readonly code: RefusalCode;
    readonly spoil: () => unknown;
    readonly keys?: string;
  }[] = [
    { name: 'when there is no ledger', code: 'ledger-missing', spoil: () => rm(workspace.file()) },
    {
      name: 'when the ledger is not encrypted',
      code: 'ledger-plaintext',
      spoil: async () => {
        await rm(workspace.file());
        const plain = new Database(workspace.file());
        plain.exec('CREATE TABLE log (id)');
        plain.close();
      },
    },
    {
      name: 'when the ledger was overwritten with noise',
      code: 'ledger-damaged',
      spoil: () => writeFile(workspace.file(), randomBytes(20 * 4096)),
    },
    { name: 'when the ledger is empty', code: 'ledger-damaged', spoil: () => writeFile(workspace.file(), '') },
    { name: 'when the ledger is a stub', code: 'ledger-damaged', spoil: () => truncate(workspace.file(), 1000) },
    { name: 'when the first page is damaged', code: 'ledger-damaged', spoil: () => flip('ledger.db', 2000) },
    { name: 'when the first byte is damaged', code: 'ledger-damaged', spoil: () => flip('ledger.db', 0) },
    { name: 'when the salt is damaged', code: 'ledger-damaged', spoil: () => flip('ledger.db', 12) },
    { name: 'when the keys are those of another workspace', code: 'ledger-wrong-key', spoil: () => {}, keys: 'b' },
    {
      name: 'when the layout is newer',
      code: 'ledger-newer',
      spoil: () => withKey((db) => db.pragma(`user_version=${newestVersion + 1}`)),
    },
    {
      name: "when it is somebody else's file under this key",
      code: 'ledger-schema-altered',
      spoil: () => withKey((db) => db.pragma('application_id=1')),
    },
    {
      name: 'when a trigger was added',
      code: 'ledger-schema-altered',
      spoil: () => withKey((db) => db.exec(`CREATE TRIGGER extra AFTER INSERT ON entry BEGIN DELETE FROM workspace; END`)),
    },
    {
      name: 'when a trigger was taken away',
      code: 'ledger-schema-altered',
      spoil: () => withKey((db) => db.exec('DROP TRIGGER entry_no_update')),
    },
    {
      name: 'when a view was added',
      code: 'ledger-schema-altered',
      spoil: () => withKey((db) => db.exec('CREATE VIEW spy AS SELECT * FROM entry')),
    },
    {
      name: 'when a trigger was replaced',
      code: 'ledger-schema-altered',
      spoil: () =>
        withKey((db) =>
          db.exec('DROP TRIGGER node_no_delete; CREATE TRIGGER node_no_delete BEFORE DELETE ON node BEGIN SELECT 1; END'),
        ),
    },
    {
      name: 'when its checkpoints are signed with another key',
      code: 'ledger-other-workspace',
      spoil: () => withKey((db) => db.exec(`UPDATE workspace SET value = '${'00'.repeat(32)}' WHERE name = 'signing-key'`)),
    },
    { name: 'when the payload keys are gone', code: 'payload-keys-missing', spoil: () => rm(workspace.file('payload-keys.db')) },
    {
      name: 'when the payload keys are those of another workspace',
      code: 'payload-keys-wrong-key',
      spoil: async () => {
        const other = await TestWorkspace.make();
        await (await other.open({ keys: testKeys('b') })).close();
        await cp(other.file('payload-keys.db'), workspace.file('payload-keys.db'));
        await other.dispose();
      },
    },
    { name: 'when the payload keys are damaged', code: 'payload-keys-damaged', spoil: () => flip('payload-keys.db', 1000) },
    {
      name: 'when the checkpoints are gone',
      code: 'ledger-checkpoints-missing',
      spoil: () => rm(workspace.file('checkpoints'), { recursive: true }),
    },
    {
      name: 'when one checkpoint file is gone',
      code: 'ledger-checkpoints-missing',
      spoil: () => rm(workspace.file('checkpoints/south.log')),
    },
    {
      name: 'when a checkpoint was altered',
      code: 'ledger-checkpoints-damaged',
      spoil: async () => {
        const file = workspace.file('checkpoints/north.log');
        await writeFile(file, (await readFile(file, 'utf8')).replace('\n5\n', '\n4\n'));
      },
    },
    {
      name: 'when a checkpoint file ends in something else',
      code: 'ledger-checkpoints-damaged',
      spoil: () => appendFile(workspace.file('checkpoints/north.log'), 'x'),
    },
    {
      name: 'when a checkpoint file is of another log',
      code: 'ledger-checkpoints-damaged',
      spoil: () => cp(workspace.file('checkpoints/south.log'), workspace.file('checkpoints/north.log')),
    },
  ];

  it.each(cases)('H2 $name: $code', async ({ code, spoil, keys }) => {
    await filled();
    await spoil();
    const before = await snapshot();
    const result = await workspace.tryOpen(keys === undefined ? {} : { keys: testKeys(keys) });
    expect(result).toMatchObject({ ok: false, code });
    if (!result.ok) expect(result.message).toMatch(/Nothing was (?:changed|created)/);
    expect(await snapshot()).toEqual(before);
  });

  it('H2 each with words of its own', async () => {
    const words = new Map<string, Set<string>>();
    for (const { spoil, keys } of cases) {
      const fresh = await TestWorkspace.make();
      await workspace.dispose();
      workspace = fresh;
      await filled();
      await spoil();
      const result = await workspace.tryOpen(keys === undefined ? {} : { keys: testKeys(keys) });
      if (!result.ok) words.set(result.message, (words.get(result.message) ?? new Set()).add(result.code));
    }
    for (const codes of words.values()) expect(codes.size).toBe(1);
    expect(new Set([...words.values()].flatMap((codes) => [...codes])).size).toBe(new Set(cases.map(({ code }) => code)).size);
  }, 60_000);

  it('H2 another site is another workspace', async () => {
    await filled();
    expect(await workspace.tryOpen({ site: 'site-2' })).toMatchObject({ ok: false, code: 'ledger-other-workspace' });
    expect(await workspace.tryOpen({ site: 'site-1' })).toMatchObject({ ok: true });
  });

  it('H2 a ledger is never made over anything that is there', async () => {
    await filled();
    const before = await snapshot();
    expect(await workspace.tryOpen({ create: true, site: 'site-1' })).toMatchObject({ ok: false, code: 'ledger-exists' });
    expect(await snapshot()).toEqual(before);
    for (const gone of ['ledger.db', 'payload-keys.db']) {
      await rm(workspace.file(gone));
      expect(await workspace.tryOpen({ create: true, site: 'site-1' })).toMatchObject({ ok: false, code: 'ledger-exists' });
    }
    expect(existsSync(workspace.file())).toBe(false);
  });

  it('H2 what a creation cut short has left does not stand in the way', async () => {
    await writeFile(workspace.file('ledger.db.new'), 'half');
    await writeFile(workspace.file('payload-keys.db.new-wal'), 'half');
    await (await workspace.open()).close();
    expect((await readdir(workspace.folder)).sort()).toEqual(['ledger.db', 'payload-keys.db']);
  });

  it('H2 keys of another length, or empty, are a fault and make nothing', async () => {
    for (const key of [new Uint8Array(0), new Uint8Array(31).fill(1), new Uint8Array(33).fill(1), new Uint8Array(32)]) {
      for (const name of ['ledger', 'payload', 'signing'] as const) {
        await expect(workspace.tryOpen({ create: true, site: 's', keys: { ...testKeys(), [name]: key } })).rejects.toThrow(
          RangeError,
        );
      }
    }
    await expect(workspace.tryOpen({ create: true })).rejects.toThrow(RangeError);
    expect(await readdir(workspace.folder)).toEqual([]);
  });

  it('H2 a ledger that is kept locked says so', async () => {
    await filled();
    const { ledger } = testKeys();
    const holder = openEncrypted(workspace.file(), ledger, ledgerSalt(ledger), { create: false });
    holder.pragma('locking_mode=EXCLUSIVE');
    holder.exec('BEGIN EXCLUSIVE');
    try {
      expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-busy' });
    } finally {
      holder.close();
    }
  }, 30_000);
});

describe('H2 an older copy put back', () => {
  const copyLedger = (to: string): Promise<void> => cp(workspace.file(), workspace.file(to));

  it('H2 is refused, whatever was appended since', async () => {
    await filled();
    await copyLedger('older.db');
    const ledger = await workspace.open();
    await ledger.commit(intake([plannedWrite('late')]));
    await ledger.close();
    await cp(workspace.file('older.db'), workspace.file());
    const result = await workspace.tryOpen();
    expect(result).toMatchObject({ ok: false, code: 'ledger-rolled-back' });
    if (!result.ok) expect(result.message).toMatch(/north has 5 entries, and a checkpoint over 6 was signed/);
  });

  it('H2 that has gone on by itself is refused as another history', async () => {
    await filled();
    await copyLedger('older.db');
    let ledger = await workspace.open();
    await ledger.commit(intake([plannedWrite('one')]));
    await ledger.close();
    const checkpoints = await readFile(workspace.file('checkpoints/north.log'));
    await cp(workspace.file('older.db'), workspace.file());
    await rm(workspace.file('checkpoints'), { recursive: true });
    await mkdir(workspace.file('checkpoints'));
    await writeFile(workspace.file('checkpoints/north.log'), '');
    await writeFile(workspace.file('checkpoints/south.log'), '');
    await rm(workspace.file('ledger.tail'));
    ledger = await workspace.open();
    await ledger.commit(intake([plannedWrite('other')]));
    await ledger.commit(intake([plannedWrite('another')]));
    await ledger.close();
    await writeFile(workspace.file('checkpoints/north.log'), checkpoints);
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-forked' });
  });

  it('H2 of a tenant that the older copy does not know is refused', async () => {
    const ledger = await workspace.open();
    await ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
    await ledger.close();
    await copyLedger('older.db');
    const again = await workspace.open();
    await again.commit(intake([plannedWrite('w1')]));
    await again.close();
    await cp(workspace.file('older.db'), workspace.file());
    expect(await workspace.tryOpen()).toMatchObject({ ok: false, code: 'ledger-rolled-back' });
  });

  it('H2 a checkpoint cut off by a crash is completed, one lost by it is added', async () => {
    await filled();
    const file = workspace.file('checkpoints/north.log');
    const whole = await readFile(file, 'utf8');
    for (const length of [whole.length - 1, whole.length - 60, 10, 0]) {
      await truncate(file, length);
      const ledger = await workspace.open();
      await ledger.close();
      expect(await readFile(file, 'utf8')).toBe(whole);
    }
  });
});

describe('H2 an open ledger', () => {
  it('H2 has its settings, and keeps them after writing', async () => {
    const ledger = await workspace.open();
    const { db } = (ledger as unknown as { parts: { db: Db } }).parts;
    const read = (): unknown[] =>
      [
        'journal_mode',
        'synchronous',
        'foreign_keys',
        'recursive_triggers',
        'secure_delete',
        'temp_store',
        'trusted_schema',
        'cell_size_check',
        'fullfsync',
        'checkpoint_fullfsync',
        'cipher',
        'hmac_check',
      ].map((name) => db.pragma(name, { simple: true }));
    const expected = ['wal', 2, 1, 1, 1, 2, 0, 1, 1, 1, 'sqlcipher', '1'];
    expect(read()).toEqual(expected);
    await ledger.commit(intake([plannedWrite('w1')]));
    expect(read()).toEqual(expected);
  });

  it('H2 takes no change and no deletion in the log, not even by replacing', async () => {
    await filled();
    withKey((db) => {
      db.pragma('recursive_triggers=1');
      for (const table of ['entry', 'entry_index', 'payload', 'node', 'checkpoint']) {
        expect(() => db.exec(`DELETE FROM ${table}`), table).toThrow('append-only');
        const column = (db.pragma(`table_info(${table})`) as { name: string }[])[1]?.name ?? '';
        expect(() => db.exec(`UPDATE ${table} SET ${column} = ${column}`), table).toThrow('append-only');
        expect(() => db.exec(`REPLACE INTO ${table} SELECT * FROM ${table}`), table).toThrow('append-only');
      }
    });
  });

  it('H2 takes nothing while another process keeps it locked, and goes on afterwards', async () => {
    const ledger = await workspace.open();
    const { db } = (ledger as unknown as { parts: { db: Db } }).parts;
    db.pragma('busy_timeout=20');
    const key = testKeys().ledger;
    const holder = openEncrypted(workspace.file(), key, ledgerSalt(key), { create: false });
    holder.exec('BEGIN IMMEDIATE');
    await expect(ledger.commit(intake([plannedWrite('w1')]))).rejects.toMatchObject({ code: 'ledger-busy' });
    holder.exec('ROLLBACK');
    holder.close();
    expect(await ledger.findWrite('w1')).toBeUndefined();
    expect(await ledger.commit(intake([plannedWrite('w1')]))).toEqual({ ok: true, firstSeq: 0 });
  });

  it('H2 leaves no word of a record in any file, open or closed', async () => {
    const marker = 'MARKER-the-patient-says-0123456789';
    const ledger = await workspace.open();
    await ledger.commit({
      ...intake([plannedWrite('w1')]),
      entries: intake([plannedWrite('w1')]).entries.map((entry) => ({ ...entry, correlation: marker })),
    });
    const record = JSON.stringify({ text: marker });
    const [entry] = intake([plannedWrite('w2')]).entries;
    if (entry?.type !== 'event.received') throw new Error('unexpected');
    await ledger.commit({
      tenant: 'north',
      expected: [],
      entries: [{ ...entry, body: { ...entry.body, record: record.repeat(200) } }],
    });
    await ledger.verify();
    const plainIn = async (): Promise<string[]> => {
      const found: string[] = [];
      for (const one of await readdir(workspace.folder, { recursive: true, withFileTypes: true })) {
        if (!one.isFile()) continue;
        const bytes = await readFile(path.join(one.parentPath, one.name));
        if (bytes.includes(marker) || bytes.includes('SQLite format 3') || bytes.includes('event.received')) found.push(one.name);
      }
      return found;
    };
    expect(await plainIn()).toEqual([]);
    expect((await stat(workspace.file('ledger.db-wal'))).size).toBeGreaterThan(0);
    await ledger.close();
    expect(await plainIn()).toEqual([]);
    expect((await readFile(workspace.file())).subarray(0, 8).toString('latin1')).toBe('CSLEDG1\0');
  });

  it('H2 keeps what no longer parses, quarantined with its reason', async () => {
    await filled();
    withKey((db) => {
      db.exec(`UPDATE write SET doc = '{"id":"w0"}' WHERE id = 'w0'`);
      db.exec(`UPDATE write SET doc = replace(doc, '"name":"draft"', '"name":"drafty"') WHERE id = 'w1'`);
      db.exec(`UPDATE registry_row SET doc = 'x' WHERE key = 'event-w2'`);
    });
    const ledger = await workspace.open();
    const row = await ledger.findWrite('w0');
    expect(row).toMatchObject({
      id: 'w0',
      tenant: 'north',
      version: 1,
      state: { name: 'quarantined', reason: expect.stringContaining('tenant') },
    });
    expect(await ledger.row('write', 'north', 'w1')).toMatchObject({
      state: { name: 'quarantined', reason: expect.stringContaining('state') },
    });
    await expect(ledger.row('event', 'north', 'event-w2')).rejects.toMatchObject({ code: 'row-unreadable' });
    expect(await ledger.writes({ limit: 10 })).toHaveLength(5);
    await expect(
      ledger.commit({
        tenant: 'north',
        expected: [],
        entries: [
          {
            type: 'write.retried',
            stream: 'write/w0',
            at: 1,
            actor: { kind: 'engine', id: 'e' },
            patientKey: 'patient-1',
            correlation: 'c',
            body: { id: 'w0', moves: [{ name: 'withdrawn', by: 'x', reason: 'y', at: 1 }] },
          },
        ],
      }),
    ).rejects.toThrow('cannot go from quarantined');
    const { problems } = await ledger.verify();
    expect(problems.filter((one) => one.code === 'row-differs')).toHaveLength(3);
  });
});

describe('H2 inspecting a file that does not open', () => {
  it('H2 says what its damaged pages are', async () => {
    await filled();
    const key = testKeys().ledger;
    expect(await inspectDamagedFile({ folder: workspace.folder, key })).toMatchObject({ damaged: [], damagedPages: [] });
    await flip('ledger.db', 100);
    const report = await inspectDamagedFile({ folder: workspace.folder, key });
    expect(report).toMatchObject({
      damaged: [1],
      damagedPages: [{ page: 1, object: 'sqlite_schema', hides: expect.stringContaining('layout') }],
    });
    expect(await inspectDamagedFile({ folder: path.join(workspace.folder, 'elsewhere'), key })).toBeNull();
    const wrong = await inspectDamagedFile({ folder: workspace.folder, key: testKeys('b').ledger });
    expect(wrong?.damaged).toHaveLength(wrong?.pages ?? 0);
  });
});
