import { z } from 'zod';
import { acts, queueTabs } from '../domain/index.ts';
import * as shape from './shapes.ts';

/** What the screens are given, screen by screen. */

export const act = z.enum(acts as [string, ...string[]]);

/** Who is signed in at this window, and what they may do. */
export const me = z.strictObject({
  person: shape.person,
  acts: z.array(act),
  locked: z.boolean(),
  /** Without a sign of life for this long, the window is locked. */
  idleLockSeconds: z.int().positive(),
});

export const engineStates = ['running', 'paused', 'starting', 'stopped', 'elsewhere', 'failed'] as const;

/** The frame around every screen: it never hides whether writes are going out, nor into what. */
export const frame = z.strictObject({
  tenants: z.array(z.string()),
  /** Of all connections the one that matters most: production before sandbox before practice; `null` without any. */
  environment: shape.environment.nullable(),
  engine: z.strictObject({
    state: z.enum(engineStates),
    /** Why it is not running, in words; empty while it runs. */
    words: z.string(),
    since: shape.time.nullable(),
  }),
  /** When the newest signed checkpoint was made, and how many entries came after it. */
  anchor: z.strictObject({ at: shape.time.nullable(), entriesSince: z.int() }),
  /** Wall clock of the machine that keeps the ledger, and whether it can be trusted. */
  clock: z.strictObject({ at: shape.time, trusted: z.boolean(), words: z.string() }),
  counts: z.strictObject({
    pending: z.int(),
    open: z.int(),
    committed: z.int(),
    all: z.int(),
    awaitingApproval: z.int(),
    conflicts: z.int(),
  }),
  revision: z.int(),
});

export { queueTabs };

/** Filters over indexed keys; every member narrows further. */
export const queueFilter = z.strictObject({
  tenant: z.string().max(64).optional(),
  connection: z.string().max(64).optional(),
  state: shape.stateName.optional(),
  code: shape.failureCode.optional(),
  /** `SYSTEM|VALUE` of a patient's identifier, or `Patient/ID`. */
  patient: z.string().max(512).optional(),
  eventId: z.string().max(256).optional(),
});

export const queueRow = shape.writeSummary.extend({
  /** Name as the event gave it, family first; `null` when its record has been erased. */
  patient: z.string().nullable(),
  /** What is written, in clinical words: "Progress note", "Blood pressure 128/82". */
  title: z.string(),
  /** The code's words, or `null`. */
  words: z.string().nullable(),
});

/** Rows of one group stand together; groups come in the order of danger, rows newest first. */
export const queueGroup = z.strictObject({
  /** `null`: the list is not grouped. */
  state: shape.stateName.nullable(),
  code: shape.failureCode.nullable(),
  count: z.int(),
});

export const queuePage = z.strictObject({
  total: z.int(),
  /** Place of the first row in the whole list. */
  from: z.int(),
  rows: z.array(queueRow),
  groups: z.array(queueGroup),
  revision: z.int(),
});

export const subjectView = z.strictObject({
  name: z.string(),
  birthDate: z.string().nullable(),
  gender: z.string().nullable(),
  identifiers: z.array(z.string()),
  visit: z.string().nullable(),
  practitioner: z.string().nullable(),
});

export const transcriptSegment = z.strictObject({
  id: z.string(),
  speaker: z.string().nullable(),
  start: z.string().nullable(),
  confidence: z.string().nullable(),
  text: z.string(),
});

/** What a person can do with a write now; what is locked says why. */
export const actionNames = ['approve', 'reject', 'retry', 'withdraw', 'resolve', 'attest-found', 'attest-absent'] as const;
export const action = z.strictObject({ name: z.enum(actionNames), allowed: z.boolean(), reason: z.string() });

export const writeView = z.strictObject({
  write: shape.writeDetail,
  title: z.string(),
  /** One sentence each: what happened, whether the chart changed, what can be done. */
  story: z.strictObject({ happened: z.string(), chart: z.string(), next: z.string() }),
  subject: subjectView.nullable(),
  /** Why the contract asks for what it asks. */
  risk: z.strictObject({ tier: shape.riskTier, reason: z.string(), approvers: z.array(shape.role) }),
  group: z.array(z.strictObject({ id: z.string(), title: z.string(), state: shape.stateName, connection: z.string() })),
  actions: z.array(action),
  /** Transcript segments that the source names as evidence for this item. */
  evidence: z.array(transcriptSegment),
});

/** Draft, final text and transcript: large, so asked for only when looked at. */
export const writeTexts = z.strictObject({
  draft: z.strictObject({ text: z.string(), model: z.string().nullable() }).nullable(),
  final: z.string().nullable(),
  finalBy: z.string().nullable(),
  transcript: z.string().nullable(),
});

export const chartNow = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('read'),
    readAt: shape.time,
    reference: z.string(),
    versionId: z.string().nullable(),
    /** The resource as the EHR gave it, exact text. */
    body: z.string(),
    /** How many fields were compared with what was sent, and which differ; `null` when nothing was sent to compare with. */
    compared: z.int().nullable(),
    differences: z.array(shape.difference),
  }),
  z.strictObject({ outcome: z.literal('nothing'), readAt: shape.time, words: z.string() }),
  z.strictObject({ outcome: z.literal('failed'), readAt: shape.time, words: z.string() }),
]);

export const attention = z.strictObject({
  state: shape.stateName,
  code: shape.failureCode.nullable(),
  tier: shape.riskTier,
  count: z.int(),
  words: z.string(),
  next: z.string(),
  oldestAt: shape.time.nullable(),
  /** One of them to open at once when there is only one; otherwise the queue shows them. */
  only: z.strictObject({ id: z.string(), title: z.string(), patient: z.string().nullable() }).nullable(),
});

export const today = z.strictObject({
  since: shape.time,
  /** Of the writes whose event was taken in since then: how many are charted and verified. */
  completion: z.strictObject({ safe: z.int(), all: z.int() }),
  pulledDownBy: z.array(
    z.strictObject({ label: z.string(), state: shape.stateName, code: shape.failureCode.nullable(), count: z.int() }),
  ),
  oldestUnknownAt: shape.time.nullable(),
  unknown: z.int(),
  oldestUnsentAt: shape.time.nullable(),
  unsent: z.int(),
  awaiting: z.strictObject({ count: z.int(), oldestAt: shape.time.nullable(), high: z.int() }),
  needsPerson: z.array(attention),
  connections: z.array(
    z.strictObject({ name: z.string(), environment: shape.environment, stage: z.string(), counts: shape.countByState }),
  ),
});

export const approvalsPage = z.strictObject({
  /** Those this person may decide, most dangerous first, oldest first within. */
  waiting: z.array(queueRow),
  /** Those that wait for somebody else: only how many. */
  others: z.int(),
  /** What became of the writes this person decided on earlier, newest first. */
  decided: z.array(queueRow),
});

export const connectionView = z.strictObject({
  connection: shape.connection,
  counts: shape.countByState,
  lastTest: z.strictObject({ at: shape.time, ok: z.boolean(), words: z.string() }).nullable(),
});

export const jobStates = ['running', 'done', 'cancelled', 'failed'] as const;
/** Long work that shows how far it is and can be cancelled. */
export const logJob = z.strictObject({
  job: z.string(),
  state: z.enum(jobStates),
  done: z.int(),
  total: z.int().nullable(),
  report: shape.logReport.nullable(),
  words: z.string(),
});
