import { describe, expect, it } from 'vitest';
import type { FailureCode } from './failures.ts';
import { slotKey } from './fan-out.ts';
import { decideIntake, type IntakeDecision, type IntakeFacts } from './intake.ts';
import type { EventRow } from './rows.ts';
import { connection, matrix, pseudonym, read, record, sha256, source } from './testing/builders.ts';

const at = Date.UTC(2026, 2, 2, 9, 14);
const approved = { status: 'approved', by: { id: 'dr-lee' }, at: '2026-03-02T09:13:40Z' };

type Changes = Readonly<Record<string, unknown>>;
function facts(changes: Changes = {}, others: Partial<IntakeFacts> = {}): IntakeFacts {
  return {
    ...read(record(changes)),
    file: 'day.ndjson',
    line: 3,
    source: source(),
    connections: [connection()],
    known: undefined,
    earlier: new Map(),
    matrix,
    pseudonym,
    sha256,
    ...others,
  };
}

/** The row that an event leaves behind when it is taken in. */
function knownAfter(changes: Changes = {}, others: Partial<EventRow> = {}): EventRow {
  const decision = decideIntake(facts(changes));
  if (decision.status !== 'accepted') throw new Error(`it was ${decision.status}`);
  const { eventId, eventVersion, contentSha256, subject, approvedAt, occurredAt, type } = decision.body;
  return {
    tenant: 'north-clinic',
    eventId,
    version: 1,
    eventVersion,
    source: decision.body.source,
    type,
    contentSha256,
    subject,
    approved: approvedAt !== null,
    seq: 0,
    approvalSeq: 0,
    writes: decision.body.writes.map(({ id }) => id),
    occurredAt,
    ingestedAt: at,
    approvedAt,
    ...others,
  };
}

const outcome = (decision: IntakeDecision): string => (decision.status === 'refused' ? decision.code : decision.status);

