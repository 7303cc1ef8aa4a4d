import type {
  ChartResource,
  Comparison,
  EhrGateway,
  EhrGateways,
  FindOutcome,
  FindQuery,
  GatewayFacts,
  ListOutcome,
  LookUpOutcome,
  MarkingWrite,
  MonitorOutcome,
  Prepared,
  ReadOutcome,
  SendOutcome,
  SubjectQuery,
  WriteCommand,
} from '../../ports/outbound/index.ts';
import type { ChartList, FailureCode, PreparedRecord } from '../../../src-shared/domain/index.ts';
import type { ExactObject } from '../../../src-shared/fhir/index.ts';

/** How the EHR takes the next send. `lost`: committed, reply lost. `never`: not committed, and nobody can tell. */
export type SendBehaviour =
  | 'ok'
  | 'lost'
  | 'never'
  /** Answered with 202 and an address to ask at (`monitors`). */
  | 'accepted'
  | { readonly refuse: FailureCode }
  | { readonly notApplied: FailureCode }
  | { readonly throttle: number | null }
  | { readonly conflict: FailureCode };

interface ChartEntry {
  readonly reference: string;
  readonly writeId: string;
  resource: ExactObject;
  versionId: number;
}

/**
 * An EHR in memory behind the gateway port: it keeps what was sent, by write id, and behaves as it is told. What it
 * counts is the truth that the engine's claims are held against.
 */
export class FakeEhr implements EhrGateway, EhrGateways {
  adapter = 'fake 1';
  /** Behaviours for the next sends, in order; `ok` once they are used up. */
  readonly behaviours: SendBehaviour[] = [];
  readonly sends: string[] = [];
  readonly chart: ChartEntry[] = [];
  /** Elements that vanish on the way into the chart. */
  readonly dropped = new Set<string>();
  lookUps: (query: SubjectQuery) => LookUpOutcome = agreeing;
  finds: ((query: FindQuery) => FindOutcome | undefined) | null = null;
  /** What has been accepted and not been carried out, and what the EHR says about it when asked. */
  readonly accepted: (ExactObject & { writeId: string; resourceType: string })[] = [];
  monitors: () => MonitorOutcome = () => ({ outcome: 'running', retryAfterMs: null, exchange: [] });
  /** What the chart lists of a patient. */
  lists: (query: ChartList) => ListOutcome = () => ({ outcome: 'listed', entries: [], complete: true });
  /** What people have written into the chart by hand. */
  additions: (resourceType: string, patient: string, since: number) => ListOutcome = () => ({
    outcome: 'listed',
    entries: [],
    complete: true,
  });
  /** Patients and visits that are not written by the engine, as they are read by their address. */
  subjects: (reference: string) => { versionId: string | null; resource: ExactObject } | undefined = unchanged;
  readFailures = 0;
  unsupported: FailureCode | null = null;
  closed: FailureCode | null = null;
  /** Called when bytes have arrived, before the answer: the moment at which a crash hurts most. */
  onSend: () => void = () => undefined;

  open(): ReturnType<EhrGateways['open']> {
    return Promise.resolve(this.closed === null ? this : { refused: this.closed, message: 'closed for the test' });
  }

  test(): ReturnType<EhrGateway['test']> {
    return Promise.resolve({ ok: true, fhirVersion: '4.0.1', software: 'fake', resources: {}, problems: [] });
  }

  lookUp(query: SubjectQuery): Promise<LookUpOutcome> {
    const answer = this.lookUps(query);
    if (query.kind !== 'document' || answer.outcome === 'failed') return Promise.resolve(answer);
    const matches = this.chart
      .filter((entry) => entry.reference === query.reference || query.identifiers.some(({ value }) => value === entry.writeId))
      .map((entry) => ({
        ...chartResource(entry),
        resource: { ...entry.resource, subject: { reference: entry.resource.patient } },
      }));
    return Promise.resolve({ outcome: 'found', matches });
  }

