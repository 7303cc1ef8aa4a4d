import { IMPLIED_SYSTEM, LOGICAL, localReference, normalized } from './search-index.ts';
import type { IndexedParameter } from './search-index.ts';
import { listOf, objectOf, stringOf, valuesAt } from './search-paths.ts';
import type { JsonObject } from './search-paths.ts';
import type { Filter, FilterTarget, SearchQuery } from './search-query.ts';
import { parseDateFilter, splitEscaped, unescaped } from './search-query.ts';
import type { Store, StoredVersion } from './store.ts';

export interface SearchPage {
  readonly matches: readonly StoredVersion[];
  readonly included: readonly StoredVersion[];
  /** All matches; absent when nobody asked. */
  readonly total: number | undefined;
  readonly more: boolean;
}

type Value = string | number;
interface Sql {
  readonly text: string;
  readonly values: readonly Value[];
}

/** A condition as the search needs it: which resources hold it (`rids`), and whether one resource does (`holds`). */
interface Condition {
  /** Lists the rids that fulfil it; absent when nothing but a look at each resource tells. */
  readonly rids?: Sql;
  /** A boolean expression over the resource row `r`. */
  readonly holds: Sql;
  /** Where rids come from for a bounded count: the table and its WHERE clause. */
  readonly source?: Sql;
}

/** How many index entries are looked at to find out which condition leaves the fewest resources. */
const ESTIMATE_MAX = 500;

/** Runs a search over what is in the index now. */
export function runSearch(store: Store, query: SearchQuery): SearchPage {
  const conditions = query.filters.map((filter) => conditionOf(store, query.resourceType, filter));
  const driver = choose(store, conditions);
  const from =
    driver?.rids === undefined
      ? { text: 'resource r', values: [] }
      : { text: `(${driver.rids.text}) c CROSS JOIN resource r ON r.rid = c.rid`, values: driver.rids.values };
  const rest = conditions.filter((condition) => condition !== driver).map((condition) => condition.holds);
  const where = join(
    [{ text: 'r.type = ? AND r.deleted = 0 AND r.indexed_seq IS NOT NULL', values: [query.resourceType] }, ...rest],
    ' AND ',
  );
  if (query.countOnly) return { matches: [], included: [], total: countAll(store, from, where), more: false };

  const order = orderBy(store, query);
  const rows = store.all<{ rid: number }>(
    `SELECT r.rid FROM ${from.text} WHERE ${where.text} ORDER BY ${order.text} LIMIT ? OFFSET ?`,
    ...from.values,
    ...where.values,
    ...order.values,
    query.count + 1,
    query.offset,
  );
  const matches = rows.slice(0, query.count).flatMap(({ rid }) => store.currentByRid(rid) ?? []);
  const more = rows.length > query.count;
  const known = !more && (query.offset === 0 || rows.length > 0);
  const total = query.total ? (known ? query.offset + rows.length : countAll(store, from, where)) : undefined;
  return { matches, included: includedWith(store, query, matches), total, more };
}

function countAll(store: Store, from: Sql, where: Sql): number {
  return (
    store.get<{ n: number }>(`SELECT count(*) AS n FROM ${from.text} WHERE ${where.text}`, ...from.values, ...where.values)?.n ??
    0
  );
}

/** The condition that leaves the fewest resources to look at. */
function choose(store: Store, conditions: readonly Condition[]): Condition | undefined {
  const drivers = conditions.filter((condition) => condition.rids !== undefined);
  if (drivers.length <= 1) return drivers[0];
  let best: Condition | undefined;
  let fewest = Number.POSITIVE_INFINITY;
  for (const driver of drivers) {
    const { source } = driver;
    if (source === undefined) return driver;
    const row = store.get<{ n: number }>(
      `SELECT count(*) AS n FROM (SELECT 1 FROM ${source.text} LIMIT ${ESTIMATE_MAX})`,
      ...source.values,
    );
    if (row !== undefined && row.n < fewest) {
      fewest = row.n;
      best = driver;
    }
  }
  return best;
}

