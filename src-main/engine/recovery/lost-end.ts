import type { EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import { lookOnce } from '../reconciliation/late.ts';
import type { AcceptedLoss, LossLooked } from '../../ports/inbound/index.ts';
import {
  epochMs,
  foundAfterLoss,
  switchKey,
  workspaceLog,
  type Actor,
  type FailureCode,
  type StateName,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Going on with a ledger that has lost its end. What was sent, withdrawn or stopped in the entries that are gone is not known
 * any more: nothing is sent until people say so, and nothing of that time is sent before it was looked for.
 */

type LossDeps = Parameters<typeof lookOnce>[0];

/**
 * Puts on record that a person goes on with the ledger as it is, and switches writes off in the same commit. The switch is
 * theirs to lift, once they have decided again what was decided in the time that is lost.
 *
 * @returns false when the ledger was changed at the same moment
 */
export async function recordLoss(
  { ledger, clock, random }: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>,
  { logs, sizes }: AcceptedLoss,
  reason: string,
  person: string,
  actor: Actor,
): Promise<boolean> {
  const workspace = await ledger.row('workspace', workspaceLog, 'workspace');
  const key = switchKey('writes', {});
  const off = await ledger.row('switch', workspaceLog, key);
  const common = { at: clock.now(), actor, patientKey: null, correlation: random.id() };
  const why = `the ledger lost its end: ${reason}`;
  const done = await ledger.commit({
    tenant: workspaceLog,
    expected: [
      { kind: 'workspace', key: 'workspace', version: workspace?.version ?? 0 },
      { kind: 'switch', key, version: off?.version ?? 0 },
    ],
    entries: [
      { ...common, type: 'ledger.loss-accepted', stream: 'workspace', body: { by: person, reason, logs, sizes } },
      {
        ...common,
        type: 'switch.set',
        stream: `switch/${key}`,
        body: { switch: { what: 'writes', scope: {}, off: true, reason: why, by: person } },
      },
    ],
  });
  return done.ok;
}

/**
 * Looks in the chart for every write that counts as not charted and has a request: the lost entries may have recorded that it
 * was sent. One that is found is attached; nothing is sent.
 */
export async function lookForLost(
  deps: LossDeps,
  signal: AbortSignal,
  progress: (looked: LossLooked) => void,
): Promise<LossLooked> {
  const counts = { looked: 0, found: 0, absent: 0, unclear: 0 };
  const since = deps.clock.now() - limits.lateWindowMs;
  for (const [states, from] of [[open, undefined] as const, [givenUp, since] as const]) {
    let after: string | undefined;
    for (;;) {
      const filter = { states, ...(from === undefined ? {} : { since: from }), ...(after === undefined ? {} : { after }) };
      const page = await deps.ledger.writes({ ...filter, limit: limits.claimBatchMax });
      for (const row of page) {
        if (signal.aborted) return counts;
        if (row.prepared === null) continue;
        const { attached, answer } = await lookOnce(deps, row, foundAfterLoss);
        counts.looked += 1;
        counts[attached ? 'found' : answer?.outcome === 'absent' ? 'absent' : 'unclear'] += 1;
        progress(counts);
      }
      after = page.at(-1)?.id;
      if (after === undefined) break;
    }
  }
  return counts;
}

const open = [
  'draft',
  'awaiting-approval',
  'held',
  'pending',
  'failed-retryable',
  'conflict',
] as const satisfies readonly StateName[];
const givenUp = ['failed-terminal', 'withdrawn'] as const satisfies readonly StateName[];

/**
 * Since when the ledger is known not to know whether this write was sent before (epoch milliseconds); `null`: it knows. True of
 * what it held when it lost its end, and of events of that time that are handed in again, until an attempt stands behind it.
 */
export async function sentBeforeLoss(
  { ledger }: Pick<EngineDeps, 'ledger'>,
  events: EventSource,
  row: WriteRow,
): Promise<number | null> {
  const lost = (await ledger.row('workspace', workspaceLog, 'workspace'))?.lost;
  if (lost === undefined) return null;
  const size = lost.sizes[row.tenant] ?? 0;
  if (row.eventSeq >= size && epochMs((await events.eventAt(row.tenant, row.eventSeq)).occurredAt) > lost.at) return null;
  const entries = await ledger.entries(row.tenant, { stream: `write/${row.id}` }, ENTRIES_MAX);
  return entries.some(({ type, seq }) => type === 'write.attempted' && seq >= size) ? null : lost.at;
}

/** What the chart says of a write that may have been sent in the time that is lost. */
type AfterLoss =
  /** It is not there, by a search that can be trusted. */
  | { readonly then: 'send' }
  /** It is there, and attached. */
  | { readonly then: 'settled' }
  | { readonly then: 'ask'; readonly reason: string }
  | { readonly then: 'wait'; readonly code: FailureCode; readonly retryAfterMs: number | null }
  | { readonly then: 'hold'; readonly code: FailureCode }
  | { readonly then: 'conflict'; readonly reference: string };

/** Looks for a write just before it is sent. Whatever was sent in the lost time left before `lostAt`. */
export async function lookBeforeSending(deps: EngineDeps, row: WriteRow, settleMs: number, lostAt: number): Promise<AfterLoss> {
  const settled = lostAt + settleMs - deps.clock.now();
  if (settled > 0) return { then: 'wait', code: 'search-not-trusted', retryAfterMs: settled };
  const { attached, answer } = await lookOnce(deps, row, foundAfterLoss);
  if (attached) return { then: 'settled' };
  switch (answer?.outcome) {
    case undefined:
      return { then: 'wait', code: 'ehr-unreachable', retryAfterMs: null };
    case 'present':
      // It has moved meanwhile, and comes up again if it still has to be sent.
      return { then: 'settled' };
    case 'duplicate':
      return { then: 'hold', code: 'chart-has-two' };
    case 'moved':
      return { then: 'conflict', reference: answer.match.reference };
    case 'inconclusive':
      return { then: 'wait', code: answer.code, retryAfterMs: answer.retryAfterMs };
    case 'absent': {
      const asked = row.approval?.made === 'person' && row.approval.at > lostAt;
      if (row.tier !== 'high' || row.operation !== 'create' || asked) return { then: 'send' };
      return {
        then: 'ask',
        reason: 'the ledger lost its end, and the chart does not show this write; a person decides whether it goes',
      };
    }
  }
}

const ENTRIES_MAX = 10_000;
