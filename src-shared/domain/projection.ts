import type { WriteApproval, WriteRow, WriteState } from './write.ts';
import type { SendsRow } from './calendar/index.ts';
import { restsKey } from './flow.ts';
import { withStage } from './stages.ts';
import { switchKey } from './switches.ts';
import {
  charted,
  consentRecorded,
  decided,
  emergencyOpened,
  emergencyReviewed,
  emergencyUsed,
  gateSigned,
  pathChanged,
  proposed,
  safetyRecorded,
  writeReviewed,
} from './governance/index.ts';
import type { GovernanceChange, GovernanceRows } from './governance/index.ts';
import { IllegalMove, mayMove } from './transitions.ts';
import type { EntryBodies, EntryType, EventReceived, PlannedWrite, PreparedRecord, WriteMoved } from './entries.ts';
import type { ConnectionRow, EventRow, PersonRow, SourceRow, SwitchRow, WorkspaceRow } from './rows.ts';

/**
 * From entries to rows: the one place that says what an entry changes. The ledger applies it inside the transaction
 * that appends the entry, and again, from the first entry on, when it rebuilds; both must give the same bytes.
 */

export type ProjectedEntry = {
  [T in EntryType]: {
    readonly type: T;
    readonly tenant: string;
    readonly seq: number;
    readonly at: number;
    readonly body: EntryBodies[T];
  };
}[EntryType];

/** Rows as they stand before the entry. */
export interface RowReader extends GovernanceRows {
  write(id: string): WriteRow | undefined;
  event(eventId: string): EventRow | undefined;
  person(id: string): PersonRow | undefined;
  source(name: string): SourceRow | undefined;
  connection(name: string): ConnectionRow | undefined;
  switch(key: string): SwitchRow | undefined;
  sends(key: string): SendsRow | undefined;
  workspace(): WorkspaceRow | undefined;
}

/** A row as it stands after the entry. */
export type RowChange =
  | GovernanceChange
  | { readonly kind: 'write'; readonly key: string; readonly row: WriteRow }
  | { readonly kind: 'event'; readonly key: string; readonly row: EventRow }
  | { readonly kind: 'person'; readonly key: string; readonly row: PersonRow }
  | { readonly kind: 'source'; readonly key: string; readonly row: SourceRow }
  | { readonly kind: 'connection'; readonly key: string; readonly row: ConnectionRow }
  | { readonly kind: 'switch'; readonly key: string; readonly row: SwitchRow }
  | { readonly kind: 'sends'; readonly key: string; readonly row: SendsRow }
  | { readonly kind: 'workspace'; readonly key: string; readonly row: WorkspaceRow };

/**
 * The rows that change with an entry, in a fixed order.
 *
 * @throws IllegalMove when an entry asks for a move the table does not list: such an entry must not be appended.
 */
