import { engineActor, type EngineDeps } from '../deps.ts';
import { EventSource } from '../event-source.ts';
import { sendWrite } from '../dispatch/send.ts';
import { ClockGuard } from '../clock-guard.ts';
import { lookForLate } from '../reconciliation/late.ts';
import { lookForWrite } from '../reconciliation/look.ts';
import { Traffic } from './traffic.ts';
import { Waits } from './waits.ts';
import { heldWrites, release } from '../recovery/release.ts';
import { recover } from '../recovery/recover.ts';
import { checkWrite, type Checker } from '../validation/check.ts';
import { SubjectCache } from '../validation/subject-cache.ts';
import { verifyWrite } from '../verification/verify.ts';
import { writeEntry, commitWrites } from '../write-commit.ts';
import type { PreparedRecord } from '../../ports/outbound/index.ts';
import type { RunEngine, RunEnd, RunOptions } from '../../ports/inbound/index.ts';
import { afterFault, heldAsDown, workspaceLog, type FlowSettings, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** The engine: takes up every write whose time has come, until it is drained, told to stop, or out of time. */
export function runEngine(deps: EngineDeps): RunEngine {
  return async (options) => {
    const clock = new ClockGuard(deps.clock);
    const traffic = new Traffic(deps.gateways, clock);
    const running = { ...deps, clock, gateways: traffic, clockUnsafe: () => clock.unsafe() };
    await announce(deps, 'engine.started');
    const recovered = await recover(running);
    await lookForLate(running, options.signal);
    const end = await new Outbox(running, traffic, options).run();
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
  private readonly traffic: Traffic;
  private readonly waits: Waits;
  /** When anything that was due and could not be taken up may be asked for again, on the monotonic clock. */
  private blockedUntil: number | null = null;
  private wasUnsafe = false;
  private probedAt = 0;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(deps: EngineDeps, traffic: Traffic, options: RunOptions) {
    this.deps = deps;
    this.options = options;
    this.traffic = traffic;
    this.waits = new Waits(deps.clock);
    this.inFlightMax = options.inFlightMax ?? limits.inFlightMax;
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
      await this.releaseWhenClockIsSafe();
      await this.releaseWhenUp();
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

  /** What was held for the clock goes on once the clock can be trusted again. */
  private async releaseWhenClockIsSafe(): Promise<void> {
    const unsafe = this.deps.clockUnsafe?.() ?? null;
    if (unsafe !== null && !this.wasUnsafe) this.deps.log.write('error', 'clock-unsafe');
    if (unsafe === null && this.wasUnsafe) {
      for await (const row of heldWrites(this.deps.ledger, { code: 'clock-unsafe' }))
        await release(this.deps.ledger, row, this.deps.clock.now(), engineActor(this.deps));
    }
    this.wasUnsafe = unsafe !== null;
  }

  /** When an EHR works again, what was held for it goes on; while it does not, one write a minute asks how it is. */
  private async releaseWhenUp(): Promise<void> {
    const { ledger, clock } = this.deps;
    const letGo = async (connection: string, most: number): Promise<void> => {
      let left = most;
      for await (const row of heldWrites(ledger, { code: 'checks-used-up', connection })) {
        if (left === 0) return;
        if (await release(ledger, row, clock.now(), engineActor(this.deps))) left -= 1;
      }
    };
    for (const connection of this.traffic.takeRecovered()) await letGo(connection, Number.POSITIVE_INFINITY);
    if (this.options.drain || clock.monotonic() - this.probedAt < limits.breakerOpenMaxMs) return;
    this.probedAt = clock.monotonic();
    for (const connection of this.traffic.toProbe()) await letGo(connection, 1);
  }

  /** Takes up as many due writes as there is room for; tells how many. */
  private async fill(): Promise<number> {
    let started = 0;
    let fetched = false;
    const blocked = new Set<string>();
    const settings = new Map<string, FlowSettings>();
    this.blockedUntil = null;
    while (this.underWay.size < this.inFlightMax) {
      if (this.backlog.length === 0) {
        // Once per call, and once more without connections that rest: what is due but not to be taken up now is waited
        // for, not asked for again.
        if (started > 0 || (fetched && blocked.size === 0)) break;
        const except = [...blocked];
        const due = await this.deps.ledger.due(this.deps.clock.now(), limits.claimBatchMax, except);
        this.backlog = due.filter((row) => !this.underWay.has(row.id) && !blocked.has(row.connection));
        if (this.backlog.length === 0) break;
        fetched = true;
      }
      const row = this.backlog.shift();
      if (row === undefined || this.underWay.has(row.id) || blocked.has(row.connection)) continue;
      const tooEarly = this.waits.until(row);
      if (tooEarly !== null) {
        this.blockUntil(tooEarly);
        continue;
      }
      // The ledger knows a lane as taken once the attempt is on disk; until then this loop does.
      const sends = row.state.name === 'pending' || row.state.name === 'failed-retryable';
      const lane = sends ? row.lane : null;
      if (lane !== null && this.lanesTaken.has(lane)) continue;
      if (!settings.has(row.connection)) {
        const connection = await this.deps.ledger.row('connection', workspaceLog, row.connection);
        settings.set(row.connection, connection?.settings ?? {});
      }
      const admitted = this.traffic.admits(row.connection, settings.get(row.connection) ?? {}, sends);
      const down = admitted !== 0 && this.traffic.isDown(row.connection);
      if (admitted !== 0 && !down) {
        blocked.add(row.connection);
        if (admitted !== null) this.blockUntil(admitted);
        continue;
      }
      if (lane !== null) this.lanesTaken.add(lane);
      started += 1;
      this.traffic.begin(row.connection, sends);
      const work = this.guarded(row, down).finally(() => {
        this.underWay.delete(row.id);
        this.traffic.end(row.connection);
        if (lane !== null) this.lanesTaken.delete(lane);
        this.wake();
      });
      this.underWay.set(row.id, work);
    }
    return started;
  }

  private blockUntil(at: number): void {
    this.blockedUntil = Math.min(this.blockedUntil ?? Number.POSITIVE_INFINITY, at);
  }

  /** Until something under way ends, the next write is due, or a moment has passed: other processes take in, too. */
  private async waitForChange(until: number): Promise<void> {
    const { clock, ledger, timers } = this.deps;
    const stop = new AbortController();
    const changed = new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    const nextDueAt = this.underWay.size > 0 ? null : await ledger.nextDueAt();
    const untilFree = this.blockedUntil === null ? null : this.blockedUntil - clock.monotonic();
    const untilDue = untilFree ?? (nextDueAt === null ? POLL_MS : nextDueAt - clock.now());
    const ms = Math.max(MIN_WAIT_MS, Math.min(POLL_MS, untilDue, until - clock.monotonic()));
    const aborted = this.options.signal;
    const onAbort = (): void => this.wake();
    aborted.addEventListener('abort', onAbort, { once: true });
    await Promise.race([changed, timers.sleep(ms, stop.signal)]);
    aborted.removeEventListener('abort', onAbort);
    stop.abort();
  }

  /** A fault with one write stops that write; a fault of the ledger stops the engine (C5). */
  private async guarded(row: WriteRow, down: boolean): Promise<void> {
    try {
      if (!down || !(await this.holdAsDown(row))) await this.work(row);
      this.waits.note(await this.deps.ledger.row('write', row.tenant, row.id));
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

  /** `false`: what is to be done is looking, which goes on by its own times and ends by itself. */
  private async holdAsDown(row: WriteRow): Promise<boolean> {
    const now = this.deps.clock.now();
    const moves = heldAsDown(row, now);
    if (moves === null) return false;
    const entry = writeEntry('write.put-off', row, now, engineActor(this.deps), { id: row.id, moves });
    await commitWrites(this.deps.ledger, [row], [entry]);
    return true;
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
        return sendWrite(this.deps, this.checker.events, row, prepared);
      }
      case 'unknown':
        return lookForWrite(this.deps, row, this.waits.unknownFor(row.id));
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
