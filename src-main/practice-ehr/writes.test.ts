import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  KEY_SYSTEM,
  bundleOf,
  encounterOf,
  ifNoneExist,
  observationOf,
  patient,
  practice,
  searchTotal,
  temporaryFolder,
} from './testing/practice.ts';

describe('decimals', () => {
  it('J5 decimals keep their characters on every way out', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const texts = ['1.00', '0.010', '12345678901234567890.123456789', '1e2', '-0.0'];
    const components = texts.map((text) => `{"code":{"text":"c"},"valueQuantity":{"value":${text}}}`).join(',');
    const body = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/${id}"},"component":[${components}]}`;
    const made = await ehr.call('POST', '/Observation', body);
    expect(made.status).toBe(201);
    const place = `/Observation/${(JSON.parse(made.text) as { id: string }).id}`;
    const answers = [
      made.text,
      (await ehr.call('GET', place)).text,
      (await ehr.call('GET', `${place}/_history/1`)).text,
      (await ehr.call('GET', `${place}/_history`)).text,
      (await ehr.call('GET', `/Observation?subject=Patient/${id}`)).text,
    ];
    for (const answer of answers) expect(answer).toContain(`"component":[${components}]`);
    const headers = { 'content-type': 'application/json-patch+json' };
    const patched = await ehr.call(
      'PATCH',
      place,
      '[{"op":"add","path":"/component/0/valueQuantity/unit","value":"kg"}]',
      headers,
    );
    expect(patched.text).toContain('"valueQuantity":{"value":1.00,"unit":"kg"}');
    expect(patched.text).toContain('12345678901234567890.123456789');
    expect((await ehr.call('GET', `${place}/_history/1`)).text).toContain(`"component":[${components}]`);
  });
});

describe('conditional create', () => {
  it('C3 none matches creates, one match is given back, more are refused', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const first = await ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'));
    const again = await ehr.call('POST', '/Observation', observationOf(id, 'w-1', { status: 'amended' }), ifNoneExist('w-1'));
    expect([first.status, again.status]).toEqual([201, 200]);
    expect(again.text).toBe(first.text);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    await ehr.made(observationOf(id));
    expect((await ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'))).status).toBe(412);
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|w-1`)).toBe(2);
  });

  it.each([
    ['a misspelt parameter', 'identfier=urn:x|1'],
    ['a modifier that does not exist', 'identifier:exakt=urn:x|1'],
    ['no criteria', ' '],
    ['a parameter without a value', 'identifier='],
    ['a parameter that only steers a search', '_count=1'],
  ])('C3 If-None-Exist with %s is refused, and nothing is created', async (_what, condition) => {
    const ehr = await practice();
    const got = await ehr.call('POST', '/Patient', patient, { 'if-none-exist': condition });
    expect(got.status).toBe(400);
    expect(ehr.stats().committed.created).toBe(0);
  });

  it('C3 the type may stand in front of the criteria', async () => {
    const ehr = await practice();
    const headers = { 'if-none-exist': 'Patient?identifier=urn:mrn:north|100234' };
    expect((await ehr.call('POST', '/Patient', patient, headers)).status).toBe(201);
    expect((await ehr.call('POST', '/Patient', patient, headers)).status).toBe(200);
  });

  it('C3 of eight at once with one key, one creates', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const all = await Promise.all(
      Array.from({ length: 8 }, () => ehr.call('POST', '/Observation', observationOf(id, 'w-8'), ifNoneExist('w-8'))),
    );
    expect(all.map((got) => got.status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    expect(new Set(all.map((got) => got.text)).size).toBe(1);
  });

  it('C3 what a deleted resource was called may be used again', async () => {
    const ehr = await practice();
    const first = await ehr.call('POST', '/Patient', patient, { 'if-none-exist': 'identifier=urn:mrn:north|100234' });
    await ehr.call('DELETE', new URL(first.headers.get('location') ?? '').pathname.replace(/^\/fhir|\/_history.*$/g, ''));
    expect((await ehr.call('POST', '/Patient', patient, { 'if-none-exist': 'identifier=urn:mrn:north|100234' })).status).toBe(
      201,
    );
  });
});

describe('versions', () => {
  it('D2 of two updates from one version, one is kept', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const update = (gender: string): ReturnType<typeof ehr.call> =>
      ehr.call('PUT', `/Patient/${id}`, { ...patient, id, gender }, { 'if-match': 'W/"1"' });
    const both = await Promise.all([update('female'), update('other')]);
    expect(both.map((got) => got.status).sort()).toEqual([200, 412]);
    expect(JSON.parse((await ehr.call('GET', `/Patient/${id}`)).text)).toMatchObject({ meta: { versionId: '2' } });
  });

  it('J5 an update without If-Match replaces what is there', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const got = await ehr.call('PUT', `/Patient/${id}`, { resourceType: 'Patient', id });
    expect([got.status, got.headers.get('etag'), got.headers.get('location')]).toEqual([200, 'W/"2"', null]);
    expect(await searchTotal(ehr, 'Patient?family=campbell')).toBe(0);
  });
});

describe('the chart file', () => {
  it('J5 the chart is kept when the server ends and starts again, under another port', async () => {
    const dataFile = path.join(temporaryFolder(), 'chart.sqlite');
    const before = await practice({ dataFile });
    const id = await before.made(patient);
    const visit = await before.made({ ...encounterOf(id), subject: { reference: `${before.baseUrl}/Patient/${id}` } });
    await before.call('PUT', `/Patient/${id}`, { ...patient, id, gender: 'other' });
    await before.close();
    const after = await practice({ dataFile });
    expect(JSON.parse((await after.call('GET', `/Patient/${id}`)).text)).toMatchObject({
      gender: 'other',
      meta: { versionId: '2' },
    });
    expect(bundleOf(await after.call('GET', `/Patient/${id}/_history`)).total).toBe(2);
    expect(await searchTotal(after, 'Patient?identifier=urn:mrn:north|100234')).toBe(1);
    expect(await searchTotal(after, `Encounter?patient=${id}`)).toBe(1);
    // Its index entries, made under the old address, go away with it.
    await after.call('DELETE', `/Encounter/${visit}`);
    expect(await searchTotal(after, `Encounter?patient=${id}`)).toBe(0);
    expect((await after.call('PUT', `/Patient/${id}`, { ...patient, id }, { 'if-match': 'W/"2"' })).status).toBe(200);
  });
});
