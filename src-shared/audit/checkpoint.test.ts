import { generateKeyPairSync, hash, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8, type Sha256 } from '../domain/index.ts';
import { decodeBase64, encodeBase64 } from './base64.ts';
import {
  checkpointText,
  noteKeyHash,
  originOf,
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
  type NoteKey,
} from './index.ts';

const sha256: Sha256 = (bytes) => hash('sha256', bytes, 'buffer');

function signer(name: string): {
  key: NoteKey;
  sign: (bytes: Uint8Array) => Uint8Array;
  check: (bytes: Uint8Array, signature: Uint8Array) => boolean;
} {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    key: { name, publicKey: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32) },
    sign: (bytes) => sign(null, bytes, privateKey),
    check: (bytes, signature) => verify(null, bytes, publicKey, signature),
  };
}

const origin = originOf('site-1', 'north');
const checkpoint = { origin, size: 42, root: Uint8Array.from({ length: 32 }, (_, at) => at) };
const ours = signer(origin);
const note = signCheckpoint(sha256, ours.key, ours.sign, checkpoint);
const judge = (text: string) => verifyCheckpoint(sha256, ours.key, ours.check, text);

describe('H2 checkpoints are C2SP signed notes', () => {
  it('H2 keep their text', () => {
    expect(checkpointText(checkpoint)).toBe('console.site-1/north\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n');
    expect(note).toMatch(
      /^console\.site-1\/north\n42\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\u2014 console\.site-1\/north [A-Za-z0-9+/]{91}=\n$/u,
    );
  });

  it('H2 name keys as the note format of the Go checksum database does', () => {
    // The example key of golang.org/x/mod/sumdb/note: PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW
    const encoded = Buffer.from('ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'base64');
    const key = { name: 'PeterNeumann', publicKey: encoded.subarray(1) };
    expect(Buffer.from(noteKeyHash(sha256, key)).toString('hex')).toBe('c74f20a3');
  });

  it('H2 read back as they were signed', () => {
    expect(judge(note)).toMatchObject({ ok: true, checkpoint: { origin, size: 42 } });
    fc.assert(
      fc.property(fc.nat(), fc.uint8Array({ minLength: 32, maxLength: 32 }), (size, root) => {
        expect(judge(signCheckpoint(sha256, ours.key, ours.sign, { origin, size, root }))).toMatchObject({
          ok: true,
          checkpoint: { size, root },
        });
      }),
    );
  });

  it('H2 with signatures of others are judged by ours alone; one that claims to be ours must be right', () => {
    const other = signer('witness.example/w1');
    const line = (one: typeof ours): string => signCheckpoint(sha256, one.key, one.sign, checkpoint).split('\n')[4] as string;
    expect(judge(`${note}${line(other)}\n`).ok).toBe(true);
    expect(judge(signCheckpoint(sha256, other.key, other.sign, checkpoint))).toMatchObject({
      ok: false,
      problem: expect.stringContaining('not signed'),
    });
    const blob = Buffer.concat([noteKeyHash(sha256, ours.key), Buffer.alloc(64)]).toString('base64');
    expect(judge(`${note}\u2014 ${origin} ${blob}\n`)).toMatchObject({
      ok: false,
      problem: expect.stringContaining('does not fit'),
    });
    const sameName = signer(origin);
    expect(judge(signCheckpoint(sha256, sameName.key, sameName.sign, checkpoint)).ok).toBe(false);
  });

  it('H2 are refused when any single character of what is signed is another', () => {
    const signed = checkpointText(checkpoint).length;
    for (let at = 0; at < signed; at += 1) {
      for (const other of ['0', 'A', '\n', ' ', '\u00e4']) {
        if (note[at] === other) continue;
        expect(judge(note.slice(0, at) + other + note.slice(at + 1)).ok, `${at} ${JSON.stringify(other)}`).toBe(false);
      }
    }
  });

  const lines = note.split('\n');
  const withLine = (at: number, text: string): string => lines.map((line, place) => (place === at ? text : line)).join('\n');
  it.each<[string, string]>([
    ['nothing', ''],
    ['no newline at the end', note.slice(0, -1)],
    ['a newline too many', `${note}\n`],
    ['carriage returns', note.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff ${note}`],
    ['no blank line', note.replace('\n\n', '\n')],
    ['an extension line', withLine(2, `${lines[2]}\nextension`)],
    ['an empty origin', withLine(0, '')],
    ['an origin with a space', withLine(0, 'console site')],
    ['an origin with a plus', withLine(0, 'console+site')],
    ['a size with a leading zero', withLine(1, '042')],
    ['a negative size', withLine(1, '-42')],
    ['a size beyond whole numbers', withLine(1, '9007199254740993')],
    ['a root that is too short', withLine(2, 'AAEC')],
    ['a root without padding', withLine(2, (lines[2] as string).replace('=', ''))],
    ['a root with spare bits', withLine(2, (lines[2] as string).replace('8=', '9='))],
    ['no signature', `${lines.slice(0, 4).join('\n')}\n`],
    ['a hyphen instead of the dash', note.replace('\u2014', '-')],
    ['two spaces', note.replace('\u2014 ', '\u2014  ')],
    ['a signature that is no base64', withLine(4, `\u2014 ${origin} *`)],
    ['a signature of four bytes', withLine(4, `\u2014 ${origin} AAAAAA==`)],
    ['seventeen signatures', note + `${lines[4]}\n`.repeat(16)],
    ['a control character', note.replace('console', 'cons\u0007ole')],
    ['half of a surrogate pair', note.replace('console', '\ud800console')],
  ])('H2 are refused with %s', (_name, text) => {
    expect(parseCheckpoint(text).ok).toBe(false);
  });
});

describe('H2 base64', () => {
  it('H2 is that of the platform, and one text per value', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const text = encodeBase64(bytes);
        expect(text).toBe(Buffer.from(bytes).toString('base64'));
        expect(decodeBase64(text)).toEqual(bytes);
      }),
    );
    fc.assert(
      fc.property(fc.base64String(), (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== undefined) expect(encodeBase64(bytes)).toBe(text);
      }),
    );
    expect(decodeBase64('QQ=')).toBeUndefined();
    expect(utf8('A')).toEqual(decodeBase64('QQ=='));
  });
});
