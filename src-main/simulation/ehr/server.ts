import { asObject, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import type { Chance } from '../chance.ts';
import type { FaultKind } from '../faults.ts';
import type { Chart } from './chart.ts';
import type { Jobs } from './jobs.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** What this EHR is like, beyond what goes wrong now and then. */
export interface ServerNature {
  /** Checks `If-None-Exist` against what is stored, in one step with the create. Many servers do not. */
  readonly honoursIfNoneExist: boolean;
  /** Ignores the search parameter `identifier` on what is written: whatever is asked, it shows the first few of the type. */
  readonly ignoresIdentifier: boolean;
  /** Often answers a write with 202 and an address to ask at, and carries it out later, or not at all. */
  readonly onlyAccepts: boolean;
  /** The time by its own clock, as it tells it with each answer (RFC 9110, section 6.6.1); `null`: it tells none. */
  readonly date: ((now: number) => string) | null;
}

/** Asks whether a fault strikes this request; counts it if it does. */
export type Strike = (kind: FaultKind, request: WireRequest) => boolean;

/** Entries that a search which ignores its parameter shows at once. */
const PAGE = 2;
/** Share of the writes that a server which only accepts them does not answer at once. */
const ONLY_ACCEPTED = 0.5;

const lies = ['error-applied', 'error-not-applied', 'no-location', 'no-etag', 'drops-field', 'only-accepted'] as const;

/**
 * A small FHIR server: create, conditional create, update with If-Match, read, history and search by identifier (R4,
 * https://hl7.org/fhir/R4/http.html), with the ways in which such servers mislead.
 */
export class SimulatedServer {
  readonly chart: Chart;
  private readonly nature: ServerNature;
  private readonly jobs: Jobs;
  private readonly strike: Strike;
  private readonly struck: (kind: FaultKind, request: WireRequest) => void;

  /** @param struck told where the server's nature was the fault: a search that it answered wrongly or too early */
  constructor(
    chart: Chart,
    nature: ServerNature,
    jobs: Jobs,
    strike: Strike,
    struck: (kind: FaultKind, request: WireRequest) => void,
  ) {
    this.chart = chart;
    this.nature = nature;
    this.jobs = jobs;
    this.strike = strike;
    this.struck = struck;
  }

  /** Handles a request that has arrived. */
  handle(request: WireRequest, now: number, chance: Chance): WireAnswer {
    const answer = this.respond(request, now, chance);
    const { date } = this.nature;
    return date === null ? answer : { ...answer, headers: { ...answer.headers, date: date(now) } };
  }

  private respond(request: WireRequest, now: number, chance: Chance): WireAnswer {
    const { method } = request;
    const writes = method !== 'GET';
    // Sent with a token that no longer counts: whatever stands in front of the EHR turns it away.
    if (this.strike('FLT-7', request)) return outcome(401, 'login', {});
    if (this.strike('FLT-6', request)) {
      const fault = chance.part('5xx').pick(writes ? ['limit', 'before', 'before', 'after'] : ['limit', 'before']);
      if (fault === 'limit') return outcome(429, 'throttled', retryAfter(chance));
      if (fault === 'before') return outcome(chance.part('status').pick([500, 502, 503]), 'exception', retryAfter(chance));
      this.answer(request, now);
      return outcome(chance.part('status').pick([500, 502, 504]), 'exception', {});
    }
    if (!writes) return this.read(request, now, chance);
    if (method === 'PUT' && this.strike('FLT-8', request)) this.changeBefore(request, now);
    if (this.nature.onlyAccepts && chance.part('accepts').happens(ONLY_ACCEPTED)) {
      this.struck('FLT-10', request);
      const address = this.jobs.accept(request, chance.part('job'), (at) => this.answer(request, at));
      return { status: 202, headers: { 'content-location': address }, body: null };
    }
    if (!this.strike('FLT-10', request)) return this.answer(request, now);
    return this.lie(request, now, chance);
  }

  /** Whether the server has accepted this request and not carried it out yet. */
  holds(request: number): boolean {
    return this.jobs.hold(request);
  }

  private read(request: WireRequest, now: number, chance: Chance): WireAnswer {
    if (request.purpose !== 'find' || !request.path.includes('identifier=')) return this.answer(request, now);
    if (this.nature.ignoresIdentifier) this.struck('FLT-10', request);
    else if (!this.strike('FLT-10', request)) return this.answer(request, now);
    return this.search(request, null, now, chance.part('self').happens(0.5));
  }

  /** Somebody else changes the resource just before the request does. */
  private changeBefore(request: WireRequest, now: number): void {
    const current = this.chart.current(request.path);
    if (current !== undefined) this.chart.put(request.path, { ...current.resource, note: `seen at ${now}` }, now, null);
  }

  private lie(request: WireRequest, now: number, chance: Chance): WireAnswer {
    switch (chance.part('lie').pick(lies)) {
      case 'error-applied':
        this.answer(request, now);
        return outcome(200, 'exception', {});
      case 'error-not-applied':
        return outcome(200, 'exception', {});
      case 'no-location': {
        const { status } = this.answer(request, now);
        return { status, headers: {}, body: null };
      }
      case 'no-etag': {
        const { headers, ...rest } = this.answer(request, now);
        return { ...rest, headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'etag')) };
      }
      case 'drops-field':
        return this.answer({ ...request, body: withoutContent(request.body) }, now);
      case 'only-accepted':
        this.answer(request, now);
        return { status: 202, headers: {}, body: null };
    }
  }

  private answer(request: WireRequest, now: number): WireAnswer {
    const { method, path } = request;
    if (method === 'POST') return this.create(request, now);
    if (method === 'PUT') return this.update(request, now);
    if (path.includes('?')) return this.search(request, identifierIn(path), now, true);
    if (path.endsWith('/_history')) return this.history(path.slice(0, -'/_history'.length));
    const job = this.jobs.ask(path);
    if (job === 'running') return { status: 202, headers: {}, body: null };
    if (job !== undefined) return job === 'failed' ? outcome(200, 'exception', {}) : { status: 200, headers: {}, body: {} };
    const current = this.chart.current(path);
    return current === undefined ? outcome(404, 'not-found', {}) : found(200, path, current);
  }

  private create(request: WireRequest, now: number): WireAnswer {
    const resource = JSON.parse(request.body ?? 'null') as ExactObject;
    const condition = request.headers['if-none-exist'];
    if (condition !== undefined && this.nature.honoursIfNoneExist) {
      const [match, second] = this.chart.withIdentifier(request.path, identifierIn(condition), null);
      if (second !== undefined) return outcome(412, 'multiple-matches', {});
      const current = match === undefined ? undefined : this.chart.current(match);
      if (match !== undefined && current !== undefined) return found(200, match, current);
    }
    const { reference, versionId } = this.chart.create(resource, now, request.number);
    return found(201, reference, { versionId, resource });
  }

  private update(request: WireRequest, now: number): WireAnswer {
    const current = this.chart.current(request.path);
    if (current === undefined) return outcome(404, 'not-found', {});
    const condition = request.headers['if-match'];
    if (condition !== undefined && condition !== `W/"${current.versionId}"`) return outcome(412, 'conflict', {});
    const resource = JSON.parse(request.body ?? 'null') as ExactObject;
    const { versionId } = this.chart.put(request.path, resource, now, request.number);
    return found(200, request.path, { versionId, resource });
  }

  /** @param identifier what to search for; `null`: as a server that ignores the parameter */
  private search(request: WireRequest, identifier: string | null, now: number, selfRepeats: boolean): WireAnswer {
    const { path } = request;
    const type = path.split('?')[0] ?? '';
    const all = this.chart.withIdentifier(type, identifier, now);
    const references = identifier === null ? all.slice(0, PAGE) : all;
    if (identifier !== null && all.length < this.chart.withIdentifier(type, identifier, null).length)
      this.struck('FLT-9', request);
    const entry = references.map((reference): ExactValue => {
      const current = this.chart.current(reference);
      return { fullUrl: reference, resource: withAddress(reference, current) };
    });
    const link: ExactValue = [{ relation: 'self', url: selfRepeats ? path : type }];
    return { status: 200, headers: {}, body: { resourceType: 'Bundle', type: 'searchset', link, entry } };
  }

  private history(reference: string): WireAnswer {
    const entry = this.chart.history(reference).map((version): ExactValue => ({ resource: withAddress(reference, version) }));
    return { status: 200, headers: {}, body: { resourceType: 'Bundle', type: 'history', entry } };
  }
}

