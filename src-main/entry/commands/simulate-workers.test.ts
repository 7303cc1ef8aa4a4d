import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { simulateInProcesses } from './simulate-workers.ts';
import { simulate } from '../../simulation/index.ts';
import { tools } from '../../simulation/testing/tools.ts';

const own = process.argv[1];
beforeEach(() => {
  // The processes run the command from its source, as this test does.
  process.argv[1] = path.resolve(import.meta.dirname, '../cli.ts');
});
afterEach(() => {
  process.argv[1] = own ?? '';
});

describe('simulate in several processes', () => {
  it('C4 adds up to what one process reports', async () => {
    const done: number[] = [];
    const { signal } = new AbortController();
    const sum = await simulateInProcesses({ from: 3, seeds: 4 }, 2, signal, (report) => void done.push(report.seeds));
    const alone = await simulate({ from: 3, seeds: 4, tools });
    expect(done).toEqual([2, 4]);
    expect(sum).toMatchObject({
      seeds: 4,
      from: 3,
      operations: alone.operations,
      faults: alone.faults,
      steps: alone.steps,
      traceHash: alone.traceHash,
      violations: [],
    });
    expect(sum?.coverage).toEqual(alone.coverage);
  }, 120_000);

  it('C4 a process that ends without a report is no result', async () => {
    process.argv[1] = path.resolve(import.meta.dirname, 'no-such-command.ts');
    const { signal } = new AbortController();
    await expect(simulateInProcesses({ from: 1, seeds: 1 }, 1, signal, () => undefined)).rejects.toThrow('seeds 1 to 1');
  }, 60_000);
});
