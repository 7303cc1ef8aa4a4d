import { z } from 'zod';
import { failures, riskTiers, roles } from '../../src-shared/domain/index.ts';

/**
 * What each command prints with `--json`: a contract that scripts rely on. Every command's output goes through its
 * schema, and the published JSON Schemas are made from the same.
 */

const states = [
  'draft',
  'validated',
  'awaiting-approval',
  'held',
  'pending',
  'in-flight',
  'unknown',
  'conflict',
  'failed-retryable',
  'failed-terminal',
  'resolved-by-hand',
  'committed',
  'superseded',
  'withdrawn',
  'compensated',
  'corrected',
  'quarantined',
] as const;
const state = z.enum(states);
const code = z.enum(Object.keys(failures) as [keyof typeof failures, ...(keyof typeof failures)[]]);
const time = z.iso.datetime();
const countByState = z.partialRecord(state, z.int().nonnegative());

const approval = z.strictObject({
  by: z.string(),
  name: z.string(),
  role: z.enum(roles),
  at: time,
  meaning: z.string(),
  made: z.enum(['source', 'person']),
  contentSha256: z.string(),
  requestSha256: z.string(),
});

const failure = z.strictObject({
  code,
  class: z.string(),
  owner: z.string(),
  words: z.string(),
  next: z.string(),
  retryable: z.boolean(),
});

const difference = z.strictObject({
  path: z.string(),
  kind: z.enum(['missing', 'changed', 'added', 'precision']),
  sent: z.string().nullable(),
  found: z.string().nullable(),
});

const writeSummary = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  connection: z.string(),
  state,
  code: code.nullable(),
  class: z.string().nullable(),
  next: z.string().nullable(),
  eventId: z.string(),
  eventVersion: z.int(),
  slot: z.string(),
  kind: z.string(),
  resourceType: z.string(),
  operation: z.enum(['create', 'update']),
  tier: z.enum(riskTiers),
  attempts: z.int(),
  nextAt: time.nullable(),
  reference: z.string().nullable(),
  versionId: z.string().nullable(),
  landing: z.enum(['charted', 'draft', 'held-for-reconciliation']).nullable(),
  verification: z.enum(['verified', 'partial', 'not-verifiable', 'due']).nullable(),
  late: z.boolean(),
  supersedes: z.string().nullable(),
  group: z.string(),
  source: z.string(),
  createdAt: time,
  updatedAt: time,
});

const exchange = z.strictObject({
  at: time,
  method: z.string(),
  path: z.string(),
  requestSha256: z.string().nullable(),
  status: z.int().nullable(),
  headers: z.record(z.string(), z.string()),
  body: z.string().nullable(),
  bodySha256: z.string().nullable(),
  fault: z.string().nullable(),
  durationMs: z.number(),
});

const timelineEntry = z.strictObject({
  tenant: z.string(),
  seq: z.int(),
  at: time,
  type: z.string(),
  stream: z.string(),
  actor: z.strictObject({ kind: z.string(), id: z.string(), role: z.string().nullable() }),
  correlation: z.string(),
  leafHash: z.string(),
  states: z.array(state),
  note: z.string().nullable(),
  erased: z.boolean(),
});

const ref = z.strictObject({ reference: z.string(), versionId: z.string().nullable() }).nullable();
const writeDetail = writeSummary.extend({
  times: z.strictObject({
    event: time.nullable(),
    ingestion: time.nullable(),
    approval: time.nullable(),
    writeBack: time.nullable(),
  }),
  failure: failure.nullable(),
  waitingFor: z.strictObject({ roles: z.array(z.enum(roles)), reason: z.string() }).nullable(),
  approval: approval.nullable(),
  request: z
    .strictObject({
      adapter: z.string(),
      contract: z.string(),
      method: z.enum(['POST', 'PUT', 'PATCH']),
      path: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      sha256: z.string(),
    })
    .nullable(),
  facts: z.strictObject({ patient: ref, encounter: ref, practitioner: ref, organization: ref, target: ref }).nullable(),
  findings: z.array(
    z.strictObject({
      rule: z.string(),
      severity: z.enum(['information', 'warning', 'stop']),
      path: z.string(),
      message: z.string(),
      next: z.string(),
    }),
  ),
  differences: z.array(difference),
  exchanges: z.array(exchange),
  timeline: z.array(timelineEntry),
});

