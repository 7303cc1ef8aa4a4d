import { describe, expect, it } from 'vitest';
import { anchorWords, engineWords, environmentWords, initials, wallClockWords } from './frame-words.ts';
import { markupFree } from './hardening.ts';
import { idleDuty, TELL_MS } from './idle.ts';
import { isSearch, moved, paletteItems } from './palette-items.ts';
import { firstPlace, isAt, placesFor } from './places.ts';
import { percentDone, progressWords, reportWords } from './verify-words.ts';

describe('I1 no text becomes markup', () => {
  it('refuses anything in which a tag can start', () => {
    expect(() => markupFree('a { color: red } <img src=x onerror=alert(1)>')).toThrow(TypeError);
    expect(markupFree('@media (min-width: 40em) { a > b { color: red } }')).toContain('a > b');
  });
});

describe('I1 the frame says what is so', () => {
  const now = Date.parse('2026-11-20T14:32:00Z');
  const anchor = (seconds: number, entriesSince: number) => ({
    at: new Date(now - seconds * 1000).toISOString(),
    entriesSince,
  });

  it.each([
    [anchor(40, 12), 'plain', 'Log anchored 40 s ago'],
    [anchor(7_200, 0), 'plain', 'Log anchored 2 h 00 ago'],
    [anchor(7_200, 1), 'warn', 'Log anchored 2 h 00 ago'],
    [anchor(5, 100_000), 'warn', 'Log anchored 5 s ago'],
    [{ at: null, entriesSince: 0 }, 'warn', 'Log not anchored yet'],
  ])('anchor %j', (given, tone, words) => {
    expect(anchorWords(given, now)).toMatchObject({ tone, words });
  });

  it('never shows an engine that is not running as one that is', () => {
    const states = ['paused', 'starting', 'stopped', 'elsewhere', 'failed'] as const;
    for (const state of states) expect(engineWords({ state, words: '', since: null }).tone).not.toBe('ok');
    expect(engineWords({ state: 'running', words: '', since: null }).tone).toBe('ok');
  });

  it('names the environment, or that there is none', () => {
    expect(environmentWords('production').word).toBe('Production');
    expect(environmentWords(null).word).toBe('No EHR');
  });

  it('shortens names', () => {
    expect(['Riley Chen', 'Dr Dana Lee', 'Ana', '', '山田 太郎'].map(initials)).toEqual(['RC', 'DL', 'A', '?', '山太']);
  });

  it('says the time with its zone', () => {
    expect(wallClockWords(new Date(now))).toMatch(/\d\d.*UTC/);
  });
});

describe('K1 screens by role', () => {
  it('leads nobody to a screen they may not see', () => {
    expect(placesFor({ acts: ['status'] }).map(({ path }) => path)).toEqual(['/connections']);
    expect(firstPlace({ acts: ['status'] })).toBe('/connections');
    expect(firstPlace({ acts: ['status', 'write.read'] })).toBe('/today');
  });

  it('marks the queue while one of its writes is open', () => {
    expect(isAt({ path: '/queue' }, '/write/abc')).toBe(true);
    expect(isAt({ path: '/queue' }, '/queue/open')).toBe(true);
    expect(isAt({ path: '/today' }, '/todayish')).toBe(false);
  });
});

describe('K1 the palette', () => {
  const facts = { places: [{ path: '/today', name: 'Today' }], engine: 'running', mayRun: true, mayVerify: false };
  const ids = (text: string, more: Partial<typeof facts> = {}) => paletteItems(text, { ...facts, ...more }).map(({ id }) => id);

  it('offers what fits each word', () => {
    expect(ids('go tod')).toEqual(['/today']);
    expect(ids('LOCK')).toEqual(['lock']);
    expect(ids('nothing like it')).toEqual([]);
  });

  it('offers only what can be done', () => {
    expect(ids('engine')).toEqual(['pause']);
    expect(ids('engine', { engine: 'paused' })).toEqual(['resume']);
    expect(ids('engine', { mayRun: false })).toEqual([]);
    expect(ids('verify')).toEqual([]);
    expect(ids('verify', { mayVerify: true })).toEqual(['verify']);
  });

  it('takes a pasted address for what it is', () => {
    expect(paletteItems('http://127.0.0.1:9/#/write/abc', facts)).toMatchObject([{ kind: 'go', to: '/write/abc' }]);
    expect(isSearch('#/write/abc')).toBe(false);
    expect(isSearch('a')).toBe(false);
    expect(isSearch('Patient/1')).toBe(true);
  });

  it.each([
    [0, 1, 3, 1],
    [2, 1, 3, 0],
    [0, -1, 3, 2],
    [-1, 1, 3, 0],
    [0, 1, 0, -1],
  ])('from %d by %d of %d comes to %d', (index, step, length, expected) => {
    expect(moved(index, step, length)).toBe(expected);
  });
});

describe('A4 idle', () => {
  const lockMs = 900_000;
  it.each([
    [{ now: 1_000, active: 900, told: 0 }, 'nothing'],
    [{ now: TELL_MS, active: 10, told: 0 }, 'tell'],
    [{ now: TELL_MS, active: 0, told: 0 }, 'nothing'],
    [{ now: lockMs, active: 0, told: 0 }, 'lock'],
  ])('%j: %s', (at, expected) => {
    expect(idleDuty(at, lockMs)).toBe(expected);
  });
});

describe('C7 the check of the log in words', () => {
  const report = { ok: true, entries: 1, checkpoints: 2, erasedPayloads: 0, problems: [] };

  it('says how far it is', () => {
    expect(percentDone({ done: 1, total: 3 })).toBe(33);
    expect(percentDone({ done: 5, total: 3 })).toBe(100);
    expect(percentDone({ done: 5, total: null })).toBeNull();
    expect(percentDone({ done: 0, total: 0 })).toBeNull();
    expect(progressWords({ done: 1, total: 3 })).toBe('1 of 3 entries checked');
    expect(progressWords({ done: 1, total: null })).toBe('1 entries checked');
  });

  it('calls a log whole only when it is', () => {
    expect(reportWords(report)).toBe('The log is whole: 1 entry and 2 signed checkpoints agree.');
    const problem = { code: 'leaf-hash', tenant: null, seq: null, message: 'm' };
    expect(reportWords({ ...report, ok: false, problems: [problem] })).toContain('changed or damaged: 1 problem');
  });
});
