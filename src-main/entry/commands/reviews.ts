import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { isoTime } from '../views.ts';
import { reviews } from '../../engine/index.ts';
import type { Review, ReviewRow } from '../../../src-shared/domain/index.ts';

/** The review list: what was charted without a decision made here, and what somebody found in it afterwards (B4). */

export interface ReviewListOptions {
  readonly connection?: string;
  readonly all: boolean;
}

export function reviewList(context: CommandContext, { connection, all }: ReviewListOptions): Promise<number> {
  return withPerson(context, 'write.read', async ({ deps, actor }) => {
    for (const row of await reviews(deps).list(connection ?? null, !all, actor))
      context.io.result('review-list', reviewView(row), words(row));
    return 0;
  });
}

export function reviewSign(context: CommandContext, id: string, verdict: Review['verdict'], reason: string): Promise<number> {
  return withPerson(context, 'write.review', async ({ deps, person, actor }) => {
    const outcome = await reviews(deps).sign(id, verdict, reason, person, actor);
    if (!outcome.ok)
      throw new CommandFailure(
        outcome.code === 'review-unknown' ? 2 : 1,
        outcome.code,
        `Not done: ${printable(outcome.message)}. Nothing was changed.`,
      );
    const next = verdict === 'wrong' ? ' The chart was not changed: have the entry corrected there.' : '';
    context.io.result('review-sign', reviewView(outcome.row), `${words(outcome.row)}${next}`);
    return 0;
  });
}

function reviewView({ write, tenant, connection, resourceType, since, approvedBy, review }: ReviewRow): Output<'review-list'> {
  return {
    ...{ write, tenant, connection, resourceType, approvedBy },
    since: isoTime(since),
    review: review === null ? null : { ...review, at: isoTime(review.at) },
  };
}

function words({ write, connection, resourceType, since, approvedBy, review }: ReviewRow): string {
  const state =
    review === null
      ? 'waits for its review'
      : `${review.verdict}, says ${printable(review.name)} (${review.role}) at ${isoTime(review.at)}: ${printable(review.reason)}`;
  return `${write}  ${resourceType}  ${connection}  charted ${isoTime(since)}  on the word of ${printable(approvedBy)}  (${state})`;
}
