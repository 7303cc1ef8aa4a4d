import type { EngineDeps } from '../deps.ts';
import type { Gates } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  decideSign,
  gateState,
  raises,
  stageFor,
  stageReport,
  workspaceLog,
  type ConnectionRow,
  type GateState,
  type RolloutStage,
  type StageReport,
  type StateName,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Signing a write path off (B6), and what a connection has shown for its next stage (B4). */
export function gates(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>): Gates {
  const { ledger } = deps;
  return {
    async sign(connection, signatory, items, meaning, person, actor) {
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const row = await ledger.row('connection', workspaceLog, connection);
        if (row === undefined)
          return { ok: false, code: 'connection-unknown', message: `there is no connection "${connection}"` };
        const gate = await ledger.row('gate', workspaceLog, connection);
        const now = deps.clock.now();
        const decision = decideSign(row, gate?.signatures ?? [], person, signatory, items, meaning, now);
        if (!decision.ok) return decision;
        const done = await ledger.commit({
          tenant: workspaceLog,
          expected: [
            { kind: 'gate', key: connection, version: gate?.version ?? 0 },
            { kind: 'connection', key: connection, version: row.version },
          ],
          entries: [
            {
              type: 'gate.signed',
              stream: `connection/${connection}`,
              at: now,
              actor,
              patientKey: null,
              correlation: deps.random.id(),
              body: { connection, signature: decision.signature },
            },
          ],
        });
        if (done.ok) return { ok: true, gate: gateState(row, [...(gate?.signatures ?? []), decision.signature]) };
      }
      throw new Error(`the checklist of ${connection} kept changing while it was signed`);
    },

    async report(connection) {
      const row = await ledger.row('connection', workspaceLog, connection);
      return row === undefined ? undefined : stageOf(deps, row);
    },
  };
}

/**
 * Why a connection may not be raised to a stage now, or `null`: outside practice one step at a time, and only when the
 * criteria of the stage it is in are met (B4). Lowering a stage is always allowed.
 */
export async function notEarned(
  deps: Pick<EngineDeps, 'ledger'>,
  name: string,
  wanted: RolloutStage,
  resourceType: string | null = null,
): Promise<{ readonly ok: false; readonly code: 'stage-not-earned'; readonly message: string } | null> {
  const row = await deps.ledger.row('connection', workspaceLog, name);
  if (row === undefined || row.environment === 'practice') return null;
  if (!raises(resourceType === null ? row.stage : stageFor(row, resourceType), wanted)) return null;
  const { stage } = await stageOf(deps, row, resourceType);
  const unmet = stage.criteria.filter((one) => !one.met).map((one) => `${one.id} (${one.words})`);
  if (stage.next === wanted && unmet.length === 0) return null;
  const message =
    stage.next === wanted
      ? `"${name}" has not shown what ${stage.stage} asks for: ${unmet.join('; ')}`
      : `after ${stage.stage} comes ${stage.next ?? 'nothing'}; stages are raised one at a time`;
  return { ok: false, code: 'stage-not-earned', message };
}

/** The gate of a connection, and its stage with the exit criteria measured from the ledger. */
async function stageOf(
  deps: Pick<EngineDeps, 'ledger'>,
  row: ConnectionRow,
  resourceType: string | null = null,
): Promise<{ readonly gate: GateState; readonly stage: StageReport }> {
  const { ledger } = deps;
  const [counts, gateRow, entries] = await Promise.all([
    resourceType === null
      ? ledger.counts().then((all) => all.byConnection[row.name] ?? {})
      : countsOf(ledger, row.name, resourceType),
    ledger.row('gate', workspaceLog, row.name),
    ledger.entries(workspaceLog, { stream: `connection/${row.name}` }, ENTRIES_MAX),
  ]);
  const signed = gateState(row, gateRow?.signatures ?? []);
  // Made-up people need nobody's signature.
  const gate = row.environment === 'practice' ? { ...signed, open: true, missing: [] } : signed;
  const test = entries.findLast((entry) => entry.type === 'connection.tested');
  const testedOk = test?.body !== null && test?.body !== undefined && 'ok' in test.body && test.body.ok === true;
  const { environment } = row;
  const stage = resourceType === null ? row.stage : stageFor(row, resourceType);
  return {
    gate,
    stage: stageReport({ stage, environment, testedOk, byState: counts, gate }),
  };
}

/** Writes of one resource type on a connection, counted by state. There is no index for it: asked when a stage is raised. */
async function countsOf(
  ledger: LedgerReader,
  connection: string,
  resourceType: string,
): Promise<Readonly<Partial<Record<StateName, number>>>> {
  const counts: Partial<Record<StateName, number>> = {};
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({ connection, limit: limits.claimBatchMax, ...(after === undefined ? {} : { after }) });
    for (const { resourceType: own, state } of page) if (own === resourceType) counts[state.name] = (counts[state.name] ?? 0) + 1;
    after = page.at(-1)?.id;
    if (after === undefined) return counts;
  }
}

const ENTRIES_MAX = 10_000;