describe('decideIntake', () => {
  it('A1 takes in a record as the characters that came, with its writes', () => {
    const given = facts({ version: 2, approval: approved, correlationId: 'c-1' });
    const decision = decideIntake(given);
    if (decision.status !== 'accepted') throw new Error(decision.status);
    const { writes, subject, ...rest } = decision.body;
    expect(rest).toEqual({
      eventId: 'scribe-7:visit-88:note',
      eventVersion: 2,
      source: 'scribe-7',
      type: 'note.approved',
      file: 'day.ndjson',
      line: 3,
      contentSha256: given.contentSha256,
      occurredAt: at,
      approvedAt: Date.UTC(2026, 2, 2, 9, 13, 40),
      record: given.record,
      kept: [],
    });
    expect(writes).toHaveLength(1);
    expect(writes[0]).toMatchObject({ eventVersion: 2, contentSha256: given.contentSha256, supersedes: null });
    // Nothing about the patient is readable in what every projection holds.
    expect(JSON.stringify({ subject, writes })).not.toContain('100234');
  });

  it('A1 counts a report without a target, though the tenant has several connections', () => {
    const decision = decideIntake(
      facts(
        { type: 'capture.failed', content: undefined, reason: 'microphone off' },
        { connections: [connection(), connection({ name: 'south' })] },
      ),
    );
    expect(decision).toMatchObject({ status: 'accepted', body: { writes: [], kept: [], approvedAt: null } });
  });

  it.each([
    [undefined, null],
    [null, null],
    [{ ...approved, status: 'rejected' }, null],
    [approved, Date.UTC(2026, 2, 2, 9, 13, 40)],
  ])('A4 the time of the approval %j is %s', (approval, approvedAt) => {
    expect(decideIntake(facts({ approval }))).toMatchObject({ body: { approvedAt } });
  });

  it('A4 takes an event of a leap second', () => {
    expect(decideIntake(facts({ occurredAt: '2016-12-31T23:59:60Z' }))).toMatchObject({
      body: { occurredAt: Date.UTC(2017, 0, 1) },
    });
  });

  const south = connection({ name: 'south', tenants: ['south-clinic'] });
  const second = connection({ name: 'second' });
  const manyProblems = { problems: Array.from({ length: 501 }, () => ({ code: { text: 'x' } })) };
  const twice = {
    problems: [
      { key: 'a', code: { text: 'x' } },
      { key: 'a', code: { text: 'y' } },
    ],
  };
  const known = knownAfter();
  const other = { content: { note: { text: 'Feels worse.' } } };

  // Each row but the first makes one more thing wrong than it needs to: the order of the checks is part of the promise.
  const refusals: readonly (readonly [what: string, changes: Changes, others: Partial<IntakeFacts>, code: FailureCode])[] = [
    ['no such source, nor tenant', { tenant: 'elsewhere' }, { source: undefined, connections: [south] }, 'source-unknown'],
    ['a source switched off, for another tenant', {}, { source: source({ active: false, tenants: [] }) }, 'source-unknown'],
    ['a tenant and a type not allowed', {}, { source: source({ tenants: ['south-clinic'], types: [] }) }, 'source-not-allowed'],
    [
      'a type and an origin not allowed',
      { origin: 'ai' },
      { source: source({ types: ['problem'], origin: 'device' }) },
      'source-not-allowed',
    ],
    ['only proposals allowed', {}, { source: source({ types: ['note.proposed'] }) }, 'source-not-allowed'],
    [
      'another origin, no connection',
      { origin: 'ai' },
      { source: source({ origin: 'clinician' }), connections: [] },
      'source-not-allowed',
    ],
    ['no connection at all, an unknown target', { targets: [{ connection: 'x' }] }, { connections: [] }, 'tenant-unknown'],
    ['connections of other tenants only', {}, { connections: [south] }, 'tenant-unknown'],
    ['connections switched off only', {}, { connections: [connection({ active: false })] }, 'tenant-unknown'],
    [
      'a report for a tenant that no one serves',
      { type: 'capture.failed', content: undefined },
      { connections: [south] },
      'tenant-unknown',
    ],
    ['a known id, two connections, no target', {}, { connections: [connection(), second], known }, 'connection-ambiguous'],
    ['a target that does not exist', { targets: [{ connection: 'x' }] }, { known }, 'connection-unknown'],
    [
      'a target of another tenant',
      { targets: [{ connection: 'south' }] },
      { connections: [connection(), south] },
      'connection-unknown',
    ],
    [
      'a target switched off',
      { targets: [{ connection: 'second' }] },
      { connections: [connection(), connection({ ...second, active: false })] },
      'connection-unknown',
    ],
    ['one good and one bad target', { targets: [{ connection: 'north' }, { connection: 'x' }] }, {}, 'connection-unknown'],
    ['an id of another source, other content', other, { known: { ...known, source: 'scribe-9' } }, 'event-id-taken'],
    [
      'an id of another source, higher version',
      { ...other, version: 9 },
      { known: { ...known, source: 'scribe-9' } },
      'event-id-taken',
    ],
    ['other content, same version, too many writes', { content: manyProblems }, { known }, 'event-version-conflict'],
    [
      'other content, lower version',
      { ...other, version: 1 },
      { known: { ...known, eventVersion: 2 } },
      'event-version-conflict',
    ],
    ['two items in one slot, one of many', { content: twice }, {}, 'event-duplicate-slot'],
    ['more entries than one event may ask for', { content: manyProblems }, {}, 'event-too-many-writes'],
  ];
  it.each(refusals)('A5 refuses %s', (_what, changes, others, code) => {
    const decision = decideIntake(facts(changes, others));
    expect(outcome(decision)).toBe(code);
    expect(decision).toMatchObject({ message: expect.stringMatching(/\S/) as unknown });
  });

  // The first thing not allowed is the one told: tenant, then type, then origin.
  it.each([
    [{ tenants: ['south-clinic'], types: [], origin: 'device' }, 'the source may not send for the tenant "north-clinic"'],
    [{ tenants: ['south-clinic'] }, 'the source may not send for the tenant "north-clinic"'],
    [{ tenants: [] }, 'the source may not send for the tenant "north-clinic"'],
    [{ types: [], origin: 'device' }, 'the source may not send "note.approved"'],
    [{ types: ['not', 'note.', 'approved'] }, 'the source may not send "note.approved"'],
    [{ origin: 'device' }, 'the source is registered for content made by device, not by ai'],
  ] as const)('A7 a source with %j may not: %s', (registered, message) => {
    expect(decideIntake(facts({ origin: 'ai' }, { source: source(registered) }))).toEqual({
      status: 'refused',
      code: 'source-not-allowed',
      message,
    });
  });

  const allowed: readonly (readonly [what: string, changes: Changes, others: Partial<IntakeFacts>])[] = [
    ['its tenant in the list', {}, { source: source({ tenants: ['x', 'north-clinic'] }) }],
    ['its type in the list', {}, { source: source({ types: ['note.approved'] }) }],
    ['the first half of its type in the list', {}, { source: source({ types: ['note'] }) }],
    ['its origin as registered', { origin: 'ai' }, { source: source({ origin: 'ai' }) }],
    ['no origin, one registered', {}, { source: source({ origin: 'ai' }) }],
    ['any origin where none is registered', { origin: 'device' }, {}],
    ['the only connection of its tenant as target', {}, { connections: [connection({ tenants: ['north-clinic'] }), south] }],
    ['the one connection that is on', {}, { connections: [connection(), connection({ ...second, active: false })] }],
  ];
  it.each(allowed)('A7 takes in an event with %s', (_what, changes, others) => {
    expect(outcome(decideIntake(facts(changes, others)))).toBe('accepted');
  });

  it('A3 writes to every target once, however often it is named', () => {
    const targets = [{ connection: 'second' }, { connection: 'north' }, { connection: 'second' }];
    const decision = decideIntake(facts({ targets }, { connections: [connection(), second] }));
    expect(decision).toMatchObject({ body: { writes: [{ connection: 'second' }, { connection: 'north' }] } });
  });
});

