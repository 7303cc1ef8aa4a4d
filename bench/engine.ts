// Verified writes per second through the whole path (attempt on disk, send, read back, compare, outcome on disk, audit) against a
// bare client that does only the same POST and GET, on the same EHR, in the same run.
import { Pool } from 'undici';
import { peopleDecide, runEngine, takeIn } from '../src-main/engine/index.ts';
import type { Ledger } from '../src-main/ports/outbound/index.ts';
import { bencher, eventRecord, openRig, seconds, startFixedEhr, type Figure, type Rig } from './support.ts';

const DELAYS_MS = [0, 5, 20];
const IN_FLIGHT = [1, 8, 32];
const GOALS: Readonly<Record<string, number>> = { '5/32': 0.7, '5/1': 0.5 };
const TRIAL_SECONDS = 2;

export async function run(): Promise<readonly Figure[]> {
  const ehr = await startFixedEhr();
  const figures: Figure[] = [];
  try {
    for (const delay of DELAYS_MS) {
      for (const inFlight of IN_FLIGHT) figures.push(...(await pair(`${ehr.origin}/${delay}/fhir`, delay, inFlight)));
    }
  } finally {
    await ehr.stop();
  }
  return figures;
}

async function pair(baseUrl: string, delay: number, inFlight: number): Promise<readonly Figure[]> {
  // As many writes as the bare client would do in a few seconds, so that every trial lasts long enough to mean something.
  const expected = Math.min(1200, (1000 / Math.max(1, 2 * delay)) * inFlight);
  const count = Math.max(60, Math.round(expected * TRIAL_SECONDS));
  const rig = await openRig(baseUrl);
  try {
    const body = await prepareAll(rig, count);
    const bare = await bareRate(baseUrl, body, count, inFlight);
    const { rate, cpuMs, commits } = await engineRate(rig, count, inFlight);
    const name = `${delay} ms, ${inFlight} in flight`;
    const goal = GOALS[`${delay}/${inFlight}`];
    return [
      {
        name: `${name}: engine / bare client`,
        value: rate / bare,
        unit: '',
        ...(goal === undefined ? {} : { goal: { at: 'least' as const, value: goal } }),
      },
      { name: `${name}: verified writes`, value: rate, unit: '/s' },
      { name: `${name}: bare POST and GET`, value: bare, unit: '/s' },
      { name: `${name}: CPU per write`, value: cpuMs, unit: 'ms' },
      { name: `${name}: commits per write`, value: commits, unit: '' },
    ];
  } finally {
    await rig.close();
  }
}

/** Takes in, checks and approves all events, so that what is timed begins with the durable attempt. A body as it will be sent. */
async function prepareAll(rig: Rig, count: number): Promise<string> {
  const { deps } = rig;
  const records = Array.from({ length: count }, (_, index) => ({
    file: 'bench',
    line: index + 1,
    text: eventRecord(index, count, false),
  }));
  const ids: string[] = [];
  for await (const receipt of takeIn(deps)(records, bencher)) ids.push(...receipt.writes);
  await drain(rig, 32);
  const person = await deps.ledger.row('person', '@workspace', 'dr-bench');
  if (person === undefined) throw new Error('nobody approves');
  const decide = peopleDecide(deps);
  const approved = await Promise.all(
    ids.map(async (id) => {
      const row = await deps.ledger.findWrite(id);
      return decide.approve(id, person, 'approved for the chart', row?.prepared?.sha256 ?? '');
    }),
  );
  if (approved.some((outcome) => !outcome.ok)) throw new Error('an approval was refused');
  const row = await deps.ledger.findWrite(ids[0] ?? '');
  const entry = row?.prepared === null || row === undefined ? undefined : await deps.ledger.entry(row.tenant, row.prepared.seq);
  const body = entry?.body as { prepared: { body: string } } | null | undefined;
  if (body === null || body === undefined) throw new Error('nothing was prepared');
  return body.prepared.body;
}

async function engineRate(rig: Rig, count: number, inFlight: number): Promise<{ rate: number; cpuMs: number; commits: number }> {
  const commits = countCommits(rig.deps.ledger);
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await drain(rig, inFlight);
  const took = seconds(startedAt);
  const used = process.cpuUsage(cpu);
  const { byState } = await rig.deps.ledger.counts();
  if (byState.committed !== count) throw new Error(`${byState.committed ?? 0} of ${count} writes were charted`);
  return { rate: count / took, cpuMs: (used.user + used.system) / 1000 / count, commits: commits() / count };
}

function countCommits(ledger: Ledger): () => number {
  let commits = 0;
  const commit = ledger.commit.bind(ledger);
  ledger.commit = (batch) => {
    commits += 1;
    return commit(batch);
  };
  return () => commits;
}

async function drain(rig: Rig, inFlightMax: number): Promise<void> {
  const { end } = await runEngine(rig.deps)({ drain: true, maxMs: null, signal: new AbortController().signal, inFlightMax });
  if (end !== 'drained') throw new Error(`the engine ended ${end}`);
}

async function bareRate(baseUrl: string, body: string, count: number, inFlight: number): Promise<number> {
  const { origin, pathname } = new URL(baseUrl);
  const pool = new Pool(origin, { connections: inFlight });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      const posted = await pool.request({
        method: 'POST',
        path: `${pathname}/DocumentReference`,
        headers: { 'content-type': 'application/fhir+json', accept: 'application/fhir+json' },
        body,
      });
      await posted.body.text();
      const [type, id] = String(posted.headers.location).split('/');
      const read = await pool.request({
        method: 'GET',
        path: `${pathname}/${type ?? ''}/${id ?? ''}`,
        headers: { accept: 'application/fhir+json' },
      });
      await read.body.text();
    }
  };
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const took = seconds(startedAt);
  await pool.close();
  return count / took;
}
