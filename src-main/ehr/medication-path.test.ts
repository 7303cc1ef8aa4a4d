import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { request } from 'undici';
import { adapters } from './index.ts';
import { subjects } from './testing/commands.ts';
import { clock, countingIds, sha256 } from './testing/runtime.ts';
import { explainPolicy, governance, inspect, peopleDecide, runEngine, takeIn, type EngineDeps } from '../engine/index.ts';
import { clinician, Harness, owner, tester } from '../engine/testing/harness.ts';
import { startPracticeEhr } from '../practice-ehr/index.ts';
import type { Person } from '../../src-shared/domain/index.ts';

/** Prescriptions and orders take their own path (B8), from the event to the chart of a real FHIR server. */

const closers: (() => Promise<unknown>)[] = [];
let deps: EngineDeps;
let chart: string;
beforeEach(async () => {
  const ehr = await startPracticeEhr({ dataFile: ':memory:' });
  closers.push(() => ehr.close());
  chart = ehr.baseUrl;
  for (const resource of subjects) {
    const reply = await request(`${chart}/${resource.resourceType}/${resource.id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(resource),
    });
    await reply.body.dump();
  }
  const given = { baseUrl: chart, credential: () => Promise.resolve(null), sha256, clock, random: countingIds() };
  const gateway = adapters['generic-r4']?.(given);
  if (gateway === undefined || 'refused' in gateway) throw new Error('not opened');
  closers.push(() => gateway.close());
  const harness = await Harness.open();
  closers.push(() => harness.close());
  deps = { ...harness.deps, gateways: { open: () => Promise.resolve(gateway) } };
}, 60_000);
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm';
const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
const prescription = {
  medications: [
    {
      record: 'request',
      medication: { system: RXNORM, code: '314076', display: 'lisinopril 10 MG Oral Tablet' },
      dosage: { text: 'one tablet once a day' },
    },
  ],
};
const order = { orders: [{ code: { system: 'http://loinc.org', code: '4548-4', display: 'Hemoglobin A1c' } }] };

async function takeInOne(content: object): Promise<string> {
  const text = JSON.stringify(content);
  const approval = {
    ...{ status: 'approved', by: { id: 'dr-lee' }, at: '2026-03-02T09:10:00Z' },
    contentSha256: createHash('sha256').update(text).digest('hex'),
  };
  const event = {
    ...{ specVersion: '1.0', id: 'e1', type: 'order.approved', tenant: 'north', source: 'scribe-7', origin: 'ai' },
    occurredAt: '2026-03-02T09:05:00Z',
    subject: {
      patient: {
        identifiers: [{ system: 'urn:mrn:north', value: '100234' }],
        name: { family: 'Campbell' },
        birthDate: '1967-02-11',
      },
      encounter: { identifiers: [{ system: 'urn:visit:north', value: 'V-88' }] },
    },
    approval,
  };
  const record = `${JSON.stringify(event).slice(0, -1)},"content":${text}}`;
  for await (const receipt of takeIn(deps)([{ file: 'test', line: 1, text: record }], tester)) {
    const [id] = receipt.writes;
    if (id !== undefined) return id;
    throw new Error(JSON.stringify(receipt));
  }
  throw new Error('no receipt');
}
const drain = () => runEngine(deps)({ drain: true, maxMs: null, signal: new AbortController().signal });
const shown = async (id: string) => {
  const view = await inspect(deps).write(id, tester);
  if (view === undefined) throw new Error('no such write');
  return view;
};
const inChart = async (type: string): Promise<readonly { status: string; intent: string }[]> => {
  const reply = await request(`${chart}/${type}`);
  const bundle = (await reply.body.json()) as { entry?: { resource: { status: string; intent: string } }[] };
  return (bundle.entry ?? []).map(({ resource }) => resource);
};

it.each([
  ['a prescription', prescription, 'MedicationRequest'],
  ['an order', order, 'ServiceRequest'],
])(
  'B8 %s approved at its source is signed here by a clinical owner, and charted as a proposal nobody can act on',
  async (_, content, type) => {
    const id = await takeInOne(content);
    await drain();
    const waiting = await shown(id);
    expect(waiting.findings.filter(({ severity }) => severity === 'stop')).toEqual([]);
    expect(waiting.row.state).toMatchObject({
      name: 'awaiting-approval',
      roles: ['clinical-owner'],
      reason: expect.stringContaining('do not count for high risk') as unknown,
    });
    expect(await inChart(type)).toEqual([]);
    const { approve } = peopleDecide(deps);
    const sha = waiting.prepared?.sha256 ?? '';
    const names = waiting.signed.map(({ name }) => name);
    expect(await approve(id, clinician, 'seen', sha, names)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await approve(id, owner, 'seen', sha, names, Number.POSITIVE_INFINITY)).toMatchObject({ code: 'step-up-needed' });
    expect(await approve(id, owner, 'seen and signed', sha, names)).toMatchObject({ ok: true, state: 'pending' });
    await drain();
    const charted = await shown(id);
    expect(charted.row.state).toMatchObject({ name: 'committed', verification: { result: 'verified' } });
    // The stricter record: a person, here, in which role, for which bytes, meaning what.
    expect(charted.row.approval).toMatchObject({
      ...{ made: 'person', by: owner.id, role: 'clinical-owner', meaning: 'seen and signed', requestSha256: sha },
    });
    expect(await inChart(type)).toMatchObject([{ status: 'draft', intent: 'proposal' }]);
    expect((await explainPolicy(deps)(id, tester))?.contract).toMatchObject({ tier: 'high', audit: 'strict' });
  },
  60_000,
);

it('B8 what the formulary or the rules of a state keep off this path is data: proposed, approved, and refused by name', async () => {
  const policies = governance(deps);
  const reason = 'The state asks for its own electronic prescription.';
  const text = JSON.stringify({
    ...{ policy: 'override', version: 'state-1', scope: { tenant: 'north' } },
    rows: [{ kind: 'medication-request', formulary: [{ system: RXNORM, code: '314076', reason }], reason }],
  });
  const proposed = await policies.propose(text, 'state rules', admin, tester);
  expect(proposed.ok && (await policies.approve(proposed.id, 'agreed', owner, tester)).ok).toBe(true);
  const id = await takeInOne(prescription);
  await drain();
  const refused = await shown(id);
  expect(refused.row.state).toMatchObject({ name: 'failed-terminal', code: 'contract-forbids' });
  expect(refused.findings).toContainEqual(
    expect.objectContaining({ rule: 'contract.formulary', message: `314076 is not written on this path: ${reason}` }),
  );
  expect(await inChart('MedicationRequest')).toEqual([]);
}, 60_000);

it('B8 a proposal to stop a medicine has no safe form, and is refused instead of written as one to start it', async () => {
  const [medication] = prescription.medications;
  const id = await takeInOne({ medications: [{ ...medication, change: 'stop' }] });
  await drain();
  expect((await shown(id)).row.state).toMatchObject({ name: 'failed-terminal', code: 'operation-unsupported' });
  expect(await inChart('MedicationRequest')).toEqual([]);
}, 60_000);
