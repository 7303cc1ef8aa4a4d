import type { EngineDeps } from '../deps.ts';
import { Readings } from '../audit/readings.ts';
import { factsOf, preparedOf } from '../dispatch/prepared.ts';
import { stageOf } from '../dispatch/stop.ts';
import { contractRowFor } from '../policy/in-force.ts';
import type { Shadow, ShadowedWrite } from '../../ports/inbound/index.ts';
import type { ChartResource, EhrGateway } from '../../ports/outbound/index.ts';
import {
  counterparts,
  divergence,
  workspaceLog,
  type ConnectionRow,
  type FailureCode,
  type PreparedRecord,
  type ResolvedFacts,
  type Shadowed,
  type ShadowMatch,
  type ShadowTotals,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Compares what is prepared and held at stage shadow with what people have written into the chart by hand since (B4): each
 * write with the entry that says the same thing, element by element. The chart is read, and nothing is changed; the
 * looking is on record (H1).
 */
export function shadow(deps: EngineDeps): Shadow {
  const readings = new Readings(deps);
  return async (name, actor) => {
    const connection = await deps.ledger.row('connection', workspaceLog, name);
    if (connection === undefined) return { ok: false, code: 'connection-unknown', message: `there is no connection "${name}"` };
    const parts = [...Object.values(connection.stages ?? {}), ...(connection.scopedStages ?? []).map((one) => one.stage)];
    if (![connection.stage, ...parts].includes('shadow'))
      return {
        ok: false,
        code: 'not-at-shadow',
        message: `"${name}" is at stage ${connection.stage}, and no resource at shadow`,
      };
    const { rows, more } = await shadowed(deps, connection);
    for (const tenant of new Set(rows.map((row) => row.tenant))) await readings.record('shadow', name, tenant, actor);
    const asked: (Shadowed | { readonly unread: FailureCode })[] = [];
    for (const row of rows) asked.push(await compareOne(deps, row));
    const matches = counterparts(asked.filter((one) => 'candidates' in one));
    const writes = rows.map((row, at) => outcomeOf(row, asked[at], matches.get(row.id) ?? null));
    const resources = totals(writes);
    await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          ...{ type: 'shadow.compared', stream: `connection/${name}`, at: deps.clock.now(), actor, patientKey: null },
          ...{ correlation: deps.random.id(), body: { connection: name, resources, more } },
        },
      ],
    });
    return { ok: true, report: { connection: name, resources, writes, more } };
  };
}

/** Prepared writes that the stage holds, newest first, as many as one report compares. */
async function shadowed(deps: EngineDeps, connection: ConnectionRow) {
  const rows: WriteRow[] = [];
  for (let after: string | undefined; ;) {
    const page = await deps.ledger.writes({
      connection: connection.name,
      states: ['held'],
      code: 'stage-read-only',
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      if (row.prepared === null || (await stageOf(deps.ledger, connection, row)) !== 'shadow') continue;
      if (rows.length >= limits.shadowRowsMax) return { rows, more: true };
      rows.push(row);
    }
    after = page.at(-1)?.id;
    if (after === undefined) return { rows, more: false };
  }
}

/** What of the chart may be what a person wrote instead of this write, or why that could not be read. */
async function compareOne(deps: EngineDeps, row: WriteRow): Promise<Shadowed | { readonly unread: FailureCode }> {
  const facts = await factsOf(deps, row);
  if (facts === null) return { unread: 'invariant-broken' };
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return { unread: gateway.refused };
  const prepared = await preparedOf(deps, row);
  const chart = await entriesFor(deps, gateway, row, facts, prepared);
  if ('failed' in chart) return { unread: chart.failed };
  const candidates = chart.entries.map(({ reference, resource }) => ({ reference, ...gateway.compare(prepared, resource) }));
  return { id: row.id, contract: await contractRowFor(deps, row), candidates };
}

function outcomeOf(
  row: WriteRow,
  asked: Shadowed | { readonly unread: FailureCode } | undefined,
  match: ShadowMatch | null,
): ShadowedWrite {
  if (asked !== undefined && 'unread' in asked) return { row, outcome: 'unread', match: null, code: asked.unread };
  if (match === null) return { row, outcome: 'absent', match, code: null };
  return { row, outcome: differing(match) === 0 ? 'same' : 'differs', match, code: null };
}

function differing({ serious, noted }: ShadowMatch): number {
  return serious.length + noted.length;
}

/** What of the chart may be what a person wrote: of an update what it would change, of a create what came since the visit. */
async function entriesFor(
  deps: EngineDeps,
  gateway: EhrGateway,
  row: WriteRow,
  facts: ResolvedFacts,
  prepared: PreparedRecord,
): Promise<{ readonly entries: readonly ChartResource[] } | { readonly failed: FailureCode }> {
  if (row.operation === 'update') {
    const answer = await gateway.read(facts.target?.reference ?? prepared.path);
    if (answer.outcome === 'failed') return { failed: answer.code };
    return { entries: answer.outcome === 'gone' ? [] : [answer.match] };
  }
  if (gateway.added === undefined) return { failed: 'search-not-trusted' };
  const event = await deps.ledger.row('event', row.tenant, row.eventId);
  const since = Math.min(event?.occurredAt ?? row.createdAt, row.createdAt);
  const answer = await gateway.added(row.resourceType, facts.patient.reference, since);
  return answer.outcome === 'failed' ? { failed: answer.code } : { entries: answer.entries };
}

function totals(writes: readonly ShadowedWrite[]): readonly ShadowTotals[] {
  const types = [...new Set(writes.map(({ row }) => row.resourceType))].sort();
  return types.map((resourceType) => {
    const own = writes.filter(({ row }) => row.resourceType === resourceType);
    const count = (outcome: ShadowedWrite['outcome']): number => own.filter((one) => one.outcome === outcome).length;
    return {
      resourceType,
      held: own.length,
      same: count('same'),
      differs: count('differs'),
      absent: count('absent'),
      unread: count('unread'),
      elements: divergence(own.flatMap(({ match }) => (match === null ? [] : [match]))),
    };
  });
}
