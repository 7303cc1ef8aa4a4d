import { RunningHash, type Chance } from './chance.ts';

/** What a simulated completion belongs to. When it has died, what was still to come for it never comes. */
export interface Owner {
  readonly name: string;
  alive: boolean;
  /** Until then it does not get to run. */
  asleepUntil?: number;
}

/** How far timers are passed over at most: whoever watches the clock must get to see that it was put right. */
const PASSED_OVER_MAX_MS = 600_000;
/** How late they are when nothing is waited for at all. */
const IDLE_MS = 2_000;

interface Pending {
  at: number;
  readonly label: string;
  readonly owner: Owner | null;
  /** Timers may fire late, as real ones do: with nothing else to happen, waiting ones are passed over. */
  readonly timer: boolean;
  off: boolean;
  readonly run: () => void;
}

/**
 * The one place where simulated time passes and where completions get their order: of all that could happen next, chance
 * takes one. Nothing happens by itself, so the seed alone decides what a run does.
 */
export class Scheduler {
  /** Milliseconds since the simulated machine started; only grows. */
  now = 0;
  steps = 0;
  private readonly pending: Pending[] = [];
  private readonly chance: Chance;
  private readonly hash = new RunningHash();
  private readonly lines: string[] | null;
  /** When something waits for time that is not in this queue (a write that will be due); epoch of `now`. */
  nextWanted: () => number | null = () => null;

  constructor(chance: Chance, trace: boolean) {
    this.chance = chance;
    this.lines = trace ? [] : null;
  }

  /** Something that happens after so long, whoever owns it still living; returns what calls it off. */
  after(ms: number, label: string, owner: Owner | null, run: () => void): () => void {
    return this.add({ at: this.now + Math.max(0, Math.round(ms)), label, owner, timer: false, off: false, run });
  }

  /** A timer of a process; returns what calls it off. */
  timer(ms: number, owner: Owner, run: () => void): () => void {
    return this.add({ at: this.now + Math.max(0, Math.ceil(ms)), label: 'timer', owner, timer: true, off: false, run });
  }

  /** Does something at a moment of the scheduler's choosing and tells its owner, if that still lives. */
  call<T>(owner: Owner, label: string, ms: number, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.after(ms, label, owner, () => {
        try {
          resolve(perform());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  /** Everything that is to come for a process comes so much later: it did not get to run, or its machine slept. */
  stall(owner: Owner, ms: number): void {
    owner.asleepUntil = Math.max(owner.asleepUntil ?? 0, this.now + ms);
    for (const one of this.pending) if (one.owner === owner) one.at = Math.max(one.at, this.now) + ms;
  }

  /** Lets one thing happen. `false`: there is nothing left that could. */
  step(): boolean {
    this.sweep();
    const ready = this.ready();
    if (ready.length === 0) return false;
    const chosen = this.chance.pick(ready);
    this.pending.splice(this.pending.indexOf(chosen), 1);
    this.steps += 1;
    this.note(chosen.owner === null ? chosen.label : `${chosen.label} (${chosen.owner.name})`);
    chosen.run();
    return true;
  }

  /** Writes into the trace: the hash always, the lines if they were asked for. */
  note(text: string): void {
    const line = `${this.now} ${text}`;
    this.hash.add(line);
    this.lines?.push(line);
  }

  traceHash(): string {
    return this.hash.text();
  }

  trace(): readonly string[] {
    return this.lines ?? [];
  }

  private add(entry: Pending): () => void {
    entry.at = Math.max(entry.at, entry.owner?.asleepUntil ?? 0);
    this.pending.push(entry);
    return () => {
      entry.off = true;
    };
  }

  /** Takes out what was called off and what belongs to the dead; the rest keeps its order. */
  private sweep(): void {
    let kept = 0;
    for (const one of this.pending) {
      if (one.off || one.owner?.alive === false) continue;
      this.pending[kept] = one;
      kept += 1;
    }
    this.pending.length = kept;
  }

  private ready(): readonly Pending[] {
    const now = this.pending.filter((one) => one.at <= this.now);
    if (now.length > 0) return now;
    if (this.pending.length === 0) return [];
    const next = this.pending.reduce((least, { at }) => Math.min(least, at), Number.POSITIVE_INFINITY);
    this.now = Math.max(next, this.pastIdleTimers(next));
    return this.pending.filter((one) => one.at <= this.now);
  }

  /** While nothing can happen, timers are nothing to stop at: the next thing that is no timer, or that is waited for. */
  private pastIdleTimers(next: number): number {
    if (this.pending.some((one) => !one.timer && one.at <= next)) return next;
    const others = this.pending.filter((one) => !one.timer).map((one) => one.at);
    // What is due already waits for something else than time: for its lane, for an EHR that rests.
    const due = this.nextWanted();
    const wanted = due === null || due <= next ? null : due;
    const until = Math.min(...others, wanted === null ? Number.POSITIVE_INFINITY : Math.ceil(wanted));
    return Math.min(Number.isFinite(until) ? until : next + IDLE_MS, next + PASSED_OVER_MAX_MS);
  }
}
