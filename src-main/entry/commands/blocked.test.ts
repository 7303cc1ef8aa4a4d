import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { init } from './init.ts';
import { policyApprove, policyGate, policyPropose } from './policy.ts';
import { personAdd } from './registry.ts';
import { reviewList, reviewSign } from './reviews.ts';
import { run } from './work.ts';
import { approveWrite, selectWrite, write, writes } from './writes.ts';
import { ConsoleIo } from '../console-io.ts';
import type { CommandContext } from '../session.ts';

/** A blocked write and the review list, on the command line. */

let folder: string;
const secrets: Record<string, string> = {
  admin: 'another long enough secret',
  'dr-abe': 'the secret of Abe',
  'dr-ada': 'the secret of Ada',
};

/** What a command prints with --json, or the message with which it refuses. */
async function as(
  who: string,
  act: (context: CommandContext) => Promise<number>,
  env: NodeJS.ProcessEnv = {},
  json = true,
): Promise<unknown> {
  const out = new PassThrough();
  const context: CommandContext = {
    io: new ConsoleIo(json, out, new PassThrough().resume()),
    options: { workspace: path.join(folder, 'workspace'), json, as: who, passphraseFile: undefined },
    env: { COUNTERSIGN_PASSPHRASE: 'a long enough passphrase', COUNTERSIGN_USER_SECRET: secrets[who], ...env },
    stdin: process.stdin,
    signal: new AbortController().signal,
  };
  try {
    await act(context);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const printed = String(out.read() ?? '').trim();
  if (!json) return printed;
  return printed
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}
const drain = () => as('admin', (context) => run(context, { drain: true, maxSeconds: undefined }));

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-blocked-'));
  await as('admin', (context) => init(context, { practice: true, site: 'test' }));
  Object.assign(secrets, JSON.parse(readFileSync(path.join(folder, 'workspace', 'practice-secrets.json'), 'utf8')));
  writeFileSync(path.join(folder, 'workspace', 'practice-faults.json'), '{"seed":1,"faults":[]}');
  for (const id of ['dr-abe', 'dr-ada']) {
    const options = { name: id, role: ['clinical-owner'] as const, npi: undefined };
    await as('admin', (context) => personAdd(context, id, options), { COUNTERSIGN_NEW_USER_SECRET: secrets[id] });
  }
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('B3 G4 goes only when it is selected, and approved by two others who give their secret again', async () => {
  const override = path.join(folder, 'override.json');
  const rows = [{ kind: 'note', tier: 'blocked', reason: 'No notes today.' }];
  writeFileSync(override, JSON.stringify({ policy: 'override', version: 'o-1', scope: { tenant: 'practice-clinic' }, rows }));
  const [proposed] = (await as('admin', (context) => policyPropose(context, override, 'closed'))) as readonly { id: string }[];
  expect(await as('dr-abe', (context) => policyApprove(context, proposed?.id ?? '', 'agreed'))).toMatchObject([
    { state: 'approved' },
  ]);
  await drain();
  const listed = (await as('dr-lee', (context) =>
    writes(context, { state: 'failed-terminal', code: 'policy-blocked', ...none, limit: 500 }),
  )) as readonly { id: string; eventId: string; slot: string }[];
  const id = listed.find(({ eventId, slot }) => eventId === 'scribe:V-2001' && slot === 'note/0')?.id ?? '';

  expect(await as('dr-lee', (context) => selectWrite(context, id, 'need it'))).toEqual([{ id, state: 'draft' }]);
  await drain();
  const approve = (who: string, env: NodeJS.ProcessEnv = {}) => as(who, (context) => approveWrite(context, id, 'seen'), env);
  expect(await approve('dr-abe')).toContain('give your secret once more in COUNTERSIGN_STEP_UP');
  expect(await approve('dr-abe', { COUNTERSIGN_STEP_UP: secrets['dr-ada'] })).toContain('COUNTERSIGN_STEP_UP is not your secret');
  const again = (who: string) => approve(who, { COUNTERSIGN_STEP_UP: secrets[who] });
  expect(await again('dr-abe')).toEqual([{ id, state: 'awaiting-approval' }]);
  expect(await again('dr-ada')).toEqual([{ id, state: 'pending' }]);
  await drain();
  expect(await as('dr-lee', (context) => write(context, id))).toMatchObject([
    {
      id,
      state: 'committed',
      selection: { by: 'dr-lee', reason: 'need it', contract: 'default-1+o-1' },
      approval: { by: 'dr-ada', with: [{ by: 'dr-abe' }] },
    },
  ]);
}, 300_000);

const none = { connection: undefined, patient: undefined, since: undefined };

it('B4 G2 what went by its source alone is listed, reviewed by somebody else, and shown with what was not sent', async () => {
  const open = (await as('dr-abe', (context) => reviewList(context, { all: false }))) as readonly { write: string }[];
  expect(open.length).toBeGreaterThan(1);
  const id = open[0]?.write ?? '';
  expect(await as('dr-abe', (context) => reviewSign(context, id, 'wrong', 'not what was said'))).toMatchObject([
    { write: id, review: { verdict: 'wrong', by: 'dr-abe', reason: 'not what was said' } },
  ]);
  const [gate] = (await as('admin', (context) => policyGate(context, 'practice'))) as readonly {
    criteria: readonly { id: string }[];
  }[];
  expect(gate?.criteria).toContainEqual(expect.objectContaining({ id: 'review-wrong', met: false }));

  const words = await as('dr-abe', (context) => write(context, id), {}, false);
  expect(words).toMatch(/Replaced \(subject-by-reference\): subject\.patient as Patient\//);
  expect(words).toMatch(/Not sent \(evidence-stays\): provenance\./);
  expect(words).toMatch(/Read to identify: patient, only identifier, active, name.*; found Patient\//);
}, 300_000);
