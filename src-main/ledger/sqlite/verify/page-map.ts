import { closeSync, openSync, readSync } from 'node:fs';
import { pageBytes, pageReserveBytes } from '../connection.ts';
import { decryptPage, pageFits, type PageKey } from '../pages.ts';

/** What stands on a page of the file. */
export interface PageUse {
  /** Table or index, or `null` for a page that is not in use. */
  readonly object: string | null;
  /** For a page of a table: the row ids that can only be reached through it. */
  readonly rows: { readonly first: number; readonly last: number } | null;
}

/** An object of the schema with the page its tree begins on. */
export interface TreeRoot {
  readonly object: string;
  readonly page: number;
}

// Database file format, section 1.6 (https://www.sqlite.org/fileformat2.html#b_tree_pages).
const INTERIOR_INDEX = 2;
const INTERIOR_TABLE = 5;
const LEAF_INDEX = 10;
const LEAF_TABLE = 13;
const FILE_HEADER_BYTES = 100;
const USABLE = pageBytes - pageReserveBytes;

/**
 * Finds out what the damaged pages of a file hold, by walking the trees without SQLite, which stops at the first of them. A
 * damaged page is known by the page above it, which says which row ids it covers.
 */
export class PageMap {
  private readonly file: string;
  private readonly key: PageKey;
  private readonly wanted: Set<number>;
  private readonly uses = new Map<number, PageUse>();

  constructor(file: string, key: PageKey, damaged: readonly number[]) {
    this.file = file;
    this.key = key;
    this.wanted = new Set(damaged);
  }

  /** Uses of the damaged pages; pages that no tree reaches are missing here. */
  trace(roots: readonly TreeRoot[]): ReadonlyMap<number, PageUse> {
    const fd = openSync(this.file, 'r');
    try {
      for (const { object, page } of roots) {
        if (this.uses.size === this.wanted.size) break;
        this.walk(fd, object, page, null, 0);
      }
      return this.uses;
    } finally {
      closeSync(fd);
    }
  }

  private walk(fd: number, object: string, number: number, rows: PageUse['rows'], depth: number): void {
    if (this.wanted.has(number)) {
      this.uses.set(number, { object, rows });
      return;
    }
    const page = this.read(fd, number);
    // Deeper than any tree of this file can be: the pages point in a circle.
    if (page === undefined || depth > 20) return;
    const start = number === 1 ? FILE_HEADER_BYTES : 0;
    const kind = page[start];
    const cells = cellOffsets(page, start, kind === INTERIOR_INDEX || kind === INTERIOR_TABLE ? 12 : 8);
    if (kind === INTERIOR_TABLE) {
      let first = rows?.first ?? Number.MIN_SAFE_INTEGER;
      for (const at of cells) {
        const last = varint(page, at + 4).value;
        this.walk(fd, object, page.readUInt32BE(at), { first, last }, depth + 1);
        first = last + 1;
      }
      this.walk(fd, object, page.readUInt32BE(start + 8), { first, last: rows?.last ?? Number.MAX_SAFE_INTEGER }, depth + 1);
    } else if (kind === INTERIOR_INDEX) {
      for (const at of cells) {
        this.walk(fd, object, page.readUInt32BE(at), null, depth + 1);
        this.followIndexCell(fd, object, page, at + 4);
      }
      this.walk(fd, object, page.readUInt32BE(start + 8), null, depth + 1);
    } else if (kind === LEAF_TABLE) {
      for (const at of cells) this.followTableCell(fd, object, page, at);
    } else if (kind === LEAF_INDEX) {
      for (const at of cells) this.followIndexCell(fd, object, page, at);
    }
  }

  private followTableCell(fd: number, object: string, page: Buffer, at: number): void {
    const size = varint(page, at);
    const row = varint(page, size.next);
    const local = localBytes(size.value, USABLE - 35);
    if (local < size.value)
      this.followOverflow(fd, object, page.readUInt32BE(row.next + local), { first: row.value, last: row.value });
  }

  private followIndexCell(fd: number, object: string, page: Buffer, at: number): void {
    const size = varint(page, at);
    const local = localBytes(size.value, Math.floor(((USABLE - 12) * 64) / 255) - 23);
    if (local < size.value) this.followOverflow(fd, object, page.readUInt32BE(size.next + local), null);
  }

  private followOverflow(fd: number, object: string, first: number, rows: PageUse['rows']): void {
    for (let number = first, length = 0; number !== 0 && length < 1e6; length += 1) {
      if (this.wanted.has(number)) {
        this.uses.set(number, { object, rows });
        return;
      }
      const page = this.read(fd, number);
      if (page === undefined) return;
      number = page.readUInt32BE(0);
    }
  }

  private read(fd: number, number: number): Buffer | undefined {
    const page = Buffer.alloc(pageBytes);
    if (readSync(fd, page, 0, pageBytes, (number - 1) * pageBytes) !== pageBytes || !pageFits(page, number, this.key))
      return undefined;
    return decryptPage(page, number, this.key);
  }
}

function cellOffsets(page: Buffer, start: number, headerBytes: number): readonly number[] {
  const count = page.readUInt16BE(start + 3);
  return Array.from({ length: count }, (_, at) => page.readUInt16BE(start + headerBytes + at * 2));
}

/** SQLite's variable-length integers: seven bits a byte, the ninth byte whole. */
function varint(page: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0n;
  for (let next = at; ; next += 1) {
    const byte = BigInt(page[next] ?? 0);
    if (next - at === 8) return { value: Number(BigInt.asIntN(64, (value << 8n) | byte)), next: next + 1 };
    value = (value << 7n) | (byte & 0x7fn);
    if ((byte & 0x80n) === 0n) return { value: Number(value), next: next + 1 };
  }
}

/** How many bytes of a payload stand on its tree page; the rest is on overflow pages. */
function localBytes(size: number, most: number): number {
  if (size <= most) return size;
  const least = Math.floor(((USABLE - 12) * 32) / 255) - 23;
  const spill = least + ((size - least) % (USABLE - 4));
  return spill <= most ? spill : least;
}
