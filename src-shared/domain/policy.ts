import type { CountedApproval } from './approval.ts';
import { approversFor, selectionWords } from './blocked.ts';
import { stopsContent } from './checks/index.ts';
import { consentHold, type ConsentDecision } from './consent/index.ts';
import type { ContractRow } from './contract-matrix.ts';
import { changeWords, mayNotCarry, type CarryFacts, type GateState, type Held, type VersionAt } from './governance/index.ts';
import type { Connection, RolloutStage } from './people.ts';
import { signingRule, type NamedFinding } from './signing.ts';
import { stageSends } from './switches.ts';
import type { BlockedSelection, WriteApproval, WriteState } from './write.ts';

/**
 * Whether a checked write goes, waits or stops (B1, B3): the contract row, environments and agreements, the
 * connection's stage and gate, consent and the approval.
 */

export interface StandingFacts {
  readonly carry: CarryFacts;
  /** `null` for practice connections, which have no gate. */
  readonly gate: GateState | null;
  /** Of the connection, for the type of resource that would be written. */
  readonly stage: RolloutStage;
  readonly consent: ConsentDecision;
}

/** What can change between the check of a write and its sending, decided anew each time. */
export interface Standing {
  /** What holds the write, or `null`. */
  readonly held: Held | null;
  /** False when nothing about a patient may travel over this connection, not even a question. */
  readonly carries: boolean;
  readonly consent: ConsentDecision;
  readonly stage: RolloutStage;
}

/** Environments and agreements first, then the gate, then consent: the first that holds the write is told. */
export function decideStanding(facts: StandingFacts): Standing {
  const { consent, gate, stage } = facts;
  const carried = mayNotCarry(facts.carry);
  if (carried !== null) return { held: carried, carries: false, consent, stage };
  if (gate?.open === false && stageSends(stage)) {
    const because = `the checklist of "${facts.carry.connection.name}" is not complete: ${gate.missing.join('; ')}`;
    return { held: { code: 'gate-closed', liftedBy: 'integration-administrator', because }, carries: true, consent, stage };
  }
  const hold = consentHold(consent);
  const because = `${consent.reason} (${consent.rule}, ${consent.artifact})`;
  return { held: hold === null ? null : { ...hold, because }, carries: true, consent, stage };
}

export interface PolicyFacts {
  readonly contract: ContractRow;
  /** That somebody took it up though the contract blocks it; only one that holds (`selectionOf`). */
  readonly selection?: BlockedSelection | undefined;
  /** With the stage that counts for the write (`stageFor`). */
  readonly connection: Pick<Connection, 'stage' | 'active'>;
  readonly counted: CountedApproval;
  /** The approval by which it goes though nobody has approved it (`unattendedApproval`). */
  readonly unattended?: Omit<WriteApproval, 'requestSha256'> | undefined;
  /** Someone at the source said no. */
  readonly rejectedAtSource: boolean;
  /** What the checks found, with what was signed about it. */
  readonly findings: readonly NamedFinding[];
  readonly standing: Pick<Standing, 'held'>;
  readonly requestSha256: string;
  /** Versions behind it that no run of the corpus covers (B7). */
  readonly unseen: readonly VersionAt[];
  readonly now: number;
}

export interface PolicyDecision {
  readonly moves: readonly WriteState[];
  readonly approval: WriteApproval | null;
}

/** From `draft`, with the request prepared: the states the write passes through. The first rule that applies decides. */
export function decidePolicy(facts: PolicyFacts): PolicyDecision {
  const { contract, connection, counted, now } = facts;
  const { held: stands } = facts.standing;
  const stopping = facts.findings.filter(({ finding, signature }) => finding.severity === 'stop' && signature === null);
  // Breaches of the contract come with their own code; whatever else is wrong with the content is told first.
  const breach = stopping.length > 0 && stopping.every(({ finding }) => finding.rule.startsWith('contract.'));
  const waivable = stopping.every(({ finding }) => signingRule(finding).act === 'waive');
  if (stopping.length > 0 && !waivable)
    return failed(
      breach
        ? 'contract-forbids'
        : stopping.some(({ finding }) => !stopsContent(finding.rule))
          ? 'structure-invalid'
          : 'content-refused',
    );
  const { selection } = facts;
  if (contract.tier === 'blocked' && selection === undefined) return failed('policy-blocked');
  if (stopping.length > 0)
    return held('finding-open', 'clinical-owner', stopping.map(({ name, finding }) => `${name}: ${finding.message}`).join(' '));
  if (facts.rejectedAtSource) return failed('approval-rejected');
  if (!connection.active) return held('connection-inactive', 'integration-administrator');
  if (!stageSends(connection.stage)) return held('stage-read-only', 'integration-administrator');
  if (stands !== null) return held(stands.code, stands.liftedBy, stands.because);
  const validated: WriteState = { name: 'validated' };
  // Whoever approved it elsewhere: what is blocked is decided on here.
  const blocked = contract.tier === 'blocked' ? selection : undefined;
  // What the checks remark is for a person to see first.
  const remarked = facts.findings.some(({ finding, signature }) => finding.severity !== 'information' && signature === null);
  const given = counted.counts ? counted.approval : remarked ? undefined : facts.unattended;
  if (given === undefined || facts.unseen.length > 0 || blocked !== undefined) {
    const reasons = [
      ...(blocked === undefined ? [] : [selectionWords(blocked)]),
      ...(counted.counts || blocked !== undefined ? [] : [counted.reason]),
      ...(facts.unseen.length > 0 ? [changeWords(facts.unseen)] : []),
    ];
    const code = facts.unseen.length > 0 ? ({ code: 'version-unseen' } as const) : {};
    return {
      moves: [validated, { name: 'awaiting-approval', roles: approversFor(contract), reason: reasons.join('; '), ...code }],
      approval: null,
    };
  }
  return {
    moves: [validated, { name: 'pending', nextAt: now }],
    approval: { ...given, requestSha256: facts.requestSha256 },
  };
}

function failed(
  code: 'contract-forbids' | 'content-refused' | 'structure-invalid' | 'policy-blocked' | 'approval-rejected',
): PolicyDecision {
  return { moves: [{ name: 'failed-terminal', code }], approval: null };
}

function held(code: Held['code'], liftedBy: Held['liftedBy'], reason?: string): PolicyDecision {
  const hold = { code, liftedBy, ...(reason === undefined ? {} : { reason }) };
  return { moves: [{ name: 'validated' }, { name: 'held', hold, resume: 'draft' }], approval: null };
}
