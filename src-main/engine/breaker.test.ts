import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runEngine } from './index.ts';
import { agreeing } from './testing/fake-ehr.ts';
import { connection, Harness, record } from './testing/harness.ts';
import type { LookUpOutcome, SendOutcome } from '../ports/outbound/index.ts';
import { restsKey, workspaceLog, type Resting } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** The circuit breaker at work (C6): when it opens, what it lets through, and what people see of it. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const unreachable: LookUpOutcome = {
  outcome: 'failed',
  code: 'ehr-unreachable',
  retryable: true,
  retryAfterMs: null,
  message: 'down',
};
const several = (count: number): Promise<readonly unknown[]> =>
  harness.ingest(...Array.from({ length: count }, (_, n) => record({ id: `e${n}`, patient: `p${n}` })));
const resting = async (name = 'ehr'): Promise<Resting | undefined> =>
  (await harness.deps.ledger.row('sends', workspaceLog, restsKey(name)))?.resting;
const states = async (): Promise<Readonly<Record<string, number>>> => (await harness.deps.ledger.counts()).byState;

/** Lets sends fail while `failing` says so; tells when each went, and how many were out at once at most. */
function sendsFail(failing: () => boolean) {
  const send = harness.ehr.send.bind(harness.ehr);
  const seen = { well: [] as number[], ended: [] as number[], failed: [] as number[], out: 0, most: 0, mostOfProbes: 0 };
  harness.ehr.send = async (prepared): Promise<SendOutcome> => {
    seen.out += 1;
    seen.most = Math.max(seen.most, seen.out);
    const fails = failing();
    (fails ? seen.failed : seen.well).push(harness.clock.monotonic());
    // Long enough for others to go out beside it, if they may.
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    seen.out -= 1;
    if (!fails) seen.ended.push(harness.clock.monotonic());
    return fails ? { outcome: 'not-applied', code: 'ehr-unavailable', exchange: [] } : send(prepared);
  };
  return seen;
}

describe('C6 an EHR that takes no changes while it answers reads', () => {
  it('C6 gets one change as a probe after each rest, and no write is given up for it', async () => {
    const startedAt = harness.clock.monotonic();
    const back = startedAt + 60_000;
    const seen = sendsFail(() => harness.clock.monotonic() < back);
    await several(40);
    await harness.drain();
    expect(await states()).toEqual({ committed: 40 });
    // Those that were out when it opened, then one after each rest of 2, 4, 8, 16 and 32 seconds.
    const atOnce = seen.failed.filter((at) => at - startedAt < limits.breakerOpenMs);
    expect(atOnce.length).toBeLessThanOrEqual(limits.inFlightPerConnectionMax + limits.breakerFailuresMax);
    const probes = seen.failed.slice(atOnce.length);
    expect(probes.length).toBeGreaterThanOrEqual(3);
    expect(probes.length).toBeLessThanOrEqual(5);
    probes.slice(1).forEach((at, n) => {
      const rest = at - (probes[n] ?? 0);
      expect(rest).toBeGreaterThanOrEqual(limits.breakerOpenMs * 2 ** (n + 1));
    });
  });

  it('C6 lets one probe out at a time, opens again when it fails, and closes when it comes back well', async () => {
    let last = harness.clock.monotonic();
    let probes = 0;
    const seen = sendsFail(() => {
      const now = harness.clock.monotonic();
      // Nothing went for the length of a rest: this is a probe. The second one comes back well.
      if (now - last >= limits.breakerOpenMs) {
        probes += 1;
        seen.most = 1;
      }
      last = now;
      if (probes === 2) seen.mostOfProbes = Math.max(seen.mostOfProbes, seen.most);
      return probes < 2;
    });
    await several(60);
    await harness.drain();
    expect(await states()).toEqual({ committed: 60 });
    expect(seen.mostOfProbes).toBe(1);
    const [firstWell = 0, secondWell = 0] = seen.well;
    const lastFailed = seen.failed.at(-1) ?? 0;
    // The rest after a probe that failed is twice as long; once closed, the others go without waiting for one another.
    expect(firstWell - lastFailed).toBeGreaterThanOrEqual(limits.breakerOpenMs * 2);
    expect(secondWell - (seen.ended[0] ?? 0)).toBeLessThan(limits.breakerOpenMs / 2);
    expect(seen.most).toBeGreaterThan(1);
  });

  it('C6 reads go on: what has just come in is checked, and what is unknown is looked for', async () => {
    const [lost = ''] = await harness.accept({ id: 'lost', patient: 'x' });
    harness.ehr.behaviours.push('lost');
    let open = false;
    harness.ehr.finds = () =>
      open ? undefined : { outcome: 'inconclusive', code: 'search-not-trusted', retryAfterMs: null, exchange: [] };
    const send = harness.ehr.send.bind(harness.ehr);
    harness.ehr.send = (prepared) =>
      prepared.body.includes(lost)
        ? send(prepared)
        : Promise.resolve({ outcome: 'not-applied', code: 'ehr-unavailable', exchange: [] });
    await several(8);
    let late: Promise<unknown> | null = null;
    await runEngine(harness.deps)({
      drain: false,
      maxMs: 40_000,
      signal: new AbortController().signal,
      onProgress: () => {
        void resting().then((now) => {
          if (now?.what !== 'changes') return;
          open = true;
          late ??= harness.ingest(record({ id: 'late', patient: 'y' }));
        });
      },
    });
    await (late ?? Promise.reject(new Error('it never rested')));
    expect((await harness.write(lost)).state.name).toBe('committed');
    const [row] = await harness.deps.ledger.writes({ eventId: 'late', limit: 1 });
    expect(row?.prepared).not.toBeNull();
  });

  it('C6 that stays so is held with the reason, so that a run ends, and goes on when it works', async () => {
    let fails = true;
    sendsFail(() => fails);
    const [id = ''] = await harness.accept({ id: 'e', patient: 'z' });
    await several(20);
    expect((await harness.drain()).end).toBe('drained');
    const held = await harness.deps.ledger.writes({ code: 'checks-used-up', limit: 100 });
    expect(held.length).toBeGreaterThanOrEqual(20);
    expect((await harness.write(id)).state).toMatchObject({ name: 'held' });
    expect(held[0]?.state).toMatchObject({
      hold: { reason: expect.stringContaining('has not worked for some time') as unknown },
    });
    fails = false;
    await harness.drain();
    expect((await states()).committed).toBeGreaterThanOrEqual(20);
    expect((await harness.write(id)).state.name).toBe('committed');
  });
});

