import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine } from './index.ts';
import { agreeing, type SendBehaviour } from './testing/fake-ehr.ts';
import { clinician, connection, Harness, note, owner, record } from './testing/harness.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { FailureCode, StateName } from '../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const one = async (options: Parameters<Harness['accept']>[0]): Promise<string> => {
  const [id] = await harness.accept(options);
  if (id === undefined) throw new Error('the event has no write');
  return id;
};

describe('an approved note', () => {
  it('C5 C7 is sent once, read back, compared and verified', async () => {
    const id = await one({ id: 'e1' });
    expect((await harness.drain()).end).toBe('drained');
    const row = await harness.write(id);
    expect(row.state).toMatchObject({ name: 'committed', landing: 'charted', verification: { result: 'verified' }, late: false });
    expect(row.attempts).toBe(1);
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('C3 taken in again is a duplicate and the chart does not grow', async () => {
    const id = await one({ id: 'e1' });
    await harness.drain();
    const [again] = await harness.ingest(record({ id: 'e1' }));
    expect(again).toMatchObject({ status: 'duplicate', writes: [id] });
    await harness.drain();
    expect(harness.ehr.sends).toEqual([id]);
  });

  it('C3 the same event many times in one file is one write', async () => {
    const receipts = await harness.ingest(...Array.from({ length: 20 }, () => record({ id: 'e1' })));
    expect(receipts.map((receipt) => receipt.status)).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'duplicate')]);
  });

  it('C7 that comes back without an element is partial, with the difference', async () => {
    harness.ehr.dropped.add('content');
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({
      name: 'committed',
      verification: { result: 'partial', differences: [{ path: 'content', kind: 'missing' }] },
    });
  });

  it('C7 whose read-back fails at first is verified later, and the write is not sent again', async () => {
    harness.ehr.readFailures = 3;
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C7 that can never be read back is called not verifiable, not verified', async () => {
    harness.ehr.readFailures = Number.POSITIVE_INFINITY;
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'not-verifiable' } });
  });
});

