import { request as rawRequest } from 'node:http';
import type { ClientRequest, RequestOptions } from 'node:http';
import { describe, expect, it } from 'vitest';
import { limits } from '../../src-shared/limits/index.ts';
import { bundleOf, encounterOf, issuesOf, observationOf, patient, practice } from './testing/practice.ts';
import type { Practice } from './testing/practice.ts';

const jsonPatch = { 'content-type': 'application/json-patch+json' };

interface Case {
  readonly what: string;
  readonly method: string;
  readonly path: (ids: Ids) => string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
}

interface Ids {
  readonly patient: string;
  readonly gone: string;
}

const cases: readonly Case[] = [
  { what: 'create', method: 'POST', path: () => '/Patient', body: patient, status: 201 },
  { what: 'read', method: 'GET', path: (ids) => `/Patient/${ids.patient}`, status: 200 },
  { what: 'read of an unknown id', method: 'GET', path: () => '/Patient/nobody', status: 404 },
  { what: 'read of a deleted resource', method: 'GET', path: (ids) => `/Patient/${ids.gone}`, status: 410 },
  { what: 'read of an unknown type', method: 'GET', path: () => '/Banana/1', status: 404 },
  { what: 'create of an unknown type', method: 'POST', path: () => '/Banana', body: { resourceType: 'Banana' }, status: 404 },
  { what: 'read with an impossible id', method: 'GET', path: () => '/Patient/a%20b', status: 400 },
  {
    what: 'unchanged read',
    method: 'GET',
    path: (ids) => `/Patient/${ids.patient}`,
    headers: { 'if-none-match': 'W/"1"' },
    status: 304,
  },
  { what: 'vread', method: 'GET', path: (ids) => `/Patient/${ids.patient}/_history/1`, status: 200 },
  { what: 'vread of an unknown version', method: 'GET', path: (ids) => `/Patient/${ids.patient}/_history/9`, status: 404 },
  { what: 'vread of the deletion', method: 'GET', path: (ids) => `/Patient/${ids.gone}/_history/2`, status: 410 },
  { what: 'history of an unknown id', method: 'GET', path: () => '/Patient/nobody/_history', status: 404 },
  { what: 'history of a deleted resource', method: 'GET', path: (ids) => `/Patient/${ids.gone}/_history`, status: 200 },
  { what: 'history with an unknown parameter', method: 'GET', path: () => '/Patient/_history?_at=2026', status: 400 },
  { what: 'malformed JSON', method: 'POST', path: () => '/Patient', body: '{"resourceType":"Patient",', status: 400 },
  {
    what: 'a member twice',
    method: 'POST',
    path: () => '/Patient',
    body: '{"resourceType":"Patient","gender":"male","gender":"male"}',
    status: 400,
  },
  {
    what: 'JSON too deep',
    method: 'POST',
    path: () => '/Patient',
    body: `{"resourceType":"Patient","x":${'['.repeat(99)}${']'.repeat(99)}}`,
    status: 400,
  },
  { what: 'a body of another type', method: 'POST', path: () => '/Patient', body: { resourceType: 'Group' }, status: 400 },
  { what: 'a body that is no resource', method: 'POST', path: () => '/Patient', body: '[1]', status: 400 },
  {
    what: 'an invalid resource',
    method: 'POST',
    path: () => '/Patient',
    body: { resourceType: 'Patient', gender: 'banana' },
    status: 422,
  },
  {
    what: 'a create in XML',
    method: 'POST',
    path: () => '/Patient',
    body: '<Patient/>',
    headers: { 'content-type': 'application/fhir+xml' },
    status: 415,
  },
  {
    what: 'a create in latin-1',
    method: 'POST',
    path: () => '/Patient',
    body: patient,
    headers: { 'content-type': 'application/fhir+json; charset=latin1' },
    status: 415,
  },
  {
    what: 'a compressed create',
    method: 'POST',
    path: () => '/Patient',
    body: patient,
    headers: { 'content-encoding': 'gzip' },
    status: 415,
  },
  {
    what: 'a read as XML',
    method: 'GET',
    path: (ids) => `/Patient/${ids.patient}`,
    headers: { accept: 'application/fhir+xml' },
    status: 406,
  },
  { what: 'PUT of a new id', method: 'PUT', path: () => '/Patient/p-new', body: { ...patient, id: 'p-new' }, status: 201 },
  {
    what: 'PUT with another id in the body',
    method: 'PUT',
    path: () => '/Patient/p-x',
    body: { ...patient, id: 'p-y' },
    status: 400,
  },
  { what: 'PUT of a deleted id', method: 'PUT', path: (ids) => `/Patient/${ids.gone}`, body: 'self', status: 201 },
  {
    what: 'PUT with the current version',
    method: 'PUT',
    path: (ids) => `/Patient/${ids.patient}`,
    body: 'self',
    headers: { 'if-match': 'W/"1"' },
    status: 200,
  },
  {
    what: 'PUT with an old version',
    method: 'PUT',
    path: (ids) => `/Patient/${ids.patient}`,
    body: 'self',
    headers: { 'if-match': 'W/"7"' },
    status: 412,
  },
  {
    what: 'PUT with an unreadable If-Match',
    method: 'PUT',
    path: (ids) => `/Patient/${ids.patient}`,
    body: 'self',
    headers: { 'if-match': '1' },
    status: 400,
  },
  {
    what: 'PUT with If-Match on an unknown id',
    method: 'PUT',
    path: () => '/Patient/p-z',
    body: { ...patient, id: 'p-z' },
    headers: { 'if-match': 'W/"1"' },
    status: 412,
  },
  {
    what: 'PUT that must be new, and is not',
    method: 'PUT',
    path: (ids) => `/Patient/${ids.patient}`,
    body: 'self',
    headers: { 'if-none-match': '*' },
    status: 412,
  },
  {
    what: 'PUT that must be new, and is',
    method: 'PUT',
    path: () => '/Patient/p-q',
    body: { ...patient, id: 'p-q' },
    headers: { 'if-none-match': '*' },
    status: 201,
  },
  { what: 'PUT to a type', method: 'PUT', path: () => '/Patient?identifier=1', body: patient, status: 405 },
  {
    what: 'PATCH',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: [{ op: 'replace', path: '/gender', value: 'female' }],
    headers: jsonPatch,
    status: 200,
  },
  {
    what: 'PATCH with an old version',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: [],
    headers: { ...jsonPatch, 'if-match': 'W/"7"' },
    status: 412,
  },
  { what: 'PATCH as FHIR JSON', method: 'PATCH', path: (ids) => `/Patient/${ids.patient}`, body: [], status: 415 },
  { what: 'PATCH of an unknown id', method: 'PATCH', path: () => '/Patient/nobody', body: [], headers: jsonPatch, status: 404 },
  {
    what: 'PATCH that is no patch',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: {},
    headers: jsonPatch,
    status: 400,
  },
  {
    what: 'PATCH whose test fails',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: [{ op: 'test', path: '/gender', value: 'other' }],
    headers: jsonPatch,
    status: 422,
  },
  {
    what: 'PATCH that leaves an invalid resource',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: [{ op: 'replace', path: '/gender', value: 'x' }],
    headers: jsonPatch,
    status: 422,
  },
  {
    what: 'PATCH that changes the id',
    method: 'PATCH',
    path: (ids) => `/Patient/${ids.patient}`,
    body: [{ op: 'replace', path: '/id', value: 'x' }],
    headers: jsonPatch,
    status: 422,
  },
  { what: 'DELETE', method: 'DELETE', path: (ids) => `/Patient/${ids.patient}`, status: 204 },
  { what: 'DELETE again', method: 'DELETE', path: (ids) => `/Patient/${ids.gone}`, status: 204 },
  { what: 'DELETE of an unknown id', method: 'DELETE', path: () => '/Patient/nobody', status: 404 },
  {
    what: 'DELETE with an old version',
    method: 'DELETE',
    path: (ids) => `/Patient/${ids.patient}`,
    headers: { 'if-match': 'W/"7"' },
    status: 412,
  },
  { what: 'DELETE of a type', method: 'DELETE', path: () => '/Patient?identifier=1', status: 405 },
  { what: 'search', method: 'GET', path: () => '/Patient?family=campbell', status: 200 },
  { what: 'search over all types', method: 'GET', path: () => '', status: 405 },
  { what: 'an operation', method: 'POST', path: () => '/$graphql', body: {}, status: 404 },
  { what: 'capabilities', method: 'GET', path: () => '/metadata', status: 200 },
  { what: 'a path below nothing', method: 'GET', path: () => '/Patient/a/b/c/d', status: 404 },
];

