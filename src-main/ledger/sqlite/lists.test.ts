import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import fc from 'fast-check';
import type { Commit, Ledger, LedgerLists, WriteSelection } from '../../ports/outbound/index.ts';
import type { StateName, WriteRow } from '../../../src-shared/domain/index.ts';
import { intake, moved, plannedWrite, stateOf, tested } from '../testing/fixtures.ts';
import { TestWorkspace } from '../testing/sqlite-store.ts';

let workspace: TestWorkspace;
let ledger: Ledger & LedgerLists;
let committed: Commit[];
beforeEach(async () => {
  workspace = await TestWorkspace.make();
  committed = [];
  ledger = await workspace.open({ onCommitted: (commit) => committed.push(commit) });
});
afterEach(() => workspace.dispose());

/** Every state with the way there. */
const ways: readonly (readonly StateName[])[] = [
  [],
  ['validated', 'pending'],
  ['validated', 'pending', 'in-flight', 'unknown'],
  ['validated', 'pending', 'in-flight', 'conflict'],
  ['failed-terminal'],
  ['validated', 'pending', 'in-flight', 'committed'],
];
const states: readonly StateName[] = ['draft', 'pending', 'unknown', 'conflict', 'failed-terminal', 'committed'];

/** 60 writes of two tenants and three connections in six states, several at the same moment. */
async function fill(): Promise<readonly WriteRow[]> {
  for (let at = 0; at < 60; at += 1) {
    const planned = plannedWrite(`w${at}`, {
      tenant: at % 3 === 0 ? 'south' : 'north',
      connection: `c${at % 3}`,
      lane: `lane-${at}`,
      patientKey: `p${at % 7}`,
    });
    await ledger.commit(intake([planned], 1_000 + Math.floor(at / 4)));
    const moves = (ways[at % ways.length] ?? []).map((name) => stateOf(name));
    if (moves.length > 0) await ledger.commit({ tenant: planned.tenant, expected: [], entries: [moved(planned, moves)] });
  }
  return ledger.writes({ limit: 1_000 });
}

const selection: fc.Arbitrary<WriteSelection> = fc.record(
  {
    tenant: fc.constantFrom('north', 'south', 'east'),
    states: fc.uniqueArray(fc.constantFrom(...states), { minLength: 1, maxLength: 3 }),
    connection: fc.constantFrom('c0', 'c1', 'c2', 'c9'),
    patientKey: fc.constantFrom('p0', 'p3', 'p9'),
    since: fc.integer({ min: 990, max: 1_020 }),
  },
  { requiredKeys: [] },
);

function fits(row: WriteRow, { tenant, states: wanted, connection, patientKey, since }: WriteSelection): boolean {
  return (
    (tenant === undefined || row.tenant === tenant) &&
    (wanted === undefined || wanted.includes(row.state.name)) &&
    (connection === undefined || row.connection === connection) &&
    (patientKey === undefined || row.patientKey === patientKey) &&
    (since === undefined || row.createdAt >= since)
  );
}

describe('I1 long lists', () => {
  it('I1 counts and pages are those of walking over every write', async () => {
    const all = await fill();
    expect(all).toHaveLength(60);
    await fc.assert(
      fc.asyncProperty(selection, fc.nat(70), fc.integer({ min: 0, max: 20 }), async (filter, skip, limit) => {
        const wanted = all.filter((row) => fits(row, filter)).map(({ id }) => id);
        expect(await ledger.countWrites(filter)).toBe(wanted.length);
        const page = await ledger.writesFrom({ ...filter, limit }, skip);
        expect(page.map(({ id }) => id)).toEqual(wanted.slice(skip, skip + limit));
      }),
      { numRuns: 300 },
    );
  });

  it('I1 goes on from a write, passing over some', async () => {
    const all = await fill();
    const after = all[10]?.id ?? '';
    expect((await ledger.writesFrom({ after, limit: 5 }, 20)).map(({ id }) => id)).toEqual(all.slice(31, 36).map(({ id }) => id));
    expect(await ledger.writesFrom({ after: 'nothing', limit: 5 }, 20)).toEqual([]);
  });

  it('I1 counts places through writes that came into several logs at the same moment and in the same place', async () => {
    const tenants = ['north', 'south', 'east'];
    for (let at = 0; at < 4; at += 1) {
      for (const tenant of tenants)
        await ledger.commit(intake([plannedWrite(`${tenant}${at}`, { tenant, patientKey: 'same' })], 1_000 + at));
    }
    const all = (await ledger.writes({ limit: 100 })).map(({ id }) => id);
    expect(all).toHaveLength(12);
    for (const filter of [{}, { patientKey: 'same' }, { states: ['draft' as const] }]) {
      for (let skip = 0; skip <= all.length; skip += 1) {
        const page = await ledger.writesFrom({ ...filter, limit: 2 }, skip);
        expect(page.map(({ id }) => id)).toEqual(all.slice(skip, skip + 2));
      }
    }
    const further = await ledger.writesFrom({ after: all[3] ?? '', limit: 3 }, 4);
    expect(further.map(({ id }) => id)).toEqual(all.slice(8, 11));
  });

  it('I1 names every cause with how many writes carry it, since when, and what it looks like', async () => {
    const all = await fill();
    const causes = await ledger.causes();
    const carrying = (code: string): readonly WriteRow[] => all.filter(({ state }) => 'code' in state && state.code === code);
    expect(causes.length).toBeGreaterThan(0);
    expect(causes.reduce((sum, { count }) => sum + count, 0)).toBe(all.filter(({ state }) => 'code' in state).length);
    for (const { code, count, oldestAt, newest } of causes) {
      expect(count).toBe(carrying(code).length);
      expect(oldestAt).toBe(Math.min(...carrying(code).map(({ createdAt }) => createdAt)));
      expect(newest.id).toBe(carrying(code)[0]?.id);
    }
  });
});

