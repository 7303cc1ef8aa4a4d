import { engineActor, type EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import {
  changeControl,
  pathKey,
  pathVersions,
  type BusinessEvent,
  type ConnectionRow,
  type PreparedRecord,
  type VersionAt,
  type WriteRow,
  workspaceLog,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * The versions behind a write that no run of the corpus covers (B7): model and prompt of its event, contract and adapter of
 * its request, software of its EHR. What is new of them is put on record before anything rests on it.
 */
export async function unseenVersions(
  deps: Pick<EngineDeps, 'ledger' | 'clock' | 'engineId'>,
  row: WriteRow,
  event: BusinessEvent,
  connection: ConnectionRow,
  prepared: Pick<PreparedRecord, 'adapter' | 'contract'>,
): Promise<readonly VersionAt[]> {
  const { ledger } = deps;
  const key = pathKey(row.source, row.connection);
  const versions = pathVersions(event.provenance, connection, prepared.adapter, prepared.contract);
  const practice = connection.environment === 'practice';
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const path = await ledger.row('path', row.tenant, key);
    // Most writes rest on what the path was begun with: then no record has to be read.
    const known = changeControl({ versions, path, records: [], practice });
    const records = known.unseen.length === 0 ? [] : await ledger.rows('safety');
    const { unseen, change } = changeControl({ versions, path, records, practice });
    if (change === null) return unseen;
    const done = await ledger.commit({
      tenant: row.tenant,
      expected: [{ kind: 'path', key, version: path?.version ?? 0 }],
      entries: [
        {
          type: 'path.changed',
          stream: `path/${key}`,
          at: deps.clock.now(),
          actor: engineActor(deps),
          patientKey: null,
          correlation: row.group,
          body: { key, source: row.source, connection: row.connection, ...change },
        },
      ],
    });
    if (done.ok) return unseen;
  }
  throw new Error(`the path ${key} kept changing while a write of it was checked`);
}

/** The same just before sending, for what no person here has looked at: an EHR may have been upgraded since the check. */
export async function untriedVersions(
  deps: Pick<EngineDeps, 'ledger' | 'clock' | 'engineId'>,
  events: EventSource,
  row: WriteRow,
  prepared: Pick<PreparedRecord, 'adapter' | 'contract'>,
): Promise<readonly VersionAt[]> {
  if (row.approval === null || row.approval.made === 'person') return [];
  const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
  if (connection === undefined) return [];
  return unseenVersions(deps, row, await events.eventAt(row.tenant, row.eventSeq), connection, prepared);
}
