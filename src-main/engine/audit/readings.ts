import type { EngineDeps } from '../deps.ts';
import type { Actor } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * Puts every reading of clinical records on record (H1). A screen that stays open reads the same thing again and again
 * to stay current: within `readingMs` that is one reading, or the log would fill with it.
 */
export class Readings {
  private readonly deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>;
  private readonly recorded = new Map<string, number>();

  constructor(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>) {
    this.deps = deps;
  }

  /** On disk when it resolves: nothing is shown before its reading is recorded. */
  async record(what: string, id: string, tenant: string, actor: Actor): Promise<void> {
    const { ledger, clock, random } = this.deps;
    const key = JSON.stringify([actor.kind, actor.id, what, id, tenant]);
    const now = clock.monotonic();
    const last = this.recorded.get(key);
    if (last !== undefined && now - last < limits.readingMs) return;
    await ledger.commit({
      tenant,
      expected: [],
      entries: [
        {
          type: 'record.viewed',
          stream: `${what}/${id}`,
          at: clock.now(),
          actor,
          patientKey: null,
          correlation: random.id(),
          body: { what, id },
        },
      ],
    });
    this.recorded.delete(key);
    this.recorded.set(key, now);
    if (this.recorded.size > limits.readingsRememberedMax) this.recorded.delete(this.recorded.keys().next().value ?? '');
  }
}
