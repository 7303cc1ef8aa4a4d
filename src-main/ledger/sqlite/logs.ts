import { Frontier } from '../../../src-shared/audit/index.ts';
import { LedgerError } from '../errors.ts';
import type { Db, Statement } from './connection.ts';
import { sha256 } from './keys.ts';
import { logsMax } from './place.ts';

/** Where a log ends: what the next entry builds on. */
export interface LogHead {
  readonly log: number;
  readonly tenant: string;
  readonly frontier: Frontier;
  /** Leaf hash of the last entry; empty for a log without entries. */
  lastLeaf: Uint8Array;
  /** Epoch milliseconds of the last entry. */
  lastAt: number;
}

interface LogRecord {
  readonly id: number;
  readonly tenant: string;
  readonly size: number;
  readonly frontier: Buffer;
  readonly last_leaf: Buffer;
  readonly last_at: number;
}

/** The logs of a workspace, one per tenant, and their heads. */
export class Logs {
  private readonly numbers = new Map<string, number>();
  private readonly names = new Map<number, string>();
  private readonly heads = new Map<number, LogHead>();
  private readonly selectByTenant: Statement;
  private readonly selectAll: Statement;
  private readonly insert: Statement;
  private readonly update: Statement;

  constructor(db: Db) {
    this.selectByTenant = db.prepare('SELECT * FROM log WHERE tenant = ?');
    this.selectAll = db.prepare('SELECT * FROM log ORDER BY id');
    this.insert = db.prepare(`INSERT INTO log (tenant, size, frontier, last_leaf, last_at) VALUES (?, 0, x'', x'', 0)`);
    this.update = db.prepare('UPDATE log SET size = ?, frontier = ?, last_leaf = ?, last_at = ? WHERE id = ?');
  }

  /** Number of a tenant's log, or `undefined` when it has none yet. */
  number(tenant: string): number | undefined {
    const known = this.numbers.get(tenant);
    if (known !== undefined) return known;
    const record = this.selectByTenant.get(tenant) as LogRecord | undefined;
    if (record !== undefined) this.learn(record);
    return record?.id;
  }

  /** Tenant of a log. */
  tenant(log: number): string {
    const known = this.names.get(log) ?? this.all().find((head) => head.log === log)?.tenant;
    if (known === undefined) throw new LedgerError('row-unreadable', `there is no log number ${log}`);
    return known;
  }

  /** The heads of all logs as the file has them. */
  all(): readonly LogHead[] {
    return (this.selectAll.all() as LogRecord[]).map((record) => {
      this.learn(record);
      return headOf(record);
    });
  }

  /** The head to append to; makes the log when the tenant has none. Only inside a writing transaction. */
  head(tenant: string): LogHead {
    const number = this.number(tenant);
    const known = number === undefined ? undefined : this.heads.get(number);
    if (known !== undefined) return known;
    let record = this.selectByTenant.get(tenant) as LogRecord | undefined;
    if (record === undefined) {
      this.insert.run(tenant);
      record = this.selectByTenant.get(tenant) as LogRecord;
      if (record.id > logsMax) throw new LedgerError('entry-refused', `a workspace has at most ${logsMax} logs`);
    }
    this.learn(record);
    const head = headOf(record);
    this.heads.set(record.id, head);
    return head;
  }

  /** Writes a head that has grown. */
  save(head: LogHead): void {
    this.update.run(head.frontier.size, head.frontier.bytes(), head.lastLeaf, head.lastAt, head.log);
  }

  /** Drops what is remembered: after a transaction that failed, or when another process has written. */
  forget(): void {
    this.heads.clear();
    this.numbers.clear();
    this.names.clear();
  }

  private learn(record: LogRecord): void {
    this.numbers.set(record.tenant, record.id);
    this.names.set(record.id, record.tenant);
  }
}

function headOf(record: LogRecord): LogHead {
  return {
    log: record.id,
    tenant: record.tenant,
    frontier: Frontier.from(sha256, record.size, record.frontier),
    lastLeaf: record.last_leaf,
    lastAt: record.last_at,
  };
}
