import type { Attention, Today } from '../../../src-shared/contract/index.ts';
import { runsOf } from '../../../src-shared/domain/index.ts';
import { queueAddress, type StateName, stateWords, writeAddress } from '../../components/index.ts';

/** What the Today screen says, and where it leads. */

/** Share of safe completions, cut rather than rounded, so that 100 % means all of them. */
export function shareWords(completion: Today['completion']): string {
  if (completion.all === 0) return '–';
  if (completion.safe === completion.all) return '100 %';
  return `${(Math.floor((completion.safe / completion.all) * 1000) / 10).toFixed(1)} %`;
}

type Cause = Pick<Attention, 'state' | 'code'>;

/** The list of all writes with one cause. */
export function causeAddress({ state, code }: Cause): string {
  const filter = { state, ...(code === null ? {} : { code }) };
  const tab = (['open', 'pending', 'committed'] as const).find((one) => runsOf(one, filter).length > 0) ?? 'all';
  return queueAddress(tab, { state, code: code ?? undefined });
}

/** Where a person deals with it: one write at once, approvals on their own screen, everything else in the queue. */
export function attentionAddress(attention: Attention, mayApprove: boolean): string {
  if (attention.state === 'awaiting-approval' && mayApprove) {
    return attention.only === null ? '/approvals' : `/approvals/${attention.only.id}`;
  }
  return attention.only === null ? causeAddress(attention) : writeAddress(attention.only.id);
}

/** The word on the button. */
export function attentionVerb(attention: Attention, mayApprove: boolean): string {
  return attention.state === 'awaiting-approval' && mayApprove ? 'Review' : 'Open';
}

/** How many writes of what: "11 writes: outcome unknown". */
export function manyWords({ state, code, count }: Pick<Attention, 'state' | 'code' | 'count'>): string {
  const { word } = stateWords(state, state === 'committed' && code !== null ? 'partial' : null, code);
  return `${count.toLocaleString()} ${count === 1 ? 'write' : 'writes'}: ${word}`;
}

/** Counts of a connection in the three groups that a glance needs. */
export function connectionCounts(counts: Today['connections'][number]['counts']): {
  readonly charted: number;
  readonly underway: number;
  readonly open: number;
} {
  const of = (...states: StateName[]): number => states.reduce((sum, state) => sum + (counts[state] ?? 0), 0);
  return {
    charted: of('committed'),
    underway: of('draft', 'validated', 'awaiting-approval', 'pending', 'in-flight'),
    open: of('unknown', 'conflict', 'failed-retryable', 'failed-terminal', 'held', 'quarantined'),
  };
}
