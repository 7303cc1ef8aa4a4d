import { Command } from 'commander';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addConnectionControls, addGroupCommands } from './cli-controls.ts';
import { ConsoleIo } from './console-io.ts';
import { init } from './commands/init.ts';
import { connectionAdd } from './commands/registry.ts';
import { status } from './commands/work.ts';
import { withEngineLock } from './engine-lock.ts';
import type { CommandContext } from './session.ts';
import { openWorkspace } from './workspace.ts';
import { failureOf, workspaceLog } from '../../src-shared/domain/index.ts';

/** How far, how fast and when a connection may be written to, from the options to the stored row. */

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-controls-'));
  const set = (context: CommandContext): Promise<number> => init(context, { practice: false, site: 'test' });
  await printed(set);
  await printed((context) =>
    connectionAdd(context, 'north', {
      adapter: 'generic-r4',
      baseUrl: 'http://127.0.0.1:9/fhir',
      tenant: ['n'],
      stage: undefined,
      baa: undefined,
      auth: 'none',
      environment: 'production',
    }),
  );
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What a command prints with --json; what it refuses, as `{ code, message }`. */
async function printed(run: (context: CommandContext) => Promise<number>): Promise<Record<string, unknown> | null> {
  const out = new PassThrough();
  const context: CommandContext = {
    io: new ConsoleIo(true, out, new PassThrough()),
    options: { workspace: folder, json: true, as: undefined, passphraseFile: undefined },
    env: { COUNTERSIGN_PASSPHRASE: 'a long enough passphrase', COUNTERSIGN_USER_SECRET: 'another long enough secret' },
    stdin: process.stdin,
    signal: new AbortController().signal,
  };
  try {
    await run(context);
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
  const text = String(out.read() ?? '').trim();
  return text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
}

async function cli(...words: readonly string[]): Promise<Record<string, unknown> | null> {
  let answer: Record<string, unknown> | null = null;
  const act = async (run: (context: CommandContext) => Promise<number>): Promise<void> => {
    answer = await printed(run);
  };
  const program = new Command('countersign').exitOverride();
  addConnectionControls(program.command('connection').exitOverride(), act);
  addGroupCommands(program, act);
  await program.parseAsync(words, { from: 'user' });
  return answer;
}

it('C6 B4 limits are set, added to and taken away again, each with a reason', async () => {
  const why = ['--reason', 'pilot'];
  const limits = ['--per-day', '10', '--per-day-of', 'a=3', '--retries-per-minute', '5', '--time-zone', 'America/Chicago'];
  expect(await cli('connection', 'set', 'north', ...limits, ...why)).toEqual({
    connection: 'north',
    settings: { sendsPerDayMax: 10, sendsPerDayMaxOfSource: { a: 3 }, retriesPerMinuteMax: 5, timeZone: 'America/Chicago' },
  });
  expect(await cli('connection', 'set', 'north', '--per-day-of', 'b=4,c=5', ...why)).toMatchObject({
    settings: { sendsPerDayMaxOfSource: { a: 3, b: 4, c: 5 } },
  });
  const none = ['--per-day', 'none', '--per-day-of', 'none', '--retries-per-minute', 'none'];
  expect(await cli('connection', 'set', 'north', ...none, ...why)).toEqual({
    connection: 'north',
    settings: { timeZone: 'America/Chicago' },
  });
  expect(await cli('connection', 'set', 'north', '--per-day', '0', ...why)).toMatchObject({
    refused: expect.stringContaining('switch writes off') as string,
  });
  expect(await cli('connection', 'set', 'north', '--region', 'California', ...why)).toMatchObject({
    refused: expect.stringContaining('is not a region') as unknown,
  });
  expect(await cli('connection', 'set', 'north', '--time-zone', 'Mars', ...why)).toMatchObject({
    refused: expect.stringContaining('time zone') as string,
  });
}, 60_000);

it('C6 maintenance windows are added and removed', async () => {
  const add = (id: string, ...when: readonly string[]) =>
    cli('connection', 'window', 'add', 'north', id, '--zone', 'America/Chicago', ...when, '--reason', 'upgrade');
  const nightly = {
    id: 'nightly',
    timeZone: 'America/Chicago',
    repeats: 'weekly',
    days: ['sun', 'wed'],
    from: '23:00',
    to: '01:30',
  };
  expect(await add('nightly', '--weekly', 'sun,wed', '--from', '23:00', '--to', '01:30')).toEqual({
    connection: 'north',
    windows: [nightly],
    released: 0,
  });
  const once = { id: 'move', timeZone: 'America/Chicago', repeats: 'never', from: '2026-11-29T02:00', to: '2026-11-29T08:00' };
  expect(await add('move', '--once', '--from', once.from, '--to', once.to)).toMatchObject({ windows: [nightly, once] });
  expect(await add('x', '--weekly', 'sunday', '--from', '23:00', '--to', '01:30')).toHaveProperty('refused');
  expect(await add('x', '--from', '23:00', '--to', '01:30')).toHaveProperty('refused');
  expect(await cli('connection', 'window', 'remove', 'north', 'nightly', '--reason', 'cancelled')).toMatchObject({
    windows: [once],
  });
}, 60_000);

it('B4 a stage of one resource type is told as such; A3 there is no group yet, and status says how the clock stands', async () => {
  expect(await cli('connection', 'stage', 'north', 'shadow', '--resource', 'Observation', '--reason', 'later')).toEqual({
    connection: 'north',
    resource: 'Observation',
    stage: 'shadow',
    released: 0,
  });
  expect(await cli('group', 'list')).toBeNull();
  expect(await cli('group', 'show', 'nothing')).toMatchObject({ refused: expect.stringContaining('no group') as string });
  // An administrator decides nothing about what is charted.
  expect(await cli('group', 'compensate', 'nothing', '--reason', 'why')).toMatchObject({
    refused: expect.stringContaining('may not do this') as string,
  });
  expect(await printed(status)).toMatchObject({ clock: null });
}, 60_000);

it('C6 status says what the running engine leaves alone and why, and nothing of it while none runs', async () => {
  const workspace = await openWorkspace(folder, 'a long enough passphrase');
  const at = Date.parse('2026-03-02T10:00:00Z');
  const resting = { engine: 'engine-1', since: at, what: 'changes', code: 'ehr-unavailable', down: true } as const;
  await workspace.ledger.commit({
    tenant: workspaceLog,
    expected: [],
    entries: [
      {
        type: 'connection.rested',
        stream: 'rests/north',
        at,
        actor: { kind: 'engine', id: 'engine-1' },
        patientKey: null,
        correlation: 'engine-1',
        body: { connection: 'north', engine: 'engine-1', resting },
      },
    ],
  });
  await workspace.close();
  expect(await printed(status)).toMatchObject({ resting: [] });
  await withEngineLock(folder, async () => {
    expect(await printed(status)).toMatchObject({
      resting: [
        {
          connection: 'north',
          what: 'changes',
          since: '2026-03-02T10:00:00.000Z',
          code: 'ehr-unavailable',
          words: failureOf('ehr-unavailable').words,
          held: true,
        },
      ],
    });
  });
}, 60_000);
