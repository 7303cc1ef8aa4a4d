import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countFailpoints, crashAt, CrashDesk, sampled } from '../support/crash.ts';
import { failpoints } from '../../src-main/ledger/index.ts';

/** Failpoints tried in every test run; `npm run bench -- crash --full` tries all of them. */
const SAMPLE = 10;

let desk: CrashDesk;
beforeAll(async () => {
  desk = await CrashDesk.open();
});
afterAll(() => desk.close());

describe('FLT-12 the engine killed at a failpoint of its ledger', () => {
  it('C5 a day that nothing disturbs comes by every failpoint but those of making a ledger', async () => {
    const counts = await countFailpoints(desk.fresh());
    expect([...counts.keys()].sort()).toEqual(failpoints.filter((point) => !point.startsWith('create-')).sort());
  });

  it(
    'C1 C5 C7 loses nothing acknowledged, charts each write once, and leaves a log that verifies',
    { timeout: 300_000 },
    async () => {
      const counts = await countFailpoints(desk.fresh());
      const hits = [...counts.values()].reduce((sum, count) => sum + count, 0);
      for (const n of sampled(hits - 5, SAMPLE)) {
        const outcome = await crashAt(desk, n);
        expect({ n, ...outcome }).toMatchObject({ n, point: expect.any(String), lost: [], duplicates: 0, uncharted: 0 });
      }
    },
  );
});