async function filled(ehr: Practice): Promise<Ids> {
  const ids = { patient: await ehr.made(patient), gone: await ehr.made(patient) };
  await ehr.call('DELETE', `/Patient/${ids.gone}`);
  return ids;
}

describe('status codes', () => {
  it.each(cases)('J5 $what answers $status', async ({ method, path, body, headers, status }) => {
    const ehr = await practice();
    const ids = await filled(ehr);
    const place = path(ids);
    const sent = body === 'self' ? { ...patient, id: place.split('/')[2] } : body;
    const got = await ehr.call(method, place, sent, headers);
    expect(got.text).not.toContain('made a mistake');
    expect(got.status).toBe(status);
    if (status >= 400) expect(JSON.parse(got.text)).toHaveProperty('resourceType', 'OperationOutcome');
    if (status === 405) expect(got.headers.get('allow')).not.toBeNull();
  });

  it('J5 a request over the limit answers 413, declared or counted', async () => {
    const ehr = await practice();
    const headers = { 'content-type': 'application/fhir+json', 'content-length': String(limits.recordBytesMax + 1) };
    expect(await rawStatus(`${ehr.baseUrl}/Binary`, { method: 'POST', headers }, (request) => request.flushHeaders())).toBe(413);
    const chunked = { 'content-type': 'application/fhir+json', 'transfer-encoding': 'chunked' };
    const status = rawStatus(`${ehr.baseUrl}/Binary`, { method: 'POST', headers: chunked }, (request) => {
      // One byte too many, and the body goes on: the answer does not wait for its end.
      request.write(Buffer.alloc(limits.recordBytesMax + 1, 0x20));
    });
    expect(await status).toBe(413);
    expect(ehr.stats().committed.created).toBe(0);
  });

  it('J5 a body that is not UTF-8 answers 400', async () => {
    const ehr = await practice();
    const response = await fetch(`${ehr.baseUrl}/Patient`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });
    expect(response.status).toBe(400);
    await response.body?.cancel();
  });
});

