export { mayNotCarry, phiFlows } from './carry.ts';
export type { CarryFacts, Held, PhiFlow } from './carry.ts';
export { contractFindings } from './contract-findings.ts';
export { policyDocumentJsonSchema, policyKey, readPolicyDocument } from './documents.ts';
export type { BaaRegister, ContractOverride, PolicyDocument, PolicyKind } from './documents.ts';
export {
  checklist,
  checklistItems,
  decideSign,
  gateState,
  measured,
  raises,
  signatories,
  shadowMeasures,
  signatoryNames,
  stageReport,
} from './go-live.ts';
export type {
  ChecklistItem,
  Criterion,
  GateRow,
  GateSignature,
  GateState,
  ShadowMeasures,
  Signatory,
  StageReport,
} from './go-live.ts';
export type { HouseRules } from './house-rules.ts';
export { approveAct, cellWords, decideApprovePolicy, decidePropose, policyRefusals } from './proposals.ts';
export type { PolicyRefusal, PolicyRow, ProposalRow } from './proposals.ts';
export { decideReview, reviewMeasures, reviewVerdicts } from './reviews.ts';
export type { Review, ReviewDecision, ReviewMeasures, ReviewRow } from './reviews.ts';
export {
  charted,
  consentRecorded,
  decided,
  emergencyOpened,
  emergencyReviewed,
  emergencyUsed,
  gateSigned,
  pathChanged,
  proposed,
  safetyRecorded,
  writeReviewed,
} from './projection.ts';
export {
  changeControl,
  changeWords,
  decideSafety,
  demandedVersions,
  pathKey,
  pathVersions,
  versionKinds,
} from './change-control.ts';
export type { PathRow, PathVersions, SafetyFigure, SafetyRow, VersionAt, VersionKind } from './change-control.ts';
export { emergencyEnded, emergencyFor, openEmergency, reviewEmergency } from './emergency.ts';
export type { EmergencyRow, EmergencyScope } from './emergency.ts';
export type {
  ConsentRecorded,
  ConsentRow,
  GateSigned,
  GovernanceChange,
  GovernanceRows,
  PolicyDecided,
  PolicyProposed,
} from './projection.ts';
export { countApprovals, distinctPersons } from './separation.ts';
export { loosens, tightened } from './tighten.ts';
export type { LoosenedCell } from './tighten.ts';
