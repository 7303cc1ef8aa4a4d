import type { Chance } from '../chance.ts';
import { faultKinds, type FaultKind, type FaultPlan } from '../faults.ts';
import { clinicians, hospitals, scribe } from './people.ts';
import type { SwitchScope, SwitchTarget } from '../../../src-shared/domain/index.ts';

/** What people and sources do, and what befalls the world, at a time of the simulated machine. */
export type Operation =
  | {
      readonly kind: 'event';
      readonly at: number;
      readonly event: string;
      readonly version: number;
      readonly hospital: number;
      /** Another EHR of the same hospital that is to have it, too. */
      readonly also: number | null;
      readonly patient: number;
      readonly approvedBy: string | null;
      readonly parts: readonly ContentPart[];
      /** Seeds the words; drawn apart from what is done with them. */
      readonly words: string;
    }
  /** The source delivers a record once more, as it was or with its approval. */
  | { readonly kind: 'redelivery'; readonly at: number; readonly which: number; readonly approvedBy: string | null }
  /** A person decides on a write; one that the decision fits, or any. `about`: only one of this event, or this one. */
  | {
      readonly kind: 'approve' | 'reject' | 'withdraw' | 'retry' | 'resolve' | 'attest' | 'select';
      readonly at: number;
      readonly which: number;
      readonly fitting: boolean;
      readonly about?: string;
    }
  /** Of a group, somebody wants one charted entry taken back: by a write of ours, or by hand in the EHR. */
  | {
      readonly kind: 'take-back';
      readonly at: number;
      readonly which: number;
      readonly byHand: boolean;
    }
  /** Sending, or approving, is stopped for what fits, or no longer. */
  | {
      readonly kind: 'switch';
      readonly at: number;
      readonly what: SwitchTarget;
      readonly scope: SwitchScope;
      readonly off: boolean;
    }
  | { readonly kind: 'stage'; readonly at: number; readonly hospital: number; readonly sends: boolean }
  /** A patient's consent is recorded. */
  | {
      readonly kind: 'consent';
      readonly at: number;
      readonly hospital: number;
      readonly patient: number;
      readonly permits: boolean;
    }
  | { readonly kind: 'unmerge'; readonly at: number; readonly hospital: number; readonly patient: number }
  /** The other version of the program is installed: processes that start from now on are of it. */
  | { readonly kind: 'upgrade'; readonly at: number; readonly restart: boolean }
  | { readonly kind: 'other-author'; readonly at: number; readonly hospital: number; readonly patient: number }
  | { readonly kind: 'merge'; readonly at: number; readonly hospital: number; readonly patient: number }
  | { readonly kind: 'restore'; readonly at: number; readonly hospital: number; readonly backMs: number }
  | { readonly kind: 'remove-approver'; readonly at: number; readonly person: string }
  | { readonly kind: 'clock-step'; readonly at: number; readonly byMs: number }
  | { readonly kind: 'stall'; readonly at: number; readonly ms: number };

export type ContentPart = 'note' | 'task' | 'allergy' | 'demographics';

export interface RunPlan {
  readonly seed: string;
  /** Allergies are approved by two different people. */
  readonly twoPersons: boolean;
  /** Tasks are blocked: somebody has to select each, and two others to approve it. */
  readonly blocked: boolean;
  readonly faults: FaultPlan;
  readonly operations: readonly Operation[];
  /** What happens once all that has settled, at times from then on; empty in most runs. */
  readonly afterwards: readonly Operation[];
}

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
/** For so long after the last record people still decide. */
const DECISIONS_AFTER_MS = 10 * SECOND;
const AFTERWARDS_MS = 8 * SECOND;
const YEARS = 10 * 365 * 24 * HOUR;

/** The fault an operation is part of; `null`: it is ordinary life. */
export function faultOf(operation: Operation): FaultKind | null {
  switch (operation.kind) {
    case 'other-author':
      return 'FLT-8';
    case 'merge':
    case 'unmerge':
    case 'restore':
      return 'FLT-11';
    case 'upgrade':
      return 'FLT-21';
    case 'remove-approver':
      return 'FLT-24';
    case 'clock-step':
      return 'FLT-22';
    case 'stall':
      return 'FLT-18';
    case 'event':
    case 'redelivery':
    case 'approve':
    case 'reject':
    case 'withdraw':
    case 'retry':
    case 'resolve':
    case 'attest':
    case 'select':
    case 'take-back':
    case 'switch':
    case 'stage':
    case 'consent':
      return null;
  }
}

/** How often people decide what, in comparison. */
const decisionKinds = ['approve', 'approve', 'approve', 'approve', 'reject', 'withdraw', 'retry', 'resolve', 'attest'] as const;

