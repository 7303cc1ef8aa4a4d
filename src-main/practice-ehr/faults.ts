import { PLAIN } from './chart.ts';
import type { WriteEffects } from './chart.ts';
import { faultPlan } from './fault-plan.ts';
import type { Fault, FaultKind, FaultPlan } from './fault-plan.ts';

/** What a fault is chosen by. */
export interface FaultSubject {
  readonly method: string;
  readonly interaction: string | undefined;
  readonly type: string | undefined;
  readonly conditionalCreate: boolean;
  /** Search parameters of the query, of the form and of If-None-Exist, without modifiers. */
  readonly parameters: ReadonlySet<string>;
}

type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;
/** The faults that decide how the answer goes; at most one of them strikes a request. */
export type DeliveryFault = FaultOf<
  | 'lost-reply'
  | 'timeout-before'
  | 'reset-mid-body'
  | 'duplicate-request'
  | 'status'
  | 'ok-with-error-outcome'
  | 'accepted-202'
  | 'no-location'
>;

/** What befalls one request. */
export interface FaultDecision {
  readonly delivery: DeliveryFault | undefined;
  readonly delayBeforeMs: number;
  readonly delayAfterMs: number;
  readonly staleVersion: FaultOf<'stale-version'> | undefined;
  readonly ignored: ReadonlySet<string>;
  readonly effects: WriteEffects;
}

export interface FaultCount {
  readonly kind: FaultKind;
  /** Requests it could have struck. */
  readonly matched: number;
  readonly fired: number;
}

const NOTHING: FaultDecision = {
  delivery: undefined,
  delayBeforeMs: 0,
  delayAfterMs: 0,
  staleVersion: undefined,
  ignored: new Set(),
  effects: PLAIN,
};
const WRITES = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const CHANGES = new Set(['create', 'update', 'patch', 'bundle']);

interface ArmedFault {
  readonly fault: Fault;
  readonly random: () => number;
  matched: number;
  fired: number;
}

/**
 * Decides which faults strike which request. Each fault draws from its own stream of numbers, so that adding one to a plan
 * does not move the others; under one seed and one order of requests the decisions are always the same.
 */
export class FaultEngine {
  private plan: FaultPlan = { faults: [] };
  private armed: ArmedFault[] = [];
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** Puts a plan in force in place of the one before. Throws a ZodError when it is not valid. */
  set(plan: FaultPlan): void {
    const { seed = this.seed, faults } = faultPlan.parse(plan);
    this.plan = plan;
    this.armed = faults.map((fault, index) => ({ fault, random: randomNumbers(seed, index), matched: 0, fired: 0 }));
  }

  current(): FaultPlan {
    return this.plan;
  }

  /** Starts the plan over: its pseudo-random numbers, its counts and how often each fault may still strike. */
  restart(): void {
    this.set(this.plan);
  }

  counts(): readonly FaultCount[] {
    return this.armed.map(({ fault, matched, fired }) => ({ kind: fault.kind, matched, fired }));
  }

  decide(subject: FaultSubject): FaultDecision {
    if (this.armed.length === 0) return NOTHING;
    const decision: Draft = { ...NOTHING, ignored: new Set(), effects: { ...PLAIN, dropped: [] } };
    for (const armed of this.armed) {
      const { fault } = armed;
      if (isDelivery(fault) && decision.delivery !== undefined) continue;
      if (!matches(fault, subject) || !strikes(armed)) continue;
      if (isDelivery(fault)) decision.delivery = fault;
      else apply(fault, decision);
    }
    return decision;
  }
}

/** A decision while it is being put together. */
interface Draft extends FaultDecision {
  delivery: FaultDecision['delivery'];
  delayBeforeMs: number;
  delayAfterMs: number;
  staleVersion: FaultDecision['staleVersion'];
  readonly ignored: Set<string>;
  readonly effects: { searchLagMs: number; raceCreate: boolean; readonly dropped: string[][] };
}

function apply(fault: Exclude<Fault, DeliveryFault>, decision: Draft): void {
  switch (fault.kind) {
    case 'slow':
      if (fault.when === 'before') decision.delayBeforeMs += fault.delayMs;
      else decision.delayAfterMs += fault.delayMs;
      break;
    case 'stale-version':
      decision.staleVersion = fault;
      break;
    case 'search-lag':
      decision.effects.searchLagMs = Math.max(decision.effects.searchLagMs, fault.lagMs);
      break;
    case 'drop-field':
      decision.effects.dropped.push(...fault.fields.map((path) => path.split('.')));
      break;
    case 'duplicate-create-race':
      decision.effects.raceCreate = true;
      break;
    case 'ignored-search-parameter':
      for (const parameter of fault.parameters) decision.ignored.add(parameter);
      break;
  }
}

function isDelivery(fault: Fault): fault is DeliveryFault {
  switch (fault.kind) {
    case 'lost-reply':
    case 'timeout-before':
    case 'reset-mid-body':
    case 'duplicate-request':
    case 'status':
    case 'ok-with-error-outcome':
    case 'accepted-202':
    case 'no-location':
      return true;
    case 'stale-version':
    case 'search-lag':
    case 'drop-field':
    case 'ignored-search-parameter':
    case 'slow':
    case 'duplicate-create-race':
      return false;
  }
}

/** Whether the fault could strike the request at all. */
function matches(fault: Fault, subject: FaultSubject): boolean {
  if (fault.method !== undefined && !(fault.method as readonly string[]).includes(subject.method)) return false;
  if (fault.types !== undefined && (subject.type === undefined || !fault.types.includes(subject.type))) return false;
  const changes = CHANGES.has(subject.interaction ?? '');
  switch (fault.kind) {
    case 'lost-reply':
    case 'timeout-before':
    case 'reset-mid-body':
    case 'duplicate-request':
    case 'status':
    case 'slow':
      return true;
    case 'stale-version':
      return ['update', 'patch', 'delete'].includes(subject.interaction ?? '');
    case 'search-lag':
    case 'drop-field':
      return changes;
    case 'ok-with-error-outcome':
    case 'accepted-202':
      return WRITES.has(subject.method) && (changes || subject.interaction === 'delete');
    case 'no-location':
      return subject.interaction === 'create';
    case 'duplicate-create-race':
      return subject.conditionalCreate;
    case 'ignored-search-parameter':
      return fault.parameters.some((parameter) => subject.parameters.has(parameter));
  }
}

function strikes(armed: ArmedFault): boolean {
  armed.matched += 1;
  const { fault } = armed;
  // Drawn whether or not it may still strike: what `times` holds back does not shift the numbers.
  const drawn = armed.random();
  const due = fault.every === undefined ? drawn < (fault.probability ?? 1) : armed.matched % fault.every === 0;
  if (!due || (fault.times !== undefined && armed.fired >= fault.times)) return false;
  armed.fired += 1;
  return true;
}

/** Pseudo-random numbers from 0 to below 1 (mulberry32), a stream per seed and index. */
function randomNumbers(seed: number, index: number): () => number {
  let state = Math.imul(seed ^ Math.imul(index + 1, 0x9e37_79b9), 0x85eb_ca6b) >>> 0;
  return () => {
    state = (state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
