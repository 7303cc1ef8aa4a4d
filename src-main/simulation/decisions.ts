import type { Operation } from './plan/operations.ts';
import { clinicalOwner, clinicians, operator, secondOwner } from './plan/people.ts';
import type { DecisionOutcome, Groups, PeopleDecide } from '../ports/inbound/index.ts';
import type { Person, WriteRow } from '../../src-shared/domain/index.ts';

/** A decision of a person on one write. */
export type DecisionKind = Extract<Operation, { fitting: boolean }>['kind'];

/** Whether the decision fits the state in which the write is. */
export function fits(kind: DecisionKind, row: WriteRow): boolean {
  const { state } = row;
  switch (kind) {
    case 'approve':
    case 'reject':
      return state.name === 'awaiting-approval';
    case 'withdraw':
      return ['draft', 'awaiting-approval', 'held', 'pending', 'failed-retryable', 'conflict'].includes(state.name);
    case 'retry':
      return state.name === 'failed-retryable';
    case 'resolve':
      return state.name === 'failed-terminal';
    case 'attest':
      return state.name === 'unknown' && state.personSince !== null;
    case 'select':
      return state.name === 'failed-terminal' && state.code === 'policy-blocked';
  }
}

/** Kinds of content of which the contract says that an entry is marked as entered in error. */
const marked: readonly WriteRow['kind'][] = ['allergy'];

/** A charted write to be taken back, and what of its group has to be given up first. */
export interface ToTakeBack {
  readonly row: WriteRow;
  readonly open: readonly WriteRow[];
}

/**
 * Charted writes beside which another of their group has come to nothing, or can still be withdrawn.
 *
 * @param marks only those that a write of ours can take back
 */
export function toTakeBack(rows: readonly WriteRow[], marks: boolean): readonly ToTakeBack[] {
  return rows.flatMap((row) => {
    if (row.state.name !== 'committed' || (marks && !marked.includes(row.kind))) return [];
    const beside = rows.filter(({ group }) => group === row.group);
    const open = beside.filter((one) => fits('withdraw', one));
    const lost = beside.some(({ state }) => state.name === 'failed-terminal' || state.name === 'withdrawn');
    return lost || open.length > 0 ? [{ row, open }] : [];
  });
}

/**
 * Somebody gives up what is left of a group, and wants a charted entry of it taken back.
 *
 * @param mark what a person does who marks it in the EHR; `null`: a write of ours is to do it
 * @returns what the person was told: the write that takes it back, or that it is taken back; `null`: neither
 */
export async function takeBackAs(
  people: PeopleDecide,
  { decide, compensate, undone }: Groups,
  person: Person,
  { row, open }: ToTakeBack,
  mark: (() => void) | null,
): Promise<{ readonly planned: string } | 'taken back' | null> {
  for (const one of open) await people.withdraw(one.id, person, 'of somebody else');
  const actor = { kind: 'person', id: person.id, role: 'clinical-owner' } as const;
  if (!(await decide(row.group, 'undo', 'of somebody else', person, actor)).ok) return null;
  mark?.();
  if (mark !== null) return (await undone(row.id, 'marked in the EHR', person, actor)).ok ? 'taken back' : null;
  const outcome = await compensate(row.id, 'of somebody else', person, actor);
  const planned = outcome.ok ? outcome.group.compensations.findLast(({ compensates }) => compensates === row.id) : undefined;
  return planned === undefined ? null : { planned: planned.id };
}

/** Who decides so, the one or the other. */
export function deciding(kind: DecisionKind): readonly Person[] {
  if (kind === 'select') return [...clinicians, clinicalOwner];
  if (kind !== 'approve' && kind !== 'reject') return [operator];
  return [...clinicians, clinicalOwner, secondOwner, clinicalOwner, secondOwner];
}

/** What a person has to decide before the write can end; `null`: nothing. */
export function neededFor(row: WriteRow): DecisionKind | null {
  for (const kind of ['approve', 'attest'] as const) if (fits(kind, row)) return kind;
  if (row.state.name === 'conflict') return 'withdraw';
  return fits('resolve', row) ? 'resolve' : null;
}

/** @param standing where the write stands in the chart, as whoever looks there finds it */
export function decideAs(
  people: PeopleDecide,
  person: Person,
  kind: DecisionKind,
  row: WriteRow,
  standing: string | null,
): Promise<DecisionOutcome> {
  switch (kind) {
    case 'approve':
      return people.approve(row.id, person, 'reviewed and approved', row.prepared?.sha256 ?? '');
    case 'reject':
      return people.reject(row.id, person, 'not what was said');
    case 'withdraw':
      return people.withdraw(row.id, person, 'not needed');
    case 'retry':
      return people.retry(row.id, person);
    case 'resolve':
      return people.resolve(row.id, person, 'written by hand');
    case 'attest':
      return standing === null
        ? people.attestAbsent(row.id, person, 'looked in the chart, it is not there')
        : people.attestFound(row.id, person, standing, 'looked in the chart, it is there');
    case 'select':
      return people.select(row.id, person, 'the only way in');
  }
}
