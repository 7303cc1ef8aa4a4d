import { eventsOf } from '../event-source.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  needsEvent,
  switchFacts,
  stageFacts,
  stageFor,
  stagesNeedEvent,
  switchStops,
  type ConnectionRow,
  type RolloutStage,
  type SwitchRow,
  type SwitchTarget,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

/** The kill switch that stops this write, or its approval, now; `undefined`: none (B5). */
export async function stoppedBy(ledger: LedgerReader, row: WriteRow, what: SwitchTarget): Promise<SwitchRow | undefined> {
  const switches = (await ledger.rows('switch')).filter((one) => one.off && one.what === what);
  if (switches.length === 0) return undefined;
  const event = needsEvent(switches) ? await eventsOf(ledger).eventAt(row.tenant, row.eventSeq) : undefined;
  return switchStops(switchFacts(row, event?.provenance), what, switches);
}

/** How far this write has come in the rollout of its connection (B4). Its event is read only where a stage asks for it. */
export async function stageOf(ledger: LedgerReader, connection: ConnectionRow, row: WriteRow): Promise<RolloutStage> {
  if (!stagesNeedEvent(connection)) return stageFor(connection, stageFacts(row));
  const { event, item } = await eventsOf(ledger).itemOf(row);
  return stageFor(connection, stageFacts(row, event, item.clinical));
}
