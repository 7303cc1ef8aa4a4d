import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  closeSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { originOf, rootAt, sameBytes, verifyCheckpoint } from '../../../src-shared/audit/index.ts';
import type { Clock, Commit, Ledger, LedgerLists, Random } from '../../ports/outbound/index.ts';
import { OpenRefused, type MediumCode, type Refusal } from '../errors.ts';
import type { AtFailpoint } from '../failpoint.ts';
import { errorCode, mediumFault } from './medium.ts';
import { checkpointFileName, CheckpointFiles, syncFolder } from './checkpoint-file.ts';
import { applySettings, openEncrypted, saltBytes, SettingRefused, sqliteCode, type Db } from './connection.ts';
import { assertKey, ed25519Signer, sha256, type LedgerKeys, type Signer } from './keys.ts';
import { ledgerFile, ledgerMark, ledgerSalt, payloadKeysFile } from './files.ts';
import { SqliteLedger } from './ledger.ts';
import { Logs } from './logs.ts';
import { migrate, newestVersion, versionOf } from './migrations/index.ts';
import { anyPageFits, pageKey } from './pages.ts';
import { PayloadKeys } from './payload-keys.ts';
import { placeOf } from './place.ts';
import { schemaDifferences } from './schema-check.ts';
import { TailFile } from './tail-file.ts';
import { treeOf } from './tree-table.ts';

export interface OpenOptions {
  /** Folder of the workspace, on a local disk. */
  readonly folder: string;
  readonly keys: LedgerKeys;
  /** Name of this installation in checkpoints. Needed to create; afterwards the ledger knows it, and another is refused. */
  readonly site?: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  /** Open a ledger that lost its end instead of refusing it; what was lost comes with it (`loss`). */
  readonly acceptLoss?: boolean;
  /** Make a new ledger; refused when anything of one is there. Without it nothing is ever made. */
  readonly create?: boolean;
  /** Called after each commit made through this ledger. */
  readonly onCommitted?: (commit: Commit) => void;
  /** For crash tests alone: called at every failpoint. */
  readonly failpoint?: AtFailpoint;
}

export type OpenResult =
  | {
      readonly ok: true;
      readonly ledger: Ledger & LedgerLists;
      /** The end that it lost, where it was asked to be opened all the same. */
      readonly loss?: LedgerLoss;
    }
  | ({ readonly ok: false } & Refusal);

/** A ledger that is shorter than it was. */
export interface LedgerLoss {
  readonly logs: readonly LostEnd[];
  /** How many entries each log holds, by tenant. */
  readonly sizes: Readonly<Record<string, number>>;
  /** Time of the newest entry that is left, epoch milliseconds. */
  readonly lastAt: number;
  /**
   * From here on the files beside the ledger say what it is now, so that it opens again; the checkpoints that were signed over
   * what was lost are kept apart, and no other root is ever signed for their sizes. To be called once the loss is on record.
   */
  settle(): void;
}

/** A log whose last entries are gone, or are others than those that were acknowledged. */
interface LostEnd {
  readonly tenant: string;
  readonly had: number;
  readonly has: number;
  /** Checkpoints that were signed over what was lost. */
  readonly notes: readonly string[];
}

const PLAINTEXT_HEADER = 'SQLite format 3\0';
const APPLICATION_ID = 0x43534c31;
const SITE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const GO_ON =
  'Where there is no newer one, keep a copy of the folder; "countersign audit accept-loss" goes on with this one and looks in the chart first.';
const WRITER_CACHE_KB = 32 * 1024;
const READER_CACHE_KB = 8 * 1024;

/**
 * Opens the ledger of a workspace, or with `create` makes a new one.
 *
 * Resolves to a refusal, each reason with its own code and words, when the files are not what they must be; after a refusal
 * they are as they were. Throws only for wrong use (a key that is not 32 bytes, no site for a new ledger).
 */
