import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { isoTime } from '../views.ts';
import { emergency } from '../../engine/index.ts';
import type { EmergencyOutcome } from '../../ports/inbound/index.ts';
import type { EmergencyRow } from '../../../src-shared/domain/index.ts';

/** Break-glass: opening it, seeing what it was used for, reviewing it. */

export interface EmergencyOptions {
  readonly tenant: string;
  readonly connection: string;
  readonly write?: string;
  readonly reason: string;
}

function opened(outcome: EmergencyOutcome): EmergencyRow {
  if (outcome.ok) return outcome.access;
  const usage = outcome.code === 'scope-unknown';
  throw new CommandFailure(usage ? 2 : 1, outcome.code, `Not done: ${printable(outcome.message)}.`);
}

export function emergencyOpen(context: CommandContext, options: EmergencyOptions): Promise<number> {
  return withPerson(context, 'emergency.open', async ({ deps, person, actor }) => {
    const { tenant, connection, reason } = options;
    const scope = { tenant, connection, write: options.write ?? null };
    const access = opened(await emergency(deps).open(scope, reason, person, actor));
    context.io.result(
      'emergency-open',
      accessView(access),
      `Until ${isoTime(access.until)} you decide as ${access.role} (${access.id}). It is told to whoever watches, and will be reviewed.`,
    );
    return 0;
  });
}

export function emergencyList(context: CommandContext): Promise<number> {
  return withPerson(context, 'emergency.read', async ({ deps }) => {
    for (const access of await emergency(deps).list()) {
      const { review, scope } = access;
      const state =
        review === null
          ? 'needs a review'
          : `${review.justified ? 'justified' : 'not justified'}, says ${review.by}: ${printable(review.words)}`;
      context.io.result(
        'emergency-list',
        accessView(access),
        `${access.id}  ${access.person} as ${access.role}  ${scope.tenant} ${scope.connection}  ${isoTime(access.at)}  used ${access.uses.length} times: ${printable(access.reason)}  (${state})`,
      );
    }
    return 0;
  });
}

export function emergencyReview(context: CommandContext, id: string, justified: boolean, words: string): Promise<number> {
  return withPerson(context, 'emergency.review', async ({ deps, person, actor }) => {
    const access = opened(await emergency(deps).review(id, justified, words, person, actor));
    context.io.result('emergency-review', accessView(access), `${id} is reviewed: ${justified ? 'justified' : 'not justified'}.`);
    return 0;
  });
}

function accessView({ id, person, role, scope, reason, at, until, uses, review }: EmergencyRow): Output<'emergency-list'> {
  return {
    ...{ id, person, role, reason, tenant: scope.tenant, connection: scope.connection, write: scope.write },
    at: isoTime(at),
    until: isoTime(until),
    uses: uses.map((use) => ({ write: use.write, at: isoTime(use.at) })),
    review:
      review === null
        ? null
        : { by: review.by, role: review.role, at: isoTime(review.at), justified: review.justified, words: review.words },
  };
}
