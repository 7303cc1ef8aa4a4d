import { identifiersOf, Chart } from './ehr/chart.ts';
import { SimulatedGateway } from './ehr/gateway.ts';
import { Jobs } from './ehr/jobs.ts';
import { Network } from './ehr/network.ts';
import { SimulatedServer } from './ehr/server.ts';
import type { ChartEffect, WireRequest } from './ehr/wire.ts';
import { Faults, type FaultKind } from './faults.ts';
import { SimulatedDisk } from './ledger/disk.ts';
import { SimulatedLedger } from './ledger/ledger.ts';
import { DiskReader } from './ledger/reader.ts';
import type { RunPlan } from './plan/operations.ts';
import { hospitals } from './plan/people.ts';
import { Chance } from './chance.ts';
import { Scheduler, type Owner } from './scheduler.ts';
import type { EngineDeps } from '../engine/index.ts';
import type { Clock, EhrGateway } from '../ports/outbound/index.ts';
import {
  base32,
  sha256Hex,
  writeIdentifierSystem,
  type CheckRules,
  type ConsentPolicy,
  type ContractMatrix,
  type Sha256,
  type StateName,
  type WriteRow,
} from '../../src-shared/domain/index.ts';
import { asArray, asObject, asString, type ExactObject } from '../../src-shared/fhir/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** What a simulation cannot make itself: hashing, dates, the contract matrix, and a way to let all promises run dry. */
export interface SimulationTools {
  readonly sha256: Sha256;
  readonly matrix: ContractMatrix;
  readonly consentPolicy: ConsentPolicy;
  readonly checks: CheckRules;
  /** Epoch milliseconds as HTTP writes a time. */
  readonly httpDate: (ms: number) => string;
  /** Resolves once nothing is left to run without the scheduler: a turn of the event loop. */
  readonly idle: () => Promise<void>;
}

/** How a test changes what the engine is given, to see whether the auditor notices. */
export type Sabotage = (deps: EngineDeps) => EngineDeps;

/** A process on the simulated machine. */
export interface Process extends Owner {
  readonly deps: EngineDeps;
  readonly ledger: SimulatedLedger;
  readonly stop: AbortController;
}

/** 2 March 2026, 10:00 UTC: the wall clock when a run begins. */
const WALL_START_MS = 1_772_445_600_000;
/** What the engine is told of the index's lag. Requests on the way and the index each may take half of it. */
const SEARCH_SETTLE_MS = 3_000;
const DISK_MS = 8;
/** Share of the runs whose ledger answers reads at once. */
const READS_AT_ONCE = 0.7;
const LOOK_UPS_STRUCK = 0.15;
const READS_STRUCK = 0.5;
const WRITES_STRUCK = 3;

/** Everything a run happens in: time, disk, network, EHRs, and the processes that die and come back. */
export class World {
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly disk: SimulatedDisk;
  readonly charts = new Map<string, Chart>();
  readonly requests: WireRequest[] = [];
  readonly network: Network;
  readonly tools: SimulationTools;
  /** The contract in force in this run. */
  readonly matrix: ContractMatrix;
  /** The version of the program that is installed. */
  version = 1;
  /** What the wall clock shows beyond the time that has passed. */
  wallOffsetMs = 0;
  private readonly chance: Chance;
  /** Whether engines share the ledger. */
  private readonly several: boolean;
  /** A ledger file on the same machine answers a read before anything else can happen, a shared one does not. */
  private readonly readsAtOnce: boolean;
  private readonly sabotage: Sabotage;
  private readonly reader: DiskReader;
  /** What the engine reported as broken assumptions of its own: none is to be expected but where the ledger failed. */
  readonly engineFaults: string[] = [];
  private readonly steps = new Map<FaultKind, { readonly chance: Chance; struck: number }>();
  private started = 0;
  private readonly offsetsAtStart = new Map<string, number>();
  private readonly struck = new Map<string, boolean>();
  private readonly gateways = new WeakMap<Owner, Map<string, EhrGateway>>();

