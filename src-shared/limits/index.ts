/**
 * Every limit the product works within, each with its unit at the end of its name. Limits that depend on each other
 * are checked against each other when this module loads: a set of limits that contradicts itself must not start.
 */
export const limits = {
  /** One intake record, as bytes of UTF-8. */
  recordBytesMax: 20 * 1024 * 1024,
  /** A JSON document with several records, as bytes; larger amounts come as NDJSON. */
  documentBytesMax: 256 * 1024 * 1024,
  /** Arrays and objects inside each other, in any JSON from outside. */
  jsonDepthMax: 64,
  /** A compressed intake file may grow by this factor and no more. */
  inflateRatioMax: 200,
  /** Characters of an id or identifier value that a source chooses. */
  identifierCharsMax: 256,
  /** A clinical time may lie this far ahead of the clock before it counts as future. */
  clinicalTimeAheadMaxMs: 10 * 60_000,
  /** Write commands that one event may fan out into. */
  writesPerEventMax: 500,
  /** Records being taken in at the same time. */
  intakeInFlightMax: 256,
  /** How often a decision is made again because its facts changed meanwhile. */
  clashRetriesMax: 20,

  /** One answer from an EHR. */
  responseBytesMax: 20 * 1024 * 1024,
  connectTimeoutMs: 5_000,
  readTimeoutMs: 15_000,
  writeTimeoutMs: 30_000,
  /** Entries looked at in one search answer. */
  searchEntriesMax: 50,
  /** Entries of one list of a chart that are looked through, and asked for on one page. */
  chartListEntriesMax: 1_000,
  chartListPageEntries: 200,
  /** Pages of one such list, and of one search, that are asked for, however few entries a server puts on each. */
  chartListPagesMax: 100,
  searchPagesMax: 20,
  /** A write is held against those of other events for the same patient that were taken in at most this long before ... */
  twinWindowMs: 7 * 24 * 60 * 60_000,
  /** ... and against no more of them than this, the newest first. */
  twinCandidatesMax: 100,
  /** Charted values that a new one is held against: so many observations, so many pages of writes back, read again after this long. */
  normsEntriesMax: 300,
  normsPagesMax: 8,
  normsAgeMaxMs: 10 * 60_000,
  /** What took place this long after its visit ended is asked about. */
  visitClosedMs: 48 * 60 * 60_000,
  /** Entries asked for per page of such an answer: an EHR that searches by nothing shows this many strangers, not fifty. */
  searchPageEntries: 5,
  /** Redirects followed for one read. */
  redirectsMax: 3,
  /** Characters of an EHR's answer that are kept as evidence. */
  exchangeBodyCharsMax: 256 * 1024,
  /** Characters of an EHR's own words that are shown with a failure. */
  messageCharsMax: 1_000,
  connectionsPerEhrMax: 64,

  attemptsMax: 8,
  /** Requests that may be sent again on one connection whatever else is sent, per minute ... */
  retriesPerMinuteMin: 600,
  /** ... and for so many of a hundred requests that go for the first time, one more each. */
  retriesPercent: 20,
  retryBaseMs: 500,
  retryCapMs: 5 * 60_000,
  /** The longest Retry-After that is obeyed as it stands; a longer one waits this long and is looked at again. */
  retryAfterMaxMs: 60 * 60_000,
  /** What waits for longer than this was put off by a wrong clock; for the connection's calendar, longer than that. */
  farOffMs: 2 * 60 * 60_000,
  calendarFarOffMs: 100 * 24 * 60 * 60_000,

  /** Failures in a row after which a connection rests, how long it rests at first, and at most. */
  breakerFailuresMax: 5,
  breakerOpenMs: 2_000,
  breakerOpenMaxMs: 60_000,
  /** Rests in a row after which an EHR counts as down: what is due for it is held instead of waiting. */
  breakerRestsMax: 8,
  /** A step of the wall clock against the monotonic one that stops sending, until an EHR's clock confirms it. */
  clockJumpMaxMs: 30_000,
  /** A difference between this machine's clock and an EHR's that stops sending. */
  clockSkewMaxMs: 5 * 60_000,
  /** A write that has not moved for this long, and waits for nobody, is told as stuck. */
  stuckMs: 15 * 60_000,
  /** How often a running engine looks for such writes. */
  stuckLookMs: 60_000,
  /** How often a running engine looks whether switches, stages or policies have changed. */
  watchMs: 1_000,
  /** Checks of one draft that fail because the EHR cannot be read before the draft is held. */
  checksMax: 12,
  /** Looks at the chart for one write whose outcome is unknown before a person must look. */
  lookUpsMax: 12,
  /** Patient and visit are read again before sending unless they were read for the check at most this long before. */
  subjectAgeMaxMs: 5_000,
  /** What a server declares about itself is read anew after this long. */
  capabilityAgeMaxMs: 10 * 60_000,
  /** Committed writes looked through for one that a search for absence can be tested with. */
  controlCandidatesMax: 50,
  /** Writes that were sent and then given up are looked for once per start of the engine, back to this age ... */
  lateWindowMs: 7 * 24 * 60 * 60_000,
  /** ... and no more of them than this. */
  lateLooksMax: 256,
  /** ... among so many pages of writes that count as not charted, most of which were never sent; again after this long. */
  latePagesMax: 16,
  lateEveryMs: 60 * 60_000,
  /** Looks that must all find nothing before absence counts as proved. */
  absenceLooksMin: 3,
  /** Failed read-backs of a committed write before it is called not verifiable. */
  readBacksMax: 8,
  /** A charted entry is read again this long after its commit, three times ... */
  followFirstMs: 60 * 60_000,
  followSecondMs: 24 * 60 * 60_000,
  followLastMs: 7 * 24 * 60 * 60_000,
  /** ... and, while its signature or the like is awaited, this often, until it has been overdue for so long. */
  followAwaitedMs: 24 * 60 * 60_000,
  followOverdueMaxMs: 30 * 24 * 60 * 60_000,
  /** A look that failed is repeated after this long, and so often. */
  followRetryMs: 60 * 60_000,
  followFailuresMax: 8,
  /** Entries read again in one go, and the pause between two such goes. */
  followBatchMax: 8,
  followPauseMs: 1_000,
  /** When nothing was to be read again, it is asked anew after this long. */
  followIdleMs: 60_000,
  /** Entries read again before a run that ends by itself ends. */
  followPerDrainMax: 64,
  lookUpBaseMs: 200,
  lookUpCapMs: 60_000,
  /** Looks for absence must span at least this long after the last send: search indexes lag. */
  searchSettleMs: 3_000,

  /** Characters of a reason, note or meaning that a person writes. */
  reasonCharsMax: 2_000,
  secretCharsMax: 1_024,
  /** A code that opens the local console can be used once, for this long. */
  launchCodeMs: 60_000,
  /** Headers of one request to the local console. */
  consoleHeaderBytesMax: 16 * 1024,
  /** A request to the local console must be complete within this time. */
  consoleRequestMs: 10_000,
  consoleConnectionsMax: 64,
  consoleWindowsMax: 16,
  /** Streams of notices that one window may hold open. */
  consoleStreamsMax: 4,
  /** Sign of life on a stream of notices. */
  consoleBeatMs: 15_000,
  /** A window that no longer listens ends after this long. */
  consoleGraceMs: 120_000,
  /** Rows of the queue handed to the window in one answer. */
  queuePageRowsMax: 200,
  /** Rows of a long list passed over in one step; between steps other work has its turn. */
  queueHopRows: 25_000,
  /** Writes whose names and titles are kept ready for lists. */
  headlinesCachedMax: 4_096,
  /** Writes that wait for an approval shown to one person at a time. */
  approvalsShownMax: 200,
  /** A repeated reading of the same record by the same person within this time is one reading. */
  readingMs: 5 * 60_000,
  readingsRememberedMax: 10_000,
  /** One request from the window, as bytes of JSON. */
  bridgeRequestBytesMax: 256 * 1024,
  /** Calls from one window that are answered within any one second; beyond, they are refused. */
  bridgeCallsPerSecondMax: 200,
  /** Requests of one window that are refused as not its own before it is closed. */
  windowRefusalsMax: 1_000,
  /** The program that is told to end waits this long for what is being sent; then it ends as after a crash. */
  quitSettleMs: 45_000,
  /** Without a sign of life from the person, the window is locked. */
  idleLockMs: 15 * 60_000,
  /** After this long a person signs in anew, whatever they did meanwhile. */
  sessionMaxMs: 12 * 60 * 60_000,
  /** Wrong secrets in a row before sign-in waits. */
  wrongSecretsMax: 5,
  /** How long sign-in then waits. */
  signInPauseMs: 60_000,

  /** One policy or consent document. */
  policyBytesMax: 1024 * 1024,
  /** How long emergency access lasts, and how many decisions it may be used for. */
  emergencyMs: 60 * 60_000,
  emergencyUsesMax: 5,
  /** Age of a sign-in after which a high-risk approval asks for the secret again. */
  stepUpAgeMaxMs: 5 * 60_000,
  /**
   * What a connection, or a resource type on it, must have shown before its next stage, by the writes of so long a time; shares
   * in percent of those writes, verified ones of those charted.
   */
  stageWindowMs: 30 * 24 * 60 * 60_000,
  stageDraftWritesMin: 20,
  stageDraftFailedPercentMax: 10,
  stageShadowFailedPercentMax: 5,
  /** Held writes that people wrote by hand too, and how often one element of them may have been written otherwise. */
  stageShadowWritesMin: 20,
  stageShadowDivergencePercentMax: 5,
  stageStagedChartedMin: 50,
  stageStagedFailedPercentMax: 2,
  stageStagedVerifiedPercent: 98,
  stageStagedConflictPercentMax: 2,
  stageStagedEditedPercentMax: 20,

  /** What was charted without a decision here is reviewed within so long a time. */
  reviewDueMs: 3 * 24 * 60 * 60_000,
  /** Writes held at stage shadow that one report compares with the chart. */
  shadowRowsMax: 1_000,
  /** Of the compared values of a prepared entry, how many in percent an entry of the chart must share to be its counterpart. */
  shadowAgreePercent: 60,

  /** How long an engine's place on the ledger lasts without being renewed. */
  leaseMs: 60_000,
  /** How often it is renewed. */
  leaseRenewMs: 10_000,
  /** Nothing is sent that could last until this close to the end of the lease. */
  leaseSpareMs: 5_000,

  inFlightPerConnectionMax: 32,
  /** Writes under way in one engine, all connections together. */
  inFlightMax: 128,
  /** Writes fetched from the ledger in one go. */
  claimBatchMax: 256,

  /** One file of the operational log; the one before it is kept beside it. */
  logFileBytesMax: 16 * 1024 * 1024,

  /** The body of one log entry as JSON. */
  entryBodyBytesMax: 64 * 1024 * 1024,

  /** A checkpoint is signed after this many entries or this long, whichever comes first. */
  checkpointEntriesMax: 100,
  checkpointAgeMaxMs: 60_000,
} as const;

