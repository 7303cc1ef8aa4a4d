import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bridge, BridgeWindow } from './bridge.ts';
import type { ShellFiles } from './shell-files.ts';
import { consolePaths } from '../../src-shared/contract/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/**
 * The local console: the same window in an ordinary browser of this machine.
 *
 * Other programs and other users of the machine can reach a loopback port, and a page in the browser can try to. So:
 * a literal address, `Host` and `Origin` compared as a whole, no cookies, no CORS, every call a POST with a token that
 * only the window has, got once for a code that stands in a file only this user can read. Whatever is wrong, the answer
 * is the same 404 without a word.
 */

const ADDRESS = '127.0.0.1';
const CHECK_MS = 1_000;

export interface LaunchCode {
  readonly code: string;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
}

export interface LocalConsoleOptions {
  readonly bridge: Bridge;
  readonly files: ShellFiles;
  /** 0: any free port. */
  readonly port: number;
  /** Called with each new code; it must reach this user and nobody else. */
  readonly onCode: (launch: LaunchCode, origin: string) => void;
  /** Wall clock, epoch milliseconds. */
  readonly now: () => number;
  /** A request must be complete within this time; the limit of the house if left out. */
  readonly requestMs?: number;
}

interface OpenWindow {
  readonly window: BridgeWindow;
  streams: number;
  grace: NodeJS.Timeout | null;
}

export class LocalConsole {
  private readonly options: LocalConsoleOptions;
  private readonly server: Server;
  /** By the hash of its token, so that looking one up takes the same time for every wrong one. */
  private readonly windows = new Map<string, OpenWindow>();
  private readonly streams = new Set<ServerResponse>();
  /** Those that have been handed out, are not used, and not too old. */
  private codes: LaunchCode[] = [];
  private renewal: NodeJS.Timeout | null = null;
  private origin_ = '';

  private constructor(options: LocalConsoleOptions) {
    this.options = options;
    const { requestMs = limits.consoleRequestMs } = options;
    this.server = createServer(
      {
        maxHeaderSize: limits.consoleHeaderBytesMax,
        headersTimeout: requestMs,
        requestTimeout: requestMs,
        keepAliveTimeout: requestMs,
        // Node looks for requests that take too long only this often.
        connectionsCheckingInterval: Math.min(requestMs, CHECK_MS),
      },
      (request, response) => void this.serve(request, response),
    );
    this.server.maxConnections = limits.consoleConnectionsMax;
    // A broken request says nothing about who is here.
    this.server.on('clientError', (_error, socket) => socket.destroy());
  }

  static async start(options: LocalConsoleOptions): Promise<LocalConsole> {
    const console = new LocalConsole(options);
    await new Promise<void>((resolve, reject) => {
      console.server.once('error', reject);
      console.server.listen(options.port, ADDRESS, resolve);
    });
    console.origin_ = `http://${ADDRESS}:${(console.server.address() as AddressInfo).port}`;
    console.renewCode();
    return console;
  }

  get origin(): string {
    return this.origin_;
  }

  async close(): Promise<void> {
    if (this.renewal !== null) clearTimeout(this.renewal);
    for (const stream of this.streams) stream.end();
    for (const open of this.windows.values()) {
      if (open.grace !== null) clearTimeout(open.grace);
      open.window.close();
    }
    this.windows.clear();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private renewCode(): void {
    if (this.renewal !== null) clearTimeout(this.renewal);
    const now = this.options.now();
    const launch = { code: randomBytes(24).toString('base64url'), expiresAt: now + limits.launchCodeMs };
    this.codes = [...this.codes.filter(({ expiresAt }) => expiresAt > now), launch];
    // A little early, so that there is always one with some time left.
    this.renewal = setTimeout(() => this.renewCode(), limits.launchCodeMs * 0.8).unref();
    this.options.onCode(launch, this.origin_);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      // Only the address itself: a name that resolves to it would be a page of somebody else's.
      if (`http://${request.headers.host ?? ''}` !== this.origin_) return refuse(response);
      const pathname = pathOf(request.url ?? '');
      if (pathname === null) return refuse(response);
      if (request.method === 'GET' || request.method === 'HEAD') return this.file(pathname, request.method, response);
      if (request.method !== 'POST' || !this.fromOwnPage(request)) return refuse(response);
      if (pathname === consolePaths.exchange) return await this.exchange(request, response);
      const open = this.windowOf(request);
      if (open === null) return refuse(response);
      if (pathname === consolePaths.call) return await this.call(open, request, response);
      if (pathname === consolePaths.notices) return this.listen(open, response);
      return refuse(response);
    } catch {
      // The body broke off or was too large: the other end is gone or not ours.
      response.destroy();
    }
  }