/** People select what is blocked. */
function addSelections(operations: Operation[], chance: Chance, spanMs: number): void {
  for (let n = 0; n < 4; n += 1) {
    const own = chance.part(`selection ${n}`);
    const at = own.part('at').between(spanMs / 4, spanMs + DECISIONS_AFTER_MS);
    operations.push({ kind: 'select', at, which: own.between(0, 999), fitting: true });
  }
}

/** What happens in a run of this seed under these faults. What is done and what it is done with are drawn apart. */
export function drawPlan(seed: string, chance: Chance, faults: FaultPlan): RunPlan {
  const operations: Operation[] = [];
  // Leases outlast most runs; where engines sleep through theirs, there must be something left to do afterwards.
  const spanMs = chance.part('span').pick(faults['FLT-19'] === undefined ? [4, 12, 40] : [12, 40, 200]) * SECOND;
  const time = (own: Chance): number => own.part('at').between(0, spanMs);
  const events = chance.part('events').between(3, 9);
  const data = chance.part('data');
  for (let n = 0; n < events; n += 1) addEvent(operations, chance.part(`event ${n}`), data.part(`event ${n}`), n, time);
  const decisions = chance.part('decisions').between(6, 22);
  for (let n = 0; n < decisions; n += 1) {
    const own = chance.part(`decision ${n}`);
    const kind = own.pick(decisionKinds);
    operations.push({
      kind,
      at: own.part('at').between(0, spanMs + DECISIONS_AFTER_MS),
      which: own.between(0, 999),
      fitting: own.happens(0.8),
    });
  }
  const takesBack = chance.part('taken back').happens(0.3);
  if (takesBack) addHalves(operations, chance.part('halves'), data, time);
  addStops(operations, chance.part('stops'), spanMs);
  const twoPersons = chance.part('two persons').happens(0.4);
  const blocked = chance.part('blocked').happens(0.25);
  if (blocked) addSelections(operations, chance.part('selections'), spanMs);
  for (const kind of faultKinds) {
    if (faults[kind] !== undefined) addBefalling(operations, kind, chance.part(kind), time);
  }
  const afterwards = takesBack ? drawAfterwards(chance.part('afterwards'), faults) : [];
  return { seed, twoPersons, blocked, faults, operations: operations.toSorted((a, b) => a.at - b.at), afterwards };
}

function addEvent(operations: Operation[], chance: Chance, data: Chance, n: number, time: (chance: Chance) => number): void {
  const hospital = chance.pick([0, 0, 1]);
  const patient = chance.between(0, (hospitals[hospital]?.patients.length ?? 1) - 1);
  const approver = (own: Chance): string | null => (own.happens(0.7) ? own.pick(clinicians).id : null);
  const parts = chance.pick([
    ['note'],
    ['note'],
    ['note', 'task'],
    ['task'],
    ['allergy'],
    ['demographics'],
    ['note', 'allergy'],
    ['allergy', 'task'],
    ['demographics', 'note'],
    ['demographics'],
    ['demographics'],
  ] as const);
  const at = time(chance);
  const also = hospital === 0 && chance.part('also').happens(0.3) ? 2 : null;
  const first = { kind: 'event', event: `event-${n}`, hospital, also, patient, parts } as const;
  operations.push({ ...first, at, version: 1, approvedBy: approver(chance), words: String(data.between(0, 1e6)) });
  if (chance.happens(0.3)) {
    operations.push({ kind: 'redelivery', at: at + chance.between(0, 5 * SECOND), which: n, approvedBy: approver(chance) });
  }
  if (chance.happens(0.25)) {
    const later = at + chance.between(100, 8 * SECOND);
    operations.push({ ...first, at: later, version: 2, approvedBy: approver(chance), words: String(data.between(0, 1e6)) });
  }
}

/** Events of which something is often charted and the rest not: a high risk beside something that people turn down. */
function addHalves(operations: Operation[], chance: Chance, data: Chance, time: (chance: Chance) => number): void {
  for (const n of [0, 1]) {
    const own = chance.part(`half ${n}`);
    const hospital = own.pick([0, 1]);
    const event = `event-half-${n}`;
    const at = time(own);
    operations.push({
      kind: 'event',
      at,
      event,
      version: 1,
      hospital,
      also: hospital === 0 && own.happens(0.4) ? 2 : null,
      patient: own.between(0, (hospitals[hospital]?.patients.length ?? 1) - 1),
      approvedBy: null,
      parts: own.pick([
        ['allergy', 'task'],
        ['note', 'allergy'],
        ['allergy', 'task', 'note'],
      ]),
      words: String(data.part(`half ${n}`).between(0, 1e6)),
    });
    const about = `${hospitals[hospital]?.tenant ?? ''}-${event}`;
    const later = own.between(SECOND, 8 * SECOND);
    operations.push({ kind: 'reject', at: at + later, which: own.between(0, 999), fitting: true, about });
  }
}

