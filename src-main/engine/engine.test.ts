import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agreeing } from './testing/fake-ehr.ts';
import { clinician, connection, Harness, note, owner, record } from './testing/harness.ts';
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
    expect(await harness.approve(id, { ...clinician, roles: ['operator'] }, 'ok')).toMatchObject({
      ok: false,
      code: 'role-forbids',
    });
    expect(await harness.approve(id, clinician, 'approved for the chart')).toMatchObject({ ok: true, state: 'pending' });
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({ state: { name: 'committed' }, approval: { by: 'dr-lee', made: 'person' } });
  });

  it('INV-6 G5 an approval of other bytes than those shown is stale, and nothing is sent', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    const seen = (await harness.write(id)).prepared?.sha256 ?? '';
    harness.ehr.adapter = 'fake 2';
    expect(await harness.decide.approve(id, clinician, 'ok', 'of another request')).toMatchObject({
      ok: false,
      code: 'approval-stale',
    });
    expect(await harness.decide.approve(id, clinician, 'ok', '')).toMatchObject({ ok: false, code: 'approval-stale' });
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
    expect(await harness.decide.approve(id, clinician, 'ok', seen)).toMatchObject({ ok: true });
    await harness.drain();
    expect(harness.ehr.sends).toEqual([]);
    // What was approved would no longer be sent as it was shown: it is shown anew, and the old hash does not count.
    expect(await harness.decide.approve(id, clinician, 'ok', seen)).toMatchObject({ ok: false, code: 'approval-stale' });
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
    expect(await harness.approve(id, clinician, 'ok')).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await harness.approve(id, owner, 'ok')).toMatchObject({ ok: true });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('C4 B3 high risk proved absent asks a person before it goes again', async () => {
    const content = JSON.stringify({ allergies: [{ substance: { text: 'penicillin' } }] });
    const id = await one({ id: 'e1', content });
    await harness.drain();
    await harness.approve(id, owner, 'ok');
    harness.ehr.behaviours.push('never');
    await harness.drain();
    expect(await harness.write(id)).toMatchObject({ state: { name: 'awaiting-approval' }, approval: null });
    expect(harness.ehr.sends).toHaveLength(1);
    await harness.approve(id, owner, 'still ok');
    await harness.drain();
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

  it('G4 another adapter version voids the approval; the write is prepared anew, approved again, and goes', async () => {
    const id = await one({ id: 'e1', approved: false });
    await harness.drain();
    await harness.approve(id, clinician, 'ok');
    harness.ehr.adapter = 'fake 2';
    await harness.drain();
    const waiting = await harness.write(id);
    expect(waiting).toMatchObject({ state: { name: 'awaiting-approval' }, approval: null, prepared: { adapter: 'fake 2' } });
    expect(harness.ehr.sends).toEqual([]);
    await harness.approve(id, clinician, 'still ok');
    await harness.drain();
    expect(harness.ehr.effects()).toEqual(new Map([[id, 1]]));
  });

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
