import type { Timers, LedgerLists, WriteSelection } from '../../ports/outbound/index.ts';
import { runsOf, type QueueRun, type QueueTab, type WriteRow } from '../../../src-shared/domain/index.ts';
import type { QueueFilter } from '../../ports/inbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** A place in a run whose write is known, to go on from there. */
interface Mark {
  readonly place: number;
  readonly id: string;
}

export interface RunCount extends QueueRun {
  readonly count: number;
}

/**
 * The queue as a list with places: any stretch of it, however far down, without walking over what lies before.
 *
 * Places already reached are remembered, so that a list that grows at its top does not slide under the eyes of whoever
 * scrolls further down; asking for its beginning starts afresh.
 */
export class QueueList {
  private readonly ledger: LedgerLists;
  private readonly timers: Pick<Timers, 'sleep'>;
  private readonly pseudonym: (tenant: string, text: string) => string;
  private readonly marks = new Map<string, Mark[]>();

  constructor(ledger: LedgerLists, timers: Pick<Timers, 'sleep'>, pseudonym: (tenant: string, text: string) => string) {
    this.ledger = ledger;
    this.timers = timers;
    this.pseudonym = pseudonym;
  }

  /** The runs of a tab under a filter, with how many writes each holds; empty runs are left out. */
  async runs(tab: QueueTab, filter: QueueFilter): Promise<readonly RunCount[]> {
    const counted: RunCount[] = [];
    for (const run of runsOf(tab, filter)) {
      let count = 0;
      for (const selection of await this.selections(run, filter)) count += await this.ledger.countWrites(selection);
      if (count > 0) counted.push({ ...run, count });
    }
    return counted;
  }

  /** `count` rows from a place of the whole list on. */
  async rows(
    tab: QueueTab,
    filter: QueueFilter,
    runs: readonly RunCount[],
    from: number,
    count: number,
  ): Promise<readonly WriteRow[]> {
    const rows: WriteRow[] = [];
    let start = 0;
    for (const run of runs) {
      const wanted = from + count - Math.max(start, from);
      const skip = Math.max(0, from - start);
      if (wanted > 0 && skip < run.count)
        rows.push(...(await this.ofRun(tab, filter, run, skip, Math.min(wanted, run.count - skip))));
      start += run.count;
    }
    return rows;
  }

  private async ofRun(
    tab: QueueTab,
    filter: QueueFilter,
    run: RunCount,
    skip: number,
    count: number,
  ): Promise<readonly WriteRow[]> {
    const [selection, ...others] = await this.selections(run, filter);
    if (selection === undefined) return [];
    if (others.length > 0) return this.merged([selection, ...others], skip, count);
    const key = JSON.stringify([tab, run.state, run.code, filter]);
    if (skip === 0) this.marks.delete(key);
    const marks = this.marks.get(key) ?? [];
    this.marks.set(key, marks);
    if (this.marks.size > MARKED_LISTS_MAX) this.marks.delete(this.marks.keys().next().value ?? '');
    let mark = marks.filter(({ place }) => place < skip).at(-1);
    while (skip - (mark?.place ?? -1) > limits.queueHopRows + 1) {
      const place: number = (mark?.place ?? -1) + limits.queueHopRows;
      const [row] = await this.after(selection, mark, limits.queueHopRows - 1, 1);
      if (row === undefined) return [];
      mark = { place, id: row.id };
      insert(marks, mark);
      await this.timers.sleep(0);
    }
    const rows = await this.after(selection, mark, skip - (mark?.place ?? -1) - 1, count);
    const last = rows.at(-1);
    if (last !== undefined) insert(marks, { place: skip + rows.length - 1, id: last.id });
    return rows;
  }

  private after(selection: WriteSelection, mark: Mark | undefined, skip: number, limit: number): Promise<readonly WriteRow[]> {
    return this.ledger.writesFrom({ ...selection, limit, ...(mark === undefined ? {} : { after: mark.id }) }, skip);
  }

  /** A patient is known under another pseudonym in every tenant: few writes each, put together by time. */
  private async merged(selections: readonly WriteSelection[], skip: number, count: number): Promise<readonly WriteRow[]> {
    const parts = await Promise.all(selections.map((selection) => this.ledger.writes({ ...selection, limit: skip + count })));
    return parts
      .flat()
      .sort((a, b) => b.createdAt - a.createdAt || b.eventSeq - a.eventSeq)
      .slice(skip, skip + count);
  }

  private async selections(run: QueueRun, filter: QueueFilter): Promise<readonly WriteSelection[]> {
    const base: WriteSelection = {
      ...(run.state === null ? {} : { states: [run.state] }),
      ...(run.code === null ? {} : { code: run.code }),
      ...(filter.tenant === undefined ? {} : { tenant: filter.tenant }),
      ...(filter.connection === undefined ? {} : { connection: filter.connection }),
      ...(filter.eventId === undefined ? {} : { eventId: filter.eventId }),
    };
    if (filter.patient === undefined) return [base];
    const words = patientWords(filter.patient);
    if (words === null) return [];
    const tenants = filter.tenant === undefined ? await this.ledger.tenants() : [filter.tenant];
    return tenants.map((tenant) => ({ ...base, tenant, patientKey: this.pseudonym(tenant, words) }));
  }
}

/** What a patient's pseudonym is made from: as `fanOut` makes it. `null`: the text names no patient. */
export function patientWords(patient: string): string | null {
  if (patient.includes('|')) return `patient identifier ${patient}`;
  return /^Patient\/[A-Za-z0-9.-]{1,64}$/.test(patient) ? `patient reference ${patient}` : null;
}

/** Keeps marks in order of their places. */
function insert(marks: Mark[], mark: Mark): void {
  const at = marks.findIndex(({ place }) => place >= mark.place);
  if (at === -1) marks.push(mark);
  else marks.splice(at, marks[at]?.place === mark.place ? 1 : 0, mark);
}

const MARKED_LISTS_MAX = 32;
