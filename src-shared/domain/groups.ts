import type { ContractRow } from './contract-matrix.ts';
import { markedAsError } from './follow-up.ts';
import type { Role } from './people.ts';
import type { StateName, StateOf, WriteRow } from './write.ts';
import type { ExactObject } from '../fhir/index.ts';

/** How the writes of one group stand, counted by what their states mean for the group. */
export interface GroupCounts {
  readonly open: number;
  readonly charted: number;
  readonly failed: number;
  /** Charted once and taken back or corrected since. */
  readonly undone: number;
  /** Ended without being charted, by decision: withdrawn, superseded. */
  readonly ended: number;
}

export const groupStates = ['open', 'complete', 'partial', 'failed', 'compensating'] as const;
export type GroupState = (typeof groupStates)[number];

/** What a write's state means for its group. */
export function groupClassOf(state: StateName): keyof GroupCounts {
  switch (state) {
    case 'draft':
    case 'validated':
    case 'awaiting-approval':
    case 'held':
    case 'pending':
    case 'in-flight':
    case 'unknown':
    case 'conflict':
    case 'failed-retryable':
      return 'open';
    case 'committed':
    case 'resolved-by-hand':
    case 'corrected':
      return 'charted';
    case 'failed-terminal':
    case 'quarantined':
      return 'failed';
    case 'compensated':
      return 'undone';
    case 'withdrawn':
    case 'superseded':
      return 'ended';
  }
}

/**
 * The state of a group (architecture, section 3), or `null` for a group without writes.
 *
 * `open` while any write may still move by itself or by a decision; then `compensating` when some were taken back and
 * others still stand, `partial` when some failed and others were charted, `failed` when some failed and none was charted,
 * else `complete`: everything that was to be charted is.
 */
export function groupStateOf(counts: GroupCounts): GroupState | null {
  if (counts.open + counts.charted + counts.failed + counts.undone + counts.ended === 0) return null;
  if (counts.open > 0) return 'open';
  if (counts.undone > 0 && counts.charted > 0) return 'compensating';
  if (counts.failed > 0) return counts.charted + counts.undone > 0 ? 'partial' : 'failed';
  return 'complete';
}

/** How far one write of a group has come: prepared first, committed after that (A3). */
export type MemberPhase = 'preparing' | 'prepared' | 'committing' | 'committed' | 'failed' | 'ended' | 'undone';

export function memberPhase({ state, prepared }: Pick<WriteRow, 'state' | 'prepared'>): MemberPhase {
  switch (state.name) {
    case 'draft':
    case 'validated':
      return 'preparing';
    case 'held':
    case 'awaiting-approval':
    case 'pending':
      return prepared === null ? 'preparing' : 'prepared';
    case 'in-flight':
    case 'unknown':
    case 'failed-retryable':
    case 'conflict':
      return 'committing';
    case 'committed':
      return 'committed';
    case 'failed-terminal':
    case 'quarantined':
      return 'failed';
    case 'compensated':
    case 'corrected':
      return 'undone';
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
      return 'ended';
  }
}

/** How far a whole group has come: `preparing` until every write is prepared, `committing` until each has come to rest. */
export type GroupPhase = 'preparing' | 'prepared' | 'committing' | 'settled';

export interface GroupPicture {
  readonly phase: GroupPhase;
  /** As the ledger counts it; `compensated` once everything that was charted has been taken back. */
  readonly state: GroupState | 'compensated';
}

/** The picture of a group from its writes; `null` for one without writes. */
export function groupPicture(rows: readonly Pick<WriteRow, 'state' | 'prepared'>[]): GroupPicture | null {
  const counts = { open: 0, charted: 0, failed: 0, undone: 0, ended: 0 };
  for (const { state } of rows) counts[groupClassOf(state.name)] += 1;
  const state = groupStateOf(counts);
  if (state === null) return null;
  const phases = rows.map(memberPhase);
  const phase: GroupPhase =
    state !== 'open'
      ? 'settled'
      : phases.some((one) => one === 'committing' || one === 'committed')
        ? 'committing'
        : phases.includes('preparing')
          ? 'preparing'
          : 'prepared';
  return { phase, state: counts.undone > 0 && counts.open === 0 && counts.charted === 0 ? 'compensated' : state };
}

