import { describe, expect, it } from 'vitest';
import type { WriteRow } from '../../../src-shared/domain/index.ts';
import type { Commit, CommitResult, Ledger } from '../../ports/outbound/index.ts';
import { intake, move, moved, plannedWrite, stateOf, tested } from './fixtures.ts';
import { ids, type LedgerUnderContract } from './ledger-under-contract.ts';

export function commitsContract(given: LedgerUnderContract): void {
  describe('C2 commits', () => {
    it('C2 appends entries and moves rows together', async () => {
      expect(await given.ledger.commit(intake([plannedWrite('w1'), plannedWrite('w2', { eventId: 'event-w1' })]))).toEqual({
        ok: true,
        firstSeq: 0,
      });
      expect(await given.write('w1')).toMatchObject({
        version: 1,
        eventSeq: 0,
        createdAt: 1_000,
        attempts: 0,
        state: { name: 'draft', nextAt: 1_000 },
      });
      expect(await given.ledger.findWrite('w2')).toEqual(await given.write('w2'));
      expect(await given.ledger.row('event', 'north', 'event-w1')).toMatchObject({ version: 1, writes: ['w1', 'w2'], seq: 0 });
      await given.step('w1', stateOf('validated'), stateOf('pending', 5));
      await given.step('w1', stateOf('in-flight'));
      await given.step('w1', stateOf('committed', 9));
      expect(await given.write('w1')).toMatchObject({
        version: 4,
        attempts: 1,
        state: { name: 'committed', evidence: { seq: 3 } },
      });
      expect(await given.ledger.findWrite('nobody')).toBeUndefined();
      expect(await given.ledger.row('write', 'south', 'w1')).toBeUndefined();
    });

    it('C2 refuses a decision made on a row that has changed since, and writes nothing of it', async () => {
      await given.ledger.commit(intake([plannedWrite('w1')]));
      const row = await given.write('w1');
      await given.step('w1', stateOf('validated'));
      const clash = await given.ledger.commit({
        ...move(row, stateOf('validated')),
        entries: [tested('a'), moved(row, [stateOf('withdrawn')])],
      });
      expect(clash).toEqual({ ok: false, clash: { kind: 'write', key: 'w1', version: 1 } });
      expect(await given.write('w1')).toMatchObject({ version: 2, state: { name: 'validated' } });
      expect(await given.ledger.entry('north', 2)).toBeUndefined();
    });

    it('C3 version 0 stands for a row that must not be there yet', async () => {
      const once: Commit = { ...intake([plannedWrite('w1')]), expected: [{ kind: 'event', key: 'event-w1', version: 0 }] };
      expect(await given.ledger.commit(once)).toMatchObject({ ok: true });
      expect(await given.ledger.commit(once)).toEqual({ ok: false, clash: { kind: 'event', key: 'event-w1', version: 0 } });
      expect(
        await given.ledger.commit({
          tenant: 'north',
          expected: [{ kind: 'person', key: 'p', version: 1 }],
          entries: [tested('a')],
        }),
      ).toMatchObject({ ok: false });
    });

    it('C2 commits that wait together succeed, clash and fail each for itself', async () => {
      await given.ledger.commit(intake([plannedWrite('a')]));
      await given.ledger.commit(intake([plannedWrite('b')]));
      const [a, b] = [await given.write('a'), await given.write('b')];
      const results = await Promise.allSettled([
        given.ledger.commit(move(a, stateOf('validated'))),
        given.ledger.commit(move(a, stateOf('withdrawn'))),
        given.ledger.commit(move(b, stateOf('in-flight'))),
        given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('x'), moved(b, [stateOf('in-flight')])] }),
        given.ledger.commit(move(b, stateOf('withdrawn'))),
        given.ledger.commit({
          tenant: 'north',
          expected: [{ kind: 'write', key: 'a', version: 2 }],
          entries: [moved(a, [stateOf('pending')])],
        }),
        given.ledger.commit(intake([plannedWrite('s', { tenant: 'south' })])),
        given.ledger.commit({ tenant: 'north', expected: [], entries: [] }),
        given.ledger.commit(intake([plannedWrite('a')])),
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
      expect(await given.write('a')).toMatchObject({ version: 3, state: { name: 'pending' } });
      expect(await given.write('b')).toMatchObject({ version: 2, state: { name: 'withdrawn' } });
      expect(await given.ledger.entry('north', 5)).toBeUndefined();
      expect(await given.ledger.tenants()).toEqual(['north', 'south']);
      expect((await given.ledger.verify()).problems).toEqual([]);
    });

    it('C2 many that wait together all get their own places, in the order in which they came', async () => {
      const results = await Promise.all(
        Array.from({ length: 600 }, (_, n) => given.ledger.commit(intake([plannedWrite(`w${n}`)]))),
      );
      expect(results).toEqual(Array.from({ length: 600 }, (_, n) => ({ ok: true, firstSeq: n })));
      expect((await given.ledger.verify()).problems).toEqual([]);
    });

    it('INV-19 time in the log never goes back', async () => {
      for (const at of [5_000, 3_000, 6_000])
        await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a', at), tested('a', at - 100)] });
      const times = await Promise.all([0, 1, 2, 3, 4, 5].map(async (seq) => (await given.ledger.entry('north', seq))?.at));
      expect(times).toEqual([5_000, 5_000, 5_000, 5_000, 6_000, 6_000]);
    });

    it('C2 what cannot be written is refused alone', async () => {
      const refused = [
        { ...tested('a'), stream: 'write/\ud800' },
        { ...tested('a'), at: 0.5 },
        { ...tested('a'), at: -1 },
      ];
      for (const entry of refused) {
        await expect(given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('b'), entry] })).rejects.toMatchObject(
          {
            code: 'entry-refused',
          },
        );
      }
      expect(await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('b')] })).toEqual({
        ok: true,
        firstSeq: 0,
      });
    });

    it('C5 what was acknowledged is there after opening again', async () => {
      await given.ledger.commit(intake([plannedWrite('w1')]));
      await given.step('w1', stateOf('validated'), stateOf('pending', 7));
      const before = [await given.ledger.findWrite('w1'), await given.ledger.counts(), await given.ledger.entry('north', 1)];
      await given.ledger.close();
      await given.reopen();
      expect([await given.ledger.findWrite('w1'), await given.ledger.counts(), await given.ledger.entry('north', 1)]).toEqual(
        before,
      );
      expect(ids(await given.ledger.due(10, 10))).toEqual(['w1']);
    });

    it('C5 after the medium has failed nothing more is taken, and what was acknowledged stays', async () => {
      await given.ledger.commit(intake([plannedWrite('w1')]));
      given.store.breakMedium(given.ledger);
      const waiting = await Promise.allSettled([
        given.ledger.commit(intake([plannedWrite('w2')])),
        given.ledger.commit(intake([plannedWrite('w3')])),
      ]);
      for (const one of waiting) expect(one).toMatchObject({ status: 'rejected', reason: { code: 'ledger-failed' } });
      await expect(given.ledger.commit(intake([plannedWrite('w4')]))).rejects.toMatchObject({ code: 'ledger-failed' });
      expect(await given.write('w1')).toMatchObject({ version: 1 });
      await given.ledger.close();
      await given.reopen();
      expect(ids(await given.ledger.writes({ limit: 10 }))).toEqual(['w1']);
      expect((await given.ledger.verify()).problems).toEqual([]);
      expect(await given.ledger.commit(intake([plannedWrite('w2')]))).toEqual({ ok: true, firstSeq: 1 });
    });

    it('C5 a closed ledger takes nothing, and closing waits for what was queued', async () => {
      const queued = given.ledger.commit(intake([plannedWrite('w1')]));
      const closed = given.ledger.close();
      await expect(given.ledger.commit(intake([plannedWrite('w2')]))).rejects.toMatchObject({ code: 'ledger-closed' });
      expect(await queued).toMatchObject({ ok: true });
      await closed;
      await given.ledger.close();
    });
  });

  describe('C2 two handles on one store', () => {
    it('C2 see each other, and only one of two decisions on the same row stands', async () => {
      const other = await given.store.open();
      await given.ledger.commit(intake([plannedWrite('w1')]));
      const row = await other.row('write', 'north', 'w1');
      expect(row).toEqual(await given.write('w1'));
      const both = await Promise.all([
        given.ledger.commit(move(row as WriteRow, stateOf('validated'))),
        other.commit(move(row as WriteRow, stateOf('withdrawn'))),
      ]);
      expect(both.filter((one) => one.ok)).toHaveLength(1);
      expect(await given.ledger.findWrite('w1')).toEqual(await other.findWrite('w1'));
    });

    it('C2 append to one log without gap or fork, rows and counts included', async () => {
      const other = await given.store.open();
      const handles = [given.ledger, other];
      for (let round = 0; round < 12; round += 1) {
        const batch = Array.from({ length: 10 }, (_, n) =>
          (handles[(round + n) % 2] as Ledger).commit(intake([plannedWrite(`w${round}-${n}`)])),
        );
        const seqs = (await Promise.all(batch)).map((one) => (one.ok ? one.firstSeq : -1)).sort((a, b) => a - b);
        expect(seqs).toEqual(Array.from({ length: 10 }, (_, n) => round * 10 + n));
      }
      await given.ledger.checkpoint();
      await other.checkpoint();
      expect(await given.ledger.counts()).toEqual(await other.counts());
      expect((await other.verify()).problems).toEqual([]);
    });
  });
}