const receipt = z.strictObject({
  line: z.int(),
  file: z.string().optional(),
  eventId: z.string().nullable(),
  status: z.enum(['accepted', 'duplicate', 'new-version', 'refused']),
  writes: z.array(z.string()),
  code: code.optional(),
  message: z.string().optional(),
});

const person = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(z.enum(roles)),
  npi: z.string().nullable(),
  active: z.boolean(),
});
const source = z.strictObject({
  name: z.string(),
  tenants: z.array(z.string()).nullable(),
  types: z.array(z.string()).nullable(),
  origin: z.enum(['ai', 'clinician', 'patient', 'device']).nullable(),
  approvals: z.enum(['none', 'low', 'medium']),
  owner: z.string(),
  active: z.boolean(),
});
const connection = z.strictObject({
  name: z.string(),
  adapter: z.string(),
  baseUrl: z.string(),
  tenants: z.array(z.string()).nullable(),
  environment: z.enum(['practice', 'sandbox', 'production']),
  stage: z.enum(['read-only', 'draft', 'shadow', 'staged', 'limited-auto-write']),
  baa: z.string().nullable(),
  auth: z.enum(['none', 'bearer-file']),
  active: z.boolean(),
});
const decision = z.strictObject({ id: z.string(), state });
const problem = z.strictObject({ code: z.string(), tenant: z.string().nullable(), seq: z.int().nullable(), message: z.string() });

/** Schemas by command; `list` commands print one such document per line. */
export const outputs = {
  init: z.strictObject({
    workspace: z.string(),
    site: z.string(),
    administrator: z.string(),
    secret: z.string().nullable(),
    practice: z.boolean(),
  }),
  'person-add': person.extend({ secret: z.string().nullable() }),
  'person-list': person,
  'source-add': source,
  'source-list': source,
  'connection-add': connection,
  'connection-list': connection,
  'connection-test': z.strictObject({
    connection: z.string(),
    ok: z.boolean(),
    fhirVersion: z.string().nullable(),
    software: z.string().nullable(),
    resources: z.record(
      z.string(),
      z.strictObject({
        create: z.boolean(),
        update: z.boolean(),
        patch: z.boolean(),
        read: z.boolean(),
        conditionalCreate: z.boolean(),
        versioning: z.enum(['no-version', 'versioned', 'versioned-update']).nullable(),
        searchParameters: z.array(z.string()),
      }),
    ),
    problems: z.array(z.string()),
  }),
  ingest: receipt,
  run: z.strictObject({
    end: z.enum(['drained', 'stopped', 'out-of-time']),
    recovered: z.strictObject({ inFlight: z.int(), released: z.int() }),
    totals: countByState,
    seconds: z.number(),
  }),
  status: z.strictObject({
    writes: z.int(),
    states: countByState,
    groups: z.record(z.string(), z.int()),
    connections: z.record(z.string(), countByState),
    queue: z.strictObject({ oldestUnsettledSeconds: z.int().nullable(), oldestUnknownSeconds: z.int().nullable() }),
    switches: z.array(z.never()),
    engine: z.strictObject({
      running: z.boolean(),
      pid: z.int().nullable(),
      host: z.string().nullable(),
      since: time.nullable(),
    }),
  }),
  writes: writeSummary,
  write: writeDetail,
  approve: decision,
  reject: decision,
  retry: decision,
  withdraw: decision,
  resolve: decision,
  'audit-verify': z.strictObject({
    ok: z.boolean(),
    entries: z.int(),
    checkpoints: z.int(),
    erasedPayloads: z.int(),
    problems: z.array(problem),
  }),
  'audit-timeline': timelineEntry,
  'practice-ehr': z.strictObject({ baseUrl: z.string(), controlUrl: z.string() }),
} as const;

export type CommandName = keyof typeof outputs;
export type Output<N extends CommandName> = z.infer<(typeof outputs)[N]>;

/** JSON Schema (2020-12) of one command's output. */
export function outputJsonSchema(name: CommandName): unknown {
  return z.toJSONSchema(outputs[name]);
}
