import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { pipeline, Transform, type Readable } from 'node:stream';
import type { IncomingRecord } from '../ports/inbound/index.ts';
import { splitDocument } from './split-document.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** A file that could not be read at all; its records were not looked at. */
export class UnreadableFile extends Error {
  readonly file: string;
  constructor(file: string, reason: string) {
    super(`${file}: ${reason}`);
    this.name = 'UnreadableFile';
    this.file = file;
  }
}

/**
 * The records of one file (A5): NDJSON one per line, JSON one record or a list of them; `.gz` is unpacked on the way,
 * `-` is standard input. Lines count from 1. A record that is too large or not UTF-8 comes back refused; the rest of
 * the file is still read. Memory stays flat: one record is held at a time, a JSON document as a whole up to its cap.
 *
 * @throws UnreadableFile when the file cannot be opened, is not gzip though it says so, or unpacks to an absurd size
 */
export async function* recordsOf(file: string, stdin: Readable): AsyncIterable<IncomingRecord> {
  const name = file === '-' ? 'standard input' : file;
  const plain = file.replace(/\.gz$/i, '');
  try {
    const source = file === '-' ? stdin : createReadStream(file, { highWaterMark: CHUNK_BYTES });
    const bytes = file === plain ? source : unpacked(source);
    yield* recordsIn(name, bytes, /\.json$/i.test(plain) ? 'document' : /\.(?:ndjson|jsonl)$/i.test(plain) ? 'lines' : 'either');
  } catch (error) {
    if (error instanceof UnreadableFile) throw error;
    throw new UnreadableFile(name, reasonOf(error));
  }
}

function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'this user may not read it';
  if (code === 'EISDIR') return 'it is a folder, not a file';
  if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') return 'it is not a complete gzip file';
  return error instanceof Error ? error.message : String(error);
}

/** Unpacks gzip and stops when a small file grows absurdly: a few kilobytes can unpack to many gigabytes. */
function unpacked(source: Readable): Readable {
  let packed = 0;
  let grown = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      packed += chunk.length;
      done(null, chunk);
    },
  });
  const capped = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      grown += chunk.length;
      const tooMuch = grown > limits.recordBytesMax && grown > packed * limits.inflateRatioMax;
      done(tooMuch ? new Error(`it unpacks to more than ${limits.inflateRatioMax} times its size`) : null, chunk);
    },
  });
  // All parts end together, the open file with them; what went wrong reaches the reader through `capped`.
  return pipeline(source, counted, createGunzip(), capped, () => undefined);
}

type Layout = 'lines' | 'document' | 'either';

async function* recordsIn(file: string, bytes: AsyncIterable<Buffer>, layout: Layout): AsyncIterable<IncomingRecord> {
  let mode = layout;
  const held: Buffer[] = [];
  let heldBytes = 0;
  let blank = 0;
  // A document may be one line.
  const lineBytesMax = (): number => (mode === 'document' ? limits.documentBytesMax : limits.recordBytesMax);
  for await (const line of lines(bytes, lineBytesMax)) {
    if (mode === 'either') {
      const start = line.bytes?.toString('utf8').trim() ?? '';
      if (start === '' && line.bytes !== null) {
        blank += 1;
        continue;
      }
      mode = start === '{' || start.startsWith('[') ? 'document' : 'lines';
    }
    if (mode === 'lines') {
      const record = recordOf(file, line);
      if (record !== null) yield record;
      continue;
    }
    heldBytes += (line.bytes?.length ?? limits.documentBytesMax) + 1;
    if (heldBytes > limits.documentBytesMax)
      throw new UnreadableFile(file, 'a JSON document of this size must be sent as NDJSON, one record per line');
    if (line.bytes !== null) held.push(line.bytes, NEWLINE);
  }
  if (mode === 'document') yield* documentRecords(file, Buffer.concat(held), blank);
}

/** @param before how many lines stood before the document */
function* documentRecords(file: string, bytes: Buffer, before: number): Iterable<IncomingRecord> {
  const text = decode(bytes);
  if (text === null) {
    yield { file, line: before + 1, refused: 'record-not-utf8', message: 'the file is not UTF-8 text' };
    return;
  }
  for (const part of splitDocument(text)) {
    const line = before + part.line;
    if (Buffer.byteLength(part.text) > limits.recordBytesMax) yield tooLarge(file, line);
    else yield { file, line, text: part.text };
  }
}

interface Line {
  readonly line: number;
  /** `null`: longer than a record may be; its bytes were not kept. */
  readonly bytes: Buffer | null;
}

async function* lines(bytes: AsyncIterable<Buffer>, lineBytesMax: () => number): AsyncIterable<Line> {
  let line = 1;
  let parts: Buffer[] = [];
  let size = 0;
  const take = (part: Buffer): void => {
    size += part.length;
    if (size > lineBytesMax()) parts = [];
    else parts.push(part);
  };
  const end = (): Line => {
    const done: Line = {
      line,
      bytes: size > lineBytesMax() ? null : parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts),
    };
    line += 1;
    parts = [];
    size = 0;
    return done;
  };
  for await (const chunk of bytes) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at !== -1; at = chunk.indexOf(0x0a, from)) {
      take(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    if (from < chunk.length) take(chunk.subarray(from));
  }
  if (size > 0) yield end();
}

function recordOf(file: string, { line, bytes }: Line): IncomingRecord | null {
  if (bytes === null) return tooLarge(file, line);
  const text = decode(bytes);
  if (text === null) return { file, line, refused: 'record-not-utf8', message: 'the record is not UTF-8 text' };
  const trimmed = text.endsWith('\r') ? text.slice(0, -1) : text;
  return trimmed.trim() === '' ? null : { file, line, text: trimmed };
}

function tooLarge(file: string, line: number): IncomingRecord {
  return { file, line, refused: 'record-too-large', message: `larger than ${limits.recordBytesMax / 1024 / 1024} MB` };
}

// A byte order mark at the start of a file is not part of the first record.
const decoder = new TextDecoder('utf-8', { fatal: true });

function decode(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

const NEWLINE = Buffer.from('\n');
const CHUNK_BYTES = 256 * 1024;
