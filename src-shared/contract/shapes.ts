import { z } from 'zod';
import {
  contentClasses,
  failures,
  findingLayers,
  readPurposes,
  riskTiers,
  roles,
  stageDimensions,
  stageOrder,
  weekdays,
  withholdingRules,
} from '../domain/index.ts';
import type { WithholdingRule } from '../domain/index.ts';

/** Shapes that more than one method or command answers with. Times are ISO 8601 in UTC. */

export const stateNames = [
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
export const stateName = z.enum(stateNames);
export const failureCode = z.enum(Object.keys(failures) as [keyof typeof failures, ...(keyof typeof failures)[]]);
export const role = z.enum(roles);
export const riskTier = z.enum(riskTiers);
export const time = z.iso.datetime();
export const countByState = z.partialRecord(stateName, z.int().nonnegative());
/** Lowercase hex of a SHA-256. */
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
export const writeId = z.string().regex(/^[a-z2-7]{16,64}$/);
export const environment = z.enum(['practice', 'sandbox', 'production']);

const oneApproval = z.strictObject({
  by: z.string(),
  name: z.string(),
  role,
  at: time,
  meaning: z.string(),
  made: z.enum(['source', 'person', 'contract']),
  contentSha256: z.string(),
  requestSha256: z.string(),
  /** The emergency access that stood in for the role. */
  emergency: z.string().optional(),
});
export const approval = oneApproval.extend({
  /** Who approved the same bytes before, where it takes more than one person. */
  with: z.array(oneApproval).optional(),
});

/** A stable code with what a person needs to know about it. */
export const failure = z.strictObject({
  code: failureCode,
  class: z.string(),
  owner: z.string(),
  words: z.string(),
  next: z.string(),
  retryable: z.boolean(),
});

export const difference = z.strictObject({
  path: z.string(),
  kind: z.enum(['missing', 'changed', 'added', 'precision']),
  sent: z.string().nullable(),
  found: z.string().nullable(),
});

/** What became of a chart entry after it was written. */
export const followUp = z.strictObject({
  looks: z.int(),
  at: time,
  nextAt: time.nullable(),
  versionId: z.string().nullable(),
  /** Looks in a row that could not be carried out. */
  failures: z.int(),
  drift: z
    .strictObject({
      kind: z.enum(['changed', 'touched', 'entered-in-error', 'deleted']),
      noticedAt: time,
      versionId: z.string().nullable(),
      by: z.string().nullable(),
      differences: z.array(difference),
    })
    .nullable(),
  awaited: z
    .strictObject({
      element: z.string(),
      value: z.string().nullable(),
      by: time,
      result: z.enum(['open', 'done', 'overdue']),
    })
    .nullable(),
});

const textSpan = z.strictObject({ start: z.int(), end: z.int() });
export const finding = z.strictObject({
  rule: z.string(),
  /** The kind of check that the rule belongs to. */
  layer: z.enum(findingLayers),
  severity: z.enum(['information', 'review', 'stop']),
  path: z.string(),
  message: z.string(),
  next: z.string(),
  /** Characters of the text at `path`, and of the transcript where it was heard otherwise. */
  span: textSpan.optional(),
  transcriptSpan: textSpan.optional(),
});

/** A finding of a write: what it is called, who may answer for it, and what was signed about it and still holds. */
/** One change by a rule of normalization. */
const normalizationStep = z.strictObject({
  rule: z.string(),
  version: z.int(),
  path: z.string(),
  from: z.string(),
  to: z.string(),
});

export const signedFinding = finding.extend({
  name: z.string(),
  signing: z.strictObject({ act: z.enum(['acknowledge', 'waive']), roles: z.array(role), anotherPerson: z.boolean() }).nullable(),
  signature: z
    .strictObject({
      act: z.enum(['acknowledged', 'waived']),
      by: z.string(),
      name: z.string(),
      role,
      at: time,
      reason: z.string(),
      contract: z.string(),
      rules: z.string(),
    })
    .nullable(),
});

export const writeSummary = z.strictObject({
  id: z.string(),
  tenant: z.string(),
  connection: z.string(),
  state: stateName,
  code: failureCode.nullable(),
  class: z.string().nullable(),
  next: z.string().nullable(),
  eventId: z.string(),
  eventVersion: z.int(),
  slot: z.string(),
  kind: z.string(),
  resourceType: z.string(),
  operation: z.enum(['create', 'update']),
  tier: riskTier,
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

/** The exact request, credentials excepted; the path is relative to the connection's base address. */
export const preparedRequest = z.strictObject({
  adapter: z.string(),
  contract: z.string(),
  method: z.enum(['POST', 'PUT', 'PATCH']),
  path: z.string(),
  headers: z.record(z.string(), z.string()),
  body: z.string(),
  sha256: z.string(),
});

export const exchange = z.strictObject({
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

export const timelineEntry = z.strictObject({
  tenant: z.string(),
  seq: z.int(),
  at: time,
  type: z.string(),
  stream: z.string(),
  actor: z.strictObject({ kind: z.string(), id: z.string(), role: z.string().nullable() }),
  correlation: z.string(),
  leafHash: z.string(),
  states: z.array(stateName),
  note: z.string().nullable(),
  erased: z.boolean(),
});

const ref = z
  .strictObject({
    reference: z.string(),
    versionId: z.string().nullable(),
    /** Of what an update changes, where the EHR gives no version. */
    contentSha256: z.string().exactOptional(),
  })
  .nullable();

export const writeDetail = writeSummary.extend({
  times: z.strictObject({
    event: time.nullable(),
    ingestion: time.nullable(),
    approval: time.nullable(),
    writeBack: time.nullable(),
  }),
  failure: failure.nullable(),
  waitingFor: z.strictObject({ roles: z.array(role), reason: z.string() }).nullable(),
  approval: approval.nullable(),
  /** Who took it up though the contract blocks it; `null`: nobody. */
  selection: z
    .strictObject({ by: z.string(), name: z.string(), role, at: time, reason: z.string(), contract: z.string() })
    .nullable(),
  request: preparedRequest.nullable(),
  facts: z.strictObject({ patient: ref, encounter: ref, practitioner: ref, organization: ref, target: ref }).nullable(),
  /** What of the event does not leave, or leaves as something else. */
  withheld: z.array(
    z.strictObject({
      path: z.string(),
      act: z.enum(['left-out', 'replaced']),
      rule: z.enum(Object.keys(withholdingRules) as [WithholdingRule, ...WithholdingRule[]]),
      /** What stands there instead. */
      by: z.string().nullable(),
    }),
  ),
  /** What was read of the chart for it, under which version of the list of reads; `elements` `null`: whole records. */
  reads: z
    .strictObject({
      list: z.string(),
      made: z.array(
        z.strictObject({
          purpose: z.enum(readPurposes),
          what: z.string(),
          found: z.array(z.string()),
          elements: z.array(z.string()).nullable(),
        }),
      ),
    })
    .nullable(),
  findings: z.array(signedFinding),
  /** What normalization made of the item, with the original of each change. */
  normalized: z.strictObject({ rules: z.string(), class: z.enum(contentClasses), steps: z.array(normalizationStep) }).nullable(),
  differences: z.array(difference),
  /** Differences that the contract does not count. */
  noted: z.array(difference),
  follow: followUp.nullable(),
  exchanges: z.array(exchange),
  timeline: z.array(timelineEntry),
});

export const person = z.strictObject({
  id: z.string(),
  name: z.string(),
  roles: z.array(role),
  npi: z.string().nullable(),
  active: z.boolean(),
  /** When a role ends; those not named end when they are revoked. */
  rolesUntil: z.partialRecord(role, time).optional(),
});

const stage = z.enum(stageOrder);
export const stageScope = z.partialRecord(z.enum(stageDimensions), z.string());

/** A time in which nothing is sent over a connection, on the clock of its zone. */
export const maintenanceWindow = z.strictObject({
  id: z.string(),
  timeZone: z.string(),
  repeats: z.enum(['weekly', 'never']),
  days: z.array(z.enum(weekdays)).optional(),
  from: z.string(),
  to: z.string(),
});

export const connection = z.strictObject({
  name: z.string(),
  adapter: z.string(),
  baseUrl: z.string(),
  tenants: z.array(z.string()).nullable(),
  environment,
  stage,
  /** Resource types with a stage of their own; of two stages the lower one counts. */
  stages: z.record(z.string(), stage).optional(),
  /** The same for specialties, workflows, templates and sections. */
  scopedStages: z.array(z.strictObject({ scope: stageScope, stage })).optional(),
  baa: z.string().nullable(),
  auth: z.enum(['none', 'bearer-file']),
  active: z.boolean(),
});

export const connectionReport = z.strictObject({
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
});

export const decision = z.strictObject({ id: z.string(), state: stateName });

export const logProblem = z.strictObject({
  code: z.string(),
  tenant: z.string().nullable(),
  seq: z.int().nullable(),
  message: z.string(),
});

export const logReport = z.strictObject({
  ok: z.boolean(),
  entries: z.int(),
  checkpoints: z.int(),
  erasedPayloads: z.int(),
  problems: z.array(logProblem),
});
