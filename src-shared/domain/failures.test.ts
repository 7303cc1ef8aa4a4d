import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { failureClasses, failureOf, failures, type FailureCode } from './failures.ts';
import { roles } from './people.ts';

const codes = Object.keys(failures) as readonly FailureCode[];
const here = import.meta.dirname;
const filesHere = (kind: RegExp): readonly string[] => readdirSync(here).filter((file) => kind.test(file));
/** Codes that stand in a file as words of their own. */
const codesIn = (file: string): readonly FailureCode[] => {
  const words = new Set(readFileSync(path.join(here, file), 'utf8').split(/[^a-z0-9-]+/));
  return codes.filter((code) => words.has(code));
};

describe('failures', () => {
  it.each(codes)('I2 %s has a class, an owner, plain words and a next step', (code) => {
    const failure = failureOf(code);
    expect(failure).toBe(failures[code]);
    expect(failureClasses).toContain(failure.class);
    expect([...roles, 'source']).toContain(failure.owner);
    expect(['retryable', 'final', 'look', 'lift']).toContain(failure.nature);
    for (const words of [failure.words, failure.next]) {
      expect(words).toMatch(/^[A-Z].*\.$/s);
      // Plain words for people at work: no names of code, no states, no HTTP.
      expect(words).not.toMatch(/[_{}<>]|\bHTTP\b|\bnull\b|undefined|failed-|in-flight/);
    }
    expect(failure.words).not.toBe(failure.next);
    expect(code).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/);
  });

  it('I2 says of every code what settles it, in step with its class', () => {
    for (const code of codes) {
      const { class: cls, nature } = failureOf(code);
      if (cls === 'ambiguous') expect(nature, code).toBe('look');
      if (cls === 'intake' || cls === 'validation') expect(nature, code).toBe('final');
      if (cls === 'authentication' || cls === 'permission') expect(nature, code).toBe('lift');
      if (cls === 'rate-limit') expect(nature, code).toBe('retryable');
      if (nature === 'retryable') expect(['unavailable', 'rate-limit'], code).toContain(cls);
    }
  });

  it('I2 is a stable list: a code is never renamed and never reused, so a change of this list is a decision', () => {
    // A new code is added to the list beside this test; none goes.
    const frozen = readFileSync(path.join(here, 'testing', 'failure-codes.txt'), 'utf8')
      .trim()
      .split('\n');
    expect(frozen.filter((code) => !(code in failures))).toEqual([]);
    expect(codes.filter((code) => !frozen.includes(code))).toEqual([]);
  });

  it('I2 has a row in a test for every code that a decision of the domain can give', () => {
    const given = new Set(filesHere(/^(?!failures\.)[a-z-]+\.ts$/).flatMap(codesIn));
    const tested = new Set(filesHere(/^(?!failures\.).*\.test\.ts$/).flatMap(codesIn));
    expect(given.size).toBeGreaterThan(30);
    expect([...given].filter((code) => !tested.has(code))).toEqual([]);
  });
});
