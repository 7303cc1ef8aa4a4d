import type { ContractRow } from '../contract-matrix.ts';
import { actingRole, type Act } from '../authority.ts';
import { approve, attestAbsent, attestFound, reject, resolve, retry, withdraw, type Decision } from '../decisions.ts';
import type { EmergencyRow } from '../governance/index.ts';
import type { Person } from '../people.ts';
import type { WriteRow } from '../write.ts';

/** What a person can do with a write, and for what is locked: why. */
export interface PossibleAction {
  readonly name: 'approve' | 'reject' | 'retry' | 'withdraw' | 'resolve' | 'attest-found' | 'attest-absent';
  readonly allowed: boolean;
  /** Empty when allowed. */
  readonly reason: string;
}

/** Words that stand for those the person will write: only whether the decision would be taken is asked here. */
const TRIAL = 'trial';

/** Asks each decision itself, so that what is offered and what is then allowed cannot differ. */
export function actionsOf(
  row: WriteRow,
  person: Person,
  contract: ContractRow,
  now: number,
  standIn?: EmergencyRow,
): readonly PossibleAction[] {
  const trials: readonly (readonly [PossibleAction['name'], Act, () => Decision])[] = [
    [
      'approve',
      'write.approve',
      () => approve(row, person, contract, row.prepared?.sha256 ?? '', TRIAL, now, undefined, standIn),
    ],
    ['reject', 'write.reject', () => reject(row, TRIAL)],
    ['retry', 'write.retry', () => retry(row, now)],
    ['withdraw', 'write.withdraw', () => withdraw(row, person.id, TRIAL, now)],
    ['resolve', 'write.resolve', () => resolve(row, person.id, TRIAL, now)],
    [
      'attest-found',
      'write.resolve',
      () => attestFound(row, { reference: 'Resource/trial', versionId: null, landing: 'charted' }, person.id, TRIAL, now),
    ],
    ['attest-absent', 'write.resolve', () => attestAbsent(row, TRIAL, now)],
  ];
  return trials.map(([name, act, trial]) => {
    if (actingRole(person, act) === undefined) return { name, allowed: false, reason: 'your role does not do this' };
    const decided = trial();
    return decided.ok ? { name, allowed: true, reason: '' } : { name, allowed: false, reason: decided.message };
  });
}
