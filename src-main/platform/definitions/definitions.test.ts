import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cases } from './testing/cases.ts';
import { resourcesFolder } from '../workspace.ts';
import { altered, exact, exactText, samples } from './testing/samples.ts';
import { r4Definitions } from './definitions.ts';

const definitions = r4Definitions();
const rulesOf = (resource: unknown): readonly string[] =>
  definitions.validate(exact(resource)).map(({ rule, path }) => `${rule} ${path}`);

describe('F1 a valid resource of each type', () => {
  it.each(Object.keys(samples))('F1 %s has no findings', (type) => {
    expect(definitions.validate(exact(samples[type]))).toEqual([]);
  });

  it('F1 is left as it was, with every digit', () => {
    const resource = exact(altered('Observation', ['component', 0, 'valueQuantity', 'value'], 1.5));
    const before = JSON.stringify(resource);
    definitions.validate(deepFreeze(resource));
    expect(JSON.stringify(resource)).toBe(before);
  });
});

describe('F1 one thing wrong', () => {
  it.each(
    cases.map(([type, path, value, ...expected]) => ({
      type,
      path,
      value,
      expected,
      name: `${type}.${path.join('.')} = ${JSON.stringify(value)?.slice(0, 60) ?? 'nothing'}`,
    })),
  )('F1 $name: $expected', ({ type, path, value, expected }) => {
    expect(rulesOf(altered(type, path, value))).toEqual(expected);
  });

  it('F1 covers every type that is written', () => {
    expect([...new Set(cases.map(([type]) => type))].sort()).toEqual(Object.keys(samples).sort());
  });
});

describe('F1 the invariants of R4', () => {
  /** Under which rule an invariant is reported, where it is not its own key. */
  const elsewhere: Readonly<Record<string, string>> = {
    'dom-3': 'r4-contained',
    'ref-1': 'r4-contained',
    'txt-1': 'r4-narrative',
    'txt-2': 'r4-narrative',
  };
  /** Held by tests of their own, below. */
  const below = ['dom-2', 'dom-4', 'dom-5', 'obs-6', 'obs-7', 'prr-1', 'cmp-2'];
  const folder = join(resourcesFolder(), 'definitions');
  const keys = new Set(
    readdirSync(folder)
      .filter((file) => file !== 'codes.json')
      .flatMap((file) => [JSON.parse(readFileSync(join(folder, file), 'utf8')) as Structure | Structure[]].flat())
      .flatMap((structure) =>
        structure.snapshot.element.flatMap((element) => element.constraint ?? []).map((constraint) => constraint.key),
      ),
  );
  const broken = new Set(cases.flatMap(([, , , ...expected]) => expected.map((text) => text.split(' ')[0])));

  it.each([...keys].filter((key) => !below.includes(key)))('F1 %s is broken by one of the cases above', (key) => {
    expect(broken.has(elsewhere[key] ?? `r4-${key}`)).toBe(true);
  });

  it('F1 prr-1 and cmp-2', () => {
    const { code: _code, ...uncoded } = samples['ServiceRequest'] ?? {};
    expect(rulesOf({ ...uncoded, orderDetail: [{ text: 'fasting' }] })).toEqual(['r4-prr-1 ServiceRequest']);
    const section = [{ title: 'Plan', emptyReason: { text: 'none' }, entry: [{ reference: 'Task/t1' }] }];
    expect(rulesOf(altered('Composition', ['section'], section))).toEqual(['r4-cmp-2 Composition.section[0]']);
  });
});

interface Structure {
  readonly snapshot: { readonly element: readonly { readonly constraint?: readonly { readonly key: string }[] }[] };
}

describe('F1 findings', () => {
  it('F3 name place, rule, severity and what to do', () => {
    expect(definitions.validate(exact(altered('Observation', ['status'], 'banana')))).toEqual([
      {
        rule: 'r4-binding',
        severity: 'stop',
        path: 'Observation.status',
        message:
          'Observation.status is "banana"; R4 allows registered, preliminary, final, amended, corrected, cancelled, entered-in-error, unknown.',
        next: 'Use one of the codes that R4 allows here.',
      },
    ]);
  });

  it('F1 are all there, not only the first', () => {
    const resource = {
      ...altered('Observation', ['status'], 'banana'),
      effectiveDateTime: '2026-02-30',
      category: [],
      subject: { reference: 'Practitioner/1' },
      foo: 1,
    };
    expect(rulesOf(resource).toSorted()).toEqual([
      'r4-binding Observation.status',
      'r4-empty-value Observation.category',
      'r4-no-such-day Observation.effective',
      'r4-reference-type Observation.subject',
      'r4-unknown-element Observation.foo',
    ]);
  });

  it('F1 name every broken invariant of one value', () => {
    const both = {
      ...altered('Observation', ['valueQuantity'], { value: 1 }),
      dataAbsentReason: { text: 'unknown' },
      component: [{ code: samples['Observation']?.['code'], valueBoolean: true }],
    };
    expect(rulesOf(both).toSorted()).toEqual(['r4-obs-6 Observation', 'r4-obs-7 Observation']);
  });

  it('F1 leave out invariants about a value that is itself misshapen', () => {
    expect(rulesOf(altered('Consent', ['policy'], 'https://example.org'))).toEqual(['r4-wrong-type Consent.policy']);
  });

  it('F1 quote long and invisible text harmlessly', () => {
    const [finding] = definitions.validate(exact(altered('Observation', ['status'], `x\u202e\n${'y'.repeat(500)}`)));
    expect(finding?.message).not.toMatch(/[\u202e\n]/);
    expect(finding?.message.length).toBeLessThan(250);
  });
});

