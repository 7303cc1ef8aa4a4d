import type { Person, Role } from './people.ts';
import type { RiskTier } from './risk.ts';

/**
 * Which role may do what (G3): one table for the command line, the console and the bridge.
 *
 * It says who may come to an act at all. What stands in the contract matrix about a kind of content narrows it further:
 * an approval also needs one of the approvers named there.
 */

const everyone = [
  'operator',
  'operations-lead',
  'clinician',
  'clinical-owner',
  'auditor',
  'integration-administrator',
  'security-administrator',
  'compliance-reviewer',
] as const satisfies readonly Role[];
const triage = ['operator', 'operations-lead'] as const satisfies readonly Role[];
const clinical = ['clinician', 'clinical-owner'] as const satisfies readonly Role[];
const reviewing = ['auditor', 'compliance-reviewer'] as const satisfies readonly Role[];

const table = {
  'person.add': ['security-administrator'],
  /** Giving and taking roles; never one's own. */
  'person.grant': ['security-administrator'],
  'source.add': ['integration-administrator'],
  'connection.add': ['integration-administrator'],
  /** Raising a stage lets held writes go; lowering it stops them. */
  'connection.stage': ['integration-administrator'],
  /** What is known about an EHR's behaviour. */
  'connection.set': ['integration-administrator'],
  'connection.test': ['integration-administrator', 'operations-lead'],
  /** People, sources and connections, as they are registered. */
  'registry.read': [...triage, ...reviewing, 'integration-administrator', 'security-administrator'],

  /** Whoever sees harm coming may stop writes; going on again is for those who answer for the queue or the patients. */
  'switch.off': [...triage, ...clinical, 'compliance-reviewer', 'integration-administrator', 'security-administrator'],
  'switch.on': ['operations-lead', 'clinical-owner', 'integration-administrator'],

  'policy.read': [...triage, ...clinical, ...reviewing, 'integration-administrator', 'security-administrator'],
  'policy.propose': ['clinical-owner', 'integration-administrator', 'compliance-reviewer'],
  'policy.approve': ['clinical-owner', 'compliance-reviewer'],
  'policy.approve.clinical': ['clinical-owner'],
  'policy.approve.compliance': ['compliance-reviewer'],
  /** Signing the checklist of a write path; as which signatory, the checklist says. */
  'gate.sign': ['clinical-owner', 'compliance-reviewer', 'integration-administrator', 'security-administrator'],
  /** Answering for a run of the corpus. */
  'safety.record': ['clinical-owner', 'compliance-reviewer'],
  'emergency.open': ['clinician'],
  'emergency.review': ['compliance-reviewer', 'security-administrator'],
  'emergency.read': [...clinical, ...reviewing, 'operations-lead', 'security-administrator'],
  'consent.record': ['clinical-owner', 'clinician', 'compliance-reviewer'],
  'consent.read': [...clinical, ...reviewing],

  ingest: [...triage, 'integration-administrator'],
  run: ['operations-lead', 'integration-administrator'],
  /** Counts only: nothing about any patient. */
  status: everyone,

  'write.read': [...triage, ...clinical, ...reviewing, 'integration-administrator'],
  /** Deciding on writes that wait; which of them, the tier and the contract say. */
  'write.approve': [...triage, ...clinical],
  /** Low tier includes tasks for the team and questionnaires, which need no clinical judgement. */
  'write.approve.low': [...triage, ...clinical],
  'write.approve.medium': clinical,
  'write.approve.high': ['clinical-owner'],
  /** Taking up what the contract blocks, so that two others may decide on it. */
  'write.select': clinical,
  /** Answering for findings; which of them, their rules say. */
  'finding.sign': [...triage, ...clinical],
  /** Looking afterwards at what was charted without a decision here. */
  'write.review': clinical,
  'write.reject': clinical,
  'write.retry': triage,
  'write.withdraw': triage,
  /** Keeping or taking back what a group that failed in part has charted. */
  'group.decide': clinical,
  'write.resolve': triage,

  /** Proves the log whole; shows nothing of what is in it. */
  'audit.verify': [...reviewing, 'operations-lead', 'integration-administrator', 'security-administrator'],
  /** Going on with a ledger that has lost its end. */
  'loss.accept': ['operations-lead', 'security-administrator'],
  'audit.read': [...reviewing, 'operations-lead', 'clinical-owner'],
  'audit.export': ['auditor'],
} as const satisfies Record<string, readonly Role[]>;

/** Something a person does that needs a role. */
export type Act = keyof typeof table;

export const acts = Object.keys(table) as readonly Act[];

/** The roles that may do it. */
export function rolesFor(act: Act): readonly Role[] {
  return table[act];
}

/** True when one of the person's roles may do it. Roles add up; none takes anything away from another. */
export function mayAct(person: Pick<Person, 'roles'>, act: Act): boolean {
  return actingRole(person, act) !== undefined;
}

/** The role by which the person may do it, for the record; `undefined` when there is none. */
export function actingRole(person: Pick<Person, 'roles'>, act: Act): Role | undefined {
  return rolesFor(act).find((role) => person.roles.includes(role));
}

/** The act of approving a write of this tier; `undefined` where nobody may approve. */
export function approvalAct(tier: RiskTier): Act | undefined {
  return tier === 'blocked' ? undefined : `write.approve.${tier}`;
}
