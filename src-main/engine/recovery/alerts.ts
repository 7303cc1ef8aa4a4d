import type { EngineDeps } from '../deps.ts';
import { alertsOf, wrongPatientCodes, type Alert, type WriteRow } from '../../../src-shared/domain/index.ts';
import { calendarWaits, stuckWrites } from './stuck.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** What must not be overlooked now. Looks through what is on its way, in pages; what has come to rest is found by its code. */
export async function alertsNow({ ledger, clock }: Pick<EngineDeps, 'ledger' | 'clock'>): Promise<readonly Alert[]> {
  const waiting = await calendarWaits(ledger);
  const rows: (WriteRow & { readonly movingSince?: number })[] = waiting.slice();
  for (const code of ['chart-misplaced', 'charted-late', 'chart-drifted', 'follow-up-overdue', ...wrongPatientCodes] as const)
    rows.push(...(await ledger.writes({ code, limit: limits.claimBatchMax })));
  const closed = new Set(waiting.map((row) => row.connection));
  for await (const { row, movingSince } of stuckWrites({ ledger, clock }, closed))
    if (row.state.name !== 'unknown') rows.push({ ...row, movingSince });
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({
      states: ['unknown'],
      limit: limits.claimBatchMax,
      ...(after === undefined ? {} : { after }),
    });
    rows.push(...page);
    after = page.at(-1)?.id;
    if (after === undefined) break;
  }
  rows.push(...(await ledger.writes({ states: ['held'], code: 'clock-unsafe', limit: limits.claimBatchMax })));
  const unreviewed = (await ledger.rows('emergency')).filter((one) => one.review === null).length;
  return alertsOf(rows, clock.now(), unreviewed);
}
