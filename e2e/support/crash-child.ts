import { writeSync } from 'node:fs';
import process from 'node:process';
import { linesOf, workThroughDay } from './crash.ts';

/**
 * Works through the day in the workspace named first and kills itself without warning at the failpoint that it comes by as the
 * n-th, n being named second. Each acknowledged entry is told on standard output before anything else happens, and last of all
 * where it ended.
 */
const [folder = '', n = '0'] = process.argv.slice(2);
let seen = 0;
await workThroughDay(
  folder,
  (point) => {
    seen += 1;
    if (seen !== Number(n)) return;
    writeSync(1, `killed at ${point}\n`);
    process.kill(process.pid, 'SIGKILL');
  },
  (commit) => writeSync(1, linesOf(commit)),
);
