import { describe, expect, it } from 'vitest';
import type { WriteState } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { intake, move, plannedWrite, stateOf } from './fixtures.ts';
import { ids, type LedgerUnderContract } from './ledger-under-contract.ts';

export function dueContract(given: LedgerUnderContract): void {
  describe('C6 what is due', () => {
    const pendingAt = async (id: string, at: number, lane = 'lane', tenant = 'north'): Promise<void> => {
      await given.ledger.commit(intake([plannedWrite(id, { lane, tenant })]));
      await given.ledger.commit(move(await given.write(id, tenant), stateOf('validated'), stateOf('pending', at)));
    };

    it('C6 drafts come when their time has come, oldest first, and lanes do not matter to them', async () => {
      for (const [id, at] of [
        ['b', 20],
        ['a', 10],
        ['c', 30],
      ] as const)
        await given.ledger.commit(intake([plannedWrite(id, { lane: 'lane' })], at));
      expect(ids(await given.ledger.due(40, 10))).toEqual(['b', 'a', 'c']);
      expect(ids(await given.ledger.due(20, 10))).toEqual(['b', 'a']);
      expect(ids(await given.ledger.due(40, 1))).toEqual(['b']);
      expect(await given.ledger.nextDueAt()).toBe(20);
    });

    it('C6 of what is pending only the first of each lane comes', async () => {
      await pendingAt('a', 50);
      await pendingAt('b', 10);
      await pendingAt('c', 30, 'other lane');
      await pendingAt('d', 20, 'lane', 'south');
      expect(ids(await given.ledger.due(100, 10))).toEqual(['d', 'c', 'a']);
      expect(ids(await given.ledger.due(40, 10))).toEqual(['d', 'c']);
      expect(await given.ledger.nextDueAt()).toBe(20);
      await given.ledger.commit(move(await given.write('a'), stateOf('withdrawn')));
      expect(ids(await given.ledger.due(100, 10))).toEqual(['b', 'd', 'c']);
    });

    it.each(['in-flight', 'unknown', 'failed-retryable'] as const)(
      'C6 a lane waits while one of its writes is %s',
      async (blocking) => {
        await pendingAt('a', 10);
        await pendingAt('b', 10);
        await given.step('a', stateOf('in-flight', 10));
        if (blocking !== 'in-flight') await given.step('a', stateOf(blocking, 30));
        expect(ids(await given.ledger.due(20, 10))).toEqual([]);
        expect(ids(await given.ledger.due(30, 10))).toEqual(blocking === 'in-flight' ? [] : ['a']);
        expect(await given.ledger.nextDueAt()).toBe(blocking === 'in-flight' ? null : 30);
        await given.step('a', stateOf('failed-terminal'));
        expect(ids(await given.ledger.due(20, 10))).toEqual(['b']);
      },
    );

    it('C6 an earlier write that comes back waits for a later one under way', async () => {
      await pendingAt('a', 10);
      await pendingAt('b', 10);
      await given.step('a', stateOf('held'));
      await given.step('b', stateOf('in-flight'));
      await given.step('a', stateOf('pending', 10));
      expect(ids(await given.ledger.due(20, 10))).toEqual([]);
      await given.step('b', stateOf('committed', 15));
      expect(ids(await given.ledger.due(20, 10))).toEqual(['a', 'b']);
    });

    it.each(['held', 'conflict', 'awaiting-approval'] as const)(
      'C6 a write that is %s keeps later ones of its own group waiting, and no others',
      async (parked) => {
        await given.ledger.commit(intake(['a', 'b', 'c'].map((id) => plannedWrite(id, { lane: 'lane', eventId: 'visit' }))));
        await pendingAt('d', 10);
        for (const id of ['a', 'b', 'c']) await given.step(id, stateOf('validated'), stateOf('pending', 10));
        expect(ids(await given.ledger.due(20, 10))).toEqual(['a']);
        if (parked === 'awaiting-approval') await given.step('b', stateOf('awaiting-approval'));
        else await given.step('b', stateOf(parked));
        expect(ids(await given.ledger.due(20, 10))).toEqual(['a']);
        await given.step('a', stateOf('in-flight'), stateOf('failed-terminal'));
        // c follows b, d is of another group.
        expect(ids(await given.ledger.due(20, 10))).toEqual(['d']);
        await given.step('b', stateOf('withdrawn'));
        expect(ids(await given.ledger.due(20, 10))).toEqual(['c']);
      },
    );

    it('C6 a later write waits while an earlier one of its lane is still being checked', async () => {
      await given.ledger.commit(intake([plannedWrite('a', { lane: 'lane' })], 5));
      await pendingAt('b', 10);
      await pendingAt('c', 10, 'other lane');
      expect(ids(await given.ledger.due(20, 10))).toEqual(['a', 'c']);
      await given.step('a', { name: 'draft', nextAt: 60_000, looks: 1, code: 'ehr-unreachable' });
      expect(ids(await given.ledger.due(20, 10))).toEqual(['c']);
      await given.step('a', stateOf('validated'), stateOf('awaiting-approval'));
      expect(ids(await given.ledger.due(20, 10))).toEqual(['b', 'c']);
      await given.step('a', stateOf('pending', 10));
      expect(ids(await given.ledger.due(20, 10))).toEqual(['a', 'c']);
    });

    it('C6 held and conflict do not keep the lane waiting', async () => {
      await pendingAt('a', 10);
      await pendingAt('b', 10);
      await given.step('a', stateOf('conflict'));
      expect(ids(await given.ledger.due(20, 10))).toEqual(['b']);
    });

    it('C4 an unknown write is due for a look until a person has to look; a verification is due until it is done', async () => {
      await pendingAt('a', 10);
      await given.step('a', stateOf('in-flight'));
      await given.step('a', { ...(stateOf('unknown', 40) as Extract<WriteState, { name: 'unknown' }>), personSince: 41 });
      expect(await given.ledger.due(100, 10)).toEqual([]);
      await given.step('a', stateOf('committed', 50));
      expect(ids(await given.ledger.due(100, 10))).toEqual(['a']);
      await given.step('a', {
        ...(stateOf('committed') as Extract<WriteState, { name: 'committed' }>),
        verification: { result: 'verified' },
      });
      expect(await given.ledger.due(100, 10)).toEqual([]);
      expect(await given.ledger.nextDueAt()).toBeNull();
    });

    it('C8 a charted write, and one handed to a person, are to be followed when their time has come; nothing waits for it', async () => {
      const charted = stateOf('committed') as Extract<WriteState, { name: 'committed' }>;
      const settled: WriteState = { ...charted, verification: { result: 'verified' } };
      const follow = { looks: 1, failures: 0, at: 0, versionId: '1', drift: null, awaited: null };
      for (const id of ['a', 'b', 'c', 'd']) {
        await pendingAt(id, 10, `lane-${id}`);
        await given.step(id, stateOf('in-flight'));
      }
      await given.step('a', charted);
      await given.step('b', { ...settled, follow: { ...follow, nextAt: 70 } });
      await given.step('c', { ...(stateOf('unknown', 60) as Extract<WriteState, { name: 'unknown' }>), personSince: 5 });
      await given.step('d', { ...settled, follow: { ...follow, nextAt: null } });
      expect(ids(await given.ledger.toFollow(100, 10))).toEqual(['c', 'b']);
      expect(ids(await given.ledger.toFollow(65, 10))).toEqual(['c']);
      expect(ids(await given.ledger.toFollow(100, 1))).toEqual(['c']);
      expect(await given.ledger.toFollow(100, 10, [(await given.write('c')).connection])).toEqual([]);
      await given.step('a', settled);
      expect(ids(await given.ledger.toFollow(settled.at + limits.followFirstMs, 10))).toEqual(['c', 'b', 'a']);
      expect(await given.ledger.nextDueAt()).toBeNull();
    });

    it('C5 all writes in flight are found, for recovery', async () => {
      for (const id of ['a', 'b', 'c']) await pendingAt(id, 10, `lane-${id}`);
      await pendingAt('d', 10, 'lane', 'south');
      for (const id of ['a', 'c']) await given.step(id, stateOf('in-flight'));
      await given.ledger.commit(move(await given.write('d', 'south'), stateOf('in-flight')));
      expect(ids(await given.ledger.inFlight()).sort()).toEqual(['a', 'c', 'd']);
      await given.step('a', stateOf('unknown'));
      expect(ids(await given.ledger.inFlight()).sort()).toEqual(['c', 'd']);
    });
  });
}
