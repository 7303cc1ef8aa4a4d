import { Auditor, type Violation } from './auditor/index.ts';
import type { FaultKind } from './faults.ts';
import { faultOf, type Operation, type RunPlan } from './plan/operations.ts';
import { clinicalOwner, clinicians, connectionOf, hospitals, operator, scribe } from './plan/people.ts';
import { recordOf } from './plan/records.ts';
import { World, type Process, type Sabotage, type SimulationTools } from './world.ts';
import { Chance } from './chance.ts';
import { peopleDecide, register, runEngine, takeIn, type EngineDeps } from '../engine/index.ts';
import type { DecisionOutcome } from '../ports/inbound/index.ts';
import { workspaceLog, type Actor, type Person, type WriteRow } from '../../src-shared/domain/index.ts';

export interface RunOptions {
  readonly plan: RunPlan;
  readonly tools: SimulationTools;
  /** Changes what the engine is given; the identity but in tests of the auditor. */
  readonly sabotage?: Sabotage;
  readonly trace?: boolean;
}

export interface RunResult {
  /** Equal for equal plans; anything else means that something outside the plan had a say. */
  readonly traceHash: string;
  readonly trace: readonly string[];
  /** At most one: what comes after a breach says little. */
  readonly violations: readonly Violation[];
  readonly operations: ReadonlyMap<string, number>;
  readonly faults: ReadonlyMap<FaultKind, number>;
  readonly coverage: ReadonlyMap<string, number>;
  readonly intents: number;
  readonly sends: number;
  /** Sends of which the engine could not know whether they had been carried out. */
  readonly ambiguous: number;
  readonly steps: number;
  readonly simulatedMs: number;
}

const STEPS_MAX = 60_000;
const ROUNDS_MAX = 12;
const RESTART_MAX_MS = 2_000;
const AGAIN_MS = 700;
const CLOCK_WRONG_MS = 6_000;
const system: Actor = { kind: 'system', id: 'simulation' };

/** One run of a plan: the same plan gives the same run, to the last step. */
export async function runOnce(options: RunOptions): Promise<RunResult> {
  return new Run(options).go();
}

class Run {
  private readonly plan: RunPlan;
  private readonly tools: SimulationTools;
  private readonly world: World;
  private readonly auditor: Auditor;
  private readonly chance: Chance;
  private readonly operations = new Map<string, number>();
  /** Processes of people and sources, with what is tried again when one dies before it is done. */
  private readonly errands = new Map<Process, () => void>();
  private engine: Process | null = null;
  private operationsLeft = 0;
  private settling = false;

  constructor({ plan, tools, sabotage = (deps) => deps, trace = false }: RunOptions) {
    this.plan = plan;
    this.tools = tools;
    this.world = new World(plan, tools, sabotage, trace);
    this.auditor = new Auditor(this.world);
    this.chance = new Chance(`${plan.seed}/run`);
  }

  async go(): Promise<RunResult> {
    await this.setUp();
    this.world.faults.begin();
    this.startEngine();
    for (const operation of this.plan.operations) this.schedule(operation, operation.at);
    const { scheduler } = this.world;
    const until = scheduler.now + (this.plan.operations.at(-1)?.at ?? 0);
    await this.until(() => this.operationsLeft === 0 && this.errands.size === 0 && scheduler.now >= until);
    if (!this.over) await this.settle();
    if (!this.over) this.auditor.end();
    return this.result();
  }

  private get over(): boolean {
    return this.auditor.violations.length > 0;
  }

  /** Lets things happen until it is so; `false` when the run is over before. */
  private async until(done: () => boolean): Promise<boolean> {
    while (!done()) {
      const happened = await this.turn();
      if (this.over) return false;
      if (happened || done()) continue;
      this.auditor.report('INV-2', `nothing can happen any more, with ${JSON.stringify(this.world.states())}`);
      return false;
    }
    return true;
  }