describe('headers', () => {
  it('J5 a create says where it landed and which version it is', async () => {
    const ehr = await practice();
    const got = await ehr.call(
      'POST',
      '/Patient',
      { ...patient, id: 'of-the-client', meta: { versionId: '77' } },
      { 'x-request-id': 'req-1' },
    );
    const { id, meta } = JSON.parse(got.text) as { id: string; meta: { versionId: string; lastUpdated: string } };
    expect(id).not.toBe('of-the-client');
    expect(meta.versionId).toBe('1');
    expect(got.headers.get('location')).toBe(`${ehr.baseUrl}/Patient/${id}/_history/1`);
    expect(got.headers.get('etag')).toBe('W/"1"');
    expect(Date.parse(got.headers.get('last-modified') ?? '')).toBe(Math.floor(Date.parse(meta.lastUpdated) / 1000) * 1000);
    expect(got.headers.get('content-type')).toContain('application/fhir+json');
    expect(got.headers.get('x-request-id')).toBe('req-1');
  });

  it('J5 Prefer decides what comes back of a write', async () => {
    const ehr = await practice();
    const minimal = await ehr.call('POST', '/Patient', patient, { prefer: 'return=minimal' });
    expect([minimal.status, minimal.text, minimal.headers.get('etag')]).toEqual([201, '', 'W/"1"']);
    const outcome = await ehr.call('POST', '/Patient', patient, { prefer: 'return=OperationOutcome' });
    expect(JSON.parse(outcome.text)).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'information' }] });
    const whole = await ehr.call('POST', '/Patient', patient, { prefer: 'return=representation' });
    expect(JSON.parse(whole.text)).toMatchObject({ resourceType: 'Patient', birthDate: '1967-02-11' });
  });

  it('J5 a bearer token is demanded when one is set', async () => {
    const ehr = await practice({ bearerToken: 'secret-1' });
    const without = await ehr.call('GET', '/metadata');
    expect([without.status, without.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="practice-ehr"']);
    expect((await ehr.call('GET', '/metadata', undefined, { authorization: 'Bearer secret-2' })).status).toBe(401);
    expect((await ehr.call('GET', '/metadata', undefined, { authorization: 'Bearer secret-1' })).status).toBe(200);
  });

  it('J5 a request for another host name is refused, on both addresses', async () => {
    const ehr = await practice();
    expect(await statusWithHost(`${ehr.baseUrl}/metadata`, 'evil.example')).toBe(421);
    expect(await statusWithHost(`${ehr.controlUrl}/stats`, 'evil.example')).toBe(421);
    expect(await statusWithHost(`${ehr.controlUrl}/stats`, `localhost:${new URL(ehr.baseUrl).port}`)).toBe(200);
  });
});

