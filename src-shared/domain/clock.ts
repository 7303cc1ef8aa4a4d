/** How far the clock of the machine an engine runs on can be trusted: nothing is sent while it cannot (C6, INV-19). */

/** What an EHR's answer said about the time (RFC 9110, section 6.6.1, Date). */
export interface ClockEvidence {
  readonly connection: string;
  /** Time of the exchange on this machine's clock, and the time the EHR gave. */
  readonly at: number;
  readonly date: string;
  /** Milliseconds by which the EHR's clock was ahead of this machine's. */
  readonly skewMs: number;
}

export interface ClockJudged {
  readonly engine: string;
  readonly safe: boolean;
  /** Milliseconds by which the wall clock has been set since the run began. */
  readonly jumpMs: number;
  /** Why it cannot be trusted, in words; `null` while it can. */
  readonly words: string | null;
  /** What the EHRs said last, one for each connection. */
  readonly evidence: readonly ClockEvidence[];
}

/** True when nothing that matters differs: whether it is safe, why not, and which connections have said so. */
export function clockAgrees(a: Omit<ClockJudged, 'engine'>, b: Omit<ClockJudged, 'engine'>): boolean {
  const said = ({ evidence }: Pick<ClockJudged, 'evidence'>): string => evidence.map(({ connection }) => connection).join('\n');
  return a.safe === b.safe && (a.words === null) === (b.words === null) && said(a) === said(b);
}
