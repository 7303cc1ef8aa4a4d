import { OperationOutcomeError } from '@medplum/core';
import { Buffer } from 'node:buffer';
import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { asArray, asObject, asString, parseExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import { bundle, etagOf, searchBundle } from './answers.ts';
import type { Chart, WriteOptions } from './chart.ts';
import { rewriteReferences } from './exact-edit.ts';
import { Refusal, refusal, statusOf } from './outcome.ts';
import { conditionQuery, parseIfMatch, parseMustBeNew } from './request-context.ts';
import type { RequestContext } from './request-context.ts';
import { parseSearch } from './search-query.ts';
import type { StoredVersion } from './store.ts';

/**
 * Transactions and batches (https://hl7.org/fhir/R4/http.html#transaction).
 *
 * A transaction runs DELETE, POST, PUT and PATCH, then GET, all in one step of the chart or not at all; placeholders
 * (`urn:uuid:`) become the ids given, and conditional references what they find. A batch runs each entry by itself.
 */
export function runBundle(chart: Chart, resource: ExactObject, request: RequestContext): string {
  if (!chart.profile.transaction) throw refusal(405, 'not-supported', 'this server takes no transactions');
  if (asString(resource['resourceType']) !== 'Bundle')
    throw refusal(400, 'structure', 'a Bundle is expected here', 'resourceType');
  const type = asString(resource['type']);
  if (type !== 'transaction' && type !== 'batch')
    throw refusal(400, 'value', 'the Bundle must be a transaction or a batch', 'Bundle.type');
  const entries = asArray(resource['entry']);
  const answers =
    type === 'transaction'
      ? runTransaction(
          chart,
          entries.map((value, index) => readEntry(chart, asObject(value), index)),
          request,
        )
      : entries.map((value, index) => tryEntry(chart, value, index, request));
  return bundle(`${type}-response`, undefined, [], answers);
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface Entry {
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly method: Method;
  readonly type: string;
  readonly id: string | undefined;
  readonly rest: readonly string[];
  readonly query: string;
  readonly resource: ExactObject | undefined;
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifNoneExist: string | undefined;
}

function readEntry(chart: Chart, value: ExactObject | undefined, index: number): Entry {
  const request = asObject(value?.['request']);
  const method = asString(request?.['method']);
  const url = asString(request?.['url']);
  const path = `Bundle.entry[${index}].request`;
  if (url === undefined) throw refusal(400, 'required', 'every entry needs a request with a url', path);
  if (method !== 'GET' && method !== 'POST' && method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') {
    throw refusal(400, 'value', 'the method must be GET, POST, PUT, PATCH or DELETE', path);
  }
  const [address = '', query = ''] = url.split('?', 2);
  const [type = '', id, ...rest] = address.split('/').filter((part) => part !== '');
  if (!chart.profile.types.has(type)) throw refusal(404, 'not-supported', `"${type}" is not served here`, `${path}.url`);
  return {
    index,
    fullUrl: asString(value?.['fullUrl']),
    method,
    type,
    id,
    rest,
    query,
    resource: asObject(value?.['resource']),
    ifMatch: asString(request?.['ifMatch']),
    ifNoneMatch: asString(request?.['ifNoneMatch']),
    ifNoneExist: asString(request?.['ifNoneExist']),
  };
}

const ORDER: Readonly<Record<Method, number>> = { DELETE: 0, POST: 1, PUT: 2, PATCH: 2, GET: 3 };

/** What is settled before the first entry of a transaction runs. */
interface Plan {
  /** Ids given to the entries that create, and what a conditional create has found instead. */
  readonly newIds: Map<number, string>;
  readonly existing: Map<number, StoredVersion>;
  readonly expected: Set<string>;
  readonly references: Map<string, string>;
}

const NO_PLAN: Plan = { newIds: new Map(), existing: new Map(), expected: new Set(), references: new Map() };

function runTransaction(chart: Chart, entries: readonly Entry[], request: RequestContext): string[] {
  return chart.atomically(() => {
    const plan = planTransaction(chart, entries, request);
    const answers: string[] = [];
    const inOrder = [...entries].sort((a, b) => ORDER[a.method] - ORDER[b.method] || a.index - b.index);
    for (const entry of inOrder) answers[entry.index] = inEntry(entry, () => runEntry(chart, entry, request, plan));
    return answers;
  });
}

function planTransaction(chart: Chart, entries: readonly Entry[], request: RequestContext): Plan {
  const plan: Plan = { newIds: new Map(), existing: new Map(), expected: new Set(), references: new Map() };
  const touched = new Set<string>();
  for (const entry of entries) {
    inEntry(entry, () => {
      let id = entry.id;
      if (entry.method === 'POST') {
        const match = matchOf(chart, entry, request);
        if (match !== undefined) plan.existing.set(entry.index, match);
        id = match?.id ?? chart.newId();
        plan.newIds.set(entry.index, id);
      }
      if (id === undefined || entry.method === 'GET') return;
      const reference = `${entry.type}/${id}`;
      if (touched.has(reference) && !plan.existing.has(entry.index))
        throw refusal(400, 'invalid', `${reference} is written twice in this transaction`);
      touched.add(reference);
      if (entry.method === 'POST' || entry.method === 'PUT') plan.expected.add(reference);
      if (entry.fullUrl === undefined) return;
      if (plan.references.has(entry.fullUrl)) throw refusal(400, 'invalid', `two entries have the fullUrl ${entry.fullUrl}`);
      plan.references.set(entry.fullUrl, reference);
    });
  }
  return plan;
}

function matchOf(chart: Chart, entry: Entry, request: RequestContext): StoredVersion | undefined {
  if (entry.ifNoneExist === undefined || chart.profile.conditionalCreate === 'ignored') return undefined;
  if (chart.profile.conditionalCreate === 'refused')
    throw refusal(400, 'not-supported', 'this server takes no conditional creates');
  const query = conditionQuery(chart, entry.type, entry.ifNoneExist, request.ignored);
  return request.effects.raceCreate ? undefined : chart.matchOne(query);
}

function tryEntry(chart: Chart, value: ExactValue, index: number, request: RequestContext): string {
  try {
    return chart.atomically(() => runEntry(chart, readEntry(chart, asObject(value), index), request, NO_PLAN));
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return `{"response":{"status":"${statusOf(error.outcome)}","outcome":${JSON.stringify(error.outcome)}}}`;
  }
}

/** Names the entry in what it is refused for; in a transaction that refusal is the answer to the whole. */
function inEntry<T>(entry: Entry, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    const issues = error.outcome.issue.map((issue) => ({
      severity: 'error' as const,
      code: 'processing' as const,
      text: `Bundle.entry[${entry.index}]: ${issue.details?.text ?? 'refused'}`,
      expression: issue.expression?.[0] ?? `Bundle.entry[${entry.index}]`,
    }));
    throw new Refusal(statusOf(error.outcome), issues);
  }
}

function runEntry(chart: Chart, entry: Entry, request: RequestContext, plan: Plan): string {
  const options: WriteOptions = {
    effects: request.effects,
    expected: plan.expected,
    ifMatch: parseIfMatch(entry.ifMatch),
    mustBeNew: entry.method === 'GET' ? false : parseMustBeNew(entry.ifNoneMatch),
  };
  const wrongPlace = (): Refusal =>
    refusal(400, 'value', `${entry.method} is not possible at this url`, `Bundle.entry[${entry.index}].request.url`);
  if (entry.method !== 'GET' && (entry.rest.length > 0 || entry.query !== '')) throw wrongPlace();
  if (entry.method === 'POST' ? entry.id !== undefined : entry.method !== 'GET' && entry.id === undefined) throw wrongPlace();
  const id = entry.id ?? '';
  switch (entry.method) {
    case 'DELETE':
      return written(request, 204, chart.delete(entry.type, id, options));
    case 'POST': {
      const existing = plan === NO_PLAN ? matchOf(chart, entry, request) : plan.existing.get(entry.index);
      if (existing !== undefined) return written(request, 200, existing);
      return written(
        request,
        201,
        chart.create(entry.type, body(chart, entry, request, plan), options, plan.newIds.get(entry.index)),
      );
    }
    case 'PUT': {
      const { version, created } = chart.update(entry.type, id, body(chart, entry, request, plan), options);
      return written(request, created ? 201 : 200, version);
    }
    case 'PATCH':
      return written(request, 200, chart.patch(entry.type, id, resolved(chart, patchOf(entry), request, plan), options));
    case 'GET':
      return get(chart, entry, request);
  }
}

function get(chart: Chart, entry: Entry, request: RequestContext): string {
  const { type, id, rest } = entry;
  if (id === undefined) {
    const rules = { profile: chart.profile, ignored: request.ignored, filtersOnly: false };
    const query = parseSearch(type, new URLSearchParams(entry.query), rules);
    return `{"resource":${searchBundle(request.base, query, chart.search(query))},"response":{"status":"200"}}`;
  }
  const [history, version, ...more] = rest;
  if (history !== undefined && (history !== '_history' || version === undefined || more.length > 0)) {
    throw refusal(400, 'not-supported', 'only reads, version reads and searches can be made in a Bundle');
  }
  const found = version === undefined ? chart.read(type, id) : chart.readVersion(type, id, version);
  return written({ ...request, preference: 'representation' }, 200, found);
}

/** The resource of an entry with its references made whole. */
function body(chart: Chart, entry: Entry, request: RequestContext, plan: Plan): ExactObject {
  const resource = entry.resource === undefined ? undefined : asObject(resolved(chart, entry.resource, request, plan));
  if (resource === undefined) throw refusal(400, 'required', 'the entry has no resource');
  if (asString(resource['resourceType']) !== entry.type) throw refusal(400, 'invalid', `the resource is not a ${entry.type}`);
  if (entry.method === 'PUT' && asString(resource['id']) !== entry.id)
    throw refusal(400, 'invalid', 'the id of the resource is not the one in the url');
  return resource;
}

function resolved(chart: Chart, value: ExactValue, request: RequestContext, plan: Plan): ExactValue {
  if (plan === NO_PLAN) return value;
  return rewriteReferences(value, (text) => {
    const known = plan.references.get(text);
    if (known !== undefined) return known;
    const [type = '', condition] = text.split('?', 2);
    if (condition === undefined || !chart.profile.types.has(type)) return undefined;
    const match = chart.matchOne(conditionQuery(chart, type, condition, request.ignored));
    if (match === undefined) throw refusal(412, 'not-found', `the reference ${text} finds nothing`);
    return `${match.type}/${match.id}`;
  });
}

/** The JSON Patch of an entry, which travels in a Binary. */
function patchOf(entry: Entry): ExactValue {
  const data = asString(entry.resource?.['data']);
  const contentType = asString(entry.resource?.['contentType']);
  if (
    asString(entry.resource?.['resourceType']) !== 'Binary' ||
    contentType !== 'application/json-patch+json' ||
    data === undefined
  ) {
    throw refusal(400, 'structure', 'a patch in a Bundle is a Binary of application/json-patch+json');
  }
  const parsed = parseExact(Buffer.from(data, 'base64').toString('utf8'), limits.jsonDepthMax);
  if (!parsed.ok) throw refusal(400, 'structure', `the patch is not JSON: ${parsed.fault.message}`);
  return parsed.value;
}

function written(request: RequestContext, status: number, version: StoredVersion): string {
  const response = JSON.stringify({
    status: String(status),
    location: `${request.base}/${version.type}/${version.id}/_history/${version.version}`,
    etag: etagOf(version),
    lastModified: new Date(version.updated).toISOString(),
  });
  const resource = request.preference === 'representation' && version.text !== null ? `"resource":${version.text},` : '';
  return `{${resource}"response":${response}}`;
}
