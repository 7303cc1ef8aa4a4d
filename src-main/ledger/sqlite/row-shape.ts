import { z } from 'zod';
import {
  checklistItems,
  failures,
  riskTiers,
  reviewVerdicts,
  roles,
  signatoryNames,
  stageDimensions,
  switchDimensions,
  switchTargets,
  versionKinds,
  weekdays,
} from '../../../src-shared/domain/index.ts';
import type { FailureCode, StageScope, SwitchScope, WriteRow, WriteState } from '../../../src-shared/domain/index.ts';
import type { Rows } from '../../ports/outbound/index.ts';
import { LedgerError } from '../errors.ts';
import { nullable, recordedConsent, whole } from './consent-shape.ts';

/**
 * Stored rows are read as if they came from a stranger (architecture, rule 9): by a newer program, an older one, or one
 * with a fault. Members that are not known are kept, members that are missing or wrong are a reason.
 */
const code = z.custom<FailureCode>(
  (value) => typeof value === 'string' && Object.hasOwn(failures, value),
  'is not a known failure code',
);
const role = z.enum(roles);

const versionSeen = z.looseObject({ reference: z.string(), versionId: nullable(z.string()) });

const differences = z.array(
  z.looseObject({
    path: z.string(),
    kind: z.enum(['missing', 'changed', 'added', 'precision']),
    sent: nullable(z.string()),
    found: nullable(z.string()),
  }),
);

const followUp = z.looseObject({
  looks: whole,
  failures: whole,
  at: whole,
  nextAt: nullable(whole),
  versionId: nullable(z.string()),
  drift: nullable(
    z.looseObject({
      kind: z.enum(['changed', 'touched', 'entered-in-error', 'deleted']),
      noticedAt: whole,
      versionId: nullable(z.string()),
      by: nullable(z.string()),
      differences,
    }),
  ),
  awaited: nullable(
    z.looseObject({
      element: z.string(),
      value: nullable(z.string()),
      by: whole,
      result: z.enum(['open', 'done', 'overdue']),
    }),
  ),
});

const verification = z.discriminatedUnion('result', [
  z.looseObject({ result: z.literal('verified'), noted: differences.exactOptional() }),
  z.looseObject({ result: z.literal('partial'), differences, noted: differences.exactOptional() }),
  z.looseObject({ result: z.literal('not-verifiable'), reason: z.string() }),
  z.looseObject({ result: z.literal('due'), nextAt: whole, looks: whole }),
]);

const state = z.discriminatedUnion('name', [
  z.looseObject({ name: z.literal('draft'), nextAt: whole, looks: whole, code: code.exactOptional() }),
  z.looseObject({ name: z.literal('validated') }),
  z.looseObject({
    name: z.literal('awaiting-approval'),
    roles: z.array(role),
    reason: z.string(),
    code: code.exactOptional(),
    context: z.array(versionSeen).exactOptional(),
  }),
  z.looseObject({
    name: z.literal('held'),
    hold: z.looseObject({ code, liftedBy: role, reason: z.string().exactOptional(), follows: z.string().exactOptional() }),
    resume: z.enum(['draft', 'pending']),
  }),
  z.looseObject({
    name: z.literal('pending'),
    nextAt: whole,
    looks: whole.exactOptional(),
    code: code.exactOptional(),
    reason: z.string().exactOptional(),
  }),
  z.looseObject({
    name: z.literal('in-flight'),
    attempt: whole,
    engine: z.string(),
    sentAt: whole,
    fence: whole.exactOptional(),
  }),
  z.looseObject({
    name: z.literal('unknown'),
    code,
    since: whole,
    looks: whole,
    absentLooks: whole,
    nextAt: whole,
    personSince: nullable(whole),
    monitor: z.string().exactOptional(),
  }),
  z.looseObject({ name: z.literal('conflict'), code, found: nullable(z.string()) }),
  z.looseObject({ name: z.literal('failed-retryable'), code, nextAt: whole }),
  z.looseObject({ name: z.literal('failed-terminal'), code }),
  z.looseObject({ name: z.literal('resolved-by-hand'), by: z.string(), at: whole, note: z.string() }),
  z.looseObject({
    name: z.literal('committed'),
    evidence: z.looseObject({ reference: z.string(), versionId: nullable(z.string()), seq: whole }),
    landing: z.enum(['charted', 'draft', 'held-for-reconciliation']),
    verification,
    at: whole,
    late: z.boolean(),
    follow: followUp.exactOptional(),
  }),
  z.looseObject({ name: z.literal('superseded'), by: nullable(z.string()) }),
  z.looseObject({ name: z.literal('withdrawn'), by: z.string(), reason: z.string(), at: whole }),
  z.looseObject({ name: z.literal('compensated'), by: z.string() }),
  z.looseObject({ name: z.literal('corrected'), by: z.string() }),
  z.looseObject({ name: z.literal('quarantined'), reason: z.string() }),
]) satisfies z.ZodType<WriteState>;

