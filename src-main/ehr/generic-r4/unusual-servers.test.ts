import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EhrGateway, FindOutcome } from '../../ports/outbound/index.ts';
import { baseSha256, writeIdentifierSystem } from '../../../src-shared/domain/index.ts';
import { asObject, parseExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { commandFor, factsWith, itemFrom, subjects } from '../testing/commands.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { bundle, ScriptedEhr } from '../testing/scripted-ehr.ts';
import { createGenericR4Gateway } from './index.ts';

/** Servers that accept and tell later, that cannot be searched by identifier, and that keep no versions. */

const DEADLINE_MS = 2_000;
const PLANNED = Date.parse('2026-03-02T10:00:00Z');
const weight = commandFor(itemFrom('{"observations":[{"code":{"text":"Weight"},"value":"81.0","unit":"kg"}]}'));
const move = commandFor(itemFrom('{"demographics":{"telecom":[{"system":"phone","value":"555-0199"}]}}'));
const [, , patient] = subjects;

let ehr: ScriptedEhr;
let gateway: EhrGateway;

beforeEach(async () => {
  ehr = await ScriptedEhr.start();
  const opened = createGenericR4Gateway({
    baseUrl: ehr.baseUrl,
    credential: () => Promise.resolve(null),
    sha256,
    clock,
    random: countingIds(),
  });
  if ('refused' in opened) throw new Error(opened.message);
  gateway = opened;
  ehr.seed(patient);
});
afterEach(async () => {
  await ehr.close();
  await gateway.close();
});

function preparedWeight() {
  const prepared = gateway.prepare(weight, factsWith());
  if (prepared.outcome === 'refused') throw new Error(prepared.message);
  return prepared.request;
}

describe('C4 a 202', () => {
  const accept = (location: string | undefined): void =>
    ehr.next('POST', (call) =>
      call.answer({ status: 202, headers: location === undefined ? {} : { 'content-location': location } }),
    );
  const send = () => gateway.send(preparedWeight(), DEADLINE_MS);
  const ask = () => {
    if (gateway.monitor === undefined) throw new Error('the gateway has no monitor');
    return gateway.monitor('/fhir/r4/job/7');
  };

  it('C4 with a place to ask at, below the base address, is told with it', async () => {
    accept(`${ehr.baseUrl}job/7`);
    const sent = await send();
    expect(sent).toMatchObject({ outcome: 'unknown', code: 'accepted-only' });
    expect('monitor' in sent && sent.monitor?.endsWith('/job/7')).toBe(true);
  });

  it.each([undefined, 'https://evil.test/job/7', 'http://127.0.0.1:1/fhir/r4/job/7', '/elsewhere/job/7'])(
    'C4 with none to be asked at (%s) is told without',
    async (location) => {
      accept(location);
      expect(await send()).not.toHaveProperty('monitor');
    },
  );

  const failed = '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid"}]}';
  const fine = '{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational"}]}';
  const entries = (status: string): string =>
    `{"resourceType":"Bundle","type":"batch-response","entry":[{"response":{"status":"${status}"}}]}`;
  it.each([
    ['under way', 202, '', { 'retry-after': '7' }, { outcome: 'running', retryAfterMs: 7_000 }],
    ['done', 200, fine, {}, { outcome: 'ended', failed: false }],
    ['done without a word', 200, '', {}, { outcome: 'ended', failed: false }],
    ['done, with its answer', 200, entries('201 Created'), {}, { outcome: 'ended', failed: false }],
    ['done, and refused', 200, entries('422'), {}, { outcome: 'ended', failed: true }],
    ['failed', 200, failed, {}, { outcome: 'ended', failed: true }],
    ['refused', 422, failed, {}, { outcome: 'ended', failed: true }],
    ['refused by something before the EHR', 400, '', {}, { outcome: 'unclear' }],
    ['forgotten', 404, '', {}, { outcome: 'ended', failed: false }],
    ['no permission', 403, failed, {}, { outcome: 'unclear', code: 'permission-denied' }],
    ['broken', 500, failed, {}, { outcome: 'unclear', code: 'ehr-fault' }],
    ['busy', 429, '', { 'retry-after': '5' }, { outcome: 'unclear', code: 'ehr-rate-limit', retryAfterMs: 5_000 }],
  ] as const)('C4 asked for: %s', async (_what, status, body, headers, expected) => {
    ehr.next('GET', (call) => call.answer({ status, headers, body }));
    expect(await ask()).toMatchObject(expected);
  });
});

describe('C4 a server that cannot be searched by identifier', () => {
  const sent = (): ExactObject => {
    const parsed = parseExact(preparedWeight().body, 64);
    return (parsed.ok ? asObject(parsed.value) : undefined) ?? {};
  };
  const stored = (id: string, changes: ExactObject = {}, lastUpdated: string | null = '2026-03-02T10:00:05Z'): ExactObject => {
    const { identifier: _identifier, meta: _meta, ...content } = sent();
    return { ...content, id, ...(lastUpdated === null ? {} : { meta: { lastUpdated } }), ...changes };
  };
  const find = async (entries: readonly ExactObject[]): Promise<FindOutcome> => {
    ehr.next('GET', (call) =>
      call.answer({
        status: 400,
        body: '{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-supported"}]}',
      }),
    );
    ehr.next('GET', (call) => call.answer({ status: 200, body: bundle('searchset', entries, []) }));
    const { id } = weight.identity;
    return gateway.find({
      id,
      prepared: preparedWeight(),
      resourceType: 'Observation',
      target: null,
      byContent: { patient: 'Patient/p1', since: PLANNED },
    });
  };
  const other = { code: { text: 'Height' } };

  it.each([
    ['the one with the same content', () => [stored('a'), stored('b', other)], 'present'],
    ['two with the same content', () => [stored('a'), stored('b')], 'duplicate'],
    ['none', () => [stored('a', other)], 'inconclusive'],
    ['nothing at all', () => [], 'inconclusive'],
    ['one of another patient', () => [stored('a', { subject: { reference: 'Patient/p2' } })], 'inconclusive'],
    ['one that was there before', () => [stored('a', {}, '2026-03-02T09:59:59Z')], 'inconclusive'],
    ['one that says no time', () => [stored('a', {}, null)], 'inconclusive'],
    ['one of another type', () => [{ ...stored('a'), resourceType: 'Procedure' }], 'inconclusive'],
  ] as const)('C4 finds %s', async (_what, entries, outcome) => {
    const found = await find(entries());
    expect(found.outcome).toBe(outcome);
    if (found.outcome === 'present') expect(found.match.reference).toBe('Observation/a');
    if (found.outcome === 'inconclusive') expect(found.code).toBe('search-not-trusted');
    expect(ehr.seen.map(({ url }) => url).at(-1)).toContain(
      'Observation?patient=Patient%2Fp1&_lastUpdated=ge2026-03-02T10%3A00%3A00.000Z&_count=',
    );
  });

  it('C4 whose entries cannot be read settles nothing', async () => {
    ehr.next('GET', (call) => call.answer({ status: 400, body: '' }));
    ehr.next('GET', (call) => call.answer({ status: 503, body: '' }));
    const { id } = weight.identity;
    const found = await gateway.find({
      id,
      prepared: preparedWeight(),
      resourceType: 'Observation',
      target: null,
      byContent: { patient: 'Patient/p1', since: PLANNED },
    });
    expect(found).toMatchObject({ outcome: 'inconclusive', code: 'ehr-unavailable' });
  });
});

describe('D2 a server that keeps no versions', () => {
  const resource: ExactObject = { ...patient };
  const target = { reference: 'Patient/p1', versionId: null, resource };
  const ref = { reference: 'Patient/p1', versionId: null, contentSha256: baseSha256(sha256, resource) };
  const compared = { ...move, contract: { ...move.contract, unversioned: 'compare' as const } };
  const prepare = () => {
    const prepared = gateway.prepare(compared, factsWith({ target: ref }, target));
    if (prepared.outcome === 'refused') throw new Error(prepared.message);
    return prepared.request;
  };
  const now = (found: ExactObject): void => ehr.next('GET', (call) => call.answer({ status: 200, body: JSON.stringify(found) }));
  const find = () => gateway.find({ id: move.identity.id, prepared: prepare(), resourceType: 'Patient', target: ref });

  it('D2 is not written to unless the contract allows it, and then without If-Match', () => {
    expect(gateway.prepare(move, factsWith({ target: ref }, target))).toMatchObject({
      outcome: 'refused',
      code: 'operation-unsupported',
    });
    expect(prepare().headers).not.toHaveProperty('if-match');
  });

  it('C4 D2 a record that says what it said was not changed', async () => {
    now({ ...resource, meta: { lastUpdated: '2026-03-02T10:00:00Z' } });
    expect(await find()).toMatchObject({ outcome: 'absent' });
  });

  it('C4 D2 one that says something else proves nothing', async () => {
    now({ ...resource, gender: 'other' });
    expect(await find()).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
  });

  it('C4 D2 one that carries our tag was changed by us', async () => {
    now({ ...resource, meta: { tag: [{ system: writeIdentifierSystem, code: move.identity.id }] } });
    expect(await find()).toMatchObject({ outcome: 'present' });
  });
});
