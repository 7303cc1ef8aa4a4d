import type {
  Clock,
  Commit,
  CommitResult,
  Entry,
  Anchor,
  Cause,
  Lease,
  Ledger,
  LedgerLists,
  Random,
  RowKind,
  Rows,
  VerifyReport,
  WriteCounts,
  WriteFilter,
  WriteSelection,
} from '../../ports/outbound/index.ts';
import { hex, type EntryType, type WriteRow } from '../../../src-shared/domain/index.ts';
import { LedgerError } from '../errors.ts';
import type { AtFailpoint } from '../failpoint.ts';
import { Appender } from './appender.ts';
import type { CheckpointFiles } from './checkpoint-file.ts';
import { Checkpoints } from './checkpoints.ts';
import type { Db } from './connection.ts';
import type { Signer } from './keys.ts';
import { SqliteLeases } from './leases.ts';
import { Logs } from './logs.ts';
import type { PageKey } from './pages.ts';
import type { PayloadKeys } from './payload-keys.ts';
import { SqliteLists } from './lists.ts';
import { SqliteReader } from './reader.ts';
import { RowStore } from './row-store.ts';
import type { TailFile } from './tail-file.ts';
import { Verification } from './verify/verify.ts';

export interface SqliteLedgerParts {
  readonly db: Db;
  readonly readBack: Db;
  readonly keys: PayloadKeys;
  readonly files: CheckpointFiles;
  readonly tail: TailFile;
  readonly signer: Signer;
  readonly site: string;
  readonly clock: Clock;
  readonly random: Pick<Random, 'bytes'>;
  readonly failpoint: AtFailpoint;
  /** Called after each commit that this object made, with what was committed. */
  readonly onCommitted: (commit: Commit) => void;
  readonly file: string;
  readonly pageKey: PageKey;
  /** Opens a connection that only reads. */
  readonly openReader: () => Db;
}

/** The ledger in an encrypted SQLite file. Made by `openSqliteLedger`, which has checked everything the parts promise. */
export class SqliteLedger implements Ledger, LedgerLists {
  private readonly parts: SqliteLedgerParts;
  private readonly appender: Appender;
  private readonly reader: SqliteReader;
  private readonly lists: SqliteLists;
  private readonly checkpoints: Checkpoints;
  private readonly leases: SqliteLeases;
  private closing: Promise<void> | null = null;

  constructor(parts: SqliteLedgerParts) {
    this.parts = parts;
    const { db, readBack, keys, files, signer, site, clock, random, failpoint } = parts;
    const logs = new Logs(db);
    const rows = new RowStore(db);
    this.reader = new SqliteReader(db, logs, rows, keys);
    this.lists = new SqliteLists(db, logs, this.reader);
    this.leases = new SqliteLeases(db, clock, (work) => this.appender.transact(work));
    this.appender = new Appender({
      db,
      logs,
      rows,
      leases: this.leases,
      keys,
      random,
      failpoint,
      onDurable: (heads) => {
        parts.tail.note(heads);
        failpoint('tail-noted');
      },
      onAppended: (heads) => this.checkpoints.whenDue(heads),
    });
    this.checkpoints = new Checkpoints({ db, readBack, appender: this.appender, files, signer, site, clock, failpoint });
    this.checkpoints.completeFiles();
  }

  async commit(commit: Commit): Promise<CommitResult> {
    if (this.closing !== null) throw closedError();
    const result = await this.appender.append(commit);
    if (result.ok) this.parts.onCommitted(commit);
    return result;
  }

  async takeLease(...args: Parameters<Ledger['takeLease']>): Promise<number> {
    return this.open().takeLease(...args);
  }

  async renewLease(fence: number): Promise<void> {
    return this.open().renewLease(fence);
  }

  async releaseLease(fence: number): Promise<void> {
    return this.open().releaseLease(fence);
  }

  async expireLeases(fence: number): Promise<readonly Lease[]> {
    return this.open().expireLeases(fence);
  }

  stopped(): LedgerError | null {
    return this.appender.stopped;
  }

  async checkpoint(): Promise<void> {
    await this.appender.settled();
    this.checkpoints.publishAll();
  }

