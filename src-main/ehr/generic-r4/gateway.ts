import type {
  ChartResource,
  Clock,
  Comparison,
  ConnectionReport,
  EhrGateway,
  FindOutcome,
  FindQuery,
  GatewayFacts,
  ListOutcome,
  LookUpOutcome,
  MarkingWrite,
  MonitorOutcome,
  Prepared,
  Random,
  ReadOutcome,
  SendOutcome,
  SubjectQuery,
  WriteCommand,
} from '../../ports/outbound/index.ts';
import {
  writeIdentifierSystem,
  type ChartList,
  type Exchange,
  type FailureCode,
  type PreparedRecord,
  type Sha256,
} from '../../../src-shared/domain/index.ts';
import { carriesIdentifier, carriesTag, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import {
  askMonitor,
  classifyWrite,
  FhirHttp,
  parseBaseUrl,
  readResource,
  requestSha256,
  targetOfLink,
  type Answer,
  type CredentialSlot,
  type Timeouts,
} from '../kit/index.ts';
import { testConnection } from './capability.ts';
import { findWrite } from './find.ts';
import { addedToChart, listedInChart } from './listed.ts';
import { lookUpSubject } from './look-up.ts';
import { compareWithRequest, prepareMark, prepareRequest, writeIdIn, type UpdateBy } from './prepare.ts';

/** Name and version of this adapter. The version grows with every change of the bytes it prepares. */
export const ADAPTER = 'generic-r4/1';

export interface GenericR4Options {
  /** Base address of the FHIR API. */
  readonly baseUrl: string;
  readonly credential: CredentialSlot;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly random: Pick<Random, 'id'>;
  readonly timeouts?: Partial<Timeouts>;
  readonly connectionsMax?: number;
  /**
   * How a patient is changed. `put`, the default, replaces the resource that was read: servers that honour If-Match at all
   * honour it there, not all of them on a patch.
   */
  readonly updateBy?: UpdateBy;
}

/** The gateway, or why this connection cannot be opened. */
export type OpenedGateway = EhrGateway | { readonly refused: FailureCode; readonly message: string };

/** Opens a connection to a plain FHIR R4 server. Nothing is sent yet. */
export function createGenericR4Gateway(options: GenericR4Options): OpenedGateway {
  const parsed = parseBaseUrl(options.baseUrl);
  if (!parsed.ok) return { refused: 'connection-inactive', message: parsed.message };
  return new GenericR4Gateway(options, new FhirHttp({ ...options, base: parsed.base }));
}

class GenericR4Gateway implements EhrGateway {
  readonly adapter = ADAPTER;
  private readonly options: GenericR4Options;
  private readonly http: FhirHttp;
  private readonly now: () => number;
  private declared: { readonly at: number; readonly resources: ConnectionReport['resources'] } | null = null;

  constructor(options: GenericR4Options, http: FhirHttp) {
    this.options = options;
    this.http = http;
    this.now = () => options.clock.now();
  }

  test(): Promise<ConnectionReport> {
    return testConnection(this.http, this.now);
  }

  lookUp(query: SubjectQuery): Promise<LookUpOutcome> {
    return lookUpSubject(this.http, query, this.now);
  }

  listed(query: ChartList): Promise<ListOutcome> {
    return listedInChart(this.http, query, this.now);
  }

  added(type: string, patient: string, since: number): Promise<ListOutcome> {
    return addedToChart(this.http, type, patient, since, this.now);
  }

  prepare(command: WriteCommand, facts: GatewayFacts): Prepared {
    return prepareRequest(command, facts, {
      adapter: ADAPTER,
      sha256: this.options.sha256,
      updateBy: this.options.updateBy ?? 'put',
    });
  }

  markAsError(write: MarkingWrite, target: ChartResource): Prepared {
    return prepareMark(write, target, { adapter: ADAPTER, sha256: this.options.sha256 });
  }

  async send(prepared: PreparedRecord, deadlineMs: number): Promise<SendOutcome> {
    const stopped = this.unsendable(prepared);
    if (stopped !== null) return stopped;
    const reply = await this.http.write(prepared, deadlineMs);
    const { exchange } = reply;
    switch (reply.kind) {
      case 'not-sent':
        if (reply.code === 'ehr-unreachable') return { outcome: 'not-applied', code: reply.code, exchange };
        return { outcome: 'refused', code: reply.code, message: reply.message, exchange };
      case 'lost':
        return { outcome: 'unknown', code: reply.code, exchange };
      case 'answer':
        return this.accepted(reply.answer, this.judge(prepared, classifyWrite(prepared, reply.answer, this.now()), exchange));
    }
  }

  find(query: FindQuery): Promise<FindOutcome> {
    return findWrite(this.http, query, (type) => this.declares(type), this.options.sha256, this.now);
  }

  monitor(address: string): Promise<MonitorOutcome> {
    return askMonitor(this.http, address, this.now);
  }

  read(reference: string): Promise<ReadOutcome> {
    return readResource(this.http, reference, this.now);
  }

  compare(prepared: PreparedRecord, found: ExactObject): Comparison {
    return compareWithRequest(prepared, found, this.http.base.href);
  }

  close(): Promise<void> {
    return this.http.close();
  }

  /** What the server declares is read once, and again when it is old: servers change under a running engine. */
  private async declares(type: string): Promise<boolean | { readonly failed: FailureCode }> {
    const at = this.options.clock.monotonic();
    if (this.declared === null || at - this.declared.at > limits.capabilityAgeMaxMs) {
      const report = await this.test();
      if (report.fhirVersion === null) return { failed: 'ehr-answer-unreadable' };
      this.declared = { at, resources: report.resources };
    }
    return this.declared.resources[type]?.searchParameters.includes('identifier') === true;
  }

  /** The bytes approved are the bytes sent (rule 4), and only by the adapter they were approved for. */
  private unsendable(prepared: PreparedRecord): SendOutcome | null {
    const refused = (code: FailureCode, message: string): SendOutcome => ({ outcome: 'refused', code, message, exchange: [] });
    if (prepared.adapter !== ADAPTER) return refused('approval-void', `prepared by ${prepared.adapter}, not by ${ADAPTER}`);
    if (requestSha256(this.options.sha256, prepared) !== prepared.sha256) {
      return refused('invariant-broken', 'the request is not the one its hash was taken of');
    }
    return null;
  }

  /** Where a 202 says that its progress can be asked for; an address elsewhere is not followed. */
  private accepted(answer: Answer, outcome: SendOutcome): SendOutcome {
    const link = answer.headers['content-location'];
    if (outcome.outcome !== 'unknown' || outcome.code !== 'accepted-only' || link === undefined) return outcome;
    const monitor = targetOfLink(this.http.base, link);
    return monitor === undefined ? outcome : { ...outcome, monitor };
  }

  private judge(prepared: PreparedRecord, verdict: ReturnType<typeof classifyWrite>, exchange: readonly Exchange[]): SendOutcome {
    switch (verdict.verdict) {
      case 'applied': {
        const { reference, versionId, resource } = verdict;
        if (resource !== null && !isOurs(prepared, resource)) return { outcome: 'unknown', code: 'reply-unclear', exchange };
        return { outcome: 'applied', ref: { reference, versionId }, landing: 'charted', resource, exchange };
      }
      case 'conflict':
      case 'unknown':
        return { outcome: verdict.verdict, code: verdict.code, exchange };
      case 'throttled':
        return { outcome: 'throttled', code: verdict.code, retryAfterMs: verdict.retryAfterMs, exchange };
      case 'refused':
        return { outcome: 'refused', code: verdict.code, message: verdict.message, exchange };
    }
  }
}

/** True when the answer shows this very write, not whatever the server had at hand. */
function isOurs(prepared: PreparedRecord, resource: ExactObject): boolean {
  const id = writeIdIn(prepared);
  if (id === undefined) return false;
  const carries = prepared.method === 'POST' ? carriesIdentifier : carriesTag;
  return carries(resource, writeIdentifierSystem, id);
}
