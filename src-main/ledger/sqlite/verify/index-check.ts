import type { Envelope } from '../../../../src-shared/audit/index.ts';
import { indexedFields } from '../appender.ts';
import type { Db } from '../connection.ts';

/**
 * Holds the index of entries against the log: both sides are added up, in any order, to a sum of keyed hashes. The key is
 * new for each check, so that nobody can prepare rows whose hashes cancel out.
 */
export class IndexCheck {
  private readonly seeds: readonly [number, number];
  private low = 0;
  private high = 0;
  private rows = 0;

  constructor(random: Uint8Array) {
    const view = new DataView(random.buffer, random.byteOffset, 8);
    this.seeds = [view.getInt32(0), view.getInt32(4)];
  }

  /** Takes an entry of the log. */
  add(envelope: Envelope, listed: boolean): void {
    for (const [field, value] of indexedFields(envelope, listed)) this.count(field, value, envelope.seq, 1);
  }

  /** True when the index holds exactly what the entries call for. */
  agrees(db: Db, log: number): boolean {
    const select = db.prepare('SELECT field, value, seq FROM entry_index WHERE log = ?');
    for (const { field, value, seq } of select.iterate(log) as Iterable<{ field: string; value: string; seq: number }>) {
      this.count(field, value, seq, -1);
    }
    return this.low === 0 && this.high === 0 && this.rows === 0;
  }

  private count(field: string, value: string, seq: number, sign: 1 | -1): void {
    const text = `${field}\n${value}\n${seq}`;
    this.low = (this.low + sign * hashOf(text, this.seeds[0])) | 0;
    this.high = (this.high + sign * hashOf(text, this.seeds[1])) | 0;
    this.rows += sign;
  }
}

/** MurmurHash3's mixing, over UTF-16 units. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) {
    let block = Math.imul(text.charCodeAt(at), 0xcc9e2d51);
    block = (block << 15) | (block >>> 17);
    hash ^= Math.imul(block, 0x1b873593);
    hash = (hash << 13) | (hash >>> 19);
    hash = (Math.imul(hash, 5) + 0xe6546b64) | 0;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