  /** One thing happens, everything that follows from it by itself follows, and the auditor looks. */
  private async turn(): Promise<boolean> {
    await this.tools.idle();
    this.auditor.look();
    const [fault] = this.world.engineFaults;
    if (fault !== undefined) this.auditor.report('INV-2', `the engine broke on a write: ${fault}`);
    if (this.over) return false;
    if (this.world.scheduler.steps >= STEPS_MAX) {
      this.auditor.report('INV-2', `nothing settles: ${STEPS_MAX} steps, and ${JSON.stringify(this.world.states())}`);
      return false;
    }
    this.maybeDie();
    return this.world.scheduler.step();
  }

  private maybeDie(): void {
    const { engine, world } = this;
    if (this.settling) return;
    if (engine?.alive === true && world.strikesStep('FLT-12', 5, 8)) {
      world.kill(engine, 'FLT-12');
      this.restartLater();
    }
    if (world.strikesStep('FLT-13', 2, 30)) this.losePower();
  }

  private losePower(): void {
    const { engine, world, errands } = this;
    const dying = [...errands];
    errands.clear();
    if (engine?.alive === true) {
      world.kill(engine, 'FLT-13');
      this.restartLater();
    }
    for (const [process, again] of dying) {
      world.kill(process, null);
      again();
    }
  }

  private restartLater(): void {
    this.engine = null;
    const { scheduler } = this.world;
    const ms = this.chance.part(`restart ${scheduler.steps}`).between(5, RESTART_MAX_MS);
    scheduler.after(ms, 'the engine starts again', null, () => this.startEngine());
  }

  private startEngine(drain = false): Process {
    const process = this.world.start('engine');
    this.engine = process;
    const failed = (error: unknown): void => {
      process.alive = false;
      const name = error instanceof Error ? error.name : typeof error;
      this.world.scheduler.note(`${process.name} stops: ${name}`);
      if (name !== 'LedgerError') this.auditor.report('INV-2', `the engine stopped by itself: ${String(error)}`);
      process.ledger.die(false);
      if (!this.settling) this.restartLater();
    };
    runEngine(process.deps)({ drain, maxMs: null, signal: process.stop.signal }).then(() => {
      process.alive = false;
    }, failed);
    return process;
  }

  private async setUp(): Promise<void> {
    const process = this.world.start('init');
    const registry = register(process.deps);
    const work = async (): Promise<void> => {
      for (const person of [...clinicians, clinicalOwner, operator]) await registry.person(person, 'no secret', system);
      await registry.source(scribe, system);
      for (const hospital of hospitals) await registry.connection(connectionOf(hospital), system);
    };
    let done = false;
    void work().then(() => (done = true));
    await this.until(() => done);
    process.alive = false;
  }

  private schedule(operation: Operation, ms: number): void {
    this.operationsLeft += 1;
    this.world.scheduler.after(ms, `operation ${operation.kind}`, null, () => {
      this.operationsLeft -= 1;
      const fault = faultOf(operation);
      if (fault !== null && !this.world.faults.allows(fault)) return;
      this.operations.set(operation.kind, (this.operations.get(operation.kind) ?? 0) + 1);
      this.perform(operation, fault);
    });
  }

