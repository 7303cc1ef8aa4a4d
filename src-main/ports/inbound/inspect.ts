import type { Entry, WriteFilter } from '../outbound/index.ts';
import type {
  Actor,
  EventRow,
  Exchange,
  Finding,
  NamedFinding,
  NormalizedRecord,
  PreparedRecord,
  ResolvedFacts,
  ShownRead,
  Withheld,
  WriteRow,
} from '../../../src-shared/domain/index.ts';

/** Everything known about one write. */
export interface WriteView {
  readonly row: WriteRow;
  readonly event: EventRow | undefined;
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  /** The findings by name, with what was signed about each and still holds. */
  readonly signed: readonly NamedFinding[];
  readonly facts: ResolvedFacts | null;
  /** What normalization made of the item: by which rules, from what to what; `null` before its first check. */
  readonly normalized: NormalizedRecord | null;
  readonly exchanges: readonly Exchange[];
  /** What of the event does not leave, or leaves as something else, by which rule; empty when it can no longer be read. */
  readonly withheld: readonly Withheld[];
  /** What was read of the chart at the last check, under which list, and how much of it was looked at; `null`: nothing was. */
  readonly reads: { readonly list: string; readonly made: readonly ShownRead[] } | null;
  /** The event's entry, then the write's, oldest first. */
  readonly timeline: readonly Entry[];
}

export type TimelineBy =
  { readonly stream: string } | { readonly encounterKey: string } | { readonly patientKey: string } | { readonly actor: string };

/** Reading clinical records; each reading is recorded with who read. */
export interface Inspect {
  write(id: string, actor: Actor): Promise<WriteView | undefined>;
  writes(filter: WriteFilter, actor: Actor): Promise<readonly WriteRow[]>;
  timeline(tenant: string, by: TimelineBy, actor: Actor): Promise<readonly Entry[]>;
}