describe('what becomes of a send', () => {
  const rows: readonly [string, readonly SendBehaviour[], StateName, FailureCode | null, number, number][] = [
    // what happens                                   behaviours                                       ends as            code                  sends  in the chart
    ['reply lost after the commit', ['lost'], 'committed', null, 1, 1],
    ['request lost before the commit', ['never'], 'committed', null, 2, 1],
    ['lost twice before the commit', ['never', 'never'], 'committed', null, 3, 1],
    ['asked to wait', [{ throttle: 60_000 }], 'committed', null, 2, 1],
    ['asked to wait without a time', [{ throttle: null }], 'committed', null, 2, 1],
    ['not reached', [{ notApplied: 'ehr-unreachable' }], 'committed', null, 2, 1],
    [
      'not reached, every time',
      Array.from({ length: 20 }, () => ({ notApplied: 'ehr-unreachable' as const })),
      'failed-terminal',
      'attempts-used-up',
      limits.attemptsMax,
      0,
    ],
    ['content refused', [{ refuse: 'ehr-rejected' }], 'failed-terminal', 'ehr-rejected', 1, 0],
    ['sign-in refused', [{ refuse: 'sign-in-needed' }], 'held', 'sign-in-needed', 1, 0],
    ['permission refused', [{ refuse: 'permission-denied' }], 'held', 'permission-denied', 1, 0],
    ['several match already', [{ conflict: 'several-match' }], 'failed-terminal', 'several-match', 1, 0],
    ['conflict answered, nothing there', [{ conflict: 'version-conflict' }], 'committed', null, 2, 1],
  ];
  it.each(rows)('C4 C6 %s', async (_, behaviours, state, code, sends, charted) => {
    harness.ehr.behaviours.push(...behaviours);
    const id = await one({ id: 'e1' });
    expect((await harness.drain()).end).toBe('drained');
    const row = await harness.write(id);
    expect(row.state.name).toBe(state);
    if (row.state.name === 'held') expect(row.state.hold.code).toBe(code);
    else if (code !== null) expect(row.state).toMatchObject({ code });
    expect(harness.ehr.sends).toHaveLength(sends);
    expect(harness.ehr.chart).toHaveLength(charted);
  });

  it('C6 Retry-After is obeyed: no send before its time', async () => {
    harness.ehr.behaviours.push({ throttle: 600_000 });
    await one({ id: 'e1' });
    const startedAt = harness.clock.now();
    await harness.drain();
    expect(harness.clock.now() - startedAt).toBeGreaterThanOrEqual(600_000);
  });

  it('C4 absence is believed only after looks that span the search lag', async () => {
    harness.ehr.behaviours.push('never');
    await one({ id: 'e1' });
    const startedAt = harness.clock.now();
    let looks = 0;
    harness.ehr.finds = () => {
      looks += 1;
      expect(harness.ehr.sends).toHaveLength(1);
      return undefined;
    };
    await harness.drain();
    expect(looks).toBeGreaterThanOrEqual(limits.absenceLooksMin);
    expect(harness.clock.now() - startedAt).toBeGreaterThanOrEqual(harness.deps.searchSettleMs);
  });

  it('C4 a search that cannot be trusted never leads to a second send; a person must look', async () => {
    harness.ehr.behaviours.push('never');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange: [] });
    const id = await one({ id: 'e1' });
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(id)).state).toMatchObject({
      name: 'unknown',
      code: 'search-not-trusted',
      looks: limits.lookUpsMax,
    });
    expect(harness.ehr.sends).toHaveLength(1);
    expect(await harness.decide.retry(id, owner)).toMatchObject({ ok: false, code: 'state-forbids' });
    expect(await harness.decide.withdraw(id, owner, 'no')).toMatchObject({ ok: false, code: 'state-forbids' });
    expect(await harness.decide.attestAbsent(id, owner, 'looked in the chart, nothing there')).toMatchObject({
      ok: true,
      state: 'failed-retryable',
    });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('C4 a person who found it in the chart settles it without a send', async () => {
    harness.ehr.behaviours.push('lost');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: null, exchange: [] });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'look-ups-used-up' });
    const reference = harness.ehr.chart[0]?.reference ?? '';
    expect(await harness.decide.attestFound(id, owner, 'DocumentReference/999', 'there')).toMatchObject({ ok: false });
    expect(await harness.decide.attestFound(id, owner, reference, 'seen in the chart')).toMatchObject({
      ok: true,
      state: 'committed',
    });
    expect((await harness.write(id)).state).toMatchObject({ verification: { result: 'not-verifiable' } });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 two entries in the chart stop the write and call a person', async () => {
    harness.ehr.behaviours.push('lost');
    harness.ehr.onSend = () => {
      const [entry] = harness.ehr.chart;
      if (entry !== undefined)
        harness.ehr.commit({ ...entry.resource, writeId: entry.writeId, resourceType: 'DocumentReference' });
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'unknown', code: 'chart-has-two' });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C4 a newer version by someone else is a conflict', async () => {
    harness.ehr.behaviours.push({ conflict: 'version-conflict' });
    harness.ehr.finds = () => ({
      outcome: 'moved',
      match: { reference: 'Patient/1', versionId: '7', resource: {} },
      exchange: [],
    });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'conflict', code: 'version-conflict', found: 'Patient/1' });
  });
});

