import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits/index.ts';
import {
  asArray,
  asObject,
  asString,
  Decimal,
  parseExact,
  stringifyExact,
  type ExactValue,
  type JsonFaultCode,
} from './index.ts';

const DEPTH = limits.jsonDepthMax;
function value(text: string, depth = DEPTH): ExactValue {
  const parsed = parseExact(text, depth);
  if (!parsed.ok) throw new Error(`${parsed.fault.code} at ${parsed.fault.line}:${parsed.fault.column}: ${parsed.fault.message}`);
  return parsed.value;
}
/** As `JSON.parse` would give it: numbers as JavaScript numbers. */
function plain(exact: ExactValue | undefined): unknown {
  if (exact instanceof Decimal) return Number(exact.text);
  if (Array.isArray(exact)) return asArray(exact).map(plain);
  const object = asObject(exact);
  return object === undefined ? exact : Object.fromEntries(Object.entries(object).map(([key, member]) => [key, plain(member)]));
}

describe('what is read', () => {
  it.each([
    ['null', null],
    ['true', true],
    ['false', false],
    ['""', ''],
    ['"a\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9"', 'a"\\/\b\f\n\r\tAé'],
    ['"\\ud83d\\ude00"', '😀'],
    ['"😀"', '😀'],
    ['"\\ud83d\ude00"', '😀'],
    ['"\u2028\u2029\u007f\u0085"', '\u2028\u2029\u007f\u0085'],
    ['"\\u0000"', '\u0000'],
    ['[]', []],
    ['{}', {}],
    [' \t\r\n[ 1 , [ ] , { "a" : null } ] \n', [Decimal.of('1'), [], { a: null }]],
    ['{"a":{"b":[true]}}', { a: { b: [true] } }],
    ['-0', Decimal.of('-0')],
  ])('C2 %j', (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  // Bad inputs, number 9: nothing passes through a JavaScript number.
  it.each([
    '0',
    '-0',
    '1.00',
    '0.010',
    '12345678901234567890',
    '0.12345678901234567890',
    '1e400',
    '-1E+400',
    '1e-400',
    '9007199254740993',
    `1${'0'.repeat(5_000)}.${'0'.repeat(5_000)}`,
  ])('C2 keeps every character of a number: %s', (number) => {
    expect(value(number)).toEqual(Decimal.of(number));
    for (const text of [number, `[${number}]`, `{"a":${number},"b":[${number}]}`]) expect(stringifyExact(value(text))).toBe(text);
  });

  it('C2 keeps member names that JavaScript objects have of their own, as members', () => {
    const object = asObject(value('{"toString":1,"hasOwnProperty":2,"valueOf":3,"__defineGetter__":4,"length":5}'));
    expect(Object.keys(object ?? {})).toEqual(['toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'length']);
    expect(asObject(value('{}'))?.toString).toBe(Object.prototype.toString);
  });

  it('C2 reads a line of ten megabytes, escapes and all', () => {
    const text = `{"note":"${'x'.repeat(10 * 1024 * 1024)}","more":"${'\\n\\u00e9'.repeat(100_000)}"}`;
    const object = asObject(value(text));
    expect(asString(object?.note)).toHaveLength(10 * 1024 * 1024);
    expect(asString(object?.more)).toBe('\né'.repeat(100_000));
  });
});

describe('what is refused', () => {
  const list = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  const objects = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
  const table: readonly (readonly [text: string, code: JsonFaultCode, line: number, column: number])[] = [
    // Nothing, or more than one value.
    ['', 'json-syntax', 1, 1],
    [' \n ', 'json-syntax', 2, 2],
    ['1 2', 'json-syntax', 1, 3],
    ['{}{}', 'json-syntax', 1, 3],
    ['{"a":1}\n]', 'json-syntax', 2, 1],
    ['null,', 'json-syntax', 1, 5],
    ['\ufeff{}', 'json-syntax', 1, 1],
    // White space that JSON does not have.
    ['\u00a01', 'json-syntax', 1, 1],
    ['[1,\f2]', 'json-syntax', 1, 4],
    // Words and numbers.
    ['nul', 'json-syntax', 1, 1],
    ['True', 'json-syntax', 1, 1],
    ['truefalse', 'json-syntax', 1, 5],
    ['NaN', 'json-syntax', 1, 1],
    ['Infinity', 'json-syntax', 1, 1],
    ['-Infinity', 'json-syntax', 1, 1],
    ['undefined', 'json-syntax', 1, 1],
    ['+1', 'json-syntax', 1, 1],
    ['.5', 'json-syntax', 1, 1],
    ['5.', 'json-syntax', 1, 2],
    ['01', 'json-syntax', 1, 2],
    ['-01', 'json-syntax', 1, 3],
    ['1e', 'json-syntax', 1, 2],
    ['1e+', 'json-syntax', 1, 2],
    ['0x10', 'json-syntax', 1, 2],
    ['1_000', 'json-syntax', 1, 2],
    ['-', 'json-syntax', 1, 1],
    ['١', 'json-syntax', 1, 1],
    // Lists and objects.
    ['[', 'json-syntax', 1, 2],
    ['[1', 'json-syntax', 1, 3],
    ['[1,', 'json-syntax', 1, 4],
    ['[1,]', 'json-syntax', 1, 4],
    ['[,1]', 'json-syntax', 1, 2],
    ['[1 2]', 'json-syntax', 1, 4],
    ['[1}', 'json-syntax', 1, 3],
    ['{', 'json-syntax', 1, 2],
    ['{"a"', 'json-syntax', 1, 5],
    ['{"a":', 'json-syntax', 1, 6],
    ['{"a":1', 'json-syntax', 1, 7],
    ['{"a":1,', 'json-syntax', 1, 8],
    ['{"a":1,}', 'json-syntax', 1, 8],
    ['{a:1}', 'json-syntax', 1, 2],
    ["{'a':1}", 'json-syntax', 1, 2],
    ['{1:1}', 'json-syntax', 1, 2],
    ['{"a" 1}', 'json-syntax', 1, 6],
    ['{"a":1 "b":2}', 'json-syntax', 1, 8],
    ['{"a":1]', 'json-syntax', 1, 7],
    ['{"a":}', 'json-syntax', 1, 6],
    ['// c\n1', 'json-syntax', 1, 1],
    ['[1 /* c */]', 'json-syntax', 1, 4],
    // Strings.
    ['"', 'json-syntax', 1, 1],
    ['["a\n', 'json-bad-text', 1, 4],
    ['"abc', 'json-syntax', 1, 1],
    ['"abc\\', 'json-syntax', 1, 5],
    ['"\\x41"', 'json-syntax', 1, 2],
    ['"\\U0041"', 'json-syntax', 1, 2],
    ['"\\u00g0"', 'json-syntax', 1, 2],
    ['"\\u00"', 'json-syntax', 1, 2],
    ['"\\u{41}"', 'json-syntax', 1, 2],
    ["'a'", 'json-syntax', 1, 1],
    ['"tab\there"', 'json-bad-text', 1, 5],
    ['"nul\u0000"', 'json-bad-text', 1, 5],
    ['"unit\u001fseparator"', 'json-bad-text', 1, 6],
    ['{"a\nb":1}', 'json-bad-text', 1, 4],
    // Halves of surrogate pairs, as characters and as escapes, in values and in names.
    ['"\\ud83d"', 'json-bad-text', 1, 1],
    ['"\\ude00\\ud83d"', 'json-bad-text', 1, 1],
    ['"a\ud83d"', 'json-bad-text', 1, 1],
    ['[1,\n "\\udfff"]', 'json-bad-text', 2, 2],
    ['{"\\ud800":1}', 'json-bad-text', 1, 2],
    // The same name twice, however it is spelled.
    ['{"a":1,"a":1}', 'json-duplicate-key', 1, 8],
    ['{"status":"final",\n  "status":"amended"}', 'json-duplicate-key', 2, 3],
    ['{"a":1,"\\u0061":2}', 'json-duplicate-key', 1, 8],
    ['{"":1,"":2}', 'json-duplicate-key', 1, 7],
    ['[{"a":{"b":1,"c":2,"b":3}}]', 'json-duplicate-key', 1, 20],
    ['{"toString":1,"toString":2}', 'json-duplicate-key', 1, 15],
    // Names that change what an object is.
    ['{"__proto__":{}}', 'json-forbidden-key', 1, 2],
    ['{"a":[{"__proto__":null}]}', 'json-forbidden-key', 1, 8],
    ['{"\\u005f_proto__":1}', 'json-forbidden-key', 1, 2],
    ['{"constructor":{"prototype":{}}}', 'json-forbidden-key', 1, 2],
    ['{"a":1,"prototype":1}', 'json-forbidden-key', 1, 8],
    // Depth.
    [list(DEPTH + 1), 'json-too-deep', 1, DEPTH + 1],
    [objects(DEPTH + 1), 'json-too-deep', 1, 5 * DEPTH + 1],
    ['['.repeat(100_000), 'json-too-deep', 1, DEPTH + 1],
    ['{"a":'.repeat(100_000), 'json-too-deep', 1, 5 * DEPTH + 1],
  ];
  it.each(table)('C2 %j: %s at line %i, column %i', (text, code, line, column) => {
    const parsed = parseExact(text, DEPTH);
    expect(parsed.ok).toBe(false);
    if (parsed.ok) return;
    expect({ code: parsed.fault.code, line: parsed.fault.line, column: parsed.fault.column }).toEqual({ code, line, column });
    expect(parsed.fault.message).toMatch(/\S/);
  });

  it.each([
    ['', 'the text ends where a value is expected'],
    ['[1,', 'the text ends where a value is expected'],
    ['[1,]', 'a value is expected here'],
    ['nul', 'a value is expected here'],
    ['{} x', 'more text after the end of the JSON value'],
    ['{a:1}', 'a member name in double quotes is expected here'],
    ['{"a" 1}', 'a colon is expected after "a"'],
    ['{"a":1;', 'a comma or the end of the object is expected here'],
    ['[1;', 'a comma or the end of the list is expected here'],
    ['"abc', 'the text ends inside a string'],
    ['"\\x"', 'this escape is not part of JSON'],
    ['"\\u12"', 'four hexadecimal digits are expected after \\u'],
    ['"\n"', 'a control character must be written as an escape'],
    ['"\\ud83d"', 'half of a surrogate pair is not a character'],
    ['{"a":1,"a":2}', 'the member "a" stands here a second time'],
    ['{"__proto__":1}', 'the member name "__proto__" is not allowed'],
  ])('C2 %j is told in words: %s', (text, message) => {
    expect(parseExact(text, DEPTH)).toMatchObject({ ok: false, fault: { message } });
  });

  it('C2 the depth allowed is the depth taken', () => {
    for (const depth of [1, 2, 7, DEPTH]) {
      for (const build of [list, objects]) {
        expect(parseExact(build(depth), depth).ok).toBe(true);
        expect(parseExact(build(depth + 1), depth)).toMatchObject({
          ok: false,
          fault: { code: 'json-too-deep', message: `more than ${depth} objects or lists inside each other` },
        });
      }
    }
    // Side by side is not inside each other.
    expect(parseExact(`[${'[],'.repeat(1_000)}{}]`, 2).ok).toBe(true);
    expect(parseExact('1', 0).ok).toBe(true);
  });

  it('C2 a fault of the reader itself is not a refusal', () => {
    expect(() => parseExact('[]', Symbol('no number') as unknown as number)).toThrow(TypeError);
  });
});

describe('beside JSON.parse', () => {
  it('C2 gives the same values for everything that is JSON', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 5, noUnicodeString: false }),
        fc.constantFrom<string | undefined>(undefined, '\t', '  '),
        (any, indent) => {
          const text = JSON.stringify(any, null, indent);
          const parsed = parseExact(text, DEPTH);
          // Names that objects must not have, and half characters, are the only things it refuses.
          if (!parsed.ok) expect(['json-forbidden-key', 'json-bad-text']).toContain(parsed.fault.code);
          else expect(plain(parsed.value)).toEqual(JSON.parse(text));
        },
      ),
      { numRuns: 500 },
    );
  });

  const token = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"a"',
    '"b"',
    '"\\n"',
    '"',
    '\\',
    'true',
    'null',
    '1',
    '-',
    '0.5',
    'e3',
    ' ',
    '\n',
    'x',
    '\u0001',
    '\ud800',
  );
  it('C2 takes nothing that is not JSON, and refuses as not JSON only what is not', () => {
    const compare = (text: string): void => {
      const parsed = parseExact(text, DEPTH);
      let isJson = true;
      try {
        JSON.parse(text);
      } catch {
        isJson = false;
      }
      if (parsed.ok) expect(isJson, text).toBe(true);
      else if (parsed.fault.code === 'json-syntax') expect(isJson, text).toBe(false);
    };
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => compare(tokens.join(''))),
      { numRuns: 3_000 },
    );
    // One character more, less or other in a text that was JSON.
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 3 }),
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', ':', '{', ']', '0', '-', '.', 'e', ' ', 't'),
        fc.nat(1),
        (json, where, letter, gone) => {
          const at = where % (json.length + 1);
          compare(json.slice(0, at) + letter + json.slice(at + gone));
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('writing', () => {
  const digits = fc.stringMatching(/^-?(?:0|[1-9][0-9]{0,24})(?:\.[0-9]{1,24})?(?:[eE][+-]?[0-9]{1,4})?$/);
  // Names that look like numbers come first in any JavaScript object, so they are left out here.
  const name = fc
    .string({ unit: 'binary', maxLength: 6 })
    .map((text) => `k${text}`)
    .filter((text) => text.isWellFormed());
  const word = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => text.isWellFormed());
  const { tree } = fc.letrec<{ tree: ExactValue }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      digits.map((text) => Decimal.of(text)),
      word,
      fc.constantFrom(null, true, false),
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
    ),
  }));

  it('C2 gives back the characters that were read, spaces apart', () => {
    fc.assert(
      fc.property(tree, (any) => {
        const text = stringifyExact(any);
        expect(value(text)).toEqual(any);
        expect(stringifyExact(value(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('C2 is the same text that JSON.stringify writes where a number is one that doubles keep', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (json) => {
        const parsed = parseExact(json, DEPTH);
        if (parsed.ok) expect(JSON.parse(stringifyExact(parsed.value))).toEqual(JSON.parse(json));
      }),
    );
  });
});

describe('the places of members', () => {
  it('A1 are those of the outermost object, as they stand', () => {
    const text = ' {"id" : "x" ,\n "content": {"content": [1.00,  2] } ,"n":-0e0, "é":null}\n';
    const parsed = parseExact(text, DEPTH);
    if (!parsed.ok) throw new Error('refused');
    const shown = [...parsed.members].map(([key, { start, end }]) => [key, text.slice(start, end)]);
    expect(shown).toEqual([
      ['id', '"x"'],
      ['content', '{"content": [1.00,  2] }'],
      ['n', '-0e0'],
      ['é', 'null'],
    ]);
  });

  it.each(['[{"a":1}]', '"a"', '1', '{}', 'null'])('A1 there are none in %s', (text) => {
    const parsed = parseExact(text, DEPTH);
    expect(parsed.ok && parsed.members.size).toBe(0);
  });

  it('A1 hold exactly the value of the member, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }),
        fc.constantFrom<string | undefined>(undefined, '\n ', '\t'),
        (object, indent) => {
          const text = JSON.stringify(object, null, indent);
          const parsed = parseExact(text, DEPTH);
          if (!parsed.ok) return;
          expect([...parsed.members.keys()].toSorted()).toEqual(Object.keys(object).toSorted());
          for (const [key, { start, end }] of parsed.members) {
            expect(JSON.parse(text.slice(start, end))).toEqual(JSON.parse(JSON.stringify(object[key])));
            expect(text.slice(start, end)).toBe(text.slice(start, end).trim());
          }
        },
      ),
    );
  });
});

describe('taking values apart', () => {
  const object = { a: null };
  const cases: readonly (readonly [given: ExactValue | undefined, isObject: boolean, isArray: boolean, isString: boolean])[] = [
    [undefined, false, false, false],
    [null, false, false, false],
    [true, false, false, false],
    ['text', false, false, true],
    ['', false, false, true],
    [Decimal.of('1'), false, false, false],
    [[], false, true, false],
    [[null], false, true, false],
    [object, true, false, false],
  ];
  it.each(cases)('C2 %j: object %s, list %s, text %s', (given, isObject, isArray, isString) => {
    expect(asObject(given)).toBe(isObject ? given : undefined);
    expect(asArray(given)).toEqual(isArray ? given : []);
    expect(asString(given)).toBe(isString ? given : undefined);
  });
});