describe('C6 what a breaker keeps back', () => {
  it('C6 stands on record with the reason while it is open, and no longer', async () => {
    const downUntil = harness.clock.now() + 30_000;
    harness.ehr.lookUps = (query) => (harness.clock.now() >= downUntil ? agreeing(query) : unreachable);
    await several(20);
    const seen = new Set<string>();
    await runEngine(harness.deps)({
      drain: true,
      maxMs: null,
      signal: new AbortController().signal,
      onProgress: () => void resting().then((now) => seen.add(JSON.stringify({ what: now?.what, code: now?.code }))),
    });
    expect(seen).toContain('{"what":"everything","code":"ehr-unreachable"}');
    expect(await resting()).toBeUndefined();
    const told = await harness.deps.ledger.entries(workspaceLog, { stream: 'rests/ehr' }, 100);
    expect(told.map(({ body }) => (body as { resting: unknown }).resting !== null)).toEqual([true, false]);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it('C6 is taken off the record by the next engine when the last one could not', async () => {
    const left: Resting = { engine: 'gone', since: 1, what: 'everything', code: 'ehr-fault', down: false };
    await harness.deps.ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type: 'connection.rested',
          stream: 'rests/ehr',
          at: harness.clock.now(),
          actor: { kind: 'engine', id: 'gone' },
          patientKey: null,
          correlation: 'gone',
          body: { connection: 'ehr', engine: 'gone', resting: left },
        },
      ],
    });
    expect(await resting()).toEqual(left);
    await harness.drain();
    expect(await resting()).toBeUndefined();
  });

  it('C6 says nothing about another connection, which goes on', async () => {
    const two = await Harness.open([connection, { ...connection, name: 'other' }]);
    try {
      const open = two.ehr.open.bind(two.ehr);
      const down = Object.assign(Object.create(two.ehr) as typeof two.ehr, { lookUp: () => Promise.resolve(unreachable) });
      Object.assign(two.deps, { gateways: { open: (name: string) => (name === 'ehr' ? Promise.resolve(down) : open()) } });
      const to = (name: string, count: number): string[] =>
        Array.from({ length: count }, (_, n) =>
          record({ id: `${name}${n}`, patient: `${name}${n}` }).replace(
            '"content"',
            `"targets":[{"connection":"${name}"}],"content"`,
          ),
        );
      await two.ingest(...to('ehr', 20), ...to('other', 20));
      await two.drain(10_000);
      expect((await two.deps.ledger.counts()).byConnection.other).toEqual({ committed: 20 });
      const streams = await Promise.all(
        ['ehr', 'other'].map((name) => two.deps.ledger.entries(workspaceLog, { stream: `rests/${name}` }, 10)),
      );
      expect(streams.map((entries) => entries.length > 0)).toEqual([true, false]);
    } finally {
      await two.close();
    }
  });
});
