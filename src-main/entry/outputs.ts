import { z } from 'zod';
import { policyOutputs } from './policy-outputs.ts';
import {
  alertKinds,
  groupDecisions,
  groupStates,
  stopCodes,
  switchDimensions,
  switchTargets,
} from '../../src-shared/domain/index.ts';
import { shapes } from '../../src-shared/contract/index.ts';

/**
 * What each command prints with `--json`: a contract that scripts rely on. Every command's output goes through its
 * schema, and the published JSON Schemas are made from the same.
 */

const { connection, countByState, decision, failureCode: code, person, time, timelineEntry, writeDetail, writeSummary } = shapes;

const receipt = z.strictObject({
  line: z.int(),
  file: z.string().optional(),
  eventId: z.string().nullable(),
  status: z.enum(['accepted', 'duplicate', 'new-version', 'refused']),
  writes: z.array(z.string()),
  /** What is kept and not charted: what was unclear to its source, suggestions, cues for coding. */
  kept: z.array(z.strictObject({ slot: z.string(), reason: z.string() })).optional(),
  code: code.optional(),
  message: z.string().optional(),
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
const switchScope = z.partialRecord(z.enum(switchDimensions), z.string());

/** All writes of one event version, over all connections. */
const group = z.strictObject({
  group: z.string(),
  tenant: z.string(),
  eventId: z.string(),
  phase: z.enum(['preparing', 'prepared', 'committing', 'settled']),
  state: z.enum([...groupStates, 'compensated']),
  members: z.array(
    z.strictObject({
      id: z.string(),
      connection: z.string(),
      resourceType: z.string(),
      slot: z.string(),
      phase: z.enum(['preparing', 'prepared', 'committing', 'committed', 'failed', 'ended', 'undone']),
      state: shapes.stateName,
      reference: z.string().nullable(),
    }),
  ),
  /** What could be done about what is charted; empty unless the group failed in part. Nothing is done by itself. */
  offers: z.array(
    z.strictObject({
      write: z.string(),
      connection: z.string(),
      reference: z.string(),
      how: z.enum(['addendum', 'entered-in-error', 'status-change', 'restore-version', 'by-hand']),
      /** Countersign can send it ("group compensate"); else a person does it in the EHR. */
      sends: z.boolean(),
      by: z.array(shapes.role),
      consequence: z.string(),
    }),
  ),
  decisions: z.array(
    z.strictObject({
      decision: z.enum(groupDecisions),
      by: z.string(),
      at: time,
      reason: z.string(),
      writes: z.array(z.string()),
    }),
  ),
  /** Writes that take members back, each of them governed like any other. */
  compensations: z.array(z.strictObject({ id: z.string(), compensates: z.string(), state: shapes.stateName })),
});

/** Schemas by command; `list` commands print one such document per line. */
export const outputs = {
  ...policyOutputs,
  init: z.strictObject({
    workspace: z.string(),
    site: z.string(),
    administrator: z.string(),
    secret: z.string().nullable(),
    practice: z.boolean(),
  }),
  'person-add': person.extend({ secret: z.string().nullable() }),
  'person-list': person,
  'person-grant': person,
  'person-revoke': person,
  'source-add': source,
  'source-list': source,
  'connection-add': connection,
  'connection-list': connection,
  'connection-set': z.strictObject({
    connection: z.string(),
    settings: z.strictObject({
      searchSettleMs: z.int().optional(),
      absenceLooks: z.int().optional(),
      inFlightMax: z.int().optional(),
      sendsPerMinuteMax: z.int().optional(),
      retriesPerMinuteMax: z.int().optional(),
      region: z.string().optional(),
      timeZone: z.string().optional(),
      sendsPerDayMax: z.int().optional(),
      sendsPerDayMaxOfSource: z.record(z.string(), z.int()).optional(),
      maintenance: z.array(shapes.maintenanceWindow).optional(),
      heldForReconciliation: z.array(z.string()).optional(),
    }),
  }),
  'connection-window': z.strictObject({ connection: z.string(), windows: z.array(shapes.maintenanceWindow), released: z.int() }),
  'connection-stage': z.strictObject({
    connection: z.string(),
    /** Left out where the stage is that of the whole connection. */
    resource: z.string().optional(),
    /** What else it is for, alone or with a resource type. */
    scope: shapes.stageScope.optional(),
    stage: connection.shape.stage,
    released: z.int(),
  }),
  switch: z.strictObject({
    what: z.enum(switchTargets),
    off: z.boolean(),
    scope: switchScope,
    reason: z.string(),
    released: z.int(),
  }),
  'connection-test': shapes.connectionReport,
  ingest: receipt,
  check: z.strictObject({
    line: z.int(),
    file: z.string().optional(),
    /** The id of the event, or of the resource. */
    eventId: z.string().nullable(),
    findings: z.array(shapes.finding),
    /** With `--fhir`: each resource of the record, what was checked of it and what could not be. */
    resources: z
      .array(
        z.strictObject({
          path: z.string(),
          resourceType: z.string().nullable(),
          id: z.string().nullable(),
          checked: z.array(z.enum(['structure', 'content'])),
          notChecked: z.array(z.strictObject({ what: z.enum(['structure', 'content', 'values-by-age']), why: z.string() })),
        }),
      )
      .optional(),
  }),
  /** With `--totals`, instead of a document per record. */
  'check-totals': z.strictObject({
    records: z.int(),
    /** Files that could not be read. */
    unread: z.int(),
    /** Records with nothing to review and nothing that stops. */
    clean: z.int(),
    findings: z.strictObject({ stop: z.int(), review: z.int(), information: z.int() }),
    /** Findings to review and that stop, per record. */
    seriousPerRecord: z.number(),
    rules: z.array(
      z.strictObject({
        rule: z.string(),
        layer: shapes.finding.shape.layer,
        severity: shapes.finding.shape.severity,
        findings: z.int(),
        records: z.int(),
      }),
    ),
    /** With `--fhir`: resources by type, and how many of them could only be checked in part. */
    resources: z.array(z.strictObject({ resourceType: z.string(), resources: z.int(), inPart: z.int() })),
  }),
  'dry-run': z.strictObject({
    line: z.int(),
    file: z.string().optional(),
    eventId: z.string().nullable(),
    status: receipt.shape.status,
    code: code.optional(),
    message: z.string().optional(),
    /** One per item and connection, as they would be written. */
    writes: z.array(
      z.strictObject({
        id: z.string(),
        tenant: z.string(),
        connection: z.string(),
        slot: z.string(),
        kind: z.string(),
        resourceType: z.string(),
        operation: z.enum(['create', 'update']),
        tier: shapes.riskTier,
        /** Where the check would leave it; `pending` goes out unless something is named in `stops`. */
        state: shapes.stateName,
        code: code.nullable(),
        reason: z.string().nullable(),
        approvers: z.array(shapes.role),
        request: shapes.preparedRequest.nullable(),
        findings: z.array(shapes.finding),
        /** Switches, maintenance windows and caps that would keep it from being sent now. */
        stops: z.array(z.strictObject({ code, reason: z.string() })),
      }),
    ),
    kept: z.array(z.strictObject({ slot: z.string(), reason: z.string() })),
  }),
  shadow: z.strictObject({
    connection: z.string(),
    /** Totals by resource type; each element counts once per write. */
    resources: z.array(
      z.strictObject({
        resourceType: z.string(),
        held: z.int(),
        same: z.int(),
        differs: z.int(),
        absent: z.int(),
        unread: z.int(),
        elements: z.array(
          z.strictObject({
            element: z.string(),
            differs: z.int(),
            missing: z.int(),
            changed: z.int(),
            added: z.int(),
            precision: z.int(),
            serious: z.int(),
          }),
        ),
      }),
    ),
    writes: z.array(
      z.strictObject({
        id: z.string(),
        eventId: z.string(),
        slot: z.string(),
        resourceType: z.string(),
        /** `absent`: no entry of the chart says the same thing. `unread`: the chart could not be read, as `code` says. */
        outcome: z.enum(['same', 'differs', 'absent', 'unread']),
        code: code.nullable(),
        reference: z.string().nullable(),
        compared: z.int(),
        differences: z.array(shapes.difference),
        noted: z.array(shapes.difference),
      }),
    ),
    more: z.boolean(),
  }),
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
    /** Connections that the running engine leaves alone because their EHR is in trouble, but for one try now and then. */
    resting: z.array(
      z.strictObject({
        connection: z.string(),
        what: z.enum(['everything', 'changes']),
        since: time,
        code,
        words: z.string(),
        /** It has lasted so long that what is due is held. */
        held: z.boolean(),
      }),
    ),
    queue: z.strictObject({ oldestUnsettledSeconds: z.int().nullable(), oldestUnknownSeconds: z.int().nullable() }),
    /** What needs a person now, by kind; empty when there is nothing. */
    alerts: z.array(z.strictObject({ kind: z.enum(alertKinds), writes: z.int().positive(), words: z.string() })),
    /** Those that are off, with what they are for. */
    switches: z.array(
      z.strictObject({ what: z.enum(switchTargets), scope: switchScope, reason: z.string(), by: z.string(), since: time }),
    ),
    /** How the engine last judged the clock of its machine; `null` while none has seen an EHR's clock. */
    clock: z
      .strictObject({
        safe: z.boolean(),
        since: time,
        words: z.string().nullable(),
        jumpMs: z.int(),
        evidence: z.array(z.strictObject({ connection: z.string(), at: time, date: z.string(), skewMs: z.int() })),
      })
      .nullable(),
    engine: z.strictObject({
      running: z.boolean(),
      pid: z.int().nullable(),
      host: z.string().nullable(),
      since: time.nullable(),
      /** Why the engine last stopped by itself, until one has started again. */
      alarm: z.strictObject({ code: z.enum(stopCodes), since: time.nullable(), words: z.string() }).nullable(),
    }),
  }),
  writes: writeSummary,
  write: writeDetail,
  'group-show': group,
  'group-list': group,
  'group-decide': group,
  'group-undone': group,
  'group-compensate': group,
  approve: decision,
  select: decision,
  reject: decision,
  retry: decision,
  withdraw: decision,
  resolve: decision,
  'audit-verify': shapes.logReport,
  'audit-accept-loss': z.strictObject({
    logs: z.array(z.strictObject({ tenant: z.string(), had: z.int(), has: z.int() })),
    /** Time of the newest entry that is left. */
    since: time,
    looked: z.int(),
    found: z.int(),
    absent: z.int(),
    unclear: z.int(),
    writesSwitchedOff: z.literal(true),
  }),
  'audit-timeline': timelineEntry,
  console: z.strictObject({ url: z.url() }),
  'practice-ehr': z.strictObject({ baseUrl: z.string(), controlUrl: z.string() }),
  simulate: z.strictObject({
    seeds: z.int(),
    from: z.int(),
    operations: z.record(z.string(), z.int()),
    faults: z.record(z.string(), z.int()),
    /** How often each fault met a write in each state, as "STATE FAULT"; `missed` are those that can be met and were not. */
    coverage: z.strictObject({
      reachable: z.int(),
      hit: z.int(),
      missed: z.array(z.string()),
      pairs: z.record(z.string(), z.int()),
    }),
    intents: z.int(),
    sends: z.int(),
    /** Sends whose outcome the engine could not know. */
    ambiguous: z.int(),
    steps: z.int(),
    simulatedMs: z.int(),
    durationMs: z.int(),
    /** The same for the same seeds of the same version, on every machine. */
    traceHash: z.string(),
    violations: z.array(
      z.strictObject({
        seed: z.int(),
        invariant: z.string(),
        message: z.string(),
        atMs: z.int(),
        faults: z.array(z.string()),
        operations: z.array(z.string()),
        trace: z.array(z.string()),
      }),
    ),
  }),
} as const;

export type CommandName = keyof typeof outputs;
export type Output<N extends CommandName> = z.infer<(typeof outputs)[N]>;

/** JSON Schema (2020-12) of one command's output. */
export function outputJsonSchema(name: CommandName): unknown {
  return z.toJSONSchema(outputs[name]);
}
