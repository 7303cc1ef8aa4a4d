import { engineActor, type EngineDeps } from '../deps.ts';
import type { RunningDeps } from '../outbox/lease.ts';
import { preparedOf } from '../dispatch/prepared.ts';
import { contractRowFor } from '../policy/in-force.ts';
import { writeEntry, commitWrites } from '../write-commit.ts';
import { readBack } from '../verification/read-back.ts';
import { findQuery } from './look.ts';
import type { FindOutcome } from '../../ports/outbound/index.ts';
import { lateSuccess, mayBeLate, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Looks once for writes that were sent and then given up: what an EHR carried out late, or behind a proof that was none,
 * is in the chart all the same and must be known (late success). Presence is recorded; finding nothing changes nothing.
 *
 * @returns how many were found
 */
export async function lookForLate(deps: RunningDeps, signal: AbortSignal): Promise<number> {
  let found = 0;
  let looks = 0;
  for await (const row of notCharted(deps)) {
    if (signal.aborted || looks >= limits.lateLooksMax) break;
    await deps.lease.keep();
    looks += 1;
    if (await attachIfPresent(deps, row)) found += 1;
  }
  if (found > 0) deps.log.write('warn', 'late-success', { found });
  return found;
}

/** Writes that were sent and count as not charted, the newest first, as far back as late success is looked for. */
async function* notCharted({ ledger, clock }: EngineDeps): AsyncIterable<WriteRow> {
  const states = [
    'failed-terminal',
    'withdrawn',
    'superseded',
    'conflict',
    'resolved-by-hand',
    'awaiting-approval',
    'held',
  ] as const;
  const since = clock.now() - limits.lateWindowMs;
  let after: string | undefined;
  for (let page = 0; page < limits.latePagesMax; page += 1) {
    const limit = limits.claimBatchMax;
    const rows = await ledger.writes({ states, since, limit, ...(after === undefined ? {} : { after }) });
    yield* rows.filter(mayBeLate);
    after = rows.at(-1)?.id;
    if (rows.length < limit) return;
  }
}

/**
 * Looks for a write that is about to be sent again, and attaches it if it is in the chart by now.
 *
 * @returns `true` when there is nothing more to send
 */
export async function attachIfPresent(deps: EngineDeps, row: WriteRow): Promise<boolean> {
  return (await lookOnce(deps, row, lateSuccess)).attached;
}

/**
 * Looks once for a write that counts as not charted, and attaches it if it is in the chart.
 *
 * @param attach the states through which one that is found goes; `null`: it is left as it is
 * @returns what the chart said besides; `null`: it could not be asked
 */
export async function lookOnce(
  deps: Pick<EngineDeps, 'ledger' | 'gateways' | 'clock' | 'random' | 'engineId' | 'matrix' | 'consentPolicy' | 'searchSettleMs'>,
  row: WriteRow,
  attach: typeof lateSuccess,
): Promise<{ readonly attached: boolean; readonly answer: FindOutcome | null }> {
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return { attached: false, answer: null };
  const prepared = await preparedOf(deps, row);
  const answer = await gateway.find(await findQuery(deps, row, prepared, deps.searchSettleMs));
  if (answer.outcome !== 'present') return { attached: false, answer };
  const { reference, versionId } = answer.match;
  const contract = await contractRowFor(deps, row);
  const back = await readBack(gateway, prepared, contract, reference, 0, deps.clock.now(), deps.random.fraction());
  const now = deps.clock.now();
  const moves = attach(row, { reference, versionId, landing: 'charted', verification: back.verification }, now);
  if (moves === null) return { attached: false, answer };
  const exchange = [...answer.exchange, ...back.exchange];
  const entry = writeEntry('write.looked-up', row, now, engineActor(deps), { id: row.id, moves, exchange });
  return { attached: (await commitWrites(deps.ledger, [row], [entry])).ok, answer };
}
