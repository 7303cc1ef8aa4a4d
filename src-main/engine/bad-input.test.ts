import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Harness, record, tester } from './testing/harness.ts';
import { alertsNow, consents } from './index.ts';
import { r4Definitions, ucumUnits } from '../platform/index.ts';
import { agreeing } from './testing/fake-ehr.ts';
import { checkResourceCodes, type FailureCode } from '../../src-shared/domain/index.ts';
import { parseExact, searchQuery, tokenValue, type ExactObject } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/**
 * Input that is wrong on purpose, with what becomes of it, through real intake and check. Each: a code of its own, an
 * entry without content, nothing half done.
 */

let harness: Harness;
const open = async (): Promise<void> => {
  harness = await Harness.open();
};

const SECRET = 'zq-clinical-words';
const good = record({ id: 'e1' });
/** A record with its content replaced by these characters. */
const withContent = (content: string): string => record({ id: 'e1', content });
const withMember = (from: string, to: string): string => {
  expect(good).toContain(from);
  return good.replace(from, to);
};
const observed = (value: string, more = ''): string =>
  withContent(
    `{"observations":[{"code":{"system":"http://loinc.org","code":"8480-6"},"value":${value},"unit":"mm[Hg]"${more}}]}`,
  );

const days = [
  '0000-00-00',
  '2026-02-30',
  '2026-13-01',
  '275760-09-13',
  '2026-03-02T24:00:00Z',
  '2026-03-02T09:00:00',
  '02/03/2026',
];

const refusedAtIntake: readonly (readonly [name: string, text: string, code: FailureCode])[] = [
  ['BAD-1 a member named twice', withMember('"id":"e1"', '"id":"e1","id":"e2"'), 'json-duplicate-key'],
  ['BAD-1 one named twice deep inside', withContent(`{"note":{"text":"${SECRET}","text":"b"}}`), 'json-duplicate-key'],
  ['BAD-2 __proto__', withContent(`{"__proto__":{"note":"${SECRET}"},"note":{"text":"a"}}`), 'json-forbidden-key'],
  ['BAD-2 constructor.prototype', withContent('{"constructor":{"prototype":{"x":1}},"note":{"text":"a"}}'), 'json-forbidden-key'],
  ['BAD-3 100,000 deep', withContent(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), 'json-too-deep'],
  [
    'BAD-3 as deep as it may be, and one more',
    withContent('['.repeat(limits.jsonDepthMax) + ']'.repeat(limits.jsonDepthMax)),
    'json-too-deep',
  ],
  ['BAD-7 a record of no type', withMember('"type":"note.approved",', ''), 'event-invalid'],
  ['BAD-7 a resource where an event belongs', `{"resourceType":"Patient","name":[{"text":"${SECRET}"}]}`, 'event-unknown-field'],
  ['BAD-9 NaN', observed('NaN'), 'json-syntax'],
  ['BAD-9 Infinity', observed('Infinity'), 'json-syntax'],
  ['BAD-9 a number with a leading zero', observed('01'), 'json-syntax'],
  ...days.map((day) => [`BAD-10 the date ${day}`, observed('120', `,"effectiveAt":"${day}"`), 'event-invalid'] as const),
  ['BAD-18 a lone surrogate', withContent('{"note":{"text":"a\\ud800b"}}'), 'json-bad-text'],
  ['BAD-18 NUL in a name', withMember('"id":"e1"', '"id":"e\\u00001"'), 'event-invalid'],
  ['BAD-19 an id of a million characters', withMember('"id":"e1"', `"id":"${'x'.repeat(1_000_000)}"`), 'event-invalid'],
  [
    'BAD-19 a reference of a million characters',
    withMember('"identifiers":[{"system":"urn:mrn","value":"p1"}]', `"reference":"Patient/${'x'.repeat(1_000_000)}"`),
    'event-invalid',
  ],
  ...[
    'Patient/../1',
    'Patient/..',
    'Patient/1%2f2',
    'Patient/1?a=b',
    'Patient/1#b',
    'Patient/1\\n2',
    'Patient/1/2',
    'https://ehr/Patient/1',
  ].map(
    (reference) =>
      [
        `BAD-20 the reference ${reference}`,
        withMember('"identifiers":[{"system":"urn:mrn","value":"p1"}]', `"reference":"${reference}"`),
        'event-invalid',
      ] as const,
  ),
  ['BAD-20 a line break in an identifier', withMember('"value":"p1"', '"value":"p1\\r\\nx-header: 1"'), 'event-invalid'],
];

