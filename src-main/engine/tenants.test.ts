import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consents, control, emergency, governance, register } from './index.ts';
import { clinician, connection, Harness, owner, record, scribe, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';

/** Tenants share nothing (G7), and environments never mix (G8). */

const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

/** The same event, with the same patient, of another tenant. */
const of = (tenant: string, options: Parameters<typeof record>[0]): string =>
  record(options).replace('"tenant":"north"', `"tenant":"${tenant}"`);
const one = (text: string): Promise<string> => harness.oneWrite(text);
const state = async (id: string) => (await harness.write(id)).state;

describe('G7 two tenants with the same event of the same patient', () => {
  it('G7 have writes, pseudonyms, logs and checkpoints of their own', async () => {
    const north = await one(of('north', { id: 'e1' }));
    const south = await one(of('south', { id: 'e1' }));
    await harness.drain();
    const [a, b] = [await harness.write(north), await harness.write(south)];
    expect([a.tenant, b.tenant, a.id === b.id]).toEqual(['north', 'south', false]);
    expect(a.patientKey).not.toBe(b.patientKey);
    expect([a.state.name, b.state.name]).toEqual(['committed', 'committed']);
    const { ledger } = harness.deps;
    // Nothing of one is found in the log of the other, neither by the write nor by the patient.
    expect(await ledger.entries('south', { stream: `write/${north}` }, 100)).toEqual([]);
    expect(await ledger.entries('south', { patientKey: a.patientKey }, 100)).toEqual([]);
    expect(await ledger.row('write', 'south', north)).toBeUndefined();
    expect(await ledger.writes({ tenant: 'south', limit: 100 })).toMatchObject([{ id: south }]);
    const entries = await ledger.entries('north', { patientKey: a.patientKey }, 100);
    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every((entry) => entry.tenant === 'north')).toBe(true);
    expect((await ledger.verify()).problems).toEqual([]);
  });

  it('G7 a consent, a policy, a switch and emergency access of one say nothing about the other', async () => {
    const consent = {
      ...{ resourceType: 'Consent', id: '7', status: 'active', scope: { coding: [{ code: 'patient-privacy' }] } },
      ...{ category: [{ coding: [{ code: '59284-0' }] }], patient: { identifier: { system: 'urn:mrn', value: 'p1' } } },
      provision: { type: 'deny' },
    };
    expect(await consents(harness.deps).record('south', JSON.stringify(consent), tester)).toMatchObject({ ok: true });
    const rows = [{ kind: 'note', tier: 'high', reason: 'Here.' }];
    const override = JSON.stringify({ policy: 'override', version: 's-1', scope: { tenant: 'south' }, rows });
    const proposed = await governance(harness.deps).propose(override, 'because', admin, tester);
    if (!proposed.ok) throw new Error(proposed.message);
    await governance(harness.deps).approve(proposed.id, 'agreed', owner, tester);
    await control(harness.deps).switch('writes', { tenant: 'south' }, true, 'trouble', admin, tester);
    const north = await one(of('north', { id: 'e1' }));
    const south = await one(of('south', { id: 'e1' }));
    await harness.drain();
    expect(await state(north)).toMatchObject({ name: 'committed' });
    expect(await state(south)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
    expect([(await harness.write(north)).tier, (await harness.write(south)).tier]).toEqual(['medium', 'high']);
    expect(harness.ehr.sends).toEqual([north]);

    const scope = { tenant: 'north', connection: 'ehr', write: null };
    expect(await emergency(harness.deps).open(scope, 'nobody can be reached', clinician, tester)).toMatchObject({ ok: true });
    expect(
      await emergency(harness.deps).open({ ...scope, write: south }, 'x', { ...clinician, id: 'dr-x' }, tester),
    ).toMatchObject({
      ok: false,
      code: 'scope-unknown',
    });
  });

  it('G7 a source and a connection of one are refused to the other, by name', async () => {
    await register(harness.deps).source({ ...scribe, name: 'scribe-8', tenants: ['south'] }, tester);
    await register(harness.deps).connection({ ...connection, name: 'south-ehr', tenants: ['south'] }, tester);
    const from = (tenant: string, target: string): string =>
      of(tenant, { id: `${tenant}-${target}` })
        .replace('"source":"scribe-7"', '"source":"scribe-8"')
        .replace('{"specVersion"', `{"targets":[{"connection":"${target}"}],"specVersion"`);
    expect(await harness.ingest(from('north', 'ehr'))).toMatchObject([{ status: 'refused', code: 'source-not-allowed' }]);
    const target = from('north', 'south-ehr').replace('"source":"scribe-8"', '"source":"scribe-7"');
    expect(await harness.ingest(target)).toMatchObject([{ status: 'refused' }]);
    expect(await harness.ingest(from('south', 'south-ehr'))).toMatchObject([{ status: 'accepted' }]);
  });
});

describe('G8 environments', () => {
  const real = { ...connection, name: 'prod', environment: 'production' as const, tenants: ['south'], stage: 'staged' as const };

  it('G8 a real connection that comes later stops what was approved for the practice chart, at the last moment', async () => {
    const id = await one(of('south', { id: 'e1', approved: false }));
    await harness.drain();
    expect(await state(id)).toMatchObject({ name: 'awaiting-approval' });
    await register(harness.deps).connection(real, tester);
    await harness.approve(id, clinician);
    await harness.drain();
    expect(await state(id)).toMatchObject({ name: 'held', hold: { code: 'environment-mix' }, resume: 'pending' });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('G8 the practice chart is not even asked about a patient of a tenant with a real connection; other tenants go on', async () => {
    await register(harness.deps).connection(real, tester);
    const asked: string[] = [];
    const { lookUps } = harness.ehr;
    harness.ehr.lookUps = (query) => {
      asked.push(query.kind);
      return lookUps(query);
    };
    const target = '{"targets":[{"connection":"ehr"}],"specVersion"';
    const held = await one(of('south', { id: 'e1' }).replace('{"specVersion"', target));
    await harness.drain();
    expect(await state(held)).toMatchObject({
      name: 'held',
      hold: { code: 'environment-mix', liftedBy: 'integration-administrator' },
    });
    expect(asked).toEqual([]);
    const free = await one(of('north', { id: 'e1' }));
    await harness.drain();
    expect(await state(free)).toMatchObject({ name: 'committed' });
  });
});
