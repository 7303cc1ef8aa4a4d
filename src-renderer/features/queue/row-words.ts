import type { QueueRow } from '../../../src-shared/contract/index.ts';
import { ageWords } from '../../components/index.ts';

/** What happens next with a write, in two or three words. */
export function nextWords(row: Pick<QueueRow, 'state' | 'nextAt' | 'verification' | 'code'>, now: number): string {
  const when = row.nextAt === null ? null : Date.parse(row.nextAt) <= now ? 'now' : ageWords(row.nextAt, now);
  switch (row.state) {
    case 'draft':
      return when === null ? 'is checked' : `checked ${when}`;
    case 'validated':
      return 'is decided';
    case 'awaiting-approval':
      return 'approve or reject';
    case 'held':
      return 'lift the hold';
    case 'pending':
      return when === null ? 'waits its turn' : `sent ${when}`;
    case 'in-flight':
      return 'answer awaited';
    case 'unknown':
      return when === null ? 'look and attest' : `looks ${when}`;
    case 'conflict':
      return 'settle the conflict';
    case 'failed-retryable':
      return when === null ? 'tried again' : `tried ${when}`;
    case 'failed-terminal':
      return 'correct and send';
    case 'committed':
      if (row.verification === 'due') return when === null ? 'is read back' : `read back ${when}`;
      return row.verification === 'partial' ? 'correct the chart' : '—';
    case 'quarantined':
      return 'look into it';
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
      return '—';
  }
}

/** A name that only says how it begins: enough to find a row again, too little for whoever looks over a shoulder. */
export function maskedName(name: string): string {
  return name
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map((part) => `${[...part][0] ?? ''}…`)
    .join(' ');
}
