export type * from './content.ts';
export { contentClasses } from './content.ts';
export { elementsFor, readAllowed, readPurposes, readRules, readsVersion, shapedFor } from './minimum-necessary.ts';
export type { ReadPurpose } from './minimum-necessary.ts';
export { shownReads, withheldOf, withholdingRules } from './withheld.ts';
export type { ShownRead, Withheld, WithholdingRule } from './withheld.ts';
export { businessEvent, businessEventJsonSchema, isReport, origins, reportTypes } from './business-event.ts';
export type * from './business-event.ts';
export type * from './entries.ts';
export { workspaceLog } from './entries.ts';
export { failureClasses, failureOf, failures } from './failures.ts';
export type { Failure, FailureClass, FailureCode } from './failures.ts';
export { base32, hex, sha256Hex, utf8 } from './hash.ts';
export type { Sha256 } from './hash.ts';
export * from './calendar/index.ts';
export * from './consent/index.ts';
export * from './governance/index.ts';
export { decideGrant, personAt } from './grants.ts';
export type { GrantChange } from './grants.ts';
export { roles, stageDimensions } from './people.ts';
export type * from './people.ts';
export {
  compensationOffers,
  groupClassOf,
  groupDecisions,
  groupPicture,
  groupStateOf,
  groupStates,
  memberPhase,
  notOursAnyMore,
  takenBack,
} from './groups.ts';
export type { CompensationOffer, GroupCounts, GroupDecision, GroupPicture, MemberPhase } from './groups.ts';
export { laneRoleOf, nextInLane } from './lanes.ts';
export type { LaneRole } from './lanes.ts';
export { eventReceived, project } from './projection.ts';
export type { ProjectedEntry, RowChange, RowReader } from './projection.ts';
export type * from './rows.ts';
export {
  draftsOff,
  needsEvent,
  stageOrder,
  stageSends,
  stillHeld,
  switchDimensions,
  switchedOff,
  switchFacts,
  switchKey,
  switchStops,
  switchTargets,
  switchWords,
} from './switches.ts';
export type { Switch, SwitchDimension, SwitchFacts, SwitchScope, SwitchTarget } from './switches.ts';
export { onlyResource, stageFacts, stageFits, stageFor, stageOfScope, stageScopeWords, stagesNeedEvent } from './stages.ts';
export { contextDrift, driftWords, reliedOnVersions } from './context.ts';
export type { Drift } from './context.ts';
export {
  admits,
  admitsChange,
  admitsRetry,
  afterExchange,
  isDown,
  newFlow,
  refilled,
  restOf,
  restsKey,
  retriesKey,
  retriesLeft,
  shareOf,
  spent,
  withRetriesLeft,
} from './flow.ts';
export type { Rest } from './flow.ts';
export type { Flow, FlowSettings } from './flow.ts';
export { stopCode, stopCodes, stopWords } from './stop-words.ts';
export type { StopCode } from './stop-words.ts';
export { alertKinds, alertsOf, movingSince, movingStates, wrongPatientCodes } from './alerts.ts';
export { clockAgrees } from './clock.ts';
export type { ClockEvidence, ClockJudged } from './clock.ts';
export type { Alert, AlertKind } from './alerts.ts';
export { IllegalMove, mayMove, movesFrom } from './transitions.ts';
export { codeOf, dueAt, followAt, settledStates } from './write.ts';
export type * from './write.ts';
export { approverRole, countApproval, goesUnattended, latestClinicalTime, unattendedApproval, unlessFrozen } from './approval.ts';
export type { ApprovalFacts, CountedApproval } from './approval.ts';
export { contractMatrix, contractMatrixJsonSchema, contractRow } from './contract-matrix.ts';
export type { ContractMatrix, ContractRow } from './contract-matrix.ts';
export { approve, attestAbsent, attestFound, reject, released, resolve, retry, select, stepUp, withdraw } from './decisions.ts';
export type { Decision, DecisionRefusal } from './decisions.ts';
export { approversFor, blockedVoid, personsFor, selectionOf, selectionWords } from './blocked.ts';
export { dueAgain, farOffStates, isFarOff } from './far-off.ts';
export { fanOut, itemsOf, slotKey, subjectKey } from './fan-out.ts';
export type { FanOut, FanOutInput, KeptItem, SlottedItem } from './fan-out.ts';
export { compensationId, groupId, writeId, writeIdentifierSystem } from './keys.ts';
export type { WriteKeyParts } from './keys.ts';
export {
  acceptedEnded,
  afterCrash,
  afterFailedCheck,
  afterFault,
  afterLateLook,
  afterLook,
  afterSend,
  foundAfterLoss,
  heldAsDown,
  lateSuccess,
  mayBeLate,
  putOff,
  waitForCalendar,
  waitsForCalendar,
} from './outcome.ts';
export type { LookResult, SendResult } from './outcome.ts';
export { decidePolicy, decideStanding } from './policy.ts';
export type { PolicyDecision, PolicyFacts, Standing } from './policy.ts';
export { askedUntil, waitAsAsked } from './retry-after.ts';
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
export { epochMs, httpDateMs, readEpochMs } from './time.ts';
export { decideIntake } from './intake.ts';
export type { IntakeDecision, IntakeFacts } from './intake.ts';
export { afterFollow, newDrift } from './follow-up.ts';
export type { Seen } from './follow-up.ts';
export { judge, verificationOf } from './verification.ts';
export type { Compared, VerifyRules } from './verification.ts';
export { counterparts, divergence } from './shadow.ts';
export type { ElementDivergence, Shadowed, ShadowMatch, ShadowTotals } from './shadow.ts';
export { baseSha256, weakerGuarantee } from './unversioned.ts';
export { subjectChange } from './subject-now.ts';
export type { SubjectChange, SubjectSeen } from './subject-now.ts';
export { riskTiers } from './risk.ts';
export type { RiskTier } from './risk.ts';
export { actingRole, acts, approvalAct, mayAct, rolesFor } from './authority.ts';
export type { Act } from './authority.ts';
export { actionsOf } from './showing/actions.ts';
export type { PossibleAction } from './showing/actions.ts';
export { subjectWords, titleOf } from './showing/headline.ts';
export type { SubjectWords } from './showing/headline.ts';
export { roleWords } from './showing/role-words.ts';
export { storyOf } from './showing/story.ts';
export type { Story } from './showing/story.ts';
export { queueTabs, runsOf } from './showing/queue-tabs.ts';
export type { QueueRun, QueueTab } from './showing/queue-tabs.ts';
export { acknowledgeAll, findingNames, openFindings, signedFindings, signFinding, signingRule } from './signing.ts';
export type { NamedFinding, SigningBasis, SigningRefusal, SigningRule } from './signing.ts';
export {
  amendsError,
  checkEvent,
  checkResourceCodes,
  checkRuleNames,
  checkWriteContent,
  compileChecks,
  listToCompare,
  normalizationJsonSchema,
  normalizeWrite,
  notCompared,
  pathOf,
  closedVisit,
  driftFindings,
  findingLayers,
  layerOf,
  measuredNumbers,
  repeatFindings,
  mayBeTwin,
  twinFindings,
} from './checks/index.ts';
export type {
  ChartList,
  CheckRules,
  FindingLayer,
  ListedEntry,
  MeasuredNumber,
  OtherWrite,
  ResourceFacts,
  UnitLibrary,
} from './checks/index.ts';