  constructor(plan: RunPlan, tools: SimulationTools, sabotage: Sabotage, trace: boolean) {
    this.tools = tools;
    this.matrix = contractOf(plan, tools.matrix);
    this.sabotage = sabotage;
    this.chance = new Chance(`${plan.seed}/world`);
    this.scheduler = new Scheduler(this.chance.part('order'), trace);
    this.faults = new Faults(plan.faults);
    this.several = plan.faults['FLT-19'] !== undefined;
    this.readsAtOnce = this.chance.part('reads').happens(READS_AT_ONCE);
    this.disk = new SimulatedDisk(tools.sha256);
    this.reader = new DiskReader(this.disk);
    this.scheduler.nextWanted = () => this.nextWanted();
    const weak = plan.faults['FLT-9'] !== undefined;
    const servers = new Map<string, SimulatedServer>();
    const strike = (kind: FaultKind, request: WireRequest): boolean => this.strikesRequest(kind, request, weak);
    const struck = (kind: FaultKind, request: WireRequest): void => this.faults.count(kind, this.stateBehind(request));
    for (const { connection, patients } of hospitals) {
      const lag = this.chance.part(`lag ${connection}`);
      const lagging = (): number =>
        weak && this.scheduler.now > 0 ? lag.between(SEARCH_SETTLE_MS / 8, SEARCH_SETTLE_MS / 2) : 0;
      const chart = new Chart(connection, lagging);
      for (const patient of patients) admit(chart, patient);
      this.charts.set(connection, chart);
      const misleads = plan.faults['FLT-10'] !== undefined;
      const tellsTime = this.chance.part('tells time').happens(0.6);
      const nature = {
        honoursIfNoneExist: !weak,
        ignoresIdentifier: misleads && this.chance.part(`search ${connection}`).happens(0.3),
        date: tellsTime ? (now: number): string => tools.httpDate(WALL_START_MS + now) : null,
        onlyAccepts: misleads && this.chance.part(`accepts ${connection}`).happens(0.25),
      };
      servers.set(
        connection,
        new SimulatedServer(
          chart,
          nature,
          new Jobs(this.scheduler, SEARCH_SETTLE_MS / 2, (address) => this.knowsOf(connection, address)),
          strike,
          struck,
        ),
      );
    }
    this.network = new Network({
      scheduler: this.scheduler,
      chance: this.chance.part('network'),
      servers,
      strike,
      arrivalMaxMs: SEARCH_SETTLE_MS / 2,
      onSent: (request) => this.requests.push(request),
    });
  }

  wall(): number {
    return WALL_START_MS + this.scheduler.now + this.wallOffsetMs;
  }

  wallOffsetAtStart(process: string): number {
    return this.offsetsAtStart.get(process) ?? 0;
  }

  /** A new process with its own handle on the ledger and its own connections. */
  start(name: string): Process {
    this.started += 1;
    const owner: Owner = { name: `${name}-${this.started}`, alive: true };
    this.offsetsAtStart.set(owner.name, this.wallOffsetMs);
    const chance = this.chance.part(owner.name);
    // Each process counts from its own start.
    const startedAt = this.scheduler.now;
    const clock: Clock = { now: () => this.wall(), monotonic: () => this.scheduler.now - startedAt };
    const pace = chance.part('disk');
    const ledger = new SimulatedLedger(
      this.disk,
      { now: clock.now, monotonic: () => this.scheduler.now },
      (what, perform, access) =>
        access === 'read' && this.readsAtOnce
          ? atOnce(perform)
          : this.scheduler.call(owner, what, pace.between(0, DISK_MS), perform),
      () => this.syncFault(chance),
    );
    const stop = new AbortController();
    const deps = this.sabotage(this.depsOf(owner, clock, ledger, chance));
    return Object.assign(owner, { deps, ledger, stop });
  }

  /** Ends a process where it stands, as `kill -9` or the power does. */
  kill(process: Process, fault: FaultKind | null): void {
    if (fault !== null) this.faults.count(fault, this.states());
    this.scheduler.note(`${process.name} dies${fault === null ? '' : ` of ${fault}`}`);
    process.alive = false;
    process.ledger.die(this.chance.part(`kept ${process.name}`).happens(0.5));
  }

