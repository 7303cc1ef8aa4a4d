import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SendsRow } from './calendar/index.ts';
import type { EntryBodies, EntryType, EventReceived, PreparedRecord } from './entries.ts';
import { fanOut } from './fan-out.ts';
import type {
  ConsentRow,
  EmergencyRow,
  GateRow,
  PathRow,
  SafetyRow,
  PolicyRow,
  ProposalRow,
  ReviewRow,
} from './governance/index.ts';
import { project, type ProjectedEntry, type RowChange, type RowReader } from './projection.ts';
import {
  approval,
  connection,
  event,
  matrix,
  now,
  person,
  pseudonym,
  requestSha256,
  sha256,
  source,
  stateNames,
  states,
} from './testing/builders.ts';
import { IllegalMove, mayMove, movesFrom } from './transitions.ts';
import type { ConnectionRow, EventRow, PersonRow, SourceRow, SwitchRow, WorkspaceRow } from './rows.ts';
import type { StateName, WriteRow, WriteState } from './write.ts';

/** Rows held in memory, as the ledger holds them: the last change of a key counts. */
class Rows implements RowReader {
  readonly held = new Map<string, RowChange['row']>();
  apply(entry: ProjectedEntry): readonly RowChange[] {
    const changes = project(entry, this);
    for (const { kind, key, row } of changes) this.held.set(`${kind} ${key}`, row);
    return changes;
  }
  write = (id: string) => this.held.get(`write ${id}`) as WriteRow | undefined;
  event = (id: string) => this.held.get(`event ${id}`) as EventRow | undefined;
  person = (id: string) => this.held.get(`person ${id}`) as PersonRow | undefined;
  source = (name: string) => this.held.get(`source ${name}`) as SourceRow | undefined;
  connection = (name: string) => this.held.get(`connection ${name}`) as ConnectionRow | undefined;
  switch = (key: string) => this.held.get(`switch ${key}`) as SwitchRow | undefined;
  sends = (key: string) => this.held.get(`sends ${key}`) as SendsRow | undefined;
  policy = (key: string) => this.held.get(`policy ${key}`) as PolicyRow | undefined;
  proposal = (id: string) => this.held.get(`proposal ${id}`) as ProposalRow | undefined;
  consent = (patient: string) => this.held.get(`consent ${patient}`) as ConsentRow | undefined;
  gate = (name: string) => this.held.get(`gate ${name}`) as GateRow | undefined;
  safety = (id: string) => this.held.get(`safety ${id}`) as SafetyRow | undefined;
  path = (key: string) => this.held.get(`path ${key}`) as PathRow | undefined;
  emergency = (id: string) => this.held.get(`emergency ${id}`) as EmergencyRow | undefined;
  review = (write: string) => this.held.get(`review ${write}`) as ReviewRow | undefined;
  workspace = () => this.held.get('workspace workspace') as WorkspaceRow | undefined;
  text(): string {
    return JSON.stringify([...this.held].toSorted(([left], [right]) => (left < right ? -1 : 1)));
  }
}

const entry = <T extends EntryType>(type: T, body: EntryBodies[T], seq = 0, at = now): ProjectedEntry =>
  ({ type, tenant: 'north-clinic', seq, at, body }) as ProjectedEntry;

function received(changes: Partial<EventReceived> = {}, version = 1): EventReceived {
  const content = {
    problems: [
      { key: 'a', code: { text: 'x' } },
      { key: 'b', code: { text: 'y' } },
    ],
  };
  const given = event({ content, version });
  const planned = fanOut({
    event: given,
    connections: ['north'],
    matrix,
    contentSha256: `${version}`.repeat(64),
    pseudonym,
    sha256,
    earlier: new Map(),
  });
  if (!planned.ok) throw new Error(planned.message);
  return {
    eventId: given.id,
    eventVersion: version,
    source: given.source,
    type: given.type,
    file: 'day.ndjson',
    line: 1,
    contentSha256: `${version}`.repeat(64),
    subject: 'subject',
    occurredAt: now - 60_000,
    approvedAt: null,
    record: '{}',
    writes: planned.writes,
    kept: [],
    ...changes,
  };
}
const prepared: PreparedRecord = {
  adapter: 'generic-r4',
  contract: 'test-1',
  method: 'POST',
  path: 'Condition',
  headers: {},
  body: '{}',
  sha256: requestSha256,
};