describe('capabilities', () => {
  it('J5 what the CapabilityStatement says is true', async () => {
    const ehr = await practice();
    const statement = JSON.parse((await ehr.call('GET', '/metadata')).text) as {
      rest: {
        resource: {
          type: string;
          interaction: { code: string }[];
          searchParam: { name: string; type: string }[];
          [key: string]: unknown;
        }[];
      }[];
    };
    const resources = statement.rest[0]?.resource ?? [];
    const observation = resources.find((resource) => resource.type === 'Observation');
    expect(observation).toMatchObject({
      versioning: 'versioned-update',
      conditionalCreate: true,
      updateCreate: true,
      conditionalUpdate: false,
    });
    // Every search parameter it names can be used, on every type.
    const values: Readonly<Record<string, string>> = {
      date: '2026-01-01',
      reference: 'Patient/1',
      uri: 'urn:x',
      string: 'x',
      token: 'x',
    };
    for (const type of ['Observation', 'Patient', 'Encounter', 'DocumentReference', 'Claim', 'Provenance']) {
      const offered = resources.find((resource) => resource.type === type)?.searchParam ?? [];
      expect(offered.map((parameter) => parameter.name)).toContain('_lastUpdated');
      for (const { name, type: kind } of offered) {
        const got = await ehr.call('GET', `/${type}?${name}=${values[kind] ?? ''}`);
        expect(got.status, `${type}?${name}`).toBe(200);
      }
    }
  });
});

describe('history', () => {
  it('J5 versions come newest first, deletions among them', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    await ehr.call('PUT', `/Patient/${id}`, { ...patient, id, gender: 'other' });
    await ehr.call('DELETE', `/Patient/${id}`);
    const bundle = bundleOf(await ehr.call('GET', `/Patient/${id}/_history`));
    expect(bundle.type).toBe('history');
    expect(bundle.total).toBe(3);
    expect(bundle.entry?.map((entry) => [entry.request?.method, entry.response?.etag, entry.resource?.['gender']])).toEqual([
      ['DELETE', 'W/"3"', undefined],
      ['PUT', 'W/"2"', 'other'],
      ['POST', 'W/"1"', 'male'],
    ]);
    // Reading it twice gives the same: nothing is turned over in place.
    expect(bundleOf(await ehr.call('GET', `/Patient/${id}/_history`)).entry).toEqual(bundle.entry);
  });

  it('J5 the history of a type pages through its resources', async () => {
    const ehr = await practice();
    const first = await ehr.made(patient);
    const second = await ehr.made(patient);
    await ehr.made(encounterOf(first));
    await ehr.made(observationOf(first));
    const page = bundleOf(await ehr.call('GET', '/Patient/_history?_count=1'));
    expect(page.total).toBe(2);
    expect(page.entry?.map((entry) => entry.resource?.id)).toEqual([second]);
    const next = page.link?.find((link) => link.relation === 'next')?.url ?? '';
    const rest = bundleOf(await ehr.call('GET', next.slice(ehr.baseUrl.length)));
    expect(rest.entry?.map((entry) => entry.resource?.id)).toEqual([first]);
    expect(rest.link?.some((link) => link.relation === 'next')).toBe(false);
  });
});

it('J5 a refusal names the place of what is wrong', async () => {
  const ehr = await practice();
  const got = await ehr.call('PATCH', '/Patient/x', '[{"op":"add"', jsonPatch);
  expect(issuesOf(got)[0]?.text).toMatch(/^json-syntax in line 1, column 13/);
});

function statusWithHost(url: string, host: string): Promise<number | undefined> {
  return rawStatus(url, { headers: { host } }, (request) => request.end());
}

/** The status of a request that fetch would not send. */
function rawStatus(url: string, options: RequestOptions, send: (request: ClientRequest) => void): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = rawRequest(url, options, (response) => {
      resolve(response.statusCode);
      request.destroy();
    });
    request.on('error', reject);
    send(request);
  });
}
