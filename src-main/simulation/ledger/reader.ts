import {
  codeOf,
  dueAt,
  followAt,
  laneRoleOf,
  nextInLane,
  settledStates,
  workspaceLog,
  type StateName,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import type { Entry, LedgerReader, WriteCounts, WriteFilter } from '../../ports/outbound/index.ts';
import type { SimulatedDisk } from './disk.ts';
import type { StoredWrite } from './log.ts';

interface Ready {
  readonly at: number;
  readonly row: WriteRow;
}

interface Placed extends StoredWrite {
  readonly log: number;
}

/** What the disk answers, by going through all it holds: a simulated workspace is small. */
export class DiskReader {
  private readonly disk: SimulatedDisk;
  private known: { readonly version: number; readonly ready: readonly Ready[] } = { version: -1, ready: [] };

  private sorted: { readonly version: number; readonly all: readonly Placed[] } = { version: -1, all: [] };

  constructor(disk: SimulatedDisk) {
    this.disk = disk;
  }

  findWrite(id: string): WriteRow | undefined {
    for (const log of this.disk.logs) {
      const found = log.writes.get(id);
      if (found !== undefined) return found.row;
    }
    return undefined;
  }

  writes(filter: WriteFilter): readonly WriteRow[] {
    const all = this.newestFirst();
    const after = filter.after;
    const from = after === undefined ? 0 : all.findIndex(({ row }) => row.id === after) + 1;
    if (after !== undefined && from === 0) return [];
    return all
      .slice(from)
      .map(({ row }) => row)
      .filter((row) => fits(row, filter))
      .slice(0, Math.max(0, filter.limit));
  }

  counts(tenant: string | undefined): WriteCounts {
    const rows = this.all().flatMap(({ row }) => (tenant === undefined || row.tenant === tenant ? [row] : []));
    const byConnection: Record<string, Partial<Record<StateName, number>>> = {};
    for (const row of rows) {
      const states = (byConnection[row.connection] ??= {});
      states[row.state.name] = (states[row.state.name] ?? 0) + 1;
    }
    const groups = Map.groupBy(rows, (row) => `${row.tenant} ${row.group}`);
    const byGroupState: Record<string, number> = { open: 0, complete: 0, partial: 0, failed: 0, compensating: 0 };
    for (const members of groups.values()) {
      const state = groupState(members.map((row) => row.state.name));
      byGroupState[state] = (byGroupState[state] ?? 0) + 1;
    }
    return {
      byState: tally(rows.map((row) => row.state.name)),
      byConnection,
      byGroupState,
      oldestUnsettledAt: least(rows.filter((row) => !settledStates.includes(row.state.name)).map((row) => row.createdAt)),
      oldestUnknownAt: least(rows.flatMap((row) => (row.state.name === 'unknown' ? [row.state.since] : []))),
    };
  }

  entries(tenant: string, by: Parameters<LedgerReader['entries']>[1], limit: number): readonly Entry[] {
    const log = this.disk.log(tenant);
    if (log === undefined) return [];
    return log.entries
      .filter(({ draft }) =>
        'stream' in by
          ? draft.stream === by.stream
          : 'patientKey' in by
            ? draft.patientKey === by.patientKey
            : draft.actor.id === by.actor,
      )
      .slice(0, limit)
      .map((stored) => log.read(stored));
  }

  due(now: number, limit: number, except: readonly string[]): readonly WriteRow[] {
    return this.ready()
      .filter(({ at, row }) => at <= now && !except.includes(row.connection))
      .slice(0, limit)
      .map(({ row }) => row);
  }

  nextDueAt(): number | null {
    return this.ready()[0]?.at ?? null;
  }

  toFollow(now: number, limit: number, except: readonly string[]): readonly WriteRow[] {
    return this.all()
      .flatMap((placed) => ({ placed, at: followAt(placed.row.state) }))
      .filter(({ placed, at }) => at !== null && at <= now && !except.includes(placed.row.connection))
      .sort((a, b) => (a.at ?? 0) - (b.at ?? 0) || inOrder(a.placed, b.placed))
      .slice(0, limit)
      .map(({ placed }) => placed.row);
  }

  inFlight(): readonly WriteRow[] {
    return this.all().flatMap(({ row }) => (row.state.name === 'in-flight' ? [row] : []));
  }

  /** Every write that waits for nothing but time, the earliest first. */
  private ready(): readonly Ready[] {
    const { version } = this.disk;
    if (this.known.version !== version) this.known = { version, ready: this.workOutReady() };
    return this.known.ready;
  }

  private workOutReady(): readonly Ready[] {
    const ready: { at: number; row: WriteRow; placed: Placed }[] = [];
    for (const lane of Map.groupBy(this.all(), ({ row, log }) => `${log} ${row.lane}`).values()) {
      lane.sort(inOrder);
      const roles = lane.map((placed) => ({ placed, role: laneRoleOf(placed.row.state), group: placed.row.group }));
      const holds = roles.some(({ role }) => role === 'holds');
      const retries = roles.find(({ role }) => role === 'retries')?.placed;
      const first = holds ? undefined : (retries ?? nextInLane(roles)?.placed);
      for (const { placed, role } of roles) {
        const at = dueAt(placed.row.state);
        if (at === null || ((role === 'waits' || role === 'retries') && placed !== first)) continue;
        ready.push({ at, row: placed.row, placed });
      }
    }
    return ready.sort((a, b) => a.at - b.at || inOrder(a.placed, b.placed));
  }

  private newestFirst(): readonly Placed[] {
    const { version } = this.disk;
    if (this.sorted.version !== version) this.sorted = { version, all: this.all().sort((a, b) => -inTime(a, b)) };
    return this.sorted.all;
  }

  private all(): Placed[] {
    return this.disk.logs
      .filter((log) => log.tenant !== workspaceLog)
      .flatMap((log) => [...log.writes.values()].map((write) => ({ ...write, log: log.number })));
  }
}

function inOrder(a: Placed, b: Placed): number {
  return a.order[0] - b.order[0] || a.order[1] - b.order[1] || a.log - b.log;
}

function inTime(a: Placed, b: Placed): number {
  return a.row.createdAt - b.row.createdAt || inOrder(a, b);
}

function fits(row: WriteRow, filter: WriteFilter): boolean {
  return (
    (filter.tenant === undefined || row.tenant === filter.tenant) &&
    (filter.states === undefined || filter.states.includes(row.state.name)) &&
    (filter.code === undefined || codeOf(row.state) === filter.code) &&
    (filter.connection === undefined || row.connection === filter.connection) &&
    (filter.patientKey === undefined || row.patientKey === filter.patientKey) &&
    (filter.encounterKey === undefined || row.encounterKey === filter.encounterKey) &&
    (filter.since === undefined || row.createdAt >= filter.since) &&
    (filter.group === undefined || row.group === filter.group) &&
    (filter.eventId === undefined || row.eventId === filter.eventId)
  );
}

function tally(states: readonly StateName[]): Partial<Record<StateName, number>> {
  const counts: Partial<Record<StateName, number>> = {};
  for (const state of states) counts[state] = (counts[state] ?? 0) + 1;
  return counts;
}

const charted: readonly StateName[] = ['committed', 'resolved-by-hand', 'corrected'];
const failed: readonly StateName[] = ['failed-terminal', 'quarantined'];

/** The state of a group from those of its writes (architecture, section 3). */
function groupState(states: readonly StateName[]): string {
  const ended = (state: StateName): boolean => settledStates.includes(state);
  if (!states.every(ended)) return 'open';
  const some = (of: readonly StateName[]): boolean => states.some((state) => of.includes(state));
  if (some(['compensated']) && some(charted)) return 'compensating';
  if (some(failed)) return some([...charted, 'compensated']) ? 'partial' : 'failed';
  return 'complete';
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : Math.min(...values);
}
