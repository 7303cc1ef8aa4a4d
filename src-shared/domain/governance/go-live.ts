import type { Connection, Person, Role, RolloutStage } from '../people.ts';
import { stageOrder } from '../switches.ts';
import type { StateName, WriteRow } from '../write.ts';
import type { ReviewMeasures } from './reviews.ts';
import { distinctPersons } from './separation.ts';
import { limits } from '../../limits/index.ts';

/** The gate before a new write path (B6), and what a stage must have shown before the next (B4). */

export const checklist = {
  scope: 'What may be written, for whom and by which source is agreed.',
  'source-of-truth': 'For each field it is agreed which system owns it.',
  idempotency: 'The same change sent twice was shown to give one chart entry on this EHR.',
  consent: 'The consent rules in force fit this tenant and its patients.',
  audit: 'The trail of a rehearsed write was read from event to chart.',
  'rollback-rehearsed': 'A written entry was amended or taken back on this EHR.',
  'sandbox-parity': 'The production server was compared with the sandbox the rehearsal ran on.',
} as const;
export type ChecklistItem = keyof typeof checklist;
export const checklistItems = Object.keys(checklist) as readonly ChecklistItem[];

/** Who signs, and in which role. */
export const signatories = {
  compliance: 'compliance-reviewer',
  security: 'security-administrator',
  'clinical-leadership': 'clinical-owner',
  'ehr-owner': 'integration-administrator',
} as const satisfies Readonly<Record<string, Role>>;
export type Signatory = keyof typeof signatories;
export const signatoryNames = Object.keys(signatories) as readonly Signatory[];

export interface GateSignature {
  readonly signatory: Signatory;
  readonly items: readonly ChecklistItem[];
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly meaning: string;
  /** What the signature is for: adapter and address of the connection when it was given. */
  readonly path: string;
}

/** The gate of a connection, with every signature that was ever given. */
export interface GateRow {
  readonly connection: string;
  readonly version: number;
  readonly signatures: readonly GateSignature[];
}

/** The write path a signature is bound to: another adapter or address is another path. */
export function writePath(connection: Pick<Connection, 'adapter' | 'baseUrl' | 'environment'>): string {
  return `${connection.environment} ${connection.adapter} ${connection.baseUrl}`;
}

export interface GateState {
  readonly open: boolean;
  /** What is missing, in words; empty when the gate is open. */
  readonly missing: readonly string[];
  /** The signatures that count. */
  readonly signatures: readonly GateSignature[];
}

/** Whether the gate of a connection is open: each signatory has signed every item, each a person of their own. */
export function gateState(
  connection: Pick<Connection, 'adapter' | 'baseUrl' | 'environment'>,
  signatures: readonly GateSignature[],
): GateState {
  const path = writePath(connection);
  const counting: GateSignature[] = [];
  const missing: string[] = [];
  for (const signatory of signatoryNames) {
    const given = signatures.findLast((one) => one.signatory === signatory && one.path === path);
    if (given === undefined) {
      const old = signatures.some((one) => one.signatory === signatory);
      missing.push(`${signatory}: ${old ? 'signed for another adapter or address' : 'not signed'}`);
      continue;
    }
    const left = checklistItems.filter((item) => !given.items.includes(item));
    const again = counting.find((one) => !distinctPersons(one.by, given.by));
    if (left.length > 0) missing.push(`${signatory}: not signed for ${left.join(', ')}`);
    else if (again !== undefined) missing.push(`${signatory}: "${given.by}" has already signed as ${again.signatory}`);
    else counting.push(given);
  }
  return { open: missing.length === 0, missing, signatures: counting };
}

export type SignDecision =
  | { readonly ok: true; readonly signature: GateSignature }
  | { readonly ok: false; readonly code: 'role-forbids' | 'already-signed' | 'reason-missing'; readonly message: string };

/** Whether a person may sign the checklist of a connection as this signatory. */
export function decideSign(
  connection: Pick<Connection, 'adapter' | 'baseUrl' | 'environment'>,
  signatures: readonly GateSignature[],
  person: Person,
  signatory: Signatory,
  items: readonly ChecklistItem[],
  meaning: string,
  now: number,
): SignDecision {
  const role = signatories[signatory];
  const path = writePath(connection);
  if (!person.active || !person.roles.includes(role))
    return { ok: false, code: 'role-forbids', message: `${signatory} signs in the role ${role}` };
  const own = signatures.find((one) => one.path === path && one.signatory !== signatory && !distinctPersons(one.by, person.id));
  if (own !== undefined)
    return { ok: false, code: 'already-signed', message: `"${person.id}" has signed as ${own.signatory}; each signs as one` };
  if (meaning.trim() === '') return { ok: false, code: 'reason-missing', message: 'say what the signature means' };
  return { ok: true, signature: { signatory, items, by: person.id, name: person.name, role, at: now, meaning, path } };
}

