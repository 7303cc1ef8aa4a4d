import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dueAt, laneRoleOf, movesFrom, settledStates, type WriteRow, type WriteState } from '../../../src-shared/domain/index.ts';
import type { WriteFilter } from '../../ports/outbound/index.ts';
import { intake, move, plannedWrite, stateOf } from './fixtures.ts';
import { ids, type LedgerUnderContract } from './ledger-under-contract.ts';

export function historyContract(given: LedgerUnderContract): void {
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
        const role = laneRoleOf(row.state);
        if (role !== 'waits' && role !== 'retries') return true;
        const lane = rows.filter((other) => other.tenant === row.tenant && other.lane === row.lane && other !== row);
        return !lane.some((other) => {
          switch (laneRoleOf(other.state)) {
            case 'holds':
              return true;
            case 'retries':
              return role === 'waits' || earlier(other, row);
            case 'waits':
              return role === 'waits' && earlier(other, row) && mayGo(rows, other);
            case 'checking':
              return role === 'waits' && earlier(other, row);
            case 'parked':
              return role === 'waits' && earlier(other, row) && other.group === row.group;
            case null:
              return false;
          }
        });
      });
      return ids(ready).sort();
    };
    /** Nothing of its own group is parked before it. */
    const mayGo = (rows: readonly WriteRow[], row: WriteRow): boolean =>
      !rows.some(
        (other) =>
          other.tenant === row.tenant &&
          other.lane === row.lane &&
          other.group === row.group &&
          laneRoleOf(other.state) === 'parked' &&
          earlier(other, row),
      );
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
            await given.ledger.commit(intake(planned.filter((one) => one.eventId === eventId)));
          }
          for (const [id, choice, at] of history) {
            const row = (await given.ledger.findWrite(of(id))) as WriteRow;
            const options = movesFrom(row.state.name);
            const next = options[choice % Math.max(options.length, 1)];
            if (next !== undefined) expect(await given.ledger.commit(move(row, stateOf(next, at)))).toMatchObject({ ok: true });
          }
          const rows = (await given.ledger.writes({ limit: 10_000 })).filter((row) => row.id.endsWith(`r${run}`));
          expect(rows).toHaveLength(names.length);
          const mine = (list: readonly WriteRow[]): string[] => ids(list.filter((row) => row.id.endsWith(`r${run}`))).sort();
          for (const now of [0, 4, 9]) expect(mine(await given.ledger.due(now, 10_000))).toEqual(dueByRule(rows, now));
          for (const tenant of [`north${run}`, `south${run}`]) {
            const own = rows.filter((row) => row.tenant === tenant);
            const counts = await given.ledger.counts(tenant);
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
            const list = (await given.ledger.writes({ ...filter, limit: 10_000 })).filter((row) => row.id.endsWith(`r${run}`));
            expect(ids(list), JSON.stringify(filter)).toEqual(ids(rows.filter(fits)));
          }
        }),
        { numRuns: 15 },
      );
      expect((await given.ledger.verify()).problems).toEqual([]);
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
        await given.ledger.commit(intake(members.map((_, slot) => plannedWrite(`g${n}-${slot}`, { eventId }))));
        for (const [slot, moves] of members.entries()) await given.step(`g${n}-${slot}`, ...moves);
        expected[state] = (expected[state] ?? 0) + 1;
      }
      expect((await given.ledger.counts()).byGroupState).toEqual(expected);
    });
    const charted = [stateOf('validated'), stateOf('pending'), stateOf('in-flight'), stateOf('committed')];
  });
}
