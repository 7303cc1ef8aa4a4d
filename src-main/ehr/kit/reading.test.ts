import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../../../src-shared/limits/index.ts';
import { asObject, stringifyExact } from '../../../src-shared/fhir/index.ts';
import { sha256 } from '../testing/runtime.ts';
import {
  parseBaseUrl,
  readBody,
  referenceInLocation,
  requestSha256,
  retryAfterMs,
  targetBelow,
  targetOfLink,
  versionInETag,
} from './index.ts';

describe('base address', () => {
  it.each([
    ['https://ehr.test/fhir/r4', 'https://ehr.test/fhir/r4/'],
    ['https://ehr.test', 'https://ehr.test/'],
    ['HTTPS://EHR.test:443/r4/', 'https://ehr.test/r4/'],
    ['http://127.0.0.1:8080/r4', 'http://127.0.0.1:8080/r4/'],
    ['http://127.1/r4', 'http://127.0.0.1/r4/'],
    ['http://0x7f000001/', 'http://127.0.0.1/'],
    ['http://[::1]:9/r4', 'http://[::1]:9/r4/'],
    ['http://localhost:9/', 'http://localhost:9/'],
    ['https://еhr.test/r4', 'https://xn--hr-mlc.test/r4/'],
  ])('G8 takes %s as %s', (text, href) => {
    const parsed = parseBaseUrl(text);
    expect(parsed.ok && parsed.base.href).toBe(href);
  });

  it.each([
    'http://ehr.test/r4',
    'http://169.254.169.254/',
    'http://[::ffff:127.0.0.1]/',
    'http://127.0.0.1.evil.test/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'javascript:alert(1)',
    'https://ehr@evil.test/r4',
    'https://user:secret@ehr.test/r4',
    'https://ehr.test/r4?x=1',
    'https://ehr.test/r4?',
    'https://ehr.test/r4#x',
    'ehr.test/r4',
    '',
  ])('G8 refuses %j', (text) => {
    const parsed = parseBaseUrl(text);
    expect(parsed.ok).toBe(false);
    expect(parsed.ok || parsed.message).not.toContain('secret');
  });

  const parsed = parseBaseUrl('https://ehr.test/fhir/r4');
  if (!parsed.ok) throw new Error(parsed.message);
  const { base } = parsed;

  it.each([
    ['metadata', '/fhir/r4/metadata'],
    ['Patient/a.1-B/_history', '/fhir/r4/Patient/a.1-B/_history'],
    ['Patient?identifier=urn%3Ax%7C1%5C%2C2&_count=2', '/fhir/r4/Patient?identifier=urn%3Ax%7C1%5C%2C2&_count=2'],
  ])('G8 reaches %s below the base', (path, target) => expect(targetBelow(base, path)).toBe(target));

  it.each([
    '../x',
    'Patient/../..',
    'Patient/..',
    'Patient/.',
    '/Patient',
    'Patient/',
    'Patient//1',
    'Patient/%2e%2e',
    'Patient/1%2f',
    'Patient/1#x',
    'Patient/1\r\nx: y',
    'Patient/a b',
    'https://evil.test/x',
    '//evil.test',
    '',
    'Patient?a=\n',
    'Patient?a=é',
  ])('G8 does not let %j leave the base', (path) => expect(targetBelow(base, path)).toBeUndefined());

  it('G8 no path gets out of the base, whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.webPath(),
          fc.array(fc.constantFrom('..', '.', '/', '%2e', 'a', '?', '\\')).map((parts) => parts.join('')),
        ),
        (path) => {
          const target = targetBelow(base, path);
          if (target === undefined) return;
          const url = new URL(target, base.origin);
          expect(url.origin).toBe(base.origin);
          expect(url.pathname.startsWith(base.path)).toBe(true);
          expect(`${url.pathname}${url.search}`).toBe(target);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['https://ehr.test/fhir/r4?_getpages=1', '/fhir/r4?_getpages=1'],
    ['https://ehr.test/fhir/r4/Patient?page=2', '/fhir/r4/Patient?page=2'],
    ['Patient?page=2', '/fhir/r4/Patient?page=2'],
    ['https://ehr.test/fhir/r4/../admin', undefined],
    ['https://ehr.test/other?page=2', undefined],
    ['http://ehr.test/fhir/r4/Patient?page=2', undefined],
    ['https://evil.test/fhir/r4/Patient?page=2', undefined],
    ['https://ehr.test@evil.test/fhir/r4/', undefined],
    ['//evil.test/fhir/r4/', undefined],
  ])('G8 the next page %s is %s', (link, target) => expect(targetOfLink(base, link)).toBe(target));
});