  private perform(operation: Operation, fault: FaultKind | null): void {
    const { world } = this;
    if (fault !== null) world.faults.count(fault, world.states());
    switch (operation.kind) {
      case 'event':
        return this.deliver(operation, operation, operation.approvedBy);
      case 'redelivery': {
        const event = this.plan.operations.find((one) => one.kind === 'event' && one.event === `event-${operation.which}`);
        if (event?.kind === 'event') this.deliver(operation, event, operation.approvedBy);
        return;
      }
      case 'approve':
      case 'reject':
      case 'withdraw':
      case 'retry':
      case 'resolve':
      case 'attest': {
        const row = this.chosen(operation);
        if (row !== undefined) this.errand(operation, (deps) => this.decide(deps, operation.kind, row, operation.which));
        return;
      }
      case 'other-author':
        return this.changePatient(operation.hospital, operation.patient, (patient) => ({
          ...patient,
          note: `seen at ${world.scheduler.now}`,
        }));
      case 'merge':
        return this.changePatient(operation.hospital, operation.patient, (patient) => ({
          ...patient,
          active: false,
          link: [{ type: 'replaced-by', other: { reference: 'Patient/another' } }],
        }));
      case 'restore':
        world.charts
          .get(hospitals[operation.hospital]?.connection ?? '')
          ?.restore(Math.max(1, world.scheduler.now - operation.backMs));
        return;
      case 'remove-approver':
        return this.errand(operation, (deps) => this.remove(deps, operation.person));
      case 'clock-step':
        world.wallOffsetMs += operation.byMs;
        world.scheduler.after(CLOCK_WRONG_MS, 'the clock is put right', null, () => {
          if (!this.settling) world.wallOffsetMs -= operation.byMs;
        });
        return;
      case 'stall':
        if (this.engine !== null) world.scheduler.stall(this.engine, operation.ms);
    }
  }

  /** Somebody's process for one piece of work; what dies or fails before it is done is tried again later. */
  private errand(operation: Operation, work: (deps: EngineDeps) => Promise<void>): void {
    const process = this.world.start(operation.kind);
    const again = (): void => this.schedule(operation, AGAIN_MS);
    const ended = (): void => {
      process.alive = false;
      this.errands.delete(process);
    };
    this.errands.set(process, again);
    work(process.deps).then(ended, () => {
      ended();
      process.ledger.die(false);
      again();
    });
  }

  private deliver(operation: Operation, event: Extract<Operation, { kind: 'event' }>, approvedBy: string | null): void {
    const text = recordOf(event, approvedBy, this.tools.sha256);
    this.errand(operation, async (deps) => {
      for await (const receipt of takeIn(deps)([{ file: 'simulated', line: 1, text }], { kind: 'source', id: scribe.name })) {
        this.auditor.acknowledged(receipt, event);
      }
    });
  }

  private chosen(operation: Extract<Operation, { fitting: boolean }>): WriteRow | undefined {
    const all = this.world.writes();
    const fitting = operation.fitting ? all.filter((row) => fits(operation.kind, row)) : all;
    return fitting[operation.which % Math.max(1, fitting.length)];
  }

  private async decide(deps: EngineDeps, kind: DecisionKind, row: WriteRow, which: number): Promise<void> {
    const people =
      kind === 'approve' || kind === 'reject' ? [...clinicians, clinicalOwner, clinicalOwner, clinicalOwner] : [operator];
    const chosen = people[which % people.length];
    const known = this.world.disk.log(workspaceLog)?.row('person', chosen?.id ?? '');
    // Who is no longer active cannot sign in.
    if (known?.active !== true) return;
    const outcome = await this.decideAs(deps, known, kind, row);
    if (outcome.ok) this.auditor.decided(outcome.id, outcome.state, known.id);
  }

  private decideAs(deps: EngineDeps, person: Person, kind: DecisionKind, row: WriteRow): Promise<DecisionOutcome> {
    const people = peopleDecide(deps);
    switch (kind) {
      case 'approve':
        return people.approve(row.id, person, 'reviewed and approved', row.prepared?.sha256 ?? '');
      case 'reject':
        return people.reject(row.id, person, 'not what was said');
      case 'withdraw':
        return people.withdraw(row.id, person, 'not needed');
      case 'retry':
        return people.retry(row.id, person);
      case 'resolve':
        return people.resolve(row.id, person, 'written by hand');
      case 'attest': {
        const [standing] = this.world.standing(row.id);
        return standing === undefined
          ? people.attestAbsent(row.id, person, 'looked in the chart, it is not there')
          : people.attestFound(row.id, person, standing.reference, 'looked in the chart, it is there');
      }
    }
  }

