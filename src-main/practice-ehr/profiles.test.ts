import { Buffer } from 'node:buffer';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Reply } from './answers.ts';
import { Chart } from './chart.ts';
import { FaultEngine } from './faults.ts';
import { practiceProfile } from './profiles.ts';
import type { PracticeProfile } from './profiles.ts';
import { FhirService } from './service.ts';
import { Store } from './store.ts';
import { ifNoneExist, patient } from './testing/practice.ts';

type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;

/** The FHIR side without sockets, behaving as the generic profile with these differences. */
function serving(differences: Partial<PracticeProfile>): Ask {
  const store = new Store(':memory:');
  onTestFinished(() => {
    store.close();
  });
  const chart = new Chart(store, { ...practiceProfile('generic-r4'), ...differences }, Date.now);
  const service = new FhirService(
    chart,
    () => 'http://127.0.0.1:1/fhir',
    false,
    (error) => {
      throw error;
    },
  );
  const decision = new FaultEngine(1).decide({
    method: '',
    interaction: '',
    type: '',
    conditionalCreate: false,
    parameters: new Set(),
  });
  return (method, path, body, headers = {}) =>
    service.answer(
      {
        method,
        path,
        query: '',
        headers: { 'content-type': 'application/fhir+json', ...headers },
        body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      },
      decision,
    );
}

const withId = { ...patient, id: 'p-1' };

describe('profiles are data', () => {
  it('J5 a version conflict may answer 409', async () => {
    const ask = serving({ versionConflictStatus: 409 });
    await ask('PUT', 'Patient/p-1', withId);
    expect((await ask('PUT', 'Patient/p-1', withId, { 'if-match': 'W/"9"' })).status).toBe(409);
  });

  it('J5 If-Match may be demanded, or overlooked', async () => {
    const demanding = serving({ ifMatch: 'required' });
    expect((await demanding('PUT', 'Patient/p-1', withId)).status).toBe(201);
    expect((await demanding('PUT', 'Patient/p-1', withId)).status).toBe(400);
    expect((await demanding('PUT', 'Patient/p-1', withId, { 'if-match': 'W/"1"' })).status).toBe(200);
    const careless = serving({ ifMatch: 'ignored' });
    await careless('PUT', 'Patient/p-1', withId);
    expect((await careless('PUT', 'Patient/p-1', withId, { 'if-match': 'W/"9"' })).status).toBe(200);
    expect((await careless('GET', 'metadata')).body).toContain('"versioning":"versioned"');
  });

  it('J5 ids may be the server’s alone', async () => {
    expect((await serving({ updateCreate: false })('PUT', 'Patient/p-1', withId)).status).toBe(404);
  });

  it('J5 a conditional create may be refused, or overlooked', async () => {
    expect((await serving({ conditionalCreate: 'refused' })('POST', 'Patient', patient, ifNoneExist('1'))).status).toBe(400);
    const careless = serving({ conditionalCreate: 'ignored' });
    const headers = { 'if-none-exist': 'identifier=urn:mrn:north|100234' };
    expect((await careless('POST', 'Patient', patient, headers)).status).toBe(201);
    expect((await careless('POST', 'Patient', patient, headers)).status).toBe(201);
    const transaction = {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ resource: patient, request: { method: 'POST', url: 'Patient', ifNoneExist: headers['if-none-exist'] } }],
    };
    expect((await careless('POST', '', transaction)).body).toContain('"status":"201"');
  });

  it('J5 types, interactions, transactions and search parameters may be left out', async () => {
    const ask = serving({
      types: new Map([['Patient', new Set(['read', 'create', 'search-type'] as const)]]),
      transaction: false,
      searchParameters: new Map([['Patient', new Set(['identifier'])]]),
    });
    expect((await ask('POST', 'Patient', patient)).status).toBe(201);
    expect((await ask('PUT', 'Patient/p-1', withId)).status).toBe(405);
    expect((await ask('GET', 'Patient/p-1/_history')).status).toBe(405);
    expect((await ask('GET', 'Observation')).status).toBe(404);
    expect((await ask('POST', '', { resourceType: 'Bundle', type: 'batch' })).status).toBe(405);
    const statement = JSON.parse((await ask('GET', 'metadata')).body ?? '') as {
      rest: { resource: { searchParam: { name: string }[]; interaction: unknown[] }[] }[];
    };
    expect(statement.rest[0]?.resource).toHaveLength(1);
    expect(statement.rest[0]?.resource[0]?.searchParam.map((parameter) => parameter.name)).toEqual([
      '_id',
      '_lastUpdated',
      'identifier',
    ]);
    expect(statement.rest[0]?.resource[0]?.interaction).toHaveLength(3);
  });
});
