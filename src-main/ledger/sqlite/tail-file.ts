import { closeSync, existsSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import type { LogHead } from './logs.ts';

const FILE = 'ledger.tail';
const SLOT_BYTES = 32;
const LEAF_BYTES = 20;
const CRC_AT = SLOT_BYTES - 4;

/** Where a log ended when a commit was acknowledged. */
export interface Tail {
  readonly log: number;
  readonly size: number;
  /** First bytes of the leaf hash of its last entry. */
  readonly leaf: Buffer;
}

/**
 * How long each log was when its last commit was acknowledged, in a file beside the ledger. SQLite drops a frame of its WAL
 * that was damaged, and everything after it, without a word; what lies behind the last checkpoint would go unnoticed
 * (decision record 0028).
 *
 * One slot of 32 bytes per log: size (8 bytes), first 20 bytes of the last leaf hash, CRC-32 of both, big-endian. It is
 * written after the ledger and not synced, so that it is never ahead of a ledger that is whole; a slot that was half written
 * counts as none. It is no evidence: people are what the signed checkpoints are for.
 */
export class TailFile {
  private readonly file: string;
  private fd: number | null = null;

  constructor(folder: string) {
    this.file = path.join(folder, FILE);
  }

  /** What was noted, log by log; nothing of slots that cannot be read. */
  read(): readonly Tail[] {
    if (!existsSync(this.file)) return [];
    const fd = openSync(this.file, 'r');
    try {
      const bytes = Buffer.alloc(fstatSync(fd).size);
      readSync(fd, bytes, 0, bytes.length, 0);
      const tails: Tail[] = [];
      for (let at = 0; at + SLOT_BYTES <= bytes.length; at += SLOT_BYTES) {
        const slot = bytes.subarray(at, at + SLOT_BYTES);
        const size = Number(slot.readBigUInt64BE(0));
        if (size === 0 || crc32(slot.subarray(0, CRC_AT)) !== slot.readUInt32BE(CRC_AT)) continue;
        tails.push({ log: at / SLOT_BYTES, size, leaf: slot.subarray(8, 8 + LEAF_BYTES) });
      }
      return tails;
    } finally {
      closeSync(fd);
    }
  }

  /** Notes where these logs end now. To be called after their commit is on disk, before anyone is told. */
  note(heads: readonly LogHead[]): void {
    this.fd ??= openSync(this.file, existsSync(this.file) ? 'r+' : 'w+', 0o600);
    for (const { log, frontier, lastLeaf } of heads) {
      const slot = Buffer.alloc(SLOT_BYTES);
      slot.writeBigUInt64BE(BigInt(frontier.size), 0);
      slot.set(lastLeaf.subarray(0, LEAF_BYTES), 8);
      slot.writeUInt32BE(crc32(slot.subarray(0, CRC_AT)), CRC_AT);
      writeSync(this.fd, slot, 0, SLOT_BYTES, log * SLOT_BYTES);
    }
  }

  /** Forgets what was noted and notes where these logs, all there are, end now; on disk when it returns. */
  reset(heads: readonly LogHead[]): void {
    this.fd ??= openSync(this.file, existsSync(this.file) ? 'r+' : 'w+', 0o600);
    ftruncateSync(this.fd, 0);
    this.note(heads);
    fsyncSync(this.fd);
  }

  close(): void {
    if (this.fd === null) return;
    fsyncSync(this.fd);
    closeSync(this.fd);
    this.fd = null;
  }
}
