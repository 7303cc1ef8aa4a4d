import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { faultPlan, faultPlanJsonSchema } from './index.ts';
import type { FaultPlan } from './index.ts';
import {
  KEY_SYSTEM,
  bundleOf,
  ifNoneExist,
  issuesOf,
  observationOf,
  patient,
  practice,
  searchTotal,
  wasCut,
} from './testing/practice.ts';
import type { Practice } from './testing/practice.ts';

type Faults = FaultPlan['faults'];

async function with_(faults: Faults, clock?: () => number): Promise<{ ehr: Practice; id: string }> {
  const ehr = await practice(clock === undefined ? {} : { clock });
  const id = await ehr.made(patient);
  ehr.setFaults({ seed: 7, faults });
  return { ehr, id };
}

const fired = (ehr: Practice): number[] => ehr.stats().faults.map((fault) => fault.fired);

describe('faults of the answer', () => {
  it('J5 FLT-2 lost-reply commits and answers nothing', async () => {
    const { ehr, id } = await with_([{ kind: 'lost-reply', method: ['POST'], types: ['Observation'], times: 1 }]);
    expect(await wasCut(ehr.call('POST', '/Observation', observationOf(id)))).toBe(true);
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|w-1`)).toBe(1);
    expect(fired(ehr)).toEqual([1]);
    expect((await ehr.call('POST', '/Observation', observationOf(id, 'w-2'))).status).toBe(201);
  });

  it('J5 FLT-1 timeout-before commits nothing', async () => {
    const { ehr, id } = await with_([{ kind: 'timeout-before', method: ['POST'], holdMs: 10 }]);
    expect(await wasCut(ehr.call('POST', '/Observation', observationOf(id)))).toBe(true);
    expect(ehr.stats().committed.created).toBe(1);
  });

  it('J5 a held request does not hold up the end of the server', async () => {
    const { ehr, id } = await with_([{ kind: 'timeout-before', method: ['POST'] }]);
    const held = wasCut(ehr.call('POST', '/Observation', observationOf(id)));
    await vi.waitFor(() => {
      expect(fired(ehr)).toEqual([1]);
    });
    await ehr.close();
    expect(await held).toBe(true);
  });

  it('J5 FLT-5 reset-mid-body commits and cuts the answer in the middle', async () => {
    const { ehr, id } = await with_([{ kind: 'reset-mid-body', method: ['POST'] }]);
    const response = await fetch(`${ehr.baseUrl}/Observation`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(observationOf(id)),
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toContain('/Observation/');
    expect(await wasCut(response.text())).toBe(true);
    expect(await searchTotal(ehr, 'Observation?_summary=count')).toBe(1);
  });

  it.each([
    ['first', {}, 201, 2],
    ['second', {}, 201, 2],
    ['first', ifNoneExist('w-1'), 201, 1],
    ['second', ifNoneExist('w-1'), 200, 1],
  ] as const)(
    'J5 FLT-3 duplicate-request with the %s answer under %j gives %i, %i in the chart',
    async (answer, headers, status, count) => {
      const { ehr, id } = await with_([{ kind: 'duplicate-request', method: ['POST'], answer }]);
      expect((await ehr.call('POST', '/Observation', observationOf(id), headers)).status).toBe(status);
      expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|w-1`)).toBe(count);
    },
  );

  it('J5 FLT-3 a repeated update with If-Match is refused by its own first half', async () => {
    const { ehr, id } = await with_([{ kind: 'duplicate-request', method: ['PUT'], answer: 'second', delayMs: 1 }]);
    const got = await ehr.call('PUT', `/Patient/${id}`, { ...patient, id, gender: 'other' }, { 'if-match': 'W/"1"' });
    expect(got.status).toBe(412);
    expect(JSON.parse((await ehr.call('GET', `/Patient/${id}`)).text)).toMatchObject({
      gender: 'other',
      meta: { versionId: '2' },
    });
  });

  it.each([
    ['absent', /^$/],
    ['seconds', /^3$/],
    ['http-date', / GMT$/],
    ['huge', /^[0-9]{9,}$/],
    ['past', / GMT$/],
    ['garbage', /^soon$/],
  ] as const)('J5 FLT-6 status with Retry-After %s', async (retryAfter, expected) => {
    const { ehr } = await with_([{ kind: 'status', status: 503, retryAfter, retryAfterSeconds: 3 }]);
    const got = await ehr.call('GET', '/Patient');
    const header = got.headers.get('retry-after') ?? '';
    expect(got.status).toBe(503);
    expect(header).toMatch(expected);
    if (retryAfter === 'past') expect(Date.parse(header)).toBeLessThan(Date.now());
    if (retryAfter === 'http-date') expect(Date.parse(header)).toBeGreaterThan(Date.now());
    expect(issuesOf(got)[0]?.code).toBe('transient');
  });

  it.each([429, 500, 502, 504])('J5 FLT-6 status %i says whether it committed by the chart alone', async (status) => {
    const { ehr, id } = await with_([
      { kind: 'status', status, method: ['POST'], committed: true, times: 1 },
      { kind: 'status', status, method: ['POST'] },
    ]);
    expect((await ehr.call('POST', '/Observation', observationOf(id, 'kept'))).status).toBe(status);
    expect((await ehr.call('POST', '/Observation', observationOf(id, 'lost'))).status).toBe(status);
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|kept`)).toBe(1);
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|lost`)).toBe(0);
  });

  it.each([true, false])('J5 FLT-10 ok-with-error-outcome, committed %s', async (committed) => {
    const { ehr, id } = await with_([{ kind: 'ok-with-error-outcome', committed }]);
    const got = await ehr.call('POST', '/Observation', observationOf(id));
    expect(got.status).toBe(200);
    expect(JSON.parse(got.text)).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] });
    expect(await searchTotal(ehr, 'Observation')).toBe(committed ? 1 : 0);
  });

  it('J5 accepted-202 answers first and commits later', async () => {
    const { ehr, id } = await with_([
      { kind: 'accepted-202', types: ['Observation'], times: 1 },
      { kind: 'accepted-202', types: ['Observation'], delayMs: 15 },
    ]);
    const soon = await ehr.call('POST', '/Observation', observationOf(id, 'soon'));
    expect([soon.status, soon.text, soon.headers.get('location')]).toEqual([202, '', null]);
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|soon`)).toBe(1);
    expect((await ehr.call('POST', '/Observation', observationOf(id, 'later'))).status).toBe(202);
    await vi.waitFor(async () => {
      expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|later`)).toBe(1);
    });
  });

  it.each([true, false])('J5 FLT-10 no-location, with ETag %s', async (etag) => {
    const { ehr, id } = await with_([{ kind: 'no-location', etag }]);
    const got = await ehr.call('POST', '/Observation', observationOf(id));
    expect([got.status, got.text, got.headers.get('location'), got.headers.get('etag')]).toEqual([
      201,
      '',
      null,
      etag ? 'W/"1"' : null,
    ]);
    expect(await searchTotal(ehr, 'Observation')).toBe(1);
  });

  it('J5 FLT-4 slow carries the request out even when the client has gone', async () => {
    const { ehr, id } = await with_([{ kind: 'slow', method: ['POST'], delayMs: 250 }]);
    const leave = new AbortController();
    const request = fetch(`${ehr.baseUrl}/Observation`, {
      method: 'POST',
      headers: { 'content-type': 'application/fhir+json' },
      body: JSON.stringify(observationOf(id)),
      signal: leave.signal,
    });
    const gone = wasCut(request);
    await vi.waitFor(() => expect(fired(ehr)).toEqual([1]), { interval: 1 });
    leave.abort();
    expect(await gone).toBe(true);
    await vi.waitFor(() => {
      expect(ehr.stats().committed.created).toBe(2);
    });
  });

  it('J5 slow after the commit answers late', async () => {
    const { ehr, id } = await with_([{ kind: 'slow', method: ['POST'], delayMs: 30, when: 'after' }]);
    const answer = ehr.call('POST', '/Observation', observationOf(id));
    await vi.waitFor(() => {
      expect(ehr.stats().committed.created).toBe(2);
    });
    expect((await answer).status).toBe(201);
  });
});

