import { Auditor, type Violation } from './auditor/index.ts';
import { Chance } from './chance.ts';
import { decideAs, deciding, fits, neededFor, takeBackAs, toTakeBack, type DecisionKind, type ToTakeBack } from './decisions.ts';
import type { Chart } from './ehr/chart.ts';
import { Engines } from './engines.ts';
import type { FaultKind } from './faults.ts';
import { faultOf, type Operation, type RunPlan } from './plan/operations.ts';
import { clinicalOwner, clinicians, connectionOf, hospitals, operator, scribe, secondOwner } from './plan/people.ts';
import { consentOf, recordOf } from './plan/records.ts';
import { World, type Process, type Sabotage, type SimulationTools } from './world.ts';
import { consents, control, groups, peopleDecide, register, takeIn, type EngineDeps } from '../engine/index.ts';
import { workspaceLog, type Actor, type WriteRow } from '../../src-shared/domain/index.ts';

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
const ROUNDS_MAX = 30;
const LINGER_MS = 20_000;
const HOUR_MS = 3_600_000;
/** Retry-After is believed up to an hour, and a write may meet several. */
const SETTLE_MAX_MS = 24 * HOUR_MS;
const AGAIN_MS = 700;
const APPROVED_AFTER_MS = 3_000;
/** Share of the runs in which what was charted is looked at again, and when: past the hour after which it is due. */
const LATER_RUNS = 0.4;
const LATER_MS = HOUR_MS + 60_000;
const CLOCK_WRONG_MS = 6_000;
const personActor: Actor = { kind: 'person', id: operator.id, role: 'operations-lead' };
const system: Actor = { kind: 'system', id: 'simulation' };

/** Another author changes some of what the engine charted: its content, its status, or nothing but its version. */
function changeSome(chart: Chart, chance: Chance, now: number): void {
  const own = new Set(chart.effects.filter(({ live, request }) => live && request !== null).map(({ reference }) => reference));
  for (const reference of own) {
    const current = chart.current(reference);
    const what = chance.part(reference).pick(['nothing', 'nothing', 'version', 'content', 'status'] as const);
    if (current === undefined || what === 'nothing') continue;
    const change =
      what === 'content' ? { content: `changed at ${now}` } : what === 'status' ? { status: 'entered-in-error' } : {};
    chart.put(reference, { ...current.resource, ...change }, now, null);
  }
}

/** One run of a plan: the same plan gives the same run, to the last step. */
export async function runOnce(options: RunOptions): Promise<RunResult> {
  return new Run(options).go();
}

class Run {
  private readonly plan: RunPlan;
  private readonly tools: SimulationTools;
  private readonly world: World;
  private readonly auditor: Auditor;
  private readonly operations = new Map<string, number>();
  /** Processes of people and sources, with what is tried again when one dies before it is done. */
  private readonly errands = new Map<Process, () => void>();
  private readonly engines: Engines;
  private operationsLeft = 0;
  private settling = false;
  private consentsWritten = 0;
  /** What each patient who was asked has said last. */
  private readonly consents = new Map<string, Extract<Operation, { kind: 'consent' }>>();

  constructor({ plan, tools, sabotage = (deps) => deps, trace = false }: RunOptions) {
    this.plan = plan;
    this.tools = tools;
    this.world = new World(plan, tools, sabotage, trace);
    this.auditor = new Auditor(this.world);
    this.engines = new Engines(plan, this.world, (message) => this.auditor.report('INV-2', message));
  }

  async go(): Promise<RunResult> {
    await this.setUp();
    const { operations, afterwards } = this.plan;
    // Beside what has failed for good people may want the rest taken back: it is left alone until then.
    await this.live(operations, afterwards.length > 0 ? ['resolve'] : []);
    if (afterwards.length > 0) await this.live(afterwards, []);
    if (!this.over) await this.lookLater();
    return this.result();
  }

  /**
   * Things happen among faults, from now on; then everything settles without them, and the auditor looks at the whole.
   *
   * @param leaves what people do not decide on then
   */
  private async live(operations: readonly Operation[], leaves: readonly DecisionKind[]): Promise<void> {
    if (this.over) return;
    this.settling = false;
    this.world.beginFaults();
    this.engines.startAll();
    for (const operation of operations) this.schedule(operation, operation.at);
    const { scheduler } = this.world;
    const until = scheduler.now + (operations.at(-1)?.at ?? 0);
    // What has been begun goes on among the faults, as long as there is something to do.
    const idle = (): boolean => scheduler.now >= until + LINGER_MS || this.world.nothingDue();
    await this.until(
      () => this.operationsLeft === 0 && this.errands.size === 0 && scheduler.now >= until && !this.engines.anyAsleep && idle(),
    );
    const settling = scheduler.now;
    if (!this.over) await this.settle(leaves);
    if (!this.over && scheduler.now - settling > SETTLE_MAX_MS)
      this.auditor.report('INV-2', `it took ${Math.round((scheduler.now - settling) / HOUR_MS)} hours to settle what was left`);
    if (!this.over) this.auditor.end();
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
    if (this.settling) return;
    this.engines.maybeStrike();
    if (this.world.strikesStep('FLT-13', 2, 30)) this.losePower();
  }