export async function openSqliteLedger(options: OpenOptions): Promise<OpenResult> {
  assertKey(options.keys.ledger, 'ledger');
  assertKey(options.keys.payload, 'payload');
  assertKey(options.keys.signing, 'signing');
  const opened: { close(): void }[] = [];
  const failpoint = options.failpoint ?? (() => {});
  try {
    if (options.create === true) createFiles(options, failpoint);
    const db = openLedgerFile(options.folder, options.keys.ledger, WRITER_CACHE_KB);
    opened.push(db);
    migrate(db);
    failpoint('open-migrated');
    const signer = ed25519Signer(options.keys.signing);
    const site = assertWorkspace(db, options, signer);
    const payloadKeys = openPayloadKeys(options, failpoint);
    opened.push(payloadKeys);
    const files = new CheckpointFiles(options.folder);
    const lost = options.acceptLoss === true ? new Map<string, LostEnd>() : null;
    assertCheckpoints(db, files, site, signer, lost);
    const tail = new TailFile(options.folder);
    opened.push(tail);
    assertTail(db, tail, lost);
    failpoint('open-checked');
    const openReader = (): Db => {
      const reader = openLedgerFile(options.folder, options.keys.ledger, READER_CACHE_KB);
      reader.pragma('query_only=1');
      return reader;
    };
    const readBack = openReader();
    opened.push(readBack);
    const ledger = new SqliteLedger({
      db,
      readBack,
      keys: payloadKeys,
      files,
      tail,
      signer,
      site,
      clock: options.clock,
      random: options.random,
      failpoint,
      onCommitted: options.onCommitted ?? (() => {}),
      file: path.join(options.folder, ledgerFile),
      pageKey: pageKey(options.keys.ledger, ledgerSalt(options.keys.ledger)),
      openReader,
    });
    if (lost === null || lost.size === 0) return { ok: true, ledger };
    return { ok: true, ledger, loss: lossOf(db, files, tail, [...lost.values()]) };
  } catch (error) {
    for (const one of opened.reverse()) one.close();
    return { ok: false, ...refusalOf(error) };
  }
}

function lossOf(db: Db, files: CheckpointFiles, tail: TailFile, logs: readonly LostEnd[]): LedgerLoss {
  const heads = new Logs(db).all();
  return {
    logs,
    sizes: Object.fromEntries(heads.map((head) => [head.tenant, head.frontier.size])),
    lastAt: Math.max(0, ...heads.map((head) => head.lastAt)),
    settle: () => {
      for (const { tenant, has, notes } of logs) if (notes.length > 0) files.keepApart(checkpointFileName(tenant), has);
      tail.reset(new Logs(db).all());
    },
  };
}

function refusalOf(error: unknown): Refusal {
  if (error instanceof OpenRefused) return error.refusal;
  if (error instanceof SettingRefused) {
    return {
      code: 'ledger-settings',
      message: `The ledger was not opened: ${error.message}. Nothing was changed. Call support.`,
    };
  }
  const code = errorCode(error);
  if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
    return {
      code: 'ledger-busy',
      message: 'Another process keeps the ledger locked. Nothing was changed. Try again when it has finished.',
    };
  }
  if (code === null) throw error;
  switch (mediumFault(error)) {
    case 'disk-full':
      return refusal(
        'ledger-disk-full',
        `The disk is full (${code}): the ledger cannot be opened for writing.`,
        'Make room on it',
      );
    case 'io-failed':
      return refusal('ledger-io-failed', `The disk failed while the ledger was opened (${code}).`, 'Check the disk');
    case 'read-only':
      return readOnly(code);
    case 'unreadable':
      return refusal('ledger-unreadable', `The ledger file cannot be reached (${code}).`, 'Check its disk and its folder');
    case 'damaged':
    case null:
      return damaged(code);
  }
}

function refusal(code: MediumCode, what: string, next: string): Refusal {
  return { code, message: `${what} Nothing was changed and nothing is sent. ${next}, then start Countersign again.` };
}

function readOnly(detail: string): Refusal {
  return refusal('ledger-read-only', `The ledger may not be written (${detail}).`, 'Give this account the right to write it');
}

function damaged(detail: string): Refusal {
  return {
    code: 'ledger-damaged',
    message: `The ledger file is damaged (${detail}). Nothing was changed. Keep the file as it is and put back a backup in another folder.`,
  };
}

