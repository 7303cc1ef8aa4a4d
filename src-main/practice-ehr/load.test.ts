import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { startPracticeEhr } from './index.ts';
import { bundleOf, encounterOf, observationOf, patient, practice, searchTotal, temporaryFolder } from './testing/practice.ts';

const small = {
  resourceType: 'Bundle',
  type: 'transaction',
  entry: [
    {
      fullUrl: 'urn:uuid:o',
      resource: {
        ...observationOf('-'),
        id: 'o-1',
        subject: { reference: 'urn:uuid:p' },
        encounter: { reference: 'urn:uuid:e' },
      },
    },
    { fullUrl: 'urn:uuid:p', resource: { ...patient, id: 'p-1', meta: { tag: [{ system: 'urn:t', code: 'x' }] } } },
    { fullUrl: 'urn:uuid:e', resource: { ...encounterOf('-'), subject: { reference: 'urn:uuid:p' } } },
    {
      resource: {
        resourceType: 'Claim',
        id: 'c-1',
        status: 'of no code',
        patient: { reference: 'Patient?identifier=urn:mrn:north|100234' },
      },
    },
  ],
};

function written(name: string, content: string | Uint8Array): string {
  const file = path.join(temporaryFolder(), name);
  writeFileSync(file, content);
  return file;
}

describe('loading Bundles', () => {
  it('J5 resources keep their ids, references are made whole, nothing is validated', async () => {
    const text = JSON.stringify(small).replace('"value":128', '"value":128.0');
    const ehr = await practice({ load: [written('small.json.gz', gzipSync(text))] });
    expect(ehr.loaded).toMatchObject([{ status: 'loaded', resources: 4 }]);
    const observation = await ehr.call('GET', '/Observation/o-1');
    expect(observation.text).toContain('"value":128.0');
    const read = JSON.parse(observation.text) as { subject: unknown; encounter: { reference: string } };
    expect(read.subject).toEqual({ reference: 'Patient/p-1' });
    expect((await ehr.call('GET', `/${read.encounter.reference}`)).status).toBe(200);
    expect(JSON.parse((await ehr.call('GET', '/Claim/c-1')).text)).toMatchObject({ patient: { reference: 'Patient/p-1' } });
    expect(await searchTotal(ehr, 'Observation?patient=p-1')).toBe(1);
    expect(await searchTotal(ehr, 'Patient?_tag=urn:t|x')).toBe(1);
    // A restored chart is no work of a client.
    expect(ehr.stats().committed.created).toBe(0);
  });

  it('J5 a file already loaded is skipped and says so, also after a restart', async () => {
    const dataFile = path.join(temporaryFolder(), 'chart.sqlite');
    const file = written('small.json', JSON.stringify(small));
    const messages: string[] = [];
    const logger = (_level: string, message: string): void => {
      messages.push(message);
    };
    const first = await practice({ dataFile, load: [file, file], logger });
    expect(first.loaded.map((report) => report.status)).toEqual(['loaded', 'skipped']);
    await first.close();
    const second = await practice({ dataFile, load: [file], logger });
    expect(second.loaded).toMatchObject([{ status: 'skipped', resources: 0, sha256: first.loaded[0]?.sha256 }]);
    expect(messages.filter((message) => message.includes('skipped'))).toHaveLength(2);
    expect(bundleOf(await second.call('GET', '/Patient/p-1/_history')).total).toBe(1);
  });

  it('J5 of another file only what differs makes a new version', async () => {
    const changed = structuredClone(small) as unknown as { entry: { resource: Record<string, unknown> }[] };
    const observation = changed.entry[0]?.resource;
    if (observation !== undefined) observation['status'] = 'amended';
    changed.entry = changed.entry.filter((entry) => entry.resource['resourceType'] !== 'Encounter');
    const first = structuredClone(small) as unknown as typeof changed;
    first.entry = first.entry.filter((entry) => entry.resource['resourceType'] !== 'Encounter');
    const ehr = await practice({ load: [written('1.json', JSON.stringify(first)), written('2.json', JSON.stringify(changed))] });
    expect(ehr.loaded.map((report) => report.resources)).toEqual([3, 1]);
    expect(JSON.parse((await ehr.call('GET', '/Observation/o-1')).text)).toMatchObject({
      status: 'amended',
      meta: { versionId: '2' },
    });
  });

  it.each([
    ['not JSON', '{"resourceType":"Bundle",'],
    ['a member twice', '{"resourceType":"Bundle","type":"collection","type":"collection"}'],
    ['not a Bundle', '{"resourceType":"Patient"}'],
    [
      'an unknown resource type',
      '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Banana"}}]}',
    ],
    [
      'an impossible id',
      '{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","id":"a b"}}]}',
    ],
    ['a damaged archive', new Uint8Array([0x1f, 0x8b, 1, 2, 3])],
  ])('J5 %s is refused by its file name, and nothing of it is loaded', async (_what, content) => {
    const dataFile = path.join(temporaryFolder(), 'chart.sqlite');
    await expect(startPracticeEhr({ dataFile, load: [written('wrong.json', content)] })).rejects.toThrow('wrong.json');
    expect((await practice({ dataFile })).stats().resources).toEqual({});
  });

  it('J5 whole charts load, and their visits are found by id and by patient', async () => {
    const folder = fileURLToPath(new URL('../../../shared/data/synthea-r4', import.meta.url));
    const charts = existsSync(folder) ? readdirSync(folder).slice(0, 2) : [];
    const files =
      charts.length > 0 ? charts.map((name) => path.join(folder, name)) : [written('small.json', JSON.stringify(small))];
    const ehr = await practice({ load: files });
    const { Encounter: encounters = 0, Patient: patients } = ehr.stats().resources;
    expect([patients, encounters > 0]).toEqual([files.length, true]);
    const found = bundleOf(await ehr.call('GET', '/Encounter?_count=1')).entry?.[0]?.resource as unknown as {
      id: string;
      subject: { reference: string };
    };
    expect((await ehr.call('GET', `/Encounter/${found.id}`)).status).toBe(200);
    expect(found.subject.reference).toMatch(/^Patient\//);
    const ofPatient = bundleOf(await ehr.call('GET', `/Encounter?subject=${found.subject.reference}&_count=500`));
    expect(ofPatient.entry?.map((entry) => entry.resource?.id)).toContain(found.id);
  });
});

describe('starting', () => {
  it('J5 an unknown profile, a foreign file and a taken port are refused', async () => {
    await expect(startPracticeEhr({ dataFile: ':memory:', profile: 'banana' })).rejects.toThrow(/generic-r4/);
    await expect(
      startPracticeEhr({ dataFile: written('chart.sqlite', 'not a database, but long enough to be looked at'.repeat(50)) }),
    ).rejects.toThrow();
    const ehr = await practice();
    await expect(startPracticeEhr({ dataFile: ':memory:', port: Number(new URL(ehr.baseUrl).port) })).rejects.toThrow(
      /EADDRINUSE/,
    );
  });
});
