import { refusal } from './outcome.ts';
import type { PracticeProfile } from './profiles.ts';
import type { IndexedParameter } from './search-index.ts';
import { indexPlan } from './search-index.ts';
import { timeRange } from './search-dates.ts';
import { resourceTypes } from './definitions.ts';

/**
 * Search requests, read strictly (https://hl7.org/fhir/R4/search.html): a parameter, modifier or value that this server does
 * not understand is refused, never overlooked, since an overlooked filter returns other people's records.
 */
export interface SearchQuery {
  readonly resourceType: string;
  readonly filters: readonly Filter[];
  readonly sort: readonly SortKey[];
  readonly count: number;
  readonly offset: number;
  /** Whether to count all matches. */
  readonly total: boolean;
  readonly countOnly: boolean;
  /** Elements of each match that are wanted; `null`: all. */
  readonly elements: readonly string[] | null;
  readonly includes: readonly Include[];
  /** The parameters that were used, as the self link repeats them. */
  readonly used: readonly (readonly [string, string])[];
}

export type FilterTarget = IndexedParameter | '_id' | '_lastUpdated';
export type Modifier = 'missing' | 'exact' | 'contains' | 'not' | 'identifier' | 'type';

export interface Filter {
  readonly name: string;
  readonly target: FilterTarget;
  readonly modifier: Modifier | undefined;
  /** The resource type of a reference modifier (`subject:Patient`). */
  readonly type: string | undefined;
  /** Alternatives, one of which must hold; escapes are still in them. */
  readonly values: readonly string[];
}

export interface SortKey {
  readonly target: FilterTarget;
  readonly descending: boolean;
}

export interface Include {
  readonly parameter: IndexedParameter;
  readonly targetType: string | undefined;
}

export const COUNT_DEFAULT = 50;
export const COUNT_MAX = 1000;
/** Parameters that steer the answer; `_format` is read by the HTTP side. */
export const RESULT_PARAMETERS = [
  '_count',
  '_offset',
  '_sort',
  '_summary',
  '_elements',
  '_total',
  '_include',
  '_format',
] as const;
const VALUES_MAX = 200;

export interface SearchRules {
  readonly profile: PracticeProfile;
  /** Parameters to overlook, as a lenient server would (a fault). */
  readonly ignored: ReadonlySet<string>;
  /** In If-None-Exist only filters have a meaning. */
  readonly filtersOnly: boolean;
}

/** Parameters that a search on the type offers, in the order of the index plan. */
export function offeredParameters(resourceType: string, profile: PracticeProfile): readonly IndexedParameter[] {
  const offered = profile.searchParameters.get(resourceType);
  return [...indexPlan(resourceType).parameters.values()].filter(
    (parameter) => offered === undefined || offered.has(parameter.code),
  );
}

/** Reads the parameters of a search. Throws a Refusal (400) that names the first one that cannot be obeyed. */
export function parseSearch(resourceType: string, pairs: Iterable<readonly [string, string]>, rules: SearchRules): SearchQuery {
  const reader = new QueryReader(resourceType, rules);
  for (const [name, value] of pairs) reader.read(name, value);
  return reader.query();
}

class QueryReader {
  private readonly resourceType: string;
  private readonly rules: SearchRules;
  private readonly filters: Filter[] = [];
  private readonly includes: Include[] = [];
  private readonly used: [string, string][] = [];
  private readonly once = new Set<string>();
  private sort: SortKey[] = [];
  private count = COUNT_DEFAULT;
  private offset = 0;
  private total = true;
  private countOnly = false;
  private elements: readonly string[] | null = null;

  constructor(resourceType: string, rules: SearchRules) {
    this.resourceType = resourceType;
    this.rules = rules;
  }

  query(): SearchQuery {
    const { resourceType, filters, sort, count, offset, total, countOnly, elements, includes, used } = this;
    return { resourceType, filters, sort, count, offset, total: total || countOnly, countOnly, elements, includes, used };
  }

  read(name: string, value: string): void {
    const code = name.split(':', 1)[0] ?? name;
    if (this.rules.ignored.has(code)) return;
    if (value === '') throw refusal(400, 'invalid', `the search parameter ${name} has no value`, `http.${name}`);
    const steering = (RESULT_PARAMETERS as readonly string[]).includes(name);
    if (steering && !this.rules.filtersOnly) this.used.push([name, this.steer(name, value)]);
    else {
      this.filters.push(this.filter(name, value));
      this.used.push([name, value]);
    }
  }

