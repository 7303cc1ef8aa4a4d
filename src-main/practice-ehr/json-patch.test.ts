import { describe, expect, it } from 'vitest';
import { parseExact, stringifyExact } from '../../src-shared/fhir/index.ts';
import type { ExactValue } from '../../src-shared/fhir/index.ts';
import { applyJsonPatch } from './json-patch.ts';
import { Refusal } from './outcome.ts';

const exact = (text: string): ExactValue => {
  const parsed = parseExact(text, 64);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
};
const patched = (target: string, ...operations: string[]): string =>
  stringifyExact(applyJsonPatch(exact(target), exact(`[${operations.join(',')}]`)));

// After RFC 6902, appendix A, with decimals added.
const applied: readonly (readonly [target: string, patch: string, result: string])[] = [
  ['{"foo":"bar"}', '{"op":"add","path":"/baz","value":1.50}', '{"foo":"bar","baz":1.50}'],
  ['{"foo":["bar","baz"]}', '{"op":"add","path":"/foo/1","value":"qux"}', '{"foo":["bar","qux","baz"]}'],
  ['{"foo":["bar"]}', '{"op":"add","path":"/foo/-","value":["abc"]}', '{"foo":["bar",["abc"]]}'],
  ['{"baz":1.0,"foo":"bar"}', '{"op":"remove","path":"/foo"}', '{"baz":1.0}'],
  ['{"foo":[1,2,3.0]}', '{"op":"remove","path":"/foo/1"}', '{"foo":[1,3.0]}'],
  ['{"baz":"qux"}', '{"op":"replace","path":"/baz","value":"boo"}', '{"baz":"boo"}'],
  ['{"a":[{"b":1},{"b":2}]}', '{"op":"replace","path":"/a/1/b","value":3}', '{"a":[{"b":1},{"b":3}]}'],
  [
    '{"foo":{"bar":"baz","waldo":1},"qux":{}}',
    '{"op":"move","from":"/foo/waldo","path":"/qux/thud"}',
    '{"foo":{"bar":"baz"},"qux":{"thud":1}}',
  ],
  [
    '{"foo":["all","grass","cows","eat"]}',
    '{"op":"move","from":"/foo/1","path":"/foo/3"}',
    '{"foo":["all","cows","eat","grass"]}',
  ],
  ['{"a":1.10}', '{"op":"copy","from":"/a","path":"/b"}', '{"a":1.10,"b":1.10}'],
  ['{"a":1.10}', '{"op":"test","path":"/a","value":1.1}', '{"a":1.10}'],
  [
    '{"a":{"x":[1,null],"y":true}}',
    '{"op":"test","path":"/a","value":{"y":true,"x":[1.0,null]}}',
    '{"a":{"x":[1,null],"y":true}}',
  ],
  ['{"/":9,"~1":10}', '{"op":"test","path":"/~01","value":10}', '{"/":9,"~1":10}'],
];

const failing: readonly (readonly [target: string, patch: string, status: number])[] = [
  ['{"a":1}', '{"op":"test","path":"/a","value":"1"}', 422],
  ['{"a":[1]}', '{"op":"test","path":"/a","value":[1,2]}', 422],
  ['{"a":{}}', '{"op":"test","path":"/a","value":{"b":1}}', 422],
  ['{"a":1}', '{"op":"remove","path":"/b"}', 422],
  ['{"a":1}', '{"op":"replace","path":"/b","value":1}', 422],
  ['{"a":1}', '{"op":"add","path":"/b/c","value":1}', 422],
  ['{"a":1}', '{"op":"add","path":"/a/c","value":1}', 422],
  ['{"a":[1]}', '{"op":"add","path":"/a/5","value":1}', 422],
  ['{"a":[1]}', '{"op":"add","path":"/a/01","value":1}', 422],
  ['{"a":1}', '{"op":"add","path":"/__proto__","value":1}', 422],
  ['{"a":1}', '{"op":"remove","path":"/toString"}', 422],
  ['{"a":1}', '{"op":"replace","path":"","value":1}', 422],
  ['{"a":{"b":1}}', '{"op":"move","from":"/a","path":"/a/b"}', 422],
  ['{"a":1}', '{"op":"add","path":"b","value":1}', 400],
  ['{"a":1}', '{"op":"add","path":"/b~2","value":1}', 400],
  ['{"a":1}', '{"op":"add","path":"/b"}', 400],
  ['{"a":1}', '{"op":"spam","path":"/b"}', 400],
  ['{"a":1}', '{"op":"copy","path":"/b"}', 400],
  ['{"a":1}', '7', 400],
];

describe('JSON Patch', () => {
  it.each(applied)('J5 %s patched by %s', (target, patch, result) => {
    expect(patched(target, patch)).toBe(result);
  });

  it.each(failing)('J5 %s is not patched by %s: %i', (target, patch, status) => {
    let thrown: unknown;
    try {
      patched(target, patch);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Refusal);
    expect((thrown as Refusal).status).toBe(status);
  });
});
