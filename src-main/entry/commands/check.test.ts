import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
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

  it('F1 plain resources by units, values of an age, times and numbers of people', async () => {
    const weight = (value: number, unit: string, at = '2026-01-10T10:00:00Z') => ({
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '29463-7' }] },
      effectiveDateTime: at,
      valueQuantity: { value, unit, system: 'http://unitsofmeasure.org', code: unit },
    });
    const baby = { resourceType: 'Patient', birthDate: '2025-12-01' };
    const bundle = (...resources: readonly object[]) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [baby, ...resources].map((one) => ({ resource: one })),
    });
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [weight(70, 'kg'), []],
      [weight(70, 'lbs'), ['stop unit-not-ucum']],
      [weight(70, 'cm'), ['review unit-does-not-fit']],
      [weight(70_000_000, 'g'), ['review value-implausible']],
      [weight(4_200_000_000, 'mg'), ['review value-implausible']],
      [weight(70, 'kg', '2100-01-01T00:00:00Z'), ['review time-in-future']],
      [bundle(weight(4.2, 'kg')), []],
      [bundle(weight(70, 'kg')), ['review value-implausible']],
      [bundle(weight(4.2, 'kg', '2020-01-01T00:00:00Z')), ['review time-before-birth']],
      [
        {
          ...weight(70, 'kg'),
          performer: [{ identifier: { system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567890' } }],
        },
        ['review identifier-shape'],
      ],
    ];
    const { records } = await run(cases.map(([resource]) => JSON.stringify(resource)).join('\n'), true);
    expect(records.map(rulesOf)).toEqual(cases.map(([, expected]) => expected));
  });

  const charts = path.resolve(import.meta.dirname, '../../../../shared/data/synthea-r4');
  it.skipIf(!existsSync(charts))('F1 ordinary charts give no finding of codes, units, values or times', async () => {
    const [first = ''] = readdirSync(charts);
    const chart = JSON.parse(gunzipSync(readFileSync(path.join(charts, first))).toString('utf8')) as {
      entry: readonly { readonly resource: { readonly resourceType: string } }[];
    };
    const kinds = new Set(['Patient', 'Condition', 'Observation', 'AllergyIntolerance', 'MedicationRequest', 'Procedure']);
    const entry = chart.entry.filter(({ resource }) => kinds.has(resource.resourceType));
    expect(entry.length).toBeGreaterThan(10);
    const { records } = await run(JSON.stringify({ ...chart, entry }), true);
    const rules = rulesOf(records[0]).filter((one) => !/ r4-/.test(one));
    expect(rules).toEqual([]);
  });
});
