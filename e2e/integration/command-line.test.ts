import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Desk, ndjson } from '../support/command-line.ts';
import { eventLine, mrn, noteContent, patients } from '../support/chart.ts';
import { as, effects, secretFor, setUp, type PreparedDesk } from '../support/set-up.ts';

/** The command line as scripts see it: names, exit codes, and JSON that keeps to its published schemas. */

const schemas = path.resolve(import.meta.dirname, '..', '..', 'resources', 'schemas', 'cli');
const ajv = new Ajv2020({ strict: false });
// The module is CommonJS: its function stands under `default` or is the module itself.
((addFormats as unknown as { default?: typeof addFormats.default }).default ?? addFormats)(ajv as never);

function expectSchema(command: string, output: unknown): void {
  const validate = ajv.compile(JSON.parse(readFileSync(path.join(schemas, `${command}.schema.json`), 'utf8')) as object);
  expect(validate(output) ? [] : validate.errors).toEqual([]);
  ajv.removeSchema();
}

interface Receipt {
  readonly line: number;
  readonly eventId: string | null;
  readonly status: string;
  readonly writes: readonly string[];
  readonly code?: string;
  readonly message?: string;
}

interface Write {
  readonly id: string;
  readonly state: string;
  readonly code: string | null;
  readonly verification: string | null;
  readonly reference: string | null;
}

const allergy = JSON.stringify({
  allergies: [
    {
      substance: { system: 'http://www.nlm.nih.gov/research/umls/rxnorm', code: '7980', display: 'penicillin G' },
      criticality: 'high',
    },
  ],
});

