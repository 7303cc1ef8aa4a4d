import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { limits } from '../../src-shared/limits/index.ts';
import { createSecret } from '../identity/index.ts';
import { fileLog, lineLog } from './log.ts';
import { systemRandom } from './runtime.ts';

const clock = { now: () => Date.UTC(2026, 2, 2, 9, 14, 0, 5) };

function logged(event: string, fields?: Readonly<Record<string, unknown>>): { text: string; line: Record<string, unknown> } {
  let text = '';
  lineLog(clock, (line) => (text += line)).write('info', event, fields as never);
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

const knownFields = [
  ...['write', 'group', 'correlation', 'engine', 'tenant', 'source', 'connection', 'adapter', 'person'],
  ...['code', 'state', 'outcome', 'fault', 'errorCode', 'version', 'method', 'place'],
];

describe('H5 the operational log', () => {
  it('H5 writes one JSON object per line, with time, level and event first', () => {
    expect(logged('recovered', { inFlight: 3, released: 0, drained: false, none: null }).text).toBe(
      '{"at":"2026-03-02T09:14:00.005Z","level":"info","event":"recovered","inFlight":3,"released":0,"drained":false,"none":null}\n',
    );
  });

  it('H5 lets ids, codes and names of registered things pass', () => {
    const fields = {
      write: 'a'.repeat(52),
      correlation: systemRandom.id(),
      tenant: 'north-clinic',
      source: 'scribe-7',
      connection: 'practice',
      code: 'ehr-unreachable',
      state: 'in-flight',
      outcome: 'not-applied',
      fault: 'TypeError',
      errorCode: 'ECONNRESET',
      version: '1.0',
      method: 'write.read',
      place: 'bridge.ts:12:7',
    };
    expect(logged('write-fault', fields).line).toMatchObject(fields);
    for (const errorCode of ['SQLITE_BUSY', 'ERR_SOCKET_CLOSED', 'UND_ERR_HEADERS_TIMEOUT', 'EAI_AGAIN']) {
      expect(logged('x', { errorCode }).line['errorCode']).toBe(errorCode);
    }
  });

  it.each([
    ['a name', 'Campbell'],
    ['a name in small letters', 'campbell'],
    ['a name in capitals', 'CAMPBELL'],
    ['a full name', 'Andrew Campbell'],
    ['a birth date', '1967-02-11'],
    ['a record number', '100234'],
    ['a reference', 'Patient/100234'],
    ['a sentence of a note', 'Patient reports chest pain since yesterday.'],
    ['an address', 'andrew.campbell@example.org'],
    ['a bearer token', 'Bearer abc.def.ghi'],
    ['a JSON Web Token', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'],
    ['an opaque token', 'A9f3kQ77zLmPq0Rt2VxY8bNc'],
    ['a secret of a person', createSecret()],
    ['an error message', 'UNIQUE constraint failed: person.name = Campbell'],
    ['a path', '/home/clinic/Campbell.ndjson'],
    ['a line break', 'x\n{"at":"forged"}'],
    ['a long text', 'x'.repeat(129)],
  ])('H5 never lets %s pass in a field that is not for names given by administrators', (_what, text) => {
    for (const field of ['patient', 'name', 'message', 'file', 'reason', 'note', 'token', 'constructor', ...knownFields]) {
      // A word alone may be the name of a tenant or source: administrators choose those, not charts.
      const isGivenName =
        ['tenant', 'source', 'connection', 'adapter', 'person'].includes(field) && /^[A-Za-z0-9][A-Za-z0-9-]{0,15}$/.test(text);
      if (!isGivenName) expect(logged('x', { [field]: text }).text).not.toContain(JSON.stringify(text).slice(1, -1));
    }
    expect(logged(text).text).not.toMatch(/"event":"(?!\[redacted\]|campbell)/);
  });

  it('H5 lets nothing pass that is neither text, number, flag nor null', () => {
    const { line } = logged('x', {
      a: { name: 'Campbell' },
      b: ['Campbell'],
      c: Symbol('Campbell'),
      d: undefined,
      e: Number.NaN,
    });
    expect(line).toMatchObject({ a: '[redacted]', b: '[redacted]', c: '[redacted]', d: '[redacted]', e: '[redacted]' });
  });

  it('H5 leaves out fields whose names say something themselves, and never lets a field stand for time, level or event', () => {
    const { line } = logged('x', { 'Andrew Campbell': 1, patient_1: 1, at: 5, level: 5, event: 5, ok: 1 });
    expect(line).toEqual({ at: '2026-03-02T09:14:00.005Z', level: 'info', event: 'x', ok: 1 });
  });

  it('H5 any two-word text is redacted in every field', () => {
    const word = fc.stringMatching(/^[A-Za-z]{2,12}$/);
    fc.assert(
      fc.property(word, word, fc.constantFrom(...knownFields, 'other'), (given, family, field) => {
        expect(logged('x', { [field]: `${given} ${family}` }).line[field]).toBe('[redacted]');
      }),
    );
  });

  it('C5 goes on when a line cannot be written, and says later how many were lost', () => {
    const lines: string[] = [];
    let full = true;
    const log = lineLog(clock, (line) => {
      if (full) throw new Error('ENOSPC');
      lines.push(line);
    });
    log.write('info', 'one');
    log.write('info', 'two');
    full = false;
    log.write('info', 'three');
    log.write('info', 'four');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { at: '2026-03-02T09:14:00.005Z', level: 'info', event: 'three', linesLost: 2 },
      { at: '2026-03-02T09:14:00.005Z', level: 'info', event: 'four' },
    ]);
  });
});

describe('H5 the log file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-log-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('H5 is made with its folder, for its owner alone, and appended to', () => {
    const file = join(folder, 'logs', 'engine.jsonl');
    fileLog(file, clock).write('info', 'first');
    fileLog(file, clock).write('warn', 'second');
    expect(
      readFileSync(file, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { event: string }).event),
    ).toEqual(['first', 'second']);
    if (process.platform !== 'win32') expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('H5 is begun anew when it is full, and the one before kept', () => {
    const file = join(folder, 'engine.jsonl');
    writeFileSync(file, 'x'.repeat(limits.logFileBytesMax - 1));
    const log = fileLog(file, clock);
    log.write('info', 'after');
    log.write('info', 'more');
    expect(statSync(`${file}.1`).size).toBe(limits.logFileBytesMax - 1);
    expect(readFileSync(file, 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });
});
