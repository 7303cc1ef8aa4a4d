import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bridge } from './bridge.ts';
import { LocalConsole, type LaunchCode } from './local-http.ts';
import { ShellFiles } from './shell-files.ts';
import { TestUseCases } from './testing/use-cases.ts';
import { consolePaths } from '../../src-shared/contract/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

let folder: string;
let useCases: TestUseCases;
let local: LocalConsole;
let codes: LaunchCode[];
let wallClock: number;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-console-'));
  writeFileSync(path.join(folder, 'index.html'), '<script src="/app.js" nonce="__CSP_NONCE__"></script>');
  writeFileSync(path.join(folder, 'app.js'), 'void 0;');
  writeFileSync(path.join(folder, 'notes.txt'), 'not of the window');
  writeFileSync(path.join(path.dirname(folder), `${path.basename(folder)}.html`), 'beside');
  useCases = new TestUseCases();
  codes = [];
  wallClock = 1_000_000;
  local = await LocalConsole.start({
    bridge: new Bridge(useCases),
    files: new ShellFiles(folder, 'self'),
    port: 0,
    now: () => wallClock,
    onCode: (launch) => codes.push(launch),
    requestMs: 500,
  });
});
afterEach(async () => {
  await local.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(`${folder}.html`, { force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** A request with exactly these headers; `undefined` leaves one out. */
function ask({ method = 'POST', path: target = consolePaths.call, headers = {}, body = '{}' }: Asked): Promise<Answer> {
  const url = new URL(local.origin);
  const all = { host: url.host, origin: local.origin, 'content-type': 'application/json', ...headers };
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: url.hostname,
        port: url.port,
        method,
        path: target,
        setHost: false,
        headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)),
      },
      (response) => {
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts).toString('utf8') }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(method === 'GET' || method === 'HEAD' ? undefined : body);
  });
}

const newest = (): string => codes.at(-1)?.code ?? '';

async function token(): Promise<string> {
  const answer = await ask({ path: consolePaths.exchange, body: JSON.stringify({ code: newest() }) });
  expect(answer.status).toBe(200);
  return (JSON.parse(answer.body) as { token: string }).token;
}

const asked = (method: string, value: unknown = {}): string => JSON.stringify({ method, request: value });

describe('the window over loopback', () => {
  it('I1 serves the page with its policy, and a nonce that no other page has', async () => {
    const first = await ask({ method: 'GET', path: '/' });
    const second = await ask({ method: 'GET', path: '/index.html' });
    expect(first.status).toBe(200);
    const nonce = /nonce="([^"]+)"/.exec(first.body)?.[1] ?? '';
    expect(nonce).toMatch(/^[A-Za-z0-9+/]{24}$/);
    expect(second.body).not.toContain(nonce);
    const policy = String(first.headers['content-security-policy']);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      `style-src 'self' 'nonce-${nonce}'`,
      "img-src 'self' data:",
      "font-src 'self'",
      "connect-src 'self'",
      "frame-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      'trusted-types default',
    ]);
    expect(first.headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
    expect((await ask({ method: 'GET', path: '/app.js' })).headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect((await ask({ method: 'HEAD', path: '/app.js' })).body).toBe('');
  });

  it('I1 lets a window in by its code, and answers its calls', async () => {
    const bearer = `Bearer ${await token()}`;
    const call = (method: string, value?: unknown): Promise<Answer> =>
      ask({ headers: { authorization: bearer }, body: asked(method, value) });
    expect(JSON.parse((await call('session.sign-in', { person: 'sam', secret: 'sam-secret' })).body)).toMatchObject({ ok: true });
    expect(JSON.parse((await call('today.read')).body)).toMatchObject({ ok: true, value: { completion: { safe: 1 } } });
    expect(JSON.parse((await call('write.delete')).body)).toMatchObject({ ok: false, failure: { code: 'method-unknown' } });
  });

  it('I1 live updates come as lines for as long as the window listens', async () => {
    const bearer = await token();
    await ask({
      headers: { authorization: `Bearer ${bearer}` },
      body: asked('session.sign-in', { person: 'sam', secret: 'sam-secret' }),
    });
    const aborted = new AbortController();
    const response = await fetch(`${local.origin}${consolePaths.notices}`, {
      method: 'POST',
      headers: { origin: local.origin, 'content-type': 'application/json', authorization: `Bearer ${bearer}` },
      body: '{}',
      signal: aborted.signal,
    });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe('\n');
    useCases.engineChanged({ state: 'paused', words: 'by sam', since: 0 });
    expect((await reader?.read())?.value).toBe('{"kind":"frame"}\n');
    aborted.abort();
  });
});

