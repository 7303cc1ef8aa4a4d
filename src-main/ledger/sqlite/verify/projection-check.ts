import {
  IllegalMove,
  project,
  switchKey,
  type ConnectionRow,
  type ConsentRow,
  type EventRow,
  type EmergencyRow,
  type ReviewRow,
  type GateRow,
  type PathRow,
  type SafetyRow,
  type PersonRow,
  type PolicyRow,
  type ProposalRow,
  type ProjectedEntry,
  type RowReader,
  type SourceRow,
  type SendsRow,
  type SwitchRow,
  type WorkspaceRow,
  type WriteRow,
} from '../../../../src-shared/domain/index.ts';
import type { Rows } from '../../../ports/outbound/index.ts';
import type { Statement } from '../connection.ts';
import type { RegistryKind } from '../row-store.ts';
import { indexedColumns, ordOf } from '../write-columns.ts';
import type { ReadSnapshot } from './snapshot.ts';
import type { SpillStore } from './spill-store.ts';

/** A write as the entries so far make it. */
interface LiveWrite {
  readonly row: WriteRow;
  readonly ord: number;
  readonly seqs: string;
  /** Version at which the file has it: once the entries have brought it there, both are held together. */
  readonly storedVersion: number;
  /** It was found to be another one in the file. */
  readonly reported: boolean;
}

interface StoredWriteRecord {
  readonly version: number;
  readonly ord: number;
  readonly state: string;
  readonly code: string | null;
  readonly connection: string;
  readonly patient_key: string;
  readonly encounter_key: string | null;
  readonly event_id: string;
  readonly lane: string;
  readonly grp: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly due_at: number | null;
  readonly lane_rank: number | null;
  readonly unknown_since: number | null;
  readonly follow_at: number | null;
  readonly seqs: string;
  readonly doc: string;
}

export type RowProblemCode = 'row-differs' | 'row-missing' | 'row-extra' | 'row-unreadable' | 'row-unchecked' | 'entry-illegal';
export type ReportRow = (code: RowProblemCode, seq: number | null, message: string) => void;

/** Writes kept in memory while the log is read; more are put aside, encrypted. */
export const liveWritesMax = 20_000;

/**
 * Builds the rows of one log again from its entries and holds them, byte for byte, against those in the file.
 *
 * A row is compared as soon as the entries have brought it to the version the file has, and then forgotten, so that memory
 * does not grow with the log.
 */
export class ProjectionCheck {
  private readonly snapshot: ReadSnapshot;
  private readonly log: number;
  private readonly tenant: string;
  private readonly report: ReportRow;
  private readonly liveMax: number;
  private readonly spill: SpillStore;
  private readonly live = new Map<string, LiveWrite>();
  private readonly registry = new Map<string, { kind: RegistryKind; row: Rows[RegistryKind] }>();
  private readonly selectWrite: Statement;
  private readonly selectRegistry: Statement;
  private readonly countWrites: Statement;
  private readonly listWrites: Statement;
  private readonly listRegistry: Statement;
  private writes = 0;
  private missing = 0;
  private events = 0;
  private seq = 0;
  private lostSeq: number | null = null;

  constructor(snapshot: ReadSnapshot, log: number, tenant: string, spill: SpillStore, liveMax: number, report: ReportRow) {
    const { db } = snapshot;
    this.snapshot = snapshot;
    this.log = log;
    this.tenant = tenant;
    this.spill = spill;
    this.report = report;
    this.liveMax = liveMax;
    this.selectWrite = db.prepare('SELECT * FROM write WHERE id = ? AND log = ?');
    this.selectRegistry = db.prepare('SELECT doc FROM registry_row WHERE kind = ? AND log = ? AND key = ?').pluck();
    this.countWrites = db.prepare('SELECT count(*) FROM write WHERE log = ?').pluck();
    this.listWrites = db.prepare('SELECT row, id, doc FROM write WHERE log = ? AND row > ? ORDER BY row LIMIT 500');
    this.listRegistry = db.prepare('SELECT kind, key FROM registry_row WHERE log = ?');
  }

