import type { Commit, CommitResult, Entry, Ledger, LedgerReader, RowKind, Rows } from '../../ports/outbound/index.ts';

/** Rows as they would stand, by kind and key; only of the tenant that is rehearsed. */
export type RehearsedRows = { readonly [K in RowKind]?: ReadonlyMap<string, Rows[K]> };

/**
 * The ledger as it would stand after an event was taken in. What is decided on it can be looked at and is forgotten:
 * commits are answered as done and kept nowhere. Whatever else would change the ledger below is refused.
 */
export class RehearsalLedger implements Ledger {
  private readonly below: LedgerReader;
  private readonly tenant: string;
  private readonly planned: RehearsedRows;
  private readonly received: Entry;

  constructor(below: LedgerReader, tenant: string, planned: RehearsedRows, received: Entry) {
    this.below = below;
    this.tenant = tenant;
    this.planned = planned;
    this.received = received;
  }

  row<K extends RowKind>(kind: K, tenant: string, key: string): Promise<Rows[K] | undefined> {
    const planned = tenant === this.tenant ? this.planned[kind]?.get(key) : undefined;
    return planned === undefined ? this.below.row(kind, tenant, key) : Promise.resolve(planned);
  }

  entry(tenant: string, seq: number): Promise<Entry | undefined> {
    const own = tenant === this.tenant && seq === this.received.seq;
    return own ? Promise.resolve(this.received) : this.below.entry(tenant, seq);
  }

  commit(commit: Commit): Promise<CommitResult> {
    return Promise.resolve({ ok: true, firstSeq: this.received.seq + commit.entries.length });
  }

  stopped(): null {
    return null;
  }

  rows: LedgerReader['rows'] = (kind) => this.below.rows(kind);
  findWrite: LedgerReader['findWrite'] = (id) => this.below.findWrite(id);
  writes: LedgerReader['writes'] = (filter) => this.below.writes(filter);
  counts: LedgerReader['counts'] = (tenant) => this.below.counts(tenant);
  tenants: LedgerReader['tenants'] = () => this.below.tenants();
  entries: LedgerReader['entries'] = (tenant, by, limit) => this.below.entries(tenant, by, limit);
  due: LedgerReader['due'] = (now, limit, except) => this.below.due(now, limit, except);
  nextDueAt: LedgerReader['nextDueAt'] = () => this.below.nextDueAt();
  toFollow: LedgerReader['toFollow'] = (now, limit, except) => this.below.toFollow(now, limit, except);
  inFlight: LedgerReader['inFlight'] = () => this.below.inFlight();

  takeLease = (): Promise<never> => refused('take a lease');
  renewLease = (): Promise<never> => refused('renew a lease');
  releaseLease = (): Promise<never> => refused('release a lease');
  expireLeases = (): Promise<never> => refused('end leases');
  checkpoint = (): Promise<never> => refused('sign a checkpoint');
  verify = (): Promise<never> => refused('verify the log');
  close = (): Promise<never> => refused('close the ledger');
}

function refused(what: string): Promise<never> {
  return Promise.reject(new Error(`a rehearsal does not ${what}`));
}
