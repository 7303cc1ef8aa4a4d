import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { address, addressIn, queueAddress, splitFragment, writeAddress } from './address.ts';
import { isTyping, keyCaps, keyName } from './key-names.ts';
import { stateWords } from './state-words.ts';
import { absoluteWords, ageWords, clockWords, lengthWords } from './time-words.ts';
import { hasInvisible, MARKS_MAX, shortened, visibleParts, visibleString } from './visible-text.ts';

describe('I2 hostile text is inert and visible', () => {
  it.each([
    ['Per \u202Egnp.exe', 'Per [U+202E]gnp.exe'],
    ['a\u200B\u200B\u200Bb', 'a[U+200B ×3]b'],
    ['a\u200B\u200Cb', 'a[U+200B][U+200C]b'],
    ['soft\u00ADhyphen', 'soft[U+00AD]hyphen'],
    ['bell\u0007', 'bell[U+0007]'],
    ['tag\u{E0041}', 'tag[U+E0041]'],
    ['half \uD800 pair', 'half [U+D800] pair'],
    ['line\u2028end', 'line[U+2028]end'],
    ['over\rwritten', 'over[U+000D]written'],
  ])('shows what cannot be seen in %j', (text, shown) => {
    expect(visibleString(text)).toBe(shown);
    expect(hasInvisible(text)).toBe(true);
  });

  it.each([
    '',
    'plain',
    'two\nlines',
    'tab\tstop',
    'Windows\r\nline',
    'Łódź, Müller, 山田',
    'שלום',
    '128/82 mmHg',
    '<img src=x>',
  ])('leaves %j as it is', (text) => {
    expect(visibleString(text)).toBe(text);
    expect(hasInvisible(text)).toBe(false);
  });

  it('loses no visible character and leaves no invisible one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const shown = visibleParts(text)
          .map((part) => (part.kind === 'text' ? part.text : ''))
          .join('');
        expect(hasInvisible(shown)).toBe(false);
        expect([...text].filter((character) => !hasInvisible(character)).join('')).toBe(shown.replaceAll('\r', ''));
      }),
    );
  });

  it('stays cheap for a text made of invisible characters', () => {
    const parts = visibleParts('\u200B\u200C'.repeat(50_000));
    expect(parts.length).toBeLessThanOrEqual(2 * MARKS_MAX + 1);
  });

  it('says how much it leaves out, and cuts no character in two', () => {
    expect(shortened('short', 10)).toBe('short');
    expect(shortened('a'.repeat(1_000_000), 10)).toBe(`${'a'.repeat(10)}… (${(999_990).toLocaleString()} more characters)`);
    expect(shortened('ab😀cd', 3).startsWith('ab…')).toBe(true);
  });
});

describe('K1 keys', () => {
  const press = (key: string, more: Partial<Parameters<typeof keyName>[0]> = {}) =>
    keyName({ key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more });

  it.each([
    [press('j'), 'j'],
    [press('?', { shiftKey: true }), '?'],
    [press('K', { ctrlKey: true, shiftKey: true }), 'mod+k'],
    [press('k', { metaKey: true }), 'mod+k'],
    [press('Enter', { shiftKey: true }), 'shift+Enter'],
    [press('ArrowDown', { altKey: true }), 'alt+ArrowDown'],
  ])('names a press %s', (name, expected) => {
    expect(name).toBe(expected);
  });

  it('writes them as they stand on the keyboard', () => {
    expect(keyCaps('mod+k', false)).toEqual(['Ctrl', 'K']);
    expect(keyCaps('mod+k', true)).toEqual(['Cmd', 'K']);
    expect(keyCaps('ArrowDown')).toEqual(['↓']);
    expect(keyCaps('j')).toEqual(['j']);
  });

  it('hears keys outside of any element', () => {
    expect(isTyping({ target: null, key: 'j' })).toBe(false);
  });
});

describe('K1 addresses', () => {
  it('leave out what is empty and hold the rest', () => {
    expect(address('/queue/open', { connection: 'north', state: undefined, code: '' })).toBe('/queue/open?connection=north');
    expect(queueAddress('all', { state: 'unknown' })).toBe('/queue/all?state=unknown');
    expect(writeAddress('abc', 'findings')).toBe('/write/abc?tab=findings');
  });

  it.each([
    ['#/queue/open?a=b?c', '/queue/open', 'a=b?c'],
    ['', '/', ''],
    ['#/', '/', ''],
  ])('are taken apart: %s', (fragment, path, search) => {
    expect(splitFragment(fragment)).toEqual({ path, search });
  });

  it.each([
    ['#/write/abc', '/write/abc'],
    [' http://127.0.0.1:1234/#/queue/open?state=unknown ', '/queue/open?state=unknown'],
    ['/today', '/today'],
    ['/todays', null],
    ['Patient/12', null],
    ['javascript:alert(1)#/nothing', null],
    [`/write/${'a'.repeat(3_000)}`, null],
  ])('are recognised when pasted: %s', (text, expected) => {
    expect(addressIn(text)).toBe(expected);
  });
});

describe('I2 a state is a word, a sign and a tone', () => {
  it('tells apart what happened to a committed write', () => {
    expect(stateWords('committed', 'verified')).toMatchObject({ word: 'charted, verified', sign: '✓', tone: 'ok' });
    expect(stateWords('committed', 'partial')).toMatchObject({ word: 'chart differs', sign: '!', tone: 'bad' });
    expect(stateWords('committed', 'not-verifiable').tone).toBe('warn');
    expect(stateWords('committed', 'due').tone).toBe('info');
  });

  it('says when an unknown outcome needs a person', () => {
    expect(stateWords('unknown', null, 'reply-lost').word).toBe('outcome unknown');
    expect(stateWords('unknown', null, 'look-ups-used-up').word).toBe('unknown, needs a person');
  });

  it('never calls green what is not verified in the chart', () => {
    const states = ['draft', 'validated', 'awaiting-approval', 'held', 'pending', 'in-flight', 'unknown', 'conflict'] as const;
    const others = ['failed-retryable', 'failed-terminal', 'resolved-by-hand', 'superseded', 'withdrawn', 'quarantined'] as const;
    for (const state of [...states, ...others]) expect(stateWords(state).tone).not.toBe('ok');
  });
});

describe('I2 times in words', () => {
  const now = Date.parse('2026-11-20T14:32:00Z');

  it.each([
    [40_000, '40 s'],
    [-5, '0 s'],
    [38 * 60_000, '38 min'],
    [64 * 60_000, '1 h 04'],
    [24 * 3_600_000, '1 day'],
    [3.5 * 24 * 3_600_000, '3 days'],
  ])('a length of %d ms is %s', (ms, expected) => {
    expect(lengthWords(ms)).toBe(expected);
  });

  it('looks both ways', () => {
    expect(ageWords('2026-11-20T13:54:00Z', now)).toBe('38 min');
    expect(ageWords('2026-11-20T14:36:00Z', now)).toBe('in 4 min');
  });

  it('names the day when it is another', () => {
    expect(clockWords('2026-11-20T14:30:00Z', now)).not.toMatch(/Nov|11/);
    expect(clockWords('2026-11-18T14:30:00Z', now).length).toBeGreaterThan(clockWords('2026-11-20T14:30:00Z', now).length);
    expect(absoluteWords('2026-11-20T14:30:00Z')).toMatch(/2026/);
  });
});