  listed(query: ChartList): Promise<ListOutcome> {
    return Promise.resolve(this.lists(query));
  }

  added(resourceType: string, patient: string, since: number): Promise<ListOutcome> {
    return Promise.resolve(this.additions(resourceType, patient, since));
  }

  prepare(command: WriteCommand, facts: GatewayFacts): Prepared {
    if (this.unsupported !== null) return { outcome: 'refused', code: this.unsupported, message: 'not in this EHR' };
    const { identity, clinical } = command;
    const resource: ExactObject = {
      resourceType: identity.resourceType,
      writeId: identity.id,
      patient: facts.refs.patient.reference,
      content: JSON.stringify(clinical.item),
    };
    const request: PreparedRecord = {
      adapter: this.adapter,
      contract: command.contract.version,
      method: identity.operation === 'create' ? 'POST' : 'PUT',
      path: identity.resourceType,
      headers: {},
      body: JSON.stringify(resource),
      sha256: `sha of ${identity.id} ${this.adapter} ${command.contract.version}`,
    };
    // Its entries are not FHIR; what the contract is held against is.
    return { outcome: 'prepared', request, resource: { resourceType: identity.resourceType } };
  }

  markAsError(write: MarkingWrite, target: ChartResource): Prepared {
    const resource = { ...target.resource, writeId: write.id, status: 'entered-in-error' };
    const request: PreparedRecord = {
      adapter: this.adapter,
      contract: write.contract,
      method: 'PUT',
      path: target.reference,
      headers: { 'if-match': target.versionId ?? '' },
      body: JSON.stringify(resource),
      sha256: `sha of ${write.id} on ${target.reference} ${target.versionId ?? ''}`,
    };
    return { outcome: 'prepared', request, resource: { resourceType: String(target.resource.resourceType) } };
  }

  send(prepared: PreparedRecord): Promise<SendOutcome> {
    const behaviour = this.behaviours.shift() ?? 'ok';
    const resource = JSON.parse(prepared.body) as ExactObject & { writeId: string; resourceType: string };
    this.sends.push(resource.writeId);
    const exchange = [] as const;
    if (behaviour === 'ok' || behaviour === 'lost') {
      const stands = this.chart.find((one) => one.reference === prepared.path);
      if (stands !== undefined && String(stands.versionId) !== prepared.headers['if-match'])
        return Promise.resolve({ outcome: 'conflict', code: 'version-conflict', exchange });
      const entry = stands === undefined ? this.commit(resource) : this.replace(stands, resource);
      this.onSend();
      if (behaviour === 'lost') return Promise.resolve({ outcome: 'unknown', code: 'reply-lost', exchange });
      const ref = { reference: entry.reference, versionId: String(entry.versionId) };
      return Promise.resolve({ outcome: 'applied', ref, landing: 'charted', resource: null, exchange });
    }
    this.onSend();
    if (behaviour === 'accepted') {
      this.accepted.push(resource);
      return Promise.resolve({ outcome: 'unknown', code: 'accepted-only', monitor: '/fhir/job/1', exchange });
    }
    if (behaviour === 'never') return Promise.resolve({ outcome: 'unknown', code: 'reply-lost', exchange });
    if ('refuse' in behaviour) return Promise.resolve({ outcome: 'refused', code: behaviour.refuse, message: 'no', exchange });
    if ('notApplied' in behaviour) return Promise.resolve({ outcome: 'not-applied', code: behaviour.notApplied, exchange });
    if ('conflict' in behaviour) return Promise.resolve({ outcome: 'conflict', code: behaviour.conflict, exchange });
    return Promise.resolve({ outcome: 'throttled', code: 'ehr-rate-limit', retryAfterMs: behaviour.throttle, exchange });
  }