describe('the main job, command by command', () => {
  const desk = new Desk();
  let ehr: PreparedDesk;
  let approvedId = '';
  let proposedId = '';
  let riskyId = '';

  beforeAll(async () => {
    ehr = await setUp(desk);
  }, 120_000);
  afterAll(() => desk.close());

  it('G3 the registries list what was added, by schema', async () => {
    const people = await desk.lines(['person', 'list']);
    expect(people).toHaveLength(3);
    for (const person of people) expectSchema('person-list', person);
    for (const source of await desk.lines(['source', 'list'])) expectSchema('source-list', source);
    const connections = await desk.lines<{ environment: string; stage: string }>(['connection', 'list']);
    expect(connections).toMatchObject([{ environment: 'practice', stage: 'limited-auto-write' }]);
    for (const connection of connections) expectSchema('connection-list', connection);
    const report = await desk.json<{ ok: boolean }>(['connection', 'test', 'practice']);
    expect(report.ok).toBe(true);
    expectSchema('connection-test', report);
  });

  it('A5 each record gets its receipt; taken in again, each is a duplicate', async () => {
    const file = desk.file(
      'day.ndjson',
      [
        eventLine({ id: 'e-approved' }),
        eventLine({
          id: 'e-proposed',
          type: 'note.proposed',
          approvedBy: null,
          ...(patients[1] === undefined ? {} : { patient: patients[1] }),
        }),
        eventLine({ id: 'e-risky', content: allergy, ...(patients[2] === undefined ? {} : { patient: patients[2] }) }),
      ].join('\n'),
    );
    const receipts = await desk.lines<Receipt>(['ingest', file]);
    expect(receipts.map(({ line, eventId, status }) => [line, eventId, status])).toEqual([
      [1, 'e-approved', 'accepted'],
      [2, 'e-proposed', 'accepted'],
      [3, 'e-risky', 'accepted'],
    ]);
    for (const receipt of receipts) expectSchema('ingest', receipt);
    [approvedId = '', proposedId = '', riskyId = ''] = receipts.flatMap((receipt) => receipt.writes);
    const again = await desk.lines<Receipt>(['ingest', file]);
    expect(again.map(({ status, writes }) => [status, writes])).toEqual(receipts.map(({ writes }) => ['duplicate', writes]));
  });

  it('C7 a run charts and verifies what is approved and leaves the rest to people', async () => {
    const run = await desk.json<{ end: string; totals: Record<string, number> }>(['run', '--drain', '--max-seconds', '60']);
    expect(run).toMatchObject({ end: 'drained', totals: { committed: 1, 'awaiting-approval': 2 } });
    expectSchema('run', run);
    const status = await desk.json<{ states: Record<string, number> }>(['status']);
    expect(status.states).toEqual(run.totals);
    expectSchema('status', status);
    const writes = await desk.lines<Write>(['writes']);
    expect(writes.map((write) => write.id).sort()).toEqual([approvedId, proposedId, riskyId].sort());
    for (const write of writes) expectSchema('writes', write);
    expect(writes.find((write) => write.id === approvedId)).toMatchObject({ state: 'committed', verification: 'verified' });
    expect(
      await desk.lines<Write>(['writes', '--state', 'awaiting-approval', '--connection', 'practice', '--limit', '1']),
    ).toHaveLength(1);
    expect(await desk.lines<Write>(['writes', '--patient', `${mrn}|${patients[0]?.id ?? ''}`])).toMatchObject([
      { id: approvedId },
    ]);
  });

  it('H1 H3 a write shows what was sent, what came back, what stands in the chart, and who did what', async () => {
    const write = await desk.json<{
      request: { body: string };
      exchanges: { method: string; status: number }[];
      timeline: { type: string }[];
      times: object;
    }>(['write', approvedId]);
    expectSchema('write', write);
    expect(JSON.parse(write.request.body)).toMatchObject({
      resourceType: 'DocumentReference',
      identifier: [{ system: 'urn:countersign:write', value: approvedId }],
    });
    expect(write.exchanges.map(({ method, status }) => [method, status])).toEqual([
      ['POST', 201],
      ['GET', 200],
    ]);
    expect(write.timeline.map((entry) => entry.type)).toEqual([
      'event.received',
      'write.checked',
      'write.attempted',
      'write.settled',
    ]);
    const words = await desk.ok(['write', approvedId]);
    expect(words).toContain('committed, verified');
  });

  it('G4 a clinician approves a proposal; the bytes approved are the bytes sent', async () => {
    const { args, env } = as('dr-lee');
    const before = await desk.json<{ request: { sha256: string; body: string } }>([...args, 'write', proposedId], env);
    const decision = await desk.json([...args, 'approve', proposedId, '--meaning', 'read and approved'], env);
    expectSchema('approve', decision);
    await desk.ok(['run', '--drain', '--max-seconds', '60']);
    const after = await desk.json<{
      state: string;
      request: { sha256: string };
      approval: { requestSha256: string; by: string };
    }>(['write', proposedId]);
    expect(after).toMatchObject({
      state: 'committed',
      request: { sha256: before.request.sha256 },
      approval: { by: 'dr-lee', requestSha256: before.request.sha256 },
    });
  });

  it('B3 G3 high risk is for the clinical owner; each acts as themselves', async () => {
    const lee = as('dr-lee');
    expect(await desk.run([...lee.args, 'approve', riskyId], { env: lee.env })).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('role-forbids') as string,
    });
    const wrong = await desk.run(['--as', 'dr-okafor', 'approve', riskyId], { env: { COUNTERSIGN_USER_SECRET: 'guessed' } });
    expect(wrong).toMatchObject({ code: 1, stderr: expect.stringContaining('secret-wrong') as string });
    const nobody = await desk.run(['--as', 'dr-okafor', 'approve', riskyId], { env: { COUNTERSIGN_USER_SECRET: '' } });
    expect(nobody.code).toBe(2);
    const owner = as('dr-okafor');
    const decision = await desk.json([...owner.args, 'reject', riskyId, '--reason', 'already on the list'], owner.env);
    expectSchema('reject', decision);
    const resolved = await desk.json(['resolve', riskyId, '--note', 'not needed']);
    expect(resolved).toEqual({ id: riskyId, state: 'resolved-by-hand' });
    expectSchema('resolve', resolved);
  });

  it('I1 a refusal says what is possible, and exits with 1; an unknown id with 2', async () => {
    expect(await desk.run(['retry', approvedId])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('state-forbids') as string,
    });
    expect(await desk.run(['withdraw', approvedId, '--reason', 'x'])).toMatchObject({ code: 1 });
    expect(await desk.run(['write', 'nothing'])).toMatchObject({ code: 2 });
    expect(await desk.run(['no-such-command'])).toMatchObject({ code: 2 });
    expect(await desk.run(['approve'])).toMatchObject({ code: 2 });
  });

  it('H3 timelines by write, patient, visit and person', async () => {
    const { args, env } = as('dr-okafor');
    for (const by of [
      ['--write', approvedId],
      ['--patient', `${mrn}|${patients[0]?.id ?? ''}`],
      ['--encounter', `urn:visit:test|v-${patients[0]?.id ?? ''}`],
      ['--user', 'dr-lee'],
    ]) {
      const entries = await desk.lines([...args, 'audit', 'timeline', ...by], env);
      expect(entries.length).toBeGreaterThan(0);
      for (const entry of entries) expectSchema('audit-timeline', entry);
    }
  });

  it('H2 the log is whole', async () => {
    const report = await desk.json<{ ok: boolean }>(['audit', 'verify']);
    expect(report).toMatchObject({ ok: true, problems: [] });
    expectSchema('audit-verify', report);
  });

  it('C1 the chart holds each write once', async () => {
    expect(await effects(ehr.controlUrl)).toEqual(
      new Map([
        [approvedId, 1],
        [proposedId, 1],
      ]),
    );
  });

  it('A5 bad records are refused alone, with line, code and words; the rest goes in; exit 1', async () => {
    const good = eventLine({ id: 'good-1' });
    const lines: readonly [string, string][] = [
      [good, 'accepted'],
      ['{"specVersion":"1.0",', 'json-syntax'],
      [`${good.slice(0, -1)},"id":"twice"}`, 'json-duplicate-key'],
      [`${'['.repeat(100)}${']'.repeat(100)}`, 'json-too-deep'],
      [`${eventLine({ id: 'proto' }).slice(0, -1)},"__proto__":{}}`, 'json-forbidden-key'],
      [eventLine({ id: 'unknown', extra: { colour: 'blue' } }), 'event-unknown-field'],
      [eventLine({ id: 'stranger', source: 'nobody' }), 'source-unknown'],
      [eventLine({ id: 'date', extra: { occurredAt: '2026-02-30T10:00:00Z' } }), 'event-invalid'],
      [eventLine({ id: 'target', extra: { targets: [{ connection: 'elsewhere' }] } }), 'connection-unknown'],
      [`{"specVersion":"1.0","padding":"${'x'.repeat(21 * 1024 * 1024)}"}`, 'record-too-large'],
      [eventLine({ id: 'good-2' }), 'accepted'],
    ];
    const done = await desk.run(['--json', 'ingest', desk.file('bad.ndjson', lines.map(([text]) => text).join('\n'))]);
    expect(done.code).toBe(1);
    const receipts = ndjson<Receipt>(done.stdout);
    expect(receipts.map((receipt) => [receipt.line, receipt.code ?? receipt.status])).toEqual(
      lines.map(([, expected], index) => [index + 1, expected]),
    );
    for (const receipt of receipts.filter((one) => one.status === 'refused')) expect(receipt.message).toMatch(/\S/);
  });

  it("A1 someone else's patient or visit: failed-terminal with class and next step, never a write", async () => {
    const [andrew, ngozi] = patients;
    if (andrew === undefined || ngozi === undefined) throw new Error('two patients are needed');
    const before = (await effects(ehr.controlUrl)).size;
    const file = desk.file(
      'wrong.ndjson',
      [
        eventLine({
          id: 'w-none',
          subject: { patient: { identifiers: [{ system: mrn, value: 'nobody' }], birthDate: '1967-02-11' } },
        }),
        eventLine({ id: 'w-birth', patient: { ...andrew, birthDate: '1990-01-01' } }),
        eventLine({
          id: 'w-visit',
          subject: { encounter: { identifiers: [{ system: 'urn:visit:test', value: `v-${ngozi.id}` }] } },
        }),
      ].join('\n'),
    );
    const receipts = await desk.lines<Receipt>(['ingest', file]);
    await desk.ok(['run', '--drain', '--max-seconds', '60']);
    const found = await Promise.all(
      receipts.map((receipt) =>
        desk.json<{ state: string; code: string; class: string; next: string }>(['write', receipt.writes[0] ?? '']),
      ),
    );
    expect(found.map(({ state, code, class: cls }) => [state, code, cls])).toEqual([
      ['failed-terminal', 'patient-not-found', 'identity'],
      ['failed-terminal', 'patient-differs', 'identity'],
      ['failed-terminal', 'encounter-of-other-patient', 'identity'],
    ]);
    for (const { next } of found) expect(next).toMatch(/\S/);
    // The two good records of the test before are what the chart has grown by.
    expect((await effects(ehr.controlUrl)).size).toBe(before + 2);
  });

  it('C2 the same event with other words and no higher version is refused; with one it is a new version', async () => {
    const other = noteContent('Other words.');
    const refused = await desk.run(['--json', 'ingest', desk.file('v1.ndjson', eventLine({ id: 'e-approved', content: other }))]);
    expect(ndjson<Receipt>(refused.stdout)).toMatchObject([{ status: 'refused', code: 'event-version-conflict' }]);
    expect(
      await desk.lines<Receipt>(['ingest', desk.file('v2.ndjson', eventLine({ id: 'e-approved', version: 2, content: other }))]),
    ).toMatchObject([{ status: 'new-version' }]);
    await desk.ok(['run', '--drain', '--max-seconds', '60']);
    expect(await desk.json<Write>(['write', approvedId])).toMatchObject({ state: 'superseded' });
  });

  it('K3 a second engine on the workspace exits with 3 and says who holds it', async () => {
    const engine = desk.start(['run']);
    const { stderr, code } = await untilHeld();
    engine.kill('SIGTERM');
    await new Promise((resolve) => engine.once('exit', resolve));
    expect(code).toBe(3);
    expect(stderr).toContain(`process ${engine.pid ?? 0}`);

    async function untilHeld(): Promise<{ code: number | null; stderr: string }> {
      for (;;) {
        const second = await desk.run(['run', '--drain', '--max-seconds', '5']);
        if (second.code !== 0) return second;
      }
    }
  }, 60_000);
});

