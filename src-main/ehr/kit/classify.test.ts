import { describe, expect, it } from 'vitest';
import type { Answer, AnswerBody } from './index.ts';
import { classifyRead, classifyWrite } from './index.ts';

const NOW = Date.UTC(2026, 2, 2);
const create = { method: 'POST', path: 'Observation' } as const;
const put = { method: 'PUT', path: 'Patient/7' } as const;
const patch = { method: 'PATCH', path: 'Patient/7' } as const;

const none: AnswerBody = { kind: 'none' };
const html: AnswerBody = { kind: 'unreadable', reason: 'content type text/html' };
const resource = (resourceType: string, id?: string, versionId?: string): AnswerBody => ({
  kind: 'resource',
  resource: { resourceType, ...(id !== undefined && { id }), ...(versionId !== undefined && { meta: { versionId } }) },
});
const outcome = (severity: string): AnswerBody => ({
  kind: 'resource',
  resource: { resourceType: 'OperationOutcome', issue: [{ severity, code: 'processing', diagnostics: 'words' }] },
});
const observation = resource('Observation', '1', '1');
const location = { location: 'https://ehr.test/r4/Observation/1/_history/1' };
const etag = { etag: 'W/"1"' };
const answer = (status: number, body: AnswerBody = none, headers: Record<string, string> = {}): Answer => ({
  status,
  headers,
  body,
});

describe('classifyWrite', () => {
  const done = (reference: string, versionId: string | null): string => `applied ${reference} ${String(versionId)}`;
  const rows: readonly (readonly [
    what: string,
    request: { method: 'POST' | 'PUT' | 'PATCH'; path: string },
    given: Answer,
    expected: string,
  ])[] = [
    ['created, resource returned', create, answer(201, observation, { ...location, ...etag }), done('Observation/1', '1')],
    ['created, minimal', create, answer(201, none, { ...location, etag: 'W/"4"' }), done('Observation/1', '4')],
    ['created, minimal, version in Location', create, answer(201, none, location), done('Observation/1', '1')],
    ['created, a remark returned', create, answer(201, outcome('information'), location), done('Observation/1', '1')],
    ['already there', create, answer(200, observation, etag), done('Observation/1', '1')],
    [
      'created, relative Location, no version',
      create,
      answer(201, none, { location: 'Observation/1' }),
      done('Observation/1', null),
    ],
    ['created, neither Location nor body', create, answer(201), 'unknown reply-unclear'],
    ['created, an ETag alone', create, answer(201, none, etag), 'unknown reply-unclear'],
    ['created, a resource without id', create, answer(201, resource('Observation')), 'unknown reply-unclear'],
    ['created, another type', create, answer(201, resource('Patient', '1')), 'unknown reply-unclear'],
    [
      'created, body and Location disagree',
      create,
      answer(201, observation, { location: 'Observation/2' }),
      'unknown reply-unclear',
    ],
    ['200 with an error inside', create, answer(200, outcome('error'), location), 'unknown reply-unclear'],
    ['201 with a fatal inside', create, answer(201, outcome('fatal'), location), 'unknown reply-unclear'],
    ['200 with a login page', create, answer(200, html, location), 'unknown reply-unclear'],
    ['accepted', create, answer(202, none, location), 'unknown accepted-only'],
    ['no content, Location', create, answer(204, none, location), done('Observation/1', '1')],
    ['no content', create, answer(204, none, etag), 'unknown reply-unclear'],
    ['updated', put, answer(200, resource('Patient', '7', '3')), done('Patient/7', '3')],
    ['updated, minimal', put, answer(200, none, { etag: '"3"' }), done('Patient/7', '3')],
    ['updated, no content', patch, answer(204, none, { etag: 'W/"3"' }), done('Patient/7', '3')],
    ['updated, no content, no ETag', patch, answer(204), 'unknown reply-unclear'],
    ['updated, no word of it', put, answer(200), 'unknown reply-unclear'],
    ['updated somebody else', put, answer(200, resource('Patient', '8', '3')), 'unknown reply-unclear'],
    ['part of something', put, answer(206, resource('Patient', '7', '3')), 'unknown reply-unclear'],
    ['several statuses', create, answer(207, observation), 'unknown reply-unclear'],
    ['conflict on update', put, answer(409, outcome('error')), 'conflict version-conflict'],
    ['precondition on update', patch, answer(412, outcome('error')), 'conflict version-conflict'],
    ['several match', create, answer(412, outcome('error')), 'conflict several-match'],
    ['conflict on create', create, answer(409, outcome('error')), 'unknown reply-unclear'],
    ['throttled', create, answer(429, none, { 'retry-after': '7' }), 'throttled ehr-rate-limit 7000'],
    ['throttled, no time', create, answer(429), 'throttled ehr-rate-limit null'],
    ['bad request', create, answer(400, outcome('error')), 'refused ehr-rejected'],
    ['unprocessable', create, answer(422, outcome('error')), 'refused ehr-rejected'],
    ['too large', create, answer(413, html), 'refused ehr-rejected'],
    ['not signed in', create, answer(401), 'refused sign-in-needed'],
    ['not allowed, empty', create, answer(403), 'refused permission-denied'],
    ['type not known', create, answer(404, outcome('error')), 'refused ehr-not-supported'],
    ['method not allowed', create, answer(405), 'refused ehr-not-supported'],
    ['gone', put, answer(410), 'refused ehr-not-supported'],
    ['media type', create, answer(415), 'refused ehr-not-supported'],
    ['not implemented', patch, answer(501), 'refused ehr-not-supported'],
    ['redirect', create, answer(307, none, { location: 'https://evil.test/' }), 'refused ehr-not-supported'],
    ['moved', create, answer(301, none, location), 'refused ehr-not-supported'],
    ['see other, as after a commit', create, answer(303, none, location), 'unknown reply-unclear'],
    ['not modified', put, answer(304, none, etag), 'unknown reply-unclear'],
    ['fault', create, answer(500, outcome('fatal')), 'unknown reply-unclear'],
    ['bad gateway', create, answer(502, html), 'unknown reply-unclear'],
    ['unavailable', create, answer(503, none, { 'retry-after': '7' }), 'unknown reply-unclear'],
    ['gateway time-out', create, answer(504, html), 'unknown reply-unclear'],
    ['request time-out', create, answer(408), 'unknown reply-unclear'],
    ['closed by the client, said a proxy', create, answer(499), 'unknown reply-unclear'],
    ['a number nobody knows', create, answer(799), 'unknown reply-unclear'],
  ];
  it.each(rows)('C4 %s', (_what, request, given, expected) => {
    const verdict = classifyWrite(request, given, NOW);
    const { verdict: kind } = verdict;
    const words = kind === 'applied' ? done(verdict.reference, verdict.versionId) : `${kind} ${verdict.code}`;
    expect(kind === 'throttled' ? `${words} ${String(verdict.retryAfterMs)}` : words).toBe(expected);
  });

  it('C4 no status without evidence counts as done, and no 5xx but "not implemented" as not done', () => {
    for (let status = 100; status < 1000; status += 1) {
      const { verdict } = classifyWrite(create, answer(status), NOW);
      expect(verdict).not.toBe('applied');
      if (status < 300 || status >= 500)
        expect(`${status} ${verdict}`).toBe(`${status} ${[501, 505].includes(status) ? 'refused' : 'unknown'}`);
    }
  });

  it('I2 a refusal carries the words of the EHR', () => {
    const verdict = classifyWrite(create, answer(422, outcome('error')), NOW);
    expect(verdict).toMatchObject({ verdict: 'refused', message: 'HTTP 422: error (processing): words' });
  });
});