const write = z.looseObject({
  id: z.string(),
  tenant: z.string(),
  connection: z.string(),
  source: z.string(),
  eventId: z.string(),
  eventVersion: whole,
  eventSeq: whole,
  slot: z.string(),
  kind: z.custom<WriteRow['kind']>((value) => typeof value === 'string'),
  resourceType: z.string(),
  operation: z.enum(['create', 'update']),
  tier: z.enum(riskTiers),
  group: z.string(),
  lane: z.string(),
  patientKey: z.string(),
  encounterKey: nullable(z.string()),
  createdAt: whole,
  supersedes: nullable(z.string()),
  compensates: z.string().exactOptional(),
  version: whole,
  state,
  updatedAt: whole,
  attempts: whole,
  contentSha256: z.string(),
  prepared: nullable(z.looseObject({ seq: whole, sha256: z.string(), adapter: z.string(), contract: z.string() })),
  approval: nullable(
    z.looseObject({
      by: z.string(),
      name: z.string(),
      role,
      at: whole,
      meaning: z.string(),
      made: z.enum(['source', 'person', 'contract']),
      contentSha256: z.string(),
      requestSha256: z.string(),
      emergency: z.string().exactOptional(),
      context: z.array(versionSeen).exactOptional(),
    }),
  ),
  signatures: z
    .array(
      z.looseObject({
        act: z.enum(['acknowledged', 'waived']),
        finding: z.string(),
        rule: z.string(),
        severity: z.enum(['information', 'review', 'stop']),
        path: z.string(),
        span: z.looseObject({ start: whole, end: whole }).exactOptional(),
        by: z.string(),
        name: z.string(),
        role,
        at: whole,
        reason: z.string(),
        contentSha256: z.string(),
        contract: z.string(),
        rules: z.string(),
        requestSha256: z.string(),
        anotherPerson: z.boolean().exactOptional(),
      }),
    )
    .exactOptional(),
  reviewDue: z.boolean().exactOptional(),
  askedUntil: whole.exactOptional(),
  selection: z
    .looseObject({ by: z.string(), name: z.string(), role, at: whole, reason: z.string(), contract: z.string() })
    .exactOptional(),
}) satisfies z.ZodType<WriteRow>;

