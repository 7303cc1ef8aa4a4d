import type { EngineDeps } from '../deps.ts';
import { eventsOf } from '../event-source.ts';
import { Readings } from './readings.ts';
import type { Inspect, WriteView } from '../../ports/inbound/index.ts';
import type { Entry, LedgerReader } from '../../ports/outbound/index.ts';
import {
  pathOf,
  shownReads,
  signedFindings,
  withheldOf,
  workspaceLog,
  type EntryBodies,
  type Exchange,
  type Finding,
  type NormalizedRecord,
  type NamedFinding,
  type PreparedRecord,
  type ResolvedFacts,
  type Withheld,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

/** Reading what is known, each reading itself on record (H1). */
export function inspect(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>, readings = new Readings(deps)): Inspect {
  const { ledger } = deps;
  const viewed = readings.record.bind(readings);
  return {
    async write(id, actor): Promise<WriteView | undefined> {
      const row = await ledger.findWrite(id);
      if (row === undefined) return undefined;
      const received = await ledger.entry(row.tenant, row.eventSeq);
      const timeline = await ledger.entries(row.tenant, { stream: `write/${id}` }, TIMELINE_MAX);
      const event = await ledger.row('event', row.tenant, row.eventId);
      await viewed('write', id, row.tenant, actor);
      const known = collected(row, timeline);
      return {
        row,
        event,
        ...known,
        withheld: await withheldFrom(ledger, row, known.facts),
        timeline: received === undefined ? timeline : [received, ...timeline],
      };
    },
    async writes(filter, actor) {
      const rows = await ledger.writes(filter);
      await viewed('writes', filter.patientKey ?? filter.states?.join(',') ?? 'all', filter.tenant ?? workspaceLog, actor);
      return rows;
    },
    async timeline(tenant, by, actor) {
      const entries =
        'encounterKey' in by
          ? await ofEncounter(ledger, tenant, by.encounterKey)
          : await ledger.entries(tenant, by, TIMELINE_MAX);
      const [kind, id] = Object.entries(by)[0] ?? ['', ''];
      await viewed(`timeline ${kind}`, id, tenant, actor);
      return entries;
    },
  };
}

async function withheldFrom(ledger: LedgerReader, row: WriteRow, facts: ResolvedFacts | null): Promise<readonly Withheld[]> {
  try {
    const { event, item } = await eventsOf(ledger).itemOf(row);
    return withheldOf(event, item.clinical, pathOf(event, item), facts);
  } catch {
    // Erased, or no longer readable: the rest is shown.
    return [];
  }
}

/** Everything that happened to the writes of one visit, in the order of the log. */
async function ofEncounter(ledger: LedgerReader, tenant: string, encounterKey: string): Promise<readonly Entry[]> {
  const writes = await ledger.writes({ tenant, encounterKey, limit: TIMELINE_MAX });
  const streams = new Set(writes.flatMap((row) => [`event/${row.eventId}`, `write/${row.id}`]));
  const entries: Entry[] = [];
  for (const stream of streams) entries.push(...(await ledger.entries(tenant, { stream }, TIMELINE_MAX)));
  return entries.sort((a, b) => a.seq - b.seq);
}

interface Collected {
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  readonly signed: readonly NamedFinding[];
  readonly facts: ResolvedFacts | null;
  readonly normalized: NormalizedRecord | null;
  readonly exchanges: readonly Exchange[];
  readonly reads: WriteView['reads'];
}

/** What the entries of one write hold, newest check first: request, findings, facts, and every exchange in order. */
function collected(row: WriteRow, timeline: readonly Entry[]): Collected {
  let prepared: PreparedRecord | null = null;
  let findings: readonly Finding[] = [];
  let normalized: NormalizedRecord | null = null;
  let rules = '';
  let facts: ResolvedFacts | null = null;
  let reads: WriteView['reads'] = null;
  const exchanges: Exchange[] = [];
  for (const entry of timeline) {
    const { body } = entry;
    if (body === null) continue;
    if ('prepared' in body && body.prepared !== null) prepared = body.prepared;
    if ('findings' in body) [findings, rules] = [body.findings, body.rules ?? ''];
    if ('facts' in body && body.facts !== null) facts = body.facts;
    if (entry.type === 'write.checked') {
      const { reads: read } = body as EntryBodies['write.checked'];
      reads = read === undefined ? null : { list: read.list, made: shownReads(read.made, row.resourceType === 'Patient') };
    }
    if ('normalized' in body) normalized = body.normalized ?? null;
    if ('exchange' in body) exchanges.push(...body.exchange);
  }
  const basis = { contentSha256: row.contentSha256, contract: row.prepared?.contract ?? '', rules };
  return { prepared, findings, signed: signedFindings(findings, row.signatures, basis), facts, normalized, exchanges, reads };
}

/** Entries of one timeline that are read in one go; a longer one is cut at its end and says so. */
const TIMELINE_MAX = 10_000;
