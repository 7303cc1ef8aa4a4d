import type { EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { contractFor } from '../policy/in-force.ts';
import type { GroupOutcome, GroupView } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  compensationId,
  notOursAnyMore,
  settledStates,
  type Actor,
  type EntryBodies,
  type Person,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

export type CompensateDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'gateways' | 'sha256'>;
type Refused = Extract<GroupOutcome, { ok: false }>;

/** Writes that take back others of this event version, oldest first. */
export async function compensationsOf(ledger: LedgerReader, tenant: string, eventId: string): Promise<readonly WriteRow[]> {
  const rows: WriteRow[] = [];
  for (let after: string | undefined; ;) {
    const page = await ledger.writes({ tenant, eventId, limit: limits.claimBatchMax, ...(after === undefined ? {} : { after }) });
    rows.push(...page.filter((row) => row.compensates !== undefined));
    after = page.at(-1)?.id;
    if (after === undefined) return rows.reverse();
  }
}

/**
 * Plans the write that takes back a charted one. It begins as a draft like any other write, with an id, a group and a request
 * of its own; that a person accepted it approves nothing of it yet.
 *
 * @returns why not, or `null`: it is planned
 */
export async function planCompensation(
  deps: CompensateDeps,
  row: WriteRow,
  view: GroupView,
  reason: string,
  person: Person,
  actor: Actor,
): Promise<Refused | null> {
  const { ledger } = deps;
  const refusal = mayCompensate(row, view, reason, person);
  if (refusal !== null) return refusal;
  const earlier = view.compensations.filter((one) => one.compensates === row.id);
  const open = earlier.find((one) => one.state.name === 'committed' || !settledStates.includes(one.state.name));
  if (open !== undefined) return refused('state-forbids', `write ${open.id} takes it back already; it is ${open.state.name}`);
  const off = await stoppedBy(ledger, row, 'writes');
  if (off !== undefined) return refused('state-forbids', `writes are switched off: ${off.reason}`);
  const id = compensationId(row.id, earlier.length, deps.sha256);
  const unfit = await unfitInChart(deps, row, id);
  if (unfit !== null) return unfit;
  const { version: _version, state: _state, updatedAt: _updated, attempts: _attempts, createdAt: _created, ...of } = row;
  const { prepared: _prepared, approval: _approval, signatures: _signatures, selection: _selection, eventSeq, ...identity } = of;
  const write = { ...identity, id, group: id, operation: 'update', supersedes: null, compensates: row.id } as const;
  const body: EntryBodies['write.compensating'] = { write, eventSeq, by: person.id, reason };
  const done = await ledger.commit({
    tenant: row.tenant,
    expected: [
      { kind: 'write', key: row.id, version: row.version },
      { kind: 'write', key: id, version: 0 },
    ],
    entries: [
      {
        type: 'write.compensating',
        stream: `write/${id}`,
        at: deps.clock.now(),
        actor,
        patientKey: row.patientKey,
        correlation: row.group,
        body,
      },
    ],
  });
  return done.ok ? null : refused('state-forbids', 'the write has moved meanwhile; look at it again');
}

function mayCompensate(row: WriteRow, view: GroupView, reason: string, person: Person): Refused | null {
  if (view.decisions.findLast((one) => one.writes.includes(row.id))?.decision !== 'undo')
    return refused('no-offer', 'nobody has decided that it is to be taken back; decide on its group first');
  const offer = view.offers.find((one) => one.write === row.id);
  if (offer === undefined) return refused('no-offer', `it is ${row.state.name}; there is nothing to take back`);
  if (!offer.sends)
    return refused(
      'no-offer',
      `its contract takes it back so: ${offer.how}. A person does that in the EHR, and then says "undone"`,
    );
  if (reason.trim() === '') return refused('reason-missing', 'say why');
  if (offer.by.some((role) => person.roles.includes(role))) return null;
  return refused('role-forbids', `about ${offer.reference} one of these decides: ${offer.by.join(', ')}`);
}

/** Told at once rather than by the check alone: whoever accepts it is there now. */
async function unfitInChart(deps: CompensateDeps, row: WriteRow, id: string): Promise<Refused | null> {
  if (row.state.name !== 'committed') return refused('state-forbids', `it is ${row.state.name}`);
  const gateway = await deps.gateways.open(row.connection);
  if ('refused' in gateway) return refused('state-forbids', gateway.message);
  const read = await gateway.read(row.state.evidence.reference);
  if (read.outcome === 'failed') return refused('state-forbids', 'the EHR could not be read; try again');
  if (read.outcome === 'gone') return refused('chart-moved', `${row.state.evidence.reference} is no longer in the chart`);
  const moved = notOursAnyMore(row.state, read.match.versionId);
  if (moved !== null) return refused('chart-moved', moved);
  const contract = (await contractFor(deps, row.tenant, row.connection)).version;
  const prepared = gateway.markAsError?.({ id, contract }, read.match);
  if (prepared === undefined) return refused('no-offer', 'this EHR connection marks no entries; a person does it in the EHR');
  return prepared.outcome === 'refused' ? refused('no-offer', prepared.message) : null;
}

function refused(code: Refused['code'], message: string): Refused {
  return { ok: false, code, message };
}
