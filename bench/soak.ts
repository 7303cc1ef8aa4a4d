// Writes over HTTP into the practice EHR with all its faults on, by an engine process that is killed with kill -9 every few
// seconds until everything has settled. What is counted is what the chart holds in the end.
import { Desk } from '../e2e/support/command-line.ts';
import { soak } from '../e2e/support/soak.ts';
import { ensureBuilt } from '../scripts/ensure-built.ts';
import { load, type Figure } from './support.ts';

const WRITES = 2_000;
const FULL_WRITES = 20_000;
/** An engine lives so long after its first request to the EHR, at least and at most. */
const LIFE_MS = { least: 500, most: 15_000 };
const NONE = { at: 'most', value: 0 } as const;

export async function run(full: boolean, { writes: asked }: { readonly writes: number | null }): Promise<readonly Figure[]> {
  const failed = ensureBuilt();
  if (failed !== null) throw new Error(failed);
  const desk = new Desk();
  try {
    const result = await soak(desk, {
      writes: asked ?? (full ? FULL_WRITES : WRITES),
      nextKill: () => ({ requests: 1, ms: LIFE_MS.least + Math.random() * (LIFE_MS.most - LIFE_MS.least) }),
    });
    const { writes, kills, ambiguous, inFlightAtKill, struck, unmet, duplicates, lost, altered, dropped, states } = result;
    return [
      { name: 'writes', value: writes, unit: '' },
      { name: 'engine killed with kill -9', value: kills, unit: 'times' },
      { name: 'requests struck by a fault', value: struck, unit: '' },
      ...unmet.map((kind) => ({ name: `fault that never struck: ${kind}`, value: 1, unit: '', goal: NONE })),
      { name: 'writes with an unknown outcome at least once', value: (100 * ambiguous) / writes, unit: '%' },
      { name: 'writes in flight at a kill', value: inFlightAtKill, unit: '' },
      { name: 'duplicates in the chart', value: duplicates, unit: '', goal: NONE },
      { name: 'writes lost', value: lost.length, unit: '', goal: NONE },
      { name: 'chart entries altered unnoticed', value: altered.length, unit: '', goal: NONE },
      { name: 'chart entries the EHR shortened, all named', value: dropped, unit: '' },
      ...Object.entries(states).map(([state, count]) => ({ name: `at the end: ${state}`, value: count, unit: '' })),
      { name: 'log does not verify', value: result.logWhole ? 0 : 1, unit: '', goal: NONE },
      { name: 'time until all had settled', value: result.seconds, unit: 's' },
      { name: 'load of the machine', value: load(), unit: '' },
    ];
  } finally {
    await desk.close();
  }
}