describe('headers', () => {
  it.each([
    ['W/"3"', '3'],
    ['w/"3"', '3'],
    ['"3"', '3'],
    ['3', '3'],
    [' W/"a-1.b" ', 'a-1.b'],
    ['W/""', null],
    ['W/3"', null],
    ['"a b"', null],
    ['', null],
    [undefined, null],
  ])('D2 reads the version in ETag %s', (etag, version) => expect(versionInETag(etag)).toBe(version));

  it.each([
    ['https://ehr.test/r4/Observation/1/_history/2', { reference: 'Observation/1', versionId: '2' }],
    ['Observation/1', { reference: 'Observation/1', versionId: null }],
    ['/r4/Observation/1/', { reference: 'Observation/1', versionId: null }],
    ['http://internal.name/r4/Observation/1', { reference: 'Observation/1', versionId: null }],
    ['https://ehr.test/r4/Observation/..', null],
    ['https://ehr.test/r4/observation/1', null],
    ['https://ehr.test/login?next=x', null],
    [undefined, null],
  ])('C4 reads the address in Location %s', (location, expected) => expect(referenceInLocation(location)).toEqual(expected));

  const now = Date.UTC(2026, 2, 2, 9, 0, 0);
  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000],
    ['Mon, 02 Mar 2026 08:59:59 GMT', null],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    [undefined, null],
    ['2026-03-02T09:00:30Z', null],
    ['Mon, 99 Mar 2026 09:00:30 GMT', null],
    ['99999999', limits.retryAfterMaxMs],
    ['9'.repeat(400), limits.retryAfterMaxMs],
    ['Fri, 01 Jan 2999 00:00:00 GMT', limits.retryAfterMaxMs],
  ])('C6 Retry-After %s is %s', (value, expected) => expect(retryAfterMs(value, now)).toBe(expected));
});

describe('answers', () => {
  const patient = '{"resourceType":"Patient","id":"1"}';
  const fhir = 'application/fhir+json';
  it.each([
    ['a resource', patient, fhir, undefined, 'resource'],
    ['plain JSON', patient, 'application/json;charset=UTF-8', undefined, 'resource'],
    ['no content type', patient, undefined, undefined, 'resource'],
    ['nothing', '', fhir, undefined, 'none'],
    ['a login page', '<html>', 'text/html', undefined, 'unreadable'],
    ['a login page under a false name', '<html>', fhir, undefined, 'unreadable'],
    ['a resource called text', patient, 'text/html', undefined, 'unreadable'],
    ['a byte order mark', `\ufeff${patient}`, fhir, undefined, 'unreadable'],
    ['UTF-16 by name', patient, 'application/json; charset=utf-16', undefined, 'unreadable'],
    ['a cut answer', patient.slice(0, -3), fhir, undefined, 'unreadable'],
    ['a key twice', '{"resourceType":"Patient","id":"1","id":"2"}', fhir, undefined, 'unreadable'],
    ['NaN', '{"resourceType":"Patient","x":NaN}', fhir, undefined, 'unreadable'],
    ['no resourceType', '{"success":true}', fhir, undefined, 'unreadable'],
    ['a list', '[]', fhir, undefined, 'unreadable'],
    ['nested too deep', `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`, fhir, undefined, 'unreadable'],
    ['compressed', patient, fhir, 'gzip', 'unreadable'],
  ])('C4 %s', (_what, text, type, encoding, kind) => {
    expect(readBody(Buffer.from(text), type, encoding).kind).toBe(kind);
  });

  it('C4 bytes that are not UTF-8 are not read', () => {
    expect(readBody(Buffer.from('{"resourceType":"Patient","x":"\xe9"}', 'latin1'), fhir, undefined).kind).toBe('unreadable');
    expect(readBody(Buffer.from(`\ufeff${patient}`, 'utf16le'), fhir, undefined).kind).toBe('unreadable');
  });

  it.each(['1.00', '0.010', '12345678901234567890', '1e400', '-0.0'])('C7 the number %s keeps its characters', (text) => {
    const body = readBody(Buffer.from(`{"resourceType":"Observation","valueQuantity":{"value":${text}}}`), fhir, undefined);
    expect(body.kind === 'resource' && stringifyExact(asObject(body.resource.valueQuantity)?.value ?? null)).toBe(text);
  });
});

describe('hash of a request', () => {
  const request = { method: 'POST', path: 'Observation', headers: { b: '2', a: '1' }, body: '{}' } as const;
  it('G4 does not depend on the order of headers, and on everything else', () => {
    const hash = requestSha256(sha256, request);
    expect(hash).toMatch(/^[0-9a-f]{64}$/);
    expect(requestSha256(sha256, { ...request, headers: { a: '1', b: '2' } })).toBe(hash);
    for (const other of [
      { method: 'PUT' as const },
      { path: 'Condition' },
      { headers: { a: '1', b: '3' } },
      { headers: { a: '1' } },
      { body: '{} ' },
    ]) {
      expect(requestSha256(sha256, { ...request, ...other })).not.toBe(hash);
    }
  });
});
