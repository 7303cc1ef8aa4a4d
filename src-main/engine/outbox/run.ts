import { engineActor, type EngineDeps } from '../deps.ts';
import { eventsOf } from '../event-source.ts';
import { sendWrite } from '../dispatch/send.ts';
import { ClockGuard } from '../clock-guard.ts';
import { FollowUps } from '../follow-up/follow-ups.ts';
import { attachLateAnswer, type LateAnswer } from '../reconciliation/late-answer.ts';
import { lookForLate } from '../reconciliation/late.ts';
import { lookForWrite } from '../reconciliation/look.ts';
import { EngineLease, type RunningDeps } from './lease.ts';
import { Rests } from './rests.ts';
import { Traffic } from './traffic.ts';
import { Waits } from './waits.ts';
import { wakeFarOff, wakeNextIfFarOff } from '../recovery/far-off.ts';
import { heldWrites, release } from '../recovery/release.ts';
import { recover, recoverInFlight } from '../recovery/recover.ts';
import { Watch } from '../recovery/watch.ts';
import { checkWrite } from '../validation/check.ts';
import type { Checker } from '../validation/checked.ts';
import { ClinicNorms } from '../validation/clinic-norms.ts';
import { SubjectCache } from '../validation/subject-cache.ts';
import { verifyWrite } from '../verification/verify.ts';
import { writeEntry, commitWrites } from '../write-commit.ts';
import { LeaseEnded, type PreparedRecord, type RaisedAlarm } from '../../ports/outbound/index.ts';
import type { RunEngine, RunEnd, RunOptions } from '../../ports/inbound/index.ts';
import {
  afterFault,
  heldAsDown,
  stopCode,
  waitsForCalendar,
  workspaceLog,
  type FlowSettings,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * The engine: takes up every write whose time has come, until it is drained, told to stop, or out of time. It works under a
 * lease. When that was ended because this process did not get to run for too long, what was under way is left to whoever
 * took it over, and the engine begins again under a new one.
 */
export function runEngine(deps: EngineDeps): RunEngine {
  return async (options) => {
    const clock = new ClockGuard(deps.clock);
    const traffic = new Traffic(deps.gateways, clock);
    const until = options.maxMs === null ? Number.POSITIVE_INFINITY : clock.monotonic() + options.maxMs;
    const outside = { ...deps, clock, gateways: traffic, clockUnsafe: () => clock.unsafe(), clockJudged: () => clock.judged() };
    const recovered = { inFlight: 0, released: 0 };
    const lateAnswers: LateAnswer[] = [];
    try {
      for (;;) {
        const lease = await EngineLease.take(outside);
        const running: RunningDeps = { ...outside, lease, ledger: lease.ledger };
        const end = await workUnder(running, traffic, options, until, recovered, lateAnswers);
        if (end !== 'lease-ended') {
          await announce(deps, 'engine.stopped', {});
          await lease.release();
          await deps.ledger.checkpoint();
          return { end, recovered };
        }
        deps.log.write('error', 'lease-ended', { fence: lease.fence });
        lateAnswers.push(...lease.lateAnswers);
      }
    } catch (error) {
      // The ledger may be what has failed, so it is told outside of it as well.
      const code = stopCode(error instanceof Error && 'code' in error ? error.code : null);
      const kept = deps.alarm?.raise(code, deps.clock.now()) ?? false;
      deps.log.write('error', 'engine-stopped', { stop: code, kept });
      throw error;
    }
  };
}

type SpellEnd = RunEnd | 'lease-ended';

/** One spell of work, from taking over what is nobody's to the end of the lease or of the run. */
async function workUnder(
  running: RunningDeps,
  traffic: Traffic,
  options: RunOptions,
  until: number,
  recovered: { inFlight: number; released: number },
  lateAnswers: LateAnswer[],
): Promise<SpellEnd> {
  try {
    const after = running.alarm?.raised() ?? null;
    await announce(running, 'engine.started', { fence: running.lease.fence, ...(after === null ? {} : { after }) });
    // The ledger takes commits again, and has recorded that for a while it did not.
    running.alarm?.clear();
    // Before what is held is asked about: a change from here on is seen.
    const watch = new Watch(running);
    await watch.look();
    const living = await running.lease.living();
    traffic.sharedBy(living.length);
    const { inFlight, released } = await recover(running, living);
    recovered.inFlight += inFlight;
    recovered.released += released;
    for (let answer = lateAnswers[0]; answer !== undefined; answer = lateAnswers[0]) {
      await attachLateAnswer(running, answer);
      lateAnswers.shift();
    }
    await lookForLate(running, options.signal);
    return await new Outbox(running, traffic, watch, options).run(until);
  } catch (error) {
    if (error instanceof LeaseEnded) return 'lease-ended';
    throw error;
  }
}

async function announce(
  deps: EngineDeps,
  type: 'engine.started' | 'engine.stopped',
  under: { readonly fence?: number; readonly after?: RaisedAlarm },
): Promise<void> {
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
        body: { engine: deps.engineId, ...under },
      },
    ],
  });
}

