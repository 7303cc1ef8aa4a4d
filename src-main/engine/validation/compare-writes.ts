import type { EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import type { Comparing } from './compare-chart.ts';
import type { SubjectNames } from './resolve-subject.ts';
import {
  epochMs,
  mayBeTwin,
  normalizeWrite,
  pathOf,
  twinFindings,
  type Finding,
  type HouseRules,
  type OtherWrite,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Holds a write against those that other events ask for, for the same patient on the same connection (C2). They are read
 * from the ledger, where each stands from the moment it was taken in: two that are checked at the same moment, by one
 * engine or by two, come to the same answer in either order (`mayBeTwin`).
 *
 * @param names all names of patient and visit: another event may have used another one
 */
export async function compareWithWrites(
  { deps, events }: { readonly deps: Pick<EngineDeps, 'ledger' | 'checks' | 'pseudonym'>; readonly events: EventSource },
  { row, event, item, clinical }: Comparing,
  names: SubjectNames,
  house: HouseRules | null,
): Promise<readonly Finding[]> {
  if (row.operation !== 'create' || !deps.checks.twins.byKind.has(row.kind)) return [];
  const { tenant, connection } = row;
  const keys = new Set([row.patientKey, ...names.patient.map((name) => deps.pseudonym(tenant, `patient ${name}`))]);
  const visits = new Set(names.encounter.map((name) => deps.pseudonym(tenant, `encounter ${name}`)));
  const since = row.createdAt - limits.twinWindowMs;
  const others: OtherWrite[] = [];
  for (const patientKey of keys) {
    const writes = await deps.ledger.writes({ tenant, patientKey, connection, since, limit: limits.twinCandidatesMax });
    for (const one of writes) {
      if (!mayBeTwin(row, one)) continue;
      const other = await events.itemIfKept(one);
      if (other === null) continue;
      others.push({
        row: one,
        clinical: normalizeWrite(other.event, other.item, deps.checks, house).clinical,
        occurredAt: epochMs(other.event.occurredAt),
        // Two that do not both name their visit may be of the same one.
        mayShareVisit: visits.size === 0 || one.encounterKey === null || visits.has(one.encounterKey),
      });
    }
  }
  const own = { clinical, path: pathOf(event, item), occurredAt: epochMs(event.occurredAt) };
  return twinFindings(own, others, deps.checks);
}
