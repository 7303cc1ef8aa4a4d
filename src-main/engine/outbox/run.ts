import { engineActor, type EngineDeps } from '../deps.ts';
import { EventSource } from '../event-source.ts';
import { sendWrite } from '../dispatch/send.ts';
import { lookForWrite } from '../reconciliation/look.ts';
import { recover } from '../recovery/recover.ts';
import { checkWrite, type Checker } from '../validation/check.ts';
import { SubjectCache } from '../validation/subject-cache.ts';
import { verifyWrite } from '../verification/verify.ts';
import { writeEntry, commitWrites } from '../write-commit.ts';
import type { PreparedRecord } from '../../ports/outbound/index.ts';
import type { RunEngine, RunEnd, RunOptions } from '../../ports/inbound/index.ts';
import { afterFault, workspaceLog, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** The engine: takes up every write whose time has come, until it is drained, told to stop, or out of time. */
export function runEngine(deps: EngineDeps): RunEngine {
  return async (options) => {
    await announce(deps, 'engine.started');
    const recovered = await recover(deps);
    const end = await new Outbox(deps, options).run();
    await announce(deps, 'engine.stopped');
    await deps.ledger.checkpoint();
    return { end, recovered };
  };
}

async function announce(deps: EngineDeps, type: 'engine.started' | 'engine.stopped'): Promise<void> {
  await deps.ledger.commit({
    tenant: workspaceLog,
    expected: [],
    entries: [
      {
        type,
        stream: `engine/${deps.engineId}`,
        at: deps.clock.now(),
        actor: engineActor(deps),
        patientKey: null,
        correlation: deps.engineId,
        body: { engine: deps.engineId },
      },
    ],
  });
}

/**
 * Keeps up to a fixed number of writes under way. Which write may go next is the ledger's answer (`due`), so that
 * lanes hold across restarts and processes; this loop only remembers what it has in its own hands.
 */
class Outbox {
  private readonly deps: EngineDeps;
  private readonly options: RunOptions;
  private readonly checker: Checker;
  private readonly underWay = new Map<string, Promise<void>>();
  /** Requests just prepared, so that sending need not read them back from the log. Bounded by what is under way. */
  private readonly fresh = new Map<string, PreparedRecord>();
  /** Due writes fetched and not yet taken up. They may have moved since: every commit names the version it rests on. */
  private backlog: WriteRow[] = [];
  private readonly lanesTaken = new Set<string>();
  private readonly inFlightMax: number;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(deps: EngineDeps, options: RunOptions) {
    this.deps = deps;
    this.options = options;
    this.inFlightMax = options.inFlightMax ?? limits.inFlightPerConnectionMax;
    this.checker = { deps, events: new EventSource(deps.ledger), subjects: new SubjectCache(deps.clock) };
  }

  async run(): Promise<RunEnd> {
    const { clock } = this.deps;
    const until = this.options.maxMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + this.options.maxMs;
    let end: RunEnd = 'stopped';
    for (;;) {
      if (this.failure !== null) break;
      if (this.options.signal.aborted) break;
      if (clock.monotonic() >= until) {
        end = 'out-of-time';
        break;
      }
      const started = await this.fill();
      if (started === 0 && this.underWay.size === 0 && this.options.drain && (await this.deps.ledger.nextDueAt()) === null) {
        end = 'drained';
        break;
      }
      if (started === 0 || this.underWay.size >= this.inFlightMax) await this.waitForChange(until);
    }
    // What has left must be settled before this process may end: a stop is no reason to lose an answer.
    await Promise.all(this.underWay.values());
    if (this.failure !== null) throw this.failure;
    return end;
  }

  /** Takes up as many due writes as there is room for; tells how many. */
  private async fill(): Promise<number> {
    let started = 0;
    let fetched = false;
    while (this.underWay.size < this.inFlightMax) {
      if (this.backlog.length === 0) {
        // Once per call: what is due but not to be taken up now is waited for, not asked for again.
        if (started > 0 || fetched) break;
        fetched = true;
        const due = await this.deps.ledger.due(this.deps.clock.now(), limits.claimBatchMax);
        this.backlog = due.filter((row) => !this.underWay.has(row.id));
        if (this.backlog.length === 0) break;
      }
      const row = this.backlog.shift();
      if (row === undefined || this.underWay.has(row.id)) continue;
      // The ledger knows a lane as taken once the attempt is on disk; until then this loop does.
      const lane = row.state.name === 'pending' || row.state.name === 'failed-retryable' ? row.lane : null;
      if (lane !== null && this.lanesTaken.has(lane)) continue;
      if (lane !== null) this.lanesTaken.add(lane);
      started += 1;
      const work = this.guarded(row).finally(() => {
        this.underWay.delete(row.id);
        if (lane !== null) this.lanesTaken.delete(lane);
        this.wake();
      });
      this.underWay.set(row.id, work);
    }
    return started;
  }

  /** Until something under way ends, the next write is due, or a moment has passed: other processes take in, too. */
  private async waitForChange(until: number): Promise<void> {
    const { clock, ledger, timers } = this.deps;
    const stop = new AbortController();
    const changed = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    const nextDueAt = this.underWay.size > 0 ? null : await ledger.nextDueAt();
    const untilDue = nextDueAt === null ? POLL_MS : Math.max(MIN_WAIT_MS, nextDueAt - clock.now());
    const ms = Math.max(MIN_WAIT_MS, Math.min(POLL_MS, untilDue, until - clock.monotonic()));
    const aborted = this.options.signal;
    const onAbort = (): void => this.wake();
    aborted.addEventListener('abort', onAbort, { once: true });
    await Promise.race([changed, timers.sleep(ms, stop.signal)]);
    aborted.removeEventListener('abort', onAbort);
    stop.abort();
  }

  /** A fault with one write stops that write; a fault of the ledger stops the engine (C5). */
  private async guarded(row: WriteRow): Promise<void> {
    try {
      await this.work(row);
      this.options.onProgress?.();
    } catch (error) {
      try {
        await this.stopWrite(row, error);
      } catch (ledgerError) {
        this.failure = ledgerError instanceof Error ? ledgerError : new Error(String(ledgerError));
        this.deps.log.write('error', 'ledger-failed', { write: row.id });
      }
    }
  }

  private async work(row: WriteRow): Promise<void> {
    switch (row.state.name) {
      case 'draft': {
        const prepared = await checkWrite(this.checker, row);
        if (prepared !== null && this.fresh.size < limits.claimBatchMax) this.fresh.set(row.id, prepared);
        return;
      }
      case 'pending':
      case 'failed-retryable': {
        const prepared = this.fresh.get(row.id) ?? null;
        this.fresh.delete(row.id);
        return sendWrite(this.deps, row, prepared);
      }
      case 'unknown':
        return lookForWrite(this.deps, row);
      case 'committed':
        return verifyWrite(this.deps, row);
      case 'validated':
      case 'awaiting-approval':
      case 'held':
      case 'in-flight':
      case 'conflict':
      case 'failed-terminal':
      case 'resolved-by-hand':
      case 'superseded':
      case 'withdrawn':
      case 'compensated':
      case 'corrected':
      case 'quarantined':
        throw new RangeError(`the ledger calls a write due that is ${row.state.name}`);
    }
  }

  /** A broken assumption stops the write, not the engine (rule 10). */
  private async stopWrite(row: WriteRow, error: unknown): Promise<void> {
    const { deps } = this;
    const now = await deps.ledger.row('write', row.tenant, row.id);
    deps.log.write('error', 'write-fault', { write: row.id, state: now?.state.name ?? row.state.name, fault: faultName(error) });
    if (now === undefined) throw error;
    // Bytes may have left since this row was fetched; otherwise someone else moved it, and what stands there stays.
    if (now.version !== row.version && now.state.name !== 'in-flight') return;
    const at = deps.clock.now();
    const moves = afterFault(now, at, deps.random.fraction());
    if (moves === null) return;
    const body = { id: now.id, moves, fault: faultName(error) };
    await commitWrites(deps.ledger, [now], [writeEntry('write.faulted', now, at, engineActor(deps), body)]);
  }
}

/** The kind of a fault, without its words: they may quote clinical text. */
function faultName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

const POLL_MS = 250;
const MIN_WAIT_MS = 1;
