import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dueAt, laneBlockingStates, movesFrom, settledStates, workspaceLog } from '../../src-shared/domain/index.ts';
import type { WriteRow, WriteState } from '../../src-shared/domain/index.ts';
import type { Commit, CommitResult, Ledger, WriteFilter } from '../ports/outbound/index.ts';
import {
  engine,
  intake,
  move,
  moved,
  plannedWrite,
  received,
  source,
  stateOf,
  StandingClock,
  tested,
} from './testing/fixtures.ts';

/** One store on which ledgers are opened for a test. */
export interface LedgerStore {
  readonly clock: StandingClock;
  /** Another handle on the store, as another process would have; the first call makes the store. Closed by `dispose`. */
  open(): Promise<Ledger>;
  /** From now on the medium under this handle fails whenever something is written. */
  breakMedium(ledger: Ledger): void;
  dispose(): Promise<void>;
}

/**
 * What every ledger must do, whatever it stands on. Each implementation runs this suite against itself, so that the rest of
 * the product can be written against the port alone.
 */
export function ledgerContract(name: string, makeStore: () => Promise<LedgerStore>): void {
  describe(`${name}: the ledger contract`, () => {
    let store: LedgerStore;
    let ledger: Ledger;

    beforeEach(async () => {
      store = await makeStore();
      ledger = await store.open();
    });
    afterEach(() => store.dispose());

    const write = async (id: string, tenant = 'north'): Promise<WriteRow> => {
      const row = await ledger.row('write', tenant, id);
      if (row === undefined) throw new Error(`no write ${id}`);
      return row;
    };
    const step = async (id: string, ...states: readonly WriteState[]): Promise<void> => {
      const result = await ledger.commit(move(await write(id), ...states));
      expect(result.ok).toBe(true);
    };
    const ids = (rows: readonly WriteRow[]): string[] => rows.map((row) => row.id);

    describe('C2 commits', () => {
      it('C2 appends entries and moves rows together', async () => {
        expect(await ledger.commit(intake([plannedWrite('w1'), plannedWrite('w2', { eventId: 'event-w1' })]))).toEqual({
          ok: true,
          firstSeq: 0,
        });
        expect(await write('w1')).toMatchObject({
          version: 1,
          eventSeq: 0,
          createdAt: 1_000,
          attempts: 0,
          state: { name: 'draft', nextAt: 1_000 },
        });
        expect(await ledger.findWrite('w2')).toEqual(await write('w2'));
        expect(await ledger.row('event', 'north', 'event-w1')).toMatchObject({ version: 1, writes: ['w1', 'w2'], seq: 0 });
        await step('w1', stateOf('validated'), stateOf('pending', 5));
        await step('w1', stateOf('in-flight'));
        await step('w1', stateOf('committed', 9));
        expect(await write('w1')).toMatchObject({ version: 4, attempts: 1, state: { name: 'committed', evidence: { seq: 3 } } });
        expect(await ledger.findWrite('nobody')).toBeUndefined();
        expect(await ledger.row('write', 'south', 'w1')).toBeUndefined();
      });

      it('C2 refuses a decision made on a row that has changed since, and writes nothing of it', async () => {
        await ledger.commit(intake([plannedWrite('w1')]));
        const row = await write('w1');
        await step('w1', stateOf('validated'));
        const clash = await ledger.commit({
          ...move(row, stateOf('validated')),
          entries: [tested('a'), moved(row, [stateOf('withdrawn')])],
        });
        expect(clash).toEqual({ ok: false, clash: { kind: 'write', key: 'w1', version: 1 } });
        expect(await write('w1')).toMatchObject({ version: 2, state: { name: 'validated' } });
        expect(await ledger.entry('north', 2)).toBeUndefined();
      });

      it('C3 version 0 stands for a row that must not be there yet', async () => {
        const once: Commit = { ...intake([plannedWrite('w1')]), expected: [{ kind: 'event', key: 'event-w1', version: 0 }] };
        expect(await ledger.commit(once)).toMatchObject({ ok: true });
        expect(await ledger.commit(once)).toEqual({ ok: false, clash: { kind: 'event', key: 'event-w1', version: 0 } });
        expect(
          await ledger.commit({ tenant: 'north', expected: [{ kind: 'person', key: 'p', version: 1 }], entries: [tested('a')] }),
        ).toMatchObject({ ok: false });
      });

      it('C2 commits that wait together succeed, clash and fail each for itself', async () => {
        await ledger.commit(intake([plannedWrite('a')]));
        await ledger.commit(intake([plannedWrite('b')]));
        const [a, b] = [await write('a'), await write('b')];
        const results = await Promise.allSettled([
          ledger.commit(move(a, stateOf('validated'))),
          ledger.commit(move(a, stateOf('withdrawn'))),
          ledger.commit(move(b, stateOf('in-flight'))),
          ledger.commit({ tenant: 'north', expected: [], entries: [tested('x'), moved(b, [stateOf('in-flight')])] }),
          ledger.commit(move(b, stateOf('withdrawn'))),
          ledger.commit({
            tenant: 'north',
            expected: [{ kind: 'write', key: 'a', version: 2 }],
            entries: [moved(a, [stateOf('pending')])],
          }),
          ledger.commit(intake([plannedWrite('s', { tenant: 'south' })])),
          ledger.commit({ tenant: 'north', expected: [], entries: [] }),
          ledger.commit(intake([plannedWrite('a')])),
        ]);
        expect(results.map((one) => (one.status === 'fulfilled' ? one.value.ok : (one.reason as Error).name))).toEqual([
          true,
          false,
          'IllegalMove',
          'IllegalMove',
          true,
          true,
          true,
          'LedgerError',
          'IllegalMove',
        ]);
        expect((results[4] as PromiseFulfilledResult<CommitResult>).value).toEqual({ ok: true, firstSeq: 3 });
        expect(await write('a')).toMatchObject({ version: 3, state: { name: 'pending' } });
        expect(await write('b')).toMatchObject({ version: 2, state: { name: 'withdrawn' } });
        expect(await ledger.entry('north', 5)).toBeUndefined();
        expect(await ledger.tenants()).toEqual(['north', 'south']);
        expect((await ledger.verify()).problems).toEqual([]);
      });

      it('C2 many that wait together all get their own places, in the order in which they came', async () => {
        const results = await Promise.all(Array.from({ length: 600 }, (_, n) => ledger.commit(intake([plannedWrite(`w${n}`)]))));
        expect(results).toEqual(Array.from({ length: 600 }, (_, n) => ({ ok: true, firstSeq: n })));
        expect((await ledger.verify()).problems).toEqual([]);
      });

      it('INV-19 time in the log never goes back', async () => {
        for (const at of [5_000, 3_000, 6_000])
          await ledger.commit({ tenant: 'north', expected: [], entries: [tested('a', at), tested('a', at - 100)] });
        const times = await Promise.all([0, 1, 2, 3, 4, 5].map(async (seq) => (await ledger.entry('north', seq))?.at));
        expect(times).toEqual([5_000, 5_000, 5_000, 5_000, 6_000, 6_000]);
      });

      it('C2 what cannot be written is refused alone', async () => {
        const refused = [
          { ...tested('a'), stream: 'write/\ud800' },
          { ...tested('a'), at: 0.5 },
          { ...tested('a'), at: -1 },
        ];
        for (const entry of refused) {
          await expect(ledger.commit({ tenant: 'north', expected: [], entries: [tested('b'), entry] })).rejects.toMatchObject({
            code: 'entry-refused',
          });
        }
        expect(await ledger.commit({ tenant: 'north', expected: [], entries: [tested('b')] })).toEqual({ ok: true, firstSeq: 0 });
      });

      it('C5 what was acknowledged is there after opening again', async () => {
        await ledger.commit(intake([plannedWrite('w1')]));
        await step('w1', stateOf('validated'), stateOf('pending', 7));
        const before = [await ledger.findWrite('w1'), await ledger.counts(), await ledger.entry('north', 1)];
        await ledger.close();
        ledger = await store.open();
        expect([await ledger.findWrite('w1'), await ledger.counts(), await ledger.entry('north', 1)]).toEqual(before);
        expect(ids(await ledger.due(10, 10))).toEqual(['w1']);
      });

      it('C5 after the medium has failed nothing more is taken, and what was acknowledged stays', async () => {
        await ledger.commit(intake([plannedWrite('w1')]));
        store.breakMedium(ledger);
        const waiting = await Promise.allSettled([
          ledger.commit(intake([plannedWrite('w2')])),
          ledger.commit(intake([plannedWrite('w3')])),
        ]);
        for (const one of waiting) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ledger-failed' } });
        await expect(ledger.commit(intake([plannedWrite('w4')]))).rejects.toMatchObject({ code: 'ledger-failed' });
        expect(await write('w1')).toMatchObject({ version: 1 });
        await ledger.close();
        ledger = await store.open();
        expect(ids(await ledger.writes({ limit: 10 }))).toEqual(['w1']);
        expect((await ledger.verify()).problems).toEqual([]);
        expect(await ledger.commit(intake([plannedWrite('w2')]))).toEqual({ ok: true, firstSeq: 1 });
      });

      it('C5 a closed ledger takes nothing, and closing waits for what was queued', async () => {
        const queued = ledger.commit(intake([plannedWrite('w1')]));
        const closed = ledger.close();
        await expect(ledger.commit(intake([plannedWrite('w2')]))).rejects.toMatchObject({ code: 'ledger-closed' });
        expect(await queued).toMatchObject({ ok: true });
        await closed;
        await ledger.close();
      });
    });

    describe('C2 two handles on one store', () => {
      it('C2 see each other, and only one of two decisions on the same row stands', async () => {
        const other = await store.open();
        await ledger.commit(intake([plannedWrite('w1')]));
        const row = await other.row('write', 'north', 'w1');
        expect(row).toEqual(await write('w1'));
        const both = await Promise.all([
          ledger.commit(move(row as WriteRow, stateOf('validated'))),
          other.commit(move(row as WriteRow, stateOf('withdrawn'))),
        ]);
        expect(both.filter((one) => one.ok)).toHaveLength(1);
        expect(await ledger.findWrite('w1')).toEqual(await other.findWrite('w1'));
      });

      it('C2 append to one log without gap or fork, rows and counts included', async () => {
        const other = await store.open();
        const handles = [ledger, other];
        for (let round = 0; round < 12; round += 1) {
          const batch = Array.from({ length: 10 }, (_, n) =>
            (handles[(round + n) % 2] as Ledger).commit(intake([plannedWrite(`w${round}-${n}`)])),
          );
          const seqs = (await Promise.all(batch)).map((one) => (one.ok ? one.firstSeq : -1)).sort((a, b) => a - b);
          expect(seqs).toEqual(Array.from({ length: 10 }, (_, n) => round * 10 + n));
        }
        await ledger.checkpoint();
        await other.checkpoint();
        expect(await ledger.counts()).toEqual(await other.counts());
        expect((await other.verify()).problems).toEqual([]);
      });
    });

    describe('C6 what is due', () => {
      const pendingAt = async (id: string, at: number, lane = 'lane', tenant = 'north'): Promise<void> => {
        await ledger.commit(intake([plannedWrite(id, { lane, tenant })]));
        await ledger.commit(move(await write(id, tenant), stateOf('validated'), stateOf('pending', at)));
      };

      it('C6 drafts come when their time has come, oldest first, and lanes do not matter to them', async () => {
        for (const [id, at] of [
          ['b', 20],
          ['a', 10],
          ['c', 30],
        ] as const)
          await ledger.commit(intake([plannedWrite(id, { lane: 'lane' })], at));
        expect(ids(await ledger.due(40, 10))).toEqual(['b', 'a', 'c']);
        expect(ids(await ledger.due(20, 10))).toEqual(['b', 'a']);
        expect(ids(await ledger.due(40, 1))).toEqual(['b']);
        expect(await ledger.nextDueAt()).toBe(20);
      });

      it('C6 of what is pending only the first of each lane comes', async () => {
        await pendingAt('a', 50);
        await pendingAt('b', 10);
        await pendingAt('c', 30, 'other lane');
        await pendingAt('d', 20, 'lane', 'south');
        expect(ids(await ledger.due(100, 10))).toEqual(['d', 'c', 'a']);
        expect(ids(await ledger.due(40, 10))).toEqual(['d', 'c']);
        expect(await ledger.nextDueAt()).toBe(20);
        await ledger.commit(move(await write('a'), stateOf('withdrawn')));
        expect(ids(await ledger.due(100, 10))).toEqual(['b', 'd', 'c']);
      });

      it.each(['in-flight', 'unknown', 'failed-retryable'] as const)(
        'C6 a lane waits while one of its writes is %s',
        async (blocking) => {
          await pendingAt('a', 10);
          await pendingAt('b', 10);
          await step('a', stateOf('in-flight', 10));
          if (blocking !== 'in-flight') await step('a', stateOf(blocking, 30));
          expect(ids(await ledger.due(20, 10))).toEqual([]);
          expect(ids(await ledger.due(30, 10))).toEqual(blocking === 'in-flight' ? [] : ['a']);
          expect(await ledger.nextDueAt()).toBe(blocking === 'in-flight' ? null : 30);
          await step('a', stateOf('failed-terminal'));
          expect(ids(await ledger.due(20, 10))).toEqual(['b']);
        },
      );

      it('C6 an earlier write that comes back waits for a later one under way', async () => {
        await pendingAt('a', 10);
        await pendingAt('b', 10);
        await step('a', stateOf('held'));
        await step('b', stateOf('in-flight'));
        await step('a', stateOf('pending', 10));
        expect(ids(await ledger.due(20, 10))).toEqual([]);
        await step('b', stateOf('committed', 15));
        expect(ids(await ledger.due(20, 10))).toEqual(['a', 'b']);
      });

      it('C6 held and conflict do not keep the lane waiting', async () => {
        await pendingAt('a', 10);
        await pendingAt('b', 10);
        await step('a', stateOf('conflict'));
        expect(ids(await ledger.due(20, 10))).toEqual(['b']);
      });

      it('C4 an unknown write is due for a look until a person has to look; a verification is due until it is done', async () => {
        await pendingAt('a', 10);
        await step('a', stateOf('in-flight'));
        await step('a', { ...(stateOf('unknown', 40) as Extract<WriteState, { name: 'unknown' }>), personSince: 41 });
        expect(await ledger.due(100, 10)).toEqual([]);
        await step('a', stateOf('committed', 50));
        expect(ids(await ledger.due(100, 10))).toEqual(['a']);
        await step('a', {
          ...(stateOf('committed') as Extract<WriteState, { name: 'committed' }>),
          verification: { result: 'verified' },
        });
        expect(await ledger.due(100, 10)).toEqual([]);
        expect(await ledger.nextDueAt()).toBeNull();
      });

      it('C5 all writes in flight are found, for recovery', async () => {
        for (const id of ['a', 'b', 'c']) await pendingAt(id, 10, `lane-${id}`);
        await pendingAt('d', 10, 'lane', 'south');
        for (const id of ['a', 'c']) await step(id, stateOf('in-flight'));
        await ledger.commit(move(await write('d', 'south'), stateOf('in-flight')));
        expect(ids(await ledger.inFlight()).sort()).toEqual(['a', 'c', 'd']);
        await step('a', stateOf('unknown'));
        expect(ids(await ledger.inFlight()).sort()).toEqual(['c', 'd']);
      });
    });

    describe('I1 reading', () => {
      it('I1 gives entries back with all they were appended with', async () => {
        const person = { kind: 'person', id: 'dr-lee', role: 'clinician' } as const;
        await ledger.commit(intake([plannedWrite('w1', { patientKey: 'p1' })]));
        await ledger.commit({
          tenant: 'north',
          expected: [],
          entries: [{ ...moved(await write('w1'), [stateOf('withdrawn')], 2_500), actor: person }],
        });
        const entry = await ledger.entry('north', 1);
        expect(entry).toEqual({
          tenant: 'north',
          seq: 1,
          type: 'write.retried',
          stream: 'write/w1',
          at: 2_500,
          actor: person,
          correlation: 'w1',
          leafHash: expect.stringMatching(/^[0-9a-f]{64}$/),
          body: { id: 'w1', moves: [stateOf('withdrawn')] },
        });
        for (const [tenant, seq] of [
          ['north', 2],
          ['north', -1],
          ['north', 0.5],
          ['south', 0],
        ] as const)
          expect(await ledger.entry(tenant, seq)).toBeUndefined();
      });

      it('I1 keeps bodies of every size and script', async () => {
        const records = ['', 'x'.repeat(511), 'x'.repeat(512), 'Grüße 測試 😀 \u2028 "\\', 'line\n'.repeat(200_000)];
        for (const [n, record] of records.entries())
          await ledger.commit({ tenant: 'north', expected: [], entries: [received([plannedWrite(`w${n}`)], 1_000, record)] });
        for (const [n, record] of records.entries()) expect((await ledger.entry('north', n))?.body).toMatchObject({ record });
        expect((await ledger.verify()).problems).toEqual([]);
      });

      it('I1 lists entries by stream, patient and actor, oldest first', async () => {
        await ledger.commit(
          intake([
            plannedWrite('w1', { patientKey: 'p1', eventId: 'e1' }),
            plannedWrite('w2', { patientKey: 'p1', eventId: 'e1' }),
          ]),
        );
        await ledger.commit(intake([plannedWrite('w3', { patientKey: 'p2' })]));
        for (const id of ['w2', 'w3', 'w1', 'w2'])
          await step(id, stateOf((await write(id)).version === 1 ? 'validated' : 'withdrawn'));
        await ledger.commit({
          tenant: 'north',
          expected: [],
          entries: [{ ...tested('c1'), stream: 'write/w2', patientKey: 'p2' }],
        });
        const seqs = async (by: Parameters<Ledger['entries']>[1], limit = 100): Promise<number[]> =>
          (await ledger.entries('north', by, limit)).map((one) => one.seq);
        expect(await seqs({ stream: 'write/w2' })).toEqual([2, 5, 6]);
        expect(await seqs({ stream: 'event/e1' })).toEqual([0]);
        expect(await seqs({ patientKey: 'p1' })).toEqual([0, 2, 4, 5]);
        expect(await seqs({ patientKey: 'p2' })).toEqual([1, 3, 6]);
        expect(await seqs({ actor: engine.id })).toEqual([2, 3, 4, 5, 6]);
        expect(await seqs({ actor: source.id })).toEqual([0, 1]);
        expect(await seqs({ patientKey: 'p1' }, 2)).toEqual([0, 2]);
        expect(await seqs({ stream: 'nothing' })).toEqual([]);
        expect(await ledger.entries('south', { actor: engine.id }, 5)).toEqual([]);
      });

      it('A7 keeps the registries of the workspace', async () => {
        const person = { id: 'ops', name: 'Olga', roles: ['operator'], npi: null, active: true } as const;
        const registered = {
          name: 'scribe-7',
          tenants: null,
          types: ['note'],
          origin: 'ai',
          approvals: 'low',
          owner: 'ops',
          active: true,
        } as const;
        const connection = {
          name: 'practice',
          adapter: 'generic-r4',
          baseUrl: 'practice:plain',
          tenants: null,
          environment: 'practice',
          stage: 'limited-auto-write',
          baa: null,
          auth: { kind: 'none' },
          active: true,
        } as const;
        const common = { at: 1, actor: { kind: 'system', id: 'init' }, patientKey: null, correlation: 'init' } as const;
        const entries = [
          { ...common, type: 'workspace.created', stream: 'workspace', body: { site: 'site-1' } },
          { ...common, type: 'person.added', stream: 'person/ops', body: { person, secretVerifier: '$argon2id$x' } },
          { ...common, type: 'source.added', stream: 'source/scribe-7', body: { source: registered } },
          { ...common, type: 'connection.added', stream: 'connection/practice', body: { connection } },
          {
            ...common,
            type: 'connection.added',
            stream: 'connection/practice',
            body: { connection: { ...connection, active: false } },
          },
        ] as const;
        await ledger.commit({ tenant: workspaceLog, expected: [], entries });
        expect(await ledger.row('workspace', workspaceLog, 'workspace')).toEqual({ version: 1, site: 'site-1', createdAt: 1 });
        expect(await ledger.rows('person')).toEqual([{ ...person, version: 1, secretVerifier: '$argon2id$x' }]);
        expect(await ledger.rows('source')).toEqual([{ ...registered, version: 1 }]);
        expect(await ledger.rows('connection')).toEqual([{ ...connection, active: false, version: 2 }]);
        expect(await ledger.tenants()).toEqual([]);
        expect((await ledger.verify()).problems).toEqual([]);
      });

      it('I1 pages through writes, newest first, missing none and repeating none', async () => {
        for (let n = 0; n < 7; n += 1) {
          const eventId = `e${n}`;
          const tenant = n % 2 === 0 ? 'north' : 'south';
          await ledger.commit(
            intake(
              [0, 1, 2].map((slot) => plannedWrite(`w${n}-${slot}`, { eventId, tenant })),
              1_000 + Math.floor(n / 3),
            ),
          );
        }
        const whole = ids(await ledger.writes({ limit: 100 }));
        expect(whole).toHaveLength(21);
        const paged: string[] = [];
        for (let after: string | undefined; ; after = paged.at(-1)) {
          const page = await ledger.writes({ limit: 4, ...(after === undefined ? {} : { after }) });
          if (page.length === 0) break;
          paged.push(...ids(page));
        }
        expect(paged).toEqual(whole);
        expect(ids(await ledger.writes({ limit: 3, group: 'e6' }))).toEqual(['w6-2', 'w6-1', 'w6-0']);
        expect(await ledger.writes({ limit: 0 })).toEqual([]);
      });
    });

    describe('C2 any history', () => {
      const names = Array.from({ length: 10 }, (_, n) => `w${n}`);
      const place = (
        id: string,
      ): {
        tenant: string;
        lane: string;
        group: string;
        eventId: string;
        connection: string;
        patientKey: string;
        encounterKey: string;
      } => {
        const n = Number(id.slice(1));
        const eventId = `e${Math.floor(n / 2)}`;
        return {
          tenant: n < 6 ? 'north' : 'south',
          lane: `lane-${n % 2}`,
          group: `group-${Math.floor(n / 2)}`,
          eventId,
          connection: n % 3 === 0 ? 'c1' : 'c2',
          patientKey: `p${n % 4}`,
          encounterKey: `v${n % 5}`,
        };
      };
      const steps = fc.array(fc.tuple(fc.constantFrom(...names), fc.nat(), fc.nat({ max: 9 })), { minLength: 1, maxLength: 40 });

      /** The rule of the port, said without indexes. */
      const dueByRule = (rows: readonly WriteRow[], now: number): string[] => {
        const ready = rows.filter((row) => {
          const at = dueAt(row.state);
          if (at === null || at > now) return false;
          const lane = rows.filter((other) => other.tenant === row.tenant && other.lane === row.lane && other !== row);
          if (row.state.name === 'pending') {
            return !lane.some(
              (other) => laneBlockingStates.includes(other.state.name) || (other.state.name === 'pending' && earlier(other, row)),
            );
          }
          if (row.state.name !== 'failed-retryable') return true;
          return !lane.some(
            (other) =>
              ['in-flight', 'unknown'].includes(other.state.name) ||
              (other.state.name === 'failed-retryable' && earlier(other, row)),
          );
        });
        return ids(ready).sort();
      };
      const earlier = (a: WriteRow, b: WriteRow): boolean =>
        a.eventSeq < b.eventSeq || (a.eventSeq === b.eventSeq && a.slot < b.slot);

      it('C2 leaves rows, lanes, counts and lists as the rules say, and the log gives the same rows again', async () => {
        let run = 0;
        await fc.assert(
          fc.asyncProperty(steps, async (history) => {
            run += 1;
            const of = (id: string): string => `${id}r${run}`;
            const planned = names.map((id) => {
              const { tenant, ...rest } = place(id);
              return plannedWrite(of(id), {
                ...rest,
                tenant: `${tenant}${run}`,
                eventId: `${rest.eventId}r${run}`,
                group: `${rest.group}r${run}`,
                connection: `${rest.connection}r${run}`,
                patientKey: `${rest.patientKey}r${run}`,
                encounterKey: `${rest.encounterKey}r${run}`,
              });
            });
            for (const eventId of new Set(planned.map((one) => one.eventId))) {
              await ledger.commit(intake(planned.filter((one) => one.eventId === eventId)));
            }
            for (const [id, choice, at] of history) {
              const row = (await ledger.findWrite(of(id))) as WriteRow;
              const options = movesFrom(row.state.name);
              const next = options[choice % Math.max(options.length, 1)];
              if (next !== undefined) expect(await ledger.commit(move(row, stateOf(next, at)))).toMatchObject({ ok: true });
            }
            const rows = (await ledger.writes({ limit: 10_000 })).filter((row) => row.id.endsWith(`r${run}`));
            expect(rows).toHaveLength(names.length);
            const mine = (list: readonly WriteRow[]): string[] => ids(list.filter((row) => row.id.endsWith(`r${run}`))).sort();
            for (const now of [0, 4, 9]) expect(mine(await ledger.due(now, 10_000))).toEqual(dueByRule(rows, now));
            for (const tenant of [`north${run}`, `south${run}`]) {
              const own = rows.filter((row) => row.tenant === tenant);
              const counts = await ledger.counts(tenant);
              const byState: Record<string, number> = {};
              for (const row of own) byState[row.state.name] = (byState[row.state.name] ?? 0) + 1;
              expect(counts.byState).toEqual(byState);
              const unsettled = own.filter((row) => !settledStates.includes(row.state.name)).map((row) => row.createdAt);
              expect(counts.oldestUnsettledAt).toBe(unsettled.length === 0 ? null : Math.min(...unsettled));
              const unknown = own.flatMap((row) => (row.state.name === 'unknown' ? [row.state.since] : []));
              expect(counts.oldestUnknownAt).toBe(unknown.length === 0 ? null : Math.min(...unknown));
              expect(Object.values(counts.byGroupState).reduce((sum, n) => sum + n, 0)).toBe(
                new Set(own.map((row) => row.group)).size,
              );
            }
            const [some] = rows as [WriteRow];
            const filters: Omit<WriteFilter, 'limit'>[] = [
              { tenant: some.tenant },
              { states: [some.state.name, 'pending'] },
              { states: [some.state.name], connection: some.connection },
              { connection: some.connection },
              { patientKey: some.patientKey, states: [some.state.name] },
              { encounterKey: some.encounterKey as string },
              { group: some.group },
              { eventId: some.eventId, tenant: some.tenant },
              { code: 'ehr-rejected' },
              { code: 'reply-lost', tenant: some.tenant },
              { since: 1_001 },
              { states: [] },
            ];
            for (const filter of filters) {
              const fits = (row: WriteRow): boolean =>
                (filter.tenant === undefined || row.tenant === filter.tenant) &&
                (filter.states === undefined || filter.states.includes(row.state.name)) &&
                (filter.connection === undefined || row.connection === filter.connection) &&
                (filter.patientKey === undefined || row.patientKey === filter.patientKey) &&
                (filter.encounterKey === undefined || row.encounterKey === filter.encounterKey) &&
                (filter.group === undefined || row.group === filter.group) &&
                (filter.eventId === undefined || row.eventId === filter.eventId) &&
                (filter.code === undefined || ('code' in row.state && row.state.code === filter.code)) &&
                (filter.since === undefined || row.createdAt >= filter.since);
              const list = (await ledger.writes({ ...filter, limit: 10_000 })).filter((row) => row.id.endsWith(`r${run}`));
              expect(ids(list), JSON.stringify(filter)).toEqual(ids(rows.filter(fits)));
            }
          }),
          { numRuns: 15 },
        );
        expect((await ledger.verify()).problems).toEqual([]);
      }, 120_000);

      it('A3 groups are open, complete, partial, failed or compensating', async () => {
        const ends: readonly (readonly [string, readonly (readonly WriteState[])[]])[] = [
          ['open', [[stateOf('validated'), stateOf('pending')], [stateOf('failed-terminal')]]],
          ['complete', [[...charted], [...charted]]],
          ['complete', [[...charted], [stateOf('withdrawn')]]],
          ['complete', [[stateOf('withdrawn')], [stateOf('superseded')]]],
          ['partial', [[...charted], [stateOf('failed-terminal')]]],
          ['failed', [[stateOf('failed-terminal')], [stateOf('withdrawn')]]],
          ['compensating', [[...charted, stateOf('compensated')], [...charted]]],
          ['complete', [[stateOf('failed-terminal'), stateOf('resolved-by-hand')], [...charted]]],
        ];
        const expected: Record<string, number> = { open: 0, complete: 0, partial: 0, failed: 0, compensating: 0 };
        for (const [n, [state, members]] of ends.entries()) {
          const eventId = `e${n}`;
          await ledger.commit(intake(members.map((_, slot) => plannedWrite(`g${n}-${slot}`, { eventId }))));
          for (const [slot, moves] of members.entries()) await step(`g${n}-${slot}`, ...moves);
          expected[state] = (expected[state] ?? 0) + 1;
        }
        expect((await ledger.counts()).byGroupState).toEqual(expected);
      });
      const charted = [stateOf('validated'), stateOf('pending'), stateOf('in-flight'), stateOf('committed')];
    });

    describe('H2 checkpoints and verification', () => {
      it('H2 signs after so many entries, after so long, when asked, and at the end', async () => {
        const signed = async (): Promise<number> => (await ledger.verify()).checkpoints;
        for (let n = 0; n < 99; n += 1) await ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
        expect(await signed()).toBe(0);
        await ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
        expect(await signed()).toBe(1);
        store.clock.advance(59_999);
        await ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
        expect(await signed()).toBe(1);
        store.clock.advance(1);
        await ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
        expect(await signed()).toBe(2);
        await ledger.checkpoint();
        expect(await signed()).toBe(2);
        await ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
        await ledger.checkpoint();
        expect(await signed()).toBe(3);
        await ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
        await ledger.close();
        ledger = await store.open();
        expect(await ledger.verify()).toEqual({ ok: true, entries: 104, checkpoints: 4, erasedPayloads: 0, problems: [] });
      });

      it('H2 verification tells how far it is, and others may go on writing', async () => {
        for (let n = 0; n < 600; n += 100)
          await Promise.all(
            Array.from({ length: 100 }, () => ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] })),
          );
        const seen: [number, number][] = [];
        const [report] = await Promise.all([
          ledger.verify((done, total) => seen.push([done, total])),
          ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] }),
        ]);
        expect(report).toMatchObject({ ok: true });
        expect(seen.at(-1)).toEqual([report.entries, report.entries]);
        expect(seen.length).toBeGreaterThan(2);
      });
    });
  });
}
