import type { Approval, BusinessEvent } from './business-event.ts';
import type { ContractRow } from './contract-matrix.ts';
import { personAt } from './grants.ts';
import type { ApprovalReach, Person, Role, RolloutStage, Source } from './people.ts';
import { switchWords, type Switch } from './switches.ts';
import { epochMs } from './time.ts';
import type { RiskTier } from './risk.ts';
import type { WriteApproval } from './write.ts';

/** When an approval made in a source counts here (A7, G5). */

const reachOf: Readonly<Record<ApprovalReach, number>> = { none: -1, low: 0, medium: 1 };
const tierRank: Readonly<Record<RiskTier, number>> = { low: 0, medium: 1, high: 2, blocked: 3 };

export type CountedApproval =
  | { readonly counts: true; readonly approval: Omit<WriteApproval, 'requestSha256'> }
  /** Taken in as a proposal; `reason` is shown to whoever decides. */
  | { readonly counts: false; readonly reason: string };

export interface ApprovalFacts {
  readonly event: BusinessEvent;
  readonly approval: Approval | null | undefined;
  /** SHA-256 of the content member's characters as they stand in the record. */
  readonly contentSha256: string;
  readonly source: Source;
  /** The registered person the approval names, if there is one. */
  readonly approver: Person | undefined;
  readonly contract: ContractRow;
}

/** Decides whether the approval that came with an event lets this write go on without a decision made here. */
export function countApproval(facts: ApprovalFacts): CountedApproval {
  const { approval, approver, contract, source } = facts;
  const no = (reason: string): CountedApproval => ({ counts: false, reason });
  if (approval === null || approval === undefined) return no('nobody has approved it yet');
  if (approval.status !== 'approved') return no('it was not approved at its source');
  if (tierRank[contract.tier] > reachOf[source.approvals]) {
    return no(`approvals of the source "${source.name}" do not count for ${contract.tier} risk`);
  }
  if (contract.audit === 'strict') return no('this kind of entry is always signed here, whoever approved it at its source');
  if (contract.persons > 1) return no(`${contract.persons} different people must approve it here`);
  if (approval.contentSha256 === undefined) return no('the approval does not say which content it is for');
  if (approval.contentSha256 !== facts.contentSha256) return no('the approval is for other content than this');
  if (approver === undefined || !approver.active) return no(`"${approval.by.id}" is not a known person`);
  if (approval.by.npi !== undefined && approval.by.npi !== approver.npi)
    return no(`the NPI is not the one known for "${approver.id}"`);
  // In the roles of the moment of approving; that they still hold is asked again before sending.
  const role = approverRole(personAt(approver, epochMs(approval.at)), contract);
  if (role === undefined) return no(`"${approver.id}" has no role that may approve this`);
  const latest = latestClinicalTime(facts.event);
  const at = epochMs(approval.at);
  if (latest !== null && at < latest) return no('the approval is older than what it covers');
  return {
    counts: true,
    approval: {
      by: approver.id,
      name: approver.name,
      role,
      at,
      meaning: approval.meaning ?? 'approved for the chart',
      made: 'source',
      contentSha256: facts.contentSha256,
    },
  };
}

/** The same, while approvals may be frozen: then what was approved at its source waits for a person like the rest (B5). */
export function unlessFrozen(counted: CountedApproval, freezing: Switch | undefined): CountedApproval {
  if (!counted.counts || freezing === undefined) return counted;
  const { scope, by, reason } = freezing;
  return { counts: false, reason: `approvals are frozen for ${switchWords(scope)}, by ${by}: ${reason}` };
}

export interface UnattendedFacts {
  readonly contract: Pick<ContractRow, 'unattended' | 'tier' | 'audit' | 'persons'>;
  /** That counts for the write (`stageFor`). */
  readonly stage: RolloutStage;
  /** The approval that came with the event: a `no`, or one that does not count, is for a person to look at. */
  readonly approval: Approval | null | undefined;
  readonly source: Pick<Source, 'approvals' | 'active'> | undefined;
  /** Who brought the contract in force into force; `undefined`: it is the shipped one. */
  readonly answers: Pick<Person, 'id' | 'name' | 'active' | 'roles'> | undefined;
  readonly frozen: Switch | undefined;
  readonly contentSha256: string;
  readonly now: number;
}

/**
 * The approval by which a write of low risk goes at the limited auto-write stage though nobody has approved it (B3), or
 * `undefined`. Whoever approved the contract answers for it, as clinical owner; it is reviewed afterwards.
 */
export function unattendedApproval(facts: UnattendedFacts): Omit<WriteApproval, 'requestSha256'> | undefined {
  const { answers, approval, contentSha256, now, source } = facts;
  if (!goesUnattended(facts.contract, facts.stage) || facts.frozen !== undefined) return undefined;
  if ((approval ?? null) !== null || source?.active !== true || source.approvals === 'none') return undefined;
  if (answers?.active !== true || !answers.roles.includes('clinical-owner')) return undefined;
  return {
    ...{ by: answers.id, name: answers.name, role: 'clinical-owner', at: now, made: 'contract', contentSha256 },
    meaning: 'low risk, unattended by the contract; to be reviewed',
  };
}

/** Whether a contract row lets go what nobody has approved, at this stage. Asked again just before sending. */
export function goesUnattended(contract: UnattendedFacts['contract'], stage: RolloutStage): boolean {
  const { unattended, tier, audit, persons } = contract;
  return unattended === true && tier === 'low' && audit === 'standard' && persons === 1 && stage === 'limited-auto-write';
}

/** The role by which a person may approve under a contract row, if there is one. */
export function approverRole(person: Pick<Person, 'roles'>, contract: Pick<ContractRow, 'approvers'>): Role | undefined {
  return contract.approvers.find((role) => person.roles.includes(role));
}

// Times at which something was seen or done. Planned times (due, occurrence) may lie after the approval.
const DONE_AT = new Set(['effectiveAt', 'performedAt', 'authoredAt', 'givenAt', 'onsetAt', 'abatementAt', 'at']);
const EASTERNMOST_ZONE_MS = 14 * 60 * 60 * 1000;
const DONE_FROM = new Set(['effectivePeriod', 'performedPeriod']);

/** The latest moment that the event's content says something was seen or done; `null` when it names none. */
export function latestClinicalTime(event: BusinessEvent): number | null {
  let latest: number | null = null;
  const take = (text: unknown): void => {
    if (typeof text !== 'string') return;
    // A day without a time begins at another moment in each zone; it is begun once it has begun anywhere.
    const ms = text.includes('T') ? epochMs(text) : epochMs(text) - EASTERNMOST_ZONE_MS;
    if (latest === null || ms > latest) latest = ms;
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (value !== null && typeof value === 'object') {
      for (const [key, member] of Object.entries(value)) {
        if (DONE_AT.has(key)) take(member);
        else if (DONE_FROM.has(key)) take((member as { start?: unknown } | undefined)?.start);
        else visit(member);
      }
    }
  };
  visit(event.content);
  return latest;
}
