import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareResources, Decimal, parseExact, type CompareOptions, type ExactObject, type ExactValue } from './index.ts';

const json = (text: string): ExactObject => {
  const parsed = parseExact(text, 64);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value as ExactObject;
};
const differences = (sent: string, found: string, options?: CompareOptions) =>
  compareResources(json(sent), json(found), options).differences.map(({ path, kind }) => `${kind} ${path}`);

describe('compareResources', () => {
  const same: readonly (readonly [what: string, sent: string, found: string])[] = [
    [
      'what the server owns',
      '{"resourceType":"A","status":"final"}',
      '{"resourceType":"A","id":"1","meta":{"versionId":"2"},"text":{"status":"generated"},"status":"final"}',
    ],
    [
      'its own id and version sent along',
      '{"id":"1","meta":{"versionId":"1","lastUpdated":"x"}}',
      '{"id":"1","meta":{"versionId":"2"}}',
    ],
    ['a generated narrative that was sent', '{"text":{"status":"generated","div":"a"}}', '{}'],
    ['members that the server adds', '{"code":{"text":"x"}}', '{"code":{"text":"x","extension":[{"url":"u"}]},"issued":"2026"}'],
    ['the same moment in another zone', '{"at":"2026-03-02T09:14:00Z"}', '{"at":"2026-03-02T10:14:00.000+01:00"}'],
    [
      'codings in another order and one more',
      '{"coding":[{"system":"a","code":"1"},{"system":"b","code":"2"}]}',
      '{"coding":[{"system":"c","code":"3"},{"system":"b","code":"2"},{"system":"a","code":"1"}]}',
    ],
    [
      'the words to a code',
      '{"coding":[{"system":"a","code":"1","display":"One"}]}',
      '{"coding":[{"system":"a","code":"1","display":"ONE"}]}',
    ],
    ['a category added', '{"category":[{"text":"x"}]}', '{"category":[{"text":"server"},{"text":"x"}]}'],
    [
      'an item added between in an ordered list',
      '{"note":[{"text":"a"},{"text":"b"}]}',
      '{"note":[{"text":"a"},{"text":"s"},{"text":"b"}]}',
    ],
    [
      'an absolute reference to the same place',
      '{"subject":{"reference":"Patient/1"}}',
      '{"subject":{"reference":"https://ehr.test/r4/Patient/1"}}',
    ],
    ['a reference with its version', '{"subject":{"reference":"Patient/1"}}', '{"subject":{"reference":"Patient/1/_history/4"}}'],
    ['the profile among others', '{"meta":{"profile":["p"]}}', '{"meta":{"profile":["q","p"]}}'],
  ];
  it.each(same)('C7 finds no difference in %s', (_what, sent, found) => {
    expect(differences(sent, found, { base: 'https://ehr.test/r4/' })).toEqual([]);
  });

  const different: readonly (readonly [what: string, sent: string, found: string, expected: readonly string[]])[] = [
    ['a member gone', '{"resourceType":"A","status":"final"}', '{"resourceType":"A"}', ['missing A.status']],
    [
      'a member changed',
      '{"resourceType":"A","status":"final"}',
      '{"resourceType":"A","status":"amended"}',
      ['changed A.status'],
    ],
    [
      'another patient',
      '{"subject":{"reference":"Patient/1"}}',
      '{"subject":{"reference":"Patient/2"}}',
      ['changed Resource.subject.reference'],
    ],
    [
      'the same id on another server',
      '{"subject":{"reference":"Patient/1"}}',
      '{"subject":{"reference":"https://other.test/r4/Patient/1"}}',
      ['changed Resource.subject.reference'],
    ],
    ['digits lost', '{"value":1.00}', '{"value":1}', ['precision Resource.value']],
    ['a number changed', '{"value":1.00}', '{"value":1.01}', ['changed Resource.value']],
    ['a number turned into text', '{"value":1.00}', '{"value":"1.00"}', ['changed Resource.value']],
    ['a moment turned into a day', '{"at":"2026-03-02T00:00:00Z"}', '{"at":"2026-03-02"}', ['changed Resource.at']],
    [
      'another code',
      '{"coding":[{"system":"a","code":"1"}]}',
      '{"coding":[{"system":"a","code":"2"}]}',
      ['changed Resource.coding[0].code'],
    ],
    [
      'one of two codings gone',
      '{"coding":[{"system":"a","code":"1"},{"system":"b","code":"2"}]}',
      '{"coding":[{"system":"b","code":"2"}]}',
      ['missing Resource.coding[0]'],
    ],
    [
      'one of two equal items gone',
      '{"identifier":[{"value":"1"},{"value":"1"}]}',
      '{"identifier":[{"value":"1"}]}',
      ['missing Resource.identifier[1]'],
    ],
    [
      'ordered items swapped',
      '{"line":["a","b"]}',
      '{"line":["b","a"]}',
      ['changed Resource.line[0]', 'changed Resource.line[1]'],
    ],
    [
      'the last of a list gone',
      '{"component":[{"c":"1"},{"c":"2"}]}',
      '{"component":[{"c":"1"}]}',
      ['missing Resource.component[1]'],
    ],
    ['a list turned into one', '{"note":["a"]}', '{"note":"a"}', ['changed Resource.note']],
    ['an object turned into text', '{"code":{"text":"a"}}', '{"code":"a"}', ['changed Resource.code']],
    ['true turned into null', '{"active":true}', '{"active":null}', ['missing Resource.active']],
    ['a narrative of its own gone', '{"text":{"status":"additional","div":"a"}}', '{}', ['missing Resource.text']],
    [
      'the mark of an AI gone',
      '{"meta":{"security":[{"system":"s","code":"AIAST"}]}}',
      '{"meta":{"versionId":"1"}}',
      ['missing Resource.meta.security'],
    ],
    [
      'a modifier extension that was not sent',
      '{"code":{"text":"a"}}',
      '{"code":{"text":"a","modifierExtension":[{"url":"not"}]}}',
      ['added Resource.code.modifierExtension'],
    ],
  ];
  it.each(different)('C7 finds %s', (_what, sent, found, expected) => {
    expect(differences(sent, found, { base: 'https://ehr.test/r4/' })).toEqual(expected);
  });

  it('C7 reports what stands in an exact list besides what was sent, and only there', () => {
    const found = '{"telecom":[{"value":"new"},{"value":"old"}],"identifier":[{"value":"x"}]}';
    const options = { exactLists: new Set(['telecom']) };
    expect(differences('{"telecom":[{"value":"new"}],"identifier":[]}', found, options)).toEqual(['added Resource.telecom[1]']);
  });

  it('C7 finds the one assignment of items that works, whatever their order', () => {
    // The first item would also fit the second place, where alone the other one fits.
    const sent = '{"identifier":[{"value":"1"},{"value":"1","use":"official"}]}';
    expect(differences(sent, '{"identifier":[{"value":"1","use":"official"},{"value":"1"}]}')).toEqual([]);
  });

  it('C7 shows long values where they begin to differ, not as a whole', () => {
    const words = `${'same '.repeat(200)}here${' same'.repeat(200)}`;
    const sent: ExactObject = { data: words };
    const [difference] = compareResources(sent, { data: words.replace('here', 'there') }).differences;
    expect(difference?.sent).toContain('here same');
    expect(difference?.found).toContain('there same');
    expect(difference?.sent?.length).toBeLessThan(250);
  });
});

