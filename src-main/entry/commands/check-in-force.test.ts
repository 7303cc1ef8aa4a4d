import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { check } from './check.ts';
import { init } from './init.ts';
import { policyApprove, policyPropose } from './policy.ts';
import { personAdd } from './registry.ts';
import { ConsoleIo } from '../console-io.ts';
import type { CommandContext } from '../session.ts';

/** `check --in-force`: the rules that two people put in force here, on events that are not taken in. */

let folder: string;
const secrets: Record<string, string> = { admin: 'another long enough secret', 'dr-abe': 'the secret of Abe' };

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-in-force-'));
  await as('admin', (context) => init(context, { practice: false, site: 'test' }));
  const owner = { name: 'Abe', role: ['clinical-owner'] as const, npi: undefined };
  await as('admin', (context) => personAdd(context, 'dr-abe', owner), { COUNTERSIGN_NEW_USER_SECRET: secrets['dr-abe'] });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function as(who: string, act: (context: CommandContext) => Promise<number>, env: NodeJS.ProcessEnv = {}) {
  const out = new PassThrough();
  const code = await act({
    io: new ConsoleIo(true, out, new PassThrough().resume()),
    options: { workspace: path.join(folder, 'workspace'), json: true, as: who, passphraseFile: undefined },
    env: { COUNTERSIGN_PASSPHRASE: 'a long enough passphrase', COUNTERSIGN_USER_SECRET: secrets[who], ...env },
    stdin: process.stdin,
    signal: new AbortController().signal,
  });
  const lines = String(out.read() ?? '').trim();
  return { code, printed: lines.split('\n').map((line) => JSON.parse(line) as { id: string; findings: { rule: string }[] }) };
}

it('F1 an organization asks for more only once its rules are approved by a second person', async () => {
  const rules = path.join(folder, 'rules.json');
  const required = [{ id: 'onset', kind: 'problem', member: 'onsetAt', severity: 'stop', reason: 'Problems are dated here' }];
  const rest = { normalRanges: [], disallowed: [], sections: [], protected: [], conventions: [] };
  writeFileSync(rules, JSON.stringify({ policy: 'house-rules', version: '1', tenant: 'north', required, ...rest }));
  const events = path.join(folder, 'events.ndjson');
  const event = (tenant: string): string =>
    JSON.stringify({
      specVersion: '1.0',
      id: `p-${tenant}`,
      type: 'problem.proposed',
      tenant,
      source: 'scribe',
      occurredAt: '2026-03-02T09:14:00Z',
      subject: { patient: { reference: 'Patient/1' } },
      content: { problems: [{ code: { text: 'gout' } }] },
    });
  writeFileSync(events, `${event('north')}\n${event('south')}`);
  const checked = () => as('admin', (context) => check(context, [events], { fhir: false, inForce: true }));

  const proposed = await as('admin', (context) => policyPropose(context, rules, 'dated problems'));
  expect((await checked()).code).toBe(0);
  await as('dr-abe', (context) => policyApprove(context, proposed.printed[0]?.id ?? '', 'agreed'));
  const { code, printed } = await checked();
  expect(code).toBe(1);
  expect(printed.map(({ findings }) => findings.map(({ rule }) => rule))).toEqual([['house-required'], []]);
}, 60_000);
