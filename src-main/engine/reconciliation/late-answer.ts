import { engineActor, type EngineDeps } from '../deps.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { writeEntry } from '../write-commit.ts';
import type { EntryDraft } from '../../ports/outbound/index.ts';
import {
  afterLook,
  lateSuccess,
  type Exchange,
  type LookResult,
  type SendResult,
  type WriteRow,
  type WriteState,
} from '../../../src-shared/domain/index.ts';

/** What an EHR answered to an engine that had lost the write by then. */
export interface LateAnswer {
  /** The write as it was in flight. */
  readonly row: WriteRow;
  readonly result: SendResult;
  readonly exchange: readonly Exchange[];
}

const TRIES_MAX = 5;

/**
 * Attaches a late answer to its write. An answer that says where the write stands in the chart settles it, as finding it
 * there would. Any other answer is kept beside the write as evidence and settles nothing: whoever holds the write now looks
 * for it.
 */
export async function attachLateAnswer(deps: EngineDeps, answer: LateAnswer): Promise<void> {
  const { row: sent, result, exchange } = answer;
  const actor = engineActor(deps);
  deps.log.write('warn', 'late-answer', { write: sent.id, outcome: result.outcome });
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const row = await deps.ledger.row('write', sent.tenant, sent.id);
    if (row === undefined) return;
    const now = deps.clock.now();
    const moves = movesFor(row, result, now);
    if (moves === null) {
      const body = { id: row.id, attempt: sent.attempts, outcome: result.outcome, exchange };
      await deps.ledger.commit({ tenant: row.tenant, expected: [], entries: [kept(row, now, actor, body)] });
      return;
    }
    const entry = writeEntry('write.looked-up', row, now, actor, { id: row.id, moves, exchange });
    const verified = result.outcome === 'applied' && result.verification.result === 'verified';
    if (await commitWithEarlier(deps.ledger, row, entry, verified ? 'verified' : null, now, actor)) return;
  }
  deps.log.write('warn', 'late-answer-not-attached', { write: sent.id, outcome: result.outcome });
}

function movesFor(row: WriteRow, result: SendResult, now: number): readonly WriteState[] | null {
  if (result.outcome !== 'applied') return null;
  const { reference, versionId, landing, verification } = result;
  const found: LookResult = { outcome: 'present', reference, versionId, landing, verification };
  if (row.state.name === 'unknown') return afterLook(row, found, now, 0, 0);
  return lateSuccess(row, found, now);
}

function kept(
  row: WriteRow,
  at: number,
  actor: EntryDraft['actor'],
  body: Extract<EntryDraft, { type: 'write.answered-late' }>['body'],
): EntryDraft {
  const { patientKey, group: correlation } = row;
  return { type: 'write.answered-late', stream: `write/${row.id}`, at, actor, patientKey, correlation, body };
}