/** Makes both files under other names first: a ledger is there whole or not at all. */
function createFiles({ folder, keys, site, random, clock }: OpenOptions, failpoint: AtFailpoint): void {
  if (site === undefined || !SITE.test(site))
    throw new RangeError('a new ledger needs the name of its site: letters, digits, dots, dashes');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [ledgerPath, keysPath] = [path.join(folder, ledgerFile), path.join(folder, payloadKeysFile)];
  const there = [ledgerFile, `${ledgerFile}-wal`, payloadKeysFile].filter((name) => existsSync(path.join(folder, name)));
  if (there.length > 0 || new CheckpointFiles(folder).names().length > 0) {
    throw new OpenRefused(
      'ledger-exists',
      `The folder already holds a ledger or a part of one (${there[0] ?? 'checkpoints'}). Nothing was changed. Choose another folder.`,
    );
  }
  const [newLedger, newKeys] = [`${ledgerPath}.new`, `${keysPath}.new`];
  for (const name of readdirSync(folder)) {
    if (/^(?:ledger|payload-keys)\.db\.new/.test(name)) rmSync(path.join(folder, name));
  }
  PayloadKeys.open(newKeys, keys.payload, random, true).close();
  failpoint('create-keys-file');
  const db = openEncrypted(newLedger, keys.ledger, ledgerSalt(keys.ledger), { create: true });
  try {
    applySettings(db, WRITER_CACHE_KB);
    db.pragma(`application_id=${APPLICATION_ID}`);
    migrate(db);
    const insert = db.prepare('INSERT INTO workspace (name, value) VALUES (?, ?)');
    insert.run('created-at', String(clock.now()));
    insert.run('signing-key', ed25519Signer(keys.signing).publicKey.toString('hex'));
    insert.run('site', site);
  } finally {
    db.close();
  }
  failpoint('create-ledger-file');
  renameSync(newKeys, keysPath);
  syncFolder(folder);
  failpoint('create-named-keys');
  renameSync(newLedger, ledgerPath);
  syncFolder(folder);
  failpoint('create-named-ledger');
}

