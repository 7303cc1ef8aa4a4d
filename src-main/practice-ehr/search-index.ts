import { allSearchParameters } from './definitions.ts';
import type { SearchDefinition } from './definitions.ts';
import type { TimeRange } from './search-dates.ts';
import { periodRange, timeRange } from './search-dates.ts';
import type { JsonObject, Path } from './search-paths.ts';
import { compilePaths, listOf, objectOf, referencedType, stringOf, valuesAt } from './search-paths.ts';

/**
 * What the search index holds for one resource, worked out from the R4 search parameters
 * (https://hl7.org/fhir/R4/search.html). Kinds offered: token, reference, string, uri and date. Number, quantity,
 * composite and special parameters are not offered, and the CapabilityStatement does not list them.
 */
export type IndexKind = 'token' | 'reference' | 'string' | 'uri' | 'date';

export interface IndexedParameter {
  readonly code: string;
  readonly kind: IndexKind;
  readonly url: string;
  readonly targets: readonly string[];
  readonly paths: readonly Path[];
}

export interface IndexPlan {
  readonly resourceType: string;
  readonly parameters: ReadonlyMap<string, IndexedParameter>;
}

/** One entry of the value index. What `extra` means depends on the kind: see the functions below. */
export interface ValueRow {
  readonly code: string;
  readonly value: string;
  readonly extra: string;
}

export interface DateRow extends TimeRange {
  readonly code: string;
}

export interface IndexRows {
  readonly values: readonly ValueRow[];
  readonly dates: readonly DateRow[];
}

/** A change of how entries are made must change this number: the index of a chart made before is then built again. */
export const INDEX_FORMAT = 1;
/** The `extra` of a token whose code system is implied by its element (a `code`, a boolean). */
export const IMPLIED_SYSTEM = '*';
/** Marks the entry of a logical reference (Reference.identifier) in a reference parameter. */
export const LOGICAL = 'identifier ';
const VALUE_CHARS_MAX = 256;

// Kept in columns of their own, not in the index.
const BUILT_IN = new Set(['_id', '_lastUpdated']);
// The same values under a second name, or a comparison that nobody here can make truly (phonetic).
const LEFT_OUT = /^(?:combo-|phonetic$|_content$|_text$|_query$)/;

const plans = new Map<string, IndexPlan>();

/** The parameters indexed for a resource type; compiled once per process. */
export function indexPlan(resourceType: string): IndexPlan {
  const known = plans.get(resourceType);
  if (known !== undefined) return known;
  const parameters = new Map<string, IndexedParameter>();
  for (const definition of allSearchParameters()) {
    const kind = kindOf(definition);
    if (kind === undefined || BUILT_IN.has(definition.code) || LEFT_OUT.test(definition.code)) continue;
    if (!definition.bases.some((base) => base === resourceType || base === 'Resource' || base === 'DomainResource')) continue;
    const paths = compilePaths(definition.expression, resourceType);
    if (paths === undefined) continue;
    const { code, url, targets } = definition;
    parameters.set(code, { code, kind, url, targets, paths });
  }
  const plan = { resourceType, parameters };
  plans.set(resourceType, plan);
  return plan;
}

function kindOf(definition: SearchDefinition): IndexKind | undefined {
  switch (definition.type) {
    case 'token':
    case 'reference':
    case 'string':
    case 'uri':
    case 'date':
      return definition.type;
    case 'number':
    case 'quantity':
    case 'composite':
    case 'special':
      return undefined;
  }
}

/** The index entries of a resource, each once. */
export function indexRows(plan: IndexPlan, resource: JsonObject): IndexRows {
  const values = new Map<string, ValueRow>();
  const dates = new Map<string, DateRow>();
  for (const { code, kind, paths } of plan.parameters.values()) {
    const add = (value: string | undefined, extra: string): void => {
      if (value === undefined || value === '') return;
      const row = { code, value: value.slice(0, VALUE_CHARS_MAX), extra: extra.slice(0, VALUE_CHARS_MAX) };
      values.set(`${code}\n${row.value}\n${row.extra}`, row);
    };
    for (const path of paths) {
      for (const found of valuesAt(resource, path)) {
        switch (kind) {
          case 'token':
            addTokens(found, add);
            break;
          case 'reference':
            addReference(found, add);
            break;
          case 'string':
            for (const text of texts(found)) add(normalized(text), text);
            break;
          case 'uri':
            add(stringOf(found), '');
            break;
          case 'date':
            for (const range of ranges(found)) dates.set(`${code}\n${range.start}\n${range.end}`, { code, ...range });
            break;
        }
      }
    }
  }
  return { values: [...values.values()], dates: [...dates.values()] };
}

