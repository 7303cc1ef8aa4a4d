import { Pool } from 'undici';
import type { Clock, Random } from '../../ports/outbound/index.ts';
import {
  hex,
  readAllowed,
  type Exchange,
  type FailureCode,
  type PreparedRecord,
  type Sha256,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import { readBody, type Answer } from './answer.ts';
import { targetBelow, targetOfLink, type BaseUrl } from './base-url.ts';
import { Flight, type Landing, type RawHeaders } from './flight.ts';
import { keptHeaders } from './headers.ts';

/** What of a credential goes on the wire. Asked for at every request, never recorded, never sent to another origin. */
export type CredentialSlot = () => Promise<{ readonly authorization: string } | null>;

export interface Timeouts {
  /** Milliseconds until a connection stands. */
  readonly connectMs: number;
  /** Milliseconds without a byte of the answer, before its headers and between its parts. */
  readonly silenceMs: number;
  /** Milliseconds for one read, all told. Writes bring their own deadline. */
  readonly readMs: number;
}

export interface HttpOptions {
  readonly base: BaseUrl;
  readonly credential: CredentialSlot;
  readonly sha256: Sha256;
  readonly clock: Clock;
  readonly random: Pick<Random, 'id'>;
  readonly timeouts?: Partial<Timeouts>;
  readonly connectionsMax?: number;
}

/** How a request ended. Only `answer` says anything about what the EHR did. */
export type Reply =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly exchange: readonly Exchange[] }
  /** No byte of the request left this machine. */
  | { readonly kind: 'not-sent'; readonly code: FailureCode; readonly message: string; readonly exchange: readonly Exchange[] }
  /** Bytes may have left; no complete answer came. */
  | {
      readonly kind: 'lost';
      readonly code: 'reply-lost' | 'reply-late';
      readonly message: string;
      readonly exchange: readonly Exchange[];
    };

interface Outgoing {
  readonly method: 'GET' | PreparedRecord['method'];
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly sha256: string | null;
  readonly deadlineMs: number;
}

type Hop = { readonly reply: Reply; readonly location: string | undefined };

/** The one HTTP client for EHRs: one pool of kept-alive connections to one base address. */
export class FhirHttp {
  readonly base: BaseUrl;
  private readonly options: HttpOptions;
  private readonly timeouts: Timeouts;
  private readonly pool: Pool;

  constructor(options: HttpOptions) {
    this.base = options.base;
    this.options = options;
    this.timeouts = {
      connectMs: limits.connectTimeoutMs,
      silenceMs: limits.writeTimeoutMs,
      readMs: limits.readTimeoutMs,
      ...options.timeouts,
    };
    this.pool = new Pool(options.base.origin, {
      connections: options.connectionsMax ?? limits.connectionsPerEhrMax,
      // One request at a time per connection: an answer that never comes must not make others unclear.
      pipelining: 1,
      // HTTP/2 would put all of them on one connection, where one reset makes all of them unclear.
      allowH2: false,
      connect: { timeout: this.timeouts.connectMs },
      headersTimeout: this.timeouts.silenceMs,
      bodyTimeout: this.timeouts.silenceMs,
    });
  }