function openLedgerFile(folder: string, key: Uint8Array, cacheKb: number): Db {
  const file = path.join(folder, ledgerFile);
  if (!existsSync(file)) {
    throw new OpenRefused(
      'ledger-missing',
      `There is no ledger in ${folder}. Nothing was created. Check the folder, or put the file ${ledgerFile} back.`,
    );
  }
  assertHeader(file, key);
  assertWritable(folder);
  const db = openEncrypted(file, key, ledgerSalt(key), { create: false });
  try {
    assertReadable(db, file, key);
    const version = versionOf(db);
    if (version > newestVersion) {
      throw new OpenRefused(
        'ledger-newer',
        `The ledger was written by a newer version of Countersign (layout ${version}; this one knows ${newestVersion}). Nothing was changed. Update Countersign.`,
      );
    }
    if (db.pragma('application_id', { simple: true }) !== APPLICATION_ID || version === 0) {
      throw new OpenRefused(
        'ledger-schema-altered',
        'The file opens with this key but was not made by Countersign. Nothing was changed.',
      );
    }
    const differences = schemaDifferences(db, version);
    if (differences.length > 0) {
      throw new OpenRefused(
        'ledger-schema-altered',
        `The layout of the ledger was altered from outside: ${differences.slice(0, 5).join('; ')}. Nothing was changed. Find out who had the keys; put back a backup.`,
      );
    }
    applySettings(db, cacheKb);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite opens what it may not write for reading alone, without a word; the first commit would be the one to find out. */
function assertWritable(folder: string): void {
  const files = [ledgerFile, `${ledgerFile}-wal`, payloadKeysFile, `${payloadKeysFile}-wal`].filter((name) =>
    existsSync(path.join(folder, name)),
  );
  for (const name of ['.', ...files]) accessSync(path.join(folder, name), constants.W_OK);
}

function assertHeader(file: string, key: Uint8Array): void {
  const header = Buffer.alloc(saltBytes);
  const fd = openSync(file, 'r');
  try {
    readSync(fd, header, 0, saltBytes, 0);
  } finally {
    closeSync(fd);
  }
  if (header.toString('latin1') === PLAINTEXT_HEADER) {
    throw new OpenRefused(
      'ledger-plaintext',
      'The ledger file is not encrypted. It is not the file Countersign wrote. Nothing was changed. Find out where it came from; put back a backup.',
    );
  }
  if (header.equals(ledgerSalt(key)) || anyPageFits(file, pageKey(key, ledgerSalt(key)))) return;
  if (header.subarray(0, ledgerMark.length).equals(ledgerMark)) {
    throw new OpenRefused(
      'ledger-wrong-key',
      'This is a ledger of Countersign, but not one that these keys open. Nothing was changed. Check that key file and ledger belong to the same workspace.',
    );
  }
  throw new OpenRefused(
    'ledger-damaged',
    `The ledger file holds nothing that can be read (${statSync(file).size} bytes): it was overwritten or is another file. Nothing was changed. Put back a backup.`,
  );
}

function assertReadable(db: Db, file: string, key: Uint8Array): void {
  try {
    db.prepare('SELECT count(*) FROM sqlite_schema').get();
  } catch (error) {
    const code = sqliteCode(error);
    if (code !== 'SQLITE_NOTADB' && !code?.startsWith('SQLITE_CORRUPT')) throw error;
    const salted = anyPageFits(file, pageKey(key, ledgerSalt(key)));
    const detail = salted ? 'its first pages cannot be read' : 'no page that this key can read';
    throw new OpenRefused('ledger-damaged', damaged(detail).message);
  }
}

function assertWorkspace(db: Db, options: OpenOptions, signer: Signer): string {
  const values = new Map(
    (db.prepare('SELECT name, value FROM workspace').all() as { name: string; value: string }[]).map((row) => [
      row.name,
      row.value,
    ]),
  );
  const site = values.get('site') ?? '';
  if (values.get('signing-key') !== signer.publicKey.toString('hex') || (options.site !== undefined && options.site !== site)) {
    throw new OpenRefused(
      'ledger-other-workspace',
      `The ledger belongs to another workspace (site "${site}"): its checkpoints are signed with another key or for another site. Nothing was changed. Check the folder and the key file.`,
    );
  }
  return site;
}

function openPayloadKeys({ folder, keys, random }: OpenOptions, failpoint: AtFailpoint): PayloadKeys {
  const file = path.join(folder, payloadKeysFile);
  if (!existsSync(file)) {
    throw new OpenRefused(
      'payload-keys-missing',
      `The file of payload keys, ${payloadKeysFile}, is not there; without it the content of the ledger cannot be read. Nothing was created. Put the file back.`,
    );
  }
  try {
    return PayloadKeys.open(file, keys.payload, random, false, failpoint);
  } catch (error) {
    const code = sqliteCode(error);
    if (code === null || code === 'SQLITE_BUSY') throw error;
    const { key, salt } = PayloadKeys.fileKey(keys.payload);
    if (anyPageFits(file, pageKey(key, salt))) {
      throw new OpenRefused(
        'payload-keys-damaged',
        `The file of payload keys, ${payloadKeysFile}, is damaged (${code}). Nothing was changed. Put back a backup of it.`,
      );
    }
    throw new OpenRefused(
      'payload-keys-wrong-key',
      `The file of payload keys, ${payloadKeysFile}, does not open with the keys of this workspace. Nothing was changed. Put back the file that belongs to this ledger.`,
    );
  }
}

/**
 * Holds the ledger against the checkpoints beside it: it must be at least as long as the longest one signed, and have that
 * root at that size. A copy that was put back, or frames lost from the WAL, show here.
 *
 * @param lost takes up what was lost instead of refusing the ledger for it; `null`: refuse it
 */
function assertCheckpoints(
  db: Db,
  files: CheckpointFiles,
  site: string,
  signer: Signer,
  lost: Map<string, LostEnd> | null,
): void {
  const heads = new Logs(db).all();
  const counted = db.prepare('SELECT max(size) FROM checkpoint WHERE log = ?').pluck();
  const tenants = new Map(heads.map((head) => [checkpointFileName(head.tenant), head]));
  for (const head of heads) {
    if (counted.get(head.log) !== null && !files.exists(checkpointFileName(head.tenant))) {
      throw new OpenRefused(
        'ledger-checkpoints-missing',
        `The checkpoints of ${head.tenant} beside the ledger are gone, so it cannot be told whether this is the newest ledger. Nothing was changed. Put the checkpoints folder back.`,
      );
    }
  }
  for (const name of files.names()) {
    const content = files.read(name);
    const head = tenants.get(name);
    if (content.problem !== null) throw checkpointsDamaged(name, content.problem);
    const has = head?.frontier.size ?? 0;
    const beyond = lost === null ? [] : content.notes.filter((note) => note.checkpoint.size > has);
    const newest = content.notes.at(-1);
    if (newest === undefined) continue;
    const [, named = ''] = /^[^/]*\/(.*)$/.exec(newest.checkpoint.origin) ?? [];
    const tenant = head?.tenant ?? named;
    const origin = originOf(site, tenant);
    const last = content.notes.at(-1 - beyond.length);
    for (const note of last === undefined ? beyond : [...beyond, last]) {
      const judged = verifyCheckpoint(
        sha256,
        signer.key(origin),
        (bytes, signature) => signer.verify(bytes, signature),
        note.text,
      );
      if (!judged.ok || note.checkpoint.origin !== origin)
        throw checkpointsDamaged(name, judged.ok ? 'is of another log' : judged.problem);
    }
    if (beyond.length > 0)
      lost?.set(tenant, { tenant, had: newest.checkpoint.size, has, notes: beyond.map((note) => note.text) });
    if (last === undefined) continue;
    const { checkpoint } = last;
    if (head === undefined || checkpoint.size > head.frontier.size) {
      throw new OpenRefused(
        'ledger-rolled-back',
        `The ledger is older than it was: ${tenant} has ${head?.frontier.size ?? 0} entries, and a checkpoint over ${checkpoint.size} was signed. An older copy was put back, or the end of the ledger was lost. Nothing was changed. Put the newest ledger back; writes may have reached the chart that this one does not know. ${GO_ON}`,
      );
    }
    if (!sameBytes(rootAt(sha256, treeOf(db, head.log), checkpoint.size), checkpoint.root)) {
      throw new OpenRefused(
        'ledger-forked',
        `The ledger is not the one that was signed: the first ${checkpoint.size} entries of ${tenant} have another root than their checkpoint. Nothing was changed. Put the original ledger back.`,
      );
    }
    const { tail } = content;
    if (beyond.length === 0 && tail !== '' && !isCutOff(db, head.log, checkpoint.size, tail))
      throw checkpointsDamaged(name, 'ends with something that is no checkpoint');
  }
}

/**
 * Holds the ledger against how long its logs were when commits were last acknowledged: less may not come back.
 *
 * @param lost as for `assertCheckpoints`
 */
function assertTail(db: Db, tail: TailFile, lost: Map<string, LostEnd> | null): void {
  const heads = new Map(new Logs(db).all().map((head) => [head.log, head]));
  const leafAt = db.prepare('SELECT leaf_hash FROM entry WHERE place = ?').pluck();
  for (const { log, size, leaf } of tail.read()) {
    const head = heads.get(log);
    const has = head?.frontier.size ?? 0;
    const found = has < size ? null : (leafAt.get(placeOf(log, size - 1)) as Buffer | undefined);
    if (found?.subarray(0, leaf.length).equals(leaf) === true) continue;
    if (lost !== null) {
      const tenant = head?.tenant ?? `log ${log}`;
      const known = lost.get(tenant);
      lost.set(tenant, { tenant, had: Math.max(size, known?.had ?? 0), has, notes: known?.notes ?? [] });
      continue;
    }
    throw new OpenRefused(
      'ledger-tail-lost',
      `The end of the ledger was lost: ${head?.tenant ?? `log ${log}`} had ${size} entries that were acknowledged, and ${found === null ? `holds ${has}` : 'holds others'}. A part of the file or of its WAL was damaged, or an older copy was put back. Nothing was changed and nothing is sent. Put the newest ledger back if there is one; writes may have reached the chart that this one does not know. ${GO_ON}`,
    );
  }
}

/** True when the text is how the next note of the log begins: its writing was cut off by a crash. */
function isCutOff(db: Db, log: number, size: number, tail: string): boolean {
  const next = db.prepare('SELECT note FROM checkpoint WHERE log = ? AND size > ? ORDER BY size LIMIT 1').pluck().get(log, size);
  return typeof next === 'string' && next.startsWith(tail);
}

function checkpointsDamaged(name: string, problem: string): OpenRefused {
  return new OpenRefused(
    'ledger-checkpoints-damaged',
    `The checkpoint file ${name} beside the ledger was changed or damaged: it ${problem}. Nothing was changed. Put back the checkpoints folder that belongs to this ledger.`,
  );
}
