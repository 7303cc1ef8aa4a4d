import {
  Frontier,
  encodeEnvelope,
  leafHash,
  payloadCommitment,
  saltBytes,
  sameBytes,
  type Envelope,
} from '../../../src-shared/audit/index.ts';
import {
  hex,
  project,
  utf8,
  type EntryBodies,
  type EntryType,
  type EventRow,
  type ProjectedEntry,
  type RowChange,
  type RowReader,
  type Sha256,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import type { Commit, CommitResult, Entry, EntryDraft, Expected, RowKind, Rows } from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { SimulatedLedgerError } from './error.ts';

/** An entry as the simulated disk holds it. */
export interface StoredEntry {
  readonly seq: number;
  readonly draft: Omit<EntryDraft, 'body'>;
  readonly at: number;
  readonly body: string;
  /** The body as it is read back: made of the text above, once. */
  readonly parsed: EntryBodies[EntryType];
  readonly envelope: Uint8Array;
  readonly leaf: Uint8Array;
}

/** A write with its place in the order of the log: the entry that made it, then its place in that event. */
export interface StoredWrite {
  readonly row: WriteRow;
  readonly order: readonly [seq: number, slot: number];
}

export interface SimulatedCheckpoint {
  readonly size: number;
  readonly root: string;
}

/** One tenant's log on the simulated disk: entries, tree, checkpoints, and the rows that follow from the entries. */
export class SimulatedLog {
  readonly tenant: string;
  /** Order in which the logs were made. */
  readonly number: number;
  readonly entries: StoredEntry[] = [];
  readonly checkpoints: SimulatedCheckpoint[] = [];
  readonly writes = new Map<string, StoredWrite>();
  private readonly registry = new Map<string, Rows[Exclude<RowKind, 'write'>]>();
  /** Rows by kind as they were last listed. */
  private readonly listed = new Map<RowKind, readonly Rows[Exclude<RowKind, 'write'>][]>();
  private readonly sha256: Sha256;
  private readonly tree: Frontier;
  /** Monotonic time of the last checkpoint; of the first look before there is one. */
  private signedAt: number | null = null;

  constructor(tenant: string, number: number, sha256: Sha256) {
    this.tenant = tenant;
    this.number = number;
    this.sha256 = sha256;
    this.tree = Frontier.empty(sha256);
  }

  get lastAt(): number {
    return this.entries.at(-1)?.at ?? 0;
  }

  /**
   * Appends a commit, or says which of the rows it rests on has moved or is another engine's. Throws on what cannot be
   * written; then nothing was.
   *
   * @param lives whether a lease has not ended
   */
  append(commit: Commit, lives: (fence: number) => boolean = () => false): CommitResult {
    const clash = this.clashOf(commit, lives);
    if (clash !== undefined) return { ok: false, clash };
    if (commit.entries.length === 0) throw new SimulatedLedgerError('entry-refused', 'a commit has at least one entry');
    const firstSeq = this.entries.length;
    const staged = new Staged(this);
    let { lastAt } = this;
    const placed = commit.entries.map((draft, at) => {
      lastAt = timeOf(draft, lastAt);
      refuseHalves(commit.tenant, draft);
      const seq = firstSeq + at;
      const body = JSON.stringify(draft.body);
      const parsed = JSON.parse(body) as EntryBodies[EntryType];
      const entry = {
        type: draft.type,
        tenant: this.tenant,
        seq,
        at: lastAt,
        body: parsed,
      } as ProjectedEntry;
      staged.take(seq, project(entry, staged));
      return { draft, seq, at: lastAt, body, parsed };
    });
    for (const one of placed) this.place(one);
    for (const [id, write] of staged.writes) this.writes.set(id, write);
    for (const [key, row] of staged.registry) this.registry.set(key, row);
    if (staged.registry.size > 0) this.listed.clear();
    return { ok: true, firstSeq };
  }

  private clashOf({ expected, fence, lane }: Commit, lives: (fence: number) => boolean): Expected | undefined {
    const moved = expected.find(({ kind, key, version }) => (this.row(kind, key)?.version ?? 0) !== version);
    if (moved !== undefined || fence === undefined) return moved;
    for (const { row } of lane === undefined ? [] : this.writes.values()) {
      if (row.lane === lane && (row.state.name === 'in-flight' || row.state.name === 'unknown'))
        return { kind: 'write', key: row.id, version: row.version };
    }
    return expected.find(({ kind, key }) => {
      const state = kind === 'write' ? this.writes.get(key)?.row.state : undefined;
      return state?.name === 'in-flight' && state.fence !== undefined && state.fence !== fence && lives(state.fence);
    });
  }

  row<K extends RowKind>(kind: K, key: string): Rows[K] | undefined {
    return (kind === 'write' ? this.writes.get(key)?.row : this.registry.get(`${kind} ${key}`)) as Rows[K] | undefined;
  }

  rows<K extends Exclude<RowKind, 'write'>>(kind: K): readonly Rows[K][] {
    let rows = this.listed.get(kind);
    if (rows === undefined) {
      const own = [...this.registry].filter(([key]) => key.startsWith(`${kind} `));
      rows = own.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
      this.listed.set(kind, rows);
    }
    return rows as readonly Rows[K][];
  }

  entry(seq: number): Entry | undefined {
    const stored = this.entries[seq];
    return stored === undefined ? undefined : this.read(stored);
  }

  read(stored: StoredEntry): Entry {
    const { type, stream, actor, correlation } = stored.draft;
    return {
      tenant: this.tenant,
      seq: stored.seq,
      type,
      stream,
      at: stored.at,
      actor,
      correlation,
      leafHash: hex(stored.leaf),
      body: stored.parsed,
    };
  }

  /** Signs when it is time: so many entries or so long since the last. */
  whenDue(now: number): void {
    this.signedAt ??= now;
    const grown = this.entries.length - (this.checkpoints.at(-1)?.size ?? 0);
    if (grown >= limits.checkpointEntriesMax || now - this.signedAt >= limits.checkpointAgeMaxMs) this.sign(now);
  }

  /** Signs the log if it has grown since its last checkpoint. */
  sign(now: number): void {
    if (this.entries.length === (this.checkpoints.at(-1)?.size ?? 0)) return;
    this.checkpoints.push({ size: this.entries.length, root: hex(this.tree.root()) });
    this.signedAt = now;
  }

  /** What is wrong with the log when it is played again from its first entry; empty when nothing is. */
  problems(): readonly { readonly code: string; readonly seq: number | null; readonly message: string }[] {
    const again = new SimulatedLog(this.tenant, this.number, this.sha256);
    const roots = new Map(this.checkpoints.map(({ size, root }) => [size, root]));
    const found: { code: string; seq: number | null; message: string }[] = [];
    for (const stored of this.entries) {
      const draft = { ...stored.draft, at: stored.at, body: JSON.parse(stored.body) as unknown } as EntryDraft;
      again.append({ tenant: this.tenant, expected: [], entries: [draft] });
      const leaf = again.entries[stored.seq]?.leaf;
      if (leaf === undefined || !sameBytes(leaf, stored.leaf))
        found.push({ code: 'leaf-differs', seq: stored.seq, message: 'the entry' });
      const root = roots.get(stored.seq + 1);
      if (root !== undefined && root !== hex(again.tree.root()))
        found.push({ code: 'root-differs', seq: stored.seq, message: 'the tree' });
    }
    const text = (log: SimulatedLog): string => JSON.stringify([[...log.writes].sort(), [...log.registry].sort()]);
    if (text(this) !== text(again))
      found.push({ code: 'row-differs', seq: null, message: 'the rows do not follow from the entries' });
    return found;
  }

  private place(one: Pick<StoredEntry, 'seq' | 'at' | 'body' | 'parsed'> & { readonly draft: EntryDraft }): void {
    const { draft, seq, at, body, parsed } = one;
    const last = this.entries.at(-1);
    const envelope: Envelope = {
      v: 1,
      tenant: this.tenant,
      seq,
      type: draft.type,
      stream: draft.stream,
      at,
      clock: 'ok',
      actor: draft.actor.id,
      actorKind: draft.actor.kind,
      role: draft.actor.kind === 'person' ? draft.actor.role : '',
      subject: draft.patientKey ?? '',
      correlation: draft.correlation,
      // A salt protects against guessing; on a simulated disk there is nobody who could.
      payload: hex(payloadCommitment(this.sha256, new Uint8Array(saltBytes), utf8(body))),
      prev: last === undefined ? '' : hex(last.leaf),
    };
    const bytes = encodeEnvelope(envelope);
    const leaf = leafHash(this.sha256, bytes);
    this.tree.append(leaf);
    this.entries.push({ seq, draft, at, body, parsed, envelope: bytes, leaf });
  }
}

/** Rows as they will be after a commit: its changes over what the log has. */
class Staged implements RowReader {
  readonly writes = new Map<string, StoredWrite>();
  readonly registry = new Map<string, Rows[Exclude<RowKind, 'write'>]>();
  private readonly log: SimulatedLog;

  constructor(log: SimulatedLog) {
    this.log = log;
  }

  write(id: string): WriteRow | undefined {
    return (this.writes.get(id) ?? this.log.writes.get(id))?.row;
  }
  event(key: string): EventRow | undefined {
    return this.other('event', key);
  }
  person(key: string): Rows['person'] | undefined {
    return this.other('person', key);
  }
  source(key: string): Rows['source'] | undefined {
    return this.other('source', key);
  }
  connection(key: string): Rows['connection'] | undefined {
    return this.other('connection', key);
  }
  switch(key: string): Rows['switch'] | undefined {
    return this.other('switch', key);
  }
  sends(key: string): Rows['sends'] | undefined {
    return this.other('sends', key);
  }
  policy(key: string): Rows['policy'] | undefined {
    return this.other('policy', key);
  }
  proposal(key: string): Rows['proposal'] | undefined {
    return this.other('proposal', key);
  }
  consent(key: string): Rows['consent'] | undefined {
    return this.other('consent', key);
  }
  gate(key: string): Rows['gate'] | undefined {
    return this.other('gate', key);
  }
  safety(key: string): Rows['safety'] | undefined {
    return this.other('safety', key);
  }
  path(key: string): Rows['path'] | undefined {
    return this.other('path', key);
  }
  emergency(key: string): Rows['emergency'] | undefined {
    return this.other('emergency', key);
  }
  review(key: string): Rows['review'] | undefined {
    return this.other('review', key);
  }
  workspace(): Rows['workspace'] | undefined {
    return this.other('workspace', 'workspace');
  }

  take(seq: number, changes: readonly RowChange[]): void {
    let slot = 0;
    for (const change of changes) {
      if (change.kind === 'write') {
        const before = this.writes.get(change.key) ?? this.log.writes.get(change.key);
        this.writes.set(change.key, { row: change.row, order: before?.order ?? [seq, slot] });
        slot += 1;
      } else {
        this.registry.set(`${change.kind} ${change.key}`, change.row);
      }
    }
  }

  private other<K extends Exclude<RowKind, 'write'>>(kind: K, key: string): Rows[K] | undefined {
    return (this.registry.get(`${kind} ${key}`) as Rows[K] | undefined) ?? this.log.row(kind, key);
  }
}

function timeOf(draft: EntryDraft, lastAt: number): number {
  if (!Number.isSafeInteger(draft.at) || draft.at < 0) {
    throw new SimulatedLedgerError('entry-refused', `${draft.type} has no usable time`);
  }
  return Math.max(draft.at, lastAt);
}

function refuseHalves(tenant: string, draft: EntryDraft): void {
  for (const text of [tenant, draft.stream, draft.correlation, draft.actor.id, draft.patientKey ?? '']) {
    if (!text.isWellFormed()) throw new SimulatedLedgerError('entry-refused', `${draft.type} names half of a surrogate pair`);
  }
}
