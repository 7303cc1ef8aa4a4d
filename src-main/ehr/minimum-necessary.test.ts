import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { request } from 'undici';
import { adapters } from './index.ts';
import { subjects } from './testing/commands.ts';
import { clock, countingIds, sha256 } from './testing/runtime.ts';
import { inspect, runEngine, takeIn, type EngineDeps } from '../engine/index.ts';
import { Harness, tester } from '../engine/testing/harness.ts';
import { startPracticeEhr } from '../practice-ehr/index.ts';
import type { Receipt } from '../ports/inbound/index.ts';
import { readAllowed } from '../../src-shared/domain/index.ts';

/** Everything that leaves, over every adapter, from the whole engine: what must not leave is marked. */

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Sent {
  readonly method: string;
  readonly url: string;
  readonly text: string;
}

/** Passes requests on to the EHR and keeps all of each: line, headers and body. */
async function recorder(baseUrl: string): Promise<{ readonly baseUrl: string; readonly sent: readonly Sent[] }> {
  const target = new URL(baseUrl);
  const sent: Sent[] = [];
  const server = createServer((incoming, answer) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of incoming) parts.push(part as Buffer);
      const body = Buffer.concat(parts).toString('utf8');
      const { method = 'GET', url = '/' } = incoming;
      sent.push({ method, url, text: `${url}\n${decodeURIComponent(url)}\n${incoming.rawHeaders.join('\n')}\n${body}` });
      const { host: _host, connection: _connection, 'content-length': _length, ...headers } = incoming.headers;
      const reply = await request(`${target.origin}${url}`, {
        method: method as 'GET',
        headers,
        ...(body === '' ? {} : { body }),
      });
      const { 'content-length': _l, 'transfer-encoding': _t, connection: _c, ...replied } = reply.headers;
      answer.writeHead(reply.statusCode, replied);
      answer.end(await reply.body.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`, sent };
}

const MARK = 'zq-must-not-leave';
const provenance = {
  model: { name: `${MARK}-model`, version: '1' },
  promptTemplate: { id: `${MARK}-template` },
  renderedPrompt: `${MARK} prompt`,
  modelOutput: `${MARK} output`,
  contextShown: [`${MARK} context`],
  captureMode: `${MARK}-capture`,
  transcript: { text: `[doctor] ${MARK} said`, segments: [{ id: 's1', speaker: `${MARK}`, text: `${MARK} segment` }] },
  draft: { text: `${MARK} draft` },
  transformations: [{ step: `${MARK} step` }],
  safetyFilters: [`${MARK} filter`],
  redactions: [`${MARK} redaction`],
  uncertainties: [`${MARK} uncertainty`],
  attestation: `${MARK} attestation`,
};
const content = JSON.stringify({
  note: { text: 'The clinician wrote this.', evidence: ['s1'] },
  observations: [
    {
      code: { system: 'http://loinc.org', code: '8480-6', display: 'Systolic blood pressure' },
      value: 120,
      unit: 'mmHg',
      effectiveAt: '2026-03-02T09:00:00Z',
    },
  ],
  problems: [
    { code: { system: 'http://hl7.org/fhir/sid/icd-10-cm', code: 'M10.9', text: 'Gout' } },
    { code: { text: `${MARK} suggested` }, class: 'suggestion' },
    { code: { text: `${MARK} unclear` }, class: 'ambiguity' },
  ],
  codingCues: [{ code: { text: `${MARK} cue` } }],
});
const event = `${JSON.stringify({
  specVersion: '1.0',
  id: 'e1',
  type: 'note.approved',
  tenant: 'north',
  source: 'scribe-7',
  origin: 'ai',
  occurredAt: '2026-03-02T09:05:00Z',
  subject: {
    patient: {
      identifiers: [{ system: 'urn:mrn:north', value: '100234' }],
      name: { family: 'Campbell' },
      birthDate: '1967-02-11',
    },
    encounter: { identifiers: [{ system: 'urn:visit:north', value: 'V-88' }] },
  },
  approval: {
    status: 'approved',
    by: { id: 'dr-lee' },
    at: '2026-03-02T09:10:00Z',
    contentSha256: createHash('sha256').update(content).digest('hex'),
  },
  provenance,
}).slice(0, -1)},"content":${content}}`;

describe.each(Object.keys(adapters))('what leaves over %s', (name) => {
  it('G2 A2 transcript, prompt, draft, suggestions and cues never leave; reads are those on the list', async () => {
    const ehr = await startPracticeEhr({ dataFile: ':memory:' });
    closers.push(() => ehr.close());
    for (const resource of subjects) {
      const reply = await request(`${ehr.baseUrl}/${resource.resourceType}/${resource.id}`, {
        method: 'PUT',
        headers: { 'content-type': 'application/fhir+json' },
        body: JSON.stringify(resource),
      });
      await reply.body.dump();
      expect(reply.statusCode).toBeLessThan(300);
    }
    const { baseUrl, sent } = await recorder(ehr.baseUrl);
    const gateway = adapters[name]?.({ baseUrl, credential: () => Promise.resolve(null), sha256, clock, random: countingIds() });
    if (gateway === undefined || 'refused' in gateway) throw new Error('not opened');
    closers.push(() => gateway.close());
    const harness = await Harness.open();
    closers.push(() => harness.close());
    const deps: EngineDeps = { ...harness.deps, gateways: { open: () => Promise.resolve(gateway) } };
    const receipts: Receipt[] = [];
    for await (const receipt of takeIn(deps)([{ file: 'test', line: 1, text: event }], tester)) receipts.push(receipt);
    expect(receipts).toMatchObject([{ status: 'accepted' }]);
    await runEngine(deps)({ drain: true, maxMs: null, signal: new AbortController().signal });

    const written = sent.filter(({ method }) => method !== 'GET');
    expect(written.map(({ text }) => text).join('\n')).toContain(Buffer.from('The clinician wrote this.').toString('base64'));
    expect(written.map(({ text }) => text).join('\n')).toContain('mm[Hg]');
    for (const { text } of sent) expect(text).not.toContain(MARK);
    for (const { text } of sent) expect(text).not.toContain(Buffer.from(MARK).toString('base64').slice(0, 16));

    // What is shown as left out is what was marked, member for member.
    const view = await inspect(deps).write(receipts[0]?.writes[0] ?? '', tester);
    const kept = view?.withheld.filter(({ rule }) => rule === 'evidence-stays' || rule === 'redacted-at-source');
    expect(kept?.map(({ path }) => path.replace(/\[0\]$/, '')).toSorted()).toEqual(
      Object.keys(provenance)
        .map((member) => `provenance.${member}`)
        .toSorted(),
    );
    expect(view?.withheld).toContainEqual({
      path: 'subject.patient',
      act: 'replaced',
      rule: 'subject-by-reference',
      by: 'Patient/p1',
    });
    expect(view?.reads?.made[0]).toMatchObject({ purpose: 'identify', what: 'patient', found: ['Patient/p1'] });
    expect(view?.reads?.made[0]?.elements).toContain('birthDate');

    const reads = sent.filter(({ method }) => method === 'GET').map(({ url }) => url.slice(new URL(baseUrl).pathname.length + 1));
    expect(reads.filter((path) => !readAllowed(path))).toEqual([]);
    const compared = reads.filter((path) => path.startsWith('Condition?'));
    expect(compared.length).toBeGreaterThan(0);
    for (const path of compared) expect(path).toMatch(/^Condition\?patient=p1&clinical-status=active&_elements=/);
  });
});