export type Limits = Readonly<Record<keyof typeof limits, number>>;

/** The rules that a set of limits breaks, in words; empty when it can be worked within. */
export function contradictions(set: Limits): readonly string[] {
  const rules: readonly (readonly [holds: boolean, rule: string])[] = [
    [set.recordBytesMax <= set.documentBytesMax, 'recordBytesMax <= documentBytesMax'],
    // A record stands in its entry as a JSON string: every quote and line break takes two bytes there.
    [set.recordBytesMax * 2 < set.entryBodyBytesMax, 'recordBytesMax * 2 < entryBodyBytesMax'],
    [set.retryBaseMs <= set.retryCapMs, 'retryBaseMs <= retryCapMs'],
    [set.retryAfterMaxMs < set.farOffMs, 'retryAfterMaxMs < farOffMs'],
    [set.lookUpBaseMs <= set.lookUpCapMs, 'lookUpBaseMs <= lookUpCapMs'],
    [set.breakerOpenMs <= set.breakerOpenMaxMs, 'breakerOpenMs <= breakerOpenMaxMs'],
    [set.clockJumpMaxMs <= set.clockSkewMaxMs, 'clockJumpMaxMs <= clockSkewMaxMs'],
    [set.absenceLooksMin <= set.lookUpsMax, 'absenceLooksMin <= lookUpsMax'],
    [set.followFirstMs < set.followSecondMs, 'followFirstMs < followSecondMs'],
    [set.followSecondMs < set.followLastMs, 'followSecondMs < followLastMs'],
    [set.followBatchMax <= set.inFlightPerConnectionMax, 'followBatchMax <= inFlightPerConnectionMax'],
    [set.connectTimeoutMs <= set.readTimeoutMs, 'connectTimeoutMs <= readTimeoutMs'],
    [set.readTimeoutMs <= set.writeTimeoutMs, 'readTimeoutMs <= writeTimeoutMs'],
    [
      set.leaseRenewMs * 2 + set.writeTimeoutMs + set.leaseSpareMs <= set.leaseMs,
      'leaseRenewMs * 2 + writeTimeoutMs + leaseSpareMs <= leaseMs',
    ],
    [set.writeTimeoutMs < set.quitSettleMs, 'writeTimeoutMs < quitSettleMs'],
    [set.searchPageEntries <= set.searchEntriesMax, 'searchPageEntries <= searchEntriesMax'],
    [set.inFlightPerConnectionMax <= set.connectionsPerEhrMax, 'inFlightPerConnectionMax <= connectionsPerEhrMax'],
    [set.inFlightPerConnectionMax <= set.inFlightMax, 'inFlightPerConnectionMax <= inFlightMax'],
    [set.inFlightMax <= set.claimBatchMax, 'inFlightMax <= claimBatchMax'],
    [set.inFlightPerConnectionMax <= set.claimBatchMax, 'inFlightPerConnectionMax <= claimBatchMax'],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

const broken = contradictions(limits);
if (broken.length > 0) throw new RangeError(`limits contradict each other: ${broken.join('; ')}`);
