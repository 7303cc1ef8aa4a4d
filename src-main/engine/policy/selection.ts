import type { EngineDeps } from '../deps.ts';
import {
  personAt,
  selectionOf,
  workspaceLog,
  type BlockedSelection,
  type Person,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

type SelectionDeps = Pick<EngineDeps, 'ledger' | 'clock'>;

/** Whoever selected a blocked write, with the roles they have now; `undefined`: nobody has, or they are no longer active. */
export async function selectorNow(
  { ledger, clock }: SelectionDeps,
  row: Pick<WriteRow, 'selection'>,
): Promise<Person | undefined> {
  if (row.selection === undefined) return undefined;
  const person = await ledger.row('person', workspaceLog, row.selection.by);
  return person?.active === true ? personAt(person, clock.now()) : undefined;
}

/** The selection that takes a blocked write up now, under this version of its contract. */
export async function selectionNow(
  deps: SelectionDeps,
  row: Pick<WriteRow, 'selection'>,
  contractVersion: string,
): Promise<BlockedSelection | undefined> {
  return selectionOf(row, contractVersion, await selectorNow(deps, row));
}