const names = nullable(z.array(z.string()));
const stage = z.enum(['read-only', 'draft', 'shadow', 'staged', 'limited-auto-write']);
const stageScope = z.partialRecord(z.enum(stageDimensions), z.string()) as z.ZodType<StageScope>;
const maintenanceWindow = z.looseObject({
  id: z.string(),
  timeZone: z.string(),
  when: z.discriminatedUnion('repeats', [
    z.looseObject({ repeats: z.literal('weekly'), days: z.array(z.enum(weekdays)), from: z.string(), to: z.string() }),
    z.looseObject({ repeats: z.literal('never'), from: z.string(), to: z.string() }),
  ]),
});
const versionAt = z.looseObject({ kind: z.enum(versionKinds), version: z.string() });
const others = {
  event: z.looseObject({
    tenant: z.string(),
    eventId: z.string(),
    version: whole,
    eventVersion: whole,
    source: z.string(),
    type: z.string(),
    contentSha256: z.string(),
    subject: z.string(),
    approved: z.boolean(),
    seq: whole,
    approvalSeq: whole,
    writes: z.array(z.string()),
    occurredAt: whole,
    ingestedAt: whole,
    approvedAt: nullable(whole),
    disputed: whole.exactOptional(),
  }),
  person: z.looseObject({
    id: z.string(),
    name: z.string(),
    roles: z.array(role),
    npi: nullable(z.string()),
    active: z.boolean(),
    rolesUntil: z.partialRecord(role, whole).exactOptional(),
    version: whole,
    secretVerifier: z.string(),
  }),
  source: z.looseObject({
    name: z.string(),
    tenants: names,
    types: names,
    origin: nullable(z.enum(['ai', 'clinician', 'patient', 'device'])),
    approvals: z.enum(['none', 'low', 'medium']),
    owner: z.string(),
    active: z.boolean(),
    version: whole,
  }),
  connection: z.looseObject({
    name: z.string(),
    adapter: z.string(),
    baseUrl: z.string(),
    tenants: names,
    environment: z.enum(['practice', 'sandbox', 'production']),
    stage,
    stages: z.record(z.string(), stage).exactOptional(),
    scopedStages: z.array(z.looseObject({ scope: stageScope, stage })).exactOptional(),
    baa: nullable(z.string()),
    software: z.string().exactOptional(),
    auth: z.discriminatedUnion('kind', [
      z.looseObject({ kind: z.literal('none') }),
      z.looseObject({ kind: z.literal('bearer-file'), file: z.string() }),
    ]),
    active: z.boolean(),
    settings: z
      .looseObject({
        searchSettleMs: whole.exactOptional(),
        absenceLooks: whole.exactOptional(),
        inFlightMax: whole.exactOptional(),
        sendsPerMinuteMax: whole.exactOptional(),
        heldForReconciliation: z.array(z.string()).exactOptional(),
        retriesPerMinuteMax: whole.exactOptional(),
        region: z.string().exactOptional(),
        timeZone: z.string().exactOptional(),
        sendsPerDayMax: whole.exactOptional(),
        sendsPerDayMaxOfSource: z.record(z.string(), whole).exactOptional(),
        maintenance: z.array(maintenanceWindow).exactOptional(),
      })
      .exactOptional(),
    version: whole,
  }),
  policy: z.looseObject({
    key: z.string(),
    version: whole,
    documentVersion: z.string(),
    seq: whole,
    proposal: z.string(),
    proposedBy: z.string(),
    approvedBy: z.string(),
    effectiveFrom: whole,
  }),
  proposal: z.looseObject({
    id: z.string(),
    version: whole,
    key: z.string(),
    documentVersion: z.string(),
    seq: whole,
    state: z.enum(['proposed', 'approved', 'refused']),
    loosened: z.array(z.looseObject({ kind: z.string(), cell: z.string(), before: z.string(), after: z.string() })),
    proposedBy: z.string(),
    proposedAt: whole,
    reason: z.string(),
    decidedBy: nullable(z.string()),
    decidedAt: nullable(whole),
  }),
  consent: z.looseObject({ patient: z.string(), version: whole, consents: z.array(recordedConsent) }),
  gate: z.looseObject({
    connection: z.string(),
    version: whole,
    signatures: z.array(
      z.looseObject({
        signatory: z.enum(signatoryNames),
        items: z.array(z.enum(checklistItems)),
        by: z.string(),
        name: z.string(),
        role,
        at: whole,
        meaning: z.string(),
        path: z.string(),
      }),
    ),
  }),
  sends: z.looseObject({
    key: z.string(),
    version: whole,
    sends: whole,
    retries: z.looseObject({ left: whole, at: whole }).exactOptional(),
    resting: z
      .looseObject({
        engine: z.string(),
        since: whole,
        what: z.enum(['everything', 'changes']),
        code,
        down: z.boolean(),
      })
      .exactOptional(),
  }),
  safety: z.looseObject({
    id: z.string(),
    version: whole,
    at: whole,
    by: z.string(),
    name: z.string(),
    role,
    meaning: z.string(),
    figuresSha256: z.string(),
    figures: z.array(z.looseObject({ name: z.string(), value: z.string(), goal: nullable(z.string()), met: z.boolean() })),
    covers: z.array(versionAt),
  }),
  path: z.looseObject({
    key: z.string(),
    version: whole,
    tenant: z.string(),
    source: z.string(),
    connection: z.string(),
    first: z.record(z.enum(versionKinds), nullable(z.string())),
    demanded: z.array(versionAt.extend({ since: whole })),
  }),
  emergency: z.looseObject({
    id: z.string(),
    version: whole,
    person: z.string(),
    name: z.string(),
    role,
    scope: z.looseObject({ tenant: z.string(), connection: z.string(), write: nullable(z.string()) }),
    reason: z.string(),
    at: whole,
    until: whole,
    uses: z.array(z.looseObject({ write: z.string(), at: whole })),
    review: nullable(
      z.looseObject({
        by: z.string(),
        name: z.string(),
        role,
        at: whole,
        justified: z.boolean(),
        words: z.string(),
      }),
    ),
  }),
  review: z.looseObject({
    write: z.string(),
    tenant: z.string(),
    connection: z.string(),
    resourceType: z.string(),
    version: whole,
    since: whole,
    approvedBy: z.string(),
    review: nullable(
      z.looseObject({
        by: z.string(),
        name: z.string(),
        role,
        at: whole,
        verdict: z.enum(reviewVerdicts),
        reason: z.string(),
        requestSha256: z.string(),
      }),
    ),
  }),
  switch: z.looseObject({
    what: z.enum(switchTargets),
    scope: z.partialRecord(z.enum(switchDimensions), z.string()) as z.ZodType<SwitchScope>,
    off: z.boolean(),
    reason: z.string(),
    by: z.string(),
    version: whole,
    at: whole,
  }),
  workspace: z.looseObject({
    version: whole,
    site: z.string(),
    createdAt: whole,
    lost: z.looseObject({ at: whole, sizes: z.record(z.string(), whole) }).exactOptional(),
  }),
} satisfies { [K in Exclude<keyof Rows, 'write'>]: z.ZodType<Rows[K]> };

