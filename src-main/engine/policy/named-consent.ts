import type { EngineDeps } from '../deps.ts';
import { factsOf } from '../dispatch/prepared.ts';
import type { EventSource } from '../event-source.ts';
import { standingNow, type StandingDeps } from './standing.ts';
import type { EhrGateway } from '../../ports/outbound/index.ts';
import {
  readConsent,
  relativeReference,
  workspaceLog,
  type BusinessEvent,
  type FailureCode,
  type NamedConsent,
  type Standing,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

export type NamedConsentRead =
  | { readonly outcome: 'asked'; readonly named: NamedConsent | null; readonly read: string | null }
  | { readonly outcome: 'unread'; readonly code: FailureCode; readonly retryAfterMs: number | null };

/**
 * Reads the Consent that an event names from the EHR it names it in (G1): what is recorded here may be older than what
 * the patient has said since. Another kind of artifact (a scan) cannot be judged here and stays what the source says it is.
 *
 * @param patient reference of the write's patient in that EHR; a consent of somebody else counts as missing
 */
export async function readNamedConsent(
  deps: Pick<EngineDeps, 'clock'>,
  gateway: EhrGateway,
  event: Pick<BusinessEvent, 'consent'>,
  patient: string,
): Promise<NamedConsentRead> {
  const reference = event.consent?.reference;
  if (reference?.startsWith('Consent/') !== true) return { outcome: 'asked', named: null, read: null };
  const answer = await gateway.read(reference);
  if (answer.outcome === 'failed') return { outcome: 'unread', code: answer.code, retryAfterMs: answer.retryAfterMs };
  const asked = (named: NamedConsent): NamedConsentRead => ({ outcome: 'asked', named, read: reference });
  if (answer.outcome === 'gone') return asked({ reference, consent: null, because: 'the EHR does not hold it' });
  const read = readConsent(answer.match.resource, deps.clock.now());
  if (!read.ok) return asked({ reference, consent: null, because: `it cannot be read: ${read.message}` });
  const whose = read.patient.reference === undefined ? undefined : relativeReference(read.patient.reference);
  if (whose !== undefined && whose !== patient) return asked({ reference, consent: null, because: 'it is of another patient' });
  return asked({ reference, consent: read.consent, because: null });
}

/** The standing of a write whose event names a consent, with that consent as the EHR holds it now; `null`: it names none. */
export async function standingOnNamedConsent(
  deps: StandingDeps,
  gateway: EhrGateway,
  events: EventSource,
  row: WriteRow,
): Promise<Standing | Extract<NamedConsentRead, { outcome: 'unread' }> | null> {
  const event = await events.eventAt(row.tenant, row.eventSeq);
  if (event.consent?.reference?.startsWith('Consent/') !== true) return null;
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection === undefined) return null;
  const facts = await factsOf(deps, row);
  const read = await readNamedConsent(deps, gateway, event, facts?.patient.reference ?? '');
  return read.outcome === 'unread' ? read : standingNow(deps, row, connection, read.named);
}
