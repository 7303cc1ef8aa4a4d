export type * from './content.ts';
export { businessEvent, businessEventJsonSchema, isReport, origins, reportTypes } from './business-event.ts';
export type * from './business-event.ts';
export type * from './entries.ts';
export { workspaceLog } from './entries.ts';
export { failureClasses, failureOf, failures } from './failures.ts';
export type { Failure, FailureClass, FailureCode } from './failures.ts';
export { base32, hex, sha256Hex, utf8 } from './hash.ts';
export type { Sha256 } from './hash.ts';
export { roles } from './people.ts';
export type * from './people.ts';
export { blocksLane, project } from './projection.ts';
export type { ProjectedEntry, RowChange, RowReader } from './projection.ts';
export type * from './rows.ts';
export { IllegalMove, mayMove, movesFrom } from './transitions.ts';
export { codeOf, dueAt, laneBlockingStates, settledStates } from './write.ts';
export type * from './write.ts';
export { approverRole, countApproval, latestClinicalTime } from './approval.ts';
export type { ApprovalFacts, CountedApproval } from './approval.ts';
export { contractMatrix, contractMatrixJsonSchema, contractRow } from './contract-matrix.ts';
export type { ContractMatrix, ContractRow } from './contract-matrix.ts';
export { approve, attestAbsent, attestFound, reject, resolve, retry, withdraw } from './decisions.ts';
export type { Decision, DecisionRefusal } from './decisions.ts';
export { fanOut, itemsOf, slotKey, subjectKey } from './fan-out.ts';
export type { FanOut, FanOutInput, KeptItem, SlottedItem } from './fan-out.ts';
export { groupId, writeId, writeIdentifierSystem } from './keys.ts';
export type { WriteKeyParts } from './keys.ts';
export { afterCrash, afterFault, afterLook, afterSend } from './outcome.ts';
export type { LookResult, SendResult } from './outcome.ts';
export { decidePolicy } from './policy.ts';
export type { PolicyDecision, PolicyFacts } from './policy.ts';
export { lookDelayMs, retryDelayMs } from './schedule.ts';
export {
  matchDocument,
  matchEncounter,
  matchOrganization,
  matchPatient,
  matchPractitioner,
  relativeReference,
} from './subject-match.ts';
export type { Candidate, Match } from './subject-match.ts';
export { epochMs } from './time.ts';
export { decideIntake } from './intake.ts';
export type { IntakeDecision, IntakeFacts } from './intake.ts';
export { riskTiers } from './risk.ts';
export type { RiskTier } from './risk.ts';
export { actingRole, acts, approvalAct, mayAct, rolesFor } from './authority.ts';
export type { Act } from './authority.ts';
