import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { isoTime } from '../views.ts';
import { groups } from '../../engine/index.ts';
import type { GroupOutcome, GroupView } from '../../ports/inbound/index.ts';
import type { GroupDecision } from '../../../src-shared/domain/index.ts';

/** Groups of writes: how far they have come, and what people decide about one that failed in part (A3, E5). */

export function groupShow(context: CommandContext, id: string): Promise<number> {
  return withPerson(context, 'write.read', async ({ deps, actor }) => {
    const view = await groups(deps).show(id, actor);
    if (view === undefined) throw new CommandFailure(2, 'group-unknown', `There is no group or write "${printable(id)}".`);
    tell(context, 'group-show', view);
    return 0;
  });
}

export function groupList(context: CommandContext): Promise<number> {
  return withPerson(context, 'write.read', async ({ deps, actor }) => {
    const waiting = await groups(deps).waiting(actor);
    for (const view of waiting) tell(context, 'group-list', view);
    context.io.note(
      waiting.length === 0
        ? 'No group that failed in part waits for a decision.'
        : `${waiting.length} groups wait for a decision.`,
    );
    return 0;
  });
}

export function groupDecide(context: CommandContext, id: string, decision: GroupDecision, reason: string): Promise<number> {
  return withPerson(context, 'group.decide', async ({ deps, person, actor }) => {
    tell(context, 'group-decide', done(await groups(deps).decide(id, decision, reason, person, actor)));
    return 0;
  });
}

export function groupCompensate(context: CommandContext, write: string, reason: string): Promise<number> {
  return withPerson(context, 'group.decide', async ({ deps, person, actor }) => {
    tell(context, 'group-compensate', done(await groups(deps).compensate(write, reason, person, actor)));
    context.io.note('It is checked at the next run, and goes when a person has approved exactly what it sends.');
    return 0;
  });
}

export function groupUndone(context: CommandContext, write: string, note: string): Promise<number> {
  return withPerson(context, 'group.decide', async ({ deps, person, actor }) => {
    tell(context, 'group-undone', done(await groups(deps).undone(write, note, person, actor)));
    return 0;
  });
}

function done(outcome: GroupOutcome): GroupView {
  if (!outcome.ok) throw new CommandFailure(2, outcome.code, `Not done: ${printable(outcome.message)}. Nothing was changed.`);
  return outcome.group;
}

type GroupOutput = Output<'group-show'>;

function tell(
  context: CommandContext,
  command: 'group-show' | 'group-list' | 'group-decide' | 'group-undone' | 'group-compensate',
  view: GroupView,
): void {
  const { id, tenant, eventId, phase, state, members, offers, decisions, compensations } = view;
  const output: GroupOutput = {
    group: id,
    tenant,
    eventId,
    phase,
    state,
    members: members.map(({ row, phase: own }) => ({
      id: row.id,
      connection: row.connection,
      resourceType: row.resourceType,
      slot: row.slot,
      phase: own,
      state: row.state.name,
      reference: row.state.name === 'committed' ? row.state.evidence.reference : null,
    })),
    offers: offers.map((offer) => ({ ...offer, by: [...offer.by] })),
    decisions: decisions.map(({ at, writes, ...rest }) => ({ ...rest, at: isoTime(at), writes: [...writes] })),
    compensations: compensations.map((one) => ({ id: one.id, compensates: one.compensates ?? '', state: one.state.name })),
  };
  context.io.result(command, output, words(output));
}

function words({ group, eventId, phase, state, members, offers, decisions, compensations }: GroupOutput): string {
  return [
    `Group ${group} of ${printable(eventId)}: ${state}, ${phase}.`,
    ...members.map(
      (one) =>
        `  ${one.id}  ${one.phase}  ${one.state}  ${one.resourceType}  ${one.connection}${one.reference === null ? '' : `  ${printable(one.reference)}`}`,
    ),
    ...(offers.length === 0 ? [] : ['Charted beside something that failed; a person decides whether it stays:']),
    ...offers.map(
      (one) =>
        `  ${one.write}  ${one.how}, decided by ${one.by.join(' or ')}, ${one.sends ? 'sent by "group compensate" or done by hand' : 'done by hand'}: ${one.consequence}`,
    ),
    ...decisions.map((one) => `Decided ${one.decision} at ${one.at} by ${printable(one.by)}: ${printable(one.reason)}`),
    ...compensations.map((one) => `Write ${one.id} takes ${one.compensates} back: ${one.state}`),
  ].join('\n');
}
