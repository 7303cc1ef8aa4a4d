import { createHash } from 'node:crypto';
import type {
  Actor,
  EntryBodies,
  PlannedWrite,
  StateName,
  WriteMoved,
  WriteRow,
  WriteState,
} from '../../../src-shared/domain/index.ts';
import type { Clock, Commit, EntryDraft } from '../../ports/outbound/index.ts';

/** What tests of ledgers append: small, complete entries of every kind that moves a row. */

export const engine: Actor = { kind: 'engine', id: 'engine-1' };
export const source: Actor = { kind: 'source', id: 'scribe-7' };

export function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** A clock that stands until it is moved. */
export class StandingClock implements Clock {
  wall = 1_772_442_840_000;
  passed = 0;

  now(): number {
    return this.wall;
  }

  monotonic(): number {
    return this.passed;
  }

  advance(ms: number): void {
    this.wall += ms;
    this.passed += ms;
  }
}

export interface WriteOptions {
  readonly tenant?: string;
  readonly connection?: string;
  readonly lane?: string;
  readonly group?: string;
  readonly patientKey?: string;
  readonly encounterKey?: string | null;
  readonly eventId?: string;
}

export function plannedWrite(id: string, options: WriteOptions = {}): PlannedWrite {
  const { tenant = 'north', connection = 'practice', patientKey = 'patient-1', eventId = `event-${id}` } = options;
  return {
    id,
    tenant,
    connection,
    source: 'scribe-7',
    eventId,
    eventVersion: 1,
    slot: id,
    kind: 'note',
    resourceType: 'DocumentReference',
    operation: 'create',
    tier: 'low',
    group: options.group ?? eventId,
    lane: options.lane ?? `${patientKey}/visit`,
    patientKey,
    encounterKey: options.encounterKey ?? null,
    supersedes: null,
    contentSha256: sha256Of(id),
  };
}

/** The entry with which writes begin. All of them are of one event. */
export function received(writes: readonly PlannedWrite[], at = 1_000, record = '{"id":"x"}'): EntryDraft {
  const [first] = writes;
  const body: EntryBodies['event.received'] = {
    eventId: first?.eventId ?? 'event-none',
    eventVersion: 1,
    source: 'scribe-7',
    type: 'note.approved',
    file: 'events.ndjson',
    line: 1,
    contentSha256: sha256Of(record),
    subject: 'subject-1',
    occurredAt: at,
    approvedAt: at,
    record,
    writes,
    kept: [],
  };
  const patientKey = first?.patientKey ?? null;
  return {
    type: 'event.received',
    stream: `event/${body.eventId}`,
    at,
    actor: source,
    patientKey,
    correlation: body.eventId,
    body,
  };
}

/** A commit that takes in one event with these writes. */
export function intake(writes: readonly PlannedWrite[], at = 1_000): Commit {
  return { tenant: writes[0]?.tenant ?? 'north', expected: [], entries: [received(writes, at)] };
}

/** An entry that moves a write through these states. */
export function moved(write: Pick<WriteRow, 'id' | 'patientKey'>, moves: readonly WriteState[], at = 2_000): EntryDraft {
  const body: WriteMoved = { id: write.id, moves };
  return {
    type: 'write.retried',
    stream: `write/${write.id}`,
    at,
    actor: engine,
    patientKey: write.patientKey,
    correlation: write.id,
    body,
  };
}

/** A commit that moves a write as it stands in this row. */
export function move(row: WriteRow, ...moves: readonly WriteState[]): Commit {
  return {
    tenant: row.tenant,
    expected: [{ kind: 'write', key: row.id, version: row.version }],
    entries: [moved(row, moves, row.updatedAt + 1)],
  };
}

/** An entry that moves nothing. */
export function tested(connection: string, at = 1_000, actor: Actor = engine): EntryDraft {
  return {
    type: 'connection.tested',
    stream: `connection/${connection}`,
    at,
    actor,
    patientKey: null,
    correlation: connection,
    body: { connection, ok: true, summary: 'reads' },
  };
}

/** A state with this name, due at `at` where it can be due. */
export function stateOf(name: StateName, at = 0): WriteState {
  switch (name) {
    case 'draft':
      return { name, nextAt: at, looks: 0 };
    case 'validated':
      return { name };
    case 'awaiting-approval':
      return { name, roles: ['clinician'], reason: 'high risk' };
    case 'held':
      return { name, hold: { code: 'connection-inactive', liftedBy: 'operations-lead' }, resume: 'pending' };
    case 'pending':
      return { name, nextAt: at };
    case 'in-flight':
      return { name, attempt: 1, engine: 'engine-1', sentAt: at };
    case 'unknown':
      return { name, code: 'reply-lost', since: at, looks: 0, absentLooks: 0, nextAt: at, personSince: null };
    case 'conflict':
      return { name, code: 'version-conflict', found: null };
    case 'failed-retryable':
      return { name, code: 'ehr-unavailable', nextAt: at };
    case 'failed-terminal':
      return { name, code: 'ehr-rejected' };
    case 'resolved-by-hand':
      return { name, by: 'ops', at, note: 'entered by hand' };
    case 'committed':
      return {
        name,
        evidence: { reference: 'DocumentReference/1', versionId: '1', seq: -1 },
        landing: 'charted',
        verification: { result: 'due', nextAt: at, looks: 0 },
        at,
        late: false,
      };
    case 'superseded':
      return { name, by: null };
    case 'withdrawn':
      return { name, by: 'ops', reason: 'not needed', at };
    case 'compensated':
    case 'corrected':
      return { name, by: 'w2' };
    case 'quarantined':
      return { name, reason: 'unreadable' };
  }
}
