import type { EngineDeps } from '../deps.ts';
import { inspect } from '../audit/inspect.ts';
import { Readings } from '../audit/readings.ts';
import { contractFor } from '../policy/in-force.ts';
import { Headlines } from './headlines.ts';
import { patientWords, QueueList } from './queue-list.ts';
import { connectionStates, todayView } from './today.ts';
import { chartNow, writePage, writeTexts } from './write-page.ts';
import type { ApprovalsView, QueueCounts, Triage } from '../../ports/inbound/index.ts';
import type { LedgerLists } from '../../ports/outbound/index.ts';
import { actionsOf, contractRow, workspaceLog, type Person, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

export type TriageDeps = Omit<EngineDeps, 'ledger'> & { readonly ledger: EngineDeps['ledger'] & LedgerLists };

const DAY_MS = 24 * 60 * 60_000;

/** What people see of the queue and of single writes. Reading only; each reading is on record before it is shown. */
export function triage(deps: TriageDeps): Triage {
  const { ledger, clock } = deps;
  const readings = new Readings(deps);
  const reader = inspect(deps, readings);
  const headlines = new Headlines(ledger);
  const list = new QueueList(ledger, deps.timers, deps.pseudonym);

  return {
    async page({ tab, filter, from, count }, actor) {
      const runs = await list.runs(tab, filter);
      const rows = await list.rows(tab, filter, runs, from, count);
      await readings.record('queue', JSON.stringify([tab, filter, from, count]), workspaceLog, actor);
      return {
        total: runs.reduce((sum, run) => sum + run.count, 0),
        writes: await headlines.listedAll(rows),
        groups: runs,
        revision: await ledger.revision(),
      };
    },
    async rows(ids) {
      const rows = await Promise.all(ids.map((id) => ledger.findWrite(id)));
      return headlines.listedAll(rows.filter((row) => row !== undefined));
    },
    async find(text, actor) {
      const rows = await found(deps, text);
      await readings.record('search', text, workspaceLog, actor);
      return headlines.listedAll(rows);
    },
    async counts() {
      return queueCounts(ledger, list);
    },
    async today(actor) {
      const since = clock.now() - DAY_MS;
      await readings.record('today', 'today', workspaceLog, actor);
      return todayView(ledger, headlines, await connectionStates(ledger), since);
    },
    write: (id, person, actor) => writePage(deps, reader, headlines, id, person, actor),
    texts: (id, actor) => writeTexts(deps, readings, id, actor),
    chartNow: (id, actor) => chartNow(deps, reader, readings, id, actor),
    async approvals(person, actor) {
      await readings.record('approvals', person.id, workspaceLog, actor);
      return approvalsOf(deps, headlines, person);
    },
    connections: () => connectionStates(ledger),
    tenants: () => ledger.tenants(),
    anchor: () => ledger.anchor(),
    revision: () => ledger.revision(),
  };
}

const FOUND_MAX = 20;

/** Writes that a text names: by their own id or its beginning of the screen, by event, or by patient. */
async function found({ ledger, pseudonym }: TriageDeps, text: string): Promise<readonly WriteRow[]> {
  const byId = await ledger.findWrite(text);
  if (byId !== undefined) return [byId];
  const patient = patientWords(text);
  if (patient !== null) {
    const tenants = await ledger.tenants();
    const parts = await Promise.all(
      tenants.map((tenant) => ledger.writes({ tenant, patientKey: pseudonym(tenant, patient), limit: FOUND_MAX })),
    );
    return parts.flat().slice(0, FOUND_MAX);
  }
  return ledger.writes({ eventId: text, limit: FOUND_MAX });
}

async function queueCounts(ledger: LedgerLists, list: QueueList): Promise<QueueCounts> {
  const size = async (tab: 'pending' | 'open' | 'committed' | 'all'): Promise<number> =>
    (await list.runs(tab, {})).reduce((sum, run) => sum + run.count, 0);
  const { byState } = await ledger.counts();
  return {
    pending: await size('pending'),
    open: await size('open'),
    committed: await size('committed'),
    all: await size('all'),
    awaitingApproval: byState['awaiting-approval'] ?? 0,
    conflicts: byState.conflict ?? 0,
  };
}

const tierOrder = ['blocked', 'high', 'medium', 'low'] as const;

async function approvalsOf(deps: TriageDeps, headlines: Headlines, person: Person): Promise<ApprovalsView> {
  const { ledger, clock } = deps;
  const waiting = await ledger.writes({ states: ['awaiting-approval'], limit: limits.approvalsShownMax });
  const now = clock.now();
  const mine: WriteRow[] = [];
  for (const row of waiting) {
    const contract = contractRow(await contractFor(deps, row.tenant, row.connection), row.kind);
    if (actionsOf(row, person, contract, now).some(({ name, allowed }) => name === 'approve' && allowed)) mine.push(row);
  }
  mine.sort((a, b) => tierOrder.indexOf(a.tier) - tierOrder.indexOf(b.tier) || a.createdAt - b.createdAt);
  const decided: WriteRow[] = [];
  for (const tenant of await ledger.tenants()) {
    const entries = await ledger.latestOf(tenant, person.id, ['write.approved', 'write.rejected'], DECIDED_MAX);
    const ids = new Set(entries.map(({ stream }) => stream.replace(/^write\//, '')));
    for (const id of ids) {
      const row = await ledger.findWrite(id);
      if (row !== undefined) decided.push(row);
    }
  }
  decided.sort((a, b) => b.updatedAt - a.updatedAt);
  const { byState } = await ledger.counts();
  return {
    waiting: await headlines.listedAll(mine),
    others: (byState['awaiting-approval'] ?? 0) - mine.length,
    decided: await headlines.listedAll(decided.slice(0, DECIDED_MAX)),
  };
}

const DECIDED_MAX = 50;