/**
 * What happens once everything has settled: people take back what is charted, while others change it, too, switches are set,
 * and the same faults strike as before.
 */
function drawAfterwards(chance: Chance, faults: FaultPlan): readonly Operation[] {
  const operations: Operation[] = [];
  const time = (own: Chance): number => own.part('at').between(0, AFTERWARDS_MS);
  for (const n of [0, 1, 2, 3, 4]) {
    const own = chance.part(`taken back ${n}`);
    operations.push({ kind: 'take-back', at: time(own), which: own.between(0, 999), byHand: own.happens(0.2) });
  }
  addStops(operations, chance.part('stops'), AFTERWARDS_MS);
  for (const kind of faultKinds) if (faults[kind] !== undefined) addBefalling(operations, kind, chance.part(kind), time);
  return operations.toSorted((one, other) => one.at - other.at);
}

/** What stops sending for a while, in some runs: kill switches, a lowered stage, a patient who says no. */
function addStops(operations: Operation[], chance: Chance, spanMs: number): void {
  for (const kind of ['switch', 'stage', 'consent'] as const) {
    const times = chance.part(kind).pick([0, 0, 1, 3]);
    for (let n = 0; n < times; n += 1) {
      const own = chance.part(`${kind} ${n}`);
      const at = own.between(0, spanMs);
      const until = at + own.between(50, 8 * SECOND);
      const hospital = own.between(0, hospitals.length - 1);
      const patient = own.between(0, (hospitals[hospital]?.patients.length ?? 1) - 1);
      const scopes: readonly SwitchScope[] = [
        {},
        { tenant: hospitals[hospital]?.tenant ?? '' },
        { connection: hospitals[hospital]?.connection ?? '' },
        { resource: own.pick(['DocumentReference', 'Task', 'AllergyIntolerance', 'Patient']) },
        { source: scribe.name },
        { tenant: hospitals[hospital]?.tenant ?? '', resource: 'DocumentReference' },
      ];
      const scope = own.pick(scopes);
      const what = own.pick(['writes', 'writes', 'approvals'] as const);
      if (kind === 'switch') operations.push({ kind, at, what, scope, off: true }, { kind, at: until, what, scope, off: false });
      else if (kind === 'stage')
        operations.push({ kind, at, hospital, sends: false }, { kind, at: until, hospital, sends: true });
      else
        operations.push({ kind, at, hospital, patient, permits: false }, { kind, at: until, hospital, patient, permits: true });
    }
  }
}

/** Faults that are things that happen at a time, rather than to a request or a step. */
function addBefalling(operations: Operation[], kind: FaultKind, chance: Chance, time: (chance: Chance) => number): void {
  const times = chance.between(1, 3);
  for (let n = 0; n < times; n += 1) {
    const own = chance.part(`time ${n}`);
    const at = time(own);
    const hospital = own.between(0, hospitals.length - 1);
    const patient = own.between(0, (hospitals[hospital]?.patients.length ?? 1) - 1);
    switch (kind) {
      case 'FLT-8':
        // Again a little later: a change that comes between a look at the chart and the write is the one that matters.
        operations.push(
          { kind: 'other-author', at, hospital, patient },
          { kind: 'other-author', at: at + 900, hospital, patient },
        );
        break;
      case 'FLT-11':
        if (own.happens(0.6)) {
          operations.push({ kind: 'merge', at, hospital, patient });
          if (own.happens(0.5)) operations.push({ kind: 'unmerge', at: at + own.between(100, 4 * SECOND), hospital, patient });
        } else {
          operations.push({ kind: 'restore', at, hospital, backMs: own.between(1, 5 * SECOND) });
        }
        break;
      case 'FLT-21':
        operations.push({ kind: 'upgrade', at, restart: own.happens(0.6) });
        break;
      case 'FLT-18':
        operations.push({ kind: 'stall', at, ms: own.between(500, 30 * SECOND) });
        break;
      case 'FLT-22':
        operations.push({
          kind: 'clock-step',
          at,
          byMs: own.pick([HOUR, -HOUR, 600 * SECOND, -600 * SECOND, -5 * SECOND, YEARS, -YEARS]),
        });
        break;
      case 'FLT-24':
        operations.push({ kind: 'remove-approver', at, person: own.pick(clinicians).id });
        break;
      case 'FLT-1':
      case 'FLT-2':
      case 'FLT-3':
      case 'FLT-4':
      case 'FLT-5':
      case 'FLT-6':
      case 'FLT-7':
      case 'FLT-9':
      case 'FLT-10':
      case 'FLT-12':
      case 'FLT-13':
      case 'FLT-14':
      case 'FLT-19':
        return;
    }
  }
}
