import type { Dispatcher } from 'undici';

/** How one request ended, before anyone asks what the answer means. */
export type Landing =
  | { readonly end: 'complete'; readonly status: number; readonly headers: RawHeaders; readonly bytes: Buffer }
  /** An answer came and went on for too long; reading it was stopped. */
  | { readonly end: 'too-large'; readonly status: number; readonly headers: RawHeaders }
  /** No complete answer. `left`: bytes of the request may have left this machine. */
  | {
      readonly end: 'failed';
      readonly left: boolean;
      readonly late: boolean;
      readonly words: string;
      readonly status: number | null;
    };

export type RawHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * One request on its way, as the HTTP client reports it.
 *
 * What matters is the line between "never left" and "may have left": undici calls `onRequestStart` in the same turn in
 * which it hands the first bytes to the socket, and never before. A request that was given up while it waited for a
 * connection is refused at that line, and so is a second start of one that already crossed it.
 */
export class Flight implements Dispatcher.DispatchHandler {
  readonly landed: Promise<Landing>;
  private readonly bytesMax: number;
  private land: (landing: Landing) => void = () => undefined;
  private over = false;
  private left = false;
  private controller: Dispatcher.DispatchController | undefined;
  private status: number | null = null;
  private headers: RawHeaders = {};
  private chunks: Buffer[] = [];
  private size = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
    this.landed = new Promise((resolve) => {
      this.land = resolve;
    });
  }

  get isOver(): boolean {
    return this.over;
  }

  /** Gives up waiting. */
  expire(): void {
    this.fail(this.left ? 'no complete answer in the time allowed' : 'no connection in the time allowed', true);
    this.controller?.abort(new Error('time is up'));
  }

  /** Ends the flight before anything left, in the caller's words. */
  cancel(words: string): void {
    this.fail(words, false);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.over || this.left) throw new Error('this request must not leave');
    this.left = true;
    this.controller = controller;
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: RawHeaders): void {
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    if (Number(headers['content-length'] ?? 0) > this.bytesMax) this.stopReading(controller, status);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.bytesMax && this.status !== null) this.stopReading(controller, this.status);
    else this.chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [first] = this.chunks;
    const bytes = first !== undefined && this.chunks.length === 1 ? first : Buffer.concat(this.chunks, this.size);
    if (this.status === null) this.fail('an answer without a status', false);
    else this.end({ end: 'complete', status: this.status, headers: this.headers, bytes });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
    this.fail(FAULTS[code] ?? `the connection failed (${code})`, LATE.has(code));
  }

  private stopReading(controller: Dispatcher.DispatchController, status: number): void {
    this.end({ end: 'too-large', status, headers: this.headers });
    controller.abort(new Error('the answer is too large'));
  }

  private fail(words: string, late: boolean): void {
    this.end({ end: 'failed', left: this.left, late, words, status: this.status });
  }

  private end(landing: Landing): void {
    if (this.over) return;
    this.over = true;
    this.chunks = [];
    this.land(landing);
  }
}

const LATE = new Set(['UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT']);

// Only these words and the bare code are recorded: messages of errors may hold addresses or headers.
const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'the name of the server is not known',
  EAI_AGAIN: 'the name of the server could not be looked up',
  EHOSTUNREACH: 'the server cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  EPIPE: 'the connection was closed while sending',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in the time allowed',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in the time allowed',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'the answer was cut short',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate of the server is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate of the server is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate of the server is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate of the server is for another name',
};