export function project(entry: ProjectedEntry, rows: RowReader): readonly RowChange[] {
  switch (entry.type) {
    case 'workspace.created':
      return [{ kind: 'workspace', key: 'workspace', row: { version: 1, site: entry.body.site, createdAt: entry.at } }];
    case 'ledger.loss-accepted': {
      // It stands whatever else is known of the workspace: nothing may be sent as if nothing were lost.
      const before = rows.workspace() ?? { version: 0, site: '', createdAt: entry.at };
      const lost = { at: entry.at, sizes: entry.body.sizes };
      return [{ kind: 'workspace', key: 'workspace', row: { ...before, version: before.version + 1, lost } }];
    }
    case 'person.added': {
      const { person, secretVerifier } = entry.body;
      const version = (rows.person(person.id)?.version ?? 0) + 1;
      return [{ kind: 'person', key: person.id, row: { ...person, version, secretVerifier } }];
    }
    case 'source.added': {
      const { source } = entry.body;
      return [{ kind: 'source', key: source.name, row: { ...source, version: (rows.source(source.name)?.version ?? 0) + 1 } }];
    }
    case 'connection.added': {
      const { connection } = entry.body;
      const version = (rows.connection(connection.name)?.version ?? 0) + 1;
      return [{ kind: 'connection', key: connection.name, row: { ...connection, version } }];
    }
    case 'connection.changed': {
      const { connection, stage, resource, scope, settings } = entry.body;
      const before = rows.connection(connection);
      if (before === undefined) return [];
      const part = scope ?? (resource === undefined ? {} : { resource });
      const staged = stage === undefined ? {} : withStage(before, part, stage);
      const changed = { ...staged, ...(settings === undefined ? {} : { settings }) };
      return [{ kind: 'connection', key: before.name, row: { ...before, ...changed, version: before.version + 1 } }];
    }
    case 'switch.set': {
      const key = switchKey(entry.body.switch.what, entry.body.switch.scope);
      return [
        { kind: 'switch', key, row: { ...entry.body.switch, at: entry.at, version: (rows.switch(key)?.version ?? 0) + 1 } },
      ];
    }
    case 'policy.proposed':
      return proposed(entry.seq, entry.at, entry.body, rows);
    case 'policy.decided':
      return decided(entry.at, entry.body, rows);
    case 'consent.recorded':
      return consentRecorded(entry.body, rows);
    case 'gate.signed':
      return gateSigned(entry.body, rows);
    case 'safety.recorded':
      return safetyRecorded(entry.body);
    case 'path.changed':
      return pathChanged(entry.tenant, entry.at, entry.body, rows);
    case 'emergency.opened':
      return emergencyOpened(entry.body);
    case 'emergency.reviewed':
      return emergencyReviewed(entry.body, rows);
    case 'person.changed': {
      const { id, roles, rolesUntil } = entry.body;
      const before = rows.person(id);
      return before === undefined
        ? []
        : [{ kind: 'person', key: id, row: { ...before, roles, rolesUntil, version: before.version + 1 } }];
    }
    case 'connection.tested': {
      const before = rows.connection(entry.body.connection);
      const { software } = entry.body;
      if (before === undefined || software === undefined || before.software === software) return [];
      return [{ kind: 'connection', key: before.name, row: { ...before, software, version: before.version + 1 } }];
    }
    case 'event.received':
      return eventReceived(entry.seq, entry.at, entry.tenant, entry.body, rows);
    case 'event.approved': {
      const event = rows.event(entry.body.eventId);
      if (event === undefined) return [];
      const row: EventRow = {
        ...event,
        version: event.version + 1,
        approved: true,
        approvalSeq: entry.seq,
        approvedAt: entry.body.approvedAt,
      };
      return [{ kind: 'event', key: event.eventId, row }];
    }
    case 'write.attempted':
      return [
        ...attempted(entry.seq, entry.at, entry.body, rows),
        ...counted(entry.body.counted ?? [], rows),
        ...retried(entry.body.retried, entry.at, rows),
      ];
    case 'connection.rested':
      return rested(entry.body, rows);
    case 'event.disputed': {
      const event = rows.event(entry.body.eventId);
      if (event === undefined) return [];
      const row: EventRow = { ...event, version: event.version + 1, disputed: entry.body.eventVersion };
      return [{ kind: 'event', key: event.eventId, row }];
    }
    case 'write.compensating':
      return [planned(entry.body.write, entry.body.eventSeq, entry.at, rows)];
    case 'write.checked':
      return moved(entry.seq, entry.at, entry.body, rows, entry.body.prepared);
    case 'write.approved': {
      const moves = moved(entry.seq, entry.at, entry.body, rows, null);
      const emergency = approvedBy(entry.body)?.emergency;
      return emergency === undefined ? moves : [...moves, ...emergencyUsed(emergency, entry.body.id, entry.at, rows)];
    }
    case 'write.selected': {
      const { selection } = entry.body;
      return moved(entry.seq, entry.at, entry.body, rows, null).map((change) =>
        change.kind === 'write' ? { ...change, row: { ...change.row, selection } } : change,
      );
    }
    case 'write.settled':
      return asked(entry.body.askedUntil, moved(entry.seq, entry.at, entry.body, rows, null));
    // Whoever retries it by hand knows that the EHR has asked for a pause.
    case 'write.retried':
      return asked(undefined, moved(entry.seq, entry.at, entry.body, rows, null));
    case 'write.rejected':
    case 'write.held':
    case 'write.released':
    case 'write.put-off':
    case 'write.looked-up':
    case 'write.verified':
    case 'write.followed':
    case 'write.withdrawn':
    case 'write.resolved':
    case 'write.superseded':
    case 'write.finding-signed':
    case 'write.compensated':
    case 'write.recovered':
    case 'write.faulted':
      return moved(entry.seq, entry.at, entry.body, rows, null);
    case 'write.reviewed':
      return writeReviewed(entry.body, rows);
    case 'write.answered-late':
    case 'group.decided':
    case 'shadow.compared':
    case 'write.stuck':
    case 'clock.judged':
    case 'engine.started':
    case 'engine.stopped':
    case 'engine.paused':
    case 'engine.resumed':
    case 'intake.refused':
    case 'record.viewed':
    case 'audit.verified':
      return [];
  }
}

/** The approval that an entry brings: the last of several stands on the write, an earlier one in its waiting state. */
function approvedBy({ approval, moves }: WriteMoved): WriteApproval | undefined {
  const last = moves.at(-1);
  return approval ?? (last?.name === 'awaiting-approval' ? last.given?.at(-1) : undefined);
}

/**
 * The rows that an event begins with: itself, and its writes as drafts.
 *
 * @throws IllegalMove when one of its writes is there already
 */
