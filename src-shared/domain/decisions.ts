import { approverRole } from './approval.ts';
import { actingRole } from './authority.ts';
import { approversFor, personsFor, selectedByOneself } from './blocked.ts';
import { countApprovals, type EmergencyRow } from './governance/index.ts';
import { limits } from '../limits/index.ts';
import type { RiskTier } from './risk.ts';
import type { ContractRow } from './contract-matrix.ts';
import type {
  BlockedSelection,
  ChartEvidence,
  FindingSignature,
  Landing,
  StateOf,
  WriteApproval,
  WriteRow,
  WriteState,
} from './write.ts';
import type { Person } from './people.ts';
import { switchWords, type Switch } from './switches.ts';
import { mayMove } from './transitions.ts';
import { committed, sendAgain, waitsForCalendar } from './outcome.ts';

/** What people decide about a write: each decision is allowed or refused with words that say what is possible instead. */

export const decisionRefusals = [
  'state-forbids',
  'role-forbids',
  'approval-stale',
  'reason-missing',
  'approvals-frozen',
  'findings-not-acknowledged',
  'self-waiver',
  'step-up-needed',
] as const;
export type DecisionRefusal = (typeof decisionRefusals)[number];

export type Decision =
  | {
      readonly ok: true;
      readonly moves: readonly WriteState[];
      readonly approval?: WriteApproval | null;
      /** What the person signed about its findings with this. */
      readonly signatures?: readonly FindingSignature[];
    }
  | Refusal;
interface Refusal {
  readonly ok: false;
  readonly code: DecisionRefusal;
  readonly message: string;
}

const no = (code: DecisionRefusal, message: string): Refusal => ({ ok: false, code, message });

/**
 * Approves exactly the prepared bytes; `requestSha256` is the hash of what the person was shown.
 *
 * @param frozen the switch that freezes the approval of this write, if there is one
 * @param standIn emergency access that stands in for a role the person does not have; for nothing else
 */
export function approve(
  row: WriteRow,
  person: Person,
  contract: ContractRow,
  requestSha256: string,
  meaning: string,
  now: number,
  frozen?: Switch,
  standIn?: Pick<EmergencyRow, 'id' | 'role'>,
): Decision {
  if (row.state.name !== 'awaiting-approval')
    return no('state-forbids', `it is ${row.state.name}; only a write that awaits approval can be approved`);
  if (frozen !== undefined)
    return no('approvals-frozen', `approvals are frozen for ${switchWords(frozen.scope)} by ${frozen.by}: ${frozen.reason}`);
  // The write may ask for more than its contract does: a second sending of something dangerous needs a clinical owner.
  const asked = row.state.roles;
  const approvers = approversFor(contract).filter((one) => asked.includes(one));
  const own = approverRole(person, { approvers });
  const role =
    own ?? (standIn !== undefined && contract.tier !== 'blocked' ? approvers.find((one) => one === standIn.role) : undefined);
  if (role === undefined) return no('role-forbids', `it needs one of: ${approvers.join(', ')}`);
  const oneself = contract.tier === 'blocked' ? selectedByOneself(row.selection, person.id) : null;
  if (oneself !== null) return no('role-forbids', oneself);
  if (row.prepared === null || row.prepared.sha256 !== requestSha256)
    return no('approval-stale', 'what would be sent is not what was shown; look at it again');
  const approval: WriteApproval = {
    by: person.id,
    name: person.name,
    role,
    at: now,
    meaning,
    made: 'person',
    contentSha256: row.contentSha256,
    requestSha256,
    ...(own === undefined && standIn !== undefined ? { emergency: standIn.id } : {}),
    ...(row.state.context === undefined ? {} : { context: row.state.context }),
  };
  const count = countApprovals(personsFor(contract), row.state.given ?? [], person.id, requestSha256);
  switch (count.counts) {
    case 'no':
      return no('role-forbids', count.message);
    case 'first': {
      const reason = `${person.name} has approved it; ${count.left} more must, and not the same person`;
      const given = [...(row.state.given ?? []).filter((one) => one.requestSha256 === requestSha256), approval];
      return { ok: true, moves: [{ ...row.state, reason, given }] };
    }
    case 'last':
      return { ok: true, moves: [{ name: 'pending', nextAt: now }], approval: { ...approval, with: count.earlier } };
    case 'alone':
      return { ok: true, moves: [{ name: 'pending', nextAt: now }], approval };
  }
}

export type SelectDecision =
  { readonly ok: true; readonly moves: readonly WriteState[]; readonly selection: BlockedSelection } | Refusal;

/**
 * Takes up a write that the contract blocks (B3): it is checked anew, and then waits for two other people. Nothing goes by
 * this alone.
 *
 * @param contractVersion of the contract in force; under another one the selection holds no longer
 * @param newestVersion of its event: what a newer version replaces is not taken up
 */