  /** From now on things go wrong, as often as if they never had. */
  beginFaults(): void {
    this.faults.begin();
    this.steps.clear();
  }

  /** Whether a fault that may strike at any step strikes at this one; a few times in a run at most. */
  strikesStep(kind: FaultKind, most: number, oneIn: number): boolean {
    if (!this.faults.allows(kind)) return false;
    const own = this.steps.get(kind) ?? { chance: this.chance.part(`steps of ${kind}`), struck: 0 };
    this.steps.set(kind, own);
    if (own.struck >= most || !own.chance.happens(this.faults.rate(kind) / oneIn)) return false;
    own.struck += 1;
    return true;
  }

  nothingDue(): boolean {
    return this.reader.nextDueAt() === null;
  }

  writes(): readonly WriteRow[] {
    return this.disk.logs.flatMap((log) => [...log.writes.values()].map(({ row }) => row));
  }

  states(): readonly StateName[] {
    return this.writes().map((row) => row.state.name);
  }

  /** What the charts hold of a write now. */
  standing(id: string): readonly ChartEffect[] {
    return [...this.charts.values()].flatMap((chart) =>
      chart.effects.filter((effect) => effect.live && effect.request !== null && writeIdIn(effect.resource) === id),
    );
  }

  private depsOf(owner: Owner, clock: Clock, ledger: SimulatedLedger, chance: Chance): EngineDeps {
    const { sha256, consentPolicy, checks } = this.tools;
    const { matrix, version } = this;
    const random = chance.part('random');
    const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => random.between(0, 255));
    return {
      ledger,
      gateways: { open: (connection) => Promise.resolve(this.gatewayOf(owner, clock, connection, version)) },
      definitions: { validate: () => [] },
      matrix,
      consentPolicy,
      checks,
      clock,
      timers: { sleep: (ms, signal) => this.sleep(owner, ms, signal) },
      random: { fraction: () => random.fraction(), bytes, id: () => base32(bytes(16)).slice(0, 26) },
      sha256,
      pseudonym: (tenant, text) => sha256Hex(sha256, JSON.stringify([tenant, text])).slice(0, 26),
      log: {
        write: (level, event, fields) => {
          this.scheduler.note(`log ${level} ${event} (${owner.name})`);
          if (event === 'write-fault' && fields?.fault !== 'LedgerError') this.engineFaults.push(JSON.stringify(fields));
        },
      },
      engineId: owner.name,
      sharesLedger: this.several,
      searchSettleMs: SEARCH_SETTLE_MS,
    };
  }

  private gatewayOf(owner: Owner, clock: Clock, connection: string, version: number): EhrGateway {
    const known = this.gateways.get(owner) ?? new Map<string, EhrGateway>();
    this.gateways.set(owner, known);
    let gateway = known.get(connection);
    if (gateway === undefined) {
      gateway = new SimulatedGateway(
        ({ deadlineMs, ...parts }) => this.network.exchange(owner, { ...parts, connection }, deadlineMs),
        clock,
        this.tools.sha256,
        version,
      );
      known.set(connection, gateway);
    }
    return gateway;
  }

  private sleep(owner: Owner, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve(false);
      const cancel = this.scheduler.timer(ms, owner, () => resolve(true));
      signal?.addEventListener('abort', () => {
        cancel();
        resolve(false);
      });
    });
  }

  /** When the next write is due, or leases have to be looked at, on the scheduler's clock; `null` when none is, or the time is past. */
  private nextWanted(): number | null {
    const due = this.reader.nextDueAt();
    const write = due === null ? null : due - WALL_START_MS - this.wallOffsetMs;
    // Between several engines time does not leap over the renewals while one of them holds a write.
    if (!this.several || !this.states().includes('in-flight')) return write;
    return Math.min(write ?? Number.POSITIVE_INFINITY, this.scheduler.now + limits.leaseRenewMs);
  }

  private strikesRequest(kind: FaultKind, request: WireRequest, weak: boolean): boolean {
    // Against a request that the network doubles, only the EHR can help, by honouring the condition on it.
    if (kind === 'FLT-3' && weak && request.method === 'POST') return false;
    // Chance of its own for each fault and request: taking one fault out of a plan leaves the others as they were.
    // What the simulation is about are writes: reads are struck more seldom, so that writes come that far.
    const rate = this.faults.rate(kind) * shareStruck(request);
    // A copy that the network made of a request meets the EHR as the request did, also when faults have stopped meanwhile.
    const name = `${kind} on ${request.number}`;
    const strikes = this.struck.get(name) ?? this.chance.part(name).happens(rate);
    this.struck.set(name, strikes);
    if (!strikes) return false;
    this.faults.count(kind, this.stateBehind(request));
    return true;
  }

  /** Whether a write has on record that it may be asked for at an address of its EHR. */
  private knowsOf(connection: string, address: string): boolean {
    return this.writes().some(
      (row) => row.connection === connection && row.state.name === 'unknown' && row.state.monitor === address,
    );
  }

  /** The states of the writes that a request is about. */
  private stateBehind(request: WireRequest): readonly StateName[] {
    if (request.purpose === 'look-up') return ['draft'];
    const id = request.purpose === 'send' ? writeIdIn(JSON.parse(request.body ?? '{}') as ExactObject) : null;
    return this.writes()
      .filter((row) => {
        if (row.connection !== request.connection) return false;
        if (id !== null) return row.id === id;
        const about = request.path.includes(row.id) || this.standing(row.id).some((effect) => effect.reference === request.path);
        return about && ['unknown', 'in-flight', 'committed'].includes(row.state.name);
      })
      .map((row) => row.state.name);
  }

  private syncFault(chance: Chance): 'lost' | 'kept' | null {
    if (!this.strikesStep('FLT-14', 3, 4)) return null;
    this.faults.count('FLT-14', this.states());
    return chance.part(`sync ${this.scheduler.steps}`).pick(['lost', 'kept']);
  }
}

