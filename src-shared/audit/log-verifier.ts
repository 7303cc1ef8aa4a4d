import { hex, type Sha256 } from '../domain/index.ts';
import { parseEnvelope, type Envelope } from './envelope.ts';
import { leafHash, sameBytes } from './hashing.ts';
import { Frontier } from './tree.ts';

/** An entry as it was stored. */
export interface StoredLeaf {
  readonly seq: number;
  /** Hash that was recorded for the entry, apart from its bytes; without it only chain and tree can tell. */
  readonly leafHash?: Uint8Array;
  readonly envelope: Uint8Array;
}

export type LogProblemCode =
  | 'entry-changed'
  | 'entry-missing'
  | 'entry-misplaced'
  | 'entry-unreadable'
  | 'time-reversed'
  | 'node-changed'
  | 'checkpoint-mismatch'
  | 'log-truncated'
  | 'log-head-differs';

/** Something in a log that is not as it was written. */
export interface LogProblem {
  readonly code: LogProblemCode;
  /** First entry concerned. */
  readonly seq: number;
  /** Last entry concerned; the same as `seq` when it is known exactly. */
  readonly until: number;
  readonly message: string;
}

export interface LogVerifierOptions {
  readonly sha256: Sha256;
  readonly tenant: string;
  /** Roots whose signatures have been checked, by ascending size. */
  readonly checkpoints: readonly { readonly size: number; readonly root: Uint8Array }[];
  /** Stored complete subtrees of level 1 and up, where there are any; asked for in the order in which they were completed. */
  readonly node?: (level: number, index: number) => Uint8Array | undefined;
}

/** Problems listed by place; beyond this many they are only counted. */
const LISTED_MAX = 1_000;

/**
 * Checks a log entry by entry, in order, in constant memory, and says where it was changed.
 *
 * Four witnesses are held against each other: the bytes of each entry against the hash recorded for it; each entry's `prev`
 * against the hash of the one before; the stored subtrees; and the signed roots. An entry changed alone is named exactly.
 * Entries rewritten together with all that follows them are found at the next signed root, as the range since the last one
 * that fits. After a change that was located the check goes on with the original hash where a witness still has it, so that
 * one change does not hide another.
 */
export class LogVerifier {
  readonly problems: LogProblem[] = [];
  /** Problems found, listed or not. */
  found = 0;
  private readonly options: LogVerifierOptions;
  private tree: Frontier;
  /** The tree before its last leaf, and with the last leaf as the entry after it remembers it. */
  private before: Frontier;
  private other: Frontier | null = null;
  private expected = 0;
  /** Entries whose own number differs from their place by this much have been reported as shifted. */
  private shift = 0;
  private lastLeaf: Uint8Array | null = null;
  private lastAt = 0;
  /** Entry that the one after it did not recognise; the next entry shows which of the two was changed. */
  private suspect: number | null = null;
  private inStep = true;
  private fits = 0;
  private nextCheckpoint = 0;
  private readonly lost: { readonly seq: number; readonly until: number }[] = [];

  constructor(options: LogVerifierOptions) {
    this.options = options;
    this.tree = Frontier.empty(options.sha256);
    this.before = this.tree;
    this.compareRoots();
  }

  /** Entries checked so far. */
  get size(): number {
    return this.expected;
  }

  /** Takes the next entry. Returns its envelope, or `undefined` when that cannot be read. */
  add(stored: StoredLeaf): Envelope | undefined {
    const { seq } = stored;
    if (seq < this.expected) throw new RangeError(`entry ${seq} comes after entry ${this.expected - 1}`);
    const parsed = parseEnvelope(stored.envelope);
    const envelope = parsed.ok ? parsed.envelope : undefined;
    if (seq > this.expected) {
      this.report('entry-missing', this.expected, seq - 1, seq - 1 === this.expected ? 'is missing' : 'are missing');
      this.passOver(seq, envelope);
    }
    const leaf = leafHash(this.options.sha256, stored.envelope);
    if (stored.leafHash !== undefined && !sameBytes(leaf, stored.leafHash)) {
      // What a changed entry says is no witness for anything.
      this.report('entry-changed', seq, seq, 'was changed: its bytes do not give the hash recorded for it');
    } else if (!parsed.ok) {
      this.report('entry-unreadable', seq, seq, `cannot be read: its envelope ${parsed.problem}`);
    } else {
      this.compareFields(seq, parsed.envelope);
    }
    this.append(stored.leafHash ?? leaf);
    return envelope;
  }

