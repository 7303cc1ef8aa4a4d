import { describe, expect, it } from 'vitest';
import { decideReview, reviewMeasures, type ReviewRow } from './reviews.ts';
import { shadowMeasures } from './go-live.ts';
import { now, person, requestSha256 } from '../testing/builders.ts';
import { limits } from '../../limits/index.ts';

const row = (changes: Partial<ReviewRow> = {}): ReviewRow => ({
  write: 'w1',
  tenant: 'north-clinic',
  connection: 'north',
  resourceType: 'DocumentReference',
  version: 1,
  since: now,
  approvedBy: 'dr-lee',
  review: null,
  ...changes,
});
const reviewer = person({ id: 'dr-x', name: 'X' });
const review = (verdict: 'fine' | 'wrong') => {
  const decided = decideReview(row(), requestSha256, reviewer, verdict, 'read it', now);
  if (!decided.ok) throw new Error(decided.message);
  return decided.review;
};

describe('B4 reviewing what was charted', () => {
  it('B4 is signed: who, as what, when, what was found, for which bytes', () => {
    expect(review('wrong')).toEqual({
      ...{ by: 'dr-x', name: 'X', role: 'clinician', at: now, verdict: 'wrong', reason: 'read it', requestSha256 },
    });
  });

  // Each has everything wrong that stands below it.
  it.each([
    ['without the role', row(), person({ id: 'DR-LEE', roles: ['operator'] }), ' ', 'role-forbids'],
    ['no longer active', row(), person({ id: 'DR-LEE', active: false }), ' ', 'role-forbids'],
    [
      'by whoever approved it, in another spelling',
      row({ review: review('fine') }),
      person({ id: 'DR-LEE' }),
      ' ',
      'self-review',
    ],
    ['a second time', row({ review: review('fine') }), reviewer, ' ', 'reviewed'],
    ['without words', row(), reviewer, ' ', 'reason-missing'],
  ])('B4 is refused %s', (_, given, who, reason, code) => {
    expect(decideReview(given, requestSha256, who, 'fine', reason, now)).toMatchObject({ ok: false, code });
  });

  it('B4 is counted: what waits, what waits too long, and what was found within the time that is measured', () => {
    const old = now - limits.stageWindowMs - 1;
    const late = now - limits.reviewDueMs - 1;
    const rows = [
      row(),
      row({ since: now - limits.reviewDueMs }),
      row({ since: late }),
      row({ since: old }),
      row({ review: review('fine') }),
      row({ review: review('wrong'), since: late }),
      row({ review: review('wrong'), since: old }),
    ];
    expect(reviewMeasures(rows, now - limits.stageWindowMs, now)).toEqual({ open: 4, overdue: 2, fine: 1, wrong: 1 });
  });
});

it('B4 a comparison at stage shadow is measured per element, of all types or of one', () => {
  const totals = [
    {
      resourceType: 'Task',
      same: 8,
      differs: 2,
      elements: [
        { element: 'code', serious: 1 },
        { element: 'note', serious: 0 },
      ],
    },
    { resourceType: 'Condition', same: 3, differs: 1, elements: [{ element: 'code', serious: 1 }] },
  ];
  expect(shadowMeasures(totals, null)).toEqual({
    compared: 14,
    elements: [
      { element: 'Condition.code', serious: 1, of: 4 },
      { element: 'Task.code', serious: 1, of: 10 },
    ],
  });
  expect(shadowMeasures(totals, 'Task')).toEqual({ compared: 10, elements: [{ element: 'Task.code', serious: 1, of: 10 }] });
  expect(shadowMeasures(totals, 'Observation')).toEqual({ compared: 0, elements: [] });
});
