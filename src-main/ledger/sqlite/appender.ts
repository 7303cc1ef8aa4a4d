import { encodeEnvelope, leafHash, nodeNumber, type Envelope } from '../../../src-shared/audit/index.ts';
import { hex, project, stopWords, type ProjectedEntry } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import {
  LeaseEnded,
  type Commit,
  type CommitResult,
  type EntryDraft,
  type Expected,
  type Random,
} from '../../ports/outbound/index.ts';
import { LedgerError, mediumCode } from '../errors.ts';
import type { AtFailpoint } from '../failpoint.ts';
import { errorCode, mediumFault } from './medium.ts';
import { assertDurable, sqliteCode, type Db, type Statement } from './connection.ts';
import { sha256 } from './keys.ts';
import type { SqliteLeases } from './leases.ts';
import type { LogHead, Logs } from './logs.ts';
import { seal, sealRandomBytes, type Sealed } from './payload.ts';
import type { KeyOwner, PayloadKeys } from './payload-keys.ts';
import { logOf, placeOf } from './place.ts';
import { StagedRows } from './staged-rows.ts';
import type { RowStore } from './row-store.ts';

/** Commits written by one transaction at most, so that a long queue does not keep everything else waiting. */
const GROUP_MAX = 256;

export interface AppenderOptions {
  readonly db: Db;
  readonly logs: Logs;
  readonly rows: RowStore;
  readonly leases: Pick<SqliteLeases, 'holds'>;
  readonly keys: PayloadKeys;
  readonly random: Pick<Random, 'bytes'>;
  readonly failpoint: AtFailpoint;
  /** Called with the heads that grew, after each transaction that has appended and before anyone is told. */
  readonly onDurable: (heads: readonly LogHead[]) => void;
  /** Called after each transaction that has appended, with the heads that grew. */
  readonly onAppended: (heads: readonly LogHead[]) => void;
}

interface Waiting {
  readonly commit: Commit;
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A waiting commit whose bodies have been turned into bytes. */
interface Encoded extends Waiting {
  readonly bodies: readonly Buffer[];
}

/** A commit ready to be put into the log: its bodies are encrypted. */
interface Prepared extends Waiting {
  readonly payloads: readonly (Sealed & { readonly keyId: number })[];
}

/** An entry with its place, ready to be written. */
interface Placed {
  readonly place: number;
  readonly seq: number;
  readonly leaf: Uint8Array;
  readonly envelope: Uint8Array;
  readonly fields: readonly (readonly [field: string, value: string])[];
  readonly payload: Sealed & { readonly keyId: number };
  readonly nodes: readonly { readonly place: number; readonly hash: Uint8Array }[];
}

type Settlement = () => void;

/**
 * Appends commits, several to a transaction when several wait (group commit).
 *
 * A commit's promise resolves after the transaction is on disk: written to the WAL and synced, and the payload keys it
 * uses were synced before it. Within a transaction commits are applied one after the other, each on what the earlier ones
 * left; one that clashes or that asks for an illegal move leaves nothing behind and does not disturb the others.
 *
 * When SQLite reports anything but "busy", the appender takes nothing more: what a failed sync has left on disk cannot be
 * known without opening the file again (C5).
 */
export class Appender {
  private readonly db: Db;
  private readonly options: AppenderOptions;
  private readonly begin: Statement;
  private readonly commitTransaction: Statement;
  private readonly rollback: Statement;
  private readonly dataVersion: Statement;
  private readonly insertEntry: Statement;
  private readonly insertIndex: Statement;
  private readonly insertPayload: Statement;
  private readonly insertNode: Statement;
  private queue: Waiting[] = [];
  private scheduled = false;
  private seenVersion: unknown = null;
  private checkedDurable = false;
  private failure: LedgerError | null = null;
  private idle: (() => void)[] = [];