  async row<K extends RowKind>(kind: K, tenant: string, key: string): Promise<Rows[K] | undefined> {
    return this.reader.row(kind, tenant, key);
  }

  async rows<K extends Exclude<RowKind, 'write' | 'event'>>(kind: K): Promise<readonly Rows[K][]> {
    return this.reader.rows(kind);
  }

  async findWrite(id: string): Promise<WriteRow | undefined> {
    return this.reader.findWrite(id);
  }

  async writes(filter: WriteFilter): Promise<readonly WriteRow[]> {
    return this.reader.writes(filter);
  }

  async counts(tenant?: string): Promise<WriteCounts> {
    return this.reader.counts(tenant);
  }

  async tenants(): Promise<readonly string[]> {
    return this.reader.tenants();
  }

  async entry(tenant: string, seq: number): Promise<Entry | undefined> {
    return this.reader.entry(tenant, seq);
  }

  async entries(...args: Parameters<Ledger['entries']>): Promise<readonly Entry[]> {
    return this.reader.entries(...args);
  }

  async due(now: number, limit: number, except?: readonly string[]): Promise<readonly WriteRow[]> {
    return this.reader.due(now, limit, except);
  }

  async nextDueAt(): Promise<number | null> {
    return this.reader.nextDueAt();
  }

  async toFollow(now: number, limit: number, except?: readonly string[]): Promise<readonly WriteRow[]> {
    return this.reader.toFollow(now, limit, except);
  }

  async inFlight(): Promise<readonly WriteRow[]> {
    return this.reader.inFlight();
  }

  async countWrites(filter: WriteSelection): Promise<number> {
    return this.lists.countWrites(filter);
  }

  async writesFrom(filter: WriteFilter, skip: number): Promise<readonly WriteRow[]> {
    return this.lists.writesFrom(filter, skip);
  }

  async causes(): Promise<readonly Cause[]> {
    return this.lists.causes();
  }

  async countUnverified(since: number): Promise<number> {
    return this.lists.countUnverified(since);
  }

  async anchor(): Promise<Anchor> {
    return this.lists.anchor();
  }

  async revision(): Promise<number> {
    return this.lists.revision();
  }

  async latestOf(tenant: string, actor: string, types: readonly EntryType[], limit: number): Promise<readonly Entry[]> {
    return this.lists.latestOf(tenant, actor, types, limit);
  }

  async verify(progress: (done: number, total: number) => void = () => {}): Promise<VerifyReport> {
    const { db, keys, files, signer, site, random, file, pageKey, openReader, failpoint } = this.parts;
    if (this.closing !== null) throw closedError();
    await this.appender.settled();
    failpoint('verify-begun');
    const reader = openReader();
    try {
      const settleWal = (): void => {
        db.pragma('wal_checkpoint(PASSIVE)');
        failpoint('verify-wal-settled');
      };
      const spillFile = `${file}.verify-${process.pid}-${hex(random.bytes(4))}`;
      return await new Verification({ db: reader, keys, files, signer, site, random, file, spillFile, pageKey, settleWal }).run(
        progress,
      );
    } finally {
      reader.close();
    }
  }

  /** Waits for what is queued, signs what has grown and closes the files. Commits from now on are refused. */
  close(): Promise<void> {
    this.closing ??= this.closeOnce();
    return this.closing;
  }

  private open(): SqliteLeases {
    if (this.closing !== null) throw closedError();
    return this.leases;
  }

  private async closeOnce(): Promise<void> {
    const { failpoint } = this.parts;
    await this.appender.settled();
    failpoint('close-settled');
    const failed = this.appender.stopped !== null;
    try {
      if (!failed) this.checkpoints.publishAll();
      failpoint('close-signed');
    } finally {
      this.appender.stop(closedError());
      this.parts.readBack.close();
      this.parts.keys.close();
      this.parts.tail.close();
      failpoint('close-readers');
      this.parts.db.close();
      failpoint('close-ledger');
    }
  }
}

function closedError(): LedgerError {
  return new LedgerError('ledger-closed', 'the ledger is closed');
}
