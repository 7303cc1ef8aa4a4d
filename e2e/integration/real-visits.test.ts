import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Desk } from '../support/command-line.ts';
import { effects, setFaults, setUp } from '../support/set-up.ts';

/**
 * The main job on real input: visits with notes that clinicians wrote and drafts that models wrote, on synthetic
 * patients, into an EHR that loses replies, answers late, refuses and lies. What counts is what the chart holds.
 */

const data = path.resolve(import.meta.dirname, '..', '..', '..', 'shared', 'data');
const present = existsSync(path.join(data, 'aci-bench')) && existsSync(path.join(data, 'synthea-r4'));

interface Visit {
  readonly encounterId: string;
  readonly transcript: string;
  readonly clinicianNote: string;
  readonly modelDrafts?: Readonly<Record<string, string>>;
}

interface Receipt {
  readonly status: string;
  readonly eventId: string;
  readonly writes: readonly string[];
  readonly message?: string;
}

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [key: string]: unknown;
}

/** Faults on every kind of request the engine makes; each write meets several of them before it is charted. */
const faults = {
  seed: 7,
  faults: [
    { kind: 'lost-reply', probability: 0.08, method: ['POST'] },
    { kind: 'timeout-before', probability: 0.02, method: ['POST'], holdMs: 200 },
    { kind: 'reset-mid-body', probability: 0.04, method: ['POST'] },
    { kind: 'status', probability: 0.04, method: ['POST'], status: 503, committed: true },
    { kind: 'status', probability: 0.015, method: ['POST'], status: 503, committed: false, retryAfter: 'garbage' },
    { kind: 'status', probability: 0.02, method: ['POST'], status: 429, retryAfter: 'seconds' },
    { kind: 'accepted-202', probability: 0.03, method: ['POST'], delayMs: 100 },
    { kind: 'no-location', probability: 0.04, method: ['POST'] },
    { kind: 'ok-with-error-outcome', probability: 0.015, method: ['POST'] },
    { kind: 'search-lag', probability: 1, lagMs: 300 },
    { kind: 'status', probability: 0.03, method: ['GET'], status: 503 },
    { kind: 'slow', probability: 0.05, delayMs: 60 },
  ],
};

let desk: Desk;
beforeEach(() => {
  desk = new Desk();
});
afterEach(() => desk.close());

describe.runIf(present)("visits with clinicians' notes on synthetic patients", () => {
  it(
    'C1 C4 C5 C7 each is charted once, none is lost, none is altered, and taking all in again adds nothing',
    { timeout: 600_000 },
    async () => {
      const charts = readdirSync(path.join(data, 'synthea-r4'))
        .filter((file) => file.endsWith('.json.gz'))
        .map((file) => path.join(data, 'synthea-r4', file));
      const { baseUrl, controlUrl } = await setUp(desk, charts);
      const visits = readVisits();
      expect(visits).toHaveLength(127);
      const patients = charts.map(readChart);
      const planned = visits.map((visit, index) => plan(visit, patients[index % patients.length], index));
      const file = desk.file('visits.ndjson', planned.map((one) => one.line).join('\n'));
      await desk.ok(['person', 'add', 'dr-visits', '--name', 'Visit Doctor', '--role', 'clinician', '--npi', '1245319599']);

      const receipts = await desk.lines<Receipt>(['ingest', file]);
      expect(receipts.filter((receipt) => receipt.status !== 'accepted')).toEqual([]);
      const ids = receipts.flatMap((receipt) => receipt.writes);
      expect(ids).toHaveLength(planned.reduce((sum, one) => sum + 1 + one.values.length, 0));

      await setFaults(controlUrl, faults);
      const run = await desk.json<{ end: string; totals: Record<string, number> }>(['run', '--drain', '--max-seconds', '400']);
      expect(run).toMatchObject({ end: 'drained', totals: { committed: ids.length } });
      const { faults: met } = (await (await fetch(`${controlUrl}/stats`)).json()) as {
        faults: { kind: string; fired: number }[];
      };
      expect(met.filter((fault) => fault.fired === 0)).toEqual([]);
      await setFaults(controlUrl, { seed: 1, faults: [] });

      const counted = await effects(controlUrl);
      expect(new Map(ids.map((id) => [id, counted.get(id) ?? 0]))).toEqual(new Map(ids.map((id) => [id, 1])));
      expect(counted.size).toBe(ids.length);
      for (const [index, one] of planned.entries()) await expectUnaltered(baseUrl, one, receipts[index]?.writes ?? []);

      const again = await desk.lines<Receipt>(['ingest', file]);
      expect(new Set(again.map((receipt) => receipt.status))).toEqual(new Set(['duplicate']));
      expect(await desk.json(['run', '--drain', '--max-seconds', '60'])).toMatchObject({
        end: 'drained',
        totals: { committed: ids.length },
      });
      expect((await effects(controlUrl)).size).toBe(ids.length);
      expect(await desk.json(['audit', 'verify'])).toMatchObject({ ok: true, problems: [] });
    },
  );
});

describe.runIf(!present)('the practice day, where no other visits are at hand', () => {
  it('C1 C7 each approved change is charted once and taking all in again adds nothing', { timeout: 120_000 }, async () => {
    await desk.ok(['init', '--practice']);
    const first = await desk.json<{ totals: Record<string, number> }>(['run', '--drain', '--max-seconds', '90']);
    expect(first.totals.committed).toBeGreaterThan(10);
    const second = await desk.json<{ totals: Record<string, number> }>(['run', '--drain', '--max-seconds', '90']);
    expect(second.totals).toEqual(first.totals);
    expect(await desk.json(['audit', 'verify'])).toMatchObject({ ok: true });
  });
});

