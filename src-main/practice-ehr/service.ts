import type { FhirRequest, HttpMethod } from '@medplum/fhir-router';
import type { Buffer } from 'node:buffer';
import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { asObject, asString, parseExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import { FHIR_JSON, asAnswer, etagOf, outcomeReply, versionReply } from './answers.ts';
import type { Answer, Reply } from './answers.ts';
import type { Chart } from './chart.ts';
import { exactOf } from './chart.ts';
import type { FaultDecision, FaultSubject } from './faults.ts';
import { Refusal, refusal, statusOf } from './outcome.ts';
import type { TypeInteraction } from './profiles.ts';
import { RequestRepository } from './repository.ts';
import { parseIfMatch, parseMustBeNew, parsePreference } from './request-context.ts';
import type { RequestContext } from './request-context.ts';
import { PracticeRouter } from './router.ts';
import type { RouteFound } from './router.ts';

/** A request as it came in, its body complete. */
export interface Call {
  readonly method: string;
  /** The path below the base address, without a slash in front. */
  readonly path: string;
  /** The query string, without the question mark. */
  readonly query: string;
  /** Names in lower case; a header given several times is one text. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const ANOTHER_AUTHOR = { system: 'urn:countersign:practice', code: 'another-author' };
const INSTANCE_ID = /^[A-Za-z0-9\-.]{1,64}$/;
const FORM = 'application/x-www-form-urlencoded';
const JSON_PATCH = 'application/json-patch+json';
const JSON_TYPES = new Set(['application/fhir+json', 'application/json', 'application/json+fhir']);

/** FHIR over HTTP without the sockets: a request in, a reply out. Never throws for what a client can send. */
export class FhirService {
  private readonly chart: Chart;
  private readonly router = new PracticeRouter();
  private readonly base: () => string;
  private readonly secured: boolean;
  private readonly onFault: (error: unknown) => void;

  constructor(chart: Chart, base: () => string, secured: boolean, onFault: (error: unknown) => void) {
    this.chart = chart;
    this.base = base;
    this.secured = secured;
    this.onFault = onFault;
  }

  /** What the fault engine chooses by. */
  subject(call: Call): FaultSubject {
    const route = this.router.route(call.method, call.path);
    const form = (call.headers['content-type'] ?? '').startsWith(FORM) ? call.body.toString('utf8') : '';
    const condition = call.headers['if-none-exist'];
    const conditionalCreate = route?.interaction === 'create' && condition !== undefined;
    const searched =
      route?.interaction === 'search-type' ? [call.query, form] : conditionalCreate ? [condition.replace(/^[A-Z]\w*\?/, '')] : [];
    const names = searched.flatMap((text) => [...new URLSearchParams(text).keys()]).map((name) => name.split(':', 1)[0] ?? name);
    return {
      method: call.method,
      interaction: route?.interaction,
      type: route?.type,
      conditionalCreate,
      parameters: new Set(names),
    };
  }

  async answer(call: Call, decision: FaultDecision): Promise<Reply> {
    try {
      return await this.tryAnswer(call, decision);
    } catch (error) {
      if (error instanceof Refusal) return refused(error);
      this.onFault(error);
      return refused(refusal(500, 'exception', 'the practice EHR made a mistake; its log says which'));
    }
  }

  /** Another author's update of the resource that the call is about to change; nothing when it is not there. */
  actAsAnotherAuthor(call: Call, change: Readonly<Record<string, unknown>> | undefined): void {
    const route = this.router.route(call.method, call.path);
    if (route?.type === undefined || route.id === undefined) return;
    const current = this.chart.store.current(route.type, route.id);
    if (current === undefined || current.text === null) return;
    const resource = exactOf(current);
    const changed: ExactObject = change === undefined ? tagged(resource) : { ...resource, ...exactly(change) };
    try {
      this.chart.update(route.type, route.id, changed, { ifMatch: String(current.version) });
    } catch (error) {
      // A change that the chart refuses is a mistake in the fault plan; the client's request goes on without it.
      this.onFault(error);
    }
  }

  private async tryAnswer(call: Call, decision: FaultDecision): Promise<Reply> {
    const route = this.admit(call);
    if (route instanceof Refusal)
      return { ...refused(route), headers: { ...refused(route).headers, Allow: this.router.methodsAt(call.path).join(', ') } };
    checkAccept(call);
    const { parameters, body } = readBody(call, route);
    const repository = new RequestRepository(this.chart, this.context(call, route, decision, parameters));
    const honoursCondition = route.interaction === 'create' && this.condition(call) !== undefined;
    const request: FhirRequest = {
      method: (call.method === 'HEAD' ? 'GET' : call.method) as HttpMethod,
      url: call.path,
      pathname: '',
      body,
      params: {},
      query: {},
      headers: honoursCondition ? { 'if-none-exist': call.headers['if-none-exist'] } : {},
    };
    const [outcome, resource] = await this.router.handleRequest(request, repository);
    const status = statusOf(outcome);
    if (status >= 400) return { status, headers: { 'Content-Type': FHIR_JSON }, body: JSON.stringify(outcome) };
    return this.reply(call, route, status, asAnswer(resource));
  }

  /** Whether the path, the type and the method are served: throws 404, gives back 405. */
  private admit(call: Call): RouteFound | Refusal {
    const [first = ''] = call.path.split('/', 1);
    if (first !== '' && first !== 'metadata' && !this.chart.profile.types.has(first)) {
      throw refusal(404, 'not-supported', `"${first}" is not a resource type of this server`);
    }
    const route = this.router.route(call.method, call.path);
    const notAllowed = refusal(405, 'not-supported', `${call.method} is not served at /${call.path}`);
    if (route === undefined) {
      if (this.router.methodsAt(call.path).length === 0) throw refusal(404, 'not-found', `nothing is served at /${call.path}`);
      return notAllowed;
    }
    const asked = TYPE_INTERACTIONS.find((interaction) => interaction === route.interaction);
    if (asked !== undefined && this.chart.profile.types.get(first)?.has(asked) !== true) return notAllowed;
    if (route.id !== undefined && !INSTANCE_ID.test(route.id))
      throw refusal(400, 'value', `"${route.id}" cannot be the id of a resource`);
    return route;
  }

  private condition(call: Call): string | undefined {
    const condition = call.headers['if-none-exist'];
    if (condition === undefined || this.chart.profile.conditionalCreate === 'ignored') return undefined;
    if (this.chart.profile.conditionalCreate === 'refused') {
      throw refusal(400, 'not-supported', 'this server takes no conditional creates', 'http.If-None-Exist');
    }
    if (condition.trim() === '') throw refusal(400, 'required', 'If-None-Exist holds no criteria', 'http.If-None-Exist');
    return condition;
  }

  private context(
    call: Call,
    route: RouteFound,
    decision: FaultDecision,
    parameters: RequestContext['parameters'],
  ): RequestContext {
    const writes = ['update', 'patch', 'delete'].includes(route.interaction);
    return {
      base: this.base(),
      parameters,
      ifMatch: writes ? parseIfMatch(call.headers['if-match']) : undefined,
      mustBeNew: writes && parseMustBeNew(call.headers['if-none-match']),
      ifNoneExist: call.headers['if-none-exist'],
      effects: decision.effects,
      ignored: decision.ignored,
      preference: parsePreference(call.headers['prefer']),
      secured: this.secured,
      onFault: this.onFault,
    };
  }

  private reply(call: Call, route: RouteFound, status: number, answer: Answer | undefined): Reply {
    if (answer === undefined) return { status: 204, headers: {}, body: undefined };
    if (answer.kind === 'document') return { status, headers: { 'Content-Type': FHIR_JSON }, body: answer.text };
    const { version, created } = answer;
    if (route.interaction === 'read' || route.interaction === 'vread') {
      const unchanged = (call.headers['if-none-match'] ?? '')
        .split(',')
        .some((tag) => tag.trim().replace(/^W\//, '') === `"${version.version}"`);
      if (unchanged) return { status: 304, headers: { ETag: etagOf(version) }, body: undefined };
      return versionReply(this.base(), 200, version, 'representation', false);
    }
    const preference = parsePreference(call.headers['prefer']) ?? 'representation';
    // The router answers every PUT with 200, also the one that creates.
    return versionReply(this.base(), created ? 201 : status, version, preference, created || route.interaction === 'create');
  }
}

const TYPE_INTERACTIONS: readonly TypeInteraction[] = [
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
];

/** The reply that a refusal is. */
export function refused(error: Refusal): Reply {
  return { status: error.status, headers: { 'Content-Type': FHIR_JSON }, body: JSON.stringify(error.outcome) };
}

function checkAccept(call: Call): void {
  const format = new URLSearchParams(call.query).get('_format');
  const wanted = format ?? call.headers['accept'] ?? '*/*';
  const fits = wanted.split(',').some((one) => {
    const type = one.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    return type === '*/*' || type === 'application/*' || type === 'json' || type === '' || JSON_TYPES.has(type);
  });
  if (!fits) throw refusal(406, 'not-supported', `only application/fhir+json is written, not ${wanted}`, 'http.Accept');
}

interface ReadBody {
  readonly parameters: readonly (readonly [string, string])[];
  readonly body: ExactValue | undefined;
}

function readBody(call: Call, route: RouteFound): ReadBody {
  const parameters = [...new URLSearchParams(call.query)];
  switch (route.interaction) {
    case 'create':
    case 'update':
    case 'bundle':
      return { parameters, body: readResource(call, route) };
    case 'patch': {
      checkContentType(call, new Set([JSON_PATCH]));
      const body = readJson(call);
      if (!Array.isArray(body)) throw refusal(400, 'structure', 'a JSON Patch is a list of operations');
      return { parameters, body };
    }
    case 'search-type': {
      if (call.method !== 'POST') return { parameters, body: undefined };
      checkContentType(call, new Set([FORM]));
      // The router's search by POST reads its parameters from the body; it is handed none, the repository has them.
      return { parameters: [...parameters, ...new URLSearchParams(utf8(call))], body: {} };
    }
    default:
      return { parameters, body: undefined };
  }
}

function readResource(call: Call, route: RouteFound): ExactObject {
  checkContentType(call, JSON_TYPES);
  const resource = asObject(readJson(call));
  const type = asString(resource?.['resourceType']);
  if (resource === undefined || type === undefined)
    throw refusal(400, 'structure', 'the body is not a FHIR resource: resourceType is missing');
  if (type !== route.type)
    throw refusal(400, 'invalid', `a ${route.type ?? 'resource'} is expected here, not a ${type}`, 'resourceType');
  return resource;
}

function checkContentType(call: Call, allowed: ReadonlySet<string>): void {
  const header = call.headers['content-type'] ?? '';
  const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '');
  if (!allowed.has(type) || (charset !== undefined && charset !== 'utf-8')) {
    throw refusal(
      415,
      'not-supported',
      `the content type must be ${[...allowed].join(' or ')}, not "${header}"`,
      'http.Content-Type',
    );
  }
  const encoding = call.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity')
    throw refusal(415, 'not-supported', `the content encoding ${encoding} is not read`, 'http.Content-Encoding');
}

function readJson(call: Call): ExactValue {
  const parsed = parseExact(utf8(call), limits.jsonDepthMax);
  if (parsed.ok) return parsed.value;
  const { code, line, column, message } = parsed.fault;
  throw refusal(400, 'structure', `${code} in line ${line}, column ${column}: ${message}`);
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function utf8(call: Call): string {
  try {
    return decoder.decode(call.body);
  } catch {
    throw refusal(400, 'structure', 'the body is not UTF-8');
  }
}

function tagged(resource: ExactObject): ExactObject {
  const meta = asObject(resource['meta']);
  const tags = Array.isArray(meta?.['tag']) ? (meta['tag'] as readonly ExactValue[]) : [];
  return { ...resource, meta: { ...meta, tag: [...tags, ANOTHER_AUTHOR] } };
}

function exactly(change: Readonly<Record<string, unknown>>): ExactObject {
  const parsed = parseExact(JSON.stringify(change), limits.jsonDepthMax);
  const object = parsed.ok ? asObject(parsed.value) : undefined;
  if (object === undefined) throw new TypeError('the change of a stale-version fault is not an object');
  return object;
}

/** The answer to a request that is refused before it is read. */
export function plainRefusal(status: number, text: string): Reply {
  return outcomeReply(status, [{ severity: 'error', code: status === 401 ? 'login' : 'processing', text }]);
}