describe('F1 what is no resource that is written', () => {
  it.each([
    ['no type', { status: 'final' }],
    ['a type that is no text', { resourceType: 5 }],
    ['an unknown type', { resourceType: 'Banana' }],
    ['a path for a type', { resourceType: '../contracts/default' }],
    ['a type of R4 that is not written', { resourceType: 'Device' }],
    ['a data type', { resourceType: 'Quantity', value: 1 }],
    ['a file of the definitions', { resourceType: 'data-types' }],
    ['a property of every object', { resourceType: 'constructor' }],
  ])('F1 %s', (_name, resource) => {
    expect(rulesOf(resource)).toEqual(['r4-resource-type resourceType']);
  });

  it('F1 an empty resource of a type has its missing elements named', () => {
    expect(rulesOf({ resourceType: 'Observation' })).toEqual([
      'r4-missing-element Observation.status',
      'r4-missing-element Observation.code',
    ]);
  });
});

describe('F1 numbers', () => {
  it.each(['1.00', '0.010', '12345678901234567890.12', '1e400', '-1e400', '1e-400', '0', '-0.0'])(
    'F1 the decimal %s is valid and not altered',
    (text) => {
      const json = JSON.stringify(samples['Observation']).replace('"value":128', `"value":${text}`);
      const resource = exactText(json);
      expect(definitions.validate(resource)).toEqual([]);
      expect(JSON.stringify(resource)).toContain(`"value":${text}`);
    },
  );

  it.each(['2.0', '2e0', '-0'])('F1 a whole number may not be written as %s', (text) => {
    const json = JSON.stringify(samples['Patient']).replace('"multipleBirthInteger":2', `"multipleBirthInteger":${text}`);
    expect(definitions.validate(exactText(json)).map(({ rule }) => rule)).toEqual(['r4-primitive-format']);
  });
});

describe('F1 contained resources', () => {
  const withContained = (contained: object, reference: string): object => ({
    ...altered('Observation', ['subject'], { reference }),
    contained: [contained],
  });

  it('F1 are checked like any other', () => {
    const patient = { resourceType: 'Patient', id: 'p', gender: 'banana' };
    expect(rulesOf(withContained(patient, '#p'))).toEqual(['r4-binding Observation.contained[0].gender']);
  });

  it('F1 may be referred to, and may refer to what is around them', () => {
    expect(rulesOf(withContained({ resourceType: 'Patient', id: 'p' }, '#p'))).toEqual([]);
    const task = { resourceType: 'Task', id: 't', status: 'draft', intent: 'order', focus: { reference: '#' } };
    expect(rulesOf(withContained(task, 'Patient/p1'))).toEqual([]);
  });

  it('F1 contain no others and carry no version', () => {
    const inner = { resourceType: 'Patient', id: 'q' };
    const outer = {
      resourceType: 'Patient',
      id: 'p',
      meta: { versionId: '1', security: [{ code: 'R' }] },
      contained: [inner],
      link: [{ other: { reference: '#q' }, type: 'refer' }],
    };
    expect(rulesOf(withContained(outer, '#p'))).toEqual(['r4-dom-2 Observation', 'r4-dom-4 Observation', 'r4-dom-5 Observation']);
  });
});

describe('F1 long content', () => {
  it('F1 a note of 10 MB as attachment is valid', () => {
    const data = Buffer.alloc(10 * 1024 * 1024, 'x').toString('base64');
    expect(rulesOf(altered('DocumentReference', ['content', 0, 'attachment', 'data'], data))).toEqual([]);
  });

  it('F1 a text beyond the 1 MB of R4 is found', () => {
    const text = 'x'.repeat(1024 * 1024 + 1);
    expect(rulesOf(altered('Communication', ['payload', 0, 'contentString'], text))).toEqual([
      'r4-too-large Communication.payload[0].content',
    ]);
  });
});

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
