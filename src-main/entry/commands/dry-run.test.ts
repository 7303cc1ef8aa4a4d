import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectionStage } from './controls.ts';
import { dryRunFiles } from './dry-run.ts';
import { init } from './init.ts';
import { shadowReport } from './shadow.ts';
import { run } from './work.ts';
import { ConsoleIo } from '../console-io.ts';
import type { CommandContext } from '../session.ts';
import { openWorkspace } from '../workspace.ts';
import { register } from '../../engine/index.ts';
import { systemClock, systemRandom } from '../../platform/index.ts';

/** The practice day as it would be written, rehearsed on a workspace that has had it once. */

const PASSPHRASE = 'a long enough passphrase';
let folder: string;
let file: string;
let twice: string;
let events = 0;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-dry-run-'));
  const workspace = path.join(folder, 'workspace');
  await init(contextOf(workspace, new PassThrough(), true), { practice: true, site: 'test' });
  const { ledger, close } = await openWorkspace(workspace, PASSPHRASE);
  const received = await ledger.entries('practice-clinic', { actor: 'init' }, 1_000);
  const records = received.flatMap(({ body }) => (body !== null && 'record' in body ? [body.record] : []));
  events = records.length;
  file = path.join(folder, 'again.ndjson');
  // Over a connection of their own: on the first, everything would stop as handed in already.
  const [first] = await ledger.rows('connection');
  if (first === undefined) throw new Error('the practice day has no connection');
  const registry = register({ ledger, clock: systemClock, random: systemRandom });
  await registry.connection({ ...first, name: 'rehearsal' }, { kind: 'system', id: 'test' });
  const again = (text: string): string => text.replace('"id":"', '"targets":[{"connection":"rehearsal"}],"id":"again:');
  writeFileSync(file, records.map(again).join('\n'));
  twice = path.join(folder, 'twice.ndjson');
  writeFileSync(twice, records.map((text) => again(text).replace('"rehearsal"', `"${first.name}"`)).join('\n'));
  await close();
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextOf(workspace: string, out: PassThrough, json: boolean): CommandContext {
  return {
    io: new ConsoleIo(json, out, new PassThrough()),
    options: { workspace, json, as: undefined, passphraseFile: undefined },
    env: { COUNTERSIGN_PASSPHRASE: PASSPHRASE, COUNTERSIGN_USER_SECRET: 'another long enough secret' },
    stdin: process.stdin,
    signal: new AbortController().signal,
  };
}

async function rehearsed(json: boolean, connection: string | null = null, records = file): Promise<string> {
  const out = new PassThrough();
  await dryRunFiles(contextOf(path.join(folder, 'workspace'), out, json), [records], connection);
  return String(out.read() ?? '');
}

interface Printed {
  readonly status: string;
  readonly writes: readonly {
    readonly state: string;
    readonly code: string | null;
    readonly request: { readonly method: string; readonly path: string; readonly headers: object; readonly body: string } | null;
  }[];
}

it('B4 the practice day: each item with its exact request, or the reason why there is none', async () => {
  const printed = (await rehearsed(true))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed);
  expect(printed.length).toBe(events);
  expect(new Set(printed.map(({ status }) => status))).toEqual(new Set(['accepted']));
  const writes = printed.flatMap((one) => one.writes);
  const states = new Set(writes.map(({ state }) => state));
  expect(states).toEqual(new Set(['pending', 'awaiting-approval', 'failed-terminal']));
  for (const { state, code, request } of writes) {
    if (request === null) expect(code, state).not.toBeNull();
    else expect(JSON.parse(request.body)).toMatchObject({});
  }
  expect(writes.filter(({ request }) => request?.method === 'POST').length).toBeGreaterThan(events / 2);
  const text = await rehearsed(false);
  expect(text).toContain('if-none-exist: ');
  expect(text).toMatch(/POST DocumentReference, sha256 [0-9a-f]{64}/);
  const { ledger, close } = await openWorkspace(path.join(folder, 'workspace'), PASSPHRASE);
  expect((await ledger.writes({ limit: 1_000 })).filter(({ eventId }) => eventId.startsWith('again:'))).toEqual([]);
  await close();
}, 60_000);

it('C2 the same day handed in a second time under other ids: nothing of it that adds an entry would go', async () => {
  const printed = (await rehearsed(true, null, twice))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Printed);
  const creates = printed.flatMap((one) => one.writes).filter(({ request }) => request?.method === 'POST');
  expect(creates.length).toBeGreaterThan(events / 2);
  expect(creates.filter(({ state }) => state === 'pending' || state === 'awaiting-approval')).toEqual([]);
}, 60_000);

it('B4 a connection that is not there is no silent nothing', async () => {
  await expect(rehearsed(true, 'nowhere')).rejects.toThrow('There is no connection "nowhere"');
}, 60_000);

it('B4 shadow: what the practice day would have written, none of it written by hand', async () => {
  const workspace = path.join(folder, 'workspace');
  const early = await refusalOf(() => shadowReport(contextOf(workspace, new PassThrough(), true), 'practice'));
  expect(early).toContain('no resource at shadow');
  const quiet = new PassThrough();
  await connectionStage(contextOf(workspace, quiet, true), 'practice', 'shadow', {}, 'rehearsal');
  await run(contextOf(workspace, quiet, true), { drain: true, maxSeconds: undefined });
  const out = new PassThrough();
  await shadowReport(contextOf(workspace, out, true), 'practice');
  const report = JSON.parse(String(out.read())) as {
    resources: { resourceType: string; held: number; same: number; absent: number; differs: number; unread: number }[];
    writes: { outcome: string; reference: string | null }[];
  };
  expect(report.writes.length).toBeGreaterThan(events / 2);
  expect(report.resources.map(({ resourceType }) => resourceType)).toContain('DocumentReference');
  for (const { held, same, differs, absent, unread } of report.resources) expect(same + differs + absent + unread).toBe(held);
  expect(report.writes.filter(({ outcome }) => outcome === 'unread')).toEqual([]);
  const words = new PassThrough();
  await shadowReport(contextOf(workspace, words, false), 'practice');
  expect(String(words.read())).toMatch(/DocumentReference: \d+ held; \d+ as a person wrote them/);
}, 60_000);

async function refusalOf(act: () => Promise<number>): Promise<string> {
  return act().then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
