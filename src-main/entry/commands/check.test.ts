import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { check, type CheckCommandOptions } from './check.ts';
import { ConsoleIo } from '../console-io.ts';
import type { CommandContext } from '../session.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-check-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(
  text: string,
  fhir: boolean,
  options: Omit<CheckCommandOptions, 'fhir'> = {},
): Promise<{ code: number; records: readonly Record<string, unknown>[] }> {
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
  const code = await check(context, [file], { fhir, ...options });
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

  it('F1 a type that is never written is checked in what it says, and said to be; the rest goes on', async () => {
    const code = { coding: [{ system: 'http://loinc.org', code: '8480-7' }] };
    const observation = { resourceType: 'Observation', id: 'o1', status: 'final', code: { text: 'x' } };
    const entry = [
      { resourceType: 'Claim', id: 'c1', item: [{ productOrService: code }] },
      { resourceType: 'Nonsense' },
      observation,
    ];
    const inner = { resourceType: 'Bundle', type: 'collection', entry: [{ resource: { resourceType: 'Location' } }] };
    const bundle = {
      resourceType: 'Bundle',
      type: 'collection',
      entry: [...entry, inner].map((resource) => ({ resource })).concat([{}] as never),
    };
    const { code: exit, records } = await run(`${JSON.stringify(bundle)}\n${JSON.stringify(observation)}`, true);
    expect(exit).toBe(1);
    expect(records[0]).toMatchObject({
      findings: [
        { rule: 'code-shape', layer: 'terminology' },
        { rule: 'r4-resource-type', layer: 'structure', path: 'Bundle.entry[1].resource: resourceType' },
      ],
      resources: [
        {
          path: 'Bundle.entry[0].resource',
          resourceType: 'Claim',
          id: 'c1',
          checked: ['content'],
          notChecked: [{ what: 'structure', why: 'Claim is not among the types that Countersign writes' }],
        },
        { resourceType: 'Nonsense', checked: [], notChecked: [{ what: 'structure' }, { what: 'content' }] },
        { id: 'o1', checked: ['structure', 'content'], notChecked: [{ what: 'values-by-age' }] },
        { path: 'Bundle.entry[3].resource.entry[0].resource', resourceType: 'Location', checked: ['content'] },
      ],
    });
    expect(records[1]).toMatchObject({ eventId: 'o1', findings: [], resources: [{ path: '' }] });
    // Alone, a type that is not written is nothing wrong.
    expect((await run('{"resourceType":"Location"}', true)).code).toBe(0);
  });

  it('F1 the dose of a plain prescription', async () => {
    const prescribed = (value: number, repeat: object) => ({
      resourceType: 'MedicationRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/1' },
      medicationCodeableConcept: { text: 'Lisinopril 20 MG Oral Tablet' },
      dosageInstruction: [
        {
          timing: { repeat },
          doseAndRate: [{ doseQuantity: { value, unit: 'mg', system: 'http://unitsofmeasure.org', code: 'mg' } }],
        },
      ],
    });
    const daily = { frequency: 1, period: 1, periodUnit: 'd' };
    const cases: readonly (readonly [object, readonly string[]])[] = [
      [prescribed(20, daily), []],
      [prescribed(100, daily), ['review dose-high']],
      [prescribed(20_000, daily), ['stop dose-impossible']],
      [prescribed(20, { ...daily, frequency: 60 }), ['review frequency-implausible', 'review dose-high']],
      [{ ...prescribed(20, daily), medicationCodeableConcept: { text: 'something' } }, []],
    ];
    const { records } = await run(cases.map(([one]) => JSON.stringify(one)).join('\n'), true);
    expect(records.map(rulesOf)).toEqual(cases.map(([, expected]) => expected));
  });

  it('F1 counts by rule, with the share of records that need nobody', async () => {
    const text = ['Well today.', 'Insulin 5 U daily.', 'Insulin 5 U daily, then 7 U daily.'].map(event).join('\n');
    expect((await run(text, false, { totals: true })).records).toEqual([
      {
        records: 3,
        unread: 0,
        clean: 1,
        findings: { stop: 0, review: 3, information: 0 },
        seriousPerRecord: 1,
        rules: [{ rule: 'note-unsafe-abbreviation', layer: 'evidence', severity: 'review', findings: 3, records: 2 }],
        resources: [],
      },
    ]);
    const counted = await run('{"resourceType":"Location"}', true, { totals: true });
    expect(counted.records).toMatchObject([{ resources: [{ resourceType: 'Location', resources: 1, inPart: 1 }] }]);
  });

  const house = (tenant: string): string => {
    const file = path.join(folder, `${tenant}.json`);
    const disallowed = [{ id: 'no-billing', kind: 'note', contains: 'billing', severity: 'stop', reason: 'Not here' }];
    const rest = { normalRanges: [], required: [], sections: [], protected: [], conventions: [] };
    writeFileSync(file, JSON.stringify({ policy: 'house-rules', version: '7', tenant, disallowed, ...rest }));
    return file;
  };

  it("F1 an organization's rules from a file, for the events of its tenant", async () => {
    const billing = event('Billing code 99214.');
    expect((await run(billing, false)).code).toBe(0);
    const here = await run(billing, false, { houseRules: [house('south'), house('north')] });
    expect(here.code).toBe(1);
    expect(here.records[0]).toMatchObject({
      findings: [
        { rule: 'house-disallowed', layer: 'business-rule', message: 'Not here (rule no-billing of north, version 7).' },
      ],
    });
    expect((await run(billing, false, { houseRules: [house('south')] })).code).toBe(0);
  });

  it.each<[string, Omit<CheckCommandOptions, 'fhir'>, boolean, string]>([
    ['plain resources have no tenant', { inForce: true }, true, 'plain resources have no tenant'],
    ['files and those in force', { inForce: true, houseRules: ['x'] }, false, 'not both'],
    ['a file that is not there', { houseRules: ['/nowhere/x.json'] }, false, 'cannot be read'],
  ])('F1 refused by name: %s', async (_name, options, fhir, words) => {
    await expect(run(event('Well.'), fhir, options).then((one) => one.code)).rejects.toThrow(words);
  });

  it('F1 rules that could not be proposed are not used', async () => {
    const contract = path.join(folder, 'contract.json');
    writeFileSync(contract, '{"policy":"house-rules","tenant":"north"}');
    await expect(run(event('Well.'), false, { houseRules: [contract] })).rejects.toThrow('holds no rules of an organization');
    await expect(run(event('Well.'), false, { houseRules: [house('north'), house('north')] })).rejects.toThrow('already');
  });

  const charts = path.resolve(import.meta.dirname, '../../../../shared/data/synthea-r4');
  it.skipIf(!existsSync(charts))(
    'F1 a whole ordinary chart gives no finding of structure, codes, units, values or times',
    async () => {
      const [first = ''] = readdirSync(charts);
      const chart = JSON.parse(gunzipSync(readFileSync(path.join(charts, first))).toString('utf8')) as {
        entry: readonly { readonly resource: { readonly resourceType: string } }[];
      };
      const entry = chart.entry;
      expect(entry.length).toBeGreaterThan(10);
      const { code, records } = await run(JSON.stringify({ ...chart, entry }), true);
      expect(code).toBe(0);
      // Their practitioners have numbers that are no NPI.
      expect(rulesOf(records[0]).filter((one) => one !== 'review identifier-shape')).toEqual([]);
    },
  );
});
