import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { limits } from '../../src-shared/limits/index.ts';
import type { IncomingRecord } from '../ports/inbound/index.ts';
import { recordsOf, UnreadableFile } from './index.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-intake-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const noInput = Readable.from([]);
function put(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}
async function all(records: AsyncIterable<IncomingRecord>): Promise<IncomingRecord[]> {
  const read: IncomingRecord[] = [];
  for await (const one of records) read.push(one);
  return read;
}
/** What became of each record: its line, and its text or why it was refused. */
const told = (records: readonly IncomingRecord[]): (readonly [number, string])[] =>
  records.map((one) => [one.line, 'text' in one ? one.text : `refused ${one.refused}`]);
const readFile = async (name: string, content: string | Uint8Array) => told(await all(recordsOf(put(name, content), noInput)));
const readInput = async (...chunks: readonly (string | Uint8Array)[]) =>
  told(await all(recordsOf('-', Readable.from(chunks.map((chunk) => Buffer.from(chunk))))));

/** Reads until it breaks: what was read before, and the words. */
async function untilBroken(
  records: AsyncIterable<IncomingRecord>,
): Promise<{ read: (readonly [number, string])[]; error: unknown }> {
  const read: IncomingRecord[] = [];
  try {
    for await (const one of records) read.push(one);
  } catch (error) {
    return { read: told(read), error };
  }
  throw new Error('it was read to its end');
}

const BOM = '\ufeff';
const BOMB_BYTES = 40 * 1024 * 1024;
const bomb = gzipSync(Buffer.alloc(BOMB_BYTES, 0x20));

