import type { EngineDeps } from '../deps.ts';
import type { Gates } from '../../ports/inbound/index.ts';
import {
  decideSign,
  gateState,
  measured,
  raises,
  stageFor,
  stageReport,
  workspaceLog,
  type ConnectionRow,
  type GateState,
  type RolloutStage,
  type StageMeasures,
  type StageReport,
  type WriteRow,
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
      if (row === undefined) return undefined;
      const measures = await measuresOf(deps, connection);
      const resources = new Set([...measures.byType.keys(), ...Object.keys(row.stages ?? {})]);
      const byResource: Record<string, StageReport> = {};
      for (const type of [...resources].sort()) byResource[type] = (await stageOf(deps, row, measures, type)).stage;
      return { ...(await stageOf(deps, row, measures)), byResource };
    },
  };
}

/**
 * Why a connection may not be raised to a stage now, or `null`: outside practice one step at a time, and only when the
 * criteria of the stage it is in are met (B4). Lowering a stage is always allowed.
 */
export async function notEarned(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  name: string,
  wanted: RolloutStage,
  resourceType: string | null = null,
): Promise<{ readonly ok: false; readonly code: 'stage-not-earned'; readonly message: string } | null> {
  const row = await deps.ledger.row('connection', workspaceLog, name);
  if (row === undefined || row.environment === 'practice') return null;
  if (!raises(resourceType === null ? row.stage : stageFor(row, resourceType), wanted)) return null;
  const { stage } = await stageOf(deps, row, await measuresOf(deps, name), resourceType);
  const unmet = stage.criteria.filter((one) => !one.met).map((one) => `${one.id} (${one.words})`);
  if (stage.next === wanted && unmet.length === 0) return null;
  const message =
    stage.next === wanted
      ? `"${name}" has not shown what ${stage.stage} asks for: ${unmet.join('; ')}`
      : `after ${stage.stage} comes ${stage.next ?? 'nothing'}; stages are raised one at a time`;
  return { ok: false, code: 'stage-not-earned', message };
}

/** The gate of a connection, and its stage, or that of a resource type on it, with the exit criteria. */
async function stageOf(
  deps: Pick<EngineDeps, 'ledger'>,
  row: ConnectionRow,
  measures: Measures,
  resourceType: string | null = null,
): Promise<{ readonly gate: GateState; readonly stage: StageReport }> {
  const { ledger } = deps;
  const [gateRow, entries] = await Promise.all([
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
  const shown = resourceType === null ? measures.all : (measures.byType.get(resourceType) ?? measured([]));
  return { gate, stage: stageReport({ stage, environment, testedOk, gate, ...shown }) };
}

/** What the writes of a connection have shown within `stageWindowMs`, together and by resource type. */
interface Measures {
  readonly all: StageMeasures;
  readonly byType: ReadonlyMap<string, StageMeasures>;
}

/** There is no index for it: asked when a stage is raised or its criteria are shown. */
async function measuresOf({ ledger, clock }: Pick<EngineDeps, 'ledger' | 'clock'>, connection: string): Promise<Measures> {
  const since = clock.now() - limits.stageWindowMs;
  const byType = new Map<string, Pick<WriteRow, 'state' | 'attempts'>[]>();
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({
      connection,
      since,
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    for (const { resourceType, state, attempts } of page) {
      const rows = byType.get(resourceType);
      if (rows === undefined) byType.set(resourceType, [{ state, attempts }]);
      else rows.push({ state, attempts });
    }
    after = page.at(-1)?.id;
    if (after === undefined) break;
  }
  const all = measured([...byType.values()].flat());
  return { all, byType: new Map([...byType].map(([type, rows]) => [type, measured(rows)])) };
}

const ENTRIES_MAX = 10_000;
