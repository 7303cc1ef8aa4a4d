import { writeSync } from 'node:fs';
import process from 'node:process';
import { openSqliteLedger, type Failpoint } from '../index.ts';
import { intake, plannedWrite } from './fixtures.ts';
import { testKeys, testRandom } from './sqlite-store.ts';

/**
 * Appends to the ledger in the folder named first, telling each write on standard output once it is acknowledged, and kills
 * itself without warning when it has come to the step named second for the time named third (`none`: never). What goes wrong
 * is told as `failed <code>`.
 */
const [folder = '', killAt = 'none', times = '0'] = process.argv.slice(2);
/** A commit alone, a few together, enough together for a checkpoint, and one more. */
const groups = [1, 20, 90, 1];

let seen = 0;
const failpoint = (point: Failpoint): void => {
  if (point !== killAt) return;
  seen += 1;
  if (seen === Number(times)) process.kill(process.pid, 'SIGKILL');
};
const started = Date.now();
const clock = { now: () => Date.now(), monotonic: () => Date.now() - started };
const opened = await openSqliteLedger({ folder, keys: testKeys(), clock, random: testRandom, failpoint });
if (!opened.ok) throw new Error(opened.message);

let next = 0;
for (const size of groups) {
  const commits = Array.from({ length: size }, async () => {
    const id = `w${next}`;
    next += 1;
    try {
      const result = await opened.ledger.commit(intake([plannedWrite(id, { patientKey: `patient-${next}` })]));
      if (result.ok) writeSync(1, `${id}\n`);
    } catch (error) {
      writeSync(1, `failed ${(error as { code?: string }).code ?? String(error)}\n`);
    }
  });
  await Promise.all(commits);
}
writeSync(1, 'done\n');
await opened.ledger.close().catch(() => {});
