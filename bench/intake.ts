// Events per second from text to receipt, durable, against inserting the same bytes into the same kind of encrypted SQLite file.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { takeIn } from '../src-main/engine/index.ts';
import type { IncomingRecord } from '../src-main/ports/inbound/index.ts';
import { bencher, eventRecord, openRig, seconds, type Figure } from './support.ts';

const SIZES = [1_000, 10_000];
const FULL_SIZES = [...SIZES, 100_000, 1_000_000];
const BATCH = 256;
const PATIENTS = 5_000;

export async function run(full: boolean): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  let firstMemory = 0;
  for (const size of full ? FULL_SIZES : SIZES) {
    const plain = plainRate(size);
    const rig = await openRig('http://127.0.0.1:9/fhir');
    try {
      const startedAt = performance.now();
      let receipts = 0;
      let memory = 0;
      for await (const receipt of takeIn(rig.deps)(records(size), bencher)) {
        if (receipt.status !== 'accepted') throw new Error(JSON.stringify(receipt));
        receipts += 1;
        if (receipts % 1_000 === 0) memory = Math.max(memory, process.memoryUsage().rss / 1024 / 1024);
      }
      const rate = receipts / seconds(startedAt);
      if (firstMemory === 0) firstMemory = memory;
      figures.push(
        { name: `${size} events: intake / plain insert`, value: rate / plain, unit: '', goal: { at: 'least', value: 0.25 } },
        { name: `${size} events: intake`, value: rate, unit: '/s' },
        { name: `${size} events: plain insert`, value: plain, unit: '/s' },
        { name: `${size} events: memory at most`, value: memory, unit: 'MB' },
      );
    } finally {
      await rig.close();
    }
  }
  return figures;
}

function* records(size: number): Iterable<IncomingRecord> {
  for (let index = 0; index < size; index += 1)
    yield { file: 'bench', line: index + 1, text: eventRecord(index, PATIENTS, true) };
}

function plainRate(size: number): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
  const db = new Database(path.join(folder, 'plain.db'));
  db.pragma("cipher='sqlcipher'");
  db.pragma(`key="x'${randomBytes(32).toString('hex')}'"`);
  db.pragma('journal_mode=WAL');
  db.pragma('synchronous=FULL');
  db.exec('CREATE TABLE record (id INTEGER PRIMARY KEY, text BLOB NOT NULL)');
  const insert = db.prepare('INSERT INTO record (text) VALUES (?)');
  const batch = db.transaction((from: number, to: number) => {
    for (let index = from; index < to; index += 1) insert.run(Buffer.from(eventRecord(index, PATIENTS, true)));
  });
  const startedAt = performance.now();
  for (let from = 0; from < size; from += BATCH) batch(from, Math.min(size, from + BATCH));
  const rate = size / seconds(startedAt);
  db.close();
  rmSync(folder, { recursive: true, force: true });
  return rate;
}