/** True when a change of stage lets more happen than before. */
export function raises(from: RolloutStage, to: RolloutStage): boolean {
  return stageOrder.indexOf(to) > stageOrder.indexOf(from);
}

/** What the writes of the last `stageWindowMs` have shown, counted from the ledger. */
export interface StageMeasures {
  readonly byState: Readonly<Partial<Record<StateName, number>>>;
  /** Charted, and read back as sent. */
  readonly verified: number;
  /** Replaced by another version of their content before anything of them was sent. */
  readonly edited: number;
}

/** Measures of a set of writes, each as it stands now. */
export function measured(rows: Iterable<Pick<WriteRow, 'state' | 'attempts'>>): StageMeasures {
  const byState: Partial<Record<StateName, number>> = {};
  let verified = 0;
  let edited = 0;
  for (const { state, attempts } of rows) {
    byState[state.name] = (byState[state.name] ?? 0) + 1;
    if (state.name === 'committed' && state.verification.result === 'verified') verified += 1;
    if (state.name === 'superseded' && attempts === 0) edited += 1;
  }
  return { byState, verified, edited };
}

/** How often one element of what was prepared would not have been verified against what a person wrote (stage shadow). */
export interface ElementAgreement {
  readonly element: string;
  readonly serious: number;
  /** Entries that were compared. */
  readonly of: number;
}

/** What the newest comparison at stage shadow found. */
export interface ShadowMeasures {
  /** Held writes that a person has written by hand as well. */
  readonly compared: number;
  /** Every element that differed in earnest, those that did most often first. */
  readonly elements: readonly ElementAgreement[];
}

/** The totals of a comparison, per resource type, as measures of the connection or of one type. */
export function shadowMeasures(
  resources: readonly {
    readonly resourceType: string;
    readonly same: number;
    readonly differs: number;
    readonly elements: readonly { readonly element: string; readonly serious: number }[];
  }[],
  resourceType: string | null,
): ShadowMeasures {
  const own = resources.filter((one) => resourceType === null || one.resourceType === resourceType);
  const elements = own.flatMap(({ resourceType: type, same, differs, elements: list }) =>
    list
      .filter(({ serious }) => serious > 0)
      .map(({ element, serious }) => ({ element: `${type}.${element}`, serious, of: same + differs })),
  );
  return {
    compared: own.reduce((sum, { same, differs }) => sum + same + differs, 0),
    elements: elements.sort((one, other) => other.serious / other.of - one.serious / one.of),
  };
}

export interface StageFacts extends StageMeasures {
  readonly reviews: ReviewMeasures;
  /** `null`: there was no comparison in the time that is measured. */
  readonly shadow: ShadowMeasures | null;
  readonly stage: RolloutStage;
  readonly environment: Connection['environment'];
  readonly testedOk: boolean;
  readonly gate: GateState;
}

export interface Criterion {
  readonly id: string;
  readonly words: string;
  readonly met: boolean;
  /** What was found against what is asked for; left out where it is no number. */
  readonly figure?: {
    readonly measured: number;
    readonly asked: number;
    readonly bound: 'min' | 'max';
    readonly unit: 'writes' | 'percent';
  };
}

export interface StageReport {
  readonly stage: RolloutStage;
  /** `null` at the last stage. */
  readonly next: RolloutStage | null;
  readonly criteria: readonly Criterion[];
  readonly mayAdvance: boolean;
}

/**
 * The exit criteria of the stage a connection, or a part of it, is in: measured against what is asked for. At the last stage,
 * what it has to go on showing.
 */
export function stageReport(facts: StageFacts): StageReport {
  const next = stageOrder[stageOrder.indexOf(facts.stage) + 1] ?? null;
  const criteria = next === null ? reviewCriteria(facts.reviews) : criteriaOf(facts, next);
  return { stage: facts.stage, next, criteria, mayAdvance: next !== null && criteria.every((one) => one.met) };
}

function none(id: string, what: string, found: number): Criterion {
  return {
    id,
    words: `${found} ${what}`,
    met: found === 0,
    figure: { measured: found, asked: 0, bound: 'max', unit: 'writes' },
  };
}

/** What was charted without a decision here has been looked at, and nothing of it was wrong. */
function reviewCriteria({ open, overdue, fine, wrong }: ReviewMeasures): readonly Criterion[] {
  const days = limits.reviewDueMs / (24 * 60 * 60_000);
  return [
    none('reviewed', `of ${open} that wait for review have waited for more than ${days} days`, overdue),
    none('review-wrong', `of ${fine + wrong} reviewed were found wrong`, wrong),
  ];
}