describe('classifyRead', () => {
  it.each([
    ['a resource', answer(200, observation), 'read'],
    ['an outcome instead', answer(200, outcome('error')), 'ehr-answer-unreadable'],
    ['a login page', answer(200, html), 'ehr-answer-unreadable'],
    ['not found', answer(404, outcome('error')), 'gone'],
    ['not found, without a word', answer(404), 'gone'],
    ['not found, says a proxy', answer(404, html), 'ehr-answer-unreadable'],
    ['deleted', answer(410, outcome('error')), 'gone'],
    ['not signed in', answer(401), 'sign-in-needed'],
    ['not allowed', answer(403), 'permission-denied'],
    ['refused', answer(400, outcome('error')), 'ehr-rejected'],
    ['method', answer(405), 'ehr-not-supported'],
    ['too many', answer(429), 'ehr-rate-limit'],
    ['unavailable', answer(503), 'ehr-unavailable'],
    ['fault', answer(500), 'ehr-fault'],
    ['redirect', answer(302), 'ehr-answer-unreadable'],
  ])('C4 %s', (_what, given, expected) => {
    const verdict = classifyRead(given, NOW);
    expect(verdict.verdict === 'failed' ? verdict.code : verdict.verdict).toBe(expected);
  });

  it('C6 a read that was put off says until when', () => {
    expect(classifyRead(answer(503, none, { 'retry-after': '3' }), NOW)).toMatchObject({ retryAfterMs: 3000 });
    expect(classifyRead(answer(500, none, { 'retry-after': '3' }), NOW)).toMatchObject({ retryAfterMs: null });
  });
});