  /** True until an entry was lost: without it the rows that follow cannot be built. */
  get complete(): boolean {
    return this.lostSeq === null && !this.snapshot.moved;
  }

  /** Takes note that the body of an entry cannot be had. */
  lose(seq: number): void {
    this.lostSeq ??= seq;
  }

  /** Takes the next entry. Returns true when a write's row lists it (see `write.seqs`). */
  add(entry: ProjectedEntry, stream: string, subject: string): boolean {
    this.seq = entry.seq;
    let listed = false;
    if (!this.complete) return listed;
    try {
      let slot = 0;
      for (const change of project(entry, this.rows)) {
        if (change.kind === 'write') {
          const own = stream === `write/${change.key}` && subject === change.row.patientKey;
          listed ||= own;
          this.changeWrite(change.row, own ? entry.seq : null, ordOf(entry.seq, slot));
          slot += 1;
        } else {
          this.changeRegistry(change.kind, change.key, change.row);
        }
      }
    } catch (error) {
      if (!(error instanceof IllegalMove)) throw error;
      this.report(
        'entry-illegal',
        entry.seq,
        `Entry ${entry.seq} of ${this.tenant} asks for a move that is not allowed: ${error.message}.`,
      );
    }
    return listed;
  }

  /** After the last entry: what the file has and the log does not give, and the other way round. */
  finish(): void {
    if (!this.complete) {
      const reason =
        this.lostSeq === null
          ? 'the ledger was written to while damaged pages were looked for'
          : `the body of entry ${this.lostSeq} cannot be had`;
      this.report('row-unchecked', this.lostSeq, `The rows of ${this.tenant} could not all be held against the log: ${reason}.`);
      return;
    }
    for (const live of this.live.values()) this.reportLeft(live);
    for (const [, live] of this.spill.drain<LiveWrite>()) this.reportLeft(live);
    for (const { kind, row } of this.registry.values()) {
      if (kind === 'event') {
        const { eventId, seq } = row as EventRow;
        this.report('row-differs', seq, `The row of event ${eventId} of ${this.tenant} is not what the log gives.`);
      } else {
        this.compareRegistry(kind, keyOfRow(kind, row), row);
      }
    }
    this.guard('writes', () => {
      if ((this.countWrites.get(this.log) as number) > this.writes - this.missing) this.findExtraWrites();
    });
    this.guard('registry rows', () => this.findExtraRegistryRows());
  }

  private reportLeft({ row, storedVersion, reported }: LiveWrite): void {
    if (reported) return;
    if (storedVersion === 0) {
      this.missing += 1;
      this.report('row-missing', row.eventSeq, `Write ${row.id} of ${this.tenant} is in the log and not among the rows.`);
    } else {
      const message = `Write ${row.id} of ${this.tenant} has version ${storedVersion} in its row; the log gives ${row.version}.`;
      this.report('row-differs', row.eventSeq, message);
    }
  }

  private readonly rows: RowReader = {
    write: (id) => this.writeNow(id)?.row,
    event: (eventId) => this.eventNow(eventId),
    person: (id) => this.registry.get(`person\n${id}`)?.row as PersonRow | undefined,
    policy: (key) => this.registry.get(`policy\n${key}`)?.row as PolicyRow | undefined,
    proposal: (id) => this.registry.get(`proposal\n${id}`)?.row as ProposalRow | undefined,
    consent: (patient) => this.registry.get(`consent\n${patient}`)?.row as ConsentRow | undefined,
    gate: (connection) => this.registry.get(`gate\n${connection}`)?.row as GateRow | undefined,
    safety: (id) => this.registry.get(`safety\n${id}`)?.row as SafetyRow | undefined,
    path: (key) => this.registry.get(`path\n${key}`)?.row as PathRow | undefined,
    emergency: (id) => this.registry.get(`emergency\n${id}`)?.row as EmergencyRow | undefined,
    review: (write) => this.registry.get(`review\n${write}`)?.row as ReviewRow | undefined,
    source: (name) => this.registry.get(`source\n${name}`)?.row as SourceRow | undefined,
    connection: (name) => this.registry.get(`connection\n${name}`)?.row as ConnectionRow | undefined,
    sends: (key) => this.registry.get(`sends\n${key}`)?.row as SendsRow | undefined,
    switch: (key) => this.registry.get(`switch\n${key}`)?.row as SwitchRow | undefined,
    workspace: () => this.registry.get('workspace\nworkspace')?.row as WorkspaceRow | undefined,
  };

