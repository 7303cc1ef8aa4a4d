import type { ConsoleUseCases } from '../ports/inbound/index.ts';
import type { Notice } from '../../src-shared/contract/index.ts';

/** At most so many writes are named in one notice; beyond, the window looks at everything it shows. */
const NAMED_MAX = 200;
/** Commits that come close together are told as one. */
const GATHER_MS = 150;

/** Tells windows what has changed: ids and revisions, never content. */
export class Notices {
  private readonly useCases: ConsoleUseCases;
  private readonly listeners = new Set<(notice: Notice) => void>();
  private readonly ending: (() => void)[];
  private readonly closed = new AbortController();
  private moved: Set<string> | null = null;
  private seen: number | null = null;

  constructor(useCases: ConsoleUseCases) {
    this.useCases = useCases;
    this.ending = [
      useCases.onCommitted(({ entries, moved, writes }) => {
        if (this.seen !== null) this.seen += entries;
        if (moved) this.gather(writes);
      }),
      useCases.engine.onChange(() => this.tell({ kind: 'frame' })),
    ];
  }

  subscribe(listener: (notice: Notice) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  tell(notice: Notice): void {
    for (const listener of this.listeners) listener(notice);
  }

  /** Another process may write to the same ledger: growth that this one did not cause. */
  async lookForOthers(): Promise<void> {
    if (this.moved !== null) return;
    const revision = await this.useCases.triage.revision();
    const grown = this.seen !== null && revision > this.seen;
    this.seen = revision;
    if (grown) this.tell({ kind: 'ledger', revision, writes: null });
  }

  close(): void {
    this.closed.abort();
    for (const end of this.ending) end();
    this.listeners.clear();
  }

  private gather(writes: readonly string[]): void {
    const first = this.moved === null;
    this.moved ??= new Set();
    for (const id of writes) this.moved.add(id);
    if (first) void this.tellGathered();
  }

  private async tellGathered(): Promise<void> {
    if (!(await this.useCases.timers.sleep(GATHER_MS, this.closed.signal))) return;
    const writes = [...(this.moved ?? [])];
    this.moved = null;
    const revision = await this.useCases.triage.revision();
    this.tell({ kind: 'ledger', revision, writes: writes.length > NAMED_MAX ? null : writes });
  }
}