function found(status: number, reference: string, version: { versionId: string; resource: ExactObject }): WireAnswer {
  const headers = { location: `${reference}/_history/${version.versionId}`, etag: `W/"${version.versionId}"` };
  return { status, headers, body: withAddress(reference, version) };
}

function withAddress(reference: string, version: { versionId: string; resource: ExactObject } | undefined): ExactObject {
  if (version === undefined) return {};
  const meta = asObject(version.resource.meta) ?? {};
  return { ...version.resource, id: reference.split('/')[1] ?? '', meta: { ...meta, versionId: version.versionId } };
}

function outcome(status: number, code: string, headers: Readonly<Record<string, string>>): WireAnswer {
  return { status, headers, body: { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code }] } };
}

/** Absent, sensible, past, absurd (RFC 9110, section 10.2.3). */
function retryAfter(chance: Chance): Readonly<Record<string, string>> {
  const seconds = chance.part('retry-after').pick([null, '1', '7', '-30', '999999999']);
  return seconds === null ? {} : { 'retry-after': seconds };
}

/** `system|value` of `identifier=`. */
function identifierIn(query: string): string {
  return decodeURIComponent(query.split('identifier=')[1] ?? '');
}

function withoutContent(body: string | null): string {
  const { content: _content, ...rest } = JSON.parse(body ?? '{}') as ExactObject;
  return JSON.stringify(rest);
}
