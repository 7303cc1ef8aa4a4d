import { engineActor, type EngineDeps } from '../deps.ts';
import { reask, seenHolds } from './reask.ts';
import { raiseStuck } from './stuck.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import { clockAgrees, workspaceLog, type ClockJudged } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * What the running engine keeps an eye on besides what is due: switches, stages, policies and gates, whichever process
 * changed them; writes that are stuck; and the clock. Held writes are asked about again as soon as a rule moved.
 */
export class Watch {
  private readonly deps: EngineDeps;
  private seen: string | null = null;
  private lookedAt: number | null = null;
  private stuckLookedAt: number | null = null;
  private judged: Omit<ClockJudged, 'engine'> | null = null;

  constructor(deps: EngineDeps) {
    this.deps = deps;
  }

  /** To be called often; looks when it is time. */
  async look(): Promise<void> {
    const now = this.deps.clock.monotonic();
    if (this.lookedAt !== null && now - this.lookedAt < limits.watchMs) return;
    this.lookedAt = now;
    await this.judgeClock();
    if (this.stuckLookedAt === null || now - this.stuckLookedAt >= limits.stuckLookMs) {
      this.stuckLookedAt = now;
      await raiseStuck(this.deps);
    }
    const state = await rulesNow(this.deps.ledger);
    const before = this.seen;
    this.seen = state;
    // What is held at the start of a run has just been asked about.
    if (before === null || before === state) return;
    const released = await reask(this.deps, engineActor(this.deps), seenHolds);
    if (released > 0) this.deps.log.write('info', 'reasked', { released });
  }

  /** What is known of the clock goes on record when it changes: other processes cannot watch this one's clock. */
  private async judgeClock(): Promise<void> {
    const { deps, judged } = this;
    const now = deps.clockJudged?.() ?? null;
    if (now === null || (judged !== null && clockAgrees(judged, now))) return;
    this.judged = now;
    await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type: 'clock.judged',
          stream: 'clock',
          at: deps.clock.now(),
          actor: engineActor(deps),
          patientKey: null,
          correlation: deps.engineId,
          body: { engine: deps.engineId, ...now },
        },
      ],
    });
  }
}

/** Changes whenever one of the rules that hold writes does. */
async function rulesNow(ledger: LedgerReader): Promise<string> {
  const kinds = await Promise.all([ledger.rows('switch'), ledger.rows('connection'), ledger.rows('policy'), ledger.rows('gate')]);
  // Rows are never removed, and each change makes one version more.
  return kinds.map((rows) => rows.reduce((sum, row) => sum + row.version, 0)).join(' ');
}