  private writeNow(id: string): LiveWrite | undefined {
    const live = this.live.get(id) ?? this.spill.take<LiveWrite>(id);
    if (live !== undefined) {
      this.live.set(id, live);
      return live;
    }
    // A row that was compared and forgotten is what the file has; one that is still to come is not there yet.
    const stored = this.stored(id);
    if (stored === undefined || Math.floor(stored.ord / ordOf(1, 0)) >= this.seq) return undefined;
    const row = parseJson<WriteRow>(stored.doc);
    return row === undefined
      ? undefined
      : { row, ord: stored.ord, seqs: stored.seqs, storedVersion: stored.version, reported: false };
  }

  private eventNow(eventId: string): EventRow | undefined {
    const live = this.registry.get(`event\n${eventId}`)?.row as EventRow | undefined;
    if (live !== undefined) return live;
    const doc = this.storedRegistry('event', eventId);
    const row = doc === undefined ? undefined : parseJson<EventRow>(doc);
    return row !== undefined && Math.max(row.seq, row.approvalSeq) < this.seq ? row : undefined;
  }

  private changeWrite(row: WriteRow, seq: number | null, ord: number): void {
    const before = this.writeNow(row.id);
    const stored = before === undefined || row.version === before.storedVersion ? this.stored(row.id) : undefined;
    const seqs = before?.seqs ?? '';
    let after: LiveWrite = {
      row,
      ord: before?.ord ?? ord,
      seqs: seq === null ? seqs : seqs === '' ? String(seq) : `${seqs} ${seq}`,
      storedVersion: before?.storedVersion ?? stored?.version ?? 0,
      reported: before?.reported ?? false,
    };
    if (before === undefined) this.writes += 1;
    this.live.delete(row.id);
    if (stored !== undefined && stored.version === row.version) {
      // The file's row is used from here on if it is right, and ours if it is not.
      if (this.sameWrite(after, stored)) return;
      after = { ...after, reported: true };
    }
    this.live.set(row.id, after);
    if (this.live.size > this.liveMax) this.putAside();
  }

  private sameWrite(live: LiveWrite, stored: StoredWriteRecord): boolean {
    const { row } = live;
    const columns = indexedColumns(row);
    const expected: StoredWriteRecord = {
      version: columns.version,
      ord: live.ord,
      state: columns.state,
      code: columns.code,
      connection: row.connection,
      patient_key: row.patientKey,
      encounter_key: row.encounterKey,
      event_id: row.eventId,
      lane: row.lane,
      grp: row.group,
      created_at: row.createdAt,
      updated_at: columns.updatedAt,
      due_at: columns.dueAt,
      lane_rank: columns.laneRank,
      unknown_since: columns.unknownSince,
      follow_at: columns.followAt,
      seqs: live.seqs,
      doc: JSON.stringify(row),
    };
    const different = (Object.keys(expected) as (keyof StoredWriteRecord)[]).filter((name) => stored[name] !== expected[name]);
    if (different.length === 0) return true;
    const message = `The row of write ${row.id} of ${this.tenant} is not what the log gives (${different.join(', ')}).`;
    this.report('row-differs', this.seq, message);
    return false;
  }

