import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  asArray,
  asObject,
  asString,
  carriesIdentifier,
  parseExact,
  stringifyExact,
  type ExactObject,
} from '../../../src-shared/fhir/index.ts';

/** A request as it arrived, byte for byte. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Scripted {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** One request in the hands of a script. */
export interface Call {
  readonly seen: Seen;
  readonly response: ServerResponse;
  /** Lets the chart do what was asked, and says what it would answer. */
  carryOut(): Scripted;
  answer(scripted: Scripted): void;
  /** Breaks the connection, with whatever has been written so far. */
  breakOff(): void;
}

export type Script = (call: Call) => void;

interface Version {
  readonly versionId: number;
  readonly resource: ExactObject;
}

const outcome = (severity: string, code: string, text: string): string =>
  JSON.stringify({ resourceType: 'OperationOutcome', issue: [{ severity, code, details: { text } }] });

/**
 * A small FHIR server for tests, with a chart that keeps every version and a script for the next request: small enough to
 * see that it is right, and able to do everything wrong that an EHR can.
 */
export class ScriptedEhr {
  readonly seen: Seen[] = [];
  baseUrl = '';
  private readonly chart = new Map<string, Version[]>();
  private readonly scripts: { readonly method: string; readonly script: Script }[] = [];
  private readonly server = createServer((request, response) => void this.take(request, response));
  private lastId = 0;

