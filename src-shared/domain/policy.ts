import type { CountedApproval } from './approval.ts';
import type { ContractRow } from './contract-matrix.ts';
import type { Finding } from './entries.ts';
import type { Connection } from './people.ts';
import type { WriteApproval, WriteState } from './write.ts';

/** Whether a checked write goes, waits or stops (B1, B3): the contract row, the connection's stage and the approval. */

export interface PolicyFacts {
  readonly contract: ContractRow;
  readonly connection: Pick<Connection, 'stage' | 'active'>;
  readonly counted: CountedApproval;
  /** Someone at the source said no. */
  readonly rejectedAtSource: boolean;
  readonly findings: readonly Finding[];
  readonly requestSha256: string;
  readonly now: number;
}

export interface PolicyDecision {
  readonly moves: readonly WriteState[];
  readonly approval: WriteApproval | null;
}

/** From `draft`, with the request prepared: the states the write passes through. */
export function decidePolicy(facts: PolicyFacts): PolicyDecision {
  const { contract, connection, counted, now } = facts;
  const validated: WriteState = { name: 'validated' };
  if (facts.findings.some((finding) => finding.severity === 'stop')) {
    return { moves: [{ name: 'failed-terminal', code: 'structure-invalid' }], approval: null };
  }
  if (contract.tier === 'blocked') return { moves: [{ name: 'failed-terminal', code: 'policy-blocked' }], approval: null };
  if (facts.rejectedAtSource) return { moves: [{ name: 'failed-terminal', code: 'approval-rejected' }], approval: null };
  if (!connection.active) return held(validated, 'connection-inactive');
  if (connection.stage !== 'staged' && connection.stage !== 'limited-auto-write') return held(validated, 'stage-read-only');
  if (!counted.counts) {
    return {
      moves: [validated, { name: 'awaiting-approval', roles: contract.approvers, reason: counted.reason }],
      approval: null,
    };
  }
  return {
    moves: [validated, { name: 'pending', nextAt: now }],
    approval: { ...counted.approval, requestSha256: facts.requestSha256 },
  };
}

function held(validated: WriteState, code: 'connection-inactive' | 'stage-read-only'): PolicyDecision {
  return {
    moves: [validated, { name: 'held', hold: { code, liftedBy: 'integration-administrator' }, resume: 'draft' }],
    approval: null,
  };
}