  private changeRegistry(kind: RegistryKind, key: string, row: Rows[RegistryKind]): void {
    const name = `${kind}\n${key}`;
    if (kind === 'event') {
      if (row.version === 1) this.events += 1;
      const stored = this.storedRegistry(kind, key);
      if (stored === JSON.stringify(row)) {
        this.registry.delete(name);
        return;
      }
    }
    this.registry.set(name, { kind, row });
  }

  private compareRegistry(kind: RegistryKind, key: string, row: Rows[RegistryKind]): void {
    if (this.storedRegistry(kind, key) === JSON.stringify(row)) return;
    this.report('row-differs', null, `The row of ${kind} ${key} of ${this.tenant} is not what the log gives.`);
  }

  private stored(id: string): StoredWriteRecord | undefined {
    return this.guard(`write ${id}`, () => this.selectWrite.get(id, this.log) as StoredWriteRecord | undefined);
  }

  private storedRegistry(kind: RegistryKind, key: string): string | undefined {
    return this.guard(`${kind} ${key}`, () => this.selectRegistry.get(kind, this.log, key) as string | undefined);
  }

  private findExtraWrites(): void {
    for (let after = 0; ;) {
      const rows = this.listWrites.all(this.log, after) as { row: number; id: string; doc: string }[];
      for (const { row, id, doc } of rows) {
        after = row;
        const eventId = parseJson<WriteRow>(doc)?.eventId;
        const event = eventId === undefined ? undefined : parseJson<EventRow>(this.storedRegistry('event', eventId) ?? '');
        if (event?.writes.includes(id) === true) continue;
        this.report('row-extra', null, `Write ${id} of ${this.tenant} is among the rows and not in the log.`);
      }
      if (rows.length === 0) return;
    }
  }

  private findExtraRegistryRows(): void {
    let events = 0;
    for (const { kind, key } of this.listRegistry.iterate(this.log) as Iterable<{ kind: RegistryKind; key: string }>) {
      if (kind === 'event') events += 1;
      else if (!this.registry.has(`${kind}\n${key}`))
        this.report('row-extra', null, `The ${kind} ${key} of ${this.tenant} is among the rows and not in the log.`);
    }
    if (events > this.events)
      this.report('row-extra', null, `${events - this.events} events of ${this.tenant} are among the rows and not in the log.`);
  }

  private putAside(): void {
    const oldest = [...this.live.keys()].slice(0, Math.ceil(this.liveMax / 2));
    this.spill.put(
      oldest.map((id) => {
        const live = this.live.get(id);
        this.live.delete(id);
        return [id, live];
      }),
    );
  }

  /** Runs a read; a page that cannot be read costs what is on it, and is reported. */
  private guard<T>(what: string, read: () => T): T | undefined {
    const attempt = this.snapshot.attempt(read);
    if (attempt === undefined)
      this.report('row-unreadable', null, `The ${what} of ${this.tenant} cannot be read: a page of the file is damaged.`);
    return attempt?.value;
  }
}

function keyOfRow(kind: RegistryKind, row: Rows[RegistryKind]): string {
  switch (kind) {
    case 'person':
      return (row as PersonRow).id;
    case 'source':
      return (row as SourceRow).name;
    case 'connection':
      return (row as ConnectionRow).name;
    case 'switch': {
      const { what, scope } = row as SwitchRow;
      return switchKey(what, scope);
    }
    case 'sends':
      return (row as SendsRow).key;
    case 'event':
      return (row as EventRow).eventId;
    case 'workspace':
      return 'workspace';
    case 'policy':
      return (row as PolicyRow).key;
    case 'proposal':
      return (row as ProposalRow).id;
    case 'consent':
      return (row as ConsentRow).patient;
    case 'gate':
      return (row as GateRow).connection;
    case 'safety':
      return (row as SafetyRow).id;
    case 'path':
      return (row as PathRow).key;
    case 'emergency':
      return (row as EmergencyRow).id;
    case 'review':
      return (row as ReviewRow).write;
  }
}

function parseJson<T>(text: string): T | undefined {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined;
  }
}
