import type { ClinicalItem, Concept, DosageContent } from '../content.ts';
import type { Finding } from '../entries.ts';
import { readEpochMs } from '../time.ts';
import type { StateName, WriteRow } from '../write.ts';
import { drugOf, isActive, sameConcept, wordsOf } from './chart.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';

/**
 * Whether another event already asks for the same chart entry (C2: similar but not identical goes to a person). The chart
 * cannot show what has not arrived there yet; the ledger holds every write from the moment it was taken in.
 */

/** A write of another event, with the item it was planned for in the form in which it would be charted. */
export interface OtherWrite {
  readonly row: Pick<WriteRow, 'id' | 'eventId'>;
  readonly clinical: ClinicalItem;
  /** Of its event, epoch milliseconds. */
  readonly occurredAt: number;
  /** False when it is known to be of another visit. */
  readonly mayShareVisit: boolean;
}

export interface ThisWrite {
  readonly clinical: ClinicalItem;
  readonly path: string;
  readonly occurredAt: number;
}

/** These have ended without an entry in the chart that stands. */
const ENDED: ReadonlySet<StateName> = new Set([
  'failed-terminal',
  'resolved-by-hand',
  'superseded',
  'withdrawn',
  'compensated',
  'corrected',
  'quarantined',
]);
/** These were let through already. */
const UNDER_WAY: ReadonlySet<StateName> = new Set([
  'pending',
  'in-flight',
  'unknown',
  'failed-retryable',
  'conflict',
  'committed',
]);

/**
 * Whether a write is held against another one: of two that wait, the one taken in later sees the earlier and never the
 * other way round, so that one of them goes on, whichever is checked first; one that is on its way or charted is seen by both.
 */
export function mayBeTwin(row: WriteRow, other: WriteRow): boolean {
  if (other.eventId === row.eventId || other.kind !== row.kind || other.connection !== row.connection) return false;
  // What takes an entry back asks for none.
  if (other.compensates !== undefined) return false;
  if (other.operation !== 'create' || ENDED.has(other.state.name)) return false;
  return other.eventSeq < row.eventSeq || UNDER_WAY.has(other.state.name);
}

/** What an item repeats, or says almost alike, of what was handed in under other events; at most one finding. */
export function twinFindings(own: ThisWrite, others: readonly OtherWrite[], rules: CheckRules): readonly Finding[] {
  const rule = rules.twins.byKind.get(own.clinical.kind);
  if (rule === undefined) return [];
  const found = others.map((other) => ({ other, likeness: likeness(own, other, rules) }));
  for (const [which, severity, words] of [
    ['same', rule.same, 'The same was handed in already'],
    ['alike', rule.alike, 'Almost the same was handed in already'],
  ] as const) {
    const twin = found.find((one) => one.likeness === which)?.other;
    if (twin === undefined || severity === undefined) continue;
    const name = which === 'same' ? 'write-repeats' : 'write-resembles';
    return [finding(name, severity, own.path, `${words}, by event ${twin.row.eventId} (write ${twin.row.id}).`)];
  }
  return [];
}

type Likeness = 'same' | 'alike' | null;

