import type {
  Exchange,
  Person,
  PreparedRecord,
  ResolvedFacts,
  StateName,
  WriteApproval,
  WriteIdentity,
  WriteState,
} from '../../../src-shared/domain/index.ts';

/** One write as the auditor understands it from the entries of the log alone. */
export interface WritePicture {
  readonly planned: Omit<WriteIdentity, 'eventSeq' | 'createdAt'>;
  state: WriteState;
  version: number;
  attempts: number;
  approval: WriteApproval | null;
  /** Who selected it although it is blocked. */
  selectedBy: string | null;
  prepared: PreparedRecord | null;
  facts: ResolvedFacts | null;
  /** Ever recorded as in the chart. */
  charted: boolean;
  /** A person said so, rather than the EHR. */
  attested: boolean;
  /** What stopped it already when its last attempt was recorded. */
  stoppedAtAttempt: readonly string[];
  /** Whether who had approved it was still there when its last attempt was recorded. */
  approversAtAttempt: boolean;
  /** Requests of this write that have left. */
  sends: number;
  /** Monotonic time before which the EHR asked not to be asked again, whom it told, and how wrong the wall clock then was. */
  notBefore: { readonly at: number; readonly process: string; readonly wallOffsetMs: number };
}

/** A logged entry as the auditor reads it: plain JSON, nothing taken on trust. */
export interface SeenEntry {
  readonly type: string;
  readonly actorKind: string;
  readonly actor: string;
  readonly body: {
    readonly id?: string;
    readonly moves?: readonly WriteState[];
    readonly approval?: WriteApproval | null;
    readonly selection?: { readonly by: string };
    readonly prepared?: PreparedRecord | null;
    readonly facts?: ResolvedFacts | null;
    readonly exchange?: readonly Exchange[];
    readonly requestSha256?: string;
    readonly writes?: readonly WritePicture['planned'][];
    /** A write that takes back another one. */
    readonly write?: WritePicture['planned'];
    /** What was decided about charted writes of a group, and which. */
    readonly decision?: string;
    readonly members?: readonly string[];
    readonly person?: Person;
    readonly switch?: { readonly what: string; readonly scope: Readonly<Record<string, string>>; readonly off: boolean };
    /** A connection as it was registered, or the name of one that was changed. */
    readonly connection?: unknown;
    readonly stage?: string;
  };
}

export function planned(write: WritePicture['planned']): WritePicture {
  return {
    planned: write,
    state: { name: 'draft', nextAt: 0, looks: 0 },
    version: 1,
    attempts: 0,
    approval: null,
    selectedBy: null,
    prepared: null,
    facts: null,
    charted: false,
    attested: false,
    stoppedAtAttempt: [],
    approversAtAttempt: true,
    sends: 0,
    notBefore: { at: 0, process: '', wallOffsetMs: 0 },
  };
}

/** The states a write passes through with an entry, each with the one before it. */
export function steps(from: StateName, moves: readonly WriteState[]): readonly (readonly [from: StateName, to: WriteState])[] {
  let before = from;
  return moves.map((to) => {
    const step = [before, to] as const;
    before = to.name;
    return step;
  });
}
