import type { Desk } from './command-line.ts';
import { openSqliteLedger } from '../../src-main/ledger/index.ts';
import { deriveKeys, openKeySlots, systemClock, systemRandom } from '../../src-main/platform/index.ts';
import type { Ledger, LedgerLists } from '../../src-main/ports/outbound/index.ts';

/** The desk's ledger, opened beside the command line; whoever opens it closes it. How long the passphrase took to become the key. */
export async function openLedger(
  desk: Desk,
): Promise<{ readonly ledger: Ledger & LedgerLists; readonly passphraseSeconds: number }> {
  const startedAt = performance.now();
  const opened = await openKeySlots(desk.workspace, desk.env['COUNTERSIGN_PASSPHRASE'] ?? '');
  if (!opened.ok) throw new Error(opened.message);
  const passphraseSeconds = (performance.now() - startedAt) / 1000;
  const ledger = await openSqliteLedger({
    folder: desk.workspace,
    keys: deriveKeys(opened.key),
    clock: systemClock,
    random: systemRandom,
  });
  if (!ledger.ok) throw new Error(ledger.message);
  return { ledger: ledger.ledger, passphraseSeconds };
}
