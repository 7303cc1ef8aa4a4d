import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  carriesIdentifier,
  carriesTag,
  codeableConcept,
  describeOutcome,
  escapeSearchValue,
  isAddressableId,
  members,
  narrativeDiv,
  noteText,
  outcomeFailed,
  outcomeIssues,
  parseReference,
  referenceTo,
  sameInstant,
  searchQuery,
  selfLinkRepeats,
  tokenValue,
  withSeconds,
} from './index.ts';

describe('dates and times', () => {
  it.each([
    ['2026-03-02T09:14:00Z', '2026-03-02T09:14:00+00:00', true],
    ['2026-03-02T09:14:00Z', '2026-03-02T09:14Z', true],
    ['2026-03-02T23:30:00-01:00', '2026-03-03T00:30:00.000Z', true],
    ['2026-03-02T09:14:00.1Z', '2026-03-02T09:14:00.100000Z', true],
    ['2026-03-02T09:14:00.1234567891Z', '2026-03-02T09:14:00.123456789Z', false],
    ['0001-01-01T00:00:00Z', '1901-01-01T00:00:00Z', false],
    ['2026-03-02', '2026-03-02', true],
    ['2026-03-02', '2026-03-02T00:00:00Z', false],
    ['2026', '2026-01', false],
    ['not a time', 'also not', false],
  ])('A2 %s and %s name the same moment: %s', (left, right, same) => {
    expect(sameInstant(left, right)).toBe(same);
    expect(sameInstant(right, left)).toBe(same);
  });

  it.each([
    ['2026-03-02T09:14Z', '2026-03-02T09:14:00Z'],
    ['2026-03-02T09:14-05:00', '2026-03-02T09:14:00-05:00'],
    ['2026-03-02T09:14:05.120Z', '2026-03-02T09:14:05.120Z'],
    ['2026-03-02', '2026-03-02'],
  ])('A2 completes %s to %s', (text, completed) => expect(withSeconds(text)).toBe(completed));
});

describe('references', () => {
  it.each([
    '../x',
    'Patient/..',
    'Patient/.',
    'Patient/%2e%2e',
    'Patient/1?x',
    'Patient/1#x',
    'Patient/1\n',
    'patient/1',
    'Patient/',
    'Patient',
    'Patient/1/_history',
    'Patient/1/_history/2/3',
    'https://x/Patient/1',
    `Patient/${'1'.repeat(65)}`,
  ])('C7 does not take %j for a reference', (text) => expect(parseReference(text)).toBeUndefined());

  it('C7 reads type, id and version', () => {
    expect(parseReference('Patient/a-1.B')).toEqual({ type: 'Patient', id: 'a-1.B', versionId: null });
    expect(parseReference('Patient/1/_history/7')).toEqual({ type: 'Patient', id: '1', versionId: '7' });
    expect(referenceTo({ resourceType: 'Patient', id: '..' })).toBeUndefined();
    expect(isAddressableId('1\n')).toBe(false);
  });

  it('C4 recognises its own identifier in lists and single, and its tag', () => {
    const mine = { system: 's', value: 'v' };
    expect(carriesIdentifier({ identifier: [{ system: 's', value: 'x' }, mine] }, 's', 'v')).toBe(true);
    expect(carriesIdentifier({ identifier: mine }, 's', 'v')).toBe(true);
    expect(carriesIdentifier({ identifier: [{ system: 's', value: 'V' }] }, 's', 'v')).toBe(false);
    expect(carriesIdentifier({}, 's', 'v')).toBe(false);
    expect(carriesTag({ meta: { tag: [{ system: 's', code: 'v' }] } }, 's', 'v')).toBe(true);
    expect(carriesTag({ meta: {} }, 's', 'v')).toBe(false);
  });
});

