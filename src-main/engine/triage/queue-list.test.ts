import { describe, expect, it } from 'vitest';
import { QueueList } from './queue-list.ts';
import type { LedgerLists, WriteSelection } from '../../ports/outbound/index.ts';
import { codeOf, type WriteRow } from '../../../src-shared/domain/index.ts';
import { states, write } from '../../../src-shared/domain/testing/builders.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** A ledger of rows in memory, newest first, which counts how many rows it had to pass over at once. */
class Rows {
  readonly rows: WriteRow[];
  largestSkip = 0;
  readonly tenantsNow = ['north', 'south'];

  constructor(rows: readonly WriteRow[]) {
    this.rows = [...rows];
  }

  get lists(): LedgerLists {
    return {
      countWrites: async (filter: WriteSelection) => this.of(filter).length,
      writesFrom: async (filter: WriteSelection & { after?: string; limit: number }, skip: number) => {
        this.largestSkip = Math.max(this.largestSkip, skip);
        return this.page(filter, skip);
      },
      writes: async (filter: WriteSelection & { limit: number }) => this.page(filter, 0),
      tenants: async () => this.tenantsNow,
    } as unknown as LedgerLists;
  }

  private page(filter: WriteSelection & { after?: string; limit: number }, skip: number): readonly WriteRow[] {
    const rows = this.of(filter);
    const start = filter.after === undefined ? 0 : rows.findIndex(({ id }) => id === filter.after) + 1;
    return rows.slice(start + skip, start + skip + filter.limit);
  }

  private of({ states: wanted, code, tenant, patientKey, connection }: WriteSelection): readonly WriteRow[] {
    return this.rows.filter(
      (row) =>
        (wanted === undefined || wanted.includes(row.state.name)) &&
        (code === undefined || codeOf(row.state) === code) &&
        (tenant === undefined || row.tenant === tenant) &&
        (connection === undefined || row.connection === connection) &&
        (patientKey === undefined || row.patientKey === patientKey),
    );
  }
}

const timers = { sleep: async () => true };
const pseudonym = (tenant: string, text: string): string => `${tenant}:${text}`;
const listOf = (rows: Rows): QueueList => new QueueList(rows.lists, timers, pseudonym);
const ids = (rows: readonly WriteRow[]): readonly string[] => rows.map(({ id }) => id);

describe('I1 the queue as a list with places', () => {
  it('I1 puts what is most dangerous first: what may be charted unseen, then what is charted wrongly', async () => {
    const partial = {
      ...states.committed,
      verification: { result: 'partial', differences: [] },
    } as const;
    const rows = new Rows([
      write({ id: 'retry', state: states['failed-retryable'] }),
      write({ id: 'fine', state: states.committed }),
      write({ id: 'held', state: states.held }),
      write({ id: 'failed', state: states['failed-terminal'] }),
      write({ id: 'conflict', state: states.conflict }),
      write({ id: 'differs', state: partial }),
      write({ id: 'unknown', state: states.unknown }),
      write({ id: 'waits', state: states['awaiting-approval'] }),
    ]);
    const list = listOf(rows);
    const runs = await list.runs('open', {});
    const shown = await list.rows('open', {}, runs, 0, 50);
    expect(ids(shown)).toEqual(['unknown', 'differs', 'conflict', 'failed', 'held', 'retry']);
    expect(runs.map(({ state, code, count }) => [state, code, count])).toEqual([
      ['unknown', null, 1],
      ['committed', 'chart-differs', 1],
      ['conflict', null, 1],
      ['failed-terminal', null, 1],
      ['held', null, 1],
      ['failed-retryable', null, 1],
    ]);
    expect(ids(await list.rows('open', {}, runs, 2, 2))).toEqual(['conflict', 'failed']);
    expect(ids(await list.rows('pending', {}, await list.runs('pending', {}), 0, 9))).toEqual(['waits']);
    expect(ids(await list.rows('all', {}, await list.runs('all', {}), 0, 99))).toEqual(ids(rows.rows));
  });

  it('I1 a filter leaves of a tab only what both want', async () => {
    const rows = new Rows([
      write({ id: 'a', state: states.unknown }),
      write({ id: 'b', state: states.conflict, connection: 'other' }),
    ]);
    const list = listOf(rows);
    expect(await list.runs('open', { state: 'conflict' })).toMatchObject([{ state: 'conflict', count: 1 }]);
    expect(await list.runs('open', { state: 'committed' })).toEqual([]);
    expect(await list.runs('open', { connection: 'other' })).toMatchObject([{ state: 'conflict', count: 1 }]);
    expect(await list.runs('all', { state: 'unknown' })).toMatchObject([{ state: 'unknown', count: 1 }]);
  });

  it('I1 any place of a long list is reached in steps, and known places make the next ones short', async () => {
    const rows = new Rows(Array.from({ length: 40_000 }, (_, at) => write({ id: `w${at}`, state: states.committed })));
    const list = listOf(rows);
    const runs = await list.runs('committed', {});
    expect(ids(await list.rows('committed', {}, runs, 37_000, 3))).toEqual(['w37000', 'w37001', 'w37002']);
    expect(rows.largestSkip).toBeLessThanOrEqual(limits.queueHopRows);
    rows.largestSkip = 0;
    expect(ids(await list.rows('committed', {}, runs, 37_003, 2))).toEqual(['w37003', 'w37004']);
    expect(rows.largestSkip).toBe(0);
    expect(ids(await list.rows('committed', {}, runs, 12_345, 1))).toEqual(['w12345']);
    expect(ids(await list.rows('committed', {}, runs, 39_999, 5))).toEqual(['w39999']);
    expect(await list.rows('committed', {}, runs, 40_000, 5)).toEqual([]);
  });

  it('I1 what comes in at the top does not slide the rows further down; asking for the beginning starts afresh', async () => {
    const rows = new Rows(Array.from({ length: 300 }, (_, at) => write({ id: `w${at}`, state: states.committed })));
    const list = listOf(rows);
    const page = async (from: number): Promise<readonly string[]> =>
      ids(await list.rows('committed', {}, await list.runs('committed', {}), from, 100));
    expect((await page(0))[99]).toBe('w99');
    rows.rows.unshift(write({ id: 'new', state: states.committed }));
    expect((await page(100))[0]).toBe('w100');
    expect((await page(0))[0]).toBe('new');
    expect((await page(100))[0]).toBe('w99');
  });

  it('G2 a patient is found under the pseudonym of every tenant, by identifier or address', async () => {
    const rows = new Rows([
      write({ id: 'n', tenant: 'north', patientKey: pseudonym('north', 'patient identifier urn:mrn|1'), createdAt: 5 }),
      write({ id: 's', tenant: 'south', patientKey: pseudonym('south', 'patient identifier urn:mrn|1'), createdAt: 9 }),
      write({ id: 'r', tenant: 'south', patientKey: pseudonym('south', 'patient reference Patient/7'), createdAt: 7 }),
    ]);
    const list = listOf(rows);
    const find = async (patient: string): Promise<readonly string[]> =>
      ids(await list.rows('all', { patient }, await list.runs('all', { patient }), 0, 9));
    expect(await find('urn:mrn|1')).toEqual(['s', 'n']);
    expect(await find('Patient/7')).toEqual(['r']);
    expect(await find('nobody')).toEqual([]);
  });
});
