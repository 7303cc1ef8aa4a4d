import type { Connection, Person, Source } from './people.ts';
import type { Switch } from './switches.ts';

/** Projection rows besides writes: what the registries and the intake look like after all entries so far. */

/** An event as intake knows it: enough to recognise it when it comes again. */
export interface EventRow {
  readonly tenant: string;
  readonly eventId: string;
  /** Grows by one with every change of this row. */
  readonly version: number;
  readonly eventVersion: number;
  readonly source: string;
  readonly type: string;
  readonly contentSha256: string;
  readonly subject: string;
  readonly approved: boolean;
  /** Log entry of the newest version. */
  readonly seq: number;
  /** Log entry whose record carries the newest approval; equals `seq` unless one was added later. */
  readonly approvalSeq: number;
  readonly writes: readonly string[];
  readonly occurredAt: number;
  readonly ingestedAt: number;
  readonly approvedAt: number | null;
  /** The version of which a second, different content came approved, too; while it is the newest, nothing of it is sent. */
  readonly disputed?: number;
}

export interface PersonRow extends Person {
  readonly version: number;
  /** Argon2id verifier in PHC text form. */
  readonly secretVerifier: string;
}

export interface SourceRow extends Source {
  readonly version: number;
}

export interface ConnectionRow extends Connection {
  readonly version: number;
}

export interface SwitchRow extends Switch {
  readonly version: number;
  readonly at: number;
}

export interface WorkspaceRow {
  readonly version: number;
  readonly site: string;
  readonly createdAt: number;
  /** When it was accepted that the ledger had lost its end, and how many entries each log held, by tenant; the last time. */
  readonly lost?: { readonly at: number; readonly sizes: Readonly<Record<string, number>> };
}