describe('faults of the chart', () => {
  it('J5 FLT-8 stale-version lets another author write just before', async () => {
    const { ehr, id } = await with_([{ kind: 'stale-version', change: { gender: 'unknown' } }]);
    const update = (version: number): Promise<number> =>
      ehr.call('PUT', `/Patient/${id}`, { ...patient, id }, { 'if-match': `W/"${version}"` }).then((got) => got.status);
    expect(await update(1)).toBe(412);
    const theirs = JSON.parse((await ehr.call('GET', `/Patient/${id}`)).text) as { meta: object };
    expect(theirs).toMatchObject({ gender: 'unknown', meta: { versionId: '2' } });
    expect(theirs.meta).not.toHaveProperty('tag');
    // Where nothing is, nobody else has written either.
    expect((await ehr.call('PUT', '/Patient/brand-new', { ...patient, id: 'brand-new' })).status).toBe(201);
  });

  it('J5 FLT-8 a change that the chart refuses is left out and logged', async () => {
    const messages: string[] = [];
    const ehr = await practice({ logger: (level, message) => messages.push(`${level}: ${message}`) });
    const id = await ehr.made(patient);
    ehr.setFaults({ faults: [{ kind: 'stale-version', change: { gender: 'banana' } }] });
    expect((await ehr.call('PUT', `/Patient/${id}`, { ...patient, id }, { 'if-match': 'W/"1"' })).status).toBe(200);
    expect(messages.filter((message) => message.startsWith('error'))).toHaveLength(1);
  });

  it('J5 FLT-8 left to itself the other author changes a tag only', async () => {
    const { ehr, id } = await with_([{ kind: 'stale-version' }]);
    await ehr.call('DELETE', `/Patient/${id}`, undefined, { 'if-match': 'W/"1"' });
    expect(JSON.parse((await ehr.call('GET', `/Patient/${id}`)).text)).toMatchObject({
      ...patient,
      meta: { versionId: '2', tag: [{ system: 'urn:countersign:practice', code: 'another-author' }] },
    });
  });

  it('J5 FLT-9 search-lag hides a write from searches and If-None-Exist until it is over, not from a read', async () => {
    let now = Date.parse('2026-03-02T09:00:00Z');
    const { ehr, id } = await with_([{ kind: 'search-lag', lagMs: 5000, types: ['Observation'] }], () => now);
    const first = await ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'));
    const place = `/Observation/${(JSON.parse(first.text) as { id: string }).id}`;
    expect((await ehr.call('GET', place)).status).toBe(200);
    for (const query of ['', `?identifier=${KEY_SYSTEM}|w-1`, `?_id=${place.slice(13)}`, '?_lastUpdated=gt2000']) {
      expect(await searchTotal(ehr, `Observation${query}`), query).toBe(0);
    }
    now += 4999;
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|w-1`)).toBe(0);
    expect((await ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'))).status).toBe(201);
    now += 1;
    expect(await searchTotal(ehr, `Observation?identifier=${KEY_SYSTEM}|w-1`)).toBe(1);
    now += 5000;
    expect((await ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'))).status).toBe(412);
  });

  it('J5 FLT-9 a lagging update is found by what it was until then', async () => {
    let now = Date.parse('2026-03-02T09:00:00Z');
    const { ehr, id } = await with_([{ kind: 'search-lag', lagMs: 1000 }], () => now);
    await ehr.call('PUT', `/Patient/${id}`, { ...patient, id, gender: 'other' });
    expect(await searchTotal(ehr, 'Patient?gender=male')).toBe(1);
    now += 1000;
    expect([await searchTotal(ehr, 'Patient?gender=male'), await searchTotal(ehr, 'Patient?gender=other')]).toEqual([0, 1]);
  });

  it('J5 FLT-10 drop-field loses elements without a word', async () => {
    const { ehr, id } = await with_([
      { kind: 'drop-field', fields: ['note', 'interpretation', 'code.coding.display', 'subject'] },
    ]);
    const got = await ehr.call(
      'POST',
      '/Observation',
      observationOf(id, 'w-1', { note: [{ text: 'x' }], interpretation: [{ text: 'high' }] }),
    );
    expect(got.status).toBe(201);
    const stored = JSON.parse(got.text) as Record<string, unknown>;
    expect(stored).not.toHaveProperty('note');
    expect(stored).not.toHaveProperty('interpretation');
    expect(stored).not.toHaveProperty('subject');
    expect(stored['code']).toEqual({ coding: [{ system: 'http://loinc.org', code: '8480-6' }] });
  });

  it('J5 ignored-search-parameter filters nothing and leaves it out of the self link', async () => {
    const { ehr, id } = await with_([{ kind: 'ignored-search-parameter', parameters: ['identifier'] }]);
    await ehr.made(observationOf(id, 'w-1'));
    await ehr.made(observationOf(id, 'w-2'));
    const bundle = bundleOf(await ehr.call('GET', `/Observation?identifier=${KEY_SYSTEM}|w-1&patient=${id}`));
    expect(bundle.total).toBe(2);
    expect(bundle.link?.[0]?.url).toBe(`${ehr.baseUrl}/Observation?patient=${id}`);
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(bundleOf(await ehr.call('POST', '/Observation/_search', 'identifier=nothing', form)).total).toBe(2);
    expect((await ehr.call('POST', '/Observation', observationOf(id, 'w-9'), ifNoneExist('w-9'))).status).toBe(412);
    expect((await ehr.call('GET', '/Observation?status=final')).status).toBe(200);
    expect(fired(ehr)).toEqual([3]);
  });

  it('J5 duplicate-create-race overlooks If-None-Exist', async () => {
    const { ehr, id } = await with_([{ kind: 'duplicate-create-race' }]);
    const both = await Promise.all([1, 2].map(() => ehr.call('POST', '/Observation', observationOf(id), ifNoneExist('w-1'))));
    expect(both.map((got) => got.status)).toEqual([201, 201]);
  });
});

describe('the plan', () => {
  async function pattern(ehr: Practice, requests: number): Promise<string> {
    let seen = '';
    for (let n = 0; n < requests; n += 1) seen += (await ehr.call('GET', '/Patient')).status === 500 ? 'x' : '.';
    return seen;
  }

  it('J5 the same seed gives the same faults, another seed others', async () => {
    const plan = (seed: number): FaultPlan => ({ seed, faults: [{ kind: 'status', status: 500, probability: 0.4 }] });
    const [one, same, other] = await Promise.all(
      [11, 11, 12].map(async (seed) => pattern(await practice({ faults: plan(seed) }), 40)),
    );
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    expect(one?.replaceAll('.', '').length).toBeGreaterThan(6);
    expect(one?.replaceAll('.', '').length).toBeLessThan(28);
  });

  it('J5 one fault more does not move the others, and the plan can be started over', async () => {
    const fault: Faults[number] = { kind: 'status', status: 500, probability: 0.5, types: ['Patient'] };
    const ehr = await practice({ seed: 3, faults: { faults: [fault] } });
    const alone = await pattern(ehr, 25);
    await ehr.control('POST', '/reset-faults-seed');
    expect(await pattern(ehr, 25)).toBe(alone);
    ehr.setFaults({ faults: [fault, { kind: 'slow', delayMs: 0, probability: 0.5 }] });
    expect(await pattern(ehr, 25)).toBe(alone);
  });

  it('J5 every n-th and at most so often', async () => {
    const ehr = await practice({ faults: { faults: [{ kind: 'status', status: 500, every: 3, times: 2 }] } });
    expect(await pattern(ehr, 12)).toBe('..x..x......');
    expect(ehr.stats().faults).toEqual([{ kind: 'status', matched: 12, fired: 2 }]);
  });

  it.each([
    [{ faults: [{ kind: 'banana' }] }],
    [{ faults: [{ kind: 'lost-reply', probability: 2 }] }],
    [{ faults: [{ kind: 'lost-reply', probability: 0.5, every: 2 }] }],
    [{ faults: [{ kind: 'lost-reply', probabilty: 0.5 }] }],
    [{ faults: [{ kind: 'search-lag' }] }],
    [{ faults: [{ kind: 'drop-field', fields: [] }] }],
    [{ faults: [{ kind: 'drop-field', fields: ['meta.tag'] }] }],
    [{ faults: [{ kind: 'stale-version', change: { id: 'x' } }] }],
    [{ faults: [], more: 1 }],
    [{}],
  ])('J5 %j is no plan', async (plan) => {
    const ehr = await practice();
    expect(faultPlan.safeParse(plan).success).toBe(false);
    expect((await ehr.control('PUT', '/faults', plan)).status).toBe(422);
    expect((await ehr.control('GET', '/faults')).text).toBe('{"faults":[]}');
  });

  it('J5 the JSON Schema on file is the one of the plan', () => {
    const file = fileURLToPath(new URL('../../resources/schemas/practice-ehr-faults.schema.json', import.meta.url));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(faultPlanJsonSchema());
  });
});

describe('the control address', () => {
  it('J5 faults are put, shown and taken away while the server runs', async () => {
    const ehr = await practice();
    const plan = { seed: 1, faults: [{ kind: 'status', status: 500 }] };
    expect((await ehr.control('PUT', '/faults', plan)).status).toBe(200);
    expect(JSON.parse((await ehr.control('GET', '/faults')).text)).toMatchObject(plan);
    expect((await ehr.call('GET', '/Patient')).status).toBe(500);
    expect((await ehr.control('DELETE', '/faults')).status).toBe(204);
    expect((await ehr.call('GET', '/Patient')).status).toBe(200);
    expect((await ehr.control('PUT', '/faults', '{"faults":[],"faults":[]}')).status).toBe(400);
    expect((await ehr.control('POST', '/faults')).status).toBe(405);
    expect((await ehr.control('GET', '/toString')).status).toBe(404);
  });

  it('J5 effects counts what carries an identifier, lag or not, deleted or not as asked', async () => {
    const { ehr, id } = await with_([{ kind: 'search-lag', lagMs: 60_000 }]);
    const first = await ehr.made(observationOf(id, 'a'));
    await ehr.made(observationOf(id, 'a'));
    await ehr.made(observationOf(id, 'b', { identifier: undefined, meta: { tag: [{ system: KEY_SYSTEM, code: 'b' }] } }));
    await ehr.call('PUT', `/Observation/${first}`, { ...observationOf(id, 'c'), id: first });
    const effects = async (query: string): Promise<unknown> => JSON.parse((await ehr.control('GET', `/effects?${query}`)).text);
    expect(await effects(`identifierSystem=${KEY_SYSTEM}`)).toEqual({
      identifierSystem: KEY_SYSTEM,
      values: { a: 1, b: 1, c: 1 },
    });
    await ehr.call('DELETE', `/Observation/${first}`);
    expect(await effects(`identifierSystem=${KEY_SYSTEM}`)).toMatchObject({ values: { a: 1, b: 1 } });
    expect(await effects(`identifierSystem=${KEY_SYSTEM}&deleted=true`)).toMatchObject({ values: { a: 1, b: 1, c: 1 } });
    expect((await ehr.control('GET', '/effects')).status).toBe(400);
  });

  it('J5 stats counts requests, writes and resources', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    await ehr.call('PUT', `/Patient/${id}`, { ...patient, id });
    await ehr.call('POST', '/Patient', { resourceType: 'Patient', gender: 'x' });
    await ehr.call('DELETE', `/Patient/${await ehr.made(patient)}`);
    expect(JSON.parse((await ehr.control('GET', '/stats')).text)).toEqual({
      requests: { total: 5, byMethod: { POST: 3, PUT: 1, DELETE: 1 } },
      committed: { created: 2, updated: 1, deleted: 1 },
      faults: [],
      resources: { Patient: 1 },
    });
  });
});
