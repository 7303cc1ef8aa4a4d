import { describe, expect, it } from 'vitest';
import {
  bundleOf,
  encounterOf,
  ifNoneExist,
  issuesOf,
  observationOf,
  patient,
  practice,
  searchTotal,
} from './testing/practice.ts';

const post = (resource: Record<string, unknown>, fullUrl?: string, more: Record<string, unknown> = {}): unknown => ({
  ...(fullUrl === undefined ? {} : { fullUrl }),
  resource,
  request: { method: 'POST', url: resource['resourceType'], ...more },
});
const transaction = (...entry: unknown[]): unknown => ({ resourceType: 'Bundle', type: 'transaction', entry });
const refersTo = (subject: string): Record<string, unknown> => ({ ...observationOf('-'), subject: { reference: subject } });

describe('transactions', () => {
  it('J5 placeholders become the ids given, whatever the order, and decimals keep their text', async () => {
    const ehr = await practice();
    const body = JSON.stringify(
      transaction(
        post({ ...refersTo('urn:uuid:p'), encounter: { reference: 'urn:uuid:e' } }, 'urn:uuid:o'),
        post({ ...encounterOf('-'), subject: { reference: 'urn:uuid:p' } }, 'urn:uuid:e'),
        post(patient, 'urn:uuid:p'),
      ),
    ).replace('"value":128', '"value":1.00');
    const got = await ehr.call('POST', '', body, { prefer: 'return=representation' });
    expect(got.status, got.text).toBe(200);
    const { type, entry = [] } = bundleOf(got);
    expect(type).toBe('transaction-response');
    expect(entry.map((one) => [one.response?.status, one.response?.etag])).toEqual(Array(3).fill(['201', 'W/"1"']));
    const [observation, encounter, person] = entry.map((one) => one.resource);
    expect(observation).toMatchObject({
      subject: { reference: `Patient/${person?.id ?? ''}` },
      encounter: { reference: `Encounter/${encounter?.id ?? ''}` },
    });
    expect(entry[0]?.response?.location).toBe(`${ehr.baseUrl}/Observation/${observation?.id ?? ''}/_history/1`);
    expect(got.text).toContain('"value":1.00');
    expect((await ehr.call('GET', `/Observation/${observation?.id ?? ''}`)).text).toContain('"value":1.00');
  });

  it('J5 all of it or nothing', async () => {
    const ehr = await practice();
    const got = await ehr.call('POST', '', transaction(post(patient), post(refersTo('Patient/nobody'))));
    expect(got.status).toBe(422);
    expect(issuesOf(got)[0]?.text).toMatch(/^Bundle\.entry\[1\]: Patient\/nobody is not in the chart/);
    expect(ehr.stats()).toMatchObject({ resources: {}, committed: { created: 0 } });
    // The chart is whole: the next write and search work as before.
    await ehr.made(patient);
    expect(await searchTotal(ehr, 'Patient?family=campbell')).toBe(1);
  });

  it('J5 a conditional create and a conditional reference find what is there', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const condition = { ifNoneExist: 'identifier=urn:mrn:north|100234' };
    const got = await ehr.call('POST', '', transaction(post(patient, 'urn:uuid:p', condition), post(refersTo('urn:uuid:p'))));
    expect(bundleOf(got).entry?.map((entry) => entry.response?.status)).toEqual(['200', '201']);
    expect((await ehr.call('POST', '', transaction(post(refersTo('Patient?identifier=urn:mrn:north|100234'))))).status).toBe(200);
    expect(await searchTotal(ehr, `Observation?patient=${id}`)).toBe(2);
    expect((await ehr.call('POST', '', transaction(post(refersTo('Patient?identifier=none'))))).status).toBe(412);
    expect((await ehr.call('POST', '', transaction(post(refersTo('Patient?idntifier=none'))))).status).toBe(400);
  });

  it('J5 updates, patches, deletions and reads run in their order', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const old = await ehr.made(observationOf(id));
    const patch = Buffer.from('[{"op":"replace","path":"/gender","value":"other"}]').toString('base64');
    const got = await ehr.call(
      'POST',
      '',
      transaction(
        { request: { method: 'GET', url: `Patient/${id}` } },
        { request: { method: 'GET', url: `Observation?patient=${id}` } },
        {
          resource: { resourceType: 'Binary', contentType: 'application/json-patch+json', data: patch },
          request: { method: 'PATCH', url: `Patient/${id}`, ifMatch: 'W/"1"' },
        },
        { resource: { ...observationOf(id, 'put'), id: 'o-1' }, request: { method: 'PUT', url: 'Observation/o-1' } },
        { request: { method: 'DELETE', url: `Observation/${old}` } },
      ),
    );
    expect(got.status, got.text).toBe(200);
    const { entry = [] } = bundleOf(got);
    expect(entry.map((one) => one.response?.status)).toEqual(['200', '200', '200', '201', '204']);
    expect(entry[0]?.resource).toMatchObject({ gender: 'other' });
    expect(entry[1]?.resource).toMatchObject({ type: 'searchset', total: 1 });
  });

  it.each([
    [
      'an old version',
      412,
      (id: string) => [{ resource: { ...patient, id }, request: { method: 'PUT', url: `Patient/${id}`, ifMatch: 'W/"9"' } }],
    ],
    [
      'one resource twice',
      400,
      (id: string) => Array(2).fill({ resource: { ...patient, id }, request: { method: 'PUT', url: `Patient/${id}` } }),
    ],
    ['one fullUrl twice', 400, () => [post(patient, 'urn:uuid:p'), post(patient, 'urn:uuid:p')]],
    ['no url', 400, () => [{ request: { method: 'GET' } }]],
    ['an unknown method', 400, () => [{ request: { method: 'HEAD', url: 'Patient/1' } }]],
    ['an unknown type', 404, () => [post({ resourceType: 'Banana' })]],
    ['a resource of another type', 400, () => [{ resource: patient, request: { method: 'POST', url: 'Observation' } }]],
    ['no resource', 400, () => [{ request: { method: 'POST', url: 'Patient' } }]],
    ['a patch that is none', 400, (id: string) => [{ resource: patient, request: { method: 'PATCH', url: `Patient/${id}` } }]],
    ['a create under an id', 400, () => [{ resource: patient, request: { method: 'POST', url: 'Patient/1' } }]],
    ['a conditional update', 400, () => [{ resource: patient, request: { method: 'PUT', url: 'Patient?identifier=1' } }]],
  ])('J5 a transaction with %s is refused with %i', async (_what, status, entries) => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    const got = await ehr.call('POST', '', transaction(...entries(id)));
    expect(got.status, got.text).toBe(status);
    expect(ehr.stats().resources).toEqual({ Patient: 1 });
  });

  it('J5 a Bundle of another type is refused', async () => {
    const ehr = await practice();
    expect((await ehr.call('POST', '', { resourceType: 'Bundle', type: 'collection' })).status).toBe(400);
    expect((await ehr.call('POST', '', patient)).status).toBe(400);
  });
});

describe('batches', () => {
  it('J5 each entry stands by itself', async () => {
    const ehr = await practice();
    const batch = {
      resourceType: 'Bundle',
      type: 'batch',
      entry: [post(patient), post({ resourceType: 'Banana' }), post(refersTo('Patient/nobody')), post(patient)],
    };
    const { entry = [], type } = bundleOf(await ehr.call('POST', '', batch));
    expect(type).toBe('batch-response');
    expect(entry.map((one) => one.response?.status)).toEqual(['201', '404', '422', '201']);
    expect(entry[2]?.response?.outcome).toMatchObject({ resourceType: 'OperationOutcome' });
    expect(ehr.stats().committed.created).toBe(2);
  });

  it('C3 a conditional create in a batch finds what the entry before made', async () => {
    const ehr = await practice();
    const condition = { ifNoneExist: ifNoneExist('w-1')['if-none-exist'] };
    const id = await ehr.made(patient);
    const entries = [post(observationOf(id), undefined, condition), post(observationOf(id), undefined, condition)];
    const { entry = [] } = bundleOf(await ehr.call('POST', '', { resourceType: 'Bundle', type: 'batch', entry: entries }));
    expect(entry.map((one) => one.response?.status)).toEqual(['201', '200']);
  });
});