  constructor(options: AppenderOptions) {
    const { db } = options;
    this.db = db;
    this.options = options;
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commitTransaction = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
    this.dataVersion = db.prepare('PRAGMA data_version').pluck();
    this.insertEntry = db.prepare('INSERT INTO entry (place, leaf_hash, envelope) VALUES (?, ?, ?)');
    this.insertIndex = db.prepare('INSERT INTO entry_index (log, field, value, seq) VALUES (?, ?, ?, ?)');
    this.insertPayload = db.prepare('INSERT INTO payload (place, key_id, sealed) VALUES (?, ?, ?)');
    this.insertNode = db.prepare('INSERT INTO node (place, hash) VALUES (?, ?)');
  }

  /** Queues a commit for the next transaction. */
  append(commit: Commit): Promise<CommitResult> {
    if (this.failure !== null) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.queue.push({ commit, resolve, reject });
      this.options.failpoint('queued');
      this.schedule();
    });
  }

  /** Resolves when nothing waits any more. */
  settled(): Promise<void> {
    if (this.queue.length === 0 && !this.scheduled) return Promise.resolve();
    return new Promise((resolve) => this.idle.push(resolve));
  }

  /** From now on every commit is refused with this error. */
  stop(error: LedgerError): void {
    this.failure ??= error;
  }

  /** The error with which commits are refused, or `null` while they are taken. */
  get stopped(): LedgerError | null {
    return this.failure;
  }

  /**
   * Runs `work` in a writing transaction of its own. What another process has written since is taken into account.
   * Throws LedgerError `ledger-busy` when the file stays locked, and stops the ledger on any other SQLite error.
   */
  transact<T>(work: () => T): T {
    if (this.failure !== null) throw this.failure;
    try {
      this.begin.run();
      this.options.failpoint('begun');
      const version = this.dataVersion.get();
      if (version !== this.seenVersion) {
        this.forget();
        this.seenVersion = version;
      }
      const result = work();
      this.options.failpoint('written');
      this.commitTransaction.run();
      if (!this.checkedDurable) {
        assertDurable(this.db);
        this.checkedDurable = true;
      }
      this.options.failpoint('committed');
      return result;
    } catch (error) {
      this.forget();
      if (this.db.inTransaction) this.undo();
      throw this.judge(error);
    }
  }

  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    // After the I/O of this turn, so that everything that became ready in it shares one transaction.
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
      if (this.queue.length > 0) this.schedule();
      else for (const done of this.idle.splice(0)) done();
    });
  }

  private flush(): void {
    const waiting = this.queue.splice(0, GROUP_MAX);
    if (waiting.length === 0) return;
    if (this.failure !== null) {
      for (const one of waiting) one.reject(this.failure);
      return;
    }
    let settlements: readonly Settlement[];
    let grown: readonly LogHead[] = [];
    try {
      const prepared = this.prepare(waiting);
      [settlements, grown] = this.transact(() => this.write(prepared));
      if (grown.length > 0) this.options.onDurable(grown);
    } catch (error) {
      const failure = this.judge(error);
      settlements = waiting.map((one) => () => one.reject(failure));
    }
    for (const settle of settlements) settle();
    if (grown.length === 0) return;
    try {
      this.options.onAppended(grown);
    } catch (error) {
      // What was committed stands and has been told. Being busy passes; anything else stops the next commit.
      this.judge(error);
    }
  }

  /** Turns bodies into encrypted payloads. A commit whose bodies cannot be written is refused here, alone. */
  private prepare(waiting: readonly Waiting[]): readonly Prepared[] {
    const encoded: Encoded[] = [];
    for (const one of waiting) {
      try {
        encoded.push({ ...one, bodies: one.commit.entries.map(encodeBody) });
      } catch (error) {
        one.reject(error);
      }
    }
    const owners = encoded.flatMap((one) => one.commit.entries.map((entry) => ownerOf(one.commit.tenant, entry)));
    const keys = this.options.keys.require(owners);
    this.options.failpoint('keys-written');
    const random = this.options.random.bytes(sealRandomBytes * owners.length);
    let next = 0;
    return encoded.map(({ bodies, ...one }) => ({
      ...one,
      payloads: bodies.map((body) => {
        const key = keys[next];
        if (key === undefined) throw new RangeError('every entry has a payload key');
        const sealed = seal(body, key.key, random.subarray(next * sealRandomBytes, (next + 1) * sealRandomBytes));
        next += 1;
        return { ...sealed, keyId: key.id };
      }),
    }));
  }

  /** Inside the transaction: places every commit that can be placed and writes the result. */
  private write(prepared: readonly Prepared[]): [settlements: readonly Settlement[], grown: readonly LogHead[]] {
    const layers = new Map<string, { head: LogHead; rows: StagedRows }>();
    const grown = new Set<LogHead>();
    const placed: Placed[] = [];
    const settlements = prepared.map((one): Settlement => {
      const { tenant } = one.commit;
      let layer = layers.get(tenant);
      if (layer === undefined) {
        const head = this.options.logs.head(tenant);
        layer = { head, rows: new StagedRows(this.options.rows, head.log, tenant, null) };
        layers.set(tenant, layer);
      }
      const { head } = layer;
      const rows = new StagedRows(this.options.rows, head.log, tenant, layer.rows);
      const { fence } = one.commit;
      if (fence !== undefined && !this.options.leases.holds(fence)) return () => one.reject(new LeaseEnded(fence));
      const clash = this.clashOf(one.commit, rows);
      if (clash !== undefined) return () => one.resolve({ ok: false, clash });
      const firstSeq = head.frontier.size;
      let listed: readonly boolean[];
      try {
        listed = stage(one.commit, head, rows);
      } catch (error) {
        if (sqliteCode(error) !== null) throw error;
        return () => one.reject(error);
      }
      rows.settle();
      one.commit.entries.forEach((entry, at) => {
        const payload = one.payloads[at];
        if (payload === undefined) throw new RangeError('every entry has a payload');
        placed.push(place(head, entry, payload, listed[at] === true));
      });
      grown.add(head);
      return () => one.resolve({ ok: true, firstSeq });
    });
    this.options.failpoint('staged');
    for (const entry of placed) this.insert(entry);
    for (const { rows } of layers.values()) this.options.rows.apply(rows.all());
    this.options.failpoint('rows-applied');
    for (const head of grown) this.options.logs.save(head);
    return [settlements, [...grown]];
  }

  /** The first row the commit rests on that has moved, or that another engine holds. */
  private clashOf({ expected, fence, lane }: Commit, rows: StagedRows): Expected | undefined {
    const moved = expected.find((one) => rows.version(one.kind, one.key) !== one.version);
    if (moved !== undefined || fence === undefined) return moved;
    const holder = lane === undefined ? undefined : rows.holderOf(lane);
    if (holder !== undefined) return { kind: 'write', key: holder.id, version: holder.version };
    return expected.find((one) => {
      const state = one.kind === 'write' ? rows.write(one.key)?.state : undefined;
      if (state?.name !== 'in-flight' || state.fence === undefined || state.fence === fence) return false;
      return this.options.leases.holds(state.fence);
    });
  }

  private insert(entry: Placed): void {
    const log = logOf(entry.place);
    this.insertEntry.run(entry.place, entry.leaf, entry.envelope);
    this.insertPayload.run(entry.place, entry.payload.keyId, entry.payload.sealed);
    for (const [field, value] of entry.fields) this.insertIndex.run(log, field, value, entry.seq);
    for (const node of entry.nodes) this.insertNode.run(node.place, node.hash);
    this.options.failpoint('entry-inserted');
  }

  private forget(): void {
    this.seenVersion = null;
    this.options.logs.forget();
    this.options.rows.forget();
  }

  private undo(): void {
    try {
      this.rollback.run();
    } catch {
      // The transaction is gone either way; the error that led here is the one to report.
    }
  }

  /** What a failure means: busy leaves the ledger usable, any other failure of the medium or of an assumption does not. */
  private judge(error: unknown): LedgerError {
    if (error instanceof LedgerError) {
      if (error.code !== 'ledger-busy' && error.code !== 'entry-refused') this.stop(error);
      return error;
    }
    const code = errorCode(error);
    if (code === 'SQLITE_BUSY' || code === 'SQLITE_LOCKED') {
      return new LedgerError('ledger-busy', 'Another process kept the ledger locked. Nothing was written. Try again.', error);
    }
    const reason = code ?? (error instanceof Error ? error.message : String(error));
    const stopped = mediumCode(mediumFault(error));
    const failure = new LedgerError(stopped, stopWords(stopped, reason), error);
    this.stop(failure);
    return failure;
  }
}