  private losePower(): void {
    const { world, errands } = this;
    const dying = [...errands];
    errands.clear();
    for (const engine of this.engines.living) {
      world.kill(engine, 'FLT-13');
      this.engines.restartLater(engine);
    }
    for (const [process, again] of dying) {
      world.kill(process, null);
      again();
    }
  }

  private async setUp(): Promise<void> {
    const process = this.world.start('init');
    const registry = register(process.deps);
    const work = async (): Promise<void> => {
      for (const person of [...clinicians, clinicalOwner, secondOwner, operator])
        await registry.person(person, 'no secret', system);
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
      case 'attest':
      case 'select': {
        const row = this.chosen(operation);
        if (row !== undefined) this.errand(operation, (deps) => this.decide(deps, operation.kind, row, operation.which));
        return;
      }
      case 'take-back': {
        const rows = toTakeBack(world.writes(), !operation.byHand);
        const chosen = rows[operation.which % Math.max(1, rows.length)];
        if (chosen !== undefined) this.errand(operation, (deps) => this.takeBack(deps, chosen, operation));
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
      case 'unmerge':
        return this.changePatient(operation.hospital, operation.patient, ({ link: _link, ...patient }) => ({
          ...patient,
          active: true,
        }));
      case 'switch':
        return this.errand(operation, async (deps) => {
          const { what, scope, off } = operation;
          await control(deps).switch(what, scope, off, 'simulated', operator, personActor);
        });
      case 'stage':
        return this.errand(operation, async (deps) => {
          const name = hospitals[operation.hospital]?.connection ?? '';
          await control(deps).stage(name, operation.sends ? 'limited-auto-write' : 'read-only', 'simulated', personActor);
        });
      case 'consent':
        return this.recordConsent(operation);
      case 'upgrade':
        world.version = world.version === 1 ? 2 : 1;
        for (const engine of operation.restart ? this.engines.living : []) {
          world.kill(engine, null);
          this.engines.restartLater(engine);
        }
        return;
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
        for (const engine of this.engines.living.slice(0, 1)) world.scheduler.stall(engine, operation.ms);
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

  /** The newer document counts, whenever it arrives: each has its place in the order of the people who wrote them. */
  private recordConsent(operation: Extract<Operation, { kind: 'consent' }>): void {
    this.consentsWritten += 1;
    const order = this.consentsWritten;
    this.consents.set(`${hospitals[operation.hospital]?.tenant ?? ''} ${operation.patient}`, operation);
    this.auditor.consent(operation, order, false);
    this.errand(operation, async (deps) => {
      const outcome = await consents(deps).record(
        hospitals[operation.hospital]?.tenant ?? '',
        consentOf(operation, order),
        personActor,
      );
      if (outcome.ok) this.auditor.consent(operation, order, true);
      else if (outcome.code !== 'consent-older') throw new Error(`a consent was refused: ${outcome.message}`);
    });
  }

  private chosen(operation: Extract<Operation, { fitting: boolean }>): WriteRow | undefined {
    const all = this.world.writes().filter(({ id, eventId }) => [undefined, id, eventId].includes(operation.about));
    const fitting = operation.fitting ? all.filter((row) => fits(operation.kind, row)) : all;
    return fitting[operation.which % Math.max(1, fitting.length)];
  }

  private async decide(deps: EngineDeps, kind: DecisionKind, row: WriteRow, which: number): Promise<void> {
    const people = deciding(kind);
    const chosen = people[which % people.length];
    const known = this.world.disk.log(workspaceLog)?.row('person', chosen?.id ?? '');
    // Who is no longer active cannot sign in.
    if (known?.active !== true) return;
    const outcome = await decideAs(peopleDecide(deps), known, kind, row, this.world.standing(row.id)[0]?.reference ?? null);
    if (outcome.ok) this.auditor.decided(outcome.id, outcome.state, known.id);
  }

  private async takeBack(
    deps: EngineDeps,
    chosen: ToTakeBack,
    { which, byHand }: Extract<Operation, { kind: 'take-back' }>,
  ): Promise<void> {
    const person = which % 2 === 0 ? clinicalOwner : secondOwner;
    const mark = byHand ? (): void => this.markByHand(chosen.row) : null;
    const told = await takeBackAs(peopleDecide(deps), groups(deps), person, chosen, mark);
    if (told === 'taken back') this.auditor.decided(chosen.row.id, 'compensated', person.id);
    if (told === null || told === 'taken back') return;
    this.auditor.accepted(told.planned);
    if (which % 3 === 0) this.touchLater(chosen.row);
    // Those who may approve it look for it now and then, once it has been checked.
    for (const [n, by] of [2, 3, 2, 3, 2, 3, 2, 3].entries())
      this.schedule({ kind: 'approve', at: 0, which: by, fitting: true, about: told.planned }, (n + 1) * APPROVED_AFTER_MS);
  }

  /** Somebody else changes the entry as well, before or after it is marked. */
  private touchLater({ connection, state }: WriteRow): void {
    const { faults, scheduler, charts } = this.world;
    const reference = state.name === 'committed' ? state.evidence.reference : '';
    scheduler.after(APPROVED_AFTER_MS, 'somebody changes what is to be taken back', null, () => {
      const chart = charts.get(connection);
      const current = chart?.current(reference);
      if (current === undefined || !faults.allows('FLT-8')) return;
      faults.count('FLT-8', this.world.states());
      chart?.put(reference, { ...current.resource, note: `seen at ${scheduler.now}` }, scheduler.now, null);
    });
  }

  private markByHand({ connection, state }: WriteRow): void {
    const chart = this.world.charts.get(connection);
    const reference = state.name === 'committed' ? state.evidence.reference : '';
    const current = chart?.current(reference);
    if (current === undefined) return;
    chart?.put(reference, { ...current.resource, status: 'entered-in-error' }, this.world.scheduler.now, null);
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
  private async settle(leaves: readonly DecisionKind[]): Promise<void> {
    const { world } = this;
    // One that is to come back does so first.
    if (!(await this.until(() => this.engines.complete))) return;
    this.settling = true;
    world.faults.end();
    world.wallOffsetMs = 0;
    this.engines.close();
    if (!(await this.until(() => this.engines.living.length === 0))) return;
    if (!(await this.liftAll())) return;
    let startedForHeld = false;
    for (let round = 0; round < ROUNDS_MAX; round += 1) {
      const engine = this.engines.drain();
      if (!(await this.until(() => !engine.alive))) return;
      const waiting = world.writes().flatMap((row): [DecisionKind, WriteRow][] => {
        const kind = neededFor(row);
        return kind === null || leaves.includes(kind) ? [] : [[kind, row]];
      });
      // What is held for something that has been mended goes on at the next start.
      const held = world.states().includes('held') && !startedForHeld;
      if (waiting.length === 0 && !held) return;
      startedForHeld = waiting.length === 0;
      for (const [kind, row] of waiting) {
        // Where two must approve, the next round asks the other.
        const which = 2 + (round % 2);
        this.errand({ kind, at: 0, which, fitting: true }, (deps) => this.decide(deps, kind, row, which));
        if (!(await this.until(() => this.errands.size === 0))) return;
      }
    }
  }

  /** In some runs others change what was charted, an hour passes, and the engine looks at all of it once more (C8). */
  private async lookLater(): Promise<void> {
    const { world } = this;
    const chance = new Chance(`${this.plan.seed}/later`);
    if (!chance.happens(LATER_RUNS)) return;
    for (const chart of world.charts.values()) changeSome(chart, chance.part(chart.connection), world.scheduler.now);
    world.scheduler.now += LATER_MS;
    const since = world.wall();
    const engine = this.engines.drain();
    if (await this.until(() => !engine.alive)) this.auditor.lookedLater(since, world.wall());
  }

  /** Whoever stopped something lets it go on: what it held must then go on, too. */
  private async liftAll(): Promise<boolean> {
    const registered = this.world.disk.log(workspaceLog);
    const at = 0;
    const lifts: Operation[] = [];
    for (const { what, scope, off } of registered?.rows('switch') ?? [])
      if (off) lifts.push({ kind: 'switch', at, what, scope, off: false });
    for (const [hospital, { connection }] of hospitals.entries())
      if (registered?.row('connection', connection)?.stage === 'read-only')
        lifts.push({ kind: 'stage', at, hospital, sends: true });
    for (const said of this.consents.values()) if (!said.permits) lifts.push({ ...said, permits: true });
    for (const lift of lifts) {
      this.perform(lift, null);
      if (!(await this.until(() => this.errands.size === 0))) return false;
    }
    return true;
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