// Resources in miniature: lists that are ordered and not, decimals, moments, references, nesting.
const primitive: fc.Arbitrary<ExactValue> = fc.oneof(
  fc.constantFrom('a', 'b', 'Patient/1', '2026-03-02T09:14:00Z', '2026-03-02T10:14:00+01:00'),
  fc.constantFrom('1', '1.0', '1.00', '2', '1e2').map((text) => Decimal.of(text)),
  fc.boolean(),
);
const names = ['identifier', 'telecom', 'note', 'line', 'value', 'reference', 'period', 'text', 'extension'];
const { object: resource } = fc.letrec<{ value: ExactValue; object: ExactObject }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    primitive,
    fc.array(tie('value'), { minLength: 1, maxLength: 3 }),
    tie('object'),
  ),
  object: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 4 }).map((value) => ({ ...value })),
}));
const wrapped = resource.map((value): ExactObject => ({ resourceType: 'A', body: value }));

const memberPaths = (
  value: ExactValue | undefined,
  path: readonly (string | number)[] = [],
): (readonly (string | number)[])[] => {
  if (Array.isArray(value)) return (value as readonly ExactValue[]).flatMap((one, at) => memberPaths(one, [...path, at]));
  if (value === null || typeof value !== 'object' || value instanceof Decimal) return [];
  return Object.entries(value as ExactObject).flatMap(([name, child]) => [
    [...path, name],
    ...memberPaths(child, [...path, name]),
  ]);
};
const edited = (
  value: ExactValue | undefined,
  path: readonly (string | number)[],
  edit: (owner: Record<string, unknown>, name: string) => void,
): ExactObject => {
  const copy = structuredCloneExact(value) as Record<string, unknown>;
  let owner = copy;
  for (const step of path.slice(0, -1)) owner = owner[step] as Record<string, unknown>;
  edit(owner, String(path.at(-1)));
  return copy as ExactObject;
};
const structuredCloneExact = (value: ExactValue | undefined): unknown => {
  if (Array.isArray(value)) return (value as readonly ExactValue[]).map(structuredCloneExact);
  if (value === null || typeof value !== 'object' || value instanceof Decimal) return value;
  return Object.fromEntries(Object.entries(value as ExactObject).map(([name, child]) => [name, structuredCloneExact(child)]));
};

describe('compareResources, any resource', () => {
  it('C7 a resource equals itself, and so in both directions', () => {
    fc.assert(
      fc.property(wrapped, (sent) => {
        const copy = structuredCloneExact(sent) as ExactObject;
        expect(compareResources(sent, copy).differences).toEqual([]);
        expect(compareResources(copy, sent).differences).toEqual([]);
      }),
    );
  });

  it('C7 a member that was dropped is always found', () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), (sent, pick) => {
        const paths = memberPaths(sent).filter((path) => path.length > 0);
        const path = paths[pick % paths.length] ?? ['body'];
        const found = edited(sent, path, (owner, name) => delete owner[name]);
        expect(compareResources(sent, found).differences.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });

  it('C7 a member that the server adds is never a difference', () => {
    fc.assert(
      fc.property(wrapped, fc.nat(), primitive, (sent, pick, value) => {
        const paths = memberPaths(sent);
        const path = paths[pick % paths.length] ?? ['body'];
        const found = edited(sent, path, (owner) => (owner.addedByServer = value));
        expect(compareResources(sent, found).differences).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('C7 the order of a list that has none never matters', () => {
    const items = fc
      .array(resource, { minLength: 1, maxLength: 5 })
      .chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray([...list.keys()], { minLength: list.length, maxLength: list.length })),
      );
    fc.assert(
      fc.property(items, ([list, order]) => {
        const shuffled = order.map((at) => list[at] ?? {});
        expect(compareResources({ identifier: list }, { identifier: shuffled }).differences).toEqual([]);
        expect(compareResources({ identifier: shuffled }, { identifier: list }).differences).toEqual([]);
      }),
    );
  });
});