describe('an event that comes again', () => {
  const patient = (value: string) => ({
    patient: { identifiers: [{ system: 'urn:mrn:north', value }], birthDate: '1967-02-11' },
  });
  const visit = (value: string) => ({ ...patient('100234'), encounter: { identifiers: [{ system: 'urn:visit', value }] } });
  const two = { connections: [connection(), connection({ name: 'second' })] };
  const toBoth = { targets: [{ connection: 'north' }, { connection: 'second' }] };
  const other = { content: { note: { text: 'Feels worse.' } } };
  const asReport = { type: 'encounter.opened', content: undefined };

  // first, again -> what becomes of it, and whether its approval is news
  const table: readonly (readonly [what: string, first: Changes, again: Changes, expected: string, newly: boolean | null])[] = [
    ['the same', {}, {}, 'duplicate', false],
    ['the same with a higher version', {}, { version: 7 }, 'duplicate', false],
    [
      'the same, other words around the content',
      {},
      { correlationId: 'x', device: 'y', occurredAt: '2026-03-03T00:00:00Z' },
      'duplicate',
      false,
    ],
    ['a proposal that is now approved', { type: 'note.proposed' }, { approval: approved }, 'duplicate', true],
    ['an approval that is known', { approval: approved }, { approval: approved }, 'duplicate', false],
    ['an approval that is gone', { approval: approved }, {}, 'duplicate', false],
    ['a rejection', {}, { approval: { ...approved, status: 'rejected' } }, 'duplicate', false],
    [
      'a rejection that is now approved',
      { approval: { ...approved, status: 'rejected' } },
      { approval: approved },
      'duplicate',
      true,
    ],
    ['other content', {}, other, 'event-version-conflict', null],
    ['other content, version 1 said aloud', {}, { ...other, version: 1 }, 'event-version-conflict', null],
    ['other content, higher version', {}, { ...other, version: 2 }, 'new-version', null],
    ['other content, version skipped', { version: 3 }, { ...other, version: 9 }, 'new-version', null],
    ['other content, lower version', { version: 3 }, { ...other, version: 2 }, 'event-version-conflict', null],
    [
      'the same content in other characters',
      {},
      { content: { note: { text: 'Feels well.', class: 'fact' } } },
      'event-version-conflict',
      null,
    ],
    ['another patient', {}, { subject: patient('100235') }, 'event-version-conflict', null],
    ['another patient, higher version', {}, { subject: patient('100235'), version: 2 }, 'new-version', null],
    ['a visit added', {}, { subject: visit('V-1') }, 'event-version-conflict', null],
    ['another visit', { subject: visit('V-1') }, { subject: visit('V-2') }, 'event-version-conflict', null],
    [
      'other demographics of the same patient',
      {},
      { subject: { patient: { ...patient('100234').patient, gender: 'male' } } },
      'duplicate',
      false,
    ],
    [
      'another target',
      { targets: [{ connection: 'north' }] },
      { targets: [{ connection: 'second' }] },
      'event-version-conflict',
      null,
    ],
    ['one target more', { targets: [{ connection: 'north' }] }, toBoth, 'event-version-conflict', null],
    ['its targets in another order', toBoth, { targets: toBoth.targets.toReversed() }, 'duplicate', false],
    ['the same report', asReport, asReport, 'duplicate', false],
    ['another report under the same id', asReport, { ...asReport, type: 'encounter.closed' }, 'event-version-conflict', null],
    ['another report, higher version', asReport, { ...asReport, type: 'encounter.closed', version: 2 }, 'new-version', null],
    ['content under the id of a report', asReport, { targets: [{ connection: 'north' }] }, 'event-version-conflict', null],
  ];
  it.each(table)('C3 %s', (_what, first, again, expected, newly) => {
    const named = 'targets' in first || 'targets' in again || first === asReport;
    const before = decideIntake(facts(first, named ? two : {}));
    if (before.status !== 'accepted') throw new Error(outcome(before));
    const { eventId, eventVersion, contentSha256, subject, approvedAt, type } = before.body;
    const known = knownAfter(
      {},
      { eventId, eventVersion, contentSha256, subject, approved: approvedAt !== null, approvedAt, type },
    );
    const decision = decideIntake(facts(again, { known, ...(named ? two : {}) }));
    expect(outcome(decision)).toBe(expected);
    if (newly !== null) expect(decision).toEqual({ status: 'duplicate', newlyApproved: newly });
  });

  it('C3 replaces the writes of the version before, slot by slot', () => {
    const earlier = new Map([[slotKey('north', 'note/0'), 'write-of-version-1']]);
    const decision = decideIntake(facts({ ...other, version: 2 }, { known: knownAfter(), earlier }));
    expect(decision).toMatchObject({
      status: 'new-version',
      body: { eventVersion: 2, writes: [{ slot: 'note/0', supersedes: 'write-of-version-1' }] },
    });
  });

  it('C1 gives a new version writes of its own', () => {
    const first = decideIntake(facts());
    const next = decideIntake(facts({ ...other, version: 2 }, { known: knownAfter() }));
    if (first.status !== 'accepted' || next.status !== 'new-version') throw new Error('not taken in');
    expect(next.body.writes[0]?.id).not.toBe(first.body.writes[0]?.id);
    expect(next.body.subject).toBe(first.body.subject);
  });
});