/** Rows with one event taken in; its first write is moved to a state by the shortest way the table has. */
function rowsWith(state: StateName = 'draft'): { rows: Rows; id: string } {
  const rows = new Rows();
  rows.apply(entry('event.received', received(), 5, now));
  const id = rows.event('scribe-7:visit-88:note')?.writes[0] ?? '';
  const way = shortestWay('draft', state);
  if (way.length > 0) rows.apply(entry('write.held', { id, moves: way.map((name) => states[name]) }, 6, now));
  return { rows, id };
}
function shortestWay(from: StateName, to: StateName): readonly StateName[] {
  const ways: StateName[][] = [[]];
  const seen = new Set<StateName>([from]);
  for (const way of ways) {
    const at = way.at(-1) ?? from;
    if (at === to) return way;
    for (const next of movesFrom(at)) {
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  throw new Error(`no way from ${from} to ${to}`);
}

describe('the registries', () => {
  it('A7 hold what was added last, and count their changes', () => {
    const rows = new Rows();
    rows.apply(entry('workspace.created', { site: 'site-1' }, 0, now));
    rows.apply(entry('person.added', { person: person(), secretVerifier: '$argon2id$a' }));
    rows.apply(entry('person.added', { person: person({ active: false }), secretVerifier: '$argon2id$b' }));
    rows.apply(entry('source.added', { source: source() }));
    rows.apply(entry('source.added', { source: source({ approvals: 'none' }) }));
    rows.apply(entry('connection.added', { connection: connection() }));
    rows.apply(entry('connection.added', { connection: connection({ stage: 'read-only' }) }));
    expect(rows.workspace()).toEqual({ version: 1, site: 'site-1', createdAt: now });
    expect(rows.person('dr-lee')).toEqual({ ...person({ active: false }), version: 2, secretVerifier: '$argon2id$b' });
    expect(rows.source('scribe-7')).toEqual({ ...source({ approvals: 'none' }), version: 2 });
    expect(rows.connection('north')).toEqual({ ...connection({ stage: 'read-only' }), version: 2 });
  });

  const unseen: readonly ProjectedEntry[] = [
    entry('connection.tested', { connection: 'north', ok: true, summary: 'R4' }),
    entry('engine.started', { engine: 'e' }),
    entry('engine.stopped', { engine: 'e' }),
    entry('intake.refused', { file: 'f', line: 1, eventId: null, code: 'json-syntax' }),
    entry('record.viewed', { what: 'write', id: 'x' }),
    entry('audit.verified', { entries: 1, problems: 0 }),
  ];
  it.each(unseen.map((one) => [one.type, one] as const))('H1 %s is recorded and changes no row', (_type, one) => {
    expect(project(one, new Rows())).toEqual([]);
  });
});

describe('events', () => {
  it('A3 brings its writes into being, each a draft that is due at once', () => {
    const rows = new Rows();
    const body = received({ approvedAt: now - 20_000 });
    const changes = rows.apply(entry('event.received', body, 5, now));
    expect(changes.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      `event ${body.eventId}`,
      ...body.writes.map(({ id }) => `write ${id}`),
    ]);
    expect(rows.event(body.eventId)).toEqual({
      tenant: 'north-clinic',
      eventId: body.eventId,
      version: 1,
      eventVersion: 1,
      source: 'scribe-7',
      type: 'note.approved',
      contentSha256: body.contentSha256,
      subject: 'subject',
      approved: true,
      seq: 5,
      approvalSeq: 5,
      writes: body.writes.map(({ id }) => id),
      occurredAt: now - 60_000,
      ingestedAt: now,
      approvedAt: now - 20_000,
    });
    const [plan] = body.writes;
    expect(rows.write(plan?.id ?? '')).toEqual({
      ...plan,
      eventSeq: 5,
      createdAt: now,
      version: 1,
      state: { name: 'draft', nextAt: now, looks: 0 },
      updatedAt: now,
      attempts: 0,
      prepared: null,
      approval: null,
    });
  });

  it('A4 takes a later approval, keeping what was received', () => {
    const rows = new Rows();
    rows.apply(entry('event.received', received(), 5, now));
    const before = rows.event('scribe-7:visit-88:note');
    rows.apply(entry('event.approved', { eventId: 'scribe-7:visit-88:note', approvedAt: now + 1, record: '{}' }, 9, now + 2));
    expect(rows.event('scribe-7:visit-88:note')).toEqual({
      ...before,
      version: 2,
      approved: true,
      approvalSeq: 9,
      approvedAt: now + 1,
    });
    expect(project(entry('event.approved', { eventId: 'elsewhere', approvedAt: 1, record: '{}' }), rows)).toEqual([]);
  });

  it('B4 a stage of one resource type stands beside that of the connection', () => {
    const rows = new Rows();
    const ehr = connection();
    rows.apply(entry('connection.added', { connection: ehr }));
    const changed = (body: Omit<EntryBodies['connection.changed'], 'connection' | 'reason'>) =>
      rows.apply(entry('connection.changed', { connection: ehr.name, reason: 'pilot', ...body }));
    changed({ stage: 'shadow', resource: 'Observation' });
    changed({ stage: 'draft', resource: 'Task' });
    expect(rows.connection(ehr.name)).toMatchObject({
      stage: ehr.stage,
      stages: { Observation: 'shadow', Task: 'draft' },
      version: 3,
    });
  });

  it('C3 takes a new version as a change of the event and leaves the writes of the old one', () => {
    const rows = new Rows();
    const [first, second] = [received(), received({}, 2)];
    rows.apply(entry('event.received', first, 5, now));
    rows.apply(entry('event.received', second, 7, now + 1));
    expect(rows.event(first.eventId)).toMatchObject({
      version: 2,
      eventVersion: 2,
      seq: 7,
      approvalSeq: 7,
      writes: second.writes.map(({ id }) => id),
    });
    for (const { id } of [...first.writes, ...second.writes]) expect(rows.write(id)?.state.name).toBe('draft');
  });

  it('C3 refuses to bring a write into being twice', () => {
    const { rows } = rowsWith();
    const before = rows.text();
    expect(() => rows.apply(entry('event.received', received(), 8, now))).toThrow(IllegalMove);
    expect(rows.text()).toBe(before);
  });
});

describe('moves', () => {
  const pairs = stateNames
    .filter((name) => name !== 'quarantined')
    .flatMap((from) => stateNames.map((to) => [from, to] as const));

  it('C2 follow the table: every unlisted move is a fault, and nothing changes', () => {
    for (const [from, to] of pairs) {
      const { rows, id } = rowsWith(from);
      const before = rows.text();
      const move = entry('write.held', { id, moves: [states[to]] }, 7, now + 1);
      if (mayMove(from, to)) {
        rows.apply(move);
        expect(rows.write(id)?.state.name).toBe(to);
      } else {
        expect(() => rows.apply(move), `${from} -> ${to}`).toThrow(new IllegalMove(id, from, to));
        expect(rows.text()).toBe(before);
      }
    }
  });

  it('C2 are checked step by step when one entry tells several', () => {
    const { rows, id } = rowsWith();
    const before = rows.text();
    const through = (...names: readonly StateName[]) =>
      entry('write.settled', { id, moves: names.map((name) => states[name]), exchange: [] }, 7);
    expect(() => rows.apply(through('validated', 'in-flight'))).toThrow(new IllegalMove(id, 'validated', 'in-flight'));
    expect(() => rows.apply(through('withdrawn', 'pending'))).toThrow(new IllegalMove(id, 'withdrawn', 'pending'));
    expect(() => rows.apply(through())).toThrow(IllegalMove);
    expect(rows.text()).toBe(before);
    rows.apply(through('validated', 'pending', 'in-flight', 'committed'));
    expect(rows.write(id)?.state.name).toBe('committed');
  });

  it('C2 of a write that nobody knows are a fault', () => {
    expect(() => project(entry('write.held', { id: 'nobody', moves: [states.held] }), new Rows())).toThrow(
      new IllegalMove('nobody', null, 'held'),
    );
  });

  it('C5 count an attempt when it may have left, and only then', () => {
    const { rows, id } = rowsWith('pending');
    expect(rows.write(id)?.attempts).toBe(0);
    rows.apply(entry('write.attempted', { id, moves: [states['in-flight']], requestSha256 }, 7));
    expect(rows.write(id)).toMatchObject({ attempts: 1, version: 3, updatedAt: now });
    rows.apply(entry('write.settled', { id, moves: [states['failed-retryable']], exchange: [] }, 8));
    expect(rows.write(id)?.attempts).toBe(1);
    rows.apply(entry('write.attempted', { id, moves: [states.pending, states['in-flight']], requestSha256 }, 9, now + 5));
    expect(rows.write(id)).toMatchObject({ attempts: 2, version: 5, updatedAt: now + 5 });
  });

  it('C5 point evidence at the entry it stands in, and leave other evidence alone', () => {
    const own = { ...states.committed, evidence: { ...states.committed.evidence, seq: -1 } };
    const { rows, id } = rowsWith('in-flight');
    rows.apply(entry('write.settled', { id, moves: [own], exchange: [] }, 41));
    expect(rows.write(id)?.state).toEqual({ ...states.committed, evidence: { ...states.committed.evidence, seq: 41 } });
    rows.apply(entry('write.verified', { id, moves: [states.committed], exchange: [] }, 42));
    expect(rows.write(id)?.state).toEqual(states.committed);
  });

  it('G4 keep the prepared request and the approval until another one is recorded', () => {
    const { rows, id } = rowsWith();
    const checked = (body: Partial<EntryBodies['write.checked']>, seq: number): void => {
      rows.apply(entry('write.checked', { id, moves: [states.draft], prepared: null, findings: [], facts: null, ...body }, seq));
    };
    checked({ prepared, approval: approval() }, 7);
    expect(rows.write(id)).toMatchObject({
      prepared: { seq: 7, sha256: requestSha256, adapter: 'generic-r4', contract: 'test-1' },
      approval: approval(),
    });
    checked({}, 8);
    expect(rows.write(id)).toMatchObject({ prepared: { seq: 7 }, approval: approval() });
    checked({ prepared, approval: null }, 9);
    expect(rows.write(id)).toMatchObject({ prepared: { seq: 9 }, approval: null });
  });

  const types = [
    ...[
      'write.approved',
      'write.rejected',
      'write.held',
      'write.released',
      'write.attempted',
      'write.settled',
      'write.looked-up',
    ],
    ...[
      'write.verified',
      'write.retried',
      'write.withdrawn',
      'write.resolved',
      'write.superseded',
      'write.recovered',
      'write.faulted',
    ],
  ] as readonly EntryType[];
  it.each(types)('H1 %s moves its write and no other row', (type) => {
    const { rows, id } = rowsWith();
    const change = rows.apply({
      type,
      tenant: 'north-clinic',
      seq: 7,
      at: now + 3,
      body: { id, moves: [states.withdrawn] },
    } as unknown as ProjectedEntry);
    expect(change).toHaveLength(1);
    expect(rows.write(id)).toMatchObject({ version: 2, updatedAt: now + 3, state: states.withdrawn });
  });
});

describe('rebuilding', () => {
  const step = fc.record({ write: fc.nat(5), choice: fc.nat(20), through: fc.nat(3), own: fc.boolean(), approved: fc.boolean() });

  /** A legal story about two versions of an event: which entries it gave, and the rows they left. */
  function story(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[]): {
    entries: ProjectedEntry[];
    rows: Rows;
  } {
    const rows = new Rows();
    const entries: ProjectedEntry[] = [];
    const tell = (one: ProjectedEntry): void => {
      entries.push(one);
      rows.apply(one);
    };
    tell(entry('workspace.created', { site: 's' }, 0));
    tell(entry('event.received', received(), 1));
    tell(entry('event.received', received({}, 2), 2));
    const ids = [...received().writes, ...received({}, 2).writes].map(({ id }) => id);
    for (const [index, { write: which, choice, through, own, approved }] of steps.entries()) {
      const id = ids[which % ids.length] ?? '';
      let from = rows.write(id)?.state.name ?? 'draft';
      const moves: WriteState[] = [];
      for (let hop = 0; hop <= through; hop += 1) {
        const options = movesFrom(from);
        const to = options[(choice + hop) % Math.max(options.length, 1)];
        if (to === undefined) break;
        const state = states[to];
        moves.push(state.name === 'committed' && own ? { ...state, evidence: { ...state.evidence, seq: -1 } } : state);
        from = to;
      }
      if (moves.length > 0)
        tell(
          entry(
            'write.checked',
            {
              id,
              moves,
              prepared: own ? prepared : null,
              findings: [],
              facts: null,
              ...(approved ? { approval: approval() } : {}),
            },
            3 + index,
            now + index,
          ),
        );
    }
    return { entries, rows };
  }

  it('H2 gives the same bytes as what was kept while the entries were written', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const { entries, rows } = story(steps);
        const again = new Rows();
        // From the log: everything has been JSON in between.
        for (const one of entries) again.apply(JSON.parse(JSON.stringify(one)) as ProjectedEntry);
        expect(again.text()).toBe(rows.text());
      }),
      { numRuns: 100 },
    );
  });

  it('H2 does not depend on the rows handed in being changed: project changes nothing itself', () => {
    const { rows, id } = rowsWith('in-flight');
    const before = rows.text();
    project(entry('write.settled', { id, moves: [states.committed], exchange: [] }, 9), rows);
    expect(rows.text()).toBe(before);
  });
});