describe('a crash', () => {
  it('C5 in flight, after the commit: the write is found, not sent again', async () => {
    const id = await one({ id: 'e1' });
    // The process ends when the bytes have arrived: nothing after that is recorded.
    harness.ehr.send = ((send) => (prepared) => {
      void send(prepared);
      return new Promise(() => undefined);
    })(harness.ehr.send.bind(harness.ehr));
    // A process that was killed tells nobody anything any more.
    harness.drain().catch(() => undefined);
    while (harness.ehr.chart.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect((await harness.write(id)).state.name).toBe('in-flight');

    const next = { ...harness.deps, engineId: 'engine-2' };
    const report = await runEngine(next)({ drain: true, maxMs: null, signal: new AbortController().signal });
    expect(report.recovered.inFlight).toBe(1);
    expect((await harness.write(id)).state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    expect(harness.ehr.sends).toHaveLength(1);
  });

  it('C5 an outcome that cannot be stored stops the engine', async () => {
    await harness.accept({ id: 'e1', patient: 'p1' });
    await harness.accept({ id: 'e2', patient: 'p2' });
    const commit = harness.deps.ledger.commit.bind(harness.deps.ledger);
    harness.deps.ledger.commit = (batch) =>
      harness.ehr.sends.length > 0 && batch.tenant === 'north' ? Promise.reject(new Error('disk full')) : commit(batch);
    await expect(harness.drain()).rejects.toThrow('disk full');
    harness.deps.ledger.commit = commit;
    expect(harness.ehr.sends.length).toBeLessThanOrEqual(2);
    await harness.drain();
    expect([...harness.ehr.effects().values()]).toEqual([1, 1]);
  });
});

describe('who it is for', () => {
  const none = { outcome: 'found', matches: [] } as const;
  const subjects: readonly [string, string, FailureCode][] = [
    ['no such patient', 'patient', 'patient-not-found'],
    ['no such visit', 'encounter', 'encounter-not-found'],
  ];
  it.each(subjects)('A1 %s: never a write', async (_, kind, code) => {
    harness.ehr.lookUps = (query) => (query.kind === kind ? none : agreeing(query));
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toEqual({ name: 'failed-terminal', code });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('A1 two patients with the identifier: never a write', async () => {
    harness.ehr.lookUps = (query) => {
      const found = agreeing(query);
      return query.kind === 'patient' && found.outcome === 'found'
        ? { ...found, matches: [...found.matches, ...found.matches] }
        : found;
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ code: 'patient-ambiguous' });
  });

  it('A1 another birth date: never a write, and the finding says where', async () => {
    harness.ehr.lookUps = (query) => {
      const found = agreeing(query);
      if (query.kind !== 'patient' || found.outcome !== 'found') return found;
      return {
        ...found,
        matches: found.matches.map((match) => ({ ...match, resource: { ...match.resource, birthDate: '1990-01-01' } })),
      };
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    const view = await harness.inspect.write(id, { kind: 'person', id: 'dr-lee', role: 'clinician' });
    expect(view?.row.state).toMatchObject({ code: 'patient-differs' });
    expect(view?.findings).toMatchObject([{ rule: 'patient-differs', severity: 'stop', path: 'subject.patient' }]);
  });

  it('C6 an EHR that cannot be read now is asked again later', async () => {
    let asked = 0;
    harness.ehr.lookUps = (query) => {
      asked += 1;
      return asked <= 3
        ? { outcome: 'failed', code: 'ehr-unreachable', retryable: true, retryAfterMs: 1_000, message: 'down' }
        : agreeing(query);
    };
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('I2 reads that are not permitted hold the write; the next start tries again', async () => {
    harness.ehr.lookUps = () => ({
      outcome: 'failed',
      code: 'permission-denied',
      retryable: false,
      retryAfterMs: null,
      message: 'no',
    });
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'permission-denied' }, resume: 'draft' });
    harness.ehr.lookUps = agreeing;
    expect((await harness.drain()).recovered.released).toBe(1);
    expect((await harness.write(id)).state.name).toBe('committed');
  });
});

describe('who decides', () => {
  it('G5 a proposal waits; a clinician approves exactly the prepared bytes', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'awaiting-approval', roles: ['clinician', 'clinical-owner'] });
    expect(harness.ehr.sends).toEqual([]);
    expect(await harness.decide.approve(id, { ...clinician, roles: ['operator'] }, 'ok')).toMatchObject({
      ok: false,
      code: 'role-forbids',
    });
    expect(await harness.decide.approve(id, clinician, 'approved for the chart')).toMatchObject({ ok: true, state: 'pending' });
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({ state: { name: 'committed' }, approval: { by: 'dr-lee', made: 'person' } });
  });

  it('G5 an approval that comes later with the same content releases the waiting write', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    const [receipt] = await harness.ingest(record({ id: 'e1' }));
    expect(receipt).toMatchObject({ status: 'duplicate', writes: [id] });
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({ state: { name: 'committed' }, approval: { made: 'source' } });
  });

  it('B3 high risk waits for the clinical owner even when its source approved it', async () => {
    const content = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });
    const id = await one({ id: 'e1', content });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'awaiting-approval', roles: ['clinical-owner'] });
    expect(await harness.decide.approve(id, clinician, 'ok')).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await harness.decide.approve(id, owner, 'ok')).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('C4 B3 high risk proved absent asks a person before it goes again', async () => {
    const content = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });
    const id = await one({ id: 'e1', content });
    await harness.drain();
    await harness.decide.approve(id, owner, 'ok');
    harness.ehr.behaviours.push('never');
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({ state: { name: 'awaiting-approval' }, approval: null });
    expect(harness.ehr.sends).toHaveLength(1);
    await harness.decide.approve(id, owner, 'still ok');
    await harness.drain();
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it.each<[string, (h: Harness) => void]>([['the adapter has changed', (h) => (h.ehr.adapter = 'fake 2')]])(
    'G4 %s after the approval: it must be approved again',
    async (_, change) => {
      const id = await one({ id: 'e1', approved: false });
      await harness.drain();
      await harness.decide.approve(id, clinician, 'ok');
      change(harness);
      await harness.drain();
      expect(await harness.write(id)).toMatchObject({ state: { name: 'awaiting-approval' }, approval: null });
      expect(harness.ehr.sends).toEqual([]);
    },
  );

  it('I1 rejected, withdrawn, retried, resolved: each is on record with who and why', async () => {
    const ids = await Promise.all(
      ['e1', 'e2', 'e3', 'e4'].map((id, index) => one({ id, approved: index > 1, patient: `p${index}` })),
    );
    harness.ehr.behaviours.push({ refuse: 'ehr-rejected' }, { throttle: 3_600_000 });
    await harness.drain(60_000);
    const byState = async (name: StateName): Promise<string> => {
      const rows = await Promise.all(ids.map((id) => harness.write(id)));
      return rows.find((row) => row.state.name === name)?.id ?? `none is ${name}`;
    };
    const rejected = await byState('awaiting-approval');
    expect(await harness.decide.reject(rejected, clinician, ' ')).toMatchObject({ ok: false, code: 'reason-missing' });
    expect(await harness.decide.reject(rejected, clinician, 'not what was said')).toMatchObject({
      ok: true,
      state: 'failed-terminal',
    });
    const withdrawn = await byState('awaiting-approval');
    expect(await harness.decide.withdraw(withdrawn, owner, 'sent by mistake')).toMatchObject({ ok: true, state: 'withdrawn' });
    const waiting = await byState('failed-retryable');
    expect(await harness.decide.retry(waiting, owner)).toMatchObject({ ok: true, state: 'pending' });
    await harness.drain(60_000);
    expect((await harness.write(waiting)).state.name).toBe('committed');
    const view = await harness.inspect.write(rejected, { kind: 'person', id: 'ana', role: 'auditor' });
    expect(view?.timeline.map((entry) => entry.type)).toEqual(['event.received', 'write.checked', 'write.rejected']);
    expect(view?.timeline.at(-1)).toMatchObject({ actor: { kind: 'person', id: 'dr-lee' }, body: { note: 'not what was said' } });
    expect(await harness.decide.retry('no such write', owner)).toMatchObject({ ok: false, code: 'write-unknown' });
  });

  it('H1 looking is on record', async () => {
    const id = await one({ id: 'e1' });
    await harness.drain();
    const actor = { kind: 'person', id: 'ana', role: 'auditor' } as const;
    await harness.inspect.write(id, actor);
    await harness.inspect.writes({ tenant: 'north', limit: 10 }, actor);
    const entries = await harness.inspect.timeline('north', { actor: 'ana' }, actor);
    expect(entries.map((entry) => entry.stream)).toEqual([`write/${id}`, 'writes/all']);
  });

  it('H3 the timeline of a visit holds its events and writes in the order of the log', async () => {
    await one({ id: 'e1', patient: 'p1' });
    await one({ id: 'e2', patient: 'p2' });
    await harness.drain();
    const { encounterKey } = await harness.write(await one({ id: 'e3', patient: 'p1' }));
    const entries = await harness.inspect.timeline(
      'north',
      { encounterKey: encounterKey ?? '' },
      { kind: 'person', id: 'ana', role: 'auditor' },
    );
    expect(entries.map((entry) => entry.type)).toEqual([
      'event.received',
      'write.checked',
      'write.attempted',
      'write.settled',
      'event.received',
    ]);
  });
});

