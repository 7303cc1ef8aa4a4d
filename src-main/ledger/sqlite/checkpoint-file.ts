import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { parseCheckpoint, type Checkpoint } from '../../../src-shared/audit/index.ts';
import type { AtFailpoint } from '../failpoint.ts';

/**
 * Checkpoints beside the ledger: one file per log, signed notes one after the other, only ever added to. It is the witness
 * that is not inside the ledger: an older ledger put back, or frames lost from its WAL, do not take these along.
 */
const FOLDER = 'checkpoints';
const ENDING = '.log';
/** Lines of one note as this program writes it: origin, size, root, blank, one signature. */
const NOTE_LINES = 5;

export interface NoteInFile {
  readonly text: string;
  readonly checkpoint: Checkpoint;
}

export interface CheckpointFileContent {
  readonly notes: readonly NoteInFile[];
  /** Bytes of the complete notes. */
  readonly bytes: number;
  /** What follows the last complete note: the beginning of one whose writing was cut off, or damage. */
  readonly tail: string;
  /** What is wrong with a complete note, or `null`. */
  readonly problem: string | null;
}

// Names that Windows keeps for devices, whatever their ending.
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])$/;

/** A tenant's file name: the same tenant always, no two tenants ever, on file systems that ignore case and those that do not. */
export function checkpointFileName(tenant: string): string {
  const escape = (text: string): string =>
    Array.from(Buffer.from(text), (byte) => `~${byte.toString(16).padStart(2, '0')}`).join('');
  const safe = tenant.replace(/[^a-z0-9_-]/gu, escape);
  return (DEVICE.test(safe) ? escape(safe.slice(0, 1)) + safe.slice(1) : safe) + ENDING;
}

/** The checkpoint files of one workspace. */
export class CheckpointFiles {
  private readonly folder: string;
  /** Length and last size of files this process has seen complete. */
  private readonly seen = new Map<string, { bytes: number; size: number }>();
  private readonly lost = new Map<string, ReadonlySet<number>>();

  constructor(workspace: string) {
    this.folder = path.join(workspace, FOLDER);
  }

  /** Names of all checkpoint files there are. */
  names(): readonly string[] {
    return existsSync(this.folder)
      ? readdirSync(this.folder)
          .filter((name) => name.endsWith(ENDING))
          .sort()
      : [];
  }

  exists(name: string): boolean {
    return existsSync(path.join(this.folder, name));
  }

  read(name: string): CheckpointFileContent {
    return parseNotes(readFileSync(path.join(this.folder, name), 'utf8'));
  }

  /**
   * Takes the notes over more than `size` entries out of a file and keeps them in another one beside it, for good: they were
   * signed over entries that are lost.
   */
  keepApart(name: string, size: number): void {
    const file = path.join(this.folder, name);
    const { notes } = this.read(name);
    const apart = openSync(this.lostFile(name), 'a', 0o600);
    for (const note of notes) if (note.checkpoint.size > size) writeSync(apart, note.text);
    fsyncSync(apart);
    closeSync(apart);
    syncFolder(this.folder);
    const kept = notes.filter((note) => note.checkpoint.size <= size).map((note) => note.text);
    const fd = openSync(`${file}.new`, 'w', 0o600);
    writeSync(fd, kept.join(''));
    fsyncSync(fd);
    closeSync(fd);
    renameSync(`${file}.new`, file);
    syncFolder(this.folder);
    this.seen.delete(name);
    this.lost.delete(name);
  }

  /** True when a root was signed for this size over entries that are lost. */
  wasSignedBeforeLoss(name: string, size: number): boolean {
    let sizes = this.lost.get(name);
    if (sizes === undefined) {
      const file = this.lostFile(name);
      // Apart from each other, and in any order: what was lost twice stands there twice.
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
      sizes = new Set(lines.flatMap((line, at) => (at % NOTE_LINES === 1 ? [Number(line)] : [])));
      this.lost.set(name, sizes);
    }
    return sizes.has(size);
  }

  private lostFile(name: string): string {
    return path.join(this.folder, `${name.slice(0, -ENDING.length)}.lost`);
  }

  /** Makes the file, empty and durable, unless it is there: once it has been there, its absence means something. */
  ensure(name: string): void {
    if (this.exists(name)) return;
    if (!existsSync(this.folder)) {
      mkdirSync(this.folder, { mode: 0o700 });
      syncFolder(path.dirname(this.folder));
    }
    closeSync(openSync(path.join(this.folder, name), 'a', 0o600));
    syncFolder(this.folder);
  }

  /**
   * Brings the file up to date with the ledger and syncs it: adds the notes that `after(size)` returns for the last size in
   * the file. A note cut off at the end by a crash is replaced by the whole one. To be called while no other process can.
   */
  complete(
    name: string,
    after: (size: number) => readonly { readonly size: number; readonly note: string }[],
    failpoint: AtFailpoint,
  ): void {
    const fd = openSync(path.join(this.folder, name), 'r+');
    try {
      const length = fstatSync(fd).size;
      let known = this.seen.get(name);
      if (known === undefined || known.bytes !== length) {
        const content = this.read(name);
        if (content.problem !== null) throw new Error(`the checkpoint file ${name} ${content.problem}`);
        known = { bytes: content.bytes, size: content.notes.at(-1)?.checkpoint.size ?? 0 };
        if (content.tail !== '') ftruncateSync(fd, content.bytes);
      }
      let { bytes, size } = known;
      for (const { size: next, note } of after(size)) {
        bytes += writeSync(fd, note, bytes, 'utf8');
        size = next;
      }
      failpoint('checkpoint-file-appended');
      fsyncSync(fd);
      failpoint('checkpoint-file-synced');
      this.seen.set(name, { bytes, size });
    } finally {
      closeSync(fd);
    }
  }
}

/** Makes names in a folder durable. Windows has no such call and does not need it. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function parseNotes(text: string): CheckpointFileContent {
  const notes: NoteInFile[] = [];
  let start = 0;
  for (;;) {
    const end = endOfNote(text, start);
    if (end === -1) return { notes, bytes: Buffer.byteLength(text.slice(0, start)), tail: text.slice(start), problem: null };
    const note = text.slice(start, end);
    const parsed = parseCheckpoint(note);
    const last = notes.at(-1)?.checkpoint.size ?? 0;
    if (!parsed.ok || parsed.checkpoint.size <= last) {
      const problem = parsed.ok ? `has size ${parsed.checkpoint.size} after size ${last}` : parsed.problem;
      return {
        notes,
        bytes: Buffer.byteLength(text.slice(0, start)),
        tail: text.slice(start),
        problem: `note ${notes.length + 1} ${problem}`,
      };
    }
    notes.push({ text: note, checkpoint: parsed.checkpoint });
    start = end;
  }
}

function endOfNote(text: string, start: number): number {
  let end = start;
  for (let line = 0; line < NOTE_LINES; line += 1) {
    const newline = text.indexOf('\n', end);
    if (newline === -1) return -1;
    end = newline + 1;
  }
  return end;
}
