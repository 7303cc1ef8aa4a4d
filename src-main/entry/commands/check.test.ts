import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { ConsoleIo } from '../console-io.ts';
import type { CommandContext } from '../session.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-check-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(text: string, fhir: boolean): Promise<{ code: number; records: readonly Record<string, unknown>[] }> {
  const file = path.join(folder, 'in.ndjson');
  writeFileSync(file, text);
  const out = new PassThrough();
  const context: CommandContext = {
    io: new ConsoleIo(true, out, new PassThrough()),
    options: { workspace: folder, json: true, as: undefined, passphraseFile: undefined },
    env: {},
    stdin: process.stdin,
    signal: new AbortController().signal,
  };
  const code = await check(context, [file], { fhir });
  const printed = String(out.read() ?? '');
  return {
    code,
    records: printed
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

const event = (note: string): string =>
  JSON.stringify({
    specVersion: '1.0',
    id: 'visit-1',
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: 'Patient/1' } },
    content: { note: { text: note } },
  });
const rulesOf = (record: Record<string, unknown> | undefined): readonly string[] =>
  ((record?.findings ?? []) as { rule: string; severity: string }[]).map(({ rule, severity }) => `${severity} ${rule}`);

describe('check', () => {
  it('F1 F2 a line per record; findings to review do not fail it, what stops does', async () => {
    const clean = await run(`${event('Well today.')}\n${event('Insulin 5 U daily.')}`, false);
    expect(clean).toMatchObject({ code: 0, records: [{ line: 1, eventId: 'visit-1', findings: [] }, { line: 2 }] });
    expect(rulesOf(clean.records[1])).toEqual(['review note-unsafe-abbreviation']);
    const bad = await run('{"id":"x","id":"y"}', false);
    expect(bad.code).toBe(1);
    expect(rulesOf(bad.records[0])).toEqual(['stop json-duplicate-key']);
  });

  it('F1 plain resources and Bundles by structure and by codes', async () => {
    const code = (loinc: string) => ({ coding: [{ system: 'http://loinc.org', code: loinc }] });
    const resource = (loinc: string) => ({ resourceType: 'Observation', status: 'final', code: code(loinc) });
    const { code: exit, records } = await run(
      [
        resource('8480-6'),
        { resourceType: 'Bundle', type: 'collection', entry: [{ resource: resource('8480-7') }] },
        { resourceType: 'Observation' },
      ]
        .map((one) => JSON.stringify(one))
        .join('\n'),
      true,
    );
    expect(exit).toBe(1);
    expect(rulesOf(records[0])).toEqual([]);
    expect(records[1]).toMatchObject({
      findings: [{ rule: 'code-shape', path: 'Bundle.entry[0].resource: Observation.code.coding[0].code' }],
    });
    expect(rulesOf(records[2])).toContain('stop r4-missing-element');
  });
});
