import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, type CanonicalValue } from './index.ts';

describe('H2 canonical JSON', () => {
  it('H2 writes the examples of RFC 8785 that it can hold', () => {
    expect(
      canonicalJson({
        peach: 'This sorting order',
        péché: 'is wrong according to French',
        pêche: 'but canonicalization MUST',
        sin: 'ignore locale',
      }),
    ).toBe(
      '{"peach":"This sorting order","péché":"is wrong according to French","pêche":"but canonicalization MUST","sin":"ignore locale"}',
    );
    expect(
      canonicalJson({
        '\u20ac': 'Euro',
        '\r': 'CR',
        '\ufb33': 'Dalet',
        '1': 'One',
        '\ud83d\ude00': 'Smile',
        '\u0080': 'Control',
        '\u00f6': 'o',
      }),
    ).toBe('{"\\r":"CR","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Smile","\ufb33":"Dalet"}');
    expect(canonicalJson([56, true, null, 'a\u000f"\\/\u2028', { b: [], a: {} }])).toBe(
      '[56,true,null,"a\\u000f\\"\\\\/\u2028",{"a":{},"b":[]}]',
    );
  });

  const hole: unknown[] = [];
  hole.length = 2;
  let deep: unknown = 'x';
  for (let level = 0; level < 65; level += 1) deep = [deep];
  it.each<[string, unknown]>([
    ['a fraction', 0.5],
    ['an unsafe integer', 2 ** 53],
    ['infinity', Infinity],
    ['not a number', Number.NaN],
    ['a big integer', 1n],
    ['nothing', undefined],
    ['a member without value', { a: undefined }],
    ['a hole', hole],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a function', () => 1],
    ['half of a surrogate pair', '\ud800'],
    ['half of a surrogate pair in a key', { '\udc00': 1 }],
    ['deep nesting', deep],
  ])('H2 refuses %s', (_name, value) => {
    expect(() => canonicalJson(value as CanonicalValue)).toThrow(RangeError);
  });

  it('H2 gives one text for one value, whatever the order of its members', () => {
    const value = fc.letrec<{ value: CanonicalValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
        fc.maxSafeInteger(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value')),
        fc.dictionary(fc.string(), tie('value')),
      ),
    })).value;
    const reversed = (one: CanonicalValue): CanonicalValue => {
      if (Array.isArray(one)) return one.map(reversed);
      if (typeof one !== 'object' || one === null) return one;
      return Object.fromEntries(
        Object.entries(one)
          .reverse()
          .map(([key, member]) => [key, reversed(member as CanonicalValue)]),
      );
    };
    fc.assert(
      fc.property(value, (one) => {
        const text = canonicalJson(one);
        expect(canonicalJson(reversed(one))).toBe(text);
        expect(canonicalJson(JSON.parse(text) as CanonicalValue)).toBe(text);
      }),
    );
  });
});