export function select(
  row: WriteRow,
  person: Person,
  contract: Pick<ContractRow, 'tier'>,
  contractVersion: string,
  newestVersion: number,
  reason: string,
  now: number,
): SelectDecision {
  if (row.state.name !== 'failed-terminal' || row.state.code !== 'policy-blocked')
    return no('state-forbids', `it is ${row.state.name}; only a write that the contract blocks can be selected`);
  if (contract.tier !== 'blocked')
    return no('state-forbids', 'the contract in force no longer blocks it; have it sent again as a new version');
  if (newestVersion > row.eventVersion)
    return no('state-forbids', `version ${newestVersion} of its event has come; select the write of that version`);
  const role = actingRole(person, 'write.select');
  if (role === undefined) return no('role-forbids', `"${person.id}" may not select what the contract blocks`);
  if (reason.trim() === '') return no('reason-missing', 'say why it has to be written all the same');
  const selection = { by: person.id, name: person.name, role, at: now, reason, contract: contractVersion };
  return { ok: true, moves: [{ name: 'draft', nextAt: now, looks: 0 }], selection };
}

/**
 * Refuses an approval of high risk, or of what the contract blocks, by somebody who signed in too long ago; `null`: the
 * secret need not be asked again (G4).
 */
export function stepUp(tier: RiskTier, signedInAgeMs: number): Extract<Decision, { ok: false }> | null {
  if ((tier !== 'high' && tier !== 'blocked') || signedInAgeMs <= limits.stepUpAgeMaxMs) return null;
  return no('step-up-needed', 'this is high risk, and you signed in a while ago: give your secret again');
}

export function reject(row: WriteRow, reason: string): Decision {
  if (row.state.name !== 'awaiting-approval')
    return no('state-forbids', `it is ${row.state.name}; only a write that awaits approval can be rejected`);
  if (reason.trim() === '') return no('reason-missing', 'say why it must not be charted');
  return { ok: true, moves: [{ name: 'failed-terminal', code: 'approval-rejected' }], approval: null };
}

/** Brings the next attempt of a failed-retryable write forward to now. */
export function retry(row: WriteRow, now: number): Decision {
  if (row.state.name === 'unknown')
    return no(
      'state-forbids',
      'it may already be in the chart; it is being looked for and is never sent again before that is settled',
    );
  if (row.state.name !== 'failed-retryable')
    return no('state-forbids', `it is ${row.state.name}; only a write that is due for another attempt can be retried`);
  return { ok: true, moves: [{ name: 'pending', nextAt: now }] };
}

export function withdraw(row: WriteRow, by: string, reason: string, now: number): Decision {
  if (reason.trim() === '') return no('reason-missing', 'say why it is withdrawn');
  if (row.state.name === 'unknown' || row.state.name === 'in-flight') {
    return no('state-forbids', 'it may already be in the chart; it can be withdrawn once that is settled');
  }
  if (!mayMove(row.state.name, 'withdrawn')) return no('state-forbids', `it is ${row.state.name} and can no longer be withdrawn`);
  return { ok: true, moves: [{ name: 'withdrawn', by, reason, at: now }] };
}

/** The states by which a held write goes on once what held it is gone; `null` when it is not held. */
export function released(row: WriteRow, now: number): readonly WriteState[] | null {
  if (waitsForCalendar(row)) return [{ name: 'pending', nextAt: now }];
  if (row.state.name !== 'held') return null;
  return [row.state.resume === 'pending' ? { name: 'pending', nextAt: now } : { name: 'draft', nextAt: now, looks: 0 }];
}

/** Ends a failed write: a person charted it by hand, or decided that it is not needed. */
export function resolve(row: WriteRow, by: string, note: string, now: number): Decision {
  if (note.trim() === '') return no('reason-missing', 'say what was done by hand, or why it is not needed');
  if (row.state.name === 'unknown') return no('state-forbids', 'say what the chart holds: --found TYPE/ID, or --absent');
  if (row.state.name !== 'failed-terminal')
    return no('state-forbids', `it is ${row.state.name}; only a failed write is resolved by hand`);
  return { ok: true, moves: [{ name: 'resolved-by-hand', by, at: now, note }] };
}

/** A named person looked in the chart and found the write there. */
export function attestFound(
  row: WriteRow,
  found: Pick<ChartEvidence, 'reference' | 'versionId'> & { landing: Landing },
  by: string,
  note: string,
  now: number,
): Decision {
  const attested = mayAttest(row, note);
  if (!attested.ok) return attested;
  const state = committed({ ...found, verification: { result: 'not-verifiable', reason: `attested by ${by}: ${note}` } }, now);
  return { ok: true, moves: [state] };
}

/** A named person looked in the chart and found that the write is not there; it may be sent again. */
export function attestAbsent(row: WriteRow, note: string, now: number): Decision {
  const attested = mayAttest(row, note);
  if (!attested.ok) return attested;
  const moves = sendAgain(row, { name: 'failed-retryable', code: attested.state.code, nextAt: now });
  return { ok: true, moves, ...(moves.at(-1)?.name === 'awaiting-approval' ? { approval: null } : {}) };
}

function mayAttest(row: WriteRow, note: string): { readonly ok: true; readonly state: StateOf<'unknown'> } | Refusal {
  if (note.trim() === '') return no('reason-missing', 'say where you looked and what you saw');
  if (row.state.name !== 'unknown') return no('state-forbids', `it is ${row.state.name}; only an unknown write is attested`);
  if (row.state.personSince === null)
    return no('state-forbids', 'the chart is still being looked at; wait until the look-ups are used up');
  return { ok: true, state: row.state };
}
