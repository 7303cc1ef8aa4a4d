import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EhrGateway, FindControl, FindQuery } from '../../ports/outbound/index.ts';
import { writeIdentifierSystem } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { stringifyExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { adapters } from '../index.ts';
import { commandFor, factsWith, itemFrom, subjects } from '../testing/commands.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { bundle, ScriptedEhr } from '../testing/scripted-ehr.ts';
import { createGenericR4Gateway } from './index.ts';

/** What a plain server may do that the contract for all adapters does not speak of. */

const surroundings = { credential: () => Promise.resolve(null), sha256, clock, random: countingIds() };
const MRN = { system: 'urn:mrn:north', value: '100234' };
const patient = subjects[2];

let ehr: ScriptedEhr;
let gateway: EhrGateway;

beforeEach(async () => {
  ehr = await ScriptedEhr.start();
  const opened = createGenericR4Gateway({ baseUrl: ehr.baseUrl, ...surroundings });
  if ('refused' in opened) throw new Error(opened.message);
  gateway = opened;
  ehr.seed(patient);
});
afterEach(async () => {
  await ehr.close();
  await gateway.close();
});

const self = (type: string, { system, value }: typeof MRN): ExactObject => ({
  relation: 'self',
  url: `${ehr.baseUrl}${type}?identifier=${encodeURIComponent(`${system}|${value}`)}`,
});
const searchAnswers = (resources: readonly ExactObject[], links: readonly ExactObject[]): void =>
  ehr.next('GET', (call) => call.answer({ status: 200, body: bundle('searchset', resources, links) }));
const lookUpPatient = () => gateway.lookUp({ kind: 'patient', subject: { identifiers: [MRN] } });

const weight = commandFor(itemFrom('{"observations":[{"code":{"text":"Weight"},"value":"81.0","unit":"kg"}]}'));
function preparedWeight() {
  const prepared = gateway.prepare(weight, factsWith());
  if (prepared.outcome === 'refused') throw new Error(prepared.message);
  return prepared.request;
}
const MINE = { system: writeIdentifierSystem, value: weight.identity.id };
const findWeight = () =>
  gateway.find({ id: weight.identity.id, prepared: preparedWeight(), resourceType: 'Observation', target: null });
const observation = (id: string, identifier: readonly ExactObject[] = [MINE]): ExactObject => ({
  resourceType: 'Observation',
  id,
  identifier,
});

describe('opening', () => {
  it('G8 a base address that is not safe opens nothing', () => {
    expect(createGenericR4Gateway({ baseUrl: 'http://ehr.example/r4', ...surroundings })).toMatchObject({
      refused: 'connection-inactive',
    });
  });

  it('J1 adapters are known by their name, and by no name that objects have by nature', () => {
    expect(Object.keys(adapters)).toEqual(['generic-r4']);
    expect(adapters.constructor).toBeUndefined();
  });
});

describe('searches', () => {
  it('A1 strangers in the answer are sifted out, when all of it was seen', async () => {
    searchAnswers([patient, { ...patient, id: 'p2', identifier: [{ ...MRN, value: '100235' }] }], [self('Patient', MRN)]);
    expect(await lookUpPatient()).toMatchObject({ outcome: 'found', matches: [{ reference: 'Patient/p1' }] });
  });

  it('A1 resources that were only included, and outcomes, are no matches', async () => {
    const entry = [
      { resource: { resourceType: 'OperationOutcome', issue: [] }, search: { mode: 'outcome' } },
      { resource: { ...patient, id: 'p2' }, search: { mode: 'include' } },
      { resource: patient },
    ];
    ehr.next('GET', (call) =>
      call.answer({ status: 200, body: stringifyExact({ resourceType: 'Bundle', link: [self('Patient', MRN)], entry }) }),
    );
    expect(await lookUpPatient()).toMatchObject({ outcome: 'found', matches: [{ reference: 'Patient/p1' }] });
  });

  it('A1 later pages are read, the same resource on two pages counts once', async () => {
    const next = { relation: 'next', url: `${ehr.baseUrl}?page=2` };
    searchAnswers([patient], [self('Patient', MRN), next]);
    searchAnswers([patient, { ...patient, id: 'p2' }], [self('Patient', MRN)]);
    expect(await lookUpPatient()).toMatchObject({
      outcome: 'found',
      matches: [{ reference: 'Patient/p1' }, { reference: 'Patient/p2' }],
    });
  });

  it('C4 pages that never end, end', async () => {
    for (let page = 0; page < 100; page += 1) {
      searchAnswers(
        Array.from({ length: limits.searchPageEntries }, (_, at) => ({ ...patient, id: `x${page}-${at}`, identifier: [] })),
        [self('Patient', MRN), { relation: 'next', url: `${ehr.baseUrl}?page=1` }],
      );
    }
    expect(await lookUpPatient()).toMatchObject({ outcome: 'failed', code: 'look-up-not-trusted', retryable: true });
    expect(ehr.seen.length).toBeLessThanOrEqual(limits.searchEntriesMax / limits.searchPageEntries);
  });

  describe.each([
    ['leads back to itself', () => '?page=1'],
    ['always leads on', (page: number) => `?page=${page}`],
  ])('BAD-6 an empty page that %s', (_what, to) => {
    /** One entry, then nothing for as long as somebody asks. */
    const answerWith = (first: ExactObject): void => {
      const links = (page: number) => [self('Patient', MRN), { relation: 'next', url: `${ehr.baseUrl}${to(page)}` }];
      searchAnswers([first], links(0));
      for (let page = 1; page < 40; page += 1) searchAnswers([], links(page));
    };

    it('C4 ends a search', async () => {
      answerWith(patient);
      expect(await lookUpPatient()).toMatchObject({ outcome: 'failed', code: 'look-up-not-trusted' });
      expect(ehr.seen.length).toBeLessThanOrEqual(3);
    });

    it('F1 ends a list, and what was not seen is said', async () => {
      answerWith({ resourceType: 'Condition', id: 'c1', subject: { reference: 'Patient/p1' } });
      const listed = await gateway.listed?.({ list: 'problems', patient: 'Patient/p1' });
      expect(listed).toMatchObject({ outcome: 'listed', complete: false, entries: [{ reference: 'Condition/c1' }] });
      expect(ehr.seen.length).toBeLessThanOrEqual(3);
    });
  });

  it('C4 a next page somewhere else is not asked for, and what it may hold is not denied', async () => {
    for (const url of ['https://evil.test/fhir?page=2', 'http://127.0.0.1:1/fhir/r4/Patient?page=2', '/other?page=2']) {
      searchAnswers([patient], [self('Patient', MRN), { relation: 'next', url }]);
      expect(await lookUpPatient()).toMatchObject({ outcome: 'failed', code: 'look-up-not-trusted' });
    }
    expect(ehr.seen).toHaveLength(3);
  });

  it.each([
    ['no self link', [] as readonly string[]],
    ['a self link without the parameter', ['Observation?_count=2']],
    ['a self link with another value', ['Observation?identifier=urn%3Acountersign%3Awrite%7Cother']],
  ])('C4 %s: absence is not concluded', async (_what, urls) => {
    searchAnswers(
      [],
      urls.map((url) => ({ relation: 'self', url })),
    );
    expect(await findWeight()).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  const control = { resourceType: 'Patient', ...MRN, reference: 'Patient/p1' };
  const findWith = (known: FindControl | null) =>
    gateway.find({
      id: weight.identity.id,
      prepared: preparedWeight(),
      resourceType: 'Observation',
      target: null,
      control: known,
    });

  it('C4 absence is concluded when the search is declared, repeated, and finds what is known to be there', async () => {
    ehr.seed(patient);
    const outcome = await findWith(control);
    expect(outcome).toMatchObject({ outcome: 'absent' });
    // Both searches are evidence.
    expect(outcome.exchange.map(({ path }) => path.split('?')[0]?.split('/').at(-1))).toEqual(['Observation', 'Patient']);
  });

  it('C4 absence is not concluded without a known record, or when the search does not find it', async () => {
    ehr.seed(patient);
    for (const known of [null, { ...control, value: 'nobody' }, { ...control, reference: 'Patient/p9' }])
      expect(await findWith(known)).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  it('C4 absence is not concluded of a server that does not declare the search, or does not say', async () => {
    ehr.seed(patient);
    const statement = (status: number, resource: readonly ExactObject[]): void => {
      ehr.next('GET', (call) => call.answer(call.carryOut()));
      ehr.next('GET', (call) =>
        call.answer({
          status,
          body: stringifyExact({
            resourceType: 'CapabilityStatement',
            fhirVersion: '4.0.1',
            rest: [{ mode: 'server', resource }],
          }),
        }),
      );
    };
    statement(503, []);
    expect(await findWith(control)).toMatchObject({ outcome: 'inconclusive', code: 'ehr-answer-unreadable' });
    statement(200, [{ type: 'Observation', searchParam: [{ name: 'code', type: 'token' }] }]);
    expect(await findWith(control)).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  it('C4 strangers in the answer: absence is not concluded, presence is', async () => {
    searchAnswers([observation('1', [])], [self('Observation', MINE)]);
    expect(await findWeight()).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
    searchAnswers([observation('1', []), observation('2')], [self('Observation', MINE)]);
    expect(await findWeight()).toMatchObject({ outcome: 'present', match: { reference: 'Observation/2' } });
  });

  it('C4 a second copy on a later page is found', async () => {
    const next = { relation: 'next', url: `${ehr.baseUrl}Observation?page=2` };
    searchAnswers([observation('1')], [self('Observation', MINE), next]);
    searchAnswers([observation('2')], [self('Observation', MINE)]);
    expect(await findWeight()).toMatchObject({ outcome: 'duplicate', matches: [{}, {}] });
  });

  it('C4 an entry of another type, or without an id, is not ours', async () => {
    searchAnswers([{ ...observation('1'), resourceType: 'Condition' }], [self('Observation', MINE)]);
    expect(await findWeight()).toMatchObject({ outcome: 'inconclusive' });
    searchAnswers([{ resourceType: 'Observation', identifier: [MINE] }], [self('Observation', MINE)]);
    expect(await findWeight()).toMatchObject({ outcome: 'inconclusive' });
  });

  it.each([
    [503, { 'retry-after': '3' }, { outcome: 'inconclusive', code: 'ehr-unavailable', retryAfterMs: 3000 }],
    [404, {}, { outcome: 'inconclusive', code: 'ehr-not-supported' }],
    [401, {}, { outcome: 'inconclusive', code: 'sign-in-needed' }],
  ])('C4 a look answered with %d says nothing about the chart', async (status, headers, expected) => {
    ehr.next('GET', (call) => call.answer({ status, headers }));
    expect(await findWeight()).toMatchObject(expected);
  });

  it('C4 a look asks past caches and demands that unknown parameters are refused', async () => {
    await findWeight();
    expect(ehr.seen[0]).toMatchObject({
      url: `/fhir/r4/Observation?identifier=urn%3Acountersign%3Awrite%7C${MINE.value}&_count=2`,
      headers: { 'cache-control': 'no-cache', prefer: 'handling=strict' },
    });
  });

  it('A1 a look-up that failed says whether to try again', async () => {
    ehr.next('GET', (call) => call.answer({ status: 503, headers: { 'retry-after': '3' } }));
    expect(await lookUpPatient()).toMatchObject({
      outcome: 'failed',
      code: 'ehr-unavailable',
      retryable: true,
      retryAfterMs: 3000,
    });
    ehr.next('GET', (call) => call.answer({ status: 403 }));
    expect(await lookUpPatient()).toMatchObject({ outcome: 'failed', code: 'permission-denied', retryable: false });
    ehr.next('GET', (call) =>
      call.answer({
        status: 400,
        body: '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported","diagnostics":"no"}]}',
      }),
    );
    expect(await lookUpPatient()).toMatchObject({
      outcome: 'failed',
      code: 'ehr-rejected',
      message: 'HTTP 400: error (not-supported): no',
    });
  });
});

describe('documents', () => {
  const note = { system: writeIdentifierSystem, value: 'n1' };
  it('D5 any of the identifiers may name the document, wherever the server keeps it', async () => {
    ehr.seed({ resourceType: 'DocumentReference', id: 'd1', identifier: [note] });
    ehr.seed({ resourceType: 'Composition', id: 'c1', identifier: { system: 'urn:x', value: '1' } });
    const other = { system: writeIdentifierSystem, value: 'unused' };
    expect(await gateway.lookUp({ kind: 'document', identifiers: [other, note] })).toMatchObject({
      matches: [{ reference: 'DocumentReference/d1' }],
    });
    expect(await gateway.lookUp({ kind: 'document', identifiers: [{ system: 'urn:x', value: '1' }] })).toMatchObject({
      matches: [{ reference: 'Composition/c1' }],
    });
    expect(await gateway.lookUp({ kind: 'document', reference: 'DocumentReference/d1', identifiers: [] })).toMatchObject({
      matches: [{ reference: 'DocumentReference/d1' }],
    });
    expect(await gateway.lookUp({ kind: 'document', reference: 'Patient/p1', identifiers: [] })).toMatchObject({ matches: [] });
  });

  it('D5 a server without Compositions has no such document, one that fails is not asked in vain', async () => {
    const query = { kind: 'document', identifiers: [note] } as const;
    searchAnswers([], [self('DocumentReference', note)]);
    ehr.next('GET', (call) => call.answer({ status: 404 }));
    expect(await gateway.lookUp(query)).toMatchObject({ outcome: 'found', matches: [] });
    searchAnswers([], [self('DocumentReference', note)]);
    ehr.next('GET', (call) => call.answer({ status: 503 }));
    expect(await gateway.lookUp(query)).toMatchObject({ outcome: 'failed', code: 'ehr-unavailable' });
  });
});

describe('answers to writes', () => {
  it.each([
    ['somebody else’s resource', { ...observation('9', [{ ...MINE, value: 'other' }]) }],
    ['a resource without our identifier', observation('9', [])],
    ['a resource of another type', { ...observation('9'), resourceType: 'Condition' }],
  ])('C4 200 with %s is not success', async (_what, resource) => {
    ehr.next('POST', (call) => call.answer({ status: 200, body: stringifyExact(resource) }));
    expect(await gateway.send(preparedWeight(), 1000)).toMatchObject({ outcome: 'unknown', code: 'reply-unclear' });
  });

  it('C4 a bare 201 with its address is success without a resource', async () => {
    ehr.next('POST', (call) => call.answer({ status: 201, headers: { location: 'Observation/77', etag: '"5"' } }));
    expect(await gateway.send(preparedWeight(), 1000)).toMatchObject({
      outcome: 'applied',
      ref: { reference: 'Observation/77', versionId: '5' },
      resource: null,
    });
  });

  it('C4 an EHR that cannot be reached: proved not applied, to be tried again', async () => {
    await ehr.close();
    expect(await gateway.send(preparedWeight(), 1000)).toMatchObject({ outcome: 'not-applied', code: 'ehr-unreachable' });
    expect(await gateway.read('Observation/1')).toMatchObject({ outcome: 'failed', code: 'ehr-unreachable' });
    expect(await gateway.test()).toMatchObject({ ok: false, problems: ['the connection was refused'] });
    ehr = await ScriptedEhr.start();
  });
});

describe('reads', () => {
  it('D6 another resource than the one asked for is not taken for it', async () => {
    for (const resource of [{ ...patient, id: 'p2' }, { resourceType: 'Person', id: 'p1' }, { resourceType: 'Patient' }]) {
      ehr.next('GET', (call) => call.answer({ status: 200, body: stringifyExact(resource) }));
      expect(await gateway.read('Patient/p1')).toMatchObject({ outcome: 'failed', code: 'ehr-answer-unreadable' });
    }
  });
});

describe('finding a change', () => {
  const target = { reference: 'Patient/p1', versionId: '1' };
  const query: FindQuery = {
    id: 'w1',
    prepared: { adapter: 'a', contract: 'c', method: 'PUT', path: 'Patient/p1', headers: {}, body: '', sha256: '' },
    resourceType: 'Patient',
    target,
  };
  const noHistory = (status: number): void => {
    ehr.next('GET', (call) => call.answer(call.carryOut()));
    ehr.next('GET', (call) => call.answer({ status }));
  };

  it('C4 without a history, a newer version is not judged', async () => {
    ehr.seed(patient);
    for (const status of [404, 405, 501]) {
      noHistory(status);
      expect(await gateway.find(query)).toMatchObject({ outcome: 'inconclusive', code: 'ehr-not-supported' });
    }
  });

  it('C4 an empty history is not believed', async () => {
    ehr.seed(patient);
    ehr.next('GET', (call) => call.answer(call.carryOut()));
    searchAnswers([], []);
    expect(await gateway.find(query)).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  it('C4 versions that are not given, or a patient that is gone, prove nothing', async () => {
    ehr.next('GET', (call) => call.answer({ status: 200, body: stringifyExact(patient) }));
    expect(await gateway.find(query)).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
    ehr.next('GET', (call) => call.answer({ status: 410 }));
    expect(await gateway.find(query)).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  it('C4 the history is read on until the change is found', async () => {
    ehr.seed(patient);
    const tagged = { ...patient, meta: { versionId: '2', tag: [{ system: writeIdentifierSystem, code: 'w1' }] } };
    ehr.next('GET', (call) => call.answer(call.carryOut()));
    searchAnswers(
      [{ ...patient, meta: { versionId: '3' } }],
      [{ relation: 'next', url: `${ehr.baseUrl}Patient/p1/_history?page=2` }],
    );
    searchAnswers([tagged], []);
    expect(await gateway.find(query)).toMatchObject({ outcome: 'present', match: { reference: 'Patient/p1', versionId: '2' } });
  });
});

describe('the test of a connection', () => {
  const metadata = (status: number, body: ExactObject): void =>
    ehr.next('GET', (call) => call.answer({ status, body: stringifyExact(body) }));

  it('J2 names what is missing', async () => {
    const report = await gateway.test();
    expect(report).toMatchObject({ ok: true, software: 'Scripted EHR 1' });
    expect(report.resources.Observation).toEqual({
      create: true,
      update: true,
      patch: false,
      read: true,
      conditionalCreate: false,
      versioning: 'versioned-update',
      searchParameters: ['identifier'],
    });
    expect(report.problems.join(' ')).toMatch(/Does not declare create: .*Condition.*only looking protects.*: Observation\./);
  });

  it.each([
    ['another FHIR version', 200, { resourceType: 'CapabilityStatement', fhirVersion: '3.0.2' }],
    ['no FHIR version', 200, { resourceType: 'CapabilityStatement' }],
    ['another resource', 200, { resourceType: 'Patient' }],
    ['a refusal', 401, { resourceType: 'OperationOutcome', issue: [] }],
    ['nothing there', 404, { resourceType: 'OperationOutcome', issue: [] }],
  ])('J2 %s is no connection', async (_what, status, body) => {
    metadata(status, body);
    const report = await gateway.test();
    expect(report.ok).toBe(false);
    expect(report.problems.length).toBeGreaterThan(0);
  });

  it('J2 a statement full of nonsense is read without harm', async () => {
    metadata(200, {
      resourceType: 'CapabilityStatement',
      fhirVersion: '4.0.1',
      software: 'yes',
      rest: [
        null,
        'x',
        {
          mode: 'server',
          resource: [null, { type: 'Patient', interaction: 'all', versioning: 'sometimes', searchParam: [{}] }, { type: '__x' }],
        },
      ],
    });
    expect(await gateway.test()).toMatchObject({
      ok: true,
      software: null,
      resources: { Patient: { create: false, versioning: null, searchParameters: [] } },
    });
  });
});