export function eventReceived(
  seq: number,
  at: number,
  tenant: string,
  body: EventReceived,
  rows: Pick<RowReader, 'event' | 'write'>,
): readonly RowChange[] {
  const event: EventRow = {
    tenant,
    eventId: body.eventId,
    version: (rows.event(body.eventId)?.version ?? 0) + 1,
    eventVersion: body.eventVersion,
    source: body.source,
    type: body.type,
    contentSha256: body.contentSha256,
    subject: body.subject,
    approved: body.approvedAt !== null,
    seq,
    approvalSeq: seq,
    writes: body.writes.map((write) => write.id),
    occurredAt: body.occurredAt,
    ingestedAt: at,
    approvedAt: body.approvedAt,
  };
  const writes = body.writes.map((write) => planned(write, seq, at, rows));
  return [{ kind: 'event', key: body.eventId, row: event }, ...writes];
}

/** A write as it begins. */
function planned(write: PlannedWrite, eventSeq: number, at: number, rows: Pick<RowReader, 'write'>): RowChange {
  if (rows.write(write.id) !== undefined) throw new IllegalMove(write.id, null, 'draft');
  const row: WriteRow = {
    ...write,
    eventSeq,
    createdAt: at,
    version: 1,
    state: { name: 'draft', nextAt: at, looks: 0 },
    updatedAt: at,
    attempts: 0,
    prepared: null,
    approval: null,
  };
  return { kind: 'write', key: write.id, row };
}

/** Each attempt says anew whether what it may chart has to be reviewed. */
function attempted(seq: number, at: number, body: EntryBodies['write.attempted'], rows: RowReader): readonly RowChange[] {
  const { reviewDue } = body;
  return moved(seq, at, body, rows, null).map((change) => {
    if (change.kind !== 'write') return change;
    const { reviewDue: _, ...row } = change.row;
    return { ...change, row: reviewDue === true ? { ...row, reviewDue } : row };
  });
}

/** One request more under each cap. */
function counted(keys: readonly string[], rows: RowReader): readonly RowChange[] {
  return keys.map((key): RowChange => {
    const before = rows.sends(key);
    return { kind: 'sends', key, row: { key, version: (before?.version ?? 0) + 1, sends: (before?.sends ?? 0) + 1 } };
  });
}

/** Until when the EHR wants nothing of a write, as its newest answer says; nothing where that said nothing. */
function asked(askedUntil: number | undefined, changes: readonly RowChange[]): readonly RowChange[] {
  return changes.map((change) => {
    if (change.kind !== 'write') return change;
    const { askedUntil: _before, ...row } = change.row;
    return { ...change, row: askedUntil === undefined ? row : { ...row, askedUntil } };
  });
}

/** One retry more of a connection's budget. */
function retried(of: EntryBodies['write.attempted']['retried'], at: number, rows: RowReader): readonly RowChange[] {
  if (of === undefined) return [];
  const { key, left } = of;
  return counted([key], rows).map((change) =>
    change.kind === 'sends' ? { ...change, row: { ...change.row, retries: { left, at } } } : change,
  );
}

function rested({ connection, resting }: EntryBodies['connection.rested'], rows: RowReader): readonly RowChange[] {
  return counted([restsKey(connection)], rows).map((change) =>
    change.kind === 'sends' ? { ...change, row: { ...change.row, ...(resting === null ? {} : { resting }) } } : change,
  );
}

function moved(
  seq: number,
  at: number,
  body: WriteMoved,
  rows: RowReader,
  prepared: PreparedRecord | null,
): readonly RowChange[] {
  const before = rows.write(body.id);
  // Signing a finding need not move anything; every other entry about a write does.
  const last = body.moves.at(-1) ?? (body.signatures === undefined ? undefined : before?.state);
  if (before === undefined || last === undefined)
    throw new IllegalMove(body.id, before?.state.name ?? null, last?.name ?? 'quarantined');
  let from = before.state.name;
  for (const state of body.moves) {
    if (!mayMove(from, state.name)) throw new IllegalMove(body.id, from, state.name);
    from = state.name;
  }
  const row: WriteRow = {
    ...before,
    version: before.version + 1,
    state: withEvidenceSeq(last, seq),
    updatedAt: at,
    attempts: before.attempts + (body.moves.at(-1)?.name === 'in-flight' ? 1 : 0),
    prepared:
      prepared === null
        ? before.prepared
        : { seq, sha256: prepared.sha256, adapter: prepared.adapter, contract: prepared.contract },
    approval: body.approval === undefined ? before.approval : body.approval,
    ...(body.signatures === undefined ? {} : { signatures: [...(before.signatures ?? []), ...body.signatures] }),
  };
  const review = last.name === 'committed' && before.state.name !== 'committed' ? charted(row, at, rows) : [];
  return [{ kind: 'write', key: row.id, row }, ...review];
}

/** An entry cannot know its own number before it is appended; evidence that points at its own entry says -1 until then. */
function withEvidenceSeq(state: WriteState, seq: number): WriteState {
  if (state.name !== 'committed' || state.evidence.seq !== -1) return state;
  return { ...state, evidence: { ...state.evidence, seq } };
}
