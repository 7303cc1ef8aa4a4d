import type { EngineDeps } from '../deps.ts';
import { alertsOf, type Alert, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** What must not be overlooked now. Looks through what is on its way, in pages; what has come to rest is found by its code. */
export async function alertsNow({ ledger, clock }: Pick<EngineDeps, 'ledger' | 'clock'>): Promise<readonly Alert[]> {
  const rows: WriteRow[] = [...(await ledger.writes({ code: 'charted-late', limit: limits.claimBatchMax }))];
  const moving = ['draft', 'pending', 'in-flight', 'unknown', 'failed-retryable'] as const;
  const now = clock.now();
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({ states: moving, limit: limits.claimBatchMax, ...(after === undefined ? {} : { after }) });
    rows.push(...page.filter((row) => row.state.name === 'unknown' || now - row.updatedAt > limits.stuckMs));
    after = page.at(-1)?.id;
    if (after === undefined) break;
  }
  rows.push(...(await ledger.writes({ states: ['held'], code: 'clock-unsafe', limit: limits.claimBatchMax })));
  return alertsOf(rows, now);
}