/** What the columns of a stored write say, for when its document cannot be read. */
export interface WriteColumns {
  readonly tenant: string;
  readonly id: string;
  readonly version: number;
  readonly connection: string;
  readonly patientKey: string;
  readonly eventId: string;
  readonly lane: string;
  readonly group: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** The write as stored, or, when its document no longer parses, what its columns tell, quarantined with the reason. */
export function readWrite(doc: string, columns: () => WriteColumns): WriteRow {
  const parsed = parse(write, doc);
  return typeof parsed === 'string' ? quarantined(columns(), parsed) : parsed;
}

/** A stored row of another kind. Throws LedgerError `row-unreadable` with the reason when it no longer parses. */
export function readRow<K extends Exclude<keyof Rows, 'write'>>(kind: K, key: string, doc: string): Rows[K] {
  const parsed = parse(others[kind] as z.ZodType<unknown>, doc);
  if (typeof parsed === 'string')
    throw new LedgerError('row-unreadable', `the stored ${kind} "${key}" cannot be read: ${parsed}`);
  return parsed as Rows[K];
}

/** The value as it was stored: a checked copy would have its members in another order and be stored differently next time. */
function parse<T>(shape: z.ZodType<T>, doc: string): T | string {
  let value: unknown;
  try {
    value = JSON.parse(doc);
  } catch {
    return 'it is not JSON';
  }
  const result = shape.safeParse(value);
  if (result.success) return value as T;
  const [issue] = result.error.issues;
  return `${issue?.path.join('.') || 'the row'}: ${issue?.message ?? 'is not as expected'}`;
}

function quarantined(columns: WriteColumns, reason: string): WriteRow {
  return {
    ...columns,
    source: '',
    eventVersion: 0,
    eventSeq: 0,
    slot: '',
    kind: 'note',
    resourceType: '',
    operation: 'create',
    tier: 'blocked',
    encounterKey: null,
    supersedes: null,
    state: { name: 'quarantined', reason },
    attempts: 0,
    contentSha256: '',
    prepared: null,
    approval: null,
  };
}
