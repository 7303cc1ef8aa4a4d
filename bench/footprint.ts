// What the engine takes: memory with many writes in the ledger, file size per write against the payload, and the installed size.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { runEngine, takeIn } from '../src-main/engine/index.ts';
import type { IncomingRecord } from '../src-main/ports/inbound/index.ts';
import { bencher, eventRecord, openRig, root, startFixedEhr, type Figure } from './support.ts';

const WRITES = 20_000;
const FULL_WRITES = 1_000_000;
const PATIENTS = 5_000;

export async function run(full: boolean): Promise<readonly Figure[]> {
  const writes = full ? FULL_WRITES : WRITES;
  const ehr = await startFixedEhr();
  const rig = await openRig(`${ehr.origin}/0/fhir`);
  try {
    let payload = 0;
    function* records(): Iterable<IncomingRecord> {
      for (let index = 0; index < writes; index += 1) {
        const text = eventRecord(index, PATIENTS, true);
        payload += Buffer.byteLength(text);
        yield { file: 'bench', line: index + 1, text };
      }
    }
    for await (const receipt of takeIn(rig.deps)(records(), bencher))
      if (receipt.status !== 'accepted') throw new Error(JSON.stringify(receipt));
    const { end } = await runEngine(rig.deps)({ drain: true, maxMs: null, signal: new AbortController().signal });
    if (end !== 'drained') throw new Error(`the engine ended ${end}`);
    const memory = process.memoryUsage().rss / 1024 / 1024;
    await rig.deps.ledger.checkpoint();
    const size = ['ledger.db', 'ledger.db-wal', 'payload-keys.db'].reduce(
      (sum, file) => sum + sizeOf(path.join(rig.folder, file)),
      0,
    );
    return [
      {
        name: `resident memory of the engine after ${writes} writes`,
        value: memory,
        unit: 'MB',
        goal: { at: 'most', value: 400 },
      },
      { name: 'ledger per charted write', value: size / writes / 1024, unit: 'kB' },
      { name: 'event as it was sent', value: payload / writes / 1024, unit: 'kB' },
      { name: 'ledger / payload', value: size / payload, unit: '', goal: { at: 'most', value: 4 } },
      { name: 'installed size, run-time packages', value: installedMb(), unit: 'MB' },
      { name: 'built command line', value: sizeOf(path.join(root, 'out', 'main')) / 1024 / 1024, unit: 'MB' },
    ];
  } finally {
    await rig.close();
    await ehr.stop();
  }
}

/** Packages that the product needs to run, with what they need in turn; not the tools it is built and tested with. */
function installedMb(): number {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean }>;
  };
  return Object.entries(lock.packages)
    .filter(([name, { dev, optional }]) => name !== '' && dev !== true && optional !== true)
    .reduce((sum, [name]) => sum + sizeOf(path.join(root, name)) / 1024 / 1024, 0);
}

/** Bytes of a file, or of everything in a folder but packages nested in it (they are counted on their own). */
function sizeOf(place: string): number {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  if (!stat.isDirectory()) return stat.size;
  return readdirSync(place)
    .filter((name) => name !== 'node_modules')
    .reduce((sum, name) => sum + sizeOf(path.join(place, name)), 0);
}