  /** GET below the base address, of what may be read (domain, `readAllowed`). Redirects are followed a few times, on the same origin and below the base only. */
  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    if (!readAllowed(path)) return notAllowed();
    return this.getTarget(targetBelow(this.base, path), headers);
  }

  /** GET of an address the server named (a next page). One that leads elsewhere is not followed. */
  async getLink(link: string, headers: Readonly<Record<string, string>> = {}): Promise<Reply> {
    return this.getTarget(targetOfLink(this.base, link), headers);
  }

  /** Sends a prepared write once, byte for byte, and follows nothing. */
  async write(prepared: PreparedRecord, deadlineMs: number): Promise<Reply> {
    const target = targetBelow(this.base, prepared.path);
    if (target === undefined) return misdirected();
    const { method, headers, body, sha256 } = prepared;
    return (await this.hop({ method, target, headers, body, sha256, deadlineMs })).reply;
  }

  /** Waits for the requests under way, which all end by their deadlines. */
  async close(): Promise<void> {
    await this.pool.close();
  }

  private async getTarget(first: string | undefined, extra: Readonly<Record<string, string>>): Promise<Reply> {
    const endBy = this.options.clock.monotonic() + this.timeouts.readMs;
    const exchange: Exchange[] = [];
    const headers = { accept: 'application/fhir+json', ...extra };
    let target = first;
    for (let redirects = 0; ; redirects += 1) {
      if (target === undefined) return { ...misdirected(), exchange };
      const deadlineMs = Math.max(1, endBy - this.options.clock.monotonic());
      const { reply, location } = await this.hop({ method: 'GET', target, headers, body: null, sha256: null, deadlineMs });
      exchange.push(...reply.exchange);
      const followed = location === undefined || redirects >= limits.redirectsMax ? undefined : targetOfLink(this.base, location);
      if (followed === undefined) return { ...reply, exchange };
      target = followed;
    }
  }

  private async hop(outgoing: Outgoing): Promise<Hop> {
    const { clock } = this.options;
    const at = clock.now();
    const began = clock.monotonic();
    const requestId = this.options.random.id();
    const flight = new Flight(limits.responseBytesMax);
    const timer = setTimeout(() => flight.expire(), outgoing.deadlineMs);
    const signedIn = await this.dispatch(outgoing, flight, requestId);
    const landing = await flight.landed;
    clearTimeout(timer);
    const durationMs = Math.round(clock.monotonic() - began);
    const { answer, text, bodySha256, fault } = this.read(landing);
    const exchange: Exchange[] = [
      {
        at,
        method: outgoing.method,
        path: outgoing.target,
        requestSha256: outgoing.sha256,
        status: answer?.status ?? (landing.end === 'failed' ? landing.status : null),
        headers: { 'x-request-id': requestId, ...answer?.headers },
        body: text === null || text === outgoing.body ? null : text.slice(0, limits.exchangeBodyCharsMax).toWellFormed(),
        bodySha256,
        fault,
        durationMs,
      },
    ];
    if (answer !== null) {
      const redirected = answer.status >= 301 && answer.status <= 308 && answer.status !== 304;
      return { reply: { kind: 'answer', answer, exchange }, location: redirected ? answer.headers.location : undefined };
    }
    const message = fault ?? '';
    if (landing.end !== 'failed' || landing.left) {
      const code = landing.end === 'failed' && landing.late ? 'reply-late' : 'reply-lost';
      return { reply: { kind: 'lost', code, message, exchange }, location: undefined };
    }
    const code = signedIn ? 'ehr-unreachable' : 'sign-in-needed';
    return { reply: { kind: 'not-sent', code, message, exchange }, location: undefined };
  }

  /** Hands the request to the pool; false when there was no credential to send it with. */
  private async dispatch(outgoing: Outgoing, flight: Flight, requestId: string): Promise<boolean> {
    const credential = await Promise.race([this.credential(), flight.landed.then(() => null)]);
    if (flight.isOver) return true;
    if (credential === undefined || (credential !== null && !/^[\x21-\x7e][\x20-\x7e]*$/.test(credential.authorization))) {
      flight.cancel('there is no credential to sign in with');
      return false;
    }
    const headers: Record<string, string> = {
      ...outgoing.headers,
      'accept-encoding': 'identity',
      'user-agent': 'countersign',
      'x-request-id': requestId,
    };
    if (credential !== null) headers.authorization = credential.authorization;
    try {
      this.pool.dispatch({ method: outgoing.method, path: outgoing.target, headers, body: outgoing.body }, flight);
    } catch {
      // Thrown before anything is queued, for instance after close().
      flight.cancel('the request could not be made');
    }
    return true;
  }

  private async credential(): Promise<{ readonly authorization: string } | null | undefined> {
    try {
      return await this.options.credential();
    } catch {
      // Whoever keeps the credential says why in his own log; here it is simply not there.
      return undefined;
    }
  }

  private read(landing: Landing): {
    readonly answer: Answer | null;
    readonly text: string | null;
    readonly bodySha256: string | null;
    readonly fault: string | null;
  } {
    if (landing.end === 'failed') return { answer: null, text: null, bodySha256: null, fault: landing.words };
    const { status } = landing;
    const headers = kept(landing.headers);
    if (landing.end === 'too-large') {
      const reason = `the answer is larger than ${limits.responseBytesMax} bytes`;
      return { answer: { status, headers, body: { kind: 'unreadable', reason } }, text: null, bodySha256: null, fault: reason };
    }
    const { bytes } = landing;
    const body = readBody(bytes, headers['content-type'], single(landing.headers['content-encoding']));
    return {
      answer: { status, headers, body },
      text: bytes.length === 0 ? null : bytes.toString('utf8'),
      bodySha256: bytes.length === 0 ? null : hex(this.options.sha256(bytes)),
      fault: body.kind === 'unreadable' ? body.reason : null,
    };
  }
}

function notAllowed(): Extract<Reply, { kind: 'not-sent' }> {
  return {
    kind: 'not-sent',
    code: 'invariant-broken',
    message: 'the read is not on the list of reads that are made',
    exchange: [],
  };
}

function misdirected(): Extract<Reply, { kind: 'not-sent' }> {
  return {
    kind: 'not-sent',
    code: 'invariant-broken',
    message: 'the address does not lie below the base address of the connection',
    exchange: [],
  };
}

function kept(headers: RawHeaders): Readonly<Record<string, string>> {
  const result: Record<string, string> = {};
  for (const name of keptHeaders) {
    const value = single(headers[name]);
    if (value !== undefined) result[name] = value;
  }
  return result;
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}