type Add = (value: string | undefined, extra: string) => void;

/** Tokens: `value` is the code, `extra` its system; none is the empty text (https://hl7.org/fhir/R4/search.html#token). */
function addTokens(found: unknown, add: Add): void {
  if (typeof found === 'string' || typeof found === 'boolean') {
    add(String(found), IMPLIED_SYSTEM);
    return;
  }
  const object = objectOf(found);
  if (object === undefined) return;
  for (const coding of listOf(object['coding'])) {
    add(stringOf(objectOf(coding)?.['code']), stringOf(objectOf(coding)?.['system']) ?? '');
  }
  // Coding has a code; Identifier and ContactPoint have a value.
  add(stringOf(object['code']) ?? stringOf(object['value']), stringOf(object['system']) ?? '');
}

/** References: `value` is `Type/id` for what is here, the address as it stands for what is elsewhere. */
function addReference(found: unknown, add: Add): void {
  if (typeof found === 'string') {
    add(localReference(found), '');
    return;
  }
  const object = objectOf(found);
  if (object === undefined) return;
  const text = stringOf(object['reference']);
  if (text !== undefined && !text.startsWith('#')) add(localReference(text), '');
  const identifier = objectOf(object['identifier']);
  if (identifier !== undefined) {
    add(`${LOGICAL}${stringOf(identifier['system']) ?? ''}|${stringOf(identifier['value']) ?? ''}`, '');
  }
}

// Whatever its port: a chart that is kept is served under another port the next time.
const OWN_ADDRESS = /^http:\/\/(?:127\.0\.0\.1|localhost):\d+\/fhir\//;

/** A reference as the index writes it: without this server's address and without a version. */
export function localReference(text: string): string {
  const relative = text.replace(OWN_ADDRESS, '');
  return referencedType(relative) === undefined ? relative : relative.replace(/\/_history\/[^/]+$/, '');
}

/** Strings: `value` is the text as it is compared, `extra` the text as it stands (for `:exact`). */
function texts(found: unknown): string[] {
  if (typeof found === 'string') return [found];
  const object = objectOf(found);
  if (object === undefined) return [];
  // HumanName and Address are searched by every part of text in them.
  return STRING_PARTS.flatMap((part) => listOf(object[part]).filter((value) => typeof value === 'string'));
}

const STRING_PARTS = [
  'text',
  'family',
  'given',
  'prefix',
  'suffix',
  'line',
  'city',
  'district',
  'state',
  'postalCode',
  'country',
];

/** Text as a string search compares it: no case, no accents (https://hl7.org/fhir/R4/search.html#string). */
export function normalized(text: string): string {
  return text
    .normalize('NFD')
    .replace(/\p{Mn}+/gu, '')
    .toLowerCase()
    .trim();
}

function ranges(found: unknown): TimeRange[] {
  const defined = (range: TimeRange | undefined): TimeRange[] => (range === undefined ? [] : [range]);
  if (typeof found === 'string') return defined(timeRange(found));
  const object = objectOf(found);
  if (object === undefined) return [];
  if (object['event'] !== undefined || object['repeat'] !== undefined) {
    // Timing: its events, and the period that bounds its repeats.
    const bounds = objectOf(objectOf(object['repeat'])?.['boundsPeriod']);
    return [...listOf(object['event']).flatMap(ranges), ...(bounds === undefined ? [] : ranges(bounds))];
  }
  return defined(periodRange(stringOf(object['start']), stringOf(object['end'])));
}

/** An identifier or tag of a resource: what a writer puts on what it creates to recognise it again. */
export interface Mark {
  readonly system: string;
  readonly value: string;
}

/** The identifiers of a resource, and its meta.tag for the types that have no identifier; each once. */
export function marksOf(resource: JsonObject): readonly Mark[] {
  const marks = new Map<string, Mark>();
  const add = (system: unknown, value: unknown): void => {
    if (typeof system === 'string' && typeof value === 'string') marks.set(`${system}\n${value}`, { system, value });
  };
  for (const identifier of listOf(resource['identifier'])) add(objectOf(identifier)?.['system'], objectOf(identifier)?.['value']);
  for (const tag of listOf(objectOf(resource['meta'])?.['tag'])) add(objectOf(tag)?.['system'], objectOf(tag)?.['code']);
  return [...marks.values()];
}