describe('versions of an event', () => {
  it('C2 other content without a higher version is refused', async () => {
    await harness.accept({ id: 'e1' });
    const [receipt] = await harness.ingest(record({ id: 'e1', content: note('other words') }));
    expect(receipt).toMatchObject({ status: 'refused', code: 'event-version-conflict' });
  });

  it('C2 an unsent write is superseded when the new version is approved', async () => {
    const old = await one({ id: 'e1', approved: false });
    await harness.drain();
    const next = await one({ id: 'e1', version: 2, content: note('better words') });
    await harness.drain();
    expect((await harness.write(old)).state).toEqual({ name: 'superseded', by: next });
    expect(harness.ehr.effects()).toEqual(new Map([[next, 1]]));
  });

  it('D5 a charted note is superseded only when the new one is charted and verified', async () => {
    const old = await one({ id: 'e1' });
    await harness.drain();
    const next = await one({ id: 'e1', version: 2, content: note('better words') });
    expect((await harness.write(old)).state.name).toBe('committed');
    await harness.drain();
    expect((await harness.write(old)).state).toEqual({ name: 'superseded', by: next });
  });

  it('D5 a second version of a charted measurement stops for a person: it would stand there twice', async () => {
    const measured = (value: string): string =>
      JSON.stringify({ observations: [{ code: { text: 'pulse' }, value, unit: '/min' }] });
    await one({ id: 'e1', content: measured('72') });
    await harness.drain();
    const next = await one({ id: 'e1', version: 2, content: measured('74') });
    await harness.drain();
    expect((await harness.write(next)).state).toMatchObject({ name: 'failed-terminal', code: 'earlier-version-charted' });
    expect(harness.ehr.chart).toHaveLength(1);
    expect(await harness.decide.resolve(next, owner, 'corrected in the EHR')).toMatchObject({
      ok: true,
      state: 'resolved-by-hand',
    });
  });
});