describe('who does not get in', () => {
  const same404 = (answer: Answer): void => {
    expect(answer).toMatchObject({ status: 404, body: '' });
    expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    expect(answer.headers['set-cookie']).toBeUndefined();
  };

  it.each([
    ['a name that leads here', { host: 'countersign.example:80' }],
    ['localhost by name', { host: 'localhost' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['no port', { host: '127.0.0.1' }],
  ])('I1 a request to %s, for the page and for the API', async (_what, headers) => {
    const bearer = await token();
    same404(await ask({ method: 'GET', path: '/', headers }));
    same404(await ask({ headers: { ...headers, authorization: `Bearer ${bearer}` }, body: asked('session.me') }));
  });

  it.each([
    ['another origin', { origin: 'https://evil.example' }],
    ['the same address under https', { origin: 'https://127.0.0.1' }],
    ['no origin', { origin: undefined }],
    ['a sandboxed page', { origin: 'null' }],
    ['another site', { 'sec-fetch-site': 'cross-site' }],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['plain text, which needs no preflight', { 'content-type': 'text/plain' }],
  ])('I1 a call from %s', async (_what, headers) => {
    const bearer = await token();
    same404(await ask({ headers: { ...headers, authorization: `Bearer ${bearer}` }, body: asked('session.me') }));
    same404(await ask({ path: consolePaths.exchange, headers, body: JSON.stringify({ code: newest() }) }));
    expect(useCases.calls).toEqual([]);
  });

  it.each([
    ['no token', undefined],
    ['an empty one', 'Bearer '],
    ['a guessed one', `Bearer ${'A'.repeat(43)}`],
    ['another scheme', 'Basic c2FtOnNhbQ=='],
  ])('I1 a call with %s', async (_what, authorization) => {
    await token();
    same404(await ask({ headers: { authorization }, body: asked('session.me') }));
    same404(await ask({ path: consolePaths.notices, headers: { authorization } }));
  });

  it('I1 a token in the address', async () => {
    const bearer = await token();
    same404(await ask({ path: `${consolePaths.call}?token=${bearer}`, body: asked('session.me') }));
  });

  it('I1 a code that has been used, that is old, or that is not one', async () => {
    const first = newest();
    await token();
    const exchange = (code: unknown): Promise<Answer> => ask({ path: consolePaths.exchange, body: JSON.stringify({ code }) });
    same404(await exchange(first));
    expect(codes).toHaveLength(2);
    wallClock += limits.launchCodeMs;
    same404(await exchange(newest()));
    for (const wrong of ['', 'x', null, 7, {}, `${newest()}x`]) same404(await exchange(wrong));
    same404(await ask({ path: consolePaths.exchange, body: 'not json' }));
  });

  it.each([
    '/api/other',
    '/notes.txt',
    '/../index.html',
    '/..%2fsecret',
    `/%2e%2e/x`,
    '/app.js.map',
    '//evil.example/',
    '/index.html/',
    '/\u00e9',
  ])('I1 a path that is not there: %s', async (target) => {
    same404(await ask({ method: 'GET', path: encodeURI(target).replaceAll('%25', '%') }));
    same404(await ask({ path: encodeURI(target).replaceAll('%25', '%'), headers: { authorization: `Bearer ${await token()}` } }));
  });

  it.each(['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'])('I1 the method %s', async (method) => {
    same404(await ask({ method, headers: { authorization: `Bearer ${await token()}` } }));
  });

  it('I1 a request of any size: it is cut off, and others are answered', async () => {
    const authorization = `Bearer ${await token()}`;
    await expect(ask({ headers: { authorization }, body: 'x'.repeat(limits.bridgeRequestBytesMax + 1) })).rejects.toThrow();
    await expect(ask({ headers: { authorization, 'x-long': 'x'.repeat(limits.consoleHeaderBytesMax) } })).rejects.toThrow();
    expect((await ask({ headers: { authorization }, body: asked('session.me') })).status).toBe(200);
  });

  it('I1 a request that never ends is dropped', async () => {
    const { hostname, port } = new URL(local.origin);
    const socket = connect(Number(port), hostname);
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
    socket.on('error', () => {});
    socket.write(`POST ${consolePaths.call} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nX-Slow:`);
    await closed;
  });

  it('I1 more windows than anybody has', async () => {
    for (let at = 0; at < limits.consoleWindowsMax; at += 1) await token();
    same404(await ask({ path: consolePaths.exchange, body: JSON.stringify({ code: newest() }) }));
  });
});
