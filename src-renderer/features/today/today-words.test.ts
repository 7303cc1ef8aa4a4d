import { describe, expect, it } from 'vitest';
import type { Attention } from '../../../src-shared/contract/index.ts';
import { attentionAddress, attentionVerb, causeAddress, connectionCounts, manyWords, shareWords } from './today-words.ts';

const need = (more: Partial<Attention>): Attention => ({
  state: 'unknown',
  code: 'reply-lost',
  tier: 'high',
  count: 1,
  words: 'w',
  next: 'n',
  oldestAt: null,
  only: null,
  ...more,
});

describe('I2 Today', () => {
  it.each([
    [{ safe: 0, all: 0 }, '–'],
    [{ safe: 2352, all: 2352 }, '100 %'],
    [{ safe: 99_999, all: 100_000 }, '99.9 %'],
    [{ safe: 2310, all: 2352 }, '98.2 %'],
    [{ safe: 0, all: 4 }, '0.0 %'],
  ])('share of %j is %s, never rounded up', (completion, words) => {
    expect(shareWords(completion)).toBe(words);
  });

  it.each([
    [{ state: 'unknown', code: 'reply-lost' }, '/queue/open?state=unknown&code=reply-lost'],
    [{ state: 'committed', code: 'chart-differs' }, '/queue/open?state=committed&code=chart-differs'],
    [{ state: 'awaiting-approval', code: null }, '/queue/pending?state=awaiting-approval'],
    [{ state: 'withdrawn', code: null }, '/queue/all?state=withdrawn'],
  ] as const)('a cause leads to the tab that shows it: %j', (cause, to) => {
    expect(causeAddress(cause)).toBe(to);
  });

  it('leads to where the person can deal with it', () => {
    const only = { id: 'abcdefghijklmnop', title: 't', patient: null };
    expect(attentionAddress(need({ only }), true)).toBe('/write/abcdefghijklmnop');
    expect(attentionAddress(need({ state: 'awaiting-approval', code: null, only }), true)).toBe('/approvals/abcdefghijklmnop');
    expect(attentionAddress(need({ state: 'awaiting-approval', code: null }), true)).toBe('/approvals');
    expect(attentionAddress(need({ state: 'awaiting-approval', code: null, only }), false)).toBe('/write/abcdefghijklmnop');
    expect(attentionVerb(need({ state: 'awaiting-approval' }), true)).toBe('Review');
    expect(attentionVerb(need({ state: 'awaiting-approval' }), false)).toBe('Open');
  });

  it('counts', () => {
    expect(manyWords({ state: 'committed', code: 'chart-differs', count: 6 })).toBe('6 writes: chart differs');
    expect(manyWords({ state: 'unknown', code: 'reply-lost', count: 1 })).toBe('1 write: outcome unknown');
    expect(connectionCounts({ committed: 3, unknown: 1, 'failed-terminal': 1, pending: 2, withdrawn: 9 })).toEqual({
      charted: 3,
      underway: 2,
      open: 2,
    });
  });
});