describe('lanes', () => {
  it('C6 an unknown write holds back its own patient and visit, and nobody else', async () => {
    harness.ehr.behaviours.push('never');
    harness.ehr.finds = () => ({ outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: null, exchange: [] });
    const first = await one({ id: 'e1', patient: 'p1' });
    await harness.drain();
    const second = await one({ id: 'e2', patient: 'p1' });
    const other = await one({ id: 'e3', patient: 'p2' });
    await harness.drain();
    expect((await harness.write(first)).state.name).toBe('unknown');
    expect((await harness.write(second)).state.name).toBe('pending');
    expect((await harness.write(other)).state.name).toBe('committed');
  });

  it('C6 writes of one visit go in their order', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 8; index += 1) ids.push(await one({ id: `e${index}` }));
    await harness.drain();
    expect(harness.ehr.sends).toEqual(ids);
  });
});

describe('what stops before it is sent', () => {
  it('F1 invalid structure fails with its findings', async () => {
    harness.findings = [
      { rule: 'required', severity: 'stop', path: 'DocumentReference.status', message: 'missing', next: 'add it' },
    ];
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toEqual({ name: 'failed-terminal', code: 'structure-invalid' });
  });

  it('B2 what the EHR cannot take is refused by name', async () => {
    harness.ehr.unsupported = 'operation-unsupported';
    const id = await one({ id: 'e1' });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ code: 'operation-unsupported' });
  });

  it('B1 a blocked kind never goes', async () => {
    const id = await one({ id: 'e1', content: JSON.stringify({ encounterStatus: { status: 'finished' } }) });
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'failed-terminal', code: 'policy-blocked' });
  });

  it('B4 a read-only connection holds everything', async () => {
    const readOnly = await Harness.open([{ ...connection, stage: 'read-only' }]);
    const [id] = await readOnly.accept({ id: 'e1' });
    await readOnly.drain();
    expect((await readOnly.write(id ?? '')).state).toMatchObject({ name: 'held', hold: { code: 'stage-read-only' } });
    expect(readOnly.ehr.sends).toEqual([]);
    await readOnly.close();
  });

  it('A2 ambiguities, suggestions and coding cues never become writes', async () => {
    const content = JSON.stringify({
      note: { text: 'words' },
      problems: [
        { code: { text: 'a' }, class: 'ambiguity' },
        { code: { text: 'b' }, class: 'suggestion' },
      ],
      codingCues: [{ code: { text: 'c' } }],
    });
    expect(await harness.accept({ id: 'e1', content })).toHaveLength(1);
  });
});

describe('the loop', () => {
  it('C6 waits, and does not spin, when a due write shares its lane with one that is just being taken up', async () => {
    const [first, second] = [await one({ id: 'e1' }), await one({ id: 'e2' })];
    const { ledger } = harness.deps;
    const commit = ledger.commit.bind(ledger);
    const due = ledger.due.bind(ledger);
    let secondTaken: () => void = () => undefined;
    let firstPending: () => void = () => undefined;
    const taken = new Promise<void>((resolve) => (secondTaken = resolve));
    const pending = new Promise<void>((resolve) => (firstPending = resolve));
    // The first of the lane becomes pending while the second is taken up and its attempt not yet on disk.
    ledger.commit = async (batch) => {
      const [entry] = batch.entries;
      const id = entry?.stream.slice('write/'.length);
      if (entry?.type === 'write.checked' && id === first) await taken;
      if (entry?.type === 'write.attempted' && id === second) {
        secondTaken();
        await pending;
      }
      const result = await commit(batch);
      if (entry?.type === 'write.checked' && id === first) firstPending();
      return result;
    };
    let asked = 0;
    ledger.due = (now, limit) => {
      asked += 1;
      if (asked > 500) throw new Error('the loop spins');
      return due(now, limit);
    };
    expect((await harness.drain()).end).toBe('drained');
    expect(harness.ehr.sends).toEqual([second, first]);
  });
});
