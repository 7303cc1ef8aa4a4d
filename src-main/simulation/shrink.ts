import { faultKinds, type FaultKind } from './faults.ts';
import type { RunPlan } from './plan/operations.ts';

/**
 * A smaller plan that still fails: faults and operations are left out as long as it does. Not the smallest there is, but
 * one in which every part that was tried is needed.
 *
 * @param runsMax how many plans may be tried
 */
export async function shrink(plan: RunPlan, fails: (plan: RunPlan) => Promise<boolean>, runsMax: number): Promise<RunPlan> {
  let smallest = plan;
  let runs = 0;
  const keepIfFails = async (candidate: RunPlan): Promise<boolean> => {
    if (runs >= runsMax) return false;
    runs += 1;
    if (!(await fails(candidate))) return false;
    smallest = candidate;
    return true;
  };
  for (const kind of faultKinds) {
    if (smallest.faults[kind] !== undefined) await keepIfFails({ ...smallest, faults: without(smallest.faults, kind) });
  }
  for (const part of ['afterwards', 'operations'] as const) {
    for (let size = Math.ceil(smallest[part].length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let at = 0; at < smallest[part].length;) {
        const fewer = smallest[part].toSpliced(at, size);
        if (!(await keepIfFails({ ...smallest, [part]: fewer }))) at += size;
      }
    }
  }
  return smallest;
}

function without(faults: RunPlan['faults'], kind: FaultKind): RunPlan['faults'] {
  return Object.fromEntries(Object.entries(faults).filter(([name]) => name !== kind));
}
