import type { DecisionRefusal, Person, StateName } from '../../../src-shared/domain/index.ts';

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
   */
  approve(id: string, person: Person, meaning: string, seenSha256: string): Promise<DecisionOutcome>;
  reject(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  retry(id: string, person: Person): Promise<DecisionOutcome>;
  withdraw(id: string, person: Person, reason: string): Promise<DecisionOutcome>;
  resolve(id: string, person: Person, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is there, at this reference. */
  attestFound(id: string, person: Person, reference: string, note: string): Promise<DecisionOutcome>;
  /** The person looked in the chart: the write is not there. */
  attestAbsent(id: string, person: Person, note: string): Promise<DecisionOutcome>;
}
