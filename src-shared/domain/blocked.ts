import { rolesFor } from './authority.ts';
import type { ContractRow } from './contract-matrix.ts';
import { distinctPersons } from './governance/separation.ts';
import type { Person, Role } from './people.ts';
import type { BlockedSelection, WriteApproval, WriteRow } from './write.ts';

/**
 * What the contract blocks (B3): it goes only when somebody has selected it by name, with a reason, and two others have
 * approved exactly its bytes. Everything else is asked of it as of any write.
 */

type Deciding = Pick<ContractRow, 'tier' | 'approvers' | 'persons'>;

const PERSONS_FOR_BLOCKED = 2;

/** Who may approve under a contract row: of what is blocked, only those who may decide on high risk. */
export function approversFor(contract: Deciding): readonly Role[] {
  if (contract.tier !== 'blocked') return contract.approvers;
  return contract.approvers.filter((role) => rolesFor('write.approve.high').includes(role));
}

/** How many different people must approve under a contract row. */
export function personsFor(contract: Deciding): number {
  return contract.tier === 'blocked' ? Math.max(PERSONS_FOR_BLOCKED, contract.persons) : contract.persons;
}

/**
 * The selection that takes a blocked write up, or `undefined`: there is none, it was made under another contract, or whoever
 * made it may no longer do so.
 *
 * @param selector whoever selected it, with the roles they have now; `undefined`: no longer known or active
 */
export function selectionOf(
  { selection }: Pick<WriteRow, 'selection'>,
  contractVersion: string,
  selector: Pick<Person, 'roles'> | undefined,
): BlockedSelection | undefined {
  if (selection?.contract !== contractVersion) return undefined;
  return selector?.roles.includes(selection.role) === true ? selection : undefined;
}

/** What a selected write waits for, in words. */
export function selectionWords({ name, reason }: BlockedSelection): string {
  return `the contract blocks this; ${name} selected it: ${reason}; two others must approve it`;
}

/** Why nobody but others may approve what this person selected; `null`: it is somebody else's. */
export function selectedByOneself(selection: BlockedSelection | undefined, person: string): string | null {
  if (selection === undefined || distinctPersons(selection.by, person)) return null;
  return `"${person}" selected it; two others have to approve it`;
}

/**
 * Why a blocked write may not be sent with this approval, or `null`. Asked just before sending, whatever was decided
 * earlier.
 *
 * @param selector whoever selected it, with the roles they have now; `undefined`: no longer known or active
 */
export function blockedVoid(
  row: Pick<WriteRow, 'selection'>,
  contract: Deciding,
  contractVersion: string,
  approval: WriteApproval,
  selector: Pick<Person, 'roles'> | undefined,
): string | null {
  if (contract.tier !== 'blocked') return null;
  const selection = selectionOf(row, contractVersion, selector);
  if (selection === undefined) return 'the contract blocks it, and nobody who may has selected it';
  const given = [approval, ...(approval.with ?? [])];
  const people = given.filter(
    (one, at) =>
      one.made === 'person' &&
      one.emergency === undefined &&
      one.requestSha256 === approval.requestSha256 &&
      distinctPersons(selection.by, one.by) &&
      given.findIndex((other) => !distinctPersons(other.by, one.by)) === at,
  );
  return people.length >= personsFor(contract) ? null : 'the contract blocks it, and two others have not approved it';
}