/** Envelope fields that entries are looked up by. */
export type IndexField = 'actor' | 'patient' | 'stream';

/** What the index of entries holds for an envelope; of an entry that a write's row lists, only the actor. */
export function indexedFields(envelope: Envelope, listed: boolean): readonly (readonly [field: IndexField, value: string])[] {
  const fields: (readonly [IndexField, string])[] = [['actor', envelope.actor]];
  if (listed) return fields;
  fields.push(['stream', envelope.stream]);
  if (envelope.subject !== '') fields.push(['patient', envelope.subject]);
  return fields;
}

function encodeBody(entry: EntryDraft): Buffer {
  const body = Buffer.from(JSON.stringify(entry.body));
  if (body.length > limits.entryBodyBytesMax) {
    throw new LedgerError(
      'entry-refused',
      `the body of ${entry.type} has ${body.length} bytes, more than ${limits.entryBodyBytesMax}`,
    );
  }
  return body;
}

function ownerOf(tenant: string, entry: EntryDraft): KeyOwner {
  return { tenant, subject: entry.patientKey ?? '' };
}

/**
 * Projects the entries of a commit onto staged rows and says of each whether a write's row lists it. Throws IllegalMove, or
 * LedgerError for what cannot be written.
 */
function stage(commit: Commit, head: LogHead, rows: StagedRows): readonly boolean[] {
  if (commit.entries.length === 0) throw new LedgerError('entry-refused', 'a commit has at least one entry');
  let seq = head.frontier.size;
  let lastAt = head.lastAt;
  return commit.entries.map((entry) => {
    lastAt = timeOf(entry, lastAt);
    for (const text of [commit.tenant, entry.stream, entry.correlation, entry.actor.id, entry.patientKey ?? '']) {
      if (!text.isWellFormed())
        throw new LedgerError('entry-refused', `${entry.type} names something with half of a surrogate pair`);
    }
    const projected = { type: entry.type, tenant: commit.tenant, seq, at: lastAt, body: entry.body } as ProjectedEntry;
    const listed = rows.stage(seq, { stream: entry.stream, subject: entry.patientKey ?? '' }, project(projected, rows));
    seq += 1;
    return listed;
  });
}