  find(query: FindQuery): Promise<FindOutcome> {
    const told = this.finds?.(query);
    if (told !== undefined) return Promise.resolve(told);
    const exchange = [] as const;
    const matches = this.chart.filter((entry) => [entry.writeId, entry.resource.writeId].includes(query.id)).map(chartResource);
    const [match, second] = matches;
    if (match === undefined) {
      const proved = query.prepared.method !== 'POST' || (query.control ?? null) !== null;
      return Promise.resolve(
        proved
          ? { outcome: 'absent', exchange }
          : { outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange },
      );
    }
    return Promise.resolve(
      second === undefined ? { outcome: 'present', match, exchange } : { outcome: 'duplicate', matches, exchange },
    );
  }

  monitor(): Promise<MonitorOutcome> {
    return Promise.resolve(this.monitors());
  }

  read(reference: string): Promise<ReadOutcome> {
    if (this.readFailures > 0) {
      this.readFailures -= 1;
      return Promise.resolve({ outcome: 'failed', code: 'ehr-unreachable', retryAfterMs: null, exchange: [] });
    }
    const entry = this.chart.find((one) => one.reference === reference);
    const subject = entry === undefined ? this.subjects(reference) : undefined;
    if (subject !== undefined) return Promise.resolve({ outcome: 'read', match: { reference, ...subject }, exchange: [] });
    return Promise.resolve(
      entry === undefined ? { outcome: 'gone', exchange: [] } : { outcome: 'read', match: chartResource(entry), exchange: [] },
    );
  }

  compare(prepared: PreparedRecord, found: ExactObject): Comparison {
    const sent = JSON.parse(prepared.body) as Record<string, string>;
    const differences = Object.keys(sent)
      .filter((key) => found[key] !== sent[key])
      .map((key) => ({ path: key, kind: 'missing' as const, sent: sent[key] ?? null, found: null }));
    return { compared: Object.keys(sent).length, differences };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** How often each write stands in the chart. */
  effects(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { writeId } of this.chart) counts.set(writeId, (counts.get(writeId) ?? 0) + 1);
    return counts;
  }

  /** A next version of an entry. */
  replace(entry: ChartEntry, resource: ExactObject): ChartEntry {
    entry.resource = resource;
    entry.versionId += 1;
    return entry;
  }

  commit(resource: ExactObject & { writeId: string; resourceType: string }): ChartEntry {
    const kept = Object.fromEntries(Object.entries(resource).filter(([key]) => !this.dropped.has(key)));
    const entry: ChartEntry = {
      reference: `${resource.resourceType}/${this.chart.length + 1}`,
      writeId: resource.writeId,
      resource: kept,
      versionId: 1,
    };
    this.chart.push(entry);
    return entry;
  }
}

function chartResource(entry: ChartEntry) {
  return { reference: entry.reference, versionId: String(entry.versionId), resource: entry.resource };
}

/** Patients and visits in the version in which they are looked up. */
export function unchanged(reference: string): { versionId: string; resource: ExactObject } | undefined {
  const [resourceType = ''] = reference.split('/');
  return ['Patient', 'Encounter'].includes(resourceType) ? { versionId: '1', resource: { resourceType } } : undefined;
}

/** Every subject is found once and agrees with whatever the event says. */
export function agreeing(query: SubjectQuery): LookUpOutcome {
  const found = (reference: string, resource: ExactObject): LookUpOutcome => ({
    outcome: 'found',
    matches: [{ reference, versionId: '1', resource }],
  });
  switch (query.kind) {
    case 'patient': {
      const { name, birthDate, identifiers } = query.subject;
      const id = identifiers?.[0]?.value ?? '1';
      return found(`Patient/${id}`, {
        resourceType: 'Patient',
        name: [{ family: name?.family, given: name?.given ?? [] }],
        birthDate,
      });
    }
    case 'encounter':
      return found('Encounter/1', { resourceType: 'Encounter', status: 'in-progress', subject: { reference: query.patient } });
    case 'practitioner':
      return found('Practitioner/1', { resourceType: 'Practitioner' });
    case 'organization':
      return found('Organization/1', { resourceType: 'Organization' });
    case 'document':
      return { outcome: 'found', matches: [] };
  }
}
