import type { WriteApproval } from '../write.ts';

/** Separation of duties (G3, G5): who may not do what because of what they did before. */

/** Nobody approves what they asked for; ids compare without regard to case, so that a second spelling is no second person. */
export function distinctPersons(requester: string | null, approver: string): boolean {
  return requester === null || requester.toLowerCase() !== approver.toLowerCase();
}

export type ApprovalCount =
  | { readonly counts: 'alone' | 'last'; readonly earlier: readonly WriteApproval[] }
  /** One of several: the write goes on waiting for somebody else. */
  | { readonly counts: 'first'; readonly left: number }
  | { readonly counts: 'no'; readonly message: string };

/**
 * What one more approval of exactly these bytes is worth, where the contract asks for `persons` different people.
 * Approvals of other bytes are gone; the same person twice is one person.
 */
export function countApprovals(
  persons: number,
  given: readonly WriteApproval[],
  person: string,
  requestSha256: string,
): ApprovalCount {
  const standing = given.filter((one) => one.requestSha256 === requestSha256);
  if (standing.some((one) => !distinctPersons(one.by, person)))
    return { counts: 'no', message: `"${person}" has approved it already; it needs ${persons} different people` };
  const left = persons - standing.length - 1;
  if (left > 0) return { counts: 'first', left };
  return { counts: standing.length === 0 ? 'alone' : 'last', earlier: standing };
}
