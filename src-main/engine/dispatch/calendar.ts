import type { EngineDeps } from '../deps.ts';
import type { Expected } from '../../ports/outbound/index.ts';
import { calendarWait, capsOf, type CalendarWait, type Connection, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

export interface CalendarNow {
  /** What the write has to wait for, or `null`. */
  readonly wait: CalendarWait | null;
  /** The caps under which its attempt counts. */
  readonly counted: readonly string[];
  /** Counts that the attempt must rest on: close to a cap, two attempts must not both take the last place. */
  readonly expected: readonly Expected[];
}

/**
 * What the maintenance windows and daily caps of a connection say about sending this write now (C6, B4). The sends of a
 * day are counted by the ledger, in the commit that records the attempt.
 *
 * @param own attempts of this very write that the counts hold already and that are still to leave
 */
export async function calendarNow(
  deps: Pick<EngineDeps, 'ledger' | 'clock'>,
  row: WriteRow,
  connection: Connection,
  own: 0 | 1 = 0,
): Promise<CalendarNow> {
  const { ledger } = deps;
  const now = deps.clock.now();
  const caps = capsOf(connection, row, now);
  const expected: Expected[] = [];
  const sent = new Map<string, number>();
  for (const cap of caps) {
    let all = -own;
    for (const tenant of connection.tenants ?? (await ledger.tenants())) {
      const counted = await ledger.row('sends', tenant, cap.key);
      all += counted?.sends ?? 0;
      if (tenant === row.tenant) expected.push({ kind: 'sends', key: cap.key, version: counted?.version ?? 0 });
    }
    sent.set(cap.key, all);
  }
  const close = caps.some((cap) => cap.max - (sent.get(cap.key) ?? 0) <= limits.inFlightMax);
  return {
    wait: calendarWait(connection, caps, sent, now),
    counted: caps.map((cap) => cap.key),
    expected: close ? expected : [],
  };
}