  private file(pathname: string, method: string, response: ServerResponse): void {
    const { status, headers, body } = this.options.files.answer(pathname);
    response.writeHead(status, { ...headers, 'content-length': body.length });
    response.end(method === 'HEAD' ? undefined : body);
  }

  /** Browsers send `Origin` with every POST and cannot be made to send another. */
  private fromOwnPage(request: IncomingMessage): boolean {
    const site = request.headers['sec-fetch-site'];
    return (
      request.headers.origin === this.origin_ &&
      (site === undefined || site === 'same-origin') &&
      /^application\/json(?:;|$)/.test(request.headers['content-type'] ?? '')
    );
  }

  private async exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = (await bodyOf(request)) as { code?: unknown } | null;
    const code = typeof given?.code === 'string' ? given.code : '';
    const launch = this.codes.find((one) => same(code, one.code));
    if (launch === undefined || launch.expiresAt <= this.options.now()) return refuse(response);
    if (this.windows.size >= limits.consoleWindowsMax) return refuse(response);
    this.codes = this.codes.filter((one) => one !== launch);
    this.renewCode();
    const token = randomBytes(32).toString('base64url');
    const open: OpenWindow = { window: this.options.bridge.open(), streams: 0, grace: null };
    this.windows.set(hash(token), open);
    this.waitForStream(hash(token), open);
    json(response, { token });
  }

  private windowOf(request: IncomingMessage): OpenWindow | null {
    const token = /^Bearer ([\w-]{43})$/.exec(request.headers.authorization ?? '')?.[1];
    return token === undefined ? null : (this.windows.get(hash(token)) ?? null);
  }

  private async call({ window }: OpenWindow, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await bodyOf(request)) as { method?: unknown; request?: unknown } | null;
    json(response, await window.call(body?.method, body?.request));
  }

  /** Live updates: one notice per line, with an empty line now and then so that a dead connection shows. */
  private listen(open: OpenWindow, response: ServerResponse): void {
    const key = [...this.windows].find(([, one]) => one === open)?.[0];
    if (key === undefined || open.streams >= limits.consoleStreamsMax) return refuse(response);
    open.streams += 1;
    if (open.grace !== null) clearTimeout(open.grace);
    open.grace = null;
    response.writeHead(200, {
      'content-type': 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    });
    response.write('\n');
    this.streams.add(response);
    const stop = open.window.onNotice((notice) => response.write(`${JSON.stringify(notice)}\n`));
    const beat = setInterval(() => response.write('\n'), limits.consoleBeatMs).unref();
    response.on('close', () => {
      clearInterval(beat);
      stop();
      this.streams.delete(response);
      open.streams -= 1;
      if (open.streams === 0) this.waitForStream(key, open);
    });
  }

  /** A tab that no longer listens is gone, unless it comes back soon (a reload). */
  private waitForStream(key: string, open: OpenWindow): void {
    open.grace = setTimeout(() => {
      open.window.close();
      this.windows.delete(key);
    }, limits.consoleGraceMs).unref();
  }
}

/** The path of a request, or `null` for anything that is not a plain one. */
function pathOf(url: string): string | null {
  const [pathname = ''] = url.split('?', 1);
  return /^\/[A-Za-z0-9._\-/]*$/.test(pathname) && !pathname.includes('..') ? pathname : null;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > limits.bridgeRequestBytesMax) throw new RangeError('the request is too large');
    parts.push(part);
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return null;
  }
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse): void {
  response.writeHead(404, { connection: 'close', 'content-length': 0 });
  response.end();
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Compares in constant time whatever the lengths. */
function same(a: string, b: string): boolean {
  return timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
}
