import { aspectOf, below } from './difference.ts';
import type { ContractRow } from './contract-matrix.ts';
import type { FieldDifference, Verification } from './write.ts';

/**
 * Judges a read-back by the contract (C7): which differences keep a write from being verified, and which are only noted.
 *
 * What was sent and did not come back is never passed over in silence. The contract says more where it matters: elements
 * whose decimals must keep their digits (`exact`), and elements that are a proposal or the EHR's own (`use`), whose
 * difference is noted unless the contract also wants them verified.
 */

/** Differences of a comparison, sorted by what they mean. */
export interface Judged {
  readonly serious: readonly FieldDifference[];
  readonly noted: readonly FieldDifference[];
}

/** What the gateway's comparison brought. */
export interface Compared {
  readonly compared: number;
  readonly differences: readonly FieldDifference[];
}

/** Set by the console to find its own writes again; not content of the chart. */
const MARKS = ['identifier', 'meta'];

/** True when a path stands at or under an element; an element with a choice of types (`value`) names all of them. */
function under(path: string, element: string): boolean {
  if (!path.startsWith(element)) return false;
  const rest = path.slice(element.length);
  return rest === '' || /^[.A-Z]/.test(rest);
}

const among = (path: string, elements: readonly string[]): boolean => elements.some((element) => under(path, element));

export type VerifyRules = Pick<ContractRow, 'verify' | 'fields'> & Partial<Pick<ContractRow, 'exact'>>;

/** True for what this console alone puts on an entry, which nobody writes by hand. */
export function isMark(path: string): boolean {
  return among(below(path), MARKS);
}

/** Sorts the differences of a comparison by the contract. */
export function judge(contract: VerifyRules, differences: readonly FieldDifference[]): Judged {
  const proposed = contract.fields.filter(({ use }) => use !== 'writable').map(({ element }) => element);
  const serious = (difference: FieldDifference): boolean => {
    const path = below(difference.path);
    if (difference.kind === 'precision') return among(path, contract.exact ?? []);
    if (aspectOf(path) !== 'content' && aspectOf(path) !== 'author') return true;
    if (among(path, contract.verify)) return true;
    return !among(path, MARKS) && !among(path, proposed);
  };
  return { serious: differences.filter(serious), noted: differences.filter((one) => !serious(one)) };
}

/** The result of a read-back. A comparison that compared nothing verifies nothing. */
export function verificationOf(contract: VerifyRules, { compared, differences }: Compared): Verification {
  if (compared === 0) return { result: 'not-verifiable', reason: 'nothing of what was sent could be compared' };
  const { serious, noted } = judge(contract, differences);
  const beside = noted.length === 0 ? {} : { noted };
  return serious.length === 0 ? { result: 'verified', ...beside } : { result: 'partial', differences: serious, ...beside };
}
