import { Buffer } from 'node:buffer';
import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { limits } from '../../src-shared/limits/index.ts';
import type { Reply } from './answers.ts';
import type { Control } from './control.ts';
import type { Line } from './delivery.ts';
import { Waits, deliver } from './delivery.ts';
import type { FaultEngine } from './faults.ts';
import type { Call, FhirService } from './service.ts';
import { plainRefusal } from './service.ts';

// Literal, so that no name service and no other interface can come into it.
const HOST = '127.0.0.1';
export const FHIR_PATH = '/fhir';
export const CONTROL_PATH = '/control';
/** Longer than a client keeps an idle connection: a connection closed under a request would be a fault nobody ordered. */
const KEEP_ALIVE_MS = 120_000;
const REQUEST_ID = /^[\x21-\x7e]{1,128}$/;

export interface HttpParts {
  readonly service: FhirService;
  readonly control: Control;
  readonly faults: FaultEngine;
  readonly bearerToken: string | undefined;
  readonly onFault: (error: unknown) => void;
}

/** The sockets: reads requests within their limits, hands them to the FHIR or the control side, writes the replies. */
export class HttpServer {
  private readonly parts: HttpParts;
  private readonly server: Server;
  private readonly waits = new Waits();
  private readonly running = new Set<Promise<void>>();
  private port = 0;

  constructor(parts: HttpParts) {
    this.parts = parts;
    this.server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      const work = this.serve(request, response)
        .catch((error: unknown) => {
          this.parts.onFault(error);
          request.socket.destroy();
        })
        .finally(() => this.running.delete(work));
      this.running.add(work);
    });
  }

  /** Starts to listen; port 0 takes a free one. Rejects when the port is taken. */
  async listen(port: number): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, HOST, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('the practice EHR has no port');
    this.port = address.port;
    return address.port;
  }

  /** Ends: requests held or delayed by faults are dropped, those being carried out are finished first. */
  async close(): Promise<void> {
    this.waits.close();
    const closed = new Promise<void>((resolve) => {
      this.server.close(() => {
        resolve();
      });
    });
    this.server.closeAllConnections();
    await closed;
    await Promise.all(this.running);
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const given = headerText(request, 'x-request-id');
    response.setHeader('X-Request-Id', given !== undefined && REQUEST_ID.test(given) ? given : randomUUID());
    const line = new ResponseLine(request, response);
    // A name that a web page had pointed at this machine would come with its own Host header.
    if (request.headers.host !== `${HOST}:${this.port}` && request.headers.host !== `localhost:${this.port}`) {
      line.send(plainRefusal(421, 'this server answers to its loopback address only'));
      return;
    }
    const body = await readBytes(request, limits.recordBytesMax);
    if (body === 'gone') return;
    if (body === 'too-large') {
      response.setHeader('Connection', 'close');
      line.send(plainRefusal(413, `a request may have at most ${limits.recordBytesMax} bytes`));
      return;
    }
    const [path = '', query = ''] = splitOnce(request.url ?? '/', '?');
    const method = request.method ?? 'GET';
    const under = (prefix: string): string | undefined =>
      path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1).replace(/\/$/, '') : undefined;
    const [fhirPath, controlPath] = [under(FHIR_PATH), under(CONTROL_PATH)];
    if (controlPath !== undefined) {
      line.send(this.parts.control.answer({ method, path: controlPath, query, headers: {}, body }));
    } else if (fhirPath === undefined) {
      line.send(plainRefusal(404, `the FHIR base is ${FHIR_PATH}`));
    } else {
      const path = decoded(fhirPath);
      if (path === undefined) line.send(plainRefusal(400, 'the path is not well-formed'));
      else await this.serveFhir({ method, path, query, headers: headersOf(request), body }, line);
    }
  }

  private async serveFhir(call: Call, line: Line): Promise<void> {
    const { control, faults, service, bearerToken } = this.parts;
    control.countRequest(call.method);
    if (bearerToken !== undefined && !sameText(call.headers['authorization'] ?? '', `Bearer ${bearerToken}`)) {
      const reply = plainRefusal(401, 'a bearer token is required');
      line.send({ ...reply, headers: { ...reply.headers, 'WWW-Authenticate': 'Bearer realm="practice-ehr"' } });
      return;
    }
    await deliver(service, this.waits, call, faults.decide(service.subject(call)), line);
  }
}

class ResponseLine implements Line {
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
  }

  send(reply: Reply): void {
    this.head(reply);
    // As text, not as bytes: head and body then leave in one write.
    this.response.end(reply.body ?? '');
  }

  sendHalf(reply: Reply): void {
    this.head(reply);
    const body = Buffer.from(reply.body ?? '', 'utf8');
    this.response.write(body.subarray(0, Math.floor(body.length / 2)), () => {
      this.close();
    });
  }

  close(): void {
    this.request.socket.destroy();
  }

  private head(reply: Reply): void {
    const hasNoBody = reply.status === 204 || reply.status === 304;
    const length = hasNoBody ? {} : { 'Content-Length': String(Buffer.byteLength(reply.body ?? '', 'utf8')) };
    this.response.writeHead(reply.status, { ...reply.headers, ...length });
  }
}

function readBytes(request: IncomingMessage, most: number): Promise<Buffer | 'too-large' | 'gone'> {
  if (Number(request.headers['content-length'] ?? 0) > most) {
    request.resume();
    return Promise.resolve('too-large');
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= most) chunks.push(chunk);
      else resolve('too-large');
    });
    request.on('end', () => {
      resolve(Buffer.concat(chunks));
    });
    request.on('error', () => {
      resolve('gone');
    });
    request.on('close', () => {
      resolve('gone');
    });
  });
}

function headersOf(request: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(request.headers).map((name) => [name, headerText(request, name)]));
}

function headerText(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function sameText(left: string, right: string): boolean {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