  private steer(name: string, value: string): string {
    if (name !== '_include' && this.once.has(name)) throw refusal(400, 'invalid', `${name} may be given once`, `http.${name}`);
    this.once.add(name);
    switch (name) {
      case '_count':
        this.count = Math.min(wholeNumber(name, value), COUNT_MAX);
        if (this.count === 0) this.countOnly = true;
        return String(this.count);
      case '_offset':
        this.offset = wholeNumber(name, value);
        return value;
      case '_sort':
        this.sort = value.split(',').map((key) => this.sortKey(key));
        return value;
      case '_summary':
        if (value !== 'count' && value !== 'false') throw unsupported(name, `_summary=${value} is not supported: count or false`);
        this.countOnly = value === 'count';
        return value;
      case '_elements':
        this.elements = value.split(',');
        if (!this.elements.every((one) => /^[a-z][A-Za-z]*$/.test(one)))
          throw refusal(400, 'invalid', '_elements takes names of elements', 'http._elements');
        return value;
      case '_total':
        if (value !== 'accurate' && value !== 'none')
          throw unsupported(name, `_total=${value} is not supported: accurate or none`);
        this.total = value === 'accurate';
        return value;
      case '_include':
        this.includes.push(this.include(value));
        return value;
      default:
        return value;
    }
  }

  private sortKey(key: string): SortKey {
    const descending = key.startsWith('-');
    const code = descending ? key.slice(1) : key;
    const target = this.target(code);
    if (target === undefined) throw unsupported('_sort', `${this.resourceType} cannot be sorted by ${code}`);
    return { target, descending };
  }

  private include(value: string): Include {
    const [type, code = '', targetType, ...more] = value.split(':');
    const target = this.target(code);
    if (
      type !== this.resourceType ||
      target === undefined ||
      typeof target === 'string' ||
      target.kind !== 'reference' ||
      more.length > 0
    ) {
      throw unsupported('_include', `_include=${value} is not supported: ${this.resourceType}:<a reference parameter>`);
    }
    return { parameter: target, targetType };
  }

  private target(code: string): FilterTarget | undefined {
    if (code === '_id' || code === '_lastUpdated') return code;
    const offered = this.rules.profile.searchParameters.get(this.resourceType);
    if (offered !== undefined && !offered.has(code)) return undefined;
    return indexPlan(this.resourceType).parameters.get(code);
  }

  private filter(name: string, value: string): Filter {
    const [code = '', modifier, ...more] = name.split(':');
    const target = this.target(code);
    if (target === undefined) {
      throw unsupported(name, `${this.resourceType} has no search parameter "${code}" on this server`);
    }
    const values = splitEscaped(value, ',');
    if (values.length > VALUES_MAX)
      throw refusal(400, 'too-long', `at most ${VALUES_MAX} alternatives per parameter`, `http.${name}`);
    if (values.includes(''))
      throw refusal(400, 'invalid', `the search parameter ${name} has an empty alternative`, `http.${name}`);
    const filter = { name, target, values, type: undefined };
    if (modifier === undefined) return this.checked({ ...filter, modifier: undefined });
    const kind = typeof target === 'string' ? target : target.kind;
    const known =
      more.length === 0 &&
      ((modifier === 'missing' && typeof target !== 'string') ||
        (kind === 'string' && (modifier === 'exact' || modifier === 'contains')) ||
        (kind === 'token' && modifier === 'not') ||
        (kind === 'reference' && modifier === 'identifier'));
    if (known) return this.checked({ ...filter, modifier: modifier as Modifier });
    if (kind === 'reference' && more.length === 0 && resourceTypes().has(modifier))
      return this.checked({ ...filter, modifier: 'type', type: modifier });
    throw unsupported(name, `the modifier in "${name}" is not supported`);
  }

  private checked(filter: Filter): Filter {
    if (filter.modifier === 'missing' && filter.values.some((value) => value !== 'true' && value !== 'false')) {
      throw refusal(400, 'invalid', `${filter.name} takes true or false`, `http.${filter.name}`);
    }
    const isDate = filter.target === '_lastUpdated' || (typeof filter.target !== 'string' && filter.target.kind === 'date');
    if (isDate && filter.modifier === undefined) for (const value of filter.values) parseDateFilter(filter.name, value);
    return filter;
  }
}

function wholeNumber(name: string, value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw refusal(400, 'invalid', `${name} takes a whole number`, `http.${name}`);
  return Number(value);
}

function unsupported(name: string, text: string): ReturnType<typeof refusal> {
  return refusal(400, 'not-supported', text, `http.${name}`);
}

const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'] as const;
export type DatePrefix = (typeof PREFIXES)[number];

/** The comparison and the stretch of time in a date filter: `ge2026-03`. Throws a Refusal (400). */
export function parseDateFilter(name: string, value: string): { prefix: DatePrefix; start: number; end: number } {
  const prefix = PREFIXES.find((one) => value.startsWith(one));
  const range = timeRange(prefix === undefined ? value : value.slice(2));
  if (range === undefined) throw refusal(400, 'value', `${name}: "${value}" is not a date`, `http.${name}`);
  return { prefix: prefix ?? 'eq', ...range };
}

/** Splits at a separator that no backslash stands before; escapes stay (https://hl7.org/fhir/R4/search.html#escaping). */
export function splitEscaped(text: string, separator: string): string[] {
  const parts: string[] = [];
  let part = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\') {
      part += character + text.charAt(at + 1);
      at += 1;
    } else if (character === separator) {
      parts.push(part);
      part = '';
    } else {
      part += character;
    }
  }
  return [...parts, part];
}

/** Takes the escapes out of one value. */
export function unescaped(text: string): string {
  return text.replace(/\\([\\,|$])/g, '$1');
}
