import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base32, hex, sha256Hex, utf8 } from './hash.ts';
import { groupId, writeId, writeIdentifierSystem, type WriteKeyParts } from './keys.ts';
import { sha256 } from './testing/builders.ts';

const parts: WriteKeyParts = {
  tenant: 'north',
  connection: 'main',
  patient: 'identifier urn:mrn|1',
  encounter: '',
  resourceType: 'Observation',
  eventId: 'e1',
  eventVersion: 1,
  slot: 'observations/0',
};
const names = Object.keys(parts) as readonly (keyof WriteKeyParts)[];

// Few letters and the signs that a careless joining would trip over, so that near misses are common.
const word = fc.string({ unit: fc.constantFrom('a', 'b', ',', '"', '\\', '[', ']', '|', ' ', '1', '\u0000', 'é'), maxLength: 4 });
const anyParts: fc.Arbitrary<WriteKeyParts> = fc.record({
  tenant: word,
  connection: word,
  patient: word,
  encounter: word,
  resourceType: word,
  eventId: word,
  eventVersion: fc.integer({ min: 1, max: 12 }),
  slot: word,
});

describe('writeId', () => {
  it('C1 gives the same id for the same parts on every machine: this one is frozen', () => {
    expect(writeId(parts, sha256)).toBe('niwun2dss7vtg54sdd357nah5sycvmsl6c2iomqcr35uonmeutiq');
    expect(writeId({ ...parts }, sha256)).toBe(writeId(parts, sha256));
  });

  it('C1 is a FHIR id and a file name: 52 lower-case letters and digits', () => {
    fc.assert(
      fc.property(anyParts, (any) => {
        expect(writeId(any, sha256)).toMatch(/^[a-z2-7]{52}$/);
      }),
    );
  });

  it('C1 never gives two writes the same id, however much their parts look alike', () => {
    fc.assert(
      fc.property(anyParts, anyParts, (one, other) => {
        const same = names.every((name) => one[name] === other[name]);
        expect(writeId(one, sha256) === writeId(other, sha256)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
    const ids = new Set<string>();
    const count = 20_000;
    for (let index = 0; index < count; index += 1) {
      const [patient, slot, eventVersion] = [index % 50, Math.floor(index / 50) % 100, 1 + Math.floor(index / 5_000)];
      ids.add(writeId({ ...parts, patient: `p${patient}`, slot: `observations/${slot}`, eventVersion }, sha256));
    }
    expect(ids.size).toBe(count);
  });

  it.each(names)('C1 changes with its %s', (name) => {
    expect(writeId({ ...parts, [name]: name === 'eventVersion' ? 2 : `${parts[name]}x` }, sha256)).not.toBe(
      writeId(parts, sha256),
    );
  });

  it('C1 keeps parts in their places: what moves from one to the next is another write', () => {
    for (const [index, name] of names.entries()) {
      const next = names[index + 1];
      if (next === undefined || name === 'eventVersion' || next === 'eventVersion') continue;
      const moved = { ...parts, [name]: parts[next], [next]: parts[name] };
      expect(writeId(moved, sha256), `${name} and ${next}`).not.toBe(writeId(parts, sha256));
    }
  });

  it('C1 does not depend on the order in which the parts are named', () => {
    const reversed = Object.fromEntries(Object.entries(parts).reverse()) as unknown as WriteKeyParts;
    expect(writeId(reversed, sha256)).toBe(writeId(parts, sha256));
  });

  it('C1 stands in the chart under a system of its own', () => {
    expect(writeIdentifierSystem).toBe('urn:countersign:write');
  });
});

describe('groupId', () => {
  it('A3 is one per version of an event', () => {
    const ids = [
      groupId('north', 'e1', 1, sha256),
      groupId('north', 'e1', 2, sha256),
      groupId('north', 'e2', 1, sha256),
      groupId('south', 'e1', 1, sha256),
      groupId('north', 'e', 11, sha256),
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids[0]).toMatch(/^[a-z2-7]{26}$/);
    expect(groupId('north', 'e1', 1, sha256)).toBe(ids[0]);
  });
});

describe('hashing', () => {
  // RFC 4648, section 10, lower case and without padding.
  it.each([
    ['', ''],
    ['f', 'my'],
    ['fo', 'mzxq'],
    ['foo', 'mzxw6'],
    ['foob', 'mzxw6yq'],
    ['fooba', 'mzxw6ytb'],
    ['foobar', 'mzxw6ytboi'],
  ])('C1 writes %j in base32 as %j', (text, expected) => {
    expect(base32(utf8(text))).toBe(expected);
  });

  it('C1 writes base32 that can be told apart: as many bits as went in, and no two alike', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const letters = [...base32(bytes)].map((letter) => 'abcdefghijklmnopqrstuvwxyz234567'.indexOf(letter));
        const bits = letters.map((value) => value.toString(2).padStart(5, '0')).join('');
        expect(bits.slice(0, bytes.length * 8)).toBe([...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join(''));
        expect(bits.slice(bytes.length * 8)).toMatch(/^0{0,4}$/);
      }),
    );
  });

  it('C1 hashes UTF-8', () => {
    // FIPS 180-4, example B.1; and the euro sign, three bytes.
    expect(sha256Hex(sha256, 'abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hex(utf8('€'))).toBe('e282ac');
    expect(hex(new Uint8Array([0, 15, 16, 255]))).toBe('000f10ff');
  });
});
