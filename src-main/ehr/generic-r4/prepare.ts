import type {
  ChartResource,
  Comparison,
  GatewayFacts,
  MarkingWrite,
  Prepared,
  WriteCommand,
} from '../../ports/outbound/index.ts';
import { writeIdentifierSystem, type FailureCode, type PreparedRecord, type Sha256 } from '../../../src-shared/domain/index.ts';
import {
  asArray,
  asObject,
  asString,
  compareResources,
  parseExact,
  stringifyExact,
  type ExactObject,
  type ExactValue,
} from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { requestSha256, type RequestBytes } from '../kit/index.ts';
import {
  changedPatient,
  createdResource,
  mapContext,
  markedResource,
  patchedMembers,
  patchOperations,
  replacedLists,
} from './map/index.ts';

/** How this connection changes a resource that is there. */
export type UpdateBy = 'put' | 'patch';

export interface PrepareOptions {
  readonly adapter: string;
  readonly sha256: Sha256;
  readonly updateBy: UpdateBy;
}

const FHIR_JSON = 'application/fhir+json';
const IF_NONE_EXIST = `identifier=${writeIdentifierSystem}|`;

/** The exact request for a command. Pure: the same command and facts give the same bytes. */
export function prepareRequest(command: WriteCommand, facts: GatewayFacts, options: PrepareOptions): Prepared {
  return command.identity.operation === 'update'
    ? prepareUpdate(command, facts, options)
    : prepareCreate(command, facts, options);
}

function prepareCreate(command: WriteCommand, facts: GatewayFacts, options: PrepareOptions): Prepared {
  const { resourceType } = command.contract;
  const result = createdResource(command.clinical, resourceType, mapContext(command, facts));
  if (!result.ok) return refused(result.code, result.message);
  const { resource } = result;
  const headers = {
    accept: FHIR_JSON,
    'content-type': FHIR_JSON,
    // R4, https://hl7.org/fhir/R4/http.html#ccreate. Servers lose this race among themselves; it is a help, not the guarantee.
    'if-none-exist': `${IF_NONE_EXIST}${command.identity.id}`,
    prefer: 'return=representation',
  };
  return prepared(
    command.contract.version,
    options,
    { method: 'POST', path: resourceType, headers, body: stringifyExact(resource) },
    resource,
  );
}

function prepareUpdate(command: WriteCommand, facts: GatewayFacts, options: PrepareOptions): Prepared {
  const { clinical, identity } = command;
  if (clinical.kind !== 'demographics' || command.contract.resourceType !== 'Patient') {
    return refused('operation-unsupported', `${clinical.kind} is not written by changing a ${command.contract.resourceType}`);
  }
  const { target } = facts;
  if (target === null || target.reference !== facts.refs.patient.reference)
    return refused('target-not-found', 'the patient to be changed was not read');
  if (target.versionId === null && command.contract.unversioned !== 'compare') {
    return refused(
      'operation-unsupported',
      'the EHR gives no version of the patient, so that a change made by somebody else could not be noticed',
    );
  }
  const resource = changedPatient(clinical.item, target.resource, identity.id);
  const patches = options.updateBy === 'patch';
  const headers = {
    accept: FHIR_JSON,
    'content-type': patches ? 'application/json-patch+json' : FHIR_JSON,
    ...(target.versionId === null ? {} : { 'if-match': `W/"${target.versionId}"` }),
    prefer: 'return=representation',
  };
  const body = stringifyExact(patches ? patchOperations(clinical.item, target.resource, identity.id) : resource);
  return prepared(
    command.contract.version,
    options,
    { method: patches ? 'PATCH' : 'PUT', path: target.reference, headers, body },
    resource,
  );
}

/**
 * The request that marks an entry as entered in error: the whole resource as it was read, replaced under If-Match, so that
 * nothing but the version that was read can be marked (R4, https://hl7.org/fhir/R4/http.html#concurrency).
 */
export function prepareMark(
  write: MarkingWrite,
  target: ChartResource,
  options: Pick<PrepareOptions, 'adapter' | 'sha256'>,
): Prepared {
  const resource = markedResource(target.resource, write.id);
  if (resource === undefined)
    return refused('operation-unsupported', `${target.reference} cannot be marked as entered in error here`);
  if (target.versionId === null)
    return refused('operation-unsupported', `${target.reference} has no version, so that a newer one could be overwritten`);
  const headers = {
    accept: FHIR_JSON,
    'content-type': FHIR_JSON,
    'if-match': `W/"${target.versionId}"`,
    prefer: 'return=representation',
  };
  const request = { method: 'PUT', path: target.reference, headers, body: stringifyExact(resource) } as const;
  return prepared(write.contract, options, request, resource);
}

function prepared(
  contract: string,
  options: Pick<PrepareOptions, 'adapter' | 'sha256'>,
  request: RequestBytes,
  resource: ExactObject,
): Prepared {
  const { adapter, sha256 } = options;
  const record = { adapter, contract, ...request, sha256: requestSha256(sha256, request) };
  return { outcome: 'prepared', request: record, resource };
}

function refused(code: FailureCode, message: string): Prepared {
  return { outcome: 'refused', code, message };
}

/** The write's id as it stands in a prepared request, or `undefined` in one that this adapter did not make. */
export function writeIdIn(request: PreparedRecord): string | undefined {
  const condition = request.headers['if-none-exist'];
  if (condition !== undefined) return condition.startsWith(IF_NONE_EXIST) ? condition.slice(IF_NONE_EXIST.length) : undefined;
  const tags = asArray(asObject(expectedResource(request)?.meta)?.tag).map(asObject);
  // The newest tag stands last: the patient may carry those of earlier writes.
  return asString(tags.findLast((tag) => tag?.system === writeIdentifierSystem)?.code);
}

/** What the chart shall hold once the request has been carried out; of a patch, the members it puts in place. */
function expectedResource(request: PreparedRecord): ExactObject | undefined {
  const value = bodyOf(request);
  if (request.method !== 'PATCH') return asObject(value);
  return patchedMembers(request.path.split('/')[0] ?? '', asArray(value));
}

function bodyOf(request: PreparedRecord): ExactValue {
  const parsed = parseExact(request.body, limits.jsonDepthMax);
  return parsed.ok ? parsed.value : null;
}

/** Compares the chart with the request: everything that was sent, whatever the contract says at least to look at. */
export function compareWithRequest(request: PreparedRecord, found: ExactObject, base: string): Comparison {
  const sent = expectedResource(request);
  if (sent === undefined) throw new RangeError('the body of a prepared request is not a FHIR resource');
  return compareResources(sent, found, request.method === 'POST' ? { base } : { base, exactLists: replacedLists });
}