function conditionOf(store: Store, type: string, filter: Filter): Condition {
  const { target } = filter;
  if (target === '_id') {
    const ids = filter.values.map(unescaped);
    const rids = { text: `SELECT rid FROM resource WHERE type = ? AND id IN (${marks(ids)})`, values: [type, ...ids] };
    return { rids, holds: { text: `r.id IN (${marks(ids)})`, values: ids } };
  }
  if (target === '_lastUpdated')
    return { holds: anyOf(filter.values.map((value) => dateTest(filter.name, value, 'r.updated', 'r.updated + 1'))) };
  const pid = store.parameterId(type, target.code);
  const table = target.kind === 'date' ? 'date_index' : 'value_index';
  if (filter.modifier === 'missing') {
    const wanted = filter.values.map((value) => (value === 'true' ? 'NOT IN' : 'IN'));
    return {
      holds: anyOf(wanted.map((verb) => ({ text: `r.rid ${verb} (SELECT rid FROM ${table} WHERE pid = ?)`, values: [pid] }))),
    };
  }
  if (target.kind === 'date') {
    const test = anyOf(filter.values.map((value) => dateTest(filter.name, value, 'lo', 'hi')));
    const source = { text: `date_index WHERE pid = ? AND ${test.text}`, values: [pid, ...test.values] };
    const holds = {
      text: `EXISTS (SELECT 1 FROM date_index WHERE pid = ? AND rid = r.rid AND ${test.text})`,
      values: [pid, ...test.values],
    };
    return { rids: distinct(source), holds, source };
  }
  const test = anyOf(filter.values.map((value) => valueTest(target, filter, value)));
  const source = { text: `value_index WHERE pid = ? AND ${test.text}`, values: [pid, ...test.values] };
  const rids = distinct(source);
  if (filter.modifier === 'not') return { holds: { text: `r.rid NOT IN (${rids.text})`, values: rids.values } };
  // A point in the index is looked up per resource; a range is gathered once.
  const holds =
    target.kind === 'string'
      ? { text: `r.rid IN (${rids.text})`, values: rids.values }
      : { text: `EXISTS (SELECT 1 FROM value_index WHERE pid = ? AND ${test.text} AND rid = r.rid)`, values: source.values };
  return { rids, holds, source };
}

function valueTest(target: IndexedParameter, filter: Filter, raw: string): Sql {
  switch (target.kind) {
    case 'token':
      return tokenTest(raw);
    case 'reference':
      return referenceTest(target, filter, raw);
    case 'string':
      return stringTest(filter, unescaped(raw));
    case 'uri':
    case 'date':
      return { text: 'value = ?', values: [unescaped(raw)] };
  }
}

/** `code`, `system|code`, `|code` (no system), `system|` (any code of it). */
function tokenTest(raw: string): Sql {
  const [first = '', ...others] = splitEscaped(raw, '|').map(unescaped);
  if (others.length === 0) return { text: 'value = ?', values: [first] };
  const code = others.join('|');
  if (code === '') return { text: 'extra = ?', values: [first] };
  // A `code` element says nothing of its system: any that is named may be the one implied.
  return { text: `(value = ? AND extra IN (?, '${IMPLIED_SYSTEM}'))`, values: [code, first] };
}

function referenceTest(target: IndexedParameter, filter: Filter, raw: string): Sql {
  const value = unescaped(raw);
  if (filter.modifier === 'identifier') {
    const [system, code] = value.includes('|')
      ? [value.slice(0, value.indexOf('|')), value.slice(value.indexOf('|') + 1)]
      : [undefined, value];
    if (system !== undefined) return { text: 'value = ?', values: [`${LOGICAL}${system}|${code}`] };
    return {
      text: '(value > ? AND value < ? AND substr(value, instr(value, ?) + 1) = ?)',
      values: [LOGICAL, `${LOGICAL}\uffff`, '|', code],
    };
  }
  if (value.includes('/') || value.includes(':')) return { text: 'value = ?', values: [localReference(value)] };
  const types = filter.type === undefined ? target.targets : [filter.type];
  if (types.length === 0) return { text: 'value = ?', values: [value] };
  const candidates = types.map((type) => `${type}/${value}`);
  return { text: `value IN (${marks(candidates)})`, values: candidates };
}

