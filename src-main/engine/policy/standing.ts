import type { EngineDeps } from '../deps.ts';
import { eventsOf } from '../event-source.ts';
import { baaRegisterInForce, consentPolicyInForce, type PolicyDeps } from './in-force.ts';
import {
  codesOfItem,
  decideConsent,
  decideStanding,
  epochMs,
  gateState,
  newestCopies,
  originOf,
  patientNames,
  stageFacts,
  stageFor,
  workspaceLog,
  type BusinessEvent,
  type ConnectionRow,
  type ConsentDecision,
  type NamedConsent,
  type RecordedConsent,
  type SlottedItem,
  type Standing,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

export type StandingDeps = PolicyDeps & Pick<EngineDeps, 'clock' | 'pseudonym'>;

/**
 * Whether consent, agreements, environments and the go-live gate let a write go now (G1, G8, G9, B6). Asked when the
 * write is checked and again just before it is sent: each time on what is recorded by then.
 *
 * @param named the consent that the event names, where the EHR has been asked for it
 */
export async function standingOf(
  deps: StandingDeps,
  row: WriteRow,
  event: BusinessEvent,
  item: SlottedItem,
  connection: ConnectionRow,
  named: NamedConsent | null = null,
): Promise<Standing> {
  const { ledger } = deps;
  const now = deps.clock.now();
  const practice = connection.environment === 'practice';
  const [connections, register, gate, consent] = await Promise.all([
    ledger.rows('connection'),
    practice ? null : baaRegisterInForce(ledger),
    practice ? undefined : ledger.row('gate', workspaceLog, connection.name),
    consentFor(deps, row, event, item, connection, now, named),
  ]);
  return decideStanding({
    carry: { tenant: row.tenant, connection, source: row.source, connections, register, now },
    gate: practice ? null : gateState(connection, gate?.signatures ?? []),
    stage: stageFor(connection, stageFacts(row, event, item.clinical)),
    consent,
  });
}

async function consentFor(
  deps: StandingDeps,
  row: WriteRow,
  event: BusinessEvent,
  item: SlottedItem,
  connection: ConnectionRow,
  now: number,
  named: NamedConsent | null,
): Promise<ConsentDecision> {
  const [policy, recorded, source] = await Promise.all([
    consentPolicyInForce(deps),
    recordedConsents(deps, row.tenant, event),
    deps.ledger.row('source', workspaceLog, row.source),
  ]);
  const { practitioner, organization, encounter } = event.subject;
  return decideConsent({
    stated: event.consent,
    event: { id: event.id, version: event.version ?? 1 },
    recorded,
    named,
    policy,
    kind: row.kind,
    resourceType: row.resourceType,
    connection: row.connection,
    origin: originOf(event, source),
    encounterClass: encounter?.class ?? null,
    codes: codesOfItem(item.clinical),
    actors: [practitioner?.reference, organization?.reference].filter((one) => one !== undefined),
    dataAt: epochMs(event.occurredAt),
    region: connection.settings?.region,
    attested: (event.provenance?.attestation ?? null) !== null,
    now,
  });
}

/** Everything recorded of the event's patient, under whichever of its names. */
async function recordedConsents(
  deps: Pick<EngineDeps, 'ledger' | 'pseudonym'>,
  tenant: string,
  event: BusinessEvent,
): Promise<readonly RecordedConsent[]> {
  const rows = await Promise.all(
    patientNames(event.subject.patient).map((name) => deps.ledger.row('consent', tenant, deps.pseudonym(tenant, name))),
  );
  return newestCopies(rows.flatMap((row) => row?.consents ?? []));
}

/** The standing of a write whose request is about to leave. */
export async function standingNow(
  deps: StandingDeps,
  row: WriteRow,
  connection: ConnectionRow,
  named: NamedConsent | null = null,
): Promise<Standing> {
  const { event, item } = await eventsOf(deps.ledger).itemOf(row);
  return standingOf(deps, row, event, item, connection, named);
}
