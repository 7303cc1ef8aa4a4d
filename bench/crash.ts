// kill -9 at the failpoints of the ledger, on the real encrypted file, with the practice EHR keeping count.
import { countFailpoints, crashAt, CrashDesk, sampled } from '../e2e/support/crash.ts';
import { load, seconds, type Figure } from './support.ts';

const SAMPLE = 40;
const NONE = { at: 'most', value: 0 } as const;

export async function run(full: boolean): Promise<readonly Figure[]> {
  const desk = await CrashDesk.open();
  try {
    const startedAt = performance.now();
    const counts = await countFailpoints(desk.fresh());
    const hits = [...counts.values()].reduce((sum, count) => sum + count, 0);
    const totals = { kills: 0, acknowledged: 0, lost: 0, duplicates: 0, uncharted: 0 };
    const points = new Set<string>();
    for (const n of sampled(hits, full ? hits : SAMPLE)) {
      const { point, acknowledged, lost, duplicates, uncharted } = await crashAt(desk, n);
      if (point !== null) {
        totals.kills += 1;
        points.add(point);
      }
      totals.acknowledged += acknowledged;
      totals.lost += lost.length;
      totals.duplicates += duplicates;
      totals.uncharted += uncharted;
    }
    return [
      { name: 'failpoints passed in an undisturbed run', value: hits, unit: '' },
      { name: 'of so many kinds', value: counts.size, unit: '' },
      { name: 'runs killed with kill -9', value: totals.kills, unit: '' },
      { name: 'kinds of failpoint at which one was killed', value: points.size, unit: '' },
      { name: 'entries acknowledged before the kills', value: totals.acknowledged, unit: '' },
      { name: 'of them lost', value: totals.lost, unit: '', goal: NONE },
      { name: 'duplicates in the chart', value: totals.duplicates, unit: '', goal: NONE },
      { name: 'writes not in the chart', value: totals.uncharted, unit: '', goal: NONE },
      { name: 'time', value: seconds(startedAt), unit: 's' },
      { name: 'load of the machine', value: load(), unit: '' },
    ];
  } finally {
    await desk.close();
  }
}