describe('OperationOutcome', () => {
  const outcome = (...issue: { severity: string; code: string; diagnostics?: string }[]) =>
    outcomeIssues({ resourceType: 'OperationOutcome', issue });

  it('I2 tells failures from remarks', () => {
    expect(outcomeIssues({ resourceType: 'Patient' })).toBeUndefined();
    expect(outcomeFailed(outcome({ severity: 'information', code: 'informational' }) ?? [])).toBe(false);
    expect(outcomeFailed(outcome({ severity: 'warning', code: 'value' }, { severity: 'fatal', code: 'exception' }) ?? [])).toBe(
      true,
    );
    expect(outcomeFailed(outcome() ?? [])).toBe(true);
  });

  it('I2 reads outcomes that say little, or say it in a code', () => {
    const issue = [
      null,
      {},
      { severity: 'error', code: 'invalid', details: { coding: [{ code: '59108' }] }, location: ['/f:Observation'] },
      { severity: 'error', code: 'invalid', details: { coding: [{ code: '59108', display: 'Missing' }] } },
    ];
    expect(outcomeIssues({ resourceType: 'OperationOutcome', issue })).toEqual([
      { severity: 'error', code: 'unknown', text: '', expressions: [] },
      { severity: 'error', code: 'invalid', text: '59108', expressions: ['/f:Observation'] },
      { severity: 'error', code: 'invalid', text: 'Missing', expressions: [] },
    ]);
    expect(describeOutcome([{ severity: 'error', code: 'unknown', text: '', expressions: [] }], 50)).toBe('error (unknown)');
  });

  it('I2 says what the server said, within bounds', () => {
    const issues = outcomeIssues({
      resourceType: 'OperationOutcome',
      issue: [
        { severity: 'error', code: 'required', details: { text: 'status is missing' }, expression: ['Observation.status'] },
      ],
    });
    expect(describeOutcome(issues ?? [], 200)).toBe('error (required) at Observation.status: status is missing');
    expect(describeOutcome(outcome({ severity: 'error', code: 'x', diagnostics: 'y'.repeat(500) }) ?? [], 100)).toHaveLength(100);
  });
});

describe('search values', () => {
  it.each([
    ['a|b', 'a\\|b'],
    ['a,b', 'a\\,b'],
    ['a$b', 'a\\$b'],
    ['a\\b', 'a\\\\b'],
    ['plain', 'plain'],
  ])('A1 escapes %j', (value, escaped) => expect(escapeSearchValue(value)).toBe(escaped));

  it('A1 any system and value stay one value, and the self link is recognised by them', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), fc.string(), (system, value, other) => {
        fc.pre(system.isWellFormed() && value.isWellFormed() && other !== value);
        const query = searchQuery([['identifier', tokenValue(system, value)]]);
        expect(query).toMatch(/^[A-Za-z0-9\-._~!()*%=]*$/);
        expect(selfLinkRepeats(`https://ehr.test/Patient?${query}`, 'identifier', system, value)).toBe(true);
        expect(selfLinkRepeats(`https://ehr.test/Patient?${query}`, 'identifier', system, `${value}x`)).toBe(false);
      }),
    );
    expect(selfLinkRepeats('https://ehr.test/Patient', 'identifier', 's', 'v')).toBe(false);
    expect(selfLinkRepeats('Patient?_count=2&identifier=s|v', 'identifier', 's', 'v')).toBe(true);
    expect(selfLinkRepeats('Patient?identifier:not=s|v', 'identifier', 's', 'v')).toBe(false);
  });
});

describe('narrative', () => {
  const parts = fc.record({
    text: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
    sections: fc.array(fc.record({ title: fc.string({ minLength: 1 }), text: fc.string({ minLength: 1 }) }), { minLength: 1 }),
  });

  it('A2 keeps every title and text of a note, in order, and adds nothing but empty lines', () => {
    fc.assert(
      fc.property(parts, (note) => {
        let rest = noteText(note);
        for (const piece of [
          ...(note.text === undefined ? [] : [note.text]),
          ...note.sections.flatMap(({ title, text }) => [title, text]),
        ]) {
          expect(rest.startsWith(piece)).toBe(true);
          rest = rest.slice(piece.length).replace(/^\n\n/, '');
        }
        expect(rest).toBe('');
      }),
    );
    expect(
      noteText({
        sections: [
          { title: 'Plan', text: 'Rest.' },
          { title: 'Follow-up', text: 'In 2 weeks.' },
        ],
      }),
    ).toBe('Plan\n\nRest.\n\nFollow-up\n\nIn 2 weeks.');
  });

  it('A2 writes text as XHTML that says the same, or not at all', () => {
    expect(narrativeDiv('a < b & c\r\nd')).toBe(
      '<div xmlns="http://www.w3.org/1999/xhtml"><pre>a &lt; b &amp; c&#13;\nd</pre></div>',
    );
    expect(narrativeDiv('form\ffeed')).toBeUndefined();
    expect(narrativeDiv('<script>alert(1)</script>')).not.toContain('<script');
  });
});

describe('builders', () => {
  it('F1 leaves out what FHIR does not allow to stand empty', () => {
    expect(members({ a: undefined, b: [], c: false, d: 'x' })).toEqual({ c: false, d: 'x' });
  });

  it('A2 keeps code, words and translations of a concept', () => {
    expect(codeableConcept({ text: 'cough' })).toEqual({ text: 'cough' });
    expect(codeableConcept({ display: 'cough' })).toEqual({ text: 'cough' });
    expect(codeableConcept({ system: 's', code: 'c', display: 'd', translations: [{ system: 't', code: 'u' }] })).toEqual({
      coding: [
        { system: 's', code: 'c', display: 'd' },
        { system: 't', code: 'u' },
      ],
    });
  });
});