/**
 * Keeps up to a fixed number of writes under way. Which write may go next is the ledger's answer (`due`), so that
 * lanes hold across restarts and processes; this loop only remembers what it has in its own hands.
 */
class Outbox {
  private readonly deps: RunningDeps;
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
  private readonly followUps: FollowUps;
  private readonly watch: Watch;
  private readonly rests: Rests;
  /** When anything that was due and could not be taken up may be asked for again, on the monotonic clock. */
  private blockedUntil: number | null = null;
  private wasUnsafe = false;
  private probedAt = 0;
  private failure: Error | null = null;
  private wake: () => void = () => undefined;

  constructor(deps: RunningDeps, traffic: Traffic, watch: Watch, options: RunOptions) {
    this.deps = deps;
    this.options = options;
    this.traffic = traffic;
    this.waits = new Waits(deps.clock);
    const mostFollowed = options.drain ? limits.followPerDrainMax : Number.POSITIVE_INFINITY;
    this.followUps = new FollowUps(deps, traffic, options.signal, mostFollowed, (failure) => {
      this.failure ??= failure;
      this.wake();
    });
    this.watch = watch;
    this.rests = new Rests(deps, traffic);
    this.inFlightMax = options.inFlightMax ?? limits.inFlightMax;
    const events = eventsOf(deps.ledger);
    this.checker = { deps, events, subjects: new SubjectCache(deps.clock), norms: new ClinicNorms(deps, events) };
  }

  /** @param until when to stop at the latest, on the monotonic clock */
  async run(until: number): Promise<SpellEnd> {
    const { lease } = this.deps;
    let end: SpellEnd = 'lease-ended';
    try {
      end = await this.takeUp(until);
    } catch (error) {
      if (!(error instanceof LeaseEnded)) throw error;
    }
    // What has left must be settled before this process may end: a stop is no reason to lose an answer.
    this.blockedUntil = null;
    while (this.underWay.size > 0 && !lease.ended) {
      if (this.stopped() === null) await this.keepPlace();
      await this.waitForChange(Number.POSITIVE_INFINITY);
    }
    await Promise.all(this.underWay.values());
    await this.followUps.settle();
    if (lease.ended) return 'lease-ended';
    const stopped = this.stopped();
    if (stopped !== null) throw stopped;
    await this.rests.end();
    return end;
  }

  /** Why no more work may be taken up: the ledger refuses commits, told by it or by whoever needed one. */
  private stopped(): Error | null {
    return this.deps.ledger.stopped() ?? this.failure;
  }

  private async takeUp(until: number): Promise<SpellEnd> {
    const { clock, lease } = this.deps;
    let end: SpellEnd = 'stopped';
    for (;;) {
      if (this.stopped() !== null) break;
      if (this.options.signal.aborted) break;
      await this.keepPlace();
      if (lease.ended) break;
      if (clock.monotonic() >= until) {
        end = 'out-of-time';
        break;
      }
      await this.releaseWhenClockIsSafe();
      await this.releaseWhenUp();
      await this.rests.tell();
      await this.watch.look();
      const started = await this.fill();
      if (started === 0) await this.followUps.take(this.underWay.size === 0);
      const atRest = started === 0 && this.underWay.size === 0 && !this.followUps.busy;
      if (atRest) await wakeNextIfFarOff(this.deps, (row) => this.waits.remaining(row));
      if (atRest && this.options.drain && (await this.nothingLeft())) {
        end = 'drained';
        break;
      }
      if (started === 0 || this.underWay.size >= this.inFlightMax) await this.waitForChange(until);
    }
    return end;
  }

  /** Renews the lease in time, and takes over what engines held that have not renewed theirs. */
  private async keepPlace(): Promise<void> {
    const { lease, log, sharesLedger } = this.deps;
    try {
      if (!(await lease.keep()) || sharesLedger !== true) return;
      const living = await lease.living();
      this.traffic.sharedBy(living.length);
      const takenOver = await recoverInFlight(this.deps, living);
      if (takenOver > 0) log.write('warn', 'taken-over', { writes: takenOver });
    } catch (error) {
      // A file that is busy just now is asked again; until it answers, the lease as it stands says what may be sent.
      const busy = error instanceof Error && 'code' in error && error.code === 'ledger-busy';
      if (busy) log.write('warn', 'lease-not-renewed');
      else if (!(error instanceof LeaseEnded)) throw error;
    }
  }

