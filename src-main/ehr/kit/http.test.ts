import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PreparedRecord } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { ScriptedEhr } from '../testing/scripted-ehr.ts';
import { FhirHttp, parseBaseUrl, requestSha256, type HttpOptions } from './index.ts';

const SECRET = 'Bearer very-secret-token';

let ehr: ScriptedEhr;
const clients: FhirHttp[] = [];

function client(baseUrl = ehr.baseUrl, options: Partial<HttpOptions> = {}): FhirHttp {
  const parsed = parseBaseUrl(baseUrl);
  if (!parsed.ok) throw new Error(parsed.message);
  const http = new FhirHttp({
    base: parsed.base,
    credential: () => Promise.resolve({ authorization: SECRET }),
    sha256,
    clock,
    random: countingIds(),
    ...options,
  });
  clients.push(http);
  return http;
}

function post(body = '{"resourceType":"Observation"}'): PreparedRecord {
  const request = { method: 'POST', path: 'Observation', headers: { 'content-type': 'application/fhir+json' }, body } as const;
  return { adapter: 'a', contract: 'c', ...request, sha256: requestSha256(sha256, request) };
}

beforeEach(async () => {
  ehr = await ScriptedEhr.start();
  ehr.seed({ resourceType: 'Patient', id: 'p1' });
});
afterEach(async () => {
  await Promise.all([ehr.close(), ...clients.splice(0).map((http) => http.close())]);
});

describe('what left and what did not', () => {
  it('C4 a refused connection: nothing left', async () => {
    const { baseUrl } = ehr;
    await ehr.close();
    const reply = await client(baseUrl).write(post(), 10_000);
    expect(reply).toMatchObject({ kind: 'not-sent', code: 'ehr-unreachable' });
    expect(reply.exchange).toMatchObject([
      { method: 'POST', path: '/fhir/r4/Observation', status: null, body: null, fault: 'the connection was refused' },
    ]);
  });

  it('C4 no TLS where TLS is expected: nothing left', async () => {
    expect(await client(ehr.baseUrl.replace('http:', 'https:')).write(post(), 10_000)).toMatchObject({
      kind: 'not-sent',
      code: 'ehr-unreachable',
    });
    expect(ehr.seen).toEqual([]);
  });

  it('C4 time runs out while waiting for a connection: nothing left, and nothing leaves later', async () => {
    const http = client(undefined, { connectionsMax: 1 });
    let release: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      ehr.next('GET', (call) => {
        release = () => call.answer(call.carryOut());
        resolve();
      });
    });
    const slow = http.get('Patient/p1');
    await arrived;
    expect(await http.write(post(), 30)).toMatchObject({ kind: 'not-sent', code: 'ehr-unreachable' });
    release();
    expect((await slow).kind).toBe('answer');
    // The connection is free again: what was given up must not go out on it.
    expect((await http.get('Patient/p1')).kind).toBe('answer');
    expect(ehr.seen.map(({ method }) => method)).toEqual(['GET', 'GET']);
  });

  it('C4 silence after the request: it may have been carried out', async () => {
    const http = client();
    // The connection is there already, so that the time runs out on the answer and not on connecting.
    await http.get('Patient/p1');
    ehr.next('POST', (call) => void call.carryOut());
    expect(await http.write(post(), 1_000)).toMatchObject({ kind: 'lost', code: 'reply-late' });
    expect(ehr.all('Observation')).toHaveLength(1);
  });

  it('C4 silence inside the answer, long before the deadline', async () => {
    ehr.next(
      'POST',
      (call) => void call.response.writeHead(201, { 'content-type': 'application/fhir+json' }).write('{"resourceType"'),
    );
    const reply = await client(undefined, { timeouts: { silenceMs: 50 } }).write(post(), 60_000);
    expect(reply).toMatchObject({ kind: 'lost', code: 'reply-late', message: 'the answer stopped coming' });
  });

  it('C4 the connection breaks before, and inside, the answer', async () => {
    const http = client();
    ehr.next('POST', (call) => call.breakOff());
    expect(await http.write(post(), 10_000)).toMatchObject({ kind: 'lost', code: 'reply-lost' });
    ehr.next('POST', (call) => {
      call.response
        .writeHead(201, { 'content-type': 'application/fhir+json', 'content-length': '1000' })
        .write('{"resourceType":', () => call.breakOff());
    });
    const cut = await http.write(post(), 10_000);
    expect(cut).toMatchObject({ kind: 'lost', code: 'reply-lost' });
    expect(cut.exchange).toMatchObject([{ status: 201, body: null }]);
  });

  it('C4 a write whose answer was lost is not sent a second time by the client itself', async () => {
    const http = client();
    for (let round = 0; round < 3; round += 1) {
      await http.get('Patient/p1');
      ehr.next('POST', (call) => call.breakOff());
      await http.write(post(), 10_000);
    }
    expect(ehr.seen.filter(({ method }) => method === 'POST')).toHaveLength(3);
  });

  it('C4 after close nothing is sent', async () => {
    const http = client();
    await http.close();
    expect(await http.write(post(), 10_000)).toMatchObject({ kind: 'not-sent' });
    expect(ehr.seen).toEqual([]);
    clients.pop();
  });
});