/** Nobody wrote it otherwise: each element agrees as often as is asked for, in enough entries. */
function shadowCriteria(shadow: ShadowMeasures | null): readonly Criterion[] {
  const days = limits.stageWindowMs / (24 * 60 * 60_000);
  const compared = shadow?.compared ?? 0;
  const enough: Criterion = {
    id: 'shadow-compared',
    words:
      shadow === null
        ? `no comparison in ${days} days; "shadow CONNECTION" makes one`
        : `${compared} of ${limits.stageShadowWritesMin} held writes were also written by hand, and compared`,
    met: compared >= limits.stageShadowWritesMin,
    figure: { measured: compared, asked: limits.stageShadowWritesMin, bound: 'min', unit: 'writes' },
  };
  const asked = limits.stageShadowDivergencePercentMax;
  const percent = ({ serious, of }: ElementAgreement): number => Math.round((serious * 1000) / of) / 10;
  const [worst] = shadow?.elements ?? [];
  const named = (shadow?.elements ?? [])
    .slice(0, ELEMENTS_SHOWN_MAX)
    .map((one) => `${one.element} in ${one.serious} of ${one.of}`)
    .join(', ');
  const agreement: Criterion = {
    id: 'shadow-agreement',
    words: `${named === '' ? 'no element' : named} written otherwise by hand, at most ${asked} % asked for`,
    met: compared > 0 && (worst === undefined || worst.serious * 100 <= worst.of * asked),
    figure: { measured: worst === undefined ? 0 : percent(worst), asked, bound: 'max', unit: 'percent' },
  };
  return [enough, agreement];
}

const ELEMENTS_SHOWN_MAX = 5;

function criteriaOf(facts: StageFacts, next: RolloutStage): readonly Criterion[] {
  const count = (...states: readonly StateName[]): number => states.reduce((sum, state) => sum + (facts.byState[state] ?? 0), 0);
  const all = Object.values(facts.byState).reduce((sum, one) => sum + one, 0);
  const failed = count('failed-terminal', 'conflict', 'quarantined');
  const days = limits.stageWindowMs / (24 * 60 * 60_000);
  const atLeast = (id: string, what: string, found: number, asked: number): Criterion => ({
    id,
    words: `${found} of ${asked} ${what} in ${days} days`,
    met: found >= asked,
    figure: { measured: found, asked, bound: 'min', unit: 'writes' },
  });
  // Compared in whole writes, not in rounded percent.
  const share = (id: string, what: string, found: number, of: number, bound: 'min' | 'max', asked: number): Criterion => ({
    id,
    words: `${found} of ${of} ${what} in ${days} days, ${bound === 'max' ? 'at most' : 'at least'} ${asked} % asked for`,
    met: of > 0 && (bound === 'max' ? found * 100 <= of * asked : found * 100 >= of * asked),
    figure: { measured: of === 0 ? 0 : Math.round((found * 1000) / of) / 10, asked, bound, unit: 'percent' },
  });
  const failures = (asked: number): Criterion => share('failures', 'failed', failed, all, 'max', asked);
  const tested: Criterion = {
    id: 'tested',
    words: facts.testedOk
      ? 'the last test of the connection went well'
      : 'the connection was not tested, or its last test failed',
    met: facts.testedOk,
  };
  const gate: Criterion = {
    id: 'go-live',
    words: facts.gate.open ? 'the checklist is signed' : facts.gate.missing.join('; '),
    met: facts.gate.open,
  };
  switch (next) {
    case 'read-only':
    case 'draft':
      return [tested];
    case 'shadow':
      return [
        tested,
        atLeast(
          'writes-checked',
          'writes were built and checked',
          all - count('draft', 'quarantined'),
          limits.stageDraftWritesMin,
        ),
        failures(limits.stageDraftFailedPercentMax),
      ];
    case 'staged':
      return [
        tested,
        failures(limits.stageShadowFailedPercentMax),
        none('unreadable', 'writes cannot be read', count('quarantined')),
        ...shadowCriteria(facts.shadow),
        gate,
      ];
    case 'limited-auto-write':
      return [
        atLeast(
          'charted',
          'writes were charted',
          count('committed', 'corrected', 'compensated', 'superseded') - facts.edited,
          limits.stageStagedChartedMin,
        ),
        share('verified', 'charted are verified', facts.verified, count('committed'), 'min', limits.stageStagedVerifiedPercent),
        failures(limits.stageStagedFailedPercentMax),
        share('conflicts', 'met a conflict', count('conflict'), all, 'max', limits.stageStagedConflictPercentMax),
        share('edited', 'were changed before approval', facts.edited, all, 'max', limits.stageStagedEditedPercentMax),
        none('unknown', 'outcomes are not known', count('unknown')),
        ...reviewCriteria(facts.reviews),
        gate,
      ];
  }
}
