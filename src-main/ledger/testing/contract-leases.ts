import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../ports/outbound/index.ts';
import type { WriteState } from '../../../src-shared/domain/index.ts';
import { intake, move, plannedWrite, stateOf } from './fixtures.ts';
import type { LedgerUnderContract } from './ledger-under-contract.ts';

const LEASE_MS = 1_000;

function inFlight(engine: string, fence: number): WriteState {
  return { name: 'in-flight', attempt: 1, engine, sentAt: 0, fence };
}

/** What the ledger promises to several engines: reliability.md INV-13, decision record 0026. */
export function leasesContract(given: LedgerUnderContract): void {
  describe('C4 INV-13 several engines', () => {
    const pending = async (id: string, lane = id): Promise<void> => {
      await given.ledger.commit(intake([plannedWrite(id, { lane })]));
      await given.step(id, stateOf('validated'), stateOf('pending'));
    };
    const take = (ledger: Ledger, engine: string): Promise<number> => ledger.takeLease(engine, LEASE_MS, false);
    const fences = async (ledger: Ledger, own: number): Promise<readonly number[]> =>
      (await ledger.expireLeases(own)).map((lease) => lease.fence);

    it('C4 a fencing number is larger than every one before it, whatever became of those', async () => {
      const other = await given.store.open();
      const numbers: number[] = [];
      for (const ledger of [given.ledger, other, given.ledger]) {
        numbers.push(await take(ledger, 'a'));
        await ledger.releaseLease(numbers.at(-1) ?? 0);
      }
      await given.ledger.close();
      await given.reopen();
      numbers.push(await take(given.ledger, 'a'));
      expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
      expect(new Set(numbers).size).toBe(4);
    });

    it('C4 two engines that take up the same write: one has it', async () => {
      const other = await given.store.open();
      await pending('w1');
      const row = await given.write('w1');
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      const both = await Promise.all([
        given.ledger.commit({ ...move(row, inFlight('a', a)), fence: a, lane: row.lane }),
        other.commit({ ...move(row, inFlight('b', b)), fence: b, lane: row.lane }),
      ]);
      expect(both.filter((one) => one.ok)).toHaveLength(1);
      const { state } = await given.write('w1');
      expect(state).toMatchObject(both[0]?.ok === true ? { engine: 'a', fence: a } : { engine: 'b', fence: b });
    });

    it('C4 C6 a lane is taken by one write at a time, also in one transaction', async () => {
      for (const id of ['w1', 'w2']) await pending(id, 'lane');
      const fence = await take(given.ledger, 'a');
      const claim = async (id: string): ReturnType<Ledger['commit']> =>
        given.ledger.commit({ ...move(await given.write(id), inFlight('a', fence)), fence, lane: 'lane' });
      const results = await Promise.all([claim('w1'), claim('w2')]);
      expect(results.map((one) => one.ok)).toEqual([true, false]);
      expect(results[1]).toMatchObject({ clash: { kind: 'write', key: 'w1' } });
      await given.step('w1', stateOf('unknown'));
      expect(await claim('w2')).toMatchObject({ ok: false, clash: { key: 'w1' } });
      await given.step('w1', stateOf('failed-terminal'));
      expect(await claim('w2')).toMatchObject({ ok: true });
    });

    it('C4 what is in flight under a lease is moved by no other lease before that has ended', async () => {
      const other = await given.store.open();
      await pending('w1');
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      const claimed = await given.ledger.commit({ ...move(await given.write('w1'), inFlight('a', a)), fence: a });
      expect(claimed.ok).toBe(true);
      const row = await given.write('w1');
      const recover = { ...move(row, stateOf('unknown')), fence: b };
      expect(await other.commit(recover)).toEqual({ ok: false, clash: { kind: 'write', key: 'w1', version: row.version } });
      await given.ledger.releaseLease(a);
      expect(await other.commit(recover)).toMatchObject({ ok: true });
    });

    it('C4 a commit under a lease that has ended is refused, and writes nothing', async () => {
      const other = await given.store.open();
      await pending('w1');
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      await fences(other, b);
      given.store.clock.advance(LEASE_MS);
      expect(await fences(other, b)).toEqual([b]);
      const row = await given.write('w1');
      await expect(given.ledger.commit({ ...move(row, inFlight('a', a)), fence: a })).rejects.toMatchObject({
        name: 'LeaseEnded',
        fence: a,
      });
      await expect(given.ledger.renewLease(a)).rejects.toMatchObject({ name: 'LeaseEnded' });
      await expect(given.ledger.expireLeases(a)).rejects.toMatchObject({ name: 'LeaseEnded' });
      await expect(given.ledger.commit({ ...move(row, stateOf('withdrawn')), fence: a + b + 1 })).rejects.toMatchObject({
        name: 'LeaseEnded',
      });
      expect(await given.write('w1')).toEqual(row);
      // The ledger itself goes on: another lease, and whoever needs none.
      expect(await other.commit({ ...move(row, inFlight('b', b)), fence: b })).toMatchObject({ ok: true });
      await given.step('w1', stateOf('unknown'));
    });

    it('C4 a lease that is renewed lasts; one that is not lasts its length from when it was first seen so', async () => {
      const other = await given.store.open();
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      for (let round = 0; round < 4; round += 1) {
        expect(await fences(other, b)).toEqual([a, b]);
        given.store.clock.advance(LEASE_MS - 1);
        await given.ledger.renewLease(a);
      }
      expect(await fences(other, b)).toEqual([a, b]);
      given.store.clock.advance(LEASE_MS - 1);
      expect(await fences(other, b)).toEqual([a, b]);
      given.store.clock.advance(1);
      expect(await fences(other, b)).toEqual([b]);
    });

    it('C4 a handle that was just opened ends nothing before it has looked for the length of the lease', async () => {
      const a = await take(given.ledger, 'a');
      given.store.clock.advance(LEASE_MS * 10);
      const other = await given.store.open();
      const b = await take(other, 'b');
      expect(await fences(other, b)).toEqual([a, b]);
      given.store.clock.advance(LEASE_MS);
      expect(await fences(other, b)).toEqual([b]);
    });

    it('C4 D5 the wall clock has no part in it, whichever way it is set', async () => {
      const other = await given.store.open();
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      await fences(other, b);
      for (const ms of [LEASE_MS * 100, -LEASE_MS * 1_000]) {
        given.store.clock.wall += ms;
        expect(await fences(other, b)).toEqual([a, b]);
      }
      given.store.clock.passed += LEASE_MS;
      expect(await fences(other, b)).toEqual([b]);
    });

    it('C4 a lease that has run out but that nobody has ended goes on when it is renewed', async () => {
      const other = await given.store.open();
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      await fences(other, b);
      given.store.clock.advance(LEASE_MS * 3);
      await given.ledger.renewLease(a);
      expect(await fences(other, b)).toEqual([a, b]);
    });

    it('C4 a released lease is free at once, and an engine that is alone outlives all others', async () => {
      const other = await given.store.open();
      const [a, b] = [await take(given.ledger, 'a'), await take(other, 'b')];
      await given.ledger.releaseLease(a);
      await given.ledger.releaseLease(a);
      expect(await fences(other, b)).toEqual([b]);
      const c = await given.ledger.takeLease('c', LEASE_MS, true);
      expect(await fences(given.ledger, c)).toEqual([c]);
      await expect(other.renewLease(b)).rejects.toMatchObject({ name: 'LeaseEnded' });
      await given.ledger.close();
      await given.reopen();
      expect(await given.ledger.expireLeases(c)).toEqual([{ fence: c, engine: 'c' }]);
    });
  });
}
