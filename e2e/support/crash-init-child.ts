import { writeSync } from 'node:fs';
import process from 'node:process';
import { makeWorkspace } from './crash-init.ts';

/**
 * Makes a workspace in the folder named first and kills itself without warning at the failpoint of its ledger that it comes by
 * as the n-th, n being named second.
 */
const [folder = '', n = '0'] = process.argv.slice(2);
let seen = 0;
await makeWorkspace(folder, (point) => {
  seen += 1;
  if (seen !== Number(n)) return;
  writeSync(1, `killed at ${point}\n`);
  process.kill(process.pid, 'SIGKILL');
});
