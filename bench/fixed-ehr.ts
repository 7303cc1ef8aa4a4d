// The fixed EHR of the benches: answers what the engine asks for, after a set time by timer and with no other work, so that what
// is measured is the engine. It keeps what it was sent and counts it. Run as a process of its own; its port is its first line.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const chart = new Map<string, string>();
let created = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    // /5/fhir/...: five milliseconds.
    const [, delay = '0', , ...rest] = (request.url ?? '').split('?')[0]?.split('/') ?? [];
    const ms = Number(delay);
    const reply = (): void => answer(request, response, rest, Buffer.concat(chunks));
    if (ms === 0) reply();
    else setTimeout(reply, ms);
  });
});

function answer(request: IncomingMessage, response: ServerResponse, path: readonly string[], body: Buffer): void {
  const [type = '', id] = path;
  if (request.method === 'POST') {
    created += 1;
    const newId = String(created);
    const text = `${body.toString('utf8').slice(0, -1)},"id":"${newId}","meta":{"versionId":"1","lastUpdated":"2026-03-02T10:00:00Z"}}`;
    chart.set(`${type}/${newId}`, text);
    send(response, 201, text, { location: `${type}/${newId}/_history/1`, etag: 'W/"1"' });
    return;
  }
  if (id !== undefined) {
    const text = chart.get(`${type}/${id}`) ?? subject(type, id);
    send(response, 200, text, { etag: 'W/"1"' });
    return;
  }
  const [system = '', value = ''] = (new URL(request.url ?? '', 'http://ehr').searchParams.get('identifier') ?? '').split('|');
  const resource = subject(type, value, system);
  send(
    response,
    200,
    `{"resourceType":"Bundle","type":"searchset","link":[{"relation":"self","url":"http://ehr${request.url ?? ''}"}],"entry":[{"resource":${resource}}]}`,
    {},
  );
}

function subject(type: string, value: string, system = 'urn:bench'): string {
  const visit = type === 'Encounter' ? `,"status":"in-progress","subject":{"reference":"Patient/${value}"}` : '';
  const person = type === 'Patient' ? ',"name":[{"family":"Bench"}],"birthDate":"1970-01-01"' : '';
  return `{"resourceType":"${type}","id":"${value}","meta":{"versionId":"1"},"identifier":[{"system":"${system}","value":"${value}"}]${visit}${person}}`;
}

function send(response: ServerResponse, status: number, text: string, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'application/fhir+json', 'content-length': Buffer.byteLength(text), ...headers });
  response.end(text);
}

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