  private async remove(deps: EngineDeps, id: string): Promise<void> {
    const row = await deps.ledger.row('person', workspaceLog, id);
    if (row === undefined) return;
    const { version, secretVerifier, ...person } = row;
    await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [{ kind: 'person', key: id, version }],
      entries: [
        {
          type: 'person.added',
          stream: `person/${id}`,
          at: deps.clock.now(),
          actor: system,
          patientKey: null,
          correlation: `remove ${id}`,
          body: { person: { ...person, active: false }, secretVerifier },
        },
      ],
    });
  }

  private changePatient(
    hospital: number,
    patient: number,
    change: (resource: { readonly [key: string]: unknown }) => { readonly [key: string]: unknown },
  ): void {
    const chart = this.world.charts.get(hospitals[hospital]?.connection ?? '');
    const reference = chart?.references('Patient')[patient];
    const current = reference === undefined ? undefined : chart?.current(reference);
    if (chart === undefined || reference === undefined || current === undefined) return;
    chart.put(reference, change(current.resource) as typeof current.resource, this.world.scheduler.now, null);
  }

  /** Nothing goes wrong any more: the engine drains, people decide on what waits for them, until nothing is left. */
  private async settle(): Promise<void> {
    const { world } = this;
    // One engine at a time: one that is to come back does so first.
    if (!(await this.until(() => this.engine !== null))) return;
    this.settling = true;
    world.faults.end();
    world.wallOffsetMs = 0;
    this.engine?.stop.abort();
    if (!(await this.until(() => this.engine?.alive !== true))) return;
    let startedForHeld = false;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const engine = this.startEngine(true);
      if (!(await this.until(() => !engine.alive))) return;
      const waiting = world.writes().flatMap((row): [DecisionKind, WriteRow][] => {
        const kind = neededFor(row);
        return kind === null ? [] : [[kind, row]];
      });
      // What is held for something that has been mended goes on at the next start.
      const held = world.states().includes('held') && !startedForHeld;
      if (waiting.length === 0 && !held) return;
      startedForHeld = waiting.length === 0;
      for (const [kind, row] of waiting) {
        this.errand({ kind, at: 0, which: 2, fitting: true }, (deps) => this.decide(deps, kind, row, 2));
        if (!(await this.until(() => this.errands.size === 0))) return;
      }
    }
  }

  private result(): RunResult {
    const { world, auditor } = this;
    return {
      traceHash: world.scheduler.traceHash(),
      trace: world.scheduler.trace(),
      violations: auditor.violations,
      operations: this.operations,
      faults: world.faults.counts(),
      coverage: world.faults.coverage(),
      intents: world.writes().length,
      sends: world.requests.filter((request) => request.purpose === 'send').length,
      ambiguous: auditor.ambiguous,
      steps: world.scheduler.steps,
      simulatedMs: world.scheduler.now,
    };
  }
}

type DecisionKind = Extract<Operation, { fitting: boolean }>['kind'];

function fits(kind: DecisionKind, row: WriteRow): boolean {
  const { state } = row;
  switch (kind) {
    case 'approve':
    case 'reject':
      return state.name === 'awaiting-approval';
    case 'withdraw':
      return ['draft', 'awaiting-approval', 'held', 'pending', 'failed-retryable', 'conflict'].includes(state.name);
    case 'retry':
      return state.name === 'failed-retryable';
    case 'resolve':
      return state.name === 'failed-terminal';
    case 'attest':
      return state.name === 'unknown' && state.personSince !== null;
  }
}

/** What a person has to decide before the write can end; `null`: nothing. */
function neededFor(row: WriteRow): DecisionKind | null {
  for (const kind of ['approve', 'attest'] as const) if (fits(kind, row)) return kind;
  if (row.state.name === 'conflict') return 'withdraw';
  return fits('resolve', row) ? 'resolve' : null;
}