describe('what is sent', () => {
  it('G4 the bytes of the prepared request, its headers, and no header of another kind', async () => {
    const body = '{"resourceType":"Observation","valueQuantity":{"value":1.00},"note":[{"text":"Grüße 👋"}]}';
    await client().write(post(body), 1000);
    const [seen] = ehr.seen;
    expect(seen?.body).toBe(body);
    expect(Object.keys(seen?.headers ?? {}).sort()).toEqual([
      ...[
        'accept-encoding',
        'authorization',
        'connection',
        'content-length',
        'content-type',
        'host',
        'user-agent',
        'x-request-id',
      ],
    ]);
    expect(seen?.headers).toMatchObject({ authorization: SECRET, 'accept-encoding': 'identity', 'x-request-id': 'req-1' });
  });

  it('H5 no credential stands in what is recorded, even when the EHR sends it back', async () => {
    ehr.next('POST', (call) =>
      call.answer({
        status: 401,
        headers: { 'set-cookie': 'session=1', 'www-authenticate': SECRET, 'x-echo': SECRET, etag: 'W/"1"', date: 'x' },
      }),
    );
    const reply = await client().write(post(), 10_000);
    expect(JSON.stringify(reply)).not.toContain('very-secret');
    expect(reply.exchange[0]?.headers).toEqual({ 'x-request-id': 'req-1', etag: 'W/"1"', date: 'x' });
  });

  it.each([
    ['throws', () => Promise.reject(new Error('locked'))],
    [
      'throws at once',
      () => {
        throw new Error('locked');
      },
    ],
    ['holds a line end', () => Promise.resolve({ authorization: 'Bearer x\r\nx-admin: 1' })],
  ])('G6 a credential slot that %s: nothing is sent', async (_what, credential) => {
    expect(await client(undefined, { credential }).write(post(), 10_000)).toMatchObject({
      kind: 'not-sent',
      code: 'sign-in-needed',
    });
    expect(ehr.seen).toEqual([]);
  });

  it('G6 a credential slot that never answers does not hold the write up', async () => {
    const credential = () => new Promise<null>(() => undefined);
    expect(await client(undefined, { credential }).write(post(), 30)).toMatchObject({
      kind: 'not-sent',
      code: 'ehr-unreachable',
    });
  });

  it('G6 without a credential none is sent', async () => {
    await client(undefined, { credential: () => Promise.resolve(null) }).get('Patient/p1');
    expect(ehr.seen[0]?.headers.authorization).toBeUndefined();
  });
});

