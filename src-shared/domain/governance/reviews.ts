import { actingRole } from '../authority.ts';
import { limits } from '../../limits/index.ts';
import type { Person, Role } from '../people.ts';
import { distinctPersons } from './separation.ts';

/**
 * What was charted without anybody here having decided on it is reviewed afterwards (B4, the limited auto-write stage): by
 * somebody other than whoever answered for it until then. A review moves no write; what it finds wrong is put right in the
 * ways that the contract names.
 */

export const reviewVerdicts = ['fine', 'wrong'] as const;

/** The answer of a person to one charted write. */
export interface Review {
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly verdict: (typeof reviewVerdicts)[number];
  /** What was looked at and found. */
  readonly reason: string;
  /** The request that the reviewed entry came from. */
  readonly requestSha256: string;
}

/** A charted write on the review list; it stays there with its review. */
export interface ReviewRow {
  readonly write: string;
  readonly tenant: string;
  readonly connection: string;
  readonly resourceType: string;
  readonly version: number;
  /** Since when it has been in the chart, as far as is known here; epoch milliseconds. */
  readonly since: number;
  /** Who approved it at its source, or the contract by which it went unattended. */
  readonly approvedBy: string;
  readonly review: Review | null;
}

export interface WriteReviewed {
  readonly id: string;
  readonly review: Review;
  readonly note: string;
}

export type ReviewDecision =
  | { readonly ok: true; readonly review: Review }
  | {
      readonly ok: false;
      readonly code: 'role-forbids' | 'reason-missing' | 'self-review' | 'reviewed';
      readonly message: string;
    };

/** Whether a person may say of a charted write that it is fine or wrong. */
export function decideReview(
  row: ReviewRow,
  requestSha256: string,
  person: Person,
  verdict: Review['verdict'],
  reason: string,
  now: number,
): ReviewDecision {
  const no = (code: Extract<ReviewDecision, { ok: false }>['code'], message: string): ReviewDecision => ({
    ok: false,
    code,
    message,
  });
  const role = actingRole(person, 'write.review');
  if (!person.active || role === undefined) return no('role-forbids', `"${person.id}" may not review what was charted`);
  if (!distinctPersons(row.approvedBy, person.id))
    return no('self-review', `it went on the word of "${person.id}"; somebody else reviews it`);
  if (row.review !== null) return no('reviewed', `${row.review.name} has reviewed it already: ${row.review.verdict}`);
  if (reason.trim() === '') return no('reason-missing', 'say what you looked at and found');
  return { ok: true, review: { by: person.id, name: person.name, role, at: now, verdict, reason, requestSha256 } };
}

/** What the review list says about a connection, or a part of it. */
export interface ReviewMeasures {
  readonly open: number;
  /** Of these, open for longer than `reviewDueMs`. */
  readonly overdue: number;
  readonly fine: number;
  readonly wrong: number;
}

/** @param since what was charted before does not count, unless it still waits for its review */
export function reviewMeasures(rows: Iterable<ReviewRow>, since: number, now: number): ReviewMeasures {
  const found = { open: 0, overdue: 0, fine: 0, wrong: 0 };
  for (const row of rows) {
    if (row.review === null) {
      found.open += 1;
      if (now - row.since > limits.reviewDueMs) found.overdue += 1;
    } else if (row.since >= since) found[row.review.verdict] += 1;
  }
  return found;
}