function stringTest(filter: Filter, value: string): Sql {
  const text = normalized(value);
  switch (filter.modifier) {
    case 'exact':
      return { text: '(value = ? AND extra = ?)', values: [text, value] };
    case 'contains':
      return { text: 'instr(value, ?) > 0', values: [text] };
    case undefined:
    case 'missing':
    case 'not':
    case 'identifier':
    case 'type':
      return { text: '(value >= ? AND value < ?)', values: [text, `${text}\u{10ffff}`] };
  }
}

/** Comparison of two stretches of time (https://hl7.org/fhir/R4/search.html#prefix). */
function dateTest(name: string, value: string, lo: string, hi: string): Sql {
  const { prefix, start, end } = parseDateFilter(name, value);
  switch (prefix) {
    case 'eq':
      return { text: `(${lo} >= ? AND ${lo} < ? AND ${hi} <= ?)`, values: [start, end, end] };
    case 'ne':
      return { text: `NOT (${lo} >= ? AND ${hi} <= ?)`, values: [start, end] };
    case 'gt':
      return { text: `${hi} > ?`, values: [end] };
    case 'lt':
      return { text: `${lo} < ?`, values: [start] };
    case 'ge':
      return { text: `(${hi} > ? OR ${lo} >= ?)`, values: [end, start] };
    case 'le':
      return { text: `(${lo} < ? OR ${hi} <= ?)`, values: [start, end] };
    case 'sa':
      return { text: `${lo} >= ?`, values: [end] };
    case 'eb':
      return { text: `${hi} <= ?`, values: [start] };
    case 'ap': {
      const slack = Math.max(end - start, 86_400_000);
      return { text: `(${lo} < ? AND ${hi} > ?)`, values: [end + slack, start - slack] };
    }
  }
}

function orderBy(store: Store, query: SearchQuery): Sql {
  const keys = query.sort.map(({ target, descending }) => {
    const key = sortExpression(store, query.resourceType, target, descending);
    return { text: `${key.text} ${descending ? 'DESC' : 'ASC'} NULLS LAST`, values: key.values };
  });
  return join([...keys, { text: 'r.rid', values: [] }], ', ');
}

function sortExpression(store: Store, type: string, target: FilterTarget, descending: boolean): Sql {
  if (target === '_id') return { text: 'r.id', values: [] };
  if (target === '_lastUpdated') return { text: 'r.updated', values: [] };
  const pid = store.parameterId(type, target.code);
  if (target.kind === 'date') {
    return {
      text: `(SELECT ${descending ? 'max(hi)' : 'min(lo)'} FROM date_index WHERE pid = ? AND rid = r.rid)`,
      values: [pid],
    };
  }
  const edge = descending ? 'max' : 'min';
  // Gathered once for the parameter: the index has no order by resource.
  const keys = `(SELECT rid, ${edge}(value) AS k FROM value_index WHERE pid = ? GROUP BY rid)`;
  return { text: `(SELECT k FROM ${keys} s WHERE s.rid = r.rid)`, values: [pid] };
}

function includedWith(store: Store, query: SearchQuery, matches: readonly StoredVersion[]): StoredVersion[] {
  const present = new Set(matches.map((match) => match.rid));
  const included: StoredVersion[] = [];
  for (const { parameter, targetType } of query.includes) {
    for (const match of matches) {
      const resource = JSON.parse(match.text ?? '{}') as JsonObject;
      for (const found of parameter.paths.flatMap((path) => listOf(valuesAt(resource, path)))) {
        const [type = '', id = ''] = localReference(stringOf(objectOf(found)?.['reference']) ?? '').split('/');
        const referred = targetType === undefined || targetType === type ? store.current(type, id) : undefined;
        if (referred === undefined || referred.text === null || present.has(referred.rid)) continue;
        present.add(referred.rid);
        included.push(referred);
      }
    }
  }
  return included;
}

function distinct(source: Sql): Sql {
  return { text: `SELECT DISTINCT rid FROM ${source.text}`, values: source.values };
}

function anyOf(tests: readonly Sql[]): Sql {
  const joined = join(tests, ' OR ');
  return { text: `(${joined.text})`, values: joined.values };
}

function join(parts: readonly Sql[], separator: string): Sql {
  return { text: parts.map((part) => part.text).join(separator), values: parts.flatMap((part) => part.values) };
}

function marks(values: readonly unknown[]): string {
  return values.map(() => '?').join(', ');
}