function atOnce<T>(perform: () => T): Promise<T> {
  return new Promise((resolve) => resolve(perform()));
}

/** The contract of a run: allergies that two people approve, tasks that are blocked. */
function contractOf({ twoPersons, blocked }: RunPlan, matrix: ContractMatrix): ContractMatrix {
  const rows = matrix.rows.map((row) => {
    if (twoPersons && row.kind === 'allergy') return { ...row, persons: 2 as const };
    return blocked && row.kind === 'task' ? { ...row, tier: 'blocked' as const } : row;
  });
  return { ...matrix, rows };
}

function shareStruck({ purpose, method }: WireRequest): number {
  if (purpose === 'look-up') return LOOK_UPS_STRUCK;
  return method === 'GET' ? READS_STRUCK : WRITES_STRUCK;
}

/** The write whose id a resource carries, as tag or as identifier. */
export function writeIdIn(resource: ExactObject): string | null {
  // What marks an entry carries the identifier of the write that made it, and its own tag.
  const tags = asArray(asObject(resource.meta)?.tag).map(asObject);
  const tag = asString(tags.findLast((one) => one?.system === writeIdentifierSystem)?.code);
  if (tag !== undefined) return tag;
  const prefix = `${writeIdentifierSystem}|`;
  return (
    identifiersOf(resource)
      .find((one) => one.startsWith(prefix))
      ?.slice(prefix.length) ?? null
  );
}

function admit(chart: Chart, patient: string): void {
  const identifier = (system: string, value: string): ExactObject => ({ system, value });
  const { reference } = chart.create(
    {
      resourceType: 'Patient',
      identifier: [identifier('urn:mrn', patient)],
      active: true,
      name: [{ family: 'Campbell' }],
      birthDate: '1967-02-11',
    },
    0,
    null,
  );
  // Entries of others, so that a search which finds anything at all finds those first.
  for (const resourceType of ['DocumentReference', 'Task', 'AllergyIntolerance']) {
    chart.create({ resourceType, identifier: [identifier('urn:other', patient)], subject: { reference } }, 0, null);
  }
  chart.create(
    {
      resourceType: 'Encounter',
      identifier: [identifier('urn:visit', `visit-${patient}`)],
      status: 'in-progress',
      subject: { reference },
    },
    0,
    null,
  );
}
