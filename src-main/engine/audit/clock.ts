import type { LedgerReader } from '../../ports/outbound/index.ts';
import type { ClockView } from '../../ports/inbound/index.ts';
import { workspaceLog, type ClockJudged } from '../../../src-shared/domain/index.ts';

/**
 * How an engine last judged the clock of its machine, from the log; `null` while none has. Only a running engine can see
 * the clock being set; everybody else sees what it put on record.
 */
export async function clockNow(ledger: LedgerReader): Promise<ClockView | null> {
  const entries = await ledger.entries(workspaceLog, { stream: 'clock' }, ENTRIES_MAX);
  const last = entries.findLast(({ type }) => type === 'clock.judged');
  const judged = last?.body as ClockJudged | null | undefined;
  if (last === undefined || judged === undefined || judged === null) return null;
  // It has stood like this since the first entry in a row that says the same.
  let since = last.at;
  for (const { at, body } of entries.toReversed()) {
    if ((body as ClockJudged | null)?.safe !== judged.safe) break;
    since = at;
  }
  return { ...judged, since };
}

const ENTRIES_MAX = 10_000;
