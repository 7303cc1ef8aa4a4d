import { eventsOf, type EventSource } from '../event-source.ts';
import type { ListedWrite } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import { itemsOf, subjectWords, titleOf, type SubjectWords, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

interface EventHeadline {
  readonly subject: SubjectWords;
  readonly titles: ReadonlyMap<string, string>;
}

/** Names and titles of writes, read from the events they came in with and kept for the next page of the list. */
export class Headlines {
  private readonly events: EventSource;
  private readonly cache = new Map<string, EventHeadline | null>();

  constructor(ledger: LedgerReader) {
    this.events = eventsOf(ledger);
  }

  async listed(row: WriteRow): Promise<ListedWrite> {
    const headline = await this.of(row);
    return { row, title: headline?.titles.get(row.slot) ?? null, subject: headline?.subject ?? null };
  }

  async listedAll(rows: readonly WriteRow[]): Promise<readonly ListedWrite[]> {
    return Promise.all(rows.map((row) => this.listed(row)));
  }

  private async of(row: WriteRow): Promise<EventHeadline | null> {
    const key = `${row.tenant} ${row.eventSeq}`;
    const cached = this.cache.get(key);
    if (cached !== undefined) return cached;
    const headline = await this.read(row);
    if (this.cache.size >= limits.headlinesCachedMax) this.cache.delete(this.cache.keys().next().value ?? '');
    this.cache.set(key, headline);
    return headline;
  }

  /** `null` where the record has been erased or can no longer be read: the list still shows the write. */
  private async read(row: WriteRow): Promise<EventHeadline | null> {
    try {
      const event = await this.events.eventAt(row.tenant, row.eventSeq);
      const items = event.content === undefined ? [] : itemsOf(event.content).items;
      return { subject: subjectWords(event), titles: new Map(items.map(({ slot, clinical }) => [slot, titleOf(clinical)])) };
    } catch {
      return null;
    }
  }
}
