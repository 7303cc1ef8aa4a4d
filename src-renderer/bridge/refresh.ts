import type { MethodName, Notice } from '../../src-shared/contract/index.ts';

/** Answers that follow from the ledger. What reads a chart or large texts is not among them: it is asked for by hand. */
const fromLedger: ReadonlySet<MethodName> = new Set([
  'frame.read',
  'today.read',
  'queue.page',
  'queue.rows',
  'queue.find',
  'approvals.list',
  'connections.list',
] as const);

/** Whether a notice makes the answer to this question out of date. */
export function outdates(notice: Notice, method: MethodName, request: unknown): boolean {
  switch (notice.kind) {
    case 'ledger':
      if (fromLedger.has(method)) return true;
      if (method !== 'write.read') return false;
      return notice.writes === null || notice.writes.includes((request as { readonly id: string }).id);
    case 'frame':
      return method === 'frame.read';
    case 'job':
      return method === 'log.job' && (request as { readonly job: string }).job === notice.job;
    case 'session':
      return false;
  }
}

/** Two notices about the ledger as one. */
function merge(first: Notice, second: Notice): Notice | null {
  if (first.kind !== 'ledger' || second.kind !== 'ledger') return null;
  const writes = first.writes === null || second.writes === null ? null : [...new Set([...first.writes, ...second.writes])];
  return { kind: 'ledger', revision: Math.max(first.revision, second.revision), writes };
}

/** The notices with the next one added: all about the ledger are one, and the same one is there once. */
export function gather(waiting: readonly Notice[], next: Notice): readonly Notice[] {
  const index = waiting.findIndex((one) => merge(one, next) !== null);
  const same = waiting[index];
  if (same !== undefined) return waiting.with(index, merge(same, next) ?? next);
  return waiting.some((one) => JSON.stringify(one) === JSON.stringify(next)) ? waiting : [...waiting, next];
}
