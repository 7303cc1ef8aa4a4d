import { request } from 'undici';
import { startPracticeEhr, type FaultPlan } from '../../practice-ehr/index.ts';
import {
  asArray,
  asObject,
  asString,
  parseExact,
  stringifyExact,
  versionOf,
  type ExactObject,
} from '../../../src-shared/fhir/index.ts';
import { gatewayContract, type ContractEhr, type ContractFault } from '../testing/contract.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { createGenericR4Gateway, type GenericR4Options } from './index.ts';

/** The same contract as against the scripted server, here against the practice EHR: another author's reading of FHIR. */

type Faults = FaultPlan['faults'];
const HOUR_MS = 3_600_000;
const writes = { method: ['POST', 'PUT', 'PATCH'] } as { method: ('POST' | 'PUT' | 'PATCH')[] };

const plans: Readonly<Partial<Record<ContractFault, Faults>>> = {
  'lost-reply': [{ kind: 'lost-reply', ...writes }],
  'never-arrived': [{ kind: 'timeout-before', ...writes }],
  'cut-answer': [{ kind: 'reset-mid-body', ...writes }],
  'accepted-only': [{ kind: 'accepted-202', delayMs: HOUR_MS }],
  'error-in-200': [{ kind: 'ok-with-error-outcome' }],
  'no-word': [{ kind: 'no-location', etag: false }],
  unauthorized: [{ kind: 'status', ...writes, status: 401 }],
  forbidden: [{ kind: 'status', ...writes, status: 403 }],
  'rate-limit': [{ kind: 'status', ...writes, status: 429, retryAfter: 'seconds', retryAfterSeconds: 7 }],
  unavailable: [{ kind: 'status', ...writes, status: 503 }],
  'dropped-note': [{ kind: 'drop-field', types: ['Observation'], fields: ['note'] }],
  'ignored-search': [{ kind: 'ignored-search-parameter', parameters: ['identifier'] }],
  'search-lag': [{ kind: 'search-lag', lagMs: HOUR_MS }],
  validation: [],
};
const can = Object.keys(plans) as ContractFault[];

async function exchange(method: 'GET' | 'POST' | 'PUT', url: string, resource?: ExactObject): Promise<ExactObject> {
  const answer = await request(url, {
    method,
    headers: { 'content-type': 'application/fhir+json' },
    ...(resource !== undefined && { body: stringifyExact(resource) }),
  });
  const text = await answer.body.text();
  const parsed = parseExact(text, 64);
  const body = parsed.ok ? asObject(parsed.value) : undefined;
  if (answer.statusCode >= 300 || body === undefined) throw new Error(`${method} ${url}: ${answer.statusCode} ${text}`);
  return body;
}

async function practice(options: Pick<GenericR4Options, 'updateBy'>): Promise<ContractEhr> {
  const ehr = await startPracticeEhr({ dataFile: ':memory:' });
  const opened = createGenericR4Gateway({
    baseUrl: ehr.baseUrl,
    credential: () => Promise.resolve(null),
    sha256,
    clock,
    random: countingIds(),
    ...options,
  });
  if ('refused' in opened) throw new Error(opened.message);
  return {
    gateway: opened,
    can: new Set(can),
    seed: async (resource) => {
      const { resourceType, id } = resource;
      const url = `${ehr.baseUrl}/${String(resourceType)}`;
      const stored =
        id === undefined ? await exchange('POST', url, resource) : await exchange('PUT', `${url}/${String(id)}`, resource);
      return { reference: `${String(resourceType)}/${String(stored.id)}`, versionId: versionOf(stored) };
    },
    // By its history: a search would not find what a search lag hides.
    chart: async (type) => {
      const history = await exchange('GET', `${ehr.baseUrl}/${type}/_history?_count=100`);
      const current = new Map<string, ExactObject>();
      for (const entry of asArray(history.entry)) {
        const resource = asObject(asObject(entry)?.resource);
        const id = asString(resource?.id);
        if (resource !== undefined && id !== undefined && !current.has(id)) current.set(id, resource);
      }
      return [...current.values()];
    },
    goWrong: (fault) => {
      ehr.setFaults({ faults: plans[fault] ?? [] });
      return Promise.resolve();
    },
    heal: () => {
      ehr.setFaults({ faults: [] });
      return Promise.resolve();
    },
    close: async () => {
      await ehr.close();
      await opened.close();
    },
  };
}

gatewayContract('generic-r4 by PUT, practice EHR', () => practice({ updateBy: 'put' }), can);
gatewayContract('generic-r4 by PATCH, practice EHR', () => practice({ updateBy: 'patch' }), can);
