import { afterEach, beforeEach, describe } from 'vitest';
import { commitsContract } from './contract-commits.ts';
import { dueContract } from './contract-due.ts';
import { historyContract } from './contract-history.ts';
import { leasesContract } from './contract-leases.ts';
import { readingContract } from './contract-reading.ts';
import { LedgerUnderContract, type LedgerStore } from './ledger-under-contract.ts';

export type { LedgerStore } from './ledger-under-contract.ts';

/**
 * What every ledger must do, whatever it stands on. Each implementation runs this suite against itself, so that the rest of
 * the product can be written against the port alone.
 */
export function ledgerContract(name: string, makeStore: () => Promise<LedgerStore>): void {
  describe(`${name}: the ledger contract`, () => {
    const given = new LedgerUnderContract(makeStore);
    beforeEach(() => given.begin());
    afterEach(() => given.end());
    commitsContract(given);
    dueContract(given);
    leasesContract(given);
    readingContract(given);
    historyContract(given);
  });
}