function likeness(own: ThisWrite, other: OtherWrite, rules: CheckRules): Likeness {
  const a = own.clinical;
  const b = other.clinical;
  switch (a.kind) {
    case 'note':
    case 'addendum':
    case 'patient-instructions':
    case 'intake-summary':
      return other.mayShareVisit ? narrativeLikeness(a.item, b.item, rules) : null;
    case 'problem':
    case 'allergy': {
      const two = b.item as typeof a.item;
      if (!isActive(a.item) || !isActive(two)) return null;
      return sameConcept(aboutOf(a), aboutOf(b)) ? detail(a, b) : null;
    }
    case 'medication-statement':
    case 'medication-request': {
      const two = b.item as typeof a.item;
      // What goes on, is changed or stopped is named again at each visit; only twice at one visit is it a repetition.
      const adds = [a.item, two].every(({ change }) => change === undefined || change === 'start');
      if (!adds) return other.mayShareVisit && said(a) === said(b) ? 'same' : null;
      if (sameConcept(a.item.medication, two.medication)) return sameDosage(a.item.dosage, two.dosage) ? 'same' : 'alike';
      const drug = drugOf(wordsOf(a.item.medication), rules);
      return drug !== null && drug === drugOf(wordsOf(two.medication), rules) ? 'alike' : null;
    }
    case 'observation': {
      const two = b.item as typeof a.item;
      if (!sameConcept(a.item.code, two.code)) return null;
      const [one, moment] = [a.item, two].map((item) => item.effectiveAt ?? item.effectivePeriod?.start);
      // A day alone is no moment: the same is measured more than once a day.
      if ([one, moment].some((at) => at !== undefined && !at.includes('T'))) return null;
      return when(one, own) === when(moment, other) ? detail(a, b) : null;
    }
    case 'order':
    case 'procedure': {
      if (!other.mayShareVisit || !sameConcept(aboutOf(a), aboutOf(b))) return null;
      return timeOf(a) === timeOf(b) ? detail(a, b) : null;
    }
    case 'task':
    case 'message':
    case 'care-plan':
    case 'questionnaire-response':
    case 'document':
      return other.mayShareVisit && said(a) === said(b) ? 'same' : null;
    case 'consent':
    case 'demographics':
    case 'encounter-status':
      return null;
  }
}

function detail(a: ClinicalItem, b: ClinicalItem): Likeness {
  return said(a) === said(b) ? 'same' : 'alike';
}

/** What an item says, without what only its event needs and without its time, which has been compared. */
function said({ item }: ClinicalItem): string {
  const { key: _key, evidence: _evidence, class: _class, effectiveAt: _at, ...rest } = item as Readonly<Record<string, unknown>>;
  return JSON.stringify(rest);
}

function sameDosage(one: DosageContent | undefined, two: DosageContent | undefined): boolean {
  return JSON.stringify(one ?? {}) === JSON.stringify(two ?? {});
}

function aboutOf(clinical: ClinicalItem): Concept {
  return clinical.kind === 'allergy' ? clinical.item.substance : (clinical.item as { readonly code: Concept }).code;
}

function when(at: string | undefined, write: { readonly occurredAt: number }): number {
  return at === undefined ? write.occurredAt : (readEpochMs(at) ?? write.occurredAt);
}

function timeOf(clinical: ClinicalItem): string | undefined {
  if (clinical.kind === 'order') return clinical.item.occurrenceAt;
  return clinical.kind === 'procedure' ? (clinical.item.performedAt ?? clinical.item.performedPeriod?.start) : undefined;
}

interface Narrative {
  readonly sections?: readonly { readonly title: string; readonly text: string }[] | undefined;
  readonly text?: string | undefined;
  readonly at?: string | undefined;
  readonly amends?: unknown;
}

function narrativeLikeness(one: Narrative, two: object, rules: CheckRules): Likeness {
  const other = two as Narrative;
  if (JSON.stringify(one.amends) !== JSON.stringify(other.amends)) return null;
  const [first, second] = [wordsIn(one), wordsIn(other)];
  if (first.join(' ') === second.join(' ')) return 'same';
  // Two notes that each give another time for themselves are of two moments, however much was carried over.
  if (one.at !== undefined && other.at !== undefined && one.at !== other.at) return null;
  const { wordsMin, runWords, share } = rules.twins.narrative;
  if (Math.min(first.length, second.length) < wordsMin) return null;
  return sharedRuns(first, second, runWords) >= share ? 'alike' : null;
}

function wordsIn({ sections, text }: Narrative): readonly string[] {
  const parts = [
    ...(sections ?? []).map((section) => `${section.title}\n${section.text}`),
    ...(text === undefined ? [] : [text]),
  ];
  return (
    parts
      .join('\n')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/** Runs of words that both texts hold, as a share of all runs of either (Jaccard; Broder 1997, w-shingling). */
function sharedRuns(one: readonly string[], two: readonly string[], length: number): number {
  const [first, second] = [runs(one, length), runs(two, length)];
  let shared = 0;
  for (const run of first) if (second.has(run)) shared += 1;
  return shared / Math.max(1, first.size + second.size - shared);
}

function runs(words: readonly string[], length: number): ReadonlySet<string> {
  const found = new Set<string>();
  for (let at = 0; at + length <= words.length; at += 1) found.add(words.slice(at, at + length).join(' '));
  return found;
}
