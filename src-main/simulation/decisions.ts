import type { Operation } from './plan/operations.ts';
import type { DecisionOutcome, PeopleDecide } from '../ports/inbound/index.ts';
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
  }
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
  }
}