/** What could be done about one charted write of a group that failed in part: how, by whom, with which consequence (E5). */
export interface CompensationOffer {
  readonly write: string;
  readonly connection: string;
  readonly reference: string;
  readonly how: ContractRow['rollback'];
  /** True where Countersign can send the change that takes it back, as a write of its own; else a person does it in the EHR. */
  readonly sends: boolean;
  /** Who may decide on it: the approvers of this kind of content. */
  readonly by: readonly Role[];
  readonly consequence: string;
}

/**
 * The offers of a group, one for each write that stands in the chart, when at least one other failed for good or was given
 * up; empty while anything may still move by itself. They are offers: nothing is undone by them.
 */
export function compensationOffers(
  rows: readonly WriteRow[],
  contractOf: (row: WriteRow) => Pick<ContractRow, 'rollback' | 'approvers'>,
): readonly CompensationOffer[] {
  const moving = rows.some((row) => ['preparing', 'prepared', 'committing'].includes(memberPhase(row)));
  const lost = rows.some(
    ({ state }) => state.name === 'failed-terminal' || state.name === 'withdrawn' || state.name === 'quarantined',
  );
  if (moving || !lost) return [];
  return rows.flatMap((row) => {
    if (row.state.name !== 'committed') return [];
    const { rollback: how, approvers: by } = contractOf(row);
    const { reference } = row.state.evidence;
    const sends = how === 'entered-in-error';
    return [{ write: row.id, connection: row.connection, reference, how, sends, by, consequence: consequences[how] }];
  });
}

const consequences: Readonly<Record<ContractRow['rollback'], string>> = {
  addendum: 'The entry stays readable in the chart; an addendum says what is wrong with it. Who has read it is not told.',
  'entered-in-error': 'The entry is marked as entered in error and leaves the lists that people work from; its history stays.',
  'status-change': 'The entry is cancelled. What others have done because of it is not undone.',
  'restore-version': 'The values from before are put back. Changes made since by others have to be kept by hand.',
  'by-hand': 'Nothing that Countersign can see later; a person undoes it in the EHR.',
};

export const groupDecisions = ['keep', 'undo'] as const;
/** `keep`: what is charted stands. `undo`: it is to be taken back in the EHR by a person. */
export type GroupDecision = (typeof groupDecisions)[number];

const cancelled = ['cancelled', 'revoked', 'stopped', 'rejected', 'retracted'];

/** What the chart shows of an entry that a person is said to have taken back. */
export type TakenBack =
  | { readonly ok: true; readonly moves: readonly [StateOf<'compensated'>] }
  | { readonly ok: false; readonly code: 'state-forbids' | 'still-charted'; readonly message: string };

/**
 * Ends a charted write as taken back, when the chart shows it: the entry is gone, marked as entered in error or, where the
 * contract takes back by a change of status, cancelled. A person's word alone is not enough.
 *
 * @param seen the entry as it was just read; `null`: the EHR says that it is gone
 */
export function takenBack(
  row: Pick<WriteRow, 'state'>,
  how: ContractRow['rollback'],
  seen: ExactObject | null,
  by: string,
): TakenBack {
  if (row.state.name !== 'committed')
    return {
      ok: false,
      code: 'state-forbids',
      message: `it is ${row.state.name}; only what stands in the chart can be taken back`,
    };
  const shown =
    seen === null || markedAsError(seen) || (how === 'status-change' && cancelled.some((status) => status === seen.status));
  if (!shown) {
    const wanted = how === 'status-change' ? 'cancelled or marked as entered in error' : 'marked as entered in error or removed';
    const message = `${row.state.evidence.reference} still stands in the chart; it has to be ${wanted} there first`;
    return { ok: false, code: 'still-charted', message };
  }
  return { ok: true, moves: [{ name: 'compensated', by }] };
}

/**
 * Why a charted entry cannot be taken back by a change of Countersign's own, or `null`: it must stand in the very version that
 * was written. What somebody has changed since is theirs as well.
 *
 * @param versionId the version that the chart holds now
 */
export function notOursAnyMore({ evidence }: StateOf<'committed'>, versionId: string | null): string | null {
  const { reference } = evidence;
  if (evidence.versionId === null || versionId === null)
    return `${reference} has no version, so that a change made by somebody else could not be noticed`;
  if (evidence.versionId === versionId) return null;
  return `${reference} was changed since it was written: version ${evidence.versionId} was ours, ${versionId} stands there now`;
}