describe('a workspace that cannot be opened', () => {
  const desk = new Desk();
  beforeAll(async () => {
    await desk.ok(['init']);
  });
  afterAll(() => desk.close());

  it('H2 is never made again over an old one', async () => {
    expect(await desk.run(['init'])).toMatchObject({ code: 3, stderr: expect.stringContaining('workspace-exists') as string });
  });

  it('H2 wrong passphrase: exit 3, with words', async () => {
    const done = await desk.run(['status'], { env: { COUNTERSIGN_PASSPHRASE: 'another' } });
    expect(done).toMatchObject({ code: 3, stderr: expect.stringContaining('wrong-passphrase') as string });
  });

  it('H2 no passphrase: exit 2', async () => {
    expect(await desk.run(['status'], { env: { COUNTERSIGN_PASSPHRASE: '' } })).toMatchObject({ code: 2 });
  });

  it('H2 no workspace: exit 3', async () => {
    expect(await desk.run(['--workspace', path.join(desk.folder, 'nothing'), 'status'])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('workspace-missing') as string,
    });
  });

  it('G3 a secret that init makes up is shown once and works', async () => {
    const workspace = path.join(desk.folder, 'W2');
    const made = await desk.json<{ secret: string }>(['--workspace', workspace, 'init'], { COUNTERSIGN_USER_SECRET: '' });
    expectSchema('init', made);
    expect(made.secret).toMatch(/^\S{20,}$/);
    const added = await desk.json<{ secret: string }>(
      ['--workspace', workspace, 'person', 'add', 'sam', '--name', 'Sam', '--role', 'auditor'],
      {
        COUNTERSIGN_USER_SECRET: made.secret,
      },
    );
    expectSchema('person-add', added);
    expect(added.secret).not.toBe(made.secret);
    expect(
      await desk.run(['--workspace', workspace, '--as', 'sam', 'source', 'add', 's'], {
        env: { COUNTERSIGN_USER_SECRET: added.secret },
      }),
    ).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('role-forbids') as string,
    });
    expect(secretFor('x').COUNTERSIGN_NEW_USER_SECRET).toBeDefined();
  });
});