  static async start(): Promise<ScriptedEhr> {
    const ehr = new ScriptedEhr();
    await new Promise<void>((resolve) => ehr.server.listen(0, '127.0.0.1', resolve));
    ehr.baseUrl = `http://127.0.0.1:${(ehr.server.address() as AddressInfo).port}/fhir/r4/`;
    return ehr;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** What becomes of the next request with this method; scripts are used up in the order in which they were added. */
  next(method: string, script: Script): void {
    this.scripts.push({ method, script });
  }

  /** Puts a resource in the chart, as its next version. */
  seed(resource: ExactObject): { readonly reference: string; readonly versionId: string } {
    const { reference, version } = this.store(
      `${String(resource.resourceType)}/${asString(resource.id) ?? this.newId()}`,
      resource,
    );
    return { reference, versionId: String(version.versionId) };
  }

  /** Current versions of a type. */
  all(type: string): readonly ExactObject[] {
    return [...this.chart].flatMap(([reference, versions]) => {
      const current = versions.at(-1);
      return reference.startsWith(`${type}/`) && current !== undefined ? [current.resource] : [];
    });
  }

  private newId(): string {
    this.lastId += 1;
    return `r${this.lastId}`;
  }

  private store(reference: string, resource: ExactObject): { readonly reference: string; readonly version: Version } {
    const versions = this.chart.get(reference) ?? [];
    const versionId = versions.length + 1;
    const { id: _id, meta, ...rest } = resource;
    const kept = { ...rest, id: reference.split('/')[1] ?? '', meta: { ...asObject(meta), versionId: String(versionId) } };
    const version = { versionId, resource: kept };
    this.chart.set(reference, [...versions, version]);
    return { reference, version };
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    this.seen.push(seen);
    const call: Call = {
      seen,
      response,
      carryOut: () => this.carryOut(seen),
      answer: (scripted) => {
        const type = scripted.body === undefined ? {} : { 'content-type': 'application/fhir+json; charset=utf-8' };
        response.writeHead(scripted.status, { ...type, ...scripted.headers }).end(scripted.body);
      },
      breakOff: () => response.socket?.resetAndDestroy(),
    };
    const at = this.scripts.findIndex((one) => one.method === method);
    const [scripted] = at < 0 ? [] : this.scripts.splice(at, 1);
    if (scripted === undefined) call.answer(call.carryOut());
    else scripted.script(call);
  }

  private carryOut({ method, url, headers, body }: Seen): Scripted {
    const { pathname, searchParams } = new URL(url, this.baseUrl);
    const [type = '', id, part] = pathname.slice(new URL(this.baseUrl).pathname.length).split('/');
    if (type === 'metadata') return { status: 200, body: stringifyExact(this.capabilities()) };
    const reference = `${type}/${id ?? ''}`;
    switch (method) {
      case 'POST':
        return this.create(type, body, headers['if-none-exist']);
      case 'PUT':
      case 'PATCH':
        return this.update(method, reference, body, headers['if-match']);
      default: {
        if (id === undefined) return this.search(type, url, searchParams);
        const versions = this.chart.get(reference) ?? [];
        if (part === '_history')
          return {
            status: 200,
            body: bundle(
              'history',
              versions.toReversed().map((one) => one.resource),
              [],
            ),
          };
        const current = versions.at(-1);
        return current === undefined
          ? { status: 404, body: outcome('error', 'not-found', 'not known') }
          : this.shown(200, reference, current);
      }
    }
  }

  private create(type: string, body: string, condition: string | string[] | undefined): Scripted {
    const [system, value] = typeof condition === 'string' ? condition.replace('identifier=', '').split('|') : [];
    if (system !== undefined && value !== undefined) {
      const [match, second] = this.all(type).filter((one) => carriesIdentifier(one, system, value));
      if (second !== undefined) return { status: 412, body: outcome('error', 'multiple-matches', 'several') };
      if (match !== undefined)
        return this.shown(200, `${type}/${String(match.id)}`, this.chart.get(`${type}/${String(match.id)}`)?.at(-1));
    }
    const { reference, version } = this.store(`${type}/${this.newId()}`, read(body));
    return this.shown(201, reference, version);
  }

  private update(method: string, reference: string, body: string, condition: string | string[] | undefined): Scripted {
    const current = this.chart.get(reference)?.at(-1);
    if (current === undefined) return { status: 404, body: outcome('error', 'not-found', 'not known') };
    if (condition !== `W/"${current.versionId}"`) return { status: 412, body: outcome('error', 'conflict', 'another version') };
    const next = method === 'PUT' ? read(body) : patched(current.resource, body);
    return this.shown(200, reference, this.store(reference, next).version);
  }

  private shown(status: number, reference: string, version: Version | undefined): Scripted {
    const versionId = version?.versionId ?? 1;
    const location = `${this.baseUrl}${reference}/_history/${versionId}`;
    return { status, headers: { etag: `W/"${versionId}"`, location }, body: stringifyExact(version?.resource ?? null) };
  }

  private search(type: string, url: string, parameters: URLSearchParams): Scripted {
    const token = parameters.get('identifier');
    if (token === null) return { status: 400, body: outcome('error', 'not-supported', 'search by identifier only') };
    const [system = '', value = ''] = (token.match(/(?:\\.|[^|\\])+/g) ?? []).map((part) => part.replace(/\\(.)/g, '$1'));
    const found = this.all(type).filter((one) => carriesIdentifier(one, system, value));
    const [from, count] = [Number(parameters.get('_from') ?? 0), Number(parameters.get('_count') ?? 50)];
    parameters.set('_from', String(from + count));
    const next =
      from + count < found.length ? [{ relation: 'next', url: `${this.baseUrl}${type}?${parameters.toString()}` }] : [];
    const links = [{ relation: 'self', url: new URL(url, this.baseUrl).href }, ...next];
    return { status: 200, body: bundle('searchset', found.slice(from, from + count), links) };
  }

  private capabilities(): ExactObject {
    const interaction = ['read', 'create', 'update', 'search-type'].map((code) => ({ code }));
    const types = ['Patient', 'Encounter', 'Practitioner', 'Organization', 'DocumentReference', 'Observation'];
    const resource = types.map((type) => ({
      type,
      interaction,
      versioning: 'versioned-update',
      conditionalCreate: type !== 'Observation',
      searchParam: [{ name: 'identifier', type: 'token' }],
    }));
    const software = { name: 'Scripted EHR', version: '1' };
    return {
      resourceType: 'CapabilityStatement',
      status: 'active',
      fhirVersion: '4.0.1',
      software,
      rest: [{ mode: 'server', resource }],
    };
  }
}

export function bundle(type: string, resources: readonly ExactObject[], links: readonly ExactObject[]): string {
  return stringifyExact({
    resourceType: 'Bundle',
    type,
    link: links,
    entry: resources.map((resource) => ({ resource, search: { mode: 'match' } })),
  });
}

function read(body: string): ExactObject {
  const parsed = parseExact(body, 64);
  const resource = parsed.ok ? asObject(parsed.value) : undefined;
  if (resource === undefined) throw new Error(`the request holds no resource: ${body.slice(0, 80)}`);
  return resource;
}

/** Of RFC 6902 what the adapter uses: `add` of a member or at the end of `meta.tag`, and `remove` of a member. */
function patched(resource: ExactObject, body: string): ExactObject {
  const parsed = parseExact(body, 64);
  const result: Record<string, ExactObject[string]> = { ...resource };
  for (const one of asArray(parsed.ok ? parsed.value : null)) {
    const { op, path, value } = asObject(one) ?? {};
    const meta = asObject(result.meta);
    if (path === '/meta/tag/-') result.meta = { ...meta, tag: [...asArray(meta?.tag), value ?? null] };
    else if (path === '/meta/tag') result.meta = { ...meta, tag: value };
    else if (typeof path === 'string' && op === 'remove') delete result[path.slice(1)];
    else if (typeof path === 'string') result[path.slice(1)] = value;
  }
  return result;
}
