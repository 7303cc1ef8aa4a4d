import { stageOf, stoppedBy } from '../dispatch/stop.ts';
import { standingNow, type StandingDeps } from '../policy/standing.ts';
import { heldWrites, release } from './release.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import { stillHeld, workspaceLog, type Actor, type FailureCode, type WriteRow } from '../../../src-shared/domain/index.ts';

/** Asking again about writes that are held, when something that held them may have changed. */

export type ReaskDeps = StandingDeps & { readonly ledger: Ledger };

const byStanding = [
  'environment-mix',
  'baa-missing',
  'baa-expired',
  'gate-closed',
  'consent-revoked',
  'consent-expired',
  'consent-denied',
  'consent-out-of-scope',
  'consent-unknown',
] as const satisfies readonly FailureCode[];

/** Holds of which Countersign itself can see whether they are over. */
export const seenHolds = [
  'writes-switched-off',
  'drafts-switched-off',
  'stage-read-only',
  ...byStanding,
] as const satisfies readonly FailureCode[];
export type SeenHold = (typeof seenHolds)[number];

/**
 * Whether what holds a write is known to hold it still, asked on what is recorded by now. What cannot be seen from here
 * (a permission, a credential) counts as gone: trying is the way to find out.
 */
export async function holdsStill(deps: ReaskDeps, row: WriteRow): Promise<boolean> {
  if (row.state.name !== 'held') return false;
  const { hold } = row.state;
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (!byStanding.some((code) => code === hold.code)) {
    const staged = connection === undefined ? undefined : { stage: await stageOf(deps.ledger, connection, row) };
    const what = hold.code === 'drafts-switched-off' ? 'drafts' : 'writes';
    return stillHeld(hold, staged, await stoppedBy(deps.ledger, row, what));
  }
  if (connection === undefined) return true;
  return (await standingNow(deps, row, connection)).held?.code === hold.code;
}

/**
 * Lets go whatever is no longer held by one of these, oldest first so that the order of a lane is kept; tells how many.
 * What is let go is checked anew, or looked at once more just before it is sent.
 */
export async function reask(
  deps: ReaskDeps,
  actor: Actor,
  codes: readonly SeenHold[],
  of: { readonly connection?: string; readonly patientKey?: string } = {},
): Promise<number> {
  const rows: WriteRow[] = [];
  for (const code of codes) for await (const row of heldWrites(deps.ledger, { ...of, code })) rows.push(row);
  let released = 0;
  for (const row of rows.sort((a, b) => a.createdAt - b.createdAt)) {
    if (await holdsStill(deps, row)) continue;
    if (await release(deps.ledger, row, deps.clock.now(), actor)) released += 1;
  }
  return released;
}

/** After consents of these patients (pseudonymous keys) were recorded. */
export async function reaskPatients(deps: ReaskDeps, actor: Actor, patientKeys: readonly string[]): Promise<void> {
  for (const patientKey of patientKeys) await reask(deps, actor, byStanding, { patientKey });
}