describe('what comes back', () => {
  it('H1 an answer is recorded with its status, kept headers, text and hash', async () => {
    const reply = await client().write(post(), 10_000);
    const [exchange] = reply.exchange;
    expect(exchange).toMatchObject({ status: 201, headers: { etag: 'W/"1"' }, requestSha256: post().sha256, fault: null });
    expect(exchange?.body).toContain('"resourceType":"Observation"');
    expect(exchange?.bodySha256).toMatch(/^[0-9a-f]{64}$/);
    expect(Number.isSafeInteger(exchange?.durationMs)).toBe(true);
  });

  it('H1 an answer that only echoes the request is not kept twice', async () => {
    ehr.next('POST', (call) => call.answer({ status: 201, body: call.seen.body }));
    const [exchange] = (await client().write(post(), 10_000)).exchange;
    expect(exchange?.body).toBeNull();
    expect(exchange?.bodySha256).toMatch(/^[0-9a-f]{64}$/);
  });

  it('C4 an endless answer is given up at the cap, by its length and by its bytes', async () => {
    ehr.next(
      'GET',
      (call) =>
        void call.response
          .writeHead(200, { 'content-type': 'application/fhir+json', 'content-length': String(10 ** 9) })
          .write('{'),
    );
    const declared = await client().get('metadata');
    expect(declared).toMatchObject({ kind: 'answer', answer: { status: 200, body: { kind: 'unreadable' } } });
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    let written = 0;
    ehr.next('GET', (call) => {
      call.response.writeHead(200, { 'content-type': 'application/fhir+json' });
      const more = (): void => {
        written += chunk.length;
        if (call.response.writable && written < 4 * limits.responseBytesMax)
          call.response.write(chunk, (error) => (error == null ? more() : undefined));
      };
      more();
    });
    const streamed = await client().get('metadata');
    expect(streamed.exchange[0]?.fault).toContain('larger than');
    expect(written).toBeLessThan(2 * limits.responseBytesMax);
  });

  it('C4 a compressed answer is not inflated', async () => {
    ehr.next('GET', (call) => {
      call.response
        .writeHead(200, { 'content-type': 'application/fhir+json', 'content-encoding': 'gzip' })
        .end(gzipSync(Buffer.alloc(1_000_000)));
    });
    expect(await client().get('metadata')).toMatchObject({
      answer: { body: { kind: 'unreadable', reason: 'compressed (gzip) without being asked to' } },
    });
  });
});

describe('redirects', () => {
  const redirect =
    (location: string, status = 302) =>
    (call: Parameters<Parameters<ScriptedEhr['next']>[1]>[0]) =>
      call.answer({ status, headers: { location } });

  it.each([301, 302, 307, 308])('C4 a write is not sent on after %d', async (status) => {
    ehr.next('POST', redirect(`${ehr.baseUrl}Condition`, status));
    expect(await client().write(post(), 10_000)).toMatchObject({ kind: 'answer', answer: { status } });
    expect(ehr.seen).toHaveLength(1);
  });

  it('C4 a read is followed on its own origin, below its base, three times', async () => {
    for (let hop = 0; hop < 3; hop += 1) ehr.next('GET', redirect(`${ehr.baseUrl}Patient/p1`));
    const reply = await client().get('Patient/old');
    expect(reply).toMatchObject({ kind: 'answer', answer: { status: 200 } });
    expect(reply.exchange.map(({ status }) => status)).toEqual([302, 302, 302, 200]);
  });

  it('C4 a loop ends', async () => {
    for (let hop = 0; hop < 10; hop += 1) ehr.next('GET', redirect(`${ehr.baseUrl}Patient/p1`));
    expect(await client().get('Patient/p1')).toMatchObject({ answer: { status: 302 } });
    expect(ehr.seen).toHaveLength(1 + limits.redirectsMax);
  });

  it('G6 nobody else is asked, and so nobody else gets the credential', async () => {
    const heard: unknown[] = [];
    const stranger = createServer((request, response) => {
      heard.push(request.headers);
      response.end();
    });
    await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
    const { port } = stranger.address() as AddressInfo;
    const elsewhere = [
      `http://127.0.0.1:${port}/fhir/r4/Patient/p1`,
      `//127.0.0.1:${port}/`,
      ehr.baseUrl.replace('http:', 'https:'),
      '/login',
      'file:///etc/passwd',
      'http://[',
    ];
    for (const location of elsewhere) {
      ehr.next('GET', redirect(location));
      expect(await client().get('Patient/p1')).toMatchObject({ answer: { status: 302 } });
    }
    expect(heard).toEqual([]);
    expect(ehr.seen).toHaveLength(elsewhere.length);
    await new Promise((resolve) => stranger.close(resolve));
  });
});
