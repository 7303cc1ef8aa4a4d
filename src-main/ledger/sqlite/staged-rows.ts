import {
  laneRoleOf,
  type ConnectionRow,
  type ConsentRow,
  type EmergencyRow,
  type ReviewRow,
  type EventRow,
  type GateRow,
  type PathRow,
  type PersonRow,
  type PolicyRow,
  type ProposalRow,
  type RowChange,
  type RowReader,
  type SafetyRow,
  type SourceRow,
  type SendsRow,
  type SwitchRow,
  type WorkspaceRow,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import type { RowKind, Rows } from '../../ports/outbound/index.ts';
import { keyOf, type RegistryKind, type RowStore, type StagedRow } from './row-store.ts';
import { ordOf } from './write-columns.ts';

/**
 * Rows as they will be when what is staged has been written: this commit's changes over those of earlier commits of the
 * same transaction over the file. A commit that is refused is dropped by forgetting its layer.
 */
export class StagedRows implements RowReader {
  private readonly store: RowStore;
  private readonly log: number;
  private readonly tenant: string;
  private readonly below: StagedRows | null;
  private readonly rows = new Map<string, StagedRow>();

  constructor(store: RowStore, log: number, tenant: string, below: StagedRows | null) {
    this.store = store;
    this.log = log;
    this.tenant = tenant;
    this.below = below;
  }

  write(id: string): WriteRow | undefined {
    const staged = this.staged('write', id);
    return staged === undefined ? this.store.write(this.log, this.tenant, id)?.row : (staged.row as WriteRow);
  }

  event(eventId: string): EventRow | undefined {
    return this.registry('event', eventId);
  }

  person(id: string): PersonRow | undefined {
    return this.registry('person', id);
  }

  source(name: string): SourceRow | undefined {
    return this.registry('source', name);
  }

  connection(name: string): ConnectionRow | undefined {
    return this.registry('connection', name);
  }

  switch(key: string): SwitchRow | undefined {
    return this.registry('switch', key);
  }

  sends(key: string): SendsRow | undefined {
    return this.registry('sends', key);
  }

  workspace(): WorkspaceRow | undefined {
    return this.registry('workspace', 'workspace');
  }

  policy(key: string): PolicyRow | undefined {
    return this.registry('policy', key);
  }

  proposal(id: string): ProposalRow | undefined {
    return this.registry('proposal', id);
  }

  consent(patient: string): ConsentRow | undefined {
    return this.registry('consent', patient);
  }

  gate(connection: string): GateRow | undefined {
    return this.registry('gate', connection);
  }

  safety(id: string): SafetyRow | undefined {
    return this.registry('safety', id);
  }

  path(key: string): PathRow | undefined {
    return this.registry('path', key);
  }

  emergency(id: string): EmergencyRow | undefined {
    return this.registry('emergency', id);
  }

  review(write: string): ReviewRow | undefined {
    return this.registry('review', write);
  }

  /** The write of this lane that may be on its way to the chart or in it, if there is one. */
  holderOf(lane: string): WriteRow | undefined {
    const holds = (row: WriteRow): boolean => row.lane === lane && laneRoleOf(row.state) === 'holds';
    for (const staged of this.below?.all() ?? []) if (staged.kind === 'write' && holds(staged.row)) return staged.row;
    const stored = this.store.holdersOf(this.log, lane).map((id) => this.write(id));
    return stored.find((row) => row !== undefined && holds(row));
  }

  /** Version of a row; 0 when there is none. */
  version(kind: RowKind, key: string): number {
    return this.staged(kind, key)?.row.version ?? this.store.version(kind, this.log, key);
  }

  /**
   * Takes in what an entry changes. New writes get their order from the entry and their place among its changes.
   *
   * @returns true when the entry stands in the row of a write it moved, under that write's stream and patient
   */
  stage(seq: number, entry: { readonly stream: string; readonly subject: string }, changes: readonly RowChange[]): boolean {
    let slot = 0;
    let listed = false;
    for (const change of changes) {
      const key = keyOf(change);
      if (change.kind !== 'write') {
        this.rows.set(key, { kind: change.kind, log: this.log, key: change.key, row: change.row });
        continue;
      }
      const own = entry.stream === `write/${change.key}` && entry.subject === change.row.patientKey;
      listed ||= own;
      const earlier = this.staged('write', change.key);
      if (earlier?.kind === 'write') {
        this.rows.set(key, { ...earlier, row: change.row, seqs: own ? listSeq(earlier.seqs, seq) : earlier.seqs });
      } else {
        const before = this.store.write(this.log, this.tenant, change.key);
        const seqs = before?.seqs ?? '';
        this.rows.set(key, {
          kind: 'write',
          log: this.log,
          row: change.row,
          ord: before?.ord ?? ordOf(seq, slot),
          seqs: own ? listSeq(seqs, seq) : seqs,
          before,
        });
      }
      slot += 1;
    }
    return listed;
  }

  /** Hands this layer's rows to the one below. */
  settle(): void {
    for (const [key, row] of this.rows) this.below?.rows.set(key, row);
  }

  all(): Iterable<StagedRow> {
    return this.rows.values();
  }

  private registry<K extends RegistryKind>(kind: K, key: string): Rows[K] | undefined {
    const staged = this.staged(kind, key);
    return staged === undefined ? this.store.registry(kind, this.log, key) : (staged.row as Rows[K]);
  }

  private staged(kind: RowKind, key: string): StagedRow | undefined {
    const name = keyOf({ kind, key });
    return this.rows.get(name) ?? this.below?.rows.get(name);
  }
}

function listSeq(seqs: string, seq: number): string {
  return seqs === '' ? String(seq) : `${seqs} ${seq}`;
}
