import type { EngineDeps } from '../deps.ts';
import { inspect } from '../audit/inspect.ts';
import { compensationsOf, planCompensation, type CompensateDeps } from './compensate.ts';
import { contractFor } from '../policy/in-force.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import type { GroupDecided, GroupOutcome, Groups, GroupView } from '../../ports/inbound/index.ts';
import {
  compensationOffers,
  contractRow,
  groupPicture,
  memberPhase,
  takenBack,
  type Actor,
  type EntryBodies,
  type Person,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type GroupDeps = CompensateDeps & Pick<EngineDeps, 'random'>;

/** Groups of writes over several EHRs: how far they have come, and what people decide when one failed in part (A3, E5). */
export function groups(deps: GroupDeps): Groups {
  const { ledger, clock } = deps;

  const show = async (id: string, actor: Actor): Promise<GroupView | undefined> => {
    const named = await ledger.writes({ group: id, limit: 1 });
    const [first] = named.length > 0 ? named : [await ledger.findWrite(id)];
    if (first === undefined) return undefined;
    const filter = { tenant: first.tenant, group: first.group, limit: limits.writesPerEventMax };
    return viewOf(deps, await inspect(deps).writes(filter, actor));
  };

  return {
    show,

    async waiting(actor) {
      const found = new Map<string, GroupView>();
      const seen = new Set<string>();
      for (let after: string | undefined; ;) {
        const page = await ledger.writes({
          states: ['failed-terminal', 'withdrawn'],
          limit: limits.claimBatchMax,
          ...(after === undefined ? {} : { after }),
        });
        for (const { group } of page) {
          if (seen.has(group)) continue;
          seen.add(group);
          const members = await ledger.writes({ group, limit: limits.writesPerEventMax });
          if (!members.some((row) => row.state.name === 'committed')) continue;
          const view = await show(group, actor);
          if (view !== undefined && view.offers.length > 0 && view.decisions.length === 0) found.set(group, view);
        }
        after = page.at(-1)?.id;
        if (after === undefined) return [...found.values()];
      }
    },

    async decide(id, decision, reason, person, actor) {
      const view = await show(id, actor);
      if (view === undefined) return refused('group-unknown', `there is no group or write "${id}"`);
      const refusal = mayDecide(view, person, reason);
      if (refusal !== null) return refusal;
      const body: EntryBodies['group.decided'] = {
        group: view.id,
        decision,
        members: view.offers.map((offer) => offer.write),
        by: person.id,
        reason,
      };
      const [member] = view.members;
      // It rests on how every write of the group stands: one that moved meanwhile makes another offer.
      const result = await ledger.commit({
        tenant: view.tenant,
        expected: view.members.map(({ row }) => ({ kind: 'write', key: row.id, version: row.version })),
        entries: [
          {
            type: 'group.decided',
            stream: `group/${view.id}`,
            at: clock.now(),
            actor,
            patientKey: member?.row.patientKey ?? null,
            correlation: view.id,
            body,
          },
        ],
      });
      if (!result.ok) return refused('state-forbids', 'the group has moved meanwhile; look at it again');
      return { ok: true, group: (await show(view.id, actor)) ?? view };
    },

    async compensate(id, reason, person, actor) {
      const row = await ledger.findWrite(id);
      if (row === undefined) return refused('write-unknown', `there is no write "${id}"`);
      const view = await show(row.group, actor);
      if (view === undefined) return refused('group-unknown', `there is no group "${row.group}"`);
      const refusal = await planCompensation(deps, row, view, reason, person, actor);
      return refusal ?? { ok: true, group: (await show(row.group, actor)) ?? view };
    },

    async undone(id, note, person, actor) {
      const row = await ledger.findWrite(id);
      if (row === undefined) return refused('write-unknown', `there is no write "${id}"`);
      const view = await show(row.group, actor);
      if (view?.decisions.findLast((one) => one.writes.includes(id))?.decision !== 'undo')
        return refused('no-offer', 'nobody has decided that it is to be taken back; decide on its group first');
      if (note.trim() === '') return refused('reason-missing', 'say what was done in the EHR');
      if (row.state.name !== 'committed') return refused('state-forbids', `it is ${row.state.name} already`);
      const gateway = await deps.gateways.open(row.connection);
      if ('refused' in gateway) return refused('state-forbids', gateway.message);
      const read = await gateway.read(row.state.evidence.reference);
      if (read.outcome === 'failed') return refused('state-forbids', 'the EHR could not be read; try again');
      const { rollback } = contractRow(await contractFor(deps, row.tenant, row.connection), row.kind);
      const decided = takenBack(row, rollback, read.outcome === 'gone' ? null : read.match.resource, person.id);
      if (!decided.ok) return decided;
      const { exchange } = read;
      const entry = writeEntry('write.compensated', row, clock.now(), actor, { id, moves: decided.moves, note, exchange });
      if (!(await commitWrites(ledger, [row], [entry])).ok)
        return refused('state-forbids', 'the write has moved meanwhile; look at it again');
      return { ok: true, group: (await show(row.group, actor)) ?? view };
    },
  };
}

function refused(code: Extract<GroupOutcome, { ok: false }>['code'], message: string): Extract<GroupOutcome, { ok: false }> {
  return { ok: false, code, message };
}

function mayDecide(view: GroupView, person: Person, reason: string): Extract<GroupOutcome, { ok: false }> | null {
  if (view.offers.length === 0)
    return refused('no-offer', `the group is ${view.state}: there is nothing charted beside something that failed for good`);
  if (reason.trim() === '') return refused('reason-missing', 'say why');
  const barred = view.offers.find((offer) => !offer.by.some((role) => person.roles.includes(role)));
  if (barred === undefined) return null;
  return refused('role-forbids', `about ${barred.reference} one of these decides: ${barred.by.join(', ')}`);
}

async function viewOf(deps: GroupDeps, rows: readonly WriteRow[]): Promise<GroupView | undefined> {
  // In the order of the event, whatever came to rest first.
  const members = rows.toReversed();
  const [first] = members;
  const picture = groupPicture(members);
  if (first === undefined || picture === null) return undefined;
  const contracts = new Map<string, Awaited<ReturnType<typeof contractFor>>>();
  for (const { connection } of members)
    if (!contracts.has(connection)) contracts.set(connection, await contractFor(deps, first.tenant, connection));
  const entries = await deps.ledger.entries(first.tenant, { stream: `group/${first.group}` }, DECISIONS_MAX);
  const decisions = entries.flatMap((entry): GroupDecided[] => {
    if (entry.type !== 'group.decided' || entry.body === null) return [];
    const { decision, by, reason, members: writes } = entry.body as EntryBodies['group.decided'];
    return [{ decision, by, at: entry.at, reason, writes }];
  });
  return {
    ...picture,
    id: first.group,
    tenant: first.tenant,
    eventId: first.eventId,
    members: members.map((row) => ({ row, phase: memberPhase(row) })),
    offers: compensationOffers(members, (row) => contractRow(contracts.get(row.connection) ?? deps.matrix, row.kind)),
    decisions,
    compensations: (await compensationsOf(deps.ledger, first.tenant, first.eventId)).filter(({ compensates }) =>
      members.some(({ id }) => id === compensates),
    ),
  };
}

const DECISIONS_MAX = 1_000;
