import type { StateName } from '../../src-shared/domain/index.ts';
import type { Chance } from './chance.ts';

/** The faults that can befall a simulated run, by their numbers in the list of faults (docs/simulation.md). */
export const faultKinds = [
  'FLT-1',
  'FLT-2',
  'FLT-3',
  'FLT-4',
  'FLT-5',
  'FLT-6',
  'FLT-7',
  'FLT-8',
  'FLT-9',
  'FLT-10',
  'FLT-11',
  'FLT-12',
  'FLT-13',
  'FLT-14',
  'FLT-18',
  'FLT-19',
  'FLT-21',
  'FLT-22',
  'FLT-24',
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Which faults a run may meet, and how often each strikes where it can. */
export type FaultPlan = Readonly<Partial<Record<FaultKind, number>>>;

/** Faults that leave open what became of a send. What the simulation is about, so they are in more of the runs. */
const leaveOpen: readonly FaultKind[] = ['FLT-2', 'FLT-4', 'FLT-5', 'FLT-6', 'FLT-10', 'FLT-12'];

/** A random subset with random rates: a run with every fault at once hides what one of them alone would show. */
export function drawFaults(chance: Chance): FaultPlan {
  const share = chance.pick([0, 0.25, 0.5, 0.5, 0.8]);
  const plan: Partial<Record<FaultKind, number>> = {};
  for (const kind of faultKinds) {
    const own = chance.part(kind);
    if (own.happens(leaveOpen.includes(kind) ? Math.min(1, 1.5 * share) : share)) plan[kind] = own.pick([0.15, 0.3, 0.6]);
  }
  return plan;
}

/** Strikes faults and counts what they struck. */
export class Faults {
  private readonly plan: FaultPlan;
  private readonly struck = new Map<FaultKind, number>();
  private readonly pairs = new Map<string, number>();
  private quiet = true;

  constructor(plan: FaultPlan) {
    this.plan = plan;
  }

  /** From now on things go wrong. */
  begin(): void {
    this.quiet = false;
  }

  /** From now on nothing goes wrong any more. */
  end(): void {
    this.quiet = true;
  }

  allows(kind: FaultKind): boolean {
    return !this.quiet && this.plan[kind] !== undefined;
  }

  /** How often the fault strikes where it can; 0 when it never does. */
  rate(kind: FaultKind): number {
    return this.quiet ? 0 : (this.plan[kind] ?? 0);
  }

  /** Counts a fault that has struck, with the states of the writes it struck. */
  count(kind: FaultKind, states: Iterable<StateName>): void {
    this.struck.set(kind, (this.struck.get(kind) ?? 0) + 1);
    for (const state of new Set(states)) {
      const pair = `${state} ${kind}`;
      this.pairs.set(pair, (this.pairs.get(pair) ?? 0) + 1);
    }
  }

  counts(): ReadonlyMap<FaultKind, number> {
    return this.struck;
  }

  /** How often each fault struck a write in each state: `<state> <fault>`. */
  coverage(): ReadonlyMap<string, number> {
    return this.pairs;
  }
}
