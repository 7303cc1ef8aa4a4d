import { mayAct } from '../authority.ts';
import type { ContractMatrix } from '../contract-matrix.ts';
import type { Person } from '../people.ts';
import { policyKey, type ContractOverride, type PolicyDocument } from './documents.ts';
import { distinctPersons } from './separation.ts';
import { loosens, overrideLoosens, tightened, type LoosenedCell } from './tighten.ts';

/** Changing a policy (B1): proposed, approved by another person, in force from that moment on. */

/** A proposed policy, as the ledger keeps it; the text stands in the log entry `seq`. */
export interface ProposalRow {
  readonly id: string;
  readonly version: number;
  readonly key: string;
  readonly documentVersion: string;
  readonly seq: number;
  readonly state: 'proposed' | 'approved' | 'refused';
  readonly loosened: readonly LoosenedCell[];
  readonly proposedBy: string;
  readonly proposedAt: number;
  readonly reason: string;
  readonly decidedBy: string | null;
  readonly decidedAt: number | null;
}

/** The policy that is in force under a key. */
export interface PolicyRow {
  readonly key: string;
  readonly version: number;
  readonly documentVersion: string;
  /** Log entry with its text. */
  readonly seq: number;
  readonly proposal: string;
  readonly proposedBy: string;
  readonly approvedBy: string;
  readonly effectiveFrom: number;
}

export const policyRefusals = [
  'policy-invalid',
  'policy-loosens',
  'policy-version-used',
  'policy-self-approved',
  'policy-decided',
  'policy-unknown',
  'role-forbids',
  'reason-missing',
] as const;
export type PolicyRefusal = (typeof policyRefusals)[number];

export type PolicyDecided<T> =
  ({ readonly ok: true } & T) | { readonly ok: false; readonly code: PolicyRefusal; readonly message: string };

const no = (code: PolicyRefusal, message: string) => ({ ok: false, code, message }) as const;

export interface ProposeFacts {
  readonly document: PolicyDocument;
  readonly person: Person;
  readonly reason: string;
  /** The contract that an override stands on: what is in force, without overrides. */
  readonly contract: ContractMatrix;
  /** The override in force in the place that this one would take. */
  readonly current?: ContractOverride | undefined;
  /** Every version that was ever in force or proposed under the document's key. */
  readonly usedVersions: readonly string[];
}

/**
 * Whether a document may be proposed. An override that loosens is refused here and never reaches an approver. A new
 * contract of the house may loosen, because somebody must be able to; every loosened cell is named to the approver.
 */
export function decidePropose(facts: ProposeFacts): PolicyDecided<{ readonly loosened: readonly LoosenedCell[] }> {
  const { document, contract } = facts;
  if (!mayAct(facts.person, 'policy.propose')) return no('role-forbids', `"${facts.person.id}" may not propose policies`);
  if (facts.reason.trim() === '') return no('reason-missing', 'say why the policy is to change');
  if (facts.usedVersions.includes(document.version))
    return no(
      'policy-version-used',
      `"${policyKey(document)}" has had a version "${document.version}" already; give it another name`,
    );
  if (document.policy === 'override') {
    const cells = overrideLoosens(contract, document);
    if (cells.length > 0) return no('policy-loosens', `an override may only tighten: ${cellWords(cells)}`);
  }
  return { ok: true, loosened: loosenedBy(document, contract, facts.current) };
}

/** Cells that would be looser than they are now: a contract of the house may loosen, and an override what it replaces. */
function loosenedBy(
  document: PolicyDocument,
  contract: ContractMatrix,
  current: ContractOverride | undefined,
): readonly LoosenedCell[] {
  if (document.policy === 'contract') return loosens(contract, document);
  if (document.policy !== 'override' || current === undefined) return [];
  return loosens(tightened(contract, [current]), tightened(contract, [document]));
}

/** Loosened cells in words. */
export function cellWords(cells: readonly LoosenedCell[]): string {
  return cells.map((one) => `${one.kind}.${one.cell} from "${one.before}" to "${one.after}"`).join('; ');
}

export interface ApprovePolicyFacts {
  readonly proposal: ProposalRow | undefined;
  readonly document: PolicyDocument;
  readonly person: Person;
  /** The contract in force now; it may be another than when the override was proposed. */
  readonly contract: ContractMatrix;
}

/** Whether a proposed policy comes into force. The checks of the proposal are made again on what is in force now. */
export function decideApprovePolicy(facts: ApprovePolicyFacts): PolicyDecided<object> {
  const { proposal, person, document } = facts;
  if (proposal === undefined) return no('policy-unknown', 'there is no such proposal');
  if (proposal.state !== 'proposed') return no('policy-decided', `it was ${proposal.state} by "${proposal.decidedBy ?? ''}"`);
  if (!distinctPersons(proposal.proposedBy, person.id))
    return no('policy-self-approved', `"${person.id}" proposed it; another person has to approve it`);
  if (!mayAct(person, approveAct(document))) return no('role-forbids', `"${person.id}" may not approve this kind of policy`);
  if (document.policy === 'override') {
    const cells = overrideLoosens(facts.contract, document);
    if (cells.length > 0) return no('policy-loosens', `an override may only tighten: ${cellWords(cells)}`);
  }
  return { ok: true };
}

/** Clinical rules are approved by the clinical owner, rules about consent and agreements by compliance. */
export function approveAct(document: Pick<PolicyDocument, 'policy'>): 'policy.approve.clinical' | 'policy.approve.compliance' {
  switch (document.policy) {
    case 'contract':
    case 'override':
    case 'house-rules':
      return 'policy.approve.clinical';
    case 'consent':
    case 'baa':
      return 'policy.approve.compliance';
  }
}
