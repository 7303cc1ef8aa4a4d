import { afterEach, beforeEach, expect, it } from 'vitest';
import { Desk } from '../support/command-line.ts';
import { soak } from '../support/soak.ts';

/** The soak of `npm run bench -- soak`, small: the engine's process killed among its checks, its sends and its looks. */

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

const WRITES = 100;
/** Requests that the EHR has had from an engine when it is killed: among the first, and later and later ones. */
const REQUESTS = [3, 30, 60, 20, 50];

it(
  `C1 C4 C5 C7 FLT-12 kill -9 of the engine ${REQUESTS.length} times while the EHR shows every fault`,
  { timeout: 600_000 },
  async () => {
    const result = await soak(desk, {
      writes: WRITES,
      nextKill: (kill) => {
        const requests = REQUESTS[kill];
        return requests === undefined ? null : { requests, ms: 0 };
      },
    });
    expect(result).toMatchObject({ duplicates: 0, lost: [], altered: [], logWhole: true });
    expect(result.writes).toBeGreaterThanOrEqual(WRITES);
    expect(result.kills).toBeGreaterThanOrEqual(REQUESTS.length / 2);
    expect(result.ambiguous).toBeGreaterThan(WRITES / 20);
    expect(result.inFlightAtKill).toBeGreaterThan(0);
    // Nothing that the engine could have charted by itself is left over.
    expect(
      Object.keys(result.states).filter((state) => /^(?:draft|validated|pending|in-flight|failed-retryable)/.test(state)),
    ).toEqual([]);
  },
);
