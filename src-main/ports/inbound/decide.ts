import type {
  Actor,
  DecisionRefusal,
  FindingSignature,
  NamedFinding,
  Person,
  SigningRefusal,
  StateName,
  WriteRow,
} from '../../../src-shared/domain/index.ts';

export type DecisionOutcome =
  | { readonly ok: true; readonly id: string; readonly state: StateName }
  | { readonly ok: false; readonly code: DecisionRefusal | 'write-unknown'; readonly message: string };

/** Decisions of a signed-in person on one write. */
export interface PeopleDecide {
  /**
   * Approves exactly the bytes the person was shown.
   *
   * @param seenSha256 hash of the prepared request that was shown (`WriteView.prepared.sha256`); `approval-stale` when
   *   it is not what would be sent
   * @param acknowledged names of the remarks the person takes upon themselves (`findingNames`); each is signed with the
   *   meaning as its reason, and `findings-not-acknowledged` says that one is missing
   * @param signedInAgeMs how long ago the person gave their secret; 0 for whoever has just done so. `step-up-needed` asks
   *   for it again
   */
  approve(
    id: string,
    person: Person,
    meaning: string,
    seenSha256: string,
    acknowledged?: readonly string[],
    signedInAgeMs?: number,
  ): Promise<DecisionOutcome>;
  /**
   * Takes up a write that the contract blocks (B3), so that two others may approve it; `state-forbids` when it is not
   * blocked, or a newer version of its event has come.
   */
  select(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  reject(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  retry(id: string, person: Person): Promise<DecisionOutcome>;
  withdraw(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  resolve(id: string, person: Person, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is there, at this reference. */
  attestFound(id: string, person: Person, reference: string, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is not there. */
  attestAbsent(id: string, person: Person, note: string): Promise<DecisionOutcome>;
}

/** A write with the findings of its last check, and what was signed about each. */
export interface SignedWrite {
  readonly row: WriteRow;
  readonly findings: readonly NamedFinding[];
}

export type SigningOutcome =
  | { readonly ok: true; readonly id: string; readonly state: StateName; readonly signature: FindingSignature }
  | { readonly ok: false; readonly code: SigningRefusal | 'write-unknown'; readonly message: string };

/** Findings that a person answers for (F3). */
export interface Findings {
  of(id: string): Promise<SignedWrite | undefined>;
  /** Writes that wait for a person and have findings nobody has answered for. */
  waiting(): Promise<readonly SignedWrite[]>;
  /** Acknowledges a remark or waives a stop; the last waived stop lets the write be checked again. */
  sign(
    act: 'acknowledge' | 'waive',
    id: string,
    finding: string,
    reason: string,
    person: Person,
    actor: Actor,
  ): Promise<SigningOutcome>;
}
