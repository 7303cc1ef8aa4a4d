import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExact } from '../../src-shared/fhir/index.ts';
import { splitDocument } from './split-document.ts';

const split = (text: string): (readonly [number, string])[] => [...splitDocument(text)].map((part) => [part.line, part.text]);

describe('splitDocument', () => {
  const table: readonly (readonly [text: string, parts: readonly (readonly [line: number, text: string])[]])[] = [
    ['', []],
    [' \n\t', []],
    ['{"a":1}', [[1, '{"a":1}']]],
    ['\n\n  {"a":\n1}\n ', [[3, '{"a":\n1}']]],
    ['"text"', [[1, '"text"']]],
    ['[]', []],
    [' [ \n ] \n', []],
    ['[1]', [[1, '1']]],
    [
      '[1, 2 ,3]',
      [
        [1, '1'],
        [1, '2'],
        [1, '3'],
      ],
    ],
    [
      '[\n  {"a":1},\n\n  {\n "b":[2,{"c":3}]},\n  4\n]\n',
      [
        [2, '{"a":1}'],
        [4, '{\n "b":[2,{"c":3}]}'],
        [6, '4'],
      ],
    ],
    [
      '\n[{"a":1}\n,{"b":2}]',
      [
        [2, '{"a":1}'],
        [3, '{"b":2}'],
      ],
    ],
    // Signs inside strings divide nothing.
    [
      '["a,]}[{b", "\\"],", "\\\\", "\\\\\\"", {",":"]"}]',
      [
        [1, '"a,]}[{b"'],
        [1, '"\\"],"'],
        [1, '"\\\\"'],
        [1, '"\\\\\\""'],
        [1, '{",":"]"}'],
      ],
    ],
    // One bad record is handed on alone.
    [
      '[{"a":1},\n nonsense here,\n {"b":2}]',
      [
        [1, '{"a":1}'],
        [2, 'nonsense here'],
        [3, '{"b":2}'],
      ],
    ],
    [
      '[{"a":1 "b"},{"c":2}]',
      [
        [1, '{"a":1 "b"}'],
        [1, '{"c":2}'],
      ],
    ],
    [
      '[{"a":1],{"b":2}]',
      [
        [1, '{"a":1]'],
        [1, '{"b":2}'],
      ],
    ],
    // A place left empty is told.
    [
      '[1,]',
      [
        [1, '1'],
        [1, ',]'],
      ],
    ],
    [
      '[,1]',
      [
        [1, '[,'],
        [1, '1'],
      ],
    ],
    [
      '[1,\n,2]',
      [
        [1, '1'],
        [1, ',\n,'],
        [2, '2'],
      ],
    ],
    // A list that never ends, though its last record is whole.
    ['[', [[1, '[']]],
    ['[{"a":1}', [[1, '[{"a":1}']]],
    [
      '[{"a":1},',
      [
        [1, '{"a":1}'],
        [1, ','],
      ],
    ],
    [
      '[{"a":1},\n{"b":2}\n',
      [
        [1, '{"a":1}'],
        [1, ',\n{"b":2}'],
      ],
    ],
    ['[{"a":"never ends]', [[1, '[{"a":"never ends]']]],
    ['[{"a":1}}', [[1, '[{"a":1}}']]],
    ['[1}, 2]', [[1, '[1}, 2]']]],
    // Something after its end.
    [
      '[1] 2',
      [
        [1, '1'],
        [1, '] 2'],
      ],
    ],
    [
      '[1]\n{"a":1}',
      [
        [1, '1'],
        [1, ']\n{"a":1}'],
      ],
    ],
    [
      '[1],',
      [
        [1, '1'],
        [1, '],'],
      ],
    ],
    ['[][1]', [[1, '][1]']]],
  ];
  it.each(table)('A5 %j', (text, parts) => {
    expect(split(text)).toEqual(parts);
  });

  it('A5 loses nothing and adds nothing: a list of records gives those records', () => {
    const layout = fc.constantFrom<string | undefined>(undefined, '\t', '  ', '\n');
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }), layout, (records, indent) => {
        const text = JSON.stringify(records, null, indent);
        expect(split(text).map(([, part]) => JSON.parse(part) as unknown)).toEqual(JSON.parse(text));
        let from = 0;
        for (const [line, part] of split(text)) {
          const at = text.indexOf(part, from);
          expect(line).toBe(text.slice(0, at).split('\n').length);
          from = at + part.length;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('A5 hands on something that is refused whenever the document is not JSON', () => {
    const token = fc.constantFrom('[', ']', '{', '}', ',', '"a"', ':', '1', ' ', '\n', '"', '{"a":1}', '{"b":[2]}');
    const isJson = (text: string): boolean => parseExact(text, 64).ok;
    fc.assert(
      fc.property(fc.array(token, { maxLength: 10 }), (tokens) => {
        const text = `[${tokens.join('')}`;
        // The other way round it holds as well: of a list that is JSON, every record is.
        expect(split(text).every(([, part]) => isJson(part))).toBe(isJson(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