describe('H2 what the frame shows of the log', () => {
  it('H2 the anchor covers what has been signed, and says how many entries came after', async () => {
    expect(await ledger.anchor()).toEqual({ at: null, entriesSince: 0 });
    await ledger.commit(intake([plannedWrite('w1')], 1_000));
    await ledger.commit({ tenant: 'south', expected: [], entries: [tested('c1', 1_500)] });
    expect(await ledger.anchor()).toMatchObject({ entriesSince: 2 });
    await ledger.checkpoint();
    const signed = await ledger.anchor();
    expect(signed.entriesSince).toBe(0);
    await ledger.commit({ tenant: 'north', expected: [], entries: [tested('c2', 9_000)] });
    expect(await ledger.anchor()).toEqual({ at: signed.at, entriesSince: 1 });
  });

  it('C5 the revision grows with every entry, whichever process wrote it', async () => {
    const other = await workspace.open();
    const before = await ledger.revision();
    await other.commit(intake([plannedWrite('w1')]));
    await ledger.commit({ tenant: 'south', expected: [], entries: [tested('c1'), tested('c2')] });
    expect(await ledger.revision()).toBe(before + 3);
  });

  it('I1 tells of its own commits, of those that were made and no others', async () => {
    await ledger.commit(intake([plannedWrite('w1')]));
    const stale = { kind: 'write', key: 'w1', version: 9 } as const;
    const clash = await ledger.commit({ tenant: 'north', expected: [stale], entries: [tested('c1')] });
    expect(clash.ok).toBe(false);
    expect(committed.map(({ entries }) => entries.map(({ type }) => type))).toEqual([['event.received']]);
  });

  it('G4 lists what a person decided, newest first, past whatever they only looked at', async () => {
    const actor = { kind: 'person', id: 'dr-lee', role: 'clinician' } as const;
    await ledger.commit(intake([plannedWrite('w1'), plannedWrite('w2', { eventId: 'event-w1' })]));
    const viewed = {
      ...tested('x', 3_000, actor),
      type: 'record.viewed',
      stream: 'write/w1',
      body: { what: 'write', id: 'w1' },
    } as const;
    for (const id of ['w1', 'w2', 'w1']) {
      const state = (await ledger.findWrite(id))?.version === 1 ? 'validated' : 'withdrawn';
      await ledger.commit({
        tenant: 'north',
        expected: [],
        entries: [{ ...moved(plannedWrite(id), [stateOf(state)]), actor }, viewed],
      });
    }
    const latest = await ledger.latestOf('north', 'dr-lee', ['write.retried'], 2);
    expect(latest.map(({ stream }) => stream)).toEqual(['write/w1', 'write/w2']);
    expect(await ledger.latestOf('north', 'dr-lee', ['write.approved'], 2)).toEqual([]);
    expect(await ledger.latestOf('east', 'dr-lee', ['write.retried'], 2)).toEqual([]);
  });

  it('C7 counts what is charted and not yet read back', async () => {
    await ledger.commit(intake([plannedWrite('w1')], 5_000));
    const due = {
      name: 'committed',
      evidence: { reference: 'Observation/1', versionId: null, seq: 0 },
      landing: 'charted',
      verification: { result: 'due', nextAt: 6_000, looks: 0 },
      at: 5_500,
      late: false,
    } as const;
    await ledger.commit({
      tenant: 'north',
      expected: [],
      entries: [moved(plannedWrite('w1'), [stateOf('validated'), stateOf('pending'), stateOf('in-flight'), due])],
    });
    expect(await ledger.countUnverified(4_000)).toBe(1);
    expect(await ledger.countUnverified(5_001)).toBe(0);
  });
});
