import { factsOf } from '../dispatch/prepared.ts';
import { eventsOf } from '../event-source.ts';
import type { EngineDeps } from '../deps.ts';
import type { FindControl } from '../../ports/outbound/index.ts';
import { writeIdentifierSystem, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * A record that is known to be in the chart, to test the search with that is to prove absence: a write of ours of the
 * same type that was read back, or, before there is one, the patient the write is for. `null`: there is neither.
 *
 * @param settleMs how long the search may lag: something charted just now proves nothing when it is not found
 */
export async function controlFor(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  row: WriteRow,
  settleMs: number,
): Promise<FindControl | null> {
  const charted = await deps.ledger.writes({
    tenant: row.tenant,
    connection: row.connection,
    states: ['committed'],
    limit: limits.controlCandidatesMax,
  });
  for (const { id, state, resourceType, operation } of charted) {
    if (state.name !== 'committed' || operation !== 'create' || resourceType !== row.resourceType) continue;
    if (state.verification.result !== 'verified' || state.at > deps.clock.now() - settleMs) continue;
    return { resourceType, system: writeIdentifierSystem, value: id, reference: state.evidence.reference };
  }
  const facts = await factsOf(deps, row);
  const { subject } = await eventsOf(deps.ledger).eventAt(row.tenant, row.eventSeq);
  const identifier = subject.patient.identifiers?.[0];
  if (facts === null || identifier === undefined) return null;
  return { resourceType: 'Patient', system: identifier.system, value: identifier.value, reference: facts.patient.reference };
}
