import { createHash } from 'node:crypto';
import { ledgerContract, type LedgerStore } from '../../ledger/testing/contract.ts';
import { StandingClock } from '../../ledger/testing/fixtures.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import { SimulatedDisk } from './disk.ts';
import { SimulatedLedger, type Medium } from './ledger.ts';

// The disk answers at the next turn, in the order it was asked.
const atOnce: Medium = async (_what, perform) => {
  await Promise.resolve();
  return perform();
};

ledgerContract('simulated', async (): Promise<LedgerStore> => {
  const clock = new StandingClock();
  const disk = new SimulatedDisk((bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()));
  const broken = new Set<Ledger>();
  return {
    clock,
    open: async () => {
      const ledger: SimulatedLedger = new SimulatedLedger(disk, clock, atOnce, () => (broken.has(ledger) ? 'lost' : null));
      return ledger;
    },
    breakMedium: (ledger) => void broken.add(ledger),
    dispose: async () => undefined,
  };
});
