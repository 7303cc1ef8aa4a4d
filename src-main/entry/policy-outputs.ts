import { z } from 'zod';
import { shapes } from '../../src-shared/contract/index.ts';
import { consentRules, reviewVerdicts, riskTiers, roles, signatoryNames, versionKinds } from '../../src-shared/domain/index.ts';

/** What the commands about policies and consent print with `--json`. */

const { time, failureCode, stateName: state } = shapes;

const consent = z.strictObject({
  result: z.enum(['permit', 'deny', 'unknown']),
  rule: z.enum(consentRules),
  artifact: z.string(),
  reason: z.string(),
});

const explain = z.strictObject({
  id: z.string(),
  state,
  verdict: z.enum(['went', 'goes', 'waits', 'stopped', 'ended']),
  because: z.string(),
  code: failureCode.nullable(),
  contract: z.strictObject({
    version: z.string(),
    kind: z.string(),
    resource: z.string(),
    mode: z.string(),
    tier: z.enum(riskTiers),
    approvers: z.array(z.enum(roles)),
    persons: z.int(),
    merge: z.string(),
    rollback: z.string(),
    audit: z.string(),
    reason: z.string(),
  }),
  consent,
  consentWhenChecked: consent.nullable(),
  consentWhenSent: consent.nullable(),
  steps: z.array(
    z.strictObject({ rule: z.string(), outcome: z.enum(['passes', 'waits', 'stops', 'not-asked']), words: z.string() }),
  ),
});

const loosened = z.array(z.strictObject({ kind: z.string(), cell: z.string(), before: z.string(), after: z.string() }));
const proposalState = z.enum(['proposed', 'approved', 'refused']);
const proposed = z.strictObject({
  id: z.string(),
  policy: z.string(),
  version: z.string(),
  state: proposalState,
  loosened,
});

const show = z.strictObject({
  inForce: z.array(
    z.strictObject({
      policy: z.string(),
      version: z.string(),
      shipped: z.boolean(),
      proposedBy: z.string().nullable(),
      approvedBy: z.string().nullable(),
      effectiveFrom: time.nullable(),
    }),
  ),
  proposals: z.array(
    proposed.extend({
      proposedBy: z.string(),
      proposedAt: time,
      reason: z.string(),
      decidedBy: z.string().nullable(),
      decidedAt: time.nullable(),
    }),
  ),
});

const flow = z.strictObject({
  from: z.string(),
  to: z.string(),
  tenants: z.array(z.string()).nullable(),
  environment: z.enum(['practice', 'sandbox', 'production']),
  carries: z.enum(['made-up people only', 'health information', 'nothing']),
  agreements: z.array(z.string()),
  subprocessors: z.array(z.string()),
  stoppedBy: z.string().nullable(),
});

const criteria = z.array(
  z.strictObject({
    id: z.string(),
    words: z.string(),
    met: z.boolean(),
    /** Left out where it is no number. */
    figure: z
      .strictObject({
        measured: z.number(),
        asked: z.number(),
        bound: z.enum(['min', 'max']),
        unit: z.enum(['writes', 'percent']),
      })
      .optional(),
  }),
);

const gate = z.strictObject({
  connection: z.string(),
  open: z.boolean(),
  missing: z.array(z.string()),
  signatures: z.array(
    z.strictObject({
      signatory: z.enum(signatoryNames),
      by: z.string(),
      role: z.enum(roles),
      at: time,
      meaning: z.string(),
      items: z.array(z.string()),
    }),
  ),
  stage: z.string(),
  nextStage: z.string().nullable(),
  criteria,
  mayAdvance: z.boolean(),
  /** The same by resource type. */
  resources: z.array(
    z.strictObject({
      resourceType: z.string(),
      stage: z.string(),
      nextStage: z.string().nullable(),
      criteria,
      mayAdvance: z.boolean(),
    }),
  ),
  /** The same for what else has a stage of its own. */
  scopes: z.array(
    z.strictObject({
      scope: shapes.stageScope,
      stage: z.string(),
      nextStage: z.string().nullable(),
      criteria,
      mayAdvance: z.boolean(),
    }),
  ),
});

const reviewed = z.strictObject({
  write: z.string(),
  tenant: z.string(),
  connection: z.string(),
  resourceType: z.string(),
  /** Since when it has been in the chart. */
  since: time,
  /** Who approved it at its source, or the contract by which it went unattended. */
  approvedBy: z.string(),
  review: z
    .strictObject({
      by: z.string(),
      name: z.string(),
      role: z.enum(roles),
      at: time,
      verdict: z.enum(reviewVerdicts),
      reason: z.string(),
      requestSha256: z.string(),
    })
    .nullable(),
});

const signed = z.strictObject({
  id: z.string(),
  state,
  finding: z.string(),
  act: z.enum(['acknowledged', 'waived']),
  by: z.string(),
  role: z.enum(roles),
  at: time,
});

const versionAt = z.strictObject({ kind: z.enum(versionKinds), version: z.string() });
const safetyRun = z.strictObject({
  id: z.string(),
  at: time,
  by: z.string(),
  role: z.enum(roles),
  meaning: z.string(),
  figuresSha256: shapes.sha256,
  figures: z.array(z.strictObject({ name: z.string(), value: z.string(), goal: z.string().nullable(), met: z.boolean() })),
  covers: z.array(versionAt),
  /** Writes that waited for it and are checked again. */
  released: z.int(),
});

const emergencyAccess = z.strictObject({
  id: z.string(),
  person: z.string(),
  role: z.enum(roles),
  tenant: z.string(),
  connection: z.string(),
  write: z.string().nullable(),
  reason: z.string(),
  at: time,
  until: time,
  uses: z.array(z.strictObject({ write: z.string(), at: time })),
  review: z.strictObject({ by: z.string(), role: z.enum(roles), at: time, justified: z.boolean(), words: z.string() }).nullable(),
});

export const policyOutputs = {
  'policy-explain': explain,
  'policy-propose': proposed,
  'policy-approve': proposed,
  'policy-refuse': proposed,
  'policy-show': show,
  'policy-flow': flow,
  'policy-gate': gate,
  'policy-sign': gate,
  'review-list': reviewed,
  'review-sign': reviewed,
  'finding-list': shapes.signedFinding.extend({ write: shapes.writeId, state }),
  'finding-acknowledge': signed,
  'finding-waive': signed,
  'safety-record': safetyRun,
  'safety-list': z.union([
    safetyRun.omit({ released: true }).extend({ type: z.literal('run') }),
    versionAt.extend({ type: z.literal('demanded'), paths: z.array(z.string()) }),
  ]),
  'emergency-open': emergencyAccess,
  'emergency-list': emergencyAccess,
  'emergency-review': emergencyAccess,
  'consent-record': z.strictObject({ id: z.string(), status: z.string(), readable: z.boolean() }),
  /** A FHIR R4 Consent. */
  'consent-show': z.looseObject({ resourceType: z.literal('Consent') }),
} as const;
