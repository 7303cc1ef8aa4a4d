import { afterEach, beforeEach, expect, it } from 'vitest';
import { Desk } from '../support/command-line.ts';
import { eventLine, patients } from '../support/chart.ts';
import { effects, setUp } from '../support/set-up.ts';

/** The engine's process killed at any moment between its first and its last write. */

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

const KILLS = 50;

it(`C5 kill -9 of the engine ${KILLS} times: the chart holds each write once`, { timeout: 600_000 }, async () => {
  const { controlUrl } = await setUp(desk);
  const lines = Array.from({ length: KILLS * 6 }, (_, index) => {
    const patient = patients[index % patients.length];
    return eventLine({ id: `kill:${index}`, ...(patient === undefined ? {} : { patient }) });
  });
  const receipts = await desk.lines<{ writes: string[] }>(['ingest', desk.file('events.ndjson', lines.join('\n'))]);
  const ids = receipts.flatMap((receipt) => receipt.writes);
  expect(ids).toHaveLength(lines.length);

  let killed = 0;
  while (killed < KILLS) {
    const before = await committedInChart(controlUrl);
    if (before >= ids.length) break;
    const engine = desk.start(['--json', 'run', '--drain']);
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    // The kill comes once this run has brought at least one write into the chart, at a moment that differs from run to run.
    await until(async () => (await committedInChart(controlUrl)) > before + (killed % 3) || engine.exitCode !== null);
    if (engine.exitCode === null) {
      engine.kill('SIGKILL');
      killed += 1;
    }
    await gone;
  }
  expect(killed).toBeGreaterThanOrEqual(KILLS / 2);

  expect(await desk.json(['run', '--drain', '--max-seconds', '300'])).toMatchObject({
    end: 'drained',
    totals: { committed: ids.length },
  });
  const counted = await effects(controlUrl);
  expect(new Map(ids.map((id) => [id, counted.get(id) ?? 0]))).toEqual(new Map(ids.map((id) => [id, 1])));
  expect(await desk.json(['audit', 'verify'])).toMatchObject({ ok: true, problems: [] });
});

async function committedInChart(controlUrl: string): Promise<number> {
  return (await effects(controlUrl)).size;
}

/** Asks again as soon as the last answer is there: the practice EHR's own count is the signal. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) continue;
}
