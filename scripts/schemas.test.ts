import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { outputs } from '../src-main/entry/outputs.ts';
import { faultPlan } from '../src-main/practice-ehr/index.ts';
import { businessEvent, contractMatrix } from '../src-shared/domain/index.ts';
import { matrix, record } from '../src-shared/domain/testing/builders.ts';
import { placesOf, spell, withValue, type Path } from '../src-shared/domain/testing/paths.ts';
import { contentExamples, describedRecord, fullEvent } from '../src-shared/domain/testing/records.ts';
import { parseExact } from '../src-shared/fhir/index.ts';
import { projectRoot } from './ensure-installed.mjs';
import { schemaFiles, schemaFolder } from './schemas.ts';

const files = schemaFiles();
const schema = (file: string): Readonly<Record<string, unknown>> =>
  JSON.parse(files.get(file) ?? 'null') as Record<string, unknown>;

// A keyword that the validator does not know is a mistake in the schema. What an object needs may be said apart from what it may have.
const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true });
ajvFormats.default(ajv);
const compiled = new Map([...files.keys()].map((file) => [file, ajv.compile(schema(file))]));
function validator(file: string): ValidateFunction {
  const found = compiled.get(file);
  if (found === undefined) throw new Error(`no schema ${file}`);
  return found;
}

describe('resources/schemas', () => {
  it('A1 holds what the product would write today; "npm run schemas" brings it up to date', () => {
    const kept = readdirSync(schemaFolder, { recursive: true, encoding: 'utf8' }).map((file) => file.replaceAll(path.sep, '/'));
    expect(kept.filter((file) => file.endsWith('.json')).toSorted()).toEqual([...files.keys()].toSorted());
    for (const [file, text] of files) expect(readFileSync(path.join(schemaFolder, file), 'utf8'), file).toBe(text);
  });

  it.each([...files.keys()])('A1 %s is a schema of its own name that a strict validator takes', (file) => {
    expect(schema(file)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: expect.any(String) as unknown,
    });
    expect([...files.keys()].filter((other) => schema(other)['$id'] === schema(file)['$id'])).toEqual([file]);
    // Built above; a schema that the validator cannot take would have failed there.
    expect(validator(file)).toBeTypeOf('function');
  });

  it('A1 has one for every command', () => {
    const commands = [...files.keys()].filter((file) => file.startsWith('cli/'));
    expect(commands.toSorted()).toEqual(
      Object.keys(outputs)
        .map((name) => `cli/${name}.schema.json`)
        .toSorted(),
    );
  });
});

/** The product's own verdict, on the record as it would come in. */
function productTakes(value: unknown): boolean {
  const parsed = parseExact(JSON.stringify(value), 64);
  return parsed.ok && businessEvent.safeParse(parsed.value).success;
}

describe('the schema of events beside the product', () => {
  const validate = validator('business-event-1.0.schema.json');
  const minimal = JSON.parse(record()) as Readonly<Record<string, unknown>>;
  const examples: readonly (readonly [what: string, value: unknown])[] = [
    ['as the format describes it', JSON.parse(describedRecord)],
    ['with all it may carry', fullEvent],
    ['of a report', { ...minimal, type: 'capture.failed', content: undefined }],
    ...Object.entries(contentExamples).flatMap(([member, values]) =>
      values.map((value: unknown): [string, unknown] => [`with ${member}`, { ...minimal, content: { [member]: value } }]),
    ),
  ];

  it.each(examples)('A1 takes an event %s', (_what, value) => {
    validate(JSON.parse(JSON.stringify(value)));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('A1 agrees with the product on every place, changed in kind, emptied, added to or taken away', () => {
    const places = new Map<string, readonly [example: unknown, place: Path, member: unknown]>();
    for (const [, example] of examples) {
      const value = JSON.parse(JSON.stringify(example)) as unknown;
      let concept: Path | null = null;
      for (const [place, member] of placesOf(value)) {
        const inside = concept !== null && concept.every((step, index) => place[index] === step) ? concept : null;
        // The same place of two items, of two events or of two concepts is one place.
        places.set(inside === null ? spell(place) : `concept.${spell(place.slice(inside.length))}`, [value, place, member]);
        if (member !== null && typeof member === 'object' && 'translations' in member) concept = place;
      }
    }
    const differ: string[] = [];
    let compared = 0;
    for (const [example, place, member] of places.values()) {
      const isObject = member !== null && typeof member === 'object' && !Array.isArray(member);
      const others: unknown[] = [null, 7, -1, 'x', ' ', [], undefined];
      if (isObject) others.push({}, { ...member, surprise: 1 });
      for (const other of place.length === 0 ? others.slice(0, -1) : others) {
        const changed = JSON.parse(JSON.stringify(withValue(example, place, other) ?? null)) as unknown;
        compared += 1;
        // Base64 that ends too early is the one thing that no pattern says that a validator survives.
        if (validate(changed) !== productTakes(changed) && !(other === 'x' && spell(place).endsWith('.data')))
          differ.push(`${spell(place)} = ${JSON.stringify(other)}: schema ${String(validate(changed))}`);
      }
    }
    expect(differ).toEqual([]);
    expect(compared).toBeGreaterThan(2_000);
  });

  // What a JSON Schema cannot say, the product says alone.
  it.each([
    ['a day that does not exist', { occurredAt: '2026-02-30T09:00:00Z' }],
    [
      'two values of one observation',
      { content: { observations: [{ code: { text: 'x' }, valueText: 'x', valueBoolean: true }] } },
    ],
    ['base64 cut short', { content: { documents: [{ title: 'x', contentType: 'text/plain', data: 'QQ' }] } }],
  ])('A1 leaves to the product: %s', (_what, changes) => {
    const changed = { ...minimal, ...changes };
    expect(validate(changed)).toBe(true);
    expect(productTakes(changed)).toBe(false);
  });
});

describe('the other schemas beside the product', () => {
  it('B1 takes the contract matrix that comes with the product, and refuses one changed for the worse', () => {
    const validate = validator('contract-matrix.schema.json');
    const shipped = JSON.parse(
      readFileSync(path.join(projectRoot, 'resources', 'contracts', 'default.json'), 'utf8'),
    ) as Readonly<Record<string, unknown>>;
    expect(contractMatrix.safeParse(shipped).success).toBe(true);
    expect(validate(shipped)).toBe(true);
    for (const [place] of placesOf(JSON.parse(JSON.stringify(matrix)))) {
      const changed = withValue(matrix, place, false);
      expect(validate(changed), spell(place)).toBe(false);
      expect(contractMatrix.safeParse(changed).success, spell(place)).toBe(false);
    }
    expect(validate({ ...shipped, author: 'x' })).toBe(false);
  });

  it.each([
    [{ faults: [] }, true],
    [{ seed: 7, faults: [{ kind: 'lost-reply', probability: 0.5, types: ['Observation'] }] }, true],
    [{ faults: [{ kind: 'status', status: 503, retryAfter: 'huge' }] }, true],
    [{ faults: [{ kind: 'status', status: 200 }] }, false],
    [{ faults: [{ kind: 'lost-reply', probability: 2 }] }, false],
    [{ faults: [{ kind: 'earthquake' }] }, false],
    [{ faults: [{ kind: 'slow', delayMs: 1, surprise: 1 }] }, false],
    [{}, false],
  ])('J5 the fault plan %j: %s', (plan, good) => {
    expect(validator('practice-ehr-faults.schema.json')(plan)).toBe(good);
    expect(faultPlan.safeParse(plan).success).toBe(good);
  });
});
