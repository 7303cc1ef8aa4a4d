import type { Statement } from '../connection.ts';
import { placeOf, seqOf } from '../place.ts';
import type { ReadSnapshot } from './snapshot.ts';

export interface EntryParts {
  readonly seq: number;
  readonly leafHash: Buffer;
  readonly envelope: Buffer;
  /** `undefined` when there is no payload row, `null` when there is one that cannot be read. */
  readonly payload: { readonly keyId: number; readonly sealed: Buffer } | null | undefined;
}

/** Entries that were asked for, in order; `unreadable` are there, or were, on pages that SQLite cannot read. */
export interface Stretch {
  readonly entries: readonly EntryParts[];
  readonly unreadable: readonly number[];
}

interface EntryRecord {
  readonly place: number;
  readonly leaf_hash: Buffer;
  readonly envelope: Buffer;
}

interface PayloadRecord {
  readonly place: number;
  readonly key_id: number;
  readonly sealed: Buffer;
}

/** Reads a log a stretch at a time. A damaged page costs the entries on it, not the stretch. */
export class EntrySource {
  private readonly log: number;
  private readonly entries: RangeReader<EntryRecord>;
  private readonly payloads: RangeReader<PayloadRecord>;
  private readonly nodes: RangeReader<{ readonly place: number; readonly hash: Buffer }>;
  private nodeWindow = new Map<number, Buffer>();
  private nodeEnd = 0;

  constructor(snapshot: ReadSnapshot, log: number) {
    this.log = log;
    this.entries = new RangeReader(snapshot, 'entry', 'place, leaf_hash, envelope');
    this.payloads = new RangeReader(snapshot, 'payload', 'place, key_id, sealed');
    this.nodes = new RangeReader(snapshot, 'node', 'place, hash');
  }

  read(from: number, count: number): Stretch {
    const [start, end] = [placeOf(this.log, from), placeOf(this.log, from + count)];
    const entries = this.entries.read(start, end);
    const payloads = this.payloads.read(start, end);
    const sealed = new Map(payloads.rows.map((row) => [row.place, row]));
    const lost = new Set(payloads.unreadable);
    return {
      entries: entries.rows.map((row) => {
        const payload = sealed.get(row.place);
        return {
          seq: seqOf(row.place),
          leafHash: row.leaf_hash,
          envelope: row.envelope,
          payload:
            payload === undefined ? (lost.has(row.place) ? null : undefined) : { keyId: payload.key_id, sealed: payload.sealed },
        };
      }),
      unreadable: entries.unreadable.map(seqOf),
    };
  }

  /** A stored node by its number; meant to be asked in rising order. */
  node(number: number): Buffer | undefined {
    if (number >= this.nodeEnd) {
      const start = number;
      this.nodeEnd = number + NODES_AT_ONCE;
      const read = this.nodes.read(placeOf(this.log, start), placeOf(this.log, this.nodeEnd));
      this.nodeWindow = new Map(read.rows.map((row) => [seqOf(row.place), row.hash]));
    }
    return this.nodeWindow.get(number) ?? this.nodes.one(placeOf(this.log, number))?.hash;
  }
}

const NODES_AT_ONCE = 1_024;

class RangeReader<Row extends { readonly place: number }> {
  private readonly snapshot: ReadSnapshot;
  private readonly range: Statement;
  private readonly single: Statement;

  constructor(snapshot: ReadSnapshot, table: string, columns: string) {
    const { db } = snapshot;
    this.snapshot = snapshot;
    this.range = db.prepare(`SELECT ${columns} FROM ${table} WHERE place >= ? AND place < ? ORDER BY place`);
    this.single = db.prepare(`SELECT ${columns} FROM ${table} WHERE place = ?`);
  }

  read(start: number, end: number): { readonly rows: readonly Row[]; readonly unreadable: readonly number[] } {
    const whole = this.snapshot.attempt(() => this.range.all(start, end) as Row[]);
    if (whole !== undefined) return { rows: whole.value, unreadable: [] };
    const rows: Row[] = [];
    const unreadable: number[] = [];
    for (let place = start; place < end; place += 1) {
      const read = this.snapshot.attempt(() => this.single.get(place) as Row | undefined);
      if (read === undefined) unreadable.push(place);
      else if (read.value !== undefined) rows.push(read.value);
    }
    return { rows, unreadable };
  }

  one(place: number): Row | undefined {
    return this.snapshot.attempt(() => this.single.get(place) as Row | undefined)?.value;
  }
}
