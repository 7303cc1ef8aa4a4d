import type { Entry, LedgerReader } from '../ports/outbound/index.ts';
import {
  businessEvent,
  contractRow,
  countApproval,
  itemsOf,
  type Approval,
  type BusinessEvent,
  type ContractMatrix,
  type CountedApproval,
  type EventRow,
  type SlottedItem,
  type WriteRow,
  workspaceLog,
} from '../../src-shared/domain/index.ts';
import { parseExact } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

const sources = new WeakMap<LedgerReader, EventSource>();

/** The events of a ledger: whoever needs one that somebody else has just read finds it parsed. */
export function eventsOf(ledger: LedgerReader): EventSource {
  let source = sources.get(ledger);
  if (source === undefined) sources.set(ledger, (source = new EventSource(ledger)));
  return source;
}

/** Events as they were received, read back from the log and parsed again (rule 9). */
export class EventSource {
  private readonly ledger: LedgerReader;
  // A visit's writes are checked and sent one after the other; a handful of events covers them.
  private readonly cache = new Map<string, BusinessEvent>();

  constructor(ledger: LedgerReader) {
    this.ledger = ledger;
  }

  /** The event that an entry holds. Rejects when it can no longer be read: that is an internal fault, not a refusal. */
  async eventAt(tenant: string, seq: number): Promise<BusinessEvent> {
    const key = `${tenant} ${seq}`;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    return this.parsed(key, await this.ledger.entry(tenant, seq));
  }

  private parsed(key: string, entry: Entry | undefined): BusinessEvent {
    const record = entry?.body !== null && entry?.body !== undefined && 'record' in entry.body ? entry.body.record : undefined;
    if (record === undefined) throw new Error(`log entry ${key} holds no readable record`);
    const parsed = parseExact(record, limits.jsonDepthMax);
    if (!parsed.ok) throw new Error(`the record in log entry ${key} no longer parses: ${parsed.fault.message}`);
    const event = businessEvent.parse(parsed.value);
    if (this.cache.size >= EVENTS_CACHED_MAX) this.cache.delete(this.cache.keys().next().value ?? '');
    this.cache.set(key, event);
    return event;
  }

  /** The clinical item of another write that is looked at beside; `null` when the key of its patient has been destroyed. */
  async itemIfKept(row: WriteRow): Promise<{ readonly event: BusinessEvent; readonly item: SlottedItem } | null> {
    const key = `${row.tenant} ${row.eventSeq}`;
    if (!this.cache.has(key)) {
      const entry = await this.ledger.entry(row.tenant, row.eventSeq);
      if (entry?.body === null) return null;
      this.parsed(key, entry);
    }
    return this.itemOf(row);
  }

  /** The clinical item a write was planned for. */
  async itemOf(row: WriteRow): Promise<{ readonly event: BusinessEvent; readonly item: SlottedItem }> {
    const event = await this.eventAt(row.tenant, row.eventSeq);
    const item = event.content === undefined ? undefined : itemsOf(event.content).items.find((one) => one.slot === row.slot);
    if (item === undefined) throw new Error(`event ${row.eventId} has nothing in the slot ${row.slot}`);
    return { event, item };
  }

  /** The newest approval that came with an event, from the record it first came in or a later one. */
  async approvalOf(event: EventRow | undefined, received: BusinessEvent): Promise<Approval | null> {
    if (event === undefined || event.approvalSeq === event.seq) return received.approval ?? null;
    return (await this.eventAt(event.tenant, event.approvalSeq)).approval ?? null;
  }

  /** Whether the approval made at the source counts for this write. */
  async countedApproval(
    row: WriteRow,
    event: BusinessEvent,
    approval: Approval | null,
    matrix: ContractMatrix,
  ): Promise<CountedApproval> {
    const source = await this.ledger.row('source', workspaceLog, row.source);
    if (source === undefined) return { counts: false, reason: `the source "${row.source}" is no longer registered` };
    const approver = approval === null ? undefined : await this.ledger.row('person', workspaceLog, approval.by.id);
    return countApproval({
      event,
      approval,
      contentSha256: row.contentSha256,
      source,
      approver,
      contract: contractRow(matrix, row.kind),
    });
  }
}

const EVENTS_CACHED_MAX = 64;
