import type {
  Actor,
  CompensationOffer,
  GroupDecision,
  GroupPicture,
  MemberPhase,
  Person,
  WriteRow,
} from '../../../src-shared/domain/index.ts';

/** One write of a group and how far it has come. */
export interface GroupMember {
  readonly row: WriteRow;
  readonly phase: MemberPhase;
}

export interface GroupDecided {
  readonly decision: GroupDecision;
  readonly by: string;
  readonly at: number;
  readonly reason: string;
  readonly writes: readonly string[];
}

/** All writes of one event version, over all connections (A3, E5). */
export interface GroupView extends GroupPicture {
  readonly id: string;
  readonly tenant: string;
  readonly eventId: string;
  readonly members: readonly GroupMember[];
  /** What could be done about what is charted; empty unless the group failed in part. */
  readonly offers: readonly CompensationOffer[];
  /** What people have decided about the offers, oldest first. */
  readonly decisions: readonly GroupDecided[];
  /** Writes that take members back, oldest first (E2). */
  readonly compensations: readonly WriteRow[];
}

export type GroupOutcome =
  | { readonly ok: true; readonly group: GroupView }
  | {
      readonly ok: false;
      readonly code:
        | 'group-unknown'
        | 'write-unknown'
        | 'no-offer'
        | 'role-forbids'
        | 'reason-missing'
        | 'state-forbids'
        | 'still-charted'
        | 'chart-moved';
      readonly message: string;
    };

export interface Groups {
  /** The group with this id, or that of the write with this id; `undefined`: neither is there. The reading is on record. */
  show(id: string, actor: Actor): Promise<GroupView | undefined>;
  /** Groups that failed in part and on which nobody has decided yet, newest first. */
  waiting(actor: Actor): Promise<readonly GroupView[]>;
  /** Records what a person decided about the offers of a group. Nothing is sent by it. */
  decide(id: string, decision: GroupDecision, reason: string, person: Person, actor: Actor): Promise<GroupOutcome>;
  /**
   * A person accepts that Countersign takes a charted write back where its contract and adapter have a change for that: a
   * write of its own is planned, to be checked, approved, sent and read back like any other. Refused when nobody decided to
   * undo it, it is being or has been taken back, writes are switched off, or the chart no longer holds what was written.
   */
  compensate(write: string, reason: string, person: Person, actor: Actor): Promise<GroupOutcome>;
  /** A person has taken a charted write back in the EHR: it is read there, and counts as taken back when the chart shows it. */
  undone(write: string, note: string, person: Person, actor: Actor): Promise<GroupOutcome>;
}
