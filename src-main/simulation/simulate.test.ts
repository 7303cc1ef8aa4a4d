import { describe, expect, it } from 'vitest';
import { planOf, simulate } from './simulate.ts';
import { runOnce } from './run.ts';
import { reachablePairs } from './coverage.ts';
import { shrink } from './shrink.ts';
import { brokenEngines } from './testing/broken-engines.ts';
import { tools } from './testing/tools.ts';
import type { Violation } from './auditor/index.ts';
import type { FaultPlan } from './faults.ts';
import type { RunPlan } from './plan/operations.ts';
import type { Sabotage } from './world.ts';

const SEEDS_PER_PART = 125;
const MINUTES = 60_000;

describe('C4 simulation of the engine', () => {
  const pairs = new Set<string>();
  let sends = 0;
  let ambiguous = 0;

  it.each([1, 2, 3, 4])(
    'C1 C4 INV-1..20 no invariant is breached, and each seed leaves the same trace twice (part %i of 4)',
    async (part) => {
      const report = await simulate({ seeds: SEEDS_PER_PART, from: 1 + (part - 1) * SEEDS_PER_PART, tools });
      expect(report.violations.map(({ seed, invariant, message }) => ({ seed, invariant, message }))).toEqual([]);
      expect(report.seeds).toBe(SEEDS_PER_PART);
      for (const pair of Object.keys(report.coverage.pairs)) pairs.add(pair);
      sends += report.sends;
      ambiguous += report.ambiguous;
    },
    2 * MINUTES,
  );

  it('C4 together they meet nearly every fault in every state that it can reach, and often leave the outcome open', () => {
    const missed = reachablePairs.filter((pair) => !pairs.has(pair));
    // The rarest pairs take some thousand seeds; `simulate` lists those a run has missed.
    expect(missed.length, missed.join(', ')).toBeLessThanOrEqual(reachablePairs.length * 0.1);
    expect(ambiguous / sends).toBeGreaterThan(0.1);
  });
});

/** The first seed under which the auditor reports one of these; what else it may report of a broken engine does not count. */
async function firstBreach(
  sabotage: Sabotage,
  expected: readonly string[],
  seedsMax: number,
  faults: FaultPlan | undefined,
): Promise<Violation | null> {
  for (let seed = 1; seed <= seedsMax; seed += 1) {
    const plan = planOf(seed);
    const { violations } = await runOnce({ plan: { ...plan, faults: faults ?? plan.faults }, tools, sabotage });
    const breach = violations.find(({ invariant }) => expected.includes(invariant));
    if (breach !== undefined) return breach;
  }
  return null;
}

describe('C4 the auditor', () => {
  const caughtBy: Readonly<Record<keyof typeof brokenEngines, readonly string[]>> = {
    'sends again what is unknown': ['INV-1', 'INV-12'],
    'does not record the attempt': ['INV-7'],
    'ignores If-Match': ['INV-3'],
    'marks over what somebody has changed since': ['INV-3'],
    'takes back without marking': ['INV-6'],
    'trusts a search that ignored its parameter': ['INV-1', 'INV-12'],
    'sends other bytes than approved': ['INV-6'],
    'does not ask whether the approver is still there': ['INV-4'],
    'does not look at kill switches': ['INV-5'],
    'does not ask what the patient has said since': ['INV-5'],
    'sends on one approval where two are needed': ['INV-14'],
    'takes what is blocked for ordinary': ['INV-14'],
    'calls everything verified': ['INV-20'],
    'ignores that its lease was lost': ['INV-13'],
    'sends again what a dead engine had in flight': ['INV-13'],
    'takes what the EHR still works on for failed': ['INV-12'],
    'sees no change when it looks later': ['INV-20'],
  };

  /** Where among all the faults it would take thousands of seeds. */
  const under: Readonly<Partial<Record<string, FaultPlan>>> = {
    'marks over what somebody has changed since': { 'FLT-8': 0.6 },
  };

  it.each(Object.entries(brokenEngines))(
    'C4 catches an engine that %s',
    async (name, sabotage) => {
      expect(await firstBreach(sabotage, caughtBy[name] ?? [], 500, under[name])).not.toBeNull();
    },
    2 * MINUTES,
  );

  it('C4 a breach is shrunk to a plan that still shows it', async () => {
    const sabotage = brokenEngines['does not record the attempt'];
    if (sabotage === undefined) throw new Error('no such engine');
    const fails = async (of: RunPlan): Promise<boolean> =>
      (await runOnce({ plan: of, tools, sabotage })).violations.some(({ invariant }) => invariant === 'INV-7');
    let seed = 1;
    while (seed < 100 && !(await fails(planOf(seed)))) seed += 1;
    const plan = planOf(seed);
    const smaller = await shrink(plan, fails, 100);
    expect(await fails(smaller)).toBe(true);
    // One event is enough to be sent without an attempt on disk.
    expect(smaller.operations.map(({ kind }) => kind)).toEqual(['event']);
    expect(smaller.faults).toEqual({});
  });

  it('C4 a run tells what happened in it, step by step', async () => {
    const result = await runOnce({ plan: planOf(3), tools, trace: true });
    expect(result.trace.some((line) => line.includes('operation event'))).toBe(true);
    expect(result.trace.length).toBeGreaterThanOrEqual(result.steps);
  });
});