  /** Takes note that the next entries, up to and with `until`, are there but cannot be read, for a reason reported elsewhere. */
  lose(until: number): void {
    this.lost.push({ seq: this.expected, until });
    this.passOver(until + 1, undefined);
  }

  /**
   * Ends the check of a log that should have this many entries, the last one with this leaf hash.
   */
  finish(size: number, lastLeaf?: Uint8Array): void {
    if (this.suspect !== null) {
      const entry = this.suspect;
      this.report(
        'entry-changed',
        entry,
        entry + 1,
        'or the one after it was changed: the second does not follow from the first',
      );
    }
    const signed = this.options.checkpoints.at(-1)?.size ?? 0;
    const wanted = Math.max(size, signed);
    if (this.expected < wanted) {
      const by = signed > size ? 'a signed checkpoint covers them' : 'the log is recorded as longer';
      this.report('log-truncated', this.expected, wanted - 1, `are missing at the end: ${by}`);
    } else if (this.expected > size) {
      this.report('log-head-differs', size, this.expected - 1, 'stand after the recorded end of the log');
    } else if (lastLeaf !== undefined && this.lastLeaf !== null && !sameBytes(lastLeaf, this.lastLeaf)) {
      this.reportUnlessExplained('entry-changed', size - 1, size - 1, 'is not the one that the log records as its last');
    }
    this.dropExplained();
  }

  /** Ranges found while an entry inside them was not yet known to be the cause say nothing more. */
  private dropExplained(): void {
    const exact = this.problems.filter((problem) => problem.seq === problem.until);
    const kept = this.problems.filter(
      (problem) =>
        (problem.code !== 'node-changed' && problem.code !== 'checkpoint-mismatch') ||
        !exact.some((one) => one !== problem && one.seq >= problem.seq && one.seq <= problem.until),
    );
    this.found -= this.problems.length - kept.length;
    this.problems.splice(0, this.problems.length, ...kept);
  }

  private compareFields(seq: number, envelope: Envelope): void {
    if (envelope.tenant !== this.options.tenant) {
      this.report('entry-misplaced', seq, seq, `belongs to the log of ${envelope.tenant}`);
    } else if (envelope.seq !== seq && envelope.seq !== seq + this.shift) {
      this.report('entry-misplaced', seq, seq, `stands in the place of entry ${envelope.seq}`);
      this.shift = envelope.seq - seq;
    } else {
      if (envelope.seq === seq) this.shift = 0;
      this.compareLink(seq, envelope);
    }
    if (envelope.at < this.lastAt) this.reportUnlessExplained('time-reversed', seq, seq, 'is older than the one before it');
    this.lastAt = Math.max(this.lastAt, envelope.at);
  }

  /** Holds `prev` against the entry before. Of two entries that do not fit, the one that its other neighbour denies as well was changed. */
  private compareLink(seq: number, envelope: Envelope): void {
    const { suspect } = this;
    this.suspect = null;
    const holds = this.lastLeaf === null || envelope.prev === hex(this.lastLeaf);
    if (suspect !== null) {
      const changed = holds ? suspect : seq - 1;
      this.report('entry-changed', changed, changed, 'was changed: the entries beside it do not recognise it');
      if (holds && this.other !== null) this.tree = this.other;
      else if (!holds) this.substituteLast(envelope.prev);
      this.other = null;
      return;
    }
    if (holds || seq === 0) return;
    if (this.isNamed(seq - 1)) {
      this.substituteLast(envelope.prev);
      return;
    }
    this.suspect = seq - 1;
    this.other = this.before.copy();
    this.other.append(bytesOf(envelope.prev));
  }

  /** Puts the hash that the following entry remembers in the place of the last leaf. */
  private substituteLast(prev: string): void {
    const original = this.before.copy();
    original.append(bytesOf(prev));
    this.tree = original;
  }

