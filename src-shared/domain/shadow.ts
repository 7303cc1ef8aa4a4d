import { below } from './difference.ts';
import { isMark, judge, type VerifyRules } from './verification.ts';
import type { FieldDifference } from './write.ts';
import { limits } from '../limits/index.ts';

/** What would have been written, beside what a person wrote by hand (B4, stage shadow). */

/** One entry of the chart, compared with a prepared request. */
export interface ShadowCandidate {
  readonly reference: string;
  /** Single values that were compared. */
  readonly compared: number;
  readonly differences: readonly FieldDifference[];
}

/** How a prepared entry and its counterpart in the chart differ. */
export interface ShadowMatch {
  readonly reference: string;
  readonly compared: number;
  /** Differences that would keep a write from being verified. */
  readonly serious: readonly FieldDifference[];
  /** Differences that the contract only notes. */
  readonly noted: readonly FieldDifference[];
}

/** A prepared write, and what of the chart may be what a person wrote instead. */
export interface Shadowed {
  readonly id: string;
  readonly contract: VerifyRules;
  readonly candidates: readonly ShadowCandidate[];
}

/**
 * For each write the entry of the chart that says the same thing, as far as that can be told: pairs that differ least come
 * first, each entry is the counterpart of one write, and a pair must share at least what the limits ask for. Marks of this
 * console do not count. A write that is left out was not written by hand, or not so.
 */
export function counterparts(writes: readonly Shadowed[]): ReadonlyMap<string, ShadowMatch> {
  const pairs = writes.flatMap(({ id, contract, candidates }) =>
    candidates.flatMap(({ reference, compared, differences }) => {
      const counted = differences.filter(({ path }) => !isMark(path));
      const agreeing = compared - counted.length;
      if (compared === 0 || agreeing * 100 < compared * limits.shadowAgreePercent) return [];
      return [{ id, contract, reference, compared, counted }];
    }),
  );
  const matches = new Map<string, ShadowMatch>();
  const taken = new Set<string>();
  for (const { id, contract, reference, compared, counted } of pairs.sort((a, b) => a.counted.length - b.counted.length)) {
    if (matches.has(id) || taken.has(reference)) continue;
    matches.set(id, { reference, compared, ...judge(contract, counted) });
    taken.add(reference);
  }
  return matches;
}

/** How often one element differed, over all entries that have a counterpart; each entry counts once. */
export interface ElementDivergence {
  readonly element: string;
  /** Entries in which it differs. */
  readonly differs: number;
  /** Of these, where the chart holds nothing, something else, something more, or other digits. */
  readonly missing: number;
  readonly changed: number;
  readonly added: number;
  readonly precision: number;
  /** Of these, entries in which the difference would keep a write from being verified. */
  readonly serious: number;
}

/** What a comparison came to, of one resource type. */
export interface ShadowTotals {
  readonly resourceType: string;
  /** Writes looked at: those the same, those that differ, those nobody wrote by hand, and those whose chart could not be read. */
  readonly held: number;
  readonly same: number;
  readonly differs: number;
  readonly absent: number;
  readonly unread: number;
  readonly elements: readonly ElementDivergence[];
}

/** Totals per element of one resource type, those that differ most often first. */
export function divergence(matches: readonly ShadowMatch[]): readonly ElementDivergence[] {
  const totals = new Map<string, { -readonly [K in keyof ElementDivergence]: ElementDivergence[K] }>();
  for (const { serious, noted } of matches) {
    const seen = new Set<string>();
    const count = (one: FieldDifference, weight: 0 | 1): void => {
      const element = below(one.path);
      if (seen.has(element)) return;
      seen.add(element);
      const none = { element, differs: 0, missing: 0, changed: 0, added: 0, precision: 0, serious: 0 };
      const total = totals.get(element) ?? none;
      total.differs += 1;
      total[one.kind] += 1;
      total.serious += weight;
      totals.set(element, total);
    };
    for (const one of serious) count(one, 1);
    for (const one of noted) count(one, 0);
  }
  return [...totals.values()].sort((a, b) => b.differs - a.differs || (a.element < b.element ? -1 : 1));
}