  /** True when all that is left to do waits for the end of a maintenance window or for another day. */
  private async nothingLeft(): Promise<boolean> {
    const { ledger } = this.deps;
    // What another engine has in flight may come back, or has to be taken over.
    if (this.deps.sharesLedger === true && (await ledger.inFlight()).length > 0) return false;
    if ((await ledger.nextDueAt()) === null) return true;
    const waiting = new Set<string>();
    for (;;) {
      const due = await ledger.due(Number.MAX_SAFE_INTEGER, limits.claimBatchMax, [...waiting]);
      if (!due.every(waitsForCalendar)) return false;
      if (due.length === 0) return true;
      for (const row of due) waiting.add(row.connection);
    }
  }

  /** What was held for the clock goes on once the clock can be trusted again. */
  private async releaseWhenClockIsSafe(): Promise<void> {
    const unsafe = this.deps.clockUnsafe?.() ?? null;
    if (unsafe !== null && !this.wasUnsafe) this.deps.log.write('error', 'clock-unsafe');
    if (unsafe === null && this.wasUnsafe) {
      for await (const row of heldWrites(this.deps.ledger, { code: 'clock-unsafe' }))
        await release(this.deps.ledger, row, this.deps.clock.now(), engineActor(this.deps));
      await wakeFarOff(this.deps, (row) => this.waits.remaining(row));
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
    let left = 0;
    const blocked = new Set<string>();
    const retrying = new Set<string>();
    const settings = new Map<string, FlowSettings>();
    this.blockedUntil = null;
    while (this.underWay.size < this.inFlightMax) {
      if (this.backlog.length === 0) {
        // Once per call, and once more without connections that rest or have used up their retries: what is due but not to
        // be taken up now is waited for, not asked for again.
        const except = [...new Set([...blocked, ...retrying])];
        if (started > 0 || (fetched && except.length === left)) break;
        left = except.length;
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
        retrying.add(row.connection);
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
      const flow = settings.get(row.connection) ?? {};
      await this.traffic.restoreRetries(this.deps.ledger, row.connection, flow, this.deps.clock.now());
      const admitted = this.traffic.admits(row.connection, flow, sends);
      const change = sends && admitted === 0 ? this.traffic.admitsChange(row.connection) : 0;
      const down = (admitted !== 0 || change !== 0) && this.traffic.isDown(row.connection, sends);
      if (admitted !== 0 && !down) {
        blocked.add(row.connection);
        if (admitted !== null) this.blockUntil(admitted);
        continue;
      }
      if (change !== 0 && !down) {
        // Reads go on while changes rest.
        if (change !== null) {
          this.waits.defer(row, change);
          this.blockUntil(change);
        }
        retrying.add(row.connection);
        continue;
      }
      const again = row.state.name === 'failed-retryable';
      const budgeted = again && !down ? this.traffic.admitsRetry(row.connection, flow) : 0;
      if (budgeted !== 0) {
        // What goes for the first time need not wait for it.
        this.waits.defer(row, budgeted);
        this.blockUntil(budgeted);
        retrying.add(row.connection);
        continue;
      }
      if (lane !== null) this.lanesTaken.add(lane);
      started += 1;
      const sending = sends && !down && (again ? 'again' : 'first');
      this.traffic.begin(row.connection, sending, flow);
      const work = this.guarded(row, down).finally(() => {
        this.underWay.delete(row.id);
        this.traffic.end(row.connection, sending);
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
    // With a reason at hand no error is made up for it at every wait.
    stop.abort(CHANGED);
  }

  /** A fault with one write stops that write; a fault of the ledger stops the engine (C5). */
  private async guarded(row: WriteRow, down: boolean): Promise<void> {
    try {
      if (!down || !(await this.holdAsDown(row))) await this.work(row);
      this.waits.note(await this.deps.ledger.row('write', row.tenant, row.id));
      this.options.onProgress?.();
    } catch (error) {
      // What was under way is another engine's now.
      if (error instanceof LeaseEnded) return;
      try {
        await this.stopWrite(row, error);
      } catch (ledgerError) {
        if (ledgerError instanceof LeaseEnded) return;
        this.failure = ledgerError instanceof Error ? ledgerError : new Error(String(ledgerError));
        this.deps.log.write('error', 'ledger-failed', { write: row.id });
      }
    }
  }

  /** `false`: what is to be done is looking, which goes on by its own times and ends by itself. */
  private async holdAsDown(row: WriteRow): Promise<boolean> {
    const now = this.deps.clock.now();
    const moves = heldAsDown(row, now, this.traffic.rests().get(row.connection)?.code ?? 'ehr-unavailable');
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
        const retried = row.state.name === 'failed-retryable' ? this.traffic.retriesLeft(row.connection) : null;
        return sendWrite(this.deps, this.checker.events, row, prepared, retried);
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

const CHANGED = 'something changed';
const POLL_MS = 250;
const MIN_WAIT_MS = 1;