describe('records of a file', () => {
  const lines: readonly (readonly [what: string, content: string, records: readonly (readonly [number, string])[]])[] = [
    [
      'one per line',
      '{"a":1}\n{"b":2}\n',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    [
      'no line break at the end',
      '{"a":1}\n{"b":2}',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    [
      'line breaks of Windows',
      '{"a":1}\r\n{"b":2}\r\n',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    [
      'empty lines',
      '\n{"a":1}\n\n  \n\r\n{"b":2}\n\n',
      [
        [2, '{"a":1}'],
        [6, '{"b":2}'],
      ],
    ],
    [
      'a byte order mark',
      `${BOM}{"a":1}\n{"b":2}`,
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    ['spaces as they stand', '  {"a" : 1.00}  \n', [[1, '  {"a" : 1.00}  ']]],
    [
      'a bad record among good ones',
      '{"a":1}\n{{{\n{"b":2}',
      [
        [1, '{"a":1}'],
        [2, '{{{'],
        [3, '{"b":2}'],
      ],
    ],
    ['a list on a line is one record there', '[1,2]\n', [[1, '[1,2]']]],
    ['nothing', '', []],
    ['nothing but lines', '\n\r\n\n', []],
  ];
  it.each(lines)('A5 NDJSON: %s', async (_what, content, records) => {
    expect(await readFile('day.ndjson', content)).toEqual(records);
    expect(await readFile('day.JSONL', content)).toEqual(records);
    expect(await readFile('day.ndjson.gz', gzipSync(content))).toEqual(records);
  });

  const documents: typeof lines = [
    ['one record', '{"a":\n1}\n', [[1, '{"a":\n1}']]],
    [
      'a list',
      '[\n{"a":1},\n{"b":\n2}]',
      [
        [2, '{"a":1}'],
        [3, '{"b":\n2}'],
      ],
    ],
    [
      'a list on one line',
      '[{"a":1},{"b":2}]',
      [
        [1, '{"a":1}'],
        [1, '{"b":2}'],
      ],
    ],
    ['a byte order mark', `${BOM}[{"a":1}]`, [[1, '{"a":1}']]],
    [
      'line breaks of Windows',
      '[\r\n{"a":1},\r\n{"b":2}\r\n]',
      [
        [2, '{"a":1}'],
        [3, '{"b":2}'],
      ],
    ],
    ['empty lines first', '\n\n[\n{"a":1}]', [[4, '{"a":1}']]],
    [
      'a bad record among good ones',
      '[{"a":1},\n{{,\n{"b":2}]',
      [
        [1, '{"a":1}'],
        [1, ',\n{{,\n{"b":2}]'],
      ],
    ],
    [
      'a record that is none among good ones',
      '[{"a":1},\nnone,\n{"b":2}]',
      [
        [1, '{"a":1}'],
        [2, 'none'],
        [3, '{"b":2}'],
      ],
    ],
    [
      'cut off after a whole record',
      '[{"a":1},\n{"b":2}',
      [
        [1, '{"a":1}'],
        [1, ',\n{"b":2}'],
      ],
    ],
    ['nothing', '', []],
  ];
  it.each(documents)('A5 JSON: %s', async (_what, content, records) => {
    expect(await readFile('day.json', content)).toEqual(records);
    expect(await readFile('day.JSON.GZ', gzipSync(content))).toEqual(records);
  });

  const either: typeof lines = [
    [
      'lines',
      '{"a":1}\n{"b":2}\n',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    ['one line', '{"a":1}', [[1, '{"a":1}']]],
    [
      'a list',
      '[{"a":1},\n{"b":2}]',
      [
        [1, '{"a":1}'],
        [2, '{"b":2}'],
      ],
    ],
    ['a record over several lines', '{\n"a":1}', [[1, '{\n"a":1}']]],
    ['a list after empty lines', '\n \n[\n{"a":1}]', [[4, '{"a":1}']]],
    ['lines after empty lines', '\n\n{"a":1}\n', [[3, '{"a":1}']]],
    ['a list after a byte order mark', `${BOM}[\n{"a":1}]`, [[2, '{"a":1}']]],
    [
      'words',
      'hello\nworld',
      [
        [1, 'hello'],
        [2, 'world'],
      ],
    ],
    ['nothing', '', []],
    ['nothing but lines', '\n\n', []],
  ];
  it.each(either)('A5 standard input, or a name that says nothing: %s', async (_what, content, records) => {
    expect(await readInput(content)).toEqual(records);
    expect(await readFile('day.txt', content)).toEqual(records);
    expect(await readFile('day.gz', gzipSync(content))).toEqual(records);
  });

  it('A5 names where a record came from', async () => {
    const file = put('day.ndjson', '{}');
    expect(await all(recordsOf(file, noInput))).toEqual([{ file, line: 1, text: '{}' }]);
    expect(await all(recordsOf('-', Readable.from([Buffer.from('{}')])))).toEqual([
      { file: 'standard input', line: 1, text: '{}' },
    ]);
  });

  it('A5 does not depend on how the bytes arrive', async () => {
    const text = `${BOM}{"a":"é😀"}\r\n\n{"b":"\u2028"}\r\n{"c":3}`;
    const bytes = Buffer.from(text);
    const whole = await readInput(text);
    expect(whole).toEqual([
      [1, '{"a":"é😀"}'],
      [3, '{"b":"\u2028"}'],
      [4, '{"c":3}'],
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 8 }), async (cuts) => {
        const at = [0, ...cuts.toSorted((left, right) => left - right), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        expect(await readInput(...chunks)).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what is refused alone', () => {
  it('A5 a record larger than 20 MB, and the next one still comes', async () => {
    const most = `"${'x'.repeat(limits.recordBytesMax - 2)}"`;
    const records = await all(recordsOf(put('large.ndjson', `{"a":1}\n${most}\n${most}x\n{"b":2}\n`), noInput));
    expect(records.map((one) => ('text' in one ? one.text.length : one.refused))).toEqual([
      7,
      limits.recordBytesMax,
      'record-too-large',
      7,
    ]);
    expect(records[2]).toEqual({
      file: path.join(folder, 'large.ndjson'),
      line: 3,
      refused: 'record-too-large',
      message: 'larger than 20 MB',
    });
  });

  it('A5 a large record of a list, counted in bytes, in a list longer than a record may be', async () => {
    const half = `"${'é'.repeat(6 * 1024 * 1024)}"`;
    const tooLarge = `"${'é'.repeat(limits.recordBytesMax / 2)}"`;
    const records = await all(recordsOf(put('large.json', `[${half},${tooLarge},${half}]`), noInput));
    expect(records.map((one) => ('text' in one ? one.text === half : one.refused))).toEqual([true, 'record-too-large', true]);
  });

  it('A5 a large record of a list on standard input, laid out over lines', async () => {
    const tooLarge = `"${'x'.repeat(limits.recordBytesMax)}"`;
    expect(await readInput(`[\n1,\n${tooLarge},\n2]`)).toEqual([
      [2, '1'],
      [3, 'refused record-too-large'],
      [4, '2'],
    ]);
  });

  it('A5 a first line on standard input that never seems to end', async () => {
    expect(await readInput('x'.repeat(limits.recordBytesMax + 1), '\n{"a":1}')).toEqual([
      [1, 'refused record-too-large'],
      [2, '{"a":1}'],
    ]);
  });

  it.each([
    ['a byte that is none of UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['Latin-1', Buffer.from('{"a":"é"}', 'latin1')],
    ['a character cut in half', Buffer.from('{"a":"é').subarray(0, 7)],
    ['half of a surrogate pair', Buffer.from([0x22, 0xed, 0xa0, 0xbd, 0x22])],
    ['an overlong spelling', Buffer.from([0x22, 0xc0, 0xaf, 0x22])],
  ])('A5 a record that is not UTF-8: %s', async (_what, bytes) => {
    const content = Buffer.concat([Buffer.from('{"a":1}\n'), bytes, Buffer.from('\n{"b":2}\n')]);
    expect(await readFile('other.ndjson', content)).toEqual([
      [1, '{"a":1}'],
      [2, 'refused record-not-utf8'],
      [3, '{"b":2}'],
    ]);
    expect(await readInput(content)).toEqual([
      [1, '{"a":1}'],
      [2, 'refused record-not-utf8'],
      [3, '{"b":2}'],
    ]);
    expect(await readFile('other.json', Buffer.concat([Buffer.from('['), content, Buffer.from(']')]))).toEqual([
      [1, 'refused record-not-utf8'],
    ]);
  });

  it('A5 a file in UTF-16 is refused as such', async () => {
    expect(await readFile('wide.json', Buffer.from(`${BOM}{"a":1}`, 'utf16le'))).toEqual([[1, 'refused record-not-utf8']]);
    expect((await readFile('wide.ndjson', Buffer.from(`${BOM}{"a":1}\n`, 'utf16le')))[0]).toEqual([1, 'refused record-not-utf8']);
  });
});

describe('what cannot be read at all', () => {
  const whole = gzipSync('{"a":1}\n'.repeat(20_000));
  const broken: readonly (readonly [what: string, make: () => string, reason: string])[] = [
    ['a file that is not there', () => path.join(folder, 'absent.ndjson'), 'there is no such file'],
    ['a file that is not there, said to be gzip', () => path.join(folder, 'absent.ndjson.gz'), 'there is no such file'],
    ['a folder', () => folder, 'it is a folder, not a file'],
    ['text said to be gzip', () => put('text.ndjson.gz', '{"a":1}\n'), 'it is not a complete gzip file'],
    [
      'gzip with a byte changed',
      () =>
        put(
          'flipped.ndjson.gz',
          whole.map((byte, index) => (index === whole.length - 6 ? byte ^ 1 : byte)),
        ),
      'it is not a complete gzip file',
    ],
  ];
  it.each(broken)('A5 %s', async (_what, make, reason) => {
    const file = make();
    const { error } = await untilBroken(recordsOf(file, noInput));
    expect(error).toBeInstanceOf(UnreadableFile);
    expect(error).toMatchObject({ name: 'UnreadableFile', file, message: `${file}: ${reason}` });
  });

  it('A5 gzip that is cut off: what came before is told, then the end is missed', async () => {
    const file = put('cut.ndjson.gz', whole.subarray(0, whole.length - 20));
    const { read, error } = await untilBroken(recordsOf(file, noInput));
    expect(read.length).toBeLessThan(20_000);
    expect(read.every(([, text]) => text === '{"a":1}')).toBe(true);
    expect(error).toMatchObject({ message: `${file}: it is not a complete gzip file` });
  });

  it('A5 gzip of several parts is read through', async () => {
    expect(await readFile('parts.ndjson.gz', Buffer.concat([gzipSync('{"a":1}\n'), gzipSync('{"b":2}\n')]))).toEqual([
      [1, '{"a":1}'],
      [2, '{"b":2}'],
    ]);
  });

  it.each(['bomb.ndjson.gz', 'bomb.json.gz'])('A5 a gzip bomb stops long before it is unpacked: %s', async (name) => {
    expect(bomb.length * limits.inflateRatioMax).toBeLessThan(BOMB_BYTES / 2);
    const file = put(name, bomb);
    const before = process.memoryUsage().rss;
    const { read, error } = await untilBroken(recordsOf(file, noInput));
    expect(read).toEqual([]);
    expect(error).toMatchObject({ message: `${file}: it unpacks to more than 200 times its size` });
    expect(process.memoryUsage().rss - before).toBeLessThan(2 * BOMB_BYTES);
  });

  it('A5 text that packs well and is not absurd is read', async () => {
    const record = JSON.stringify({ note: Array.from({ length: 20_000 }, (_, index) => `line ${index * 7919}`).join('\n') });
    const text = `${record}\n`.repeat(80);
    expect(text.length).toBeGreaterThan(limits.recordBytesMax);
    expect(await readFile('well.ndjson.gz', gzipSync(text, { level: 1 }))).toHaveLength(80);
  });

  it('A5 a document beyond its size must come as lines', async () => {
    // The same chunk again and again: the size is counted, no memory is taken.
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    chunk[chunk.length - 1] = 0x0a;
    function* document(): Iterable<Buffer> {
      yield Buffer.from('[\n');
      for (let size = 0; size <= limits.documentBytesMax; size += chunk.length) yield chunk;
    }
    const { read, error } = await untilBroken(recordsOf('-', Readable.from(document())));
    expect(read).toEqual([]);
    expect(error).toMatchObject({
      message: 'standard input: a JSON document of this size must be sent as NDJSON, one record per line',
    });
  });

  it.each([
    ['EACCES', 'this user may not read it'],
    ['EIO', 'i/o error'],
  ])('A5 an input that breaks with %s', async (code, reason) => {
    const input = new Readable({
      read() {
        this.destroy(Object.assign(new Error('i/o error'), { code }));
      },
    });
    const { error } = await untilBroken(recordsOf('-', input));
    expect(error).toMatchObject({ name: 'UnreadableFile', message: `standard input: ${reason}` });
  });

  it('A5 an input that breaks without words', async () => {
    async function* input(): AsyncIterable<Buffer> {
      yield Buffer.from('{"a":1}\n{"b":2}\n');
      await Promise.reject('gone' as unknown as Error);
    }
    const { read, error } = await untilBroken(recordsOf('-', input() as unknown as Readable));
    expect(read).toHaveLength(2);
    expect(error).toMatchObject({ message: 'standard input: gone' });
  });
});

describe('a reader that stops early', () => {
  /** Files this process has open in the test's folder (Linux). */
  const open = (): readonly string[] =>
    readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        const file = readlinkSync(`/proc/self/fd/${fd}`);
        return file.startsWith(folder) ? [file] : [];
      } catch {
        return [];
      }
    });
  const closed = async (): Promise<void> => {
    while (open().length > 0) await new Promise((resolve) => setImmediate(resolve));
  };
  // Nothing that packs well: at the first record most of the file must still be unread.
  const many = Array.from({ length: 60_000 }, () => `${randomBytes(48).toString('hex')}\n`).join('');

  it.runIf(existsSync('/proc/self/fd')).each([
    ['many.ndjson', many],
    ['many.ndjson.gz', gzipSync(many, { level: 1 })],
  ])('A5 leaves no file open: %s', async (name, content) => {
    for await (const one of recordsOf(put(name, content), noInput)) {
      expect(one.line).toBe(1);
      expect(open()).toEqual([path.join(folder, name)]);
      break;
    }
    await closed();
  });

  it.runIf(existsSync('/proc/self/fd'))('A5 leaves no file open after a bomb', async () => {
    await untilBroken(recordsOf(put('bomb.gz', bomb), noInput));
    await closed();
  });
});
