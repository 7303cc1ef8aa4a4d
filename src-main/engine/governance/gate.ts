import type { EngineDeps } from '../deps.ts';
import { eventsOf } from '../event-source.ts';
import type { Gates } from '../../ports/inbound/index.ts';
import type { Entry } from '../../ports/outbound/index.ts';
import {
  decideSign,
  gateState,
  measured,
  onlyResource,
  raises,
  reviewMeasures,
  shadowMeasures,
  stageFacts,
  stageFits,
  stageOfScope,
  stageReport,
  stageScopeWords,
  workspaceLog,
  type ConnectionRow,
  type EntryBodies,
  type GateState,
  type ReviewRow,
  type RolloutStage,
  type ShadowMeasures,
  type StageReport,
  type StageScope,
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
      const scopes = (row.scopedStages ?? []).map((one) => one.scope);
      const measures = await measuresOf(deps, connection, scopes);
      const resources = new Set([...measures.byType.keys(), ...Object.keys(row.stages ?? {})]);
      const byResource: Record<string, StageReport> = {};
      for (const resource of [...resources].sort())
        byResource[resource] = (await stageShown(deps, row, measures, { resource })).stage;
      const byScope: { scope: StageScope; stage: StageReport }[] = [];
      for (const scope of scopes) byScope.push({ scope, stage: (await stageShown(deps, row, measures, scope)).stage });
      return { ...(await stageShown(deps, row, measures, {})), byResource, byScope };
    },
  };
}

/**
 * Why a connection, or a part of what goes over it, may not be raised to a stage now, or `null`: outside practice one step at
 * a time, and only when the criteria of the stage it is in are met (B4). Lowering a stage is always allowed.
 */
export async function notEarned(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  name: string,
  wanted: RolloutStage,
  scope: StageScope,
): Promise<{ readonly ok: false; readonly code: 'stage-not-earned'; readonly message: string } | null> {
  const row = await deps.ledger.row('connection', workspaceLog, name);
  if (row === undefined || row.environment === 'practice') return null;
  if (!raises(stageOfScope(row, scope), wanted)) return null;
  const { stage } = await stageShown(deps, row, await measuresOf(deps, name, [scope]), scope);
  const unmet = stage.criteria.filter((one) => !one.met).map((one) => `${one.id} (${one.words})`);
  if (stage.next === wanted && unmet.length === 0) return null;
  const message =
    stage.next === wanted
      ? `"${name}" has not shown what ${stage.stage} asks for: ${unmet.join('; ')}`
      : `after ${stage.stage} comes ${stage.next ?? 'nothing'}; stages are raised one at a time`;
  return { ok: false, code: 'stage-not-earned', message };
}

/** The gate of a connection, and the stage of it, or of a part of what goes over it, with the exit criteria. */
async function stageShown(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  row: ConnectionRow,
  measures: Measures,
  scope: StageScope,
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
  const now = deps.clock.now();
  const { environment } = row;
  const stage = stageOfScope(row, scope);
  const type = onlyResource(scope);
  const words = stageScopeWords(scope);
  const shown =
    words === ''
      ? measures.all
      : type === null
        ? (measures.byScope.get(words) ?? nothing)
        : (measures.byType.get(type) ?? nothing);
  const facts = { stage, environment, testedOk, gate, ...measured(shown.rows), shadow: shadowShown(entries, scope, now) };
  const reviews = reviewMeasures(shown.reviews, now - limits.stageWindowMs, now);
  return { gate, stage: stageReport({ ...facts, reviews }) };
}

/**
 * What the newest comparison at stage shadow found, of the resource type that a scope names or of all: it says nothing about
 * specialties, workflows, templates and sections.
 */
function shadowShown(entries: readonly Entry[], { resource }: StageScope, now: number): ShadowMeasures | null {
  const newest = entries.findLast((entry) => entry.type === 'shadow.compared' && entry.at >= now - limits.stageWindowMs);
  if (newest === undefined || newest.body === null) return null;
  return shadowMeasures((newest.body as EntryBodies['shadow.compared']).resources, resource ?? null);
}

/** Writes of the last `stageWindowMs`, and reviews of what was charted. */
interface Shown {
  readonly rows: Pick<WriteRow, 'state' | 'attempts'>[];
  readonly reviews: ReviewRow[];
}
const nothing: Shown = { rows: [], reviews: [] };

/** What the writes of a connection have shown, together, by resource type and by scope (`stageScopeWords`). */
interface Measures {
  readonly all: Shown;
  readonly byType: ReadonlyMap<string, Shown>;
  readonly byScope: ReadonlyMap<string, Shown>;
}

/** There is no index for it: asked when a stage is raised or its criteria are shown. */
async function measuresOf(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  connection: string,
  scopes: readonly StageScope[],
): Promise<Measures> {
  const { ledger, clock } = deps;
  const since = clock.now() - limits.stageWindowMs;
  const all: Shown = { rows: [], reviews: [] };
  const byType = new Map<string, Shown>();
  const byScope = new Map<string, Shown>();
  const parts = scopes.filter((scope) => onlyResource(scope) === null && stageScopeWords(scope) !== '');
  const into = (map: Map<string, Shown>, key: string): Shown => {
    let found = map.get(key);
    if (found === undefined) map.set(key, (found = { rows: [], reviews: [] }));
    return found;
  };
  /** Everything a write counts for. */
  const placesOf = async (row: WriteRow): Promise<readonly Shown[]> => {
    const places = [all, into(byType, row.resourceType)];
    if (parts.length === 0) return places;
    const { event, item } = await eventsOf(ledger).itemOf(row);
    const facts = stageFacts(row, event, item.clinical);
    return [...places, ...parts.filter((one) => stageFits(one, facts)).map((one) => into(byScope, stageScopeWords(one)))];
  };
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({
      connection,
      since,
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    for (const row of page) {
      const { state, attempts } = row;
      for (const place of await placesOf(row)) place.rows.push({ state, attempts });
    }
    after = page.at(-1)?.id;
    if (after === undefined) break;
  }
  for (const review of await ledger.rows('review')) {
    if (review.connection !== connection || (review.review !== null && review.since < since)) continue;
    const row = await ledger.row('write', review.tenant, review.write);
    if (row === undefined) continue;
    for (const place of await placesOf(row)) place.reviews.push(review);
  }
  return { all, byType, byScope };
}

const ENTRIES_MAX = 10_000;