/** The log's time never goes back (INV-19): an entry made by a clock that did stands at the time of the one before. */
function timeOf(entry: EntryDraft, lastAt: number): number {
  if (!Number.isSafeInteger(entry.at) || entry.at < 0) throw new LedgerError('entry-refused', `${entry.type} has no usable time`);
  return Math.max(entry.at, lastAt);
}

/** Appends one entry to the head and says what has to be written for it. */
function place(head: LogHead, entry: EntryDraft, payload: Sealed & { readonly keyId: number }, listed: boolean): Placed {
  const seq = head.frontier.size;
  const at = timeOf(entry, head.lastAt);
  const envelope: Envelope = {
    v: 1,
    tenant: head.tenant,
    seq,
    type: entry.type,
    stream: entry.stream,
    at,
    clock: 'ok',
    actor: entry.actor.id,
    actorKind: entry.actor.kind,
    role: entry.actor.kind === 'person' ? entry.actor.role : '',
    subject: entry.patientKey ?? '',
    correlation: entry.correlation,
    payload: hex(payload.commitment),
    prev: hex(head.lastLeaf),
  };
  const bytes = encodeEnvelope(envelope);
  const leaf = leafHash(sha256, bytes);
  const nodes = head.frontier
    .append(leaf)
    .map((node) => ({ place: placeOf(head.log, nodeNumber(node.level, node.index)), hash: node.hash }));
  head.lastLeaf = leaf;
  head.lastAt = at;
  return { place: placeOf(head.log, seq), seq, leaf, envelope: bytes, fields: indexedFields(envelope, listed), payload, nodes };
}
