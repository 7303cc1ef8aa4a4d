import { hex, stopWords } from '../../../src-shared/domain/index.ts';
import {
  leafHash,
  originOf,
  parseEnvelope,
  sameBytes,
  signCheckpoint,
  type Checkpoint,
} from '../../../src-shared/audit/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import type { Clock } from '../../ports/outbound/index.ts';
import { LedgerError } from '../errors.ts';
import type { AtFailpoint } from '../failpoint.ts';
import type { Appender } from './appender.ts';
import { checkpointFileName, type CheckpointFiles } from './checkpoint-file.ts';
import type { Db, Statement } from './connection.ts';
import { sha256, type Signer } from './keys.ts';
import { Logs, type LogHead } from './logs.ts';
import { endOf, placeOf, seqOf } from './place.ts';
import { frontierAt, treeOf } from './tree-table.ts';

export interface CheckpointsOptions {
  /** Writes. */
  readonly db: Db;
  /** A second connection, so that leaves are read back through the file and not from the writer's memory. */
  readonly readBack: Db;
  readonly appender: Appender;
  readonly files: CheckpointFiles;
  readonly signer: Signer;
  readonly site: string;
  readonly clock: Clock;
  readonly failpoint: AtFailpoint;
}

interface Last {
  size: number;
  /** Monotonic milliseconds. */
  at: number;
}

/**
 * Signs what the logs have become.
 *
 * The leaves since the last checkpoint are read back through another connection and hashed again from their bytes before
 * anything is signed: a bit that flipped on the way to disk would otherwise be signed for ever (as ended the CT log Yeti
 * 2022). The row that reserves a size, with its root, is committed before the note leaves this process, and its primary
 * key refuses a second root for the same size.
 */
export class Checkpoints {
  private readonly options: CheckpointsOptions;
  private readonly readBackLogs: Logs;
  private readonly last = new Map<number, Last>();
  private readonly selectLast: Statement;
  private readonly readBackLast: Statement;
  private readonly selectAfter: Statement;
  private readonly insert: Statement;
  private readonly selectEntries: Statement;

  constructor(options: CheckpointsOptions) {
    this.options = options;
    this.readBackLogs = new Logs(options.readBack);
    const { db, readBack } = options;
    const lastOfLog = 'SELECT size, root FROM checkpoint WHERE log = ? ORDER BY size DESC LIMIT 1';
    this.selectLast = db.prepare(lastOfLog);
    this.readBackLast = readBack.prepare(lastOfLog);
    this.selectAfter = db.prepare('SELECT size, note FROM checkpoint WHERE log = ? AND size > ? ORDER BY size');
    this.insert = db.prepare('INSERT INTO checkpoint (log, size, root, note) VALUES (?, ?, ?, ?)');
    this.selectEntries = readBack.prepare(
      'SELECT place, leaf_hash, envelope FROM entry WHERE place >= ? AND place < ? ORDER BY place',
    );
  }

  /** Signs the logs among these for which it is time: `checkpointEntriesMax` entries or `checkpointAgeMaxMs` since the last. */
  whenDue(heads: readonly LogHead[]): void {
    const now = this.options.clock.monotonic();
    for (const head of heads) {
      const last = this.lastOf(head.log, now);
      const { size } = head.frontier;
      if (size - last.size < limits.checkpointEntriesMax && now - last.at < limits.checkpointAgeMaxMs) continue;
      this.publish(head.log, head.tenant);
    }
  }

  /** Signs every log that has grown since its last checkpoint. */
  publishAll(): void {
    for (const head of new Logs(this.options.db).all()) {
      if (head.frontier.size > this.lastOf(head.log, this.options.clock.monotonic()).size) this.publish(head.log, head.tenant);
    }
  }

  /** Adds to the files beside the ledger what the ledger has and they lack: after a crash between the two. */
  completeFiles(): void {
    for (const head of new Logs(this.options.db).all()) {
      if (this.selectLast.get(head.log) !== undefined) this.completeFile(head.log, checkpointFileName(head.tenant));
    }
  }

  private publish(log: number, tenant: string): void {
    const { appender, files, signer, site, clock, failpoint } = this.options;
    const checkpoint = this.readAgain(log, tenant);
    failpoint('checkpoint-read-back');
    const name = checkpointFileName(tenant);
    // Never two roots for one size, also where the entries of the first are lost: the next entry makes it another size.
    if (files.wasSignedBeforeLoss(name, checkpoint.size)) return;
    files.ensure(name);
    failpoint('checkpoint-file-made');
    appender.transact(() => {
      const last = this.selectLast.get(log) as { size: number } | undefined;
      if (last !== undefined && last.size >= checkpoint.size) return;
      const note = signCheckpoint(sha256, signer.key(originOf(site, tenant)), (bytes) => signer.sign(bytes), checkpoint);
      this.insert.run(log, checkpoint.size, checkpoint.root, note);
      failpoint('checkpoint-signed');
    });
    this.completeFile(log, name);
    this.last.set(log, { size: checkpoint.size, at: clock.monotonic() });
  }

  /** Under the writer's lock, so that two processes do not write into one file at once. */
  private completeFile(log: number, name: string): void {
    this.options.appender.transact(() => {
      const { files, failpoint } = this.options;
      files.complete(name, (size) => this.selectAfter.all(log, size) as { size: number; note: string }[], failpoint);
    });
  }

  /** What the log is by its bytes on disk. Stops the ledger when they are not what was written. */
  private readAgain(log: number, tenant: string): Checkpoint {
    const { readBack, site, appender } = this.options;
    const wrong = (what: string): LedgerError => {
      const error = new LedgerError('ledger-altered', stopWords('ledger-altered', `${tenant}: ${what}; nothing was signed`));
      appender.stop(error);
      return error;
    };
    readBack.exec('BEGIN');
    try {
      const head = this.readBackLogs.all().find((one) => one.log === log);
      const last = this.readBackLast.get(log) as { size: number; root: Buffer } | undefined;
      if (head === undefined || (last !== undefined && last.size > head.frontier.size))
        throw wrong('the log is shorter than its last checkpoint');
      const frontier = frontierAt(treeOf(readBack, log), last?.size ?? 0);
      if (last !== undefined && !sameBytes(frontier.root(), last.root))
        throw wrong(`the tree of ${last.size} entries has another root`);
      let prev: string | null = null;
      for (const record of this.selectEntries.iterate(placeOf(log, frontier.size), endOf(log)) as Iterable<{
        place: number;
        leaf_hash: Buffer;
        envelope: Buffer;
      }>) {
        const seq = seqOf(record.place);
        const parsed = parseEnvelope(record.envelope);
        const leaf = leafHash(sha256, record.envelope);
        const { envelope } = parsed.ok ? parsed : { envelope: null };
        const fits =
          envelope !== null && envelope.seq === seq && seq === frontier.size && (prev === null || envelope.prev === prev);
        if (!fits || !sameBytes(leaf, record.leaf_hash)) throw wrong(`entry ${seq}`);
        frontier.append(leaf);
        prev = hex(leaf);
      }
      const root = frontier.root();
      if (frontier.size !== head.frontier.size || !sameBytes(root, head.frontier.root())) throw wrong('the root of the tree');
      return { origin: originOf(site, tenant), size: frontier.size, root };
    } finally {
      readBack.exec('COMMIT');
    }
  }

  private lastOf(log: number, now: number): Last {
    let last = this.last.get(log);
    if (last === undefined) {
      last = { size: (this.selectLast.get(log) as { size: number } | undefined)?.size ?? 0, at: now };
      this.last.set(log, last);
    }
    return last;
  }
}
