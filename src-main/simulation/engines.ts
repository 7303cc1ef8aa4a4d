import { Chance } from './chance.ts';
import type { RunPlan } from './plan/operations.ts';
import type { Process, World } from './world.ts';
import { runEngine } from '../engine/index.ts';

const RESTART_MAX_MS = 2_000;

function isAlive(engine: Process | null): engine is Process {
  return engine?.alive === true;
}

/**
 * The engines of a run, one or, where FLT-19 is drawn, two or three on one ledger: they die, come back, and sleep. Each has a
 * place; when one has died, another takes its place.
 */
export class Engines {
  private readonly world: World;
  private readonly chance: Chance;
  private readonly onBroken: (message: string) => void;
  /** `null` while the one that had the place is dead and the next is not there yet. */
  private readonly places: (Process | null)[];
  private closing = false;

  /** @param onBroken told when an engine stopped by itself, other than for its ledger */
  constructor(plan: RunPlan, world: World, onBroken: (message: string) => void) {
    this.world = world;
    this.chance = new Chance(`${plan.seed}/engines`);
    this.onBroken = onBroken;
    const several = plan.faults['FLT-19'] !== undefined;
    this.places = Array.from({ length: several ? this.chance.part('how many').between(2, 3) : 1 }, () => null);
  }

  get living(): readonly Process[] {
    return this.places.filter(isAlive);
  }

  /** True when every place is taken, by the living or by one that has come to its end. */
  get complete(): boolean {
    return !this.places.includes(null);
  }

  get anyAsleep(): boolean {
    return this.living.some((engine) => this.isAsleep(engine));
  }

  startAll(): void {
    this.closing = false;
    for (const place of this.places.keys()) this.start(place, false);
  }

  /** Starts one that ends when nothing is left to do. */
  drain(): Process {
    return this.start(0, true);
  }

  /** From now on none comes back; those that live are told to stop. */
  close(): void {
    this.closing = true;
    for (const engine of this.living) engine.stop.abort();
  }

  restartLater(engine: Process): void {
    const place = this.places.indexOf(engine);
    this.places[place] = null;
    const { scheduler } = this.world;
    const ms = this.chance.part(`restart ${engine.name}`).between(5, RESTART_MAX_MS);
    scheduler.after(ms, 'the engine starts again', null, () => this.start(place, false));
  }

  /** One dies, or falls asleep over what it has in flight, when it is time for that. */
  maybeStrike(): void {
    const { world } = this;
    const { steps } = world.scheduler;
    if (this.places.some(isAlive) && world.strikesStep('FLT-12', 5, 8)) {
      const engine = this.chance.part(`dies ${steps}`).pick(this.living);
      world.kill(engine, 'FLT-12');
      this.restartLater(engine);
    }
    const holders = this.places.length > 1 ? this.holders() : [];
    if (holders.length > 0 && world.strikesStep('FLT-19', 3, 2)) this.sleep(this.chance.part(`sleeps ${steps}`).pick(holders));
  }

  private start(place: number, drain: boolean): Process {
    const process = this.world.start('engine');
    this.places[place] = process;
    const failed = (error: unknown): void => {
      process.alive = false;
      const name = error instanceof Error ? error.name : typeof error;
      this.world.scheduler.note(`${process.name} stops: ${name}`);
      if (name !== 'LedgerError') this.onBroken(`the engine stopped by itself: ${String(error)}`);
      process.ledger.die(false);
      if (!this.closing) this.restartLater(process);
    };
    runEngine(process.deps)({ drain, maxMs: null, signal: process.stop.signal }).then(() => {
      process.alive = false;
    }, failed);
    return process;
  }

  private isAsleep({ asleepUntil = 0 }: Process): boolean {
    return asleepUntil > this.world.scheduler.now;
  }

  /** The engines that are awake and have something in flight. */
  private holders(): readonly Process[] {
    if (this.living.length < 2) return [];
    const names = this.world.writes().flatMap(({ state }) => (state.name === 'in-flight' ? [state.engine] : []));
    return this.living.filter((engine) => names.includes(engine.name) && !this.isAsleep(engine));
  }

  /** It does not get to run for a while, mostly for longer than its lease. */
  private sleep(engine: Process): void {
    const { faults, scheduler } = this.world;
    faults.count('FLT-19', this.world.states());
    scheduler.note(`${engine.name} falls asleep`);
    const chance = this.chance.part(`asleep ${engine.name} ${scheduler.steps}`);
    scheduler.stall(engine, chance.happens(0.25) ? chance.between(20_000, 59_000) : chance.between(65_000, 180_000));
  }
}