  private append(leaf: Uint8Array): void {
    this.before = this.tree.copy();
    const completed = this.tree.append(leaf);
    this.other?.append(leaf);
    this.lastLeaf = leaf;
    this.expected += 1;
    if (this.inStep && this.options.node !== undefined) {
      for (const { level, index, hash } of completed) {
        const stored = this.options.node(level, index);
        if (stored !== undefined && sameBytes(stored, hash)) continue;
        const span = 2 ** level;
        const what =
          stored === undefined ? 'have lost a node of the tree over them' : 'do not give the stored node of the tree over them';
        this.reportUnlessExplained('node-changed', index * span, (index + 1) * span - 1, what);
      }
    }
    this.compareRoots();
  }

  private compareRoots(): void {
    const { checkpoints } = this.options;
    for (let next = checkpoints[this.nextCheckpoint]; next?.size === this.expected; next = checkpoints[this.nextCheckpoint]) {
      this.nextCheckpoint += 1;
      if (this.inStep && sameBytes(this.tree.root(), next.root)) {
        this.fits = next.size;
        continue;
      }
      if (this.suspect !== null && this.other !== null && sameBytes(this.other.root(), next.root)) {
        this.report(
          'entry-changed',
          this.suspect,
          this.suspect,
          'was changed: the entry after it and the signed root remember another one',
        );
        this.tree = this.other;
        this.other = null;
        this.suspect = null;
        this.fits = next.size;
        continue;
      }
      if (!this.inStep && this.stepIn(next)) continue;
      const from = Math.min(this.fits, Math.max(next.size - 1, 0));
      this.reportUnlessExplained(
        'checkpoint-mismatch',
        from,
        Math.max(next.size - 1, 0),
        'are not what was signed: their root is another one',
      );
      this.stepIn(next);
    }
  }

  /** Goes on from the stored subtrees when they give the signed root: they then are the tree that was signed. */
  private stepIn(checkpoint: { readonly size: number; readonly root: Uint8Array }): boolean {
    const stored = this.storedFrontier(checkpoint.size);
    this.inStep = stored !== undefined && sameBytes(stored.root(), checkpoint.root);
    if (stored === undefined || !this.inStep) return false;
    this.tree = stored;
    this.other = null;
    this.fits = checkpoint.size;
    return true;
  }

  private storedFrontier(size: number): Frontier | undefined {
    const hashes: number[] = [];
    let start = 0;
    for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level -= 1) {
      const span = 2 ** level;
      if (size - start < span) continue;
      const hash = level === 0 ? (this.lastLeaf ?? undefined) : this.options.node?.(level, start / span);
      if (hash === undefined) return undefined;
      hashes.push(...hash);
      start += span;
    }
    return Frontier.from(this.options.sha256, size, Uint8Array.from(hashes));
  }

  /** Goes on at this entry without those before it. */
  private passOver(seq: number, following: Envelope | undefined): void {
    this.suspect = null;
    this.other = null;
    if (seq - this.expected === 1 && following !== undefined && following.seq === seq) {
      // The entry after the missing one remembers its hash.
      this.append(bytesOf(following.prev));
      return;
    }
    this.inStep = false;
    const { checkpoints } = this.options;
    while ((checkpoints[this.nextCheckpoint]?.size ?? Infinity) <= seq) this.nextCheckpoint += 1;
    this.lastLeaf = null;
    this.expected = seq;
  }

  private reportUnlessExplained(code: LogProblemCode, seq: number, until: number, what: string): void {
    if (!this.isExplained(seq, until)) this.report(code, seq, until, what);
  }

  /** True when exactly this entry has been reported. */
  private isNamed(seq: number): boolean {
    return this.problems.some((problem) => problem.seq === seq && problem.until === seq);
  }

  /** True when something between these entries has been reported or is suspected. */
  private isExplained(seq: number, until: number): boolean {
    if (this.suspect !== null && this.suspect >= seq && this.suspect <= until) return true;
    return [this.problems, this.lost].some((ranges) => ranges.some((range) => range.seq <= until && range.until >= seq));
  }

  private report(code: LogProblemCode, seq: number, until: number, what: string): void {
    this.found += 1;
    if (this.problems.length >= LISTED_MAX) return;
    const who = seq === until ? `Entry ${seq}` : `Entries ${seq} to ${until}`;
    this.problems.push({ code, seq, until, message: `${who} of ${this.options.tenant} ${what}.` });
  }
}

function bytesOf(hash: string): Uint8Array {
  const bytes = new Uint8Array(hash.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hash.slice(at * 2, at * 2 + 2), 16);
  return bytes;
}
