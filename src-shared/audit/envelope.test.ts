import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../domain/index.ts';
import { canonicalJson, encodeEnvelope, parseEnvelope, type Envelope } from './index.ts';

const sample: Envelope = {
  v: 1,
  tenant: 'north-clinic',
  seq: 7,
  type: 'write.settled',
  stream: 'write/abc',
  at: 1_772_442_840_000,
  clock: 'ok',
  actor: 'dr-lee',
  actorKind: 'person',
  role: 'clinician',
  subject: 'p1',
  correlation: 'c-5521',
  payload: 'ab'.repeat(32),
  prev: 'cd'.repeat(32),
};

const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom('', '"', '\\', 'ä', '\u2028', '\u007f'));
const hash = fc.stringMatching(/^[0-9a-f]{64}$/);
const envelopes = fc.record({
  v: fc.constant(1 as const),
  tenant: text,
  seq: fc.nat(),
  type: text,
  stream: text,
  at: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  clock: text,
  actor: text,
  actorKind: text,
  role: text,
  subject: text,
  correlation: text,
  payload: hash,
  prev: hash,
});
const placed = (envelope: Envelope): Envelope => (envelope.seq === 0 ? { ...envelope, prev: '' } : envelope);

describe('H2 envelope v1 is frozen', () => {
  it('H2 keeps its bytes', () => {
    expect(new TextDecoder().decode(encodeEnvelope(sample))).toBe(
      '{"actor":"dr-lee","actorKind":"person","at":1772442840000,"clock":"ok","correlation":"c-5521",' +
        `"payload":"${'ab'.repeat(32)}","prev":"${'cd'.repeat(32)}","role":"clinician","seq":7,"stream":"write/abc",` +
        '"subject":"p1","tenant":"north-clinic","type":"write.settled","v":1}',
    );
  });

  it('H2 is canonical JSON and reads back as it was', () => {
    fc.assert(
      fc.property(envelopes.map(placed), (envelope) => {
        const bytes = encodeEnvelope(envelope);
        expect(new TextDecoder().decode(bytes)).toBe(canonicalJson({ ...envelope }));
        expect(parseEnvelope(bytes)).toEqual({ ok: true, envelope });
      }),
    );
  });

  it('H2 refuses what canonical JSON cannot hold', () => {
    expect(() => encodeEnvelope({ ...sample, actor: '\ud800' })).toThrow(RangeError);
    expect(() => encodeEnvelope({ ...sample, at: 0.5 })).toThrow(RangeError);
  });

  const json = canonicalJson({ ...sample });
  it.each<[string, Uint8Array]>([
    ['no JSON', utf8('{')],
    ['no UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
    ['a byte order mark', utf8(`\ufeff${json}`)],
    ['an array', utf8('[]')],
    ['null', utf8('null')],
    ['another version', utf8(json.replace('"v":1', '"v":2'))],
    ['white space', utf8(json.replace('{', '{ '))],
    [
      'another order',
      utf8(json.replace('"tenant":"north-clinic","type":"write.settled"', '"type":"write.settled","tenant":"north-clinic"')),
    ],
    ['a member twice', utf8(json.replace('"v":1', '"v":1,"v":1'))],
    ['one member more', utf8(json.replace('"v":1', '"v":1,"w":1'))],
    ['one member less', utf8(json.replace('"role":"clinician",', ''))],
    ['an escape that need not be', utf8(json.replace('dr-lee', 'dr\\u002dlee'))],
    ['half of a surrogate pair', utf8(json.replace('dr-lee', '\\ud800'))],
    ['a number with a fraction', utf8(json.replace('"seq":7', '"seq":7.0'))],
    ['a number too large', utf8(json.replace('"seq":7', '"seq":9007199254740993'))],
    ['a negative number', utf8(json.replace('"seq":7', '"seq":-7'))],
    ['a short hash', utf8(json.replace('ab'.repeat(32), 'ab'.repeat(31)))],
    ['a hash in capitals', utf8(json.replace('ab'.repeat(32), 'AB'.repeat(32)))],
    ['a first entry with an entry before it', utf8(json.replace('"seq":7', '"seq":0'))],
    ['a later entry without one', utf8(json.replace('cd'.repeat(32), ''))],
  ])('H2 refuses %s', (_name, bytes) => {
    expect(parseEnvelope(bytes).ok).toBe(false);
  });

  it('H2 no single byte of an envelope can be changed into another envelope with the same content', () => {
    const bytes = encodeEnvelope(sample);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        const parsed = parseEnvelope(changed);
        if (parsed.ok) expect(parsed.envelope).not.toEqual(sample);
      }),
    );
  });
});
