import { describe, expect, it } from 'vitest';
import { countVitest, type VitestReport } from './test-count.ts';

const file = (status: string, ...tests: string[]): VitestReport['testResults'][number] => ({
  status,
  assertionResults: tests.map((one) => ({ status: one })),
});
const report = (...testResults: VitestReport['testResults']): VitestReport => ({ testResults });

describe('countVitest', () => {
  it.each([
    ['all well', report(file('passed', 'passed', 'passed'), file('passed', 'passed', 'skipped', 'todo')), 0, [3, 0, 2]],
    ['a failed test', report(file('failed', 'passed', 'failed')), 1, [1, 1, 0]],
    ['a file that did not load', report(file('failed'), file('passed', 'passed')), 1, [1, 1, 0]],
    ['a file whose clean-up failed', report(file('failed', 'passed')), 1, [1, 1, 0]],
    ['a test that never finished', report(file('failed', 'pending')), 1, [0, 1, 0]],
    ['an error outside any test', report(file('passed', 'passed')), 1, [1, 1, 0]],
    ['an end by a signal', report(file('passed', 'passed')), null, [1, 1, 0]],
    ['no tests', report(), 0, [0, 1, 0]],
    ['no report', null, 0, [0, 1, 0]],
    ['no report after a crash', null, 134, [0, 1, 0]],
  ] as const)('%s', (_name, given, exitCode, [passed, failed, skipped]) => {
    expect(countVitest(given, exitCode)).toEqual({ passed, failed, skipped });
  });
});