describe('refused when it is taken in', () => {
  beforeAll(open);
  afterAll(() => harness.close());
  let refusals = 0;

  it.each(refusedAtIntake)('%s', async (_name, text, code) => {
    const started = performance.now();
    const [receipt] = await harness.ingest(text);
    expect(receipt).toMatchObject({ status: 'refused', code, writes: [] });
    expect(performance.now() - started).toBeLessThan(5_000);
    const entries = await harness.deps.ledger.entries('@workspace', { stream: 'intake/test' }, 1_000);
    expect(entries.map(({ type }) => type)).toEqual(Array.from({ length: (refusals += 1) }, () => 'intake.refused'));
    expect(JSON.stringify(entries)).not.toContain(SECRET);
    expect(await harness.deps.ledger.row('event', 'north', 'e1')).toBeUndefined();
  });

  it('the next good record is taken in as if nothing had been', async () => {
    expect(await harness.ingest(good)).toMatchObject([{ status: 'accepted' }]);
  });

  it('BAD-2 nothing of it reaches an object that others use', async () => {
    await harness.ingest(withContent('{"__proto__":{"polluted":true},"note":{"text":"a"}}'));
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

async function checked(text: string) {
  const [receipt] = await harness.ingest(text);
  expect(receipt).toMatchObject({ status: 'accepted' });
  await harness.drain();
  const id = receipt?.writes[0] ?? '';
  const view = await harness.inspect.write(id, tester);
  const rules = (view?.findings ?? []).map(({ rule, severity }) => `${severity} ${rule}`);
  return { state: (await harness.write(id)).state, rules, body: view?.prepared?.body ?? '' };
}

describe('taken in, and stopped or shown by the checks', () => {
  beforeEach(open);
  afterEach(() => harness.close());

  it.each(['1.00', '0.010', '120.00000000000000000001', '12345678901234567890', '1e2', '-0'])(
    'BAD-9 the number %s is sent with the characters it came with',
    async (number) => {
      const { body } = await checked(observed(number));
      expect(body).toContain(`\\"value\\":${number},`);
    },
  );

  it('BAD-9 a number beyond all measure is not made another: it is shown as implausible', async () => {
    const { body, rules } = await checked(observed('1e400'));
    expect(body).toContain('1e400');
    expect(rules).toContain('review value-implausible');
  });

  it.each<[string, ExactObject, FailureCode]>([
    [
      'a patient who was replaced by another',
      { link: [{ type: 'replaced-by', other: { reference: 'Patient/2' } }] },
      'patient-inactive',
    ],
    ['another birth date', { birthDate: '1999-01-01' }, 'patient-differs'],
    ['another name', { name: [{ family: 'Other' }] }, 'patient-differs'],
    ['a name that only looks the same (BAD-17)', { name: [{ family: '\u0421ampbell' }] }, 'patient-differs'],
  ])('BAD-14 %s: nothing is prepared', async (_name, changes, code) => {
    harness.ehr.lookUps = (query) => {
      const answer = agreeing(query);
      if (query.kind !== 'patient' || answer.outcome !== 'found') return answer;
      return { ...answer, matches: answer.matches.map((one) => ({ ...one, resource: { ...one.resource, ...changes } })) };
    };
    expect((await checked(good)).state).toEqual({ name: 'failed-terminal', code });
    expect(harness.ehr.sends).toEqual([]);
    // Whose chart it would have been is told until somebody has settled it.
    const told = (await alertsNow(harness.deps)).map(({ kind }) => kind);
    expect(told).toEqual(code === 'patient-differs' ? ['wrong-patient'] : []);
  });

  it('BAD-14 a visit of somebody else', async () => {
    harness.ehr.lookUps = (query) => {
      const answer = agreeing(query);
      if (query.kind !== 'encounter' || answer.outcome !== 'found') return answer;
      const resource = { resourceType: 'Encounter', status: 'in-progress', subject: { reference: 'Patient/2' } };
      return { ...answer, matches: answer.matches.map((one) => ({ ...one, resource })) };
    };
    expect((await checked(good)).state).toEqual({ name: 'failed-terminal', code: 'encounter-of-other-patient' });
  });

  const scripts = ['<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '"><svg onload=alert(1)>', 'javascript:alert(1)'];
  it.each(scripts)('BAD-16 %s is text like any other: sent as it came, read as characters', async (script) => {
    const { body, state } = await checked(withContent(JSON.stringify({ note: { text: `Well today. ${script}` } })));
    expect(state.name).toBe('committed');
    const { content } = JSON.parse(body) as { content: string };
    expect((JSON.parse(content) as { text: string }).text).toBe(`Well today. ${script}`);
  });

  it.each<[string, string, string]>([
    ['a right-to-left override', 'Give 10\\u202e mg', 'review text-invisible-character'],
    ['a zero-width space', 'warf\\u200barin', 'review text-invisible-character'],
    ['a tag that nobody sees', '10\\udb40\\udc31 mg', 'review text-invisible-character'],
    ['a letter of another script', 'w\\u0430rfarin 5 mg', 'review text-mixed-script'],
  ])('BAD-17 %s is shown before it is approved', async (_name, text, rule) => {
    expect((await checked(withContent(`{"note":{"text":"${text}"}}`))).rules).toContain(rule);
  });

  it('BAD-17 a unit with a letter of another script is none', async () => {
    const content = '{"medications":[{"medication":{"text":"lisinopril"},"dosage":{"dose":{"value":5,"unit":"m\\u0433"}}}]}';
    const { rules, state } = await checked(withContent(content));
    expect(rules).toContain('stop unit-not-ucum');
    expect(state).toEqual({ name: 'failed-terminal', code: 'content-refused' });
  });

  it('BAD-18 NUL in a text is shown, and never dropped', async () => {
    const { body, rules } = await checked(withContent('{"note":{"text":"Give\\u0000 10 mg"}}'));
    expect(rules).toContain('review text-invisible-character');
    const { content } = JSON.parse(body) as { content: string };
    expect((JSON.parse(content) as { text: string }).text).toBe('Give\u0000 10 mg');
  });

  it('BAD-18 text that is not composed keeps its characters, and piled marks are shown', async () => {
    const decomposed = 'Cafe\u0301';
    const { body } = await checked(withContent(JSON.stringify({ note: { text: decomposed } })));
    expect(body).toContain(decomposed);
    await harness.close();
    harness = await Harness.open();
    const { rules } = await checked(withContent(JSON.stringify({ note: { text: `Z${'\u0300'.repeat(40)}` } })));
    expect(rules).toContain('review text-piled-marks');
  });

  it('BAD-19 a note of one line of ten megabytes is taken in, checked and sent whole', async () => {
    const line = 'x'.repeat(10_000_000);
    const { body, state } = await checked(withContent(JSON.stringify({ note: { text: line } })));
    expect(state.name).toBe('committed');
    expect(body.includes(line)).toBe(true);
  });
});

describe('questions to an EHR', () => {
  it.each(['a|b', 'a,b', 'a$b', 'a&b', 'a\\b', 'a=b#c', '../x?y', "o'neil", '%2f', 'a b+c'])(
    'BAD-20 BAD-21 the identifier %s asks for exactly itself',
    (value) => {
      const query = searchQuery([['identifier', tokenValue('urn:mrn', value)]]);
      const url = new URL(`http://ehr/fhir/Patient?${query}`);
      expect([url.pathname, url.hash, [...url.searchParams.keys()]]).toEqual(['/fhir/Patient', '', ['identifier']]);
      const token = url.searchParams.get('identifier') ?? '';
      // R4, search escaping: the separators of a value stand behind a backslash.
      const parts = token.match(/(?:[^\\|]|\\.)+/g) ?? [];
      expect(parts.map((part) => part.replace(/\\(.)/g, '$1'))).toEqual(['urn:mrn', value]);
    },
  );
});

describe('resources', () => {
  beforeAll(open);
  afterAll(() => harness.close());

  const definitions = r4Definitions();
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } };
  const found = (resource: unknown): readonly string[] => {
    const parsed = parseExact(JSON.stringify(resource), limits.jsonDepthMax);
    const value = (parsed.ok ? parsed.value : {}) as ExactObject;
    return [
      ...definitions.validate(value),
      ...checkResourceCodes(value, harness.deps.checks, { birthDate: null, now: harness.clock.now() }),
    ].map(({ severity, rule }) => `${severity} ${rule}`);
  };

  it.each<[string, unknown]>([
    ['none', {}],
    ['one that there is not', { resourceType: 'Nonsense' }],
    ['one that is not written', { resourceType: 'Claim' }],
  ])('BAD-7 a type of %s', (_name, resource) => {
    expect(found(resource)).toEqual(['stop r4-resource-type']);
  });

  it('BAD-7 not the one that was asked for', async () => {
    const recorded = await consents(harness.deps).record('north', '{"resourceType":"Patient"}', tester);
    expect(recorded).toMatchObject({ ok: false, code: 'consent-invalid' });
  });

  it('BAD-8 contained resources in a circle, and one in itself', () => {
    const inner = (id: string, to: string) => ({ ...observation, id, derivedFrom: [{ reference: `#${to}` }] });
    const holding = (...contained: readonly object[]) => ({ ...observation, contained, derivedFrom: [{ reference: '#a' }] });
    expect(found(holding(inner('a', 'b'), inner('b', 'a')))).toEqual(['stop contained-cycle']);
    expect(found(holding(inner('a', 'a')))).toEqual(['stop contained-cycle']);
    expect(found(holding({ ...observation, id: 'a' }))).toEqual([]);
    const ring = Array.from({ length: 300 }, (_, at) => inner(`n${at}`, `n${(at + 1) % 300}`));
    expect(found({ ...holding(...ring), derivedFrom: [{ reference: '#n0' }] })).toContain('stop contained-cycle');
  });

  const xhtml = (inside: string) => ({
    ...observation,
    text: { status: 'generated', div: `<div xmlns="http://www.w3.org/1999/xhtml">${inside}</div>` },
  });
  it.each([
    '<script>alert(1)</script>',
    '<img src="x" onerror="alert(1)"/>',
    '<a href="javascript:alert(1)">x</a>',
    '<svg onload="alert(1)"/>',
    '<p style="background:url(http://x)">x</p>',
  ])('BAD-15 the narrative %s is not one', (inside) => {
    expect(found(xhtml(inside))).toContain('stop r4-narrative');
  });

  it.each(['0000-00-00', '2026-02-30', '275760-09-13', '2026-13-01', '2026', '2026-03-02T24:00:00Z', '2026-03-02T09:00:00'])(
    'BAD-10 the birth date and the moment %s are never mended',
    (text) => {
      const birth = found({ resourceType: 'Patient', birthDate: text });
      const moment = found({ ...observation, effectiveDateTime: text });
      for (const rules of [birth, moment])
        // A year alone is a date of low precision, and a moment as well.
        expect(rules.some((rule) => /^stop r4-(?:primitive-format|no-such-day)$/.test(rule))).toBe(text !== '2026');
    },
  );

  it('BAD-9 a number beyond all measure in a resource keeps its characters', () => {
    const parsed = parseExact('{"resourceType":"Observation","valueQuantity":{"value":1e400}}', limits.jsonDepthMax);
    expect(parsed.ok && JSON.stringify(parsed.value)).toContain('1e400');
  });

  it('BAD-17 units that look like others', () => {
    expect(['mg', 'm\u0433', 'mg\u200b', '\uff4d\uff47'].map((unit) => ucumUnits.valid(unit))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
