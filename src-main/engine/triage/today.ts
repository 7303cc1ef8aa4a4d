import type { Headlines } from './headlines.ts';
import type { Attention, ConnectionState, TodayView } from '../../ports/inbound/index.ts';
import type { Cause, LedgerLists } from '../../ports/outbound/index.ts';
import { runsOf, workspaceLog, type StateName } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** What today's screen rests on. `since`: epoch milliseconds from which events count for the completion rate. */
export async function todayView(
  ledger: LedgerLists,
  headlines: Headlines,
  connections: readonly ConnectionState[],
  since: number,
): Promise<TodayView> {
  const counts = await ledger.counts();
  const causes = await ledger.causes();
  const taken = (states: readonly StateName[]): Promise<number> => ledger.countWrites({ states, since });
  const all = await ledger.countWrites({ since });
  const differing = causes.filter(({ newest }) => newest.state.name === 'committed');
  let unsafe = await ledger.countUnverified(since);
  for (const { code } of differing) unsafe += await ledger.countWrites({ code, since });
  const waiting = await ledger.writes({ states: ['awaiting-approval'], limit: limits.approvalsShownMax });
  const oldestWaiting = waiting.reduce<number | null>(
    (at, row) => (at === null ? row.createdAt : Math.min(at, row.createdAt)),
    null,
  );
  return {
    since,
    safe: (await taken(['committed'])) - unsafe,
    all,
    pulledDownBy: await pulledDown(ledger, causes, since),
    unknown: counts.byState.unknown ?? 0,
    oldestUnknownAt: counts.oldestUnknownAt,
    unsent: unsentStates.reduce((sum, state) => sum + (counts.byState[state] ?? 0), 0),
    oldestUnsentAt: counts.oldestUnsettledAt,
    awaiting: {
      count: counts.byState['awaiting-approval'] ?? 0,
      oldestAt: oldestWaiting,
      high: waiting.filter((row) => row.tier === 'high' || row.tier === 'blocked').length,
    },
    needsPerson: await needsPerson(headlines, causes, waiting, counts.byState['awaiting-approval'] ?? 0, oldestWaiting),
    connections,
  };
}

const unsentStates: readonly StateName[] = ['draft', 'validated', 'awaiting-approval', 'held', 'pending', 'failed-retryable'];

async function pulledDown(ledger: LedgerLists, causes: readonly Cause[], since: number): Promise<TodayView['pulledDownBy']> {
  const parts: { state: StateName; code: Cause['code'] | null; count: number }[] = [];
  for (const { code, newest } of causes)
    parts.push({ state: newest.state.name, code, count: await ledger.countWrites({ code, since }) });
  const waiting = await ledger.countWrites({ states: ['awaiting-approval'], since });
  parts.push({ state: 'awaiting-approval', code: null, count: waiting });
  return parts.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

/** Causes in the order of danger, as the queue has them; those that wait for an approval first where they are high risk. */
async function needsPerson(
  headlines: Headlines,
  causes: readonly Cause[],
  waiting: Awaited<ReturnType<LedgerLists['writes']>>,
  waitingCount: number,
  oldestWaiting: number | null,
): Promise<readonly Attention[]> {
  const danger = runsOf('open', {}).map(({ state }) => state);
  const found: Attention[] = [];
  for (const { code, count, oldestAt, newest } of causes) {
    // What time alone mends needs nobody.
    if (newest.state.name === 'draft' || newest.state.name === 'failed-retryable') continue;
    found.push({ state: newest.state.name, code, tier: newest.tier, count, oldestAt, newest: await headlines.listed(newest) });
  }
  found.sort((a, b) => danger.indexOf(a.state) - danger.indexOf(b.state) || b.count - a.count);
  const first = waiting.find((row) => row.tier === 'high') ?? waiting.at(0);
  if (first === undefined) return found;
  const approval: Attention = {
    state: 'awaiting-approval',
    code: null,
    tier: first.tier,
    count: waitingCount,
    oldestAt: oldestWaiting,
    newest: await headlines.listed(first),
  };
  return first.tier === 'high' ? [approval, ...found] : [...found, approval];
}

/** Every connection with what it carries now, and when it was last tested. */
export async function connectionStates(ledger: LedgerLists): Promise<readonly ConnectionState[]> {
  const { byConnection } = await ledger.counts();
  const states: ConnectionState[] = [];
  for (const connection of await ledger.rows('connection')) {
    const entries = await ledger.entries(workspaceLog, { stream: `connection/${connection.name}` }, ENTRIES_MAX);
    const tested = entries.findLast((entry) => entry.type === 'connection.tested');
    const body = tested?.body;
    const last = body !== null && body !== undefined && 'ok' in body && 'summary' in body ? body : null;
    states.push({
      connection,
      counts: byConnection[connection.name] ?? {},
      lastTest: last === null || tested === undefined ? null : { at: tested.at, ok: last.ok, words: last.summary },
    });
  }
  return states;
}

const ENTRIES_MAX = 10_000;
