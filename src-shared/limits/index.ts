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
  retryBaseMs: 500,
  retryCapMs: 5 * 60_000,
  /** The longest Retry-After that is obeyed as it stands; a longer one waits this long and is looked at again. */
  retryAfterMaxMs: 60 * 60_000,

  /** Looks at the chart for one write whose outcome is unknown before a person must look. */
  lookUpsMax: 12,
  /** Looks that must all find nothing before absence counts as proved. */
  absenceLooksMin: 3,
  /** Failed read-backs of a committed write before it is called not verifiable. */
  readBacksMax: 8,
  lookUpBaseMs: 200,
  lookUpCapMs: 60_000,
  /** Looks for absence must span at least this long after the last send: search indexes lag. */
  searchSettleMs: 3_000,

  inFlightPerConnectionMax: 32,
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
    [set.lookUpBaseMs <= set.lookUpCapMs, 'lookUpBaseMs <= lookUpCapMs'],
    [set.absenceLooksMin <= set.lookUpsMax, 'absenceLooksMin <= lookUpsMax'],
    [set.connectTimeoutMs <= set.readTimeoutMs, 'connectTimeoutMs <= readTimeoutMs'],
    [set.readTimeoutMs <= set.writeTimeoutMs, 'readTimeoutMs <= writeTimeoutMs'],
    [set.searchPageEntries <= set.searchEntriesMax, 'searchPageEntries <= searchEntriesMax'],
    [set.inFlightPerConnectionMax <= set.connectionsPerEhrMax, 'inFlightPerConnectionMax <= connectionsPerEhrMax'],
    [set.inFlightPerConnectionMax <= set.claimBatchMax, 'inFlightPerConnectionMax <= claimBatchMax'],
  ];
  return rules.filter(([holds]) => !holds).map(([, rule]) => rule);
}

const broken = contradictions(limits);
if (broken.length > 0) throw new RangeError(`limits contradict each other: ${broken.join('; ')}`);
