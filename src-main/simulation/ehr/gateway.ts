import {
  writeIdentifierSystem,
  sha256Hex,
  type Exchange,
  type FailureCode,
  type PreparedRecord,
  type Sha256,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import type {
  ChartResource,
  Comparison,
  ConnectionReport,
  EhrGateway,
  FindOutcome,
  FindQuery,
  GatewayFacts,
  LookUpOutcome,
  MarkingWrite,
  MonitorOutcome,
  Prepared,
  ReadOutcome,
  SendOutcome,
  SubjectQuery,
  WriteCommand,
} from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import type { Clock } from '../../ports/outbound/index.ts';
import { identifiersOf } from './chart.ts';
import type { Purpose, WireAnswer, WireResult } from './wire.ts';

/** What the gateway sends with: one exchange on the network of the simulation. */
export type Send = (request: {
  readonly purpose: Purpose;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly deadlineMs: number;
}) => Promise<WireResult>;

type RequestParts = Pick<PreparedRecord, 'method' | 'path' | 'headers' | 'body'>;

type Reading =
  | { readonly ok: true; readonly body: ExactObject; readonly exchange: readonly Exchange[] }
  | {
      readonly ok: false;
      readonly gone: boolean;
      readonly code: FailureCode;
      readonly retryAfterMs: number | null;
      readonly exchange: readonly Exchange[];
    };

/**
 * A plain FHIR adapter on the simulated network: it keeps the gateway port's promises, so that what goes wrong in a run
 * is the world's doing or the engine's.
 */
export class SimulatedGateway implements EhrGateway {
  readonly adapter: string;
  private readonly send_: Send;
  private readonly clock: Clock;
  private readonly sha256: Sha256;
  private readonly version: number;

  /** @param version of the program; another one makes other bytes of the same content */
  constructor(send: Send, clock: Clock, sha256: Sha256, version: number) {
    this.adapter = `simulated ${version}`;
    this.version = version;
    this.send_ = send;
    this.clock = clock;
    this.sha256 = sha256;
  }

  test(): Promise<ConnectionReport> {
    return Promise.resolve({ ok: true, fhirVersion: '4.0.1', software: 'simulated', resources: {}, problems: [] });
  }

  async lookUp(query: SubjectQuery): Promise<LookUpOutcome> {
    const wanted = identifiersWanted(query);
    const matches: ChartResource[] = [];
    for (const { reference, identifier } of wanted) {
      const type = typeOf(query);
      const path = reference ?? `${type}?identifier=${encodeURIComponent(identifier ?? '')}`;
      const reading = await this.get('look-up', path);
      if (!reading.ok && reading.gone) continue;
      if (!reading.ok) {
        const { code, retryAfterMs } = reading;
        return { outcome: 'failed', code, retryable: code !== 'sign-in-needed', retryAfterMs, message: code };
      }
      const read = reference === undefined ? entriesOf(reading.body) : [chartResource(reading.body)];
      for (const one of read) {
        const fits = identifier === undefined || identifiersOf(one.resource).includes(identifier);
        if (fits && !matches.some((match) => match.reference === one.reference)) matches.push(one);
      }
    }
    return { outcome: 'found', matches };
  }

  prepare(command: WriteCommand, facts: GatewayFacts): Prepared {
    const { identity, clinical } = command;
    const identifier = { system: writeIdentifierSystem, value: identity.id };
    const content = JSON.stringify(clinical.item);
    let parts: RequestParts;
    if (identity.operation === 'create') {
      const resource: ExactObject = {
        resourceType: identity.resourceType,
        identifier: [identifier],
        ...(this.version === 1 ? {} : { language: 'en' }),
        subject: { reference: facts.refs.patient.reference },
        ...(facts.refs.encounter === null ? {} : { encounter: { reference: facts.refs.encounter.reference } }),
        ...(facts.refs.target === null ? {} : { relatesTo: { reference: facts.refs.target.reference } }),
        content,
      };
      const condition = `identifier=${encodeURIComponent(`${identifier.system}|${identifier.value}`)}`;
      parts = {
        method: 'POST',
        path: identity.resourceType,
        headers: { 'if-none-exist': condition },
        body: JSON.stringify(resource),
      };
    } else {
      if (facts.target === null || facts.target.versionId === null) {
        return { outcome: 'refused', code: 'operation-unsupported', message: 'an update needs a version to be based on' };
      }
      const { meta, ...before } = facts.target.resource;
      const tag: ExactValue = [...asArray(asObject(meta)?.tag), { system: identifier.system, code: identifier.value }];
      parts = {
        method: 'PUT',
        path: facts.target.reference,
        headers: { 'if-match': `W/"${facts.target.versionId}"` },
        body: JSON.stringify({ ...before, content, meta: { tag } }),
      };
    }
    return this.prepared(parts, command.contract.version);
  }

  markAsError({ id, contract }: MarkingWrite, target: ChartResource): Prepared {
    if (target.versionId === null)
      return { outcome: 'refused', code: 'operation-unsupported', message: 'a mark needs a version to be based on' };
    const { meta, ...before } = target.resource;
    const tag: ExactValue = [...asArray(asObject(meta)?.tag), { system: writeIdentifierSystem, code: id }];
    const parts: RequestParts = {
      method: 'PUT',
      path: target.reference,
      headers: { 'if-match': `W/"${target.versionId}"` },
      body: JSON.stringify({ ...before, status: 'entered-in-error', meta: { tag } }),
    };
    return this.prepared(parts, contract);
  }

  async send(prepared: PreparedRecord, deadlineMs: number): Promise<SendOutcome> {
    const { method, path, headers, body } = prepared;
    const began = this.clock.monotonic();
    const result = await this.send_({ purpose: 'send', method, path, headers, body, deadlineMs });
    const exchange = [this.exchangeOf(method, path, prepared.sha256, result, began)];
    if ('lost' in result) {
      if (result.lost === 'not signed in')
        return { outcome: 'refused', code: 'sign-in-needed', message: 'there is no credential', exchange };
      return result.lost === 'refused'
        ? { outcome: 'not-applied', code: 'ehr-unreachable', exchange }
        : { outcome: 'unknown', code: 'reply-lost', exchange };
    }
    return { ...classify(method, path, result.answer), exchange };
  }

  async find(query: FindQuery): Promise<FindOutcome> {
    return query.prepared.method === 'POST' ? this.findCreated(query) : this.findUpdated(query);
  }

  async monitor(address: string): Promise<MonitorOutcome> {
    const reading = await this.get('find', address);
    const { exchange } = reading;
    const status = exchange[0]?.status;
    if (status === 202) return { outcome: 'running', retryAfterMs: null, exchange };
    if (reading.ok) return { outcome: 'ended', failed: false, exchange };
    if (status === 200 && reading.code === 'ehr-answer-unreadable' && exchange[0]?.fault === null)
      return { outcome: 'ended', failed: true, exchange };
    return { outcome: 'unclear', code: reading.code, retryAfterMs: reading.retryAfterMs, exchange };
  }

  async read(reference: string): Promise<ReadOutcome> {
    const reading = await this.get('read', reference);
    const { exchange } = reading;
    if (reading.ok) return { outcome: 'read', match: chartResource(reading.body), exchange };
    if (reading.gone) return { outcome: 'gone', exchange };
    return { outcome: 'failed', code: reading.code, retryAfterMs: reading.retryAfterMs, exchange };
  }

  compare(prepared: PreparedRecord, found: ExactObject): Comparison {
    const sent = JSON.parse(prepared.body) as ExactObject;
    // Of a resource that was there before, what a write puts into it; the rest may be changed by anybody.
    const changes = prepared.method === 'PUT' ? ['content', 'status'] : Object.keys(sent);
    const fields = changes.filter((name) => name in sent && name !== 'meta' && name !== 'id');
    const differences = fields.flatMap((path) => {
      const [before, after] = [JSON.stringify(sent[path]), JSON.stringify(found[path])] as [string, string | undefined];
      const kind = after === undefined ? ('missing' as const) : ('changed' as const);
      return before === after ? [] : [{ path, kind, sent: before, found: after ?? null }];
    });
    return { compared: fields.length, differences };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private prepared(parts: RequestParts, contract: string): Prepared {
    const { method, path, headers, body } = parts;
    const sha256 = sha256Hex(this.sha256, JSON.stringify([method, path, headers, body]));
    return { outcome: 'prepared', request: { adapter: this.adapter, contract, ...parts, sha256 }, resource: null };
  }

  private async findCreated(query: FindQuery): Promise<FindOutcome> {
    const identifier = `${writeIdentifierSystem}|${query.id}`;
    const path = `${query.resourceType}?identifier=${encodeURIComponent(identifier)}`;
    const reading = await this.get('find', path);
    const { exchange } = reading;
    if (!reading.ok) return { outcome: 'inconclusive', code: reading.code, retryAfterMs: reading.retryAfterMs, exchange };
    const all = entriesOf(reading.body);
    const matches = all.filter(({ resource }) => identifiersOf(resource).includes(identifier));
    const [match, second] = matches;
    if (second !== undefined) return { outcome: 'duplicate', matches, exchange };
    if (match !== undefined) return { outcome: 'present', match, exchange };
    const trusted = all.length === 0 && selfOf(reading.body) === path;
    return trusted
      ? { outcome: 'absent', exchange }
      : { outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange };
  }

  private async findUpdated(query: FindQuery): Promise<FindOutcome> {
    const unclear = (code: FailureCode, retryAfterMs: number | null, exchange: readonly Exchange[]): FindOutcome => ({
      outcome: 'inconclusive',
      code,
      retryAfterMs,
      exchange,
    });
    const { path: reference } = query.prepared;
    const reading = await this.get('find', reference);
    if (!reading.ok) return unclear(reading.code, reading.retryAfterMs, reading.exchange);
    const match = chartResource(reading.body);
    if (carries(match.resource, query.id)) return { outcome: 'present', match, exchange: reading.exchange };
    if (`W/"${match.versionId ?? ''}"` === query.prepared.headers['if-match'])
      return { outcome: 'absent', exchange: reading.exchange };
    const history = await this.get('find', `${reference}/_history`);
    const exchange = [...reading.exchange, ...history.exchange];
    if (!history.ok) return unclear(history.code, history.retryAfterMs, exchange);
    const ours = entriesOf(history.body).find(({ resource }) => carries(resource, query.id));
    return ours === undefined ? { outcome: 'moved', match, exchange } : { outcome: 'present', match: ours, exchange };
  }

  private async get(purpose: Purpose, path: string): Promise<Reading> {
    const began = this.clock.monotonic();
    const result = await this.send_({ purpose, method: 'GET', path, headers: {}, body: null, deadlineMs: limits.readTimeoutMs });
    const exchange = [this.exchangeOf('GET', path, null, result, began)];
    const failed = (code: FailureCode, gone = false, retryAfterMs: number | null = null): Reading => ({
      ok: false,
      gone,
      code,
      retryAfterMs,
      exchange,
    });
    if ('lost' in result) {
      if (result.lost === 'not signed in') return failed('sign-in-needed');
      return failed(result.lost === 'refused' ? 'ehr-unreachable' : 'reply-lost');
    }
    const { status, body } = result.answer;
    if (status === 401) return failed('sign-in-needed');
    if (status === 404) return failed('ehr-fault', body !== 'cut');
    if (status === 429 || status === 503) {
      return failed(status === 429 ? 'ehr-rate-limit' : 'ehr-unavailable', false, retryAfterMs(result.answer));
    }
    if (status !== 200) return failed('ehr-fault');
    return body === 'cut' || body === null || body.resourceType === 'OperationOutcome'
      ? failed('ehr-answer-unreadable')
      : { ok: true, body, exchange };
  }

  private exchangeOf(method: string, path: string, requestSha256: string | null, result: WireResult, began: number): Exchange {
    const answer = 'answer' in result ? result.answer : null;
    const body = answer === null || answer.body === null || answer.body === 'cut' ? null : JSON.stringify(answer.body);
    return {
      at: this.clock.now(),
      method,
      path,
      requestSha256,
      status: answer?.status ?? null,
      headers: answer?.headers ?? {},
      body,
      bodySha256: body === null ? null : sha256Hex(this.sha256, body),
      fault: 'lost' in result ? result.lost : answer?.body === 'cut' ? 'cut' : null,
      durationMs: this.clock.monotonic() - began,
    };
  }
}

type Verdict =
  | Omit<Extract<SendOutcome, { outcome: 'applied' }>, 'exchange'>
  | Omit<Extract<SendOutcome, { outcome: 'conflict' | 'unknown' }>, 'exchange'>
  | Omit<Extract<SendOutcome, { outcome: 'throttled' }>, 'exchange'>
  | Omit<Extract<SendOutcome, { outcome: 'refused' }>, 'exchange'>;

/** Only an answer that names its result counts as done; only what cannot come from anything that did the work, as not done. */
function classify(method: string, path: string, answer: WireAnswer): Verdict {
  const { status, headers, body } = answer;
  const unclear: Verdict = { outcome: 'unknown', code: 'reply-unclear' };
  if (status === 429) return { outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: retryAfterMs(answer) };
  if (status === 401) return { outcome: 'refused', code: 'sign-in-needed', message: 'HTTP 401' };
  if (status === 412) return { outcome: 'conflict', code: method === 'POST' ? 'several-match' : 'version-conflict' };
  if (status === 202) {
    const monitor = headers['content-location'];
    return { outcome: 'unknown', code: 'accepted-only', ...(monitor === undefined ? {} : { monitor }) };
  }
  if (status === 404) return { outcome: 'refused', code: 'ehr-not-supported', message: 'HTTP 404' };
  if ((status !== 200 && status !== 201) || body === 'cut' || body?.resourceType === 'OperationOutcome') return unclear;
  const resource = body === null ? null : chartResource(body);
  const reference =
    resource?.reference ??
    headers.location?.split('/_history/')[0] ??
    (headers.etag === undefined || method === 'POST' ? undefined : path);
  if (reference === undefined) return unclear;
  const versionId = resource?.versionId ?? /^W\/"(.+)"$/.exec(headers.etag ?? '')?.[1] ?? null;
  return { outcome: 'applied', ref: { reference, versionId }, landing: 'charted', resource: resource?.resource ?? null };
}

/** Milliseconds; a Retry-After in the past asks for nothing. */
function retryAfterMs(answer: WireAnswer): number | null {
  const text = answer.headers['retry-after'];
  return text === undefined ? null : Math.max(0, Number(text) * 1_000);
}

function typeOf(query: SubjectQuery): string {
  switch (query.kind) {
    case 'patient':
      return 'Patient';
    case 'encounter':
      return 'Encounter';
    case 'practitioner':
      return 'Practitioner';
    case 'organization':
      return 'Organization';
    case 'document':
      return 'DocumentReference';
  }
}

function identifiersWanted(query: SubjectQuery): readonly { readonly reference?: string; readonly identifier?: string }[] {
  const { reference, identifiers } = query.kind === 'document' ? query : query.subject;
  if (reference !== undefined) return [{ reference }];
  return (identifiers ?? []).map(({ system, value }) => ({ identifier: `${system}|${value}` }));
}

function entriesOf(bundle: ExactObject): readonly ChartResource[] {
  return asArray(bundle.entry).flatMap((one) => {
    const resource = asObject(asObject(one)?.resource);
    return resource === undefined ? [] : [chartResource(resource)];
  });
}

function chartResource(body: ExactObject): ChartResource {
  const { id, ...resource } = body;
  const versionId = asString(asObject(body.meta)?.versionId) ?? null;
  return { reference: `${asString(body.resourceType) ?? ''}/${asString(id) ?? ''}`, versionId, resource };
}

function selfOf(bundle: ExactObject): string | undefined {
  const self = asArray(bundle.link)
    .map(asObject)
    .find((link) => link?.relation === 'self');
  return asString(self?.url);
}

function carries(resource: ExactObject, id: string): boolean {
  return asArray(asObject(resource.meta)?.tag).some((tag) => asString(asObject(tag)?.code) === id);
}