function readVisits(): readonly Visit[] {
  return ['train.ndjson', 'valid.ndjson', 'test1-with-model-drafts.ndjson'].flatMap((file) =>
    readFileSync(path.join(data, 'aci-bench', file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Visit),
  );
}

interface Chart {
  readonly patient: Resource;
  readonly encounter: Resource;
  /** Numeric observations with the characters their values were written with. */
  readonly observations: readonly { readonly resource: Resource; readonly value: string }[];
}

function readChart(file: string): Chart {
  const text = gunzipSync(readFileSync(file)).toString('utf8');
  const observations: { resource: Resource; value: string }[] = [];
  // The reviver is given the characters of each number; `value` of a quantity is kept with them.
  const bundle = JSON.parse(text, function (this: unknown, key: string, value: unknown, ...rest: unknown[]) {
    const context = rest[0] as { source?: string } | undefined;
    return key === 'value' && typeof value === 'number' ? context?.source : value;
  }) as { entry: { resource: Resource }[] };
  for (const { resource } of bundle.entry) {
    const quantity = resource.valueQuantity as { value?: string } | undefined;
    if (resource.resourceType === 'Observation' && quantity?.value !== undefined)
      observations.push({ resource, value: quantity.value });
  }
  const find = (type: string): Resource => {
    const found = bundle.entry.find(({ resource }) => resource.resourceType === type);
    if (found === undefined) throw new Error(`${file} has no ${type}`);
    return found.resource;
  };
  return { patient: find('Patient'), encounter: find('Encounter'), observations };
}

interface Planned {
  readonly line: string;
  readonly note: string;
  readonly values: readonly string[];
}

const OBSERVATIONS_PER_VISIT = 3;

function plan(visit: Visit, chart: Chart | undefined, index: number): Planned {
  if (chart === undefined) throw new Error('no chart');
  const observations = chart.observations.slice(0, OBSERVATIONS_PER_VISIT);
  // The values are the chart's own, measured again: at the chart's own moment they would be what it holds already, and stopped.
  const effectiveAt = new Date(Date.UTC(2026, 2, 1, 8, index)).toISOString();
  const content = JSON.stringify({
    note: { title: 'Visit note', type: { system: 'http://loinc.org', code: '11506-3' }, text: visit.clinicianNote },
    ...(observations.length === 0
      ? {}
      : { observations: observations.map(({ resource, value }) => observationContent(resource, value, effectiveAt)) }),
  });
  const { patient, encounter } = chart;
  const [name] = patient.name as { family: string; given: string[] }[];
  const event = {
    specVersion: '1.0',
    id: `visit:${visit.encounterId}`,
    type: 'note.approved',
    tenant: 'north-clinic',
    source: 'scribe-7',
    origin: 'ai',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: {
      patient: {
        identifiers: (patient.identifier as { system: string; value: string }[])
          .slice(0, 1)
          .map(({ system, value }) => ({ system, value })),
        name: { family: name?.family, given: name?.given },
        birthDate: patient.birthDate,
        gender: patient.gender,
      },
      encounter: { reference: `Encounter/${encounter.id}` },
    },
    approval: {
      status: 'approved',
      by: { id: 'dr-visits', npi: '1245319599' },
      at: '2026-03-02T09:20:00Z',
      contentSha256: createHash('sha256').update(content).digest('hex'),
    },
    provenance: {
      transcript: { text: visit.transcript },
      draft: { text: visit.modelDrafts?.['GPT-4'] ?? visit.clinicianNote },
    },
  };
  return {
    line: `${JSON.stringify(event).slice(0, -1)},"content":${content}}`,
    note: visit.clinicianNote,
    values: observations.map((one) => one.value),
  };
}

function observationContent(resource: Resource, value: string, effectiveAt: string): Record<string, unknown> {
  const coding = (resource.code as { coding: { system: string; code: string; display: string }[] }).coding[0];
  const { code } = resource.valueQuantity as { code: string };
  return { code: coding, value, unit: code, effectiveAt };
}

/** The chart's own bytes: the note's text to the last character, each value with its digits. */
async function expectUnaltered(baseUrl: string, planned: Planned, ids: readonly string[]): Promise<void> {
  const entries = await Promise.all(ids.map((id) => chartEntry(baseUrl, id)));
  const note = entries.find((entry) => entry.type === 'DocumentReference');
  const [content] = (note?.resource.content ?? []) as { attachment: { data: string } }[];
  expect(Buffer.from(content?.attachment.data ?? '', 'base64').toString('utf8')).toBe(planned.note);
  for (const value of planned.values) {
    expect(entries.some((entry) => entry.type === 'Observation' && entry.text.includes(`"value":${value},`))).toBe(true);
  }
}

async function chartEntry(
  baseUrl: string,
  id: string,
): Promise<{ type: string; resource: Record<string, unknown>; text: string }> {
  for (const type of ['DocumentReference', 'Observation']) {
    const answer = await fetch(`${baseUrl}/${type}?identifier=${encodeURIComponent(`urn:countersign:write|${id}`)}`);
    const text = await answer.text();
    const [entry] = (JSON.parse(text) as { entry?: { resource: Record<string, unknown> }[] }).entry ?? [];
    if (entry !== undefined) return { type, resource: entry.resource, text };
  }
  throw new Error(`the chart holds nothing for ${id}`);
}
