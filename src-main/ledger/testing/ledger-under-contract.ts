import { expect } from 'vitest';
import type { WriteRow, WriteState } from '../../../src-shared/domain/index.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import { move, type StandingClock } from './fixtures.ts';

/** One store on which ledgers are opened for a test. */
export interface LedgerStore {
  readonly clock: StandingClock;
  /** Another handle on the store, as another process would have; the first call makes the store. Closed by `dispose`. */
  open(): Promise<Ledger>;
  /** From now on the medium under this handle fails whenever something is written. */
  breakMedium(ledger: Ledger): void;
  dispose(): Promise<void>;
}

/** The ledger a test of the contract works on, with its store. */
export class LedgerUnderContract {
  private readonly makeStore: () => Promise<LedgerStore>;
  private opened: { readonly store: LedgerStore; ledger: Ledger } | null = null;

  constructor(makeStore: () => Promise<LedgerStore>) {
    this.makeStore = makeStore;
  }

  get store(): LedgerStore {
    if (this.opened === null) throw new Error('no store was made');
    return this.opened.store;
  }

  get ledger(): Ledger {
    if (this.opened === null) throw new Error('no ledger was opened');
    return this.opened.ledger;
  }

  async begin(): Promise<void> {
    const store = await this.makeStore();
    this.opened = { store, ledger: await store.open() };
  }

  /** Another handle in the place of the one so far, which the test has closed. */
  async reopen(): Promise<void> {
    const { store } = this;
    this.opened = { store, ledger: await store.open() };
  }

  async end(): Promise<void> {
    await this.opened?.store.dispose();
    this.opened = null;
  }

  /** The row of a write that must be there. */
  async write(id: string, tenant = 'north'): Promise<WriteRow> {
    const row = await this.ledger.row('write', tenant, id);
    if (row === undefined) throw new Error(`no write ${id}`);
    return row;
  }

  /** Moves a write from where it stands through these states. */
  async step(id: string, ...states: readonly WriteState[]): Promise<void> {
    const result = await this.ledger.commit(move(await this.write(id), ...states));
    expect(result.ok).toBe(true);
  }
}

export function ids(rows: readonly WriteRow[]): string[] {
  return rows.map((row) => row.id);
}
