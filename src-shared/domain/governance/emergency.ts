import { limits } from '../../limits/index.ts';
import type { Person, Role } from '../people.ts';
import type { WriteRow } from '../write.ts';
import { distinctPersons } from './separation.ts';

/**
 * Break-glass (G3, G4): for one hour, and a few times, a clinician decides what a clinical owner decides, because none can
 * be reached. It stands in for the role and for nothing else: consent, patient, payload binding, the number of people
 * and every switch are asked as always. Somebody else has to review it afterwards.
 */

export interface EmergencyScope {
  readonly tenant: string;
  readonly connection: string;
  /** `null`: every write of the connection. */
  readonly write: string | null;
}

export interface EmergencyReview {
  readonly by: string;
  readonly name: string;
  readonly role: Role;
  readonly at: number;
  readonly justified: boolean;
  readonly words: string;
}

export interface EmergencyRow {
  readonly id: string;
  readonly version: number;
  readonly person: string;
  readonly name: string;
  /** The role it stands in for. */
  readonly role: Role;
  readonly scope: EmergencyScope;
  readonly reason: string;
  readonly at: number;
  readonly until: number;
  readonly uses: readonly { readonly write: string; readonly at: number }[];
  /** Ends it, too. */
  readonly review: EmergencyReview | null;
}
export type EmergencyOpened = Omit<EmergencyRow, 'version' | 'uses' | 'review'>;
export interface EmergencyReviewed {
  readonly id: string;
  readonly review: EmergencyReview;
}

const STANDS_IN: Role = 'clinical-owner';
const OPENERS: readonly Role[] = ['clinician'];
export const emergencyReviewers = ['compliance-reviewer', 'security-administrator'] as const satisfies readonly Role[];

type Refused<C extends string> = { readonly ok: false; readonly code: C; readonly message: string };

/** Opens emergency access for a person; refused to who needs none, has one, or still owes the reason. */
export function openEmergency(
  person: Person,
  scope: EmergencyScope,
  reason: string,
  id: string,
  now: number,
  open: readonly EmergencyRow[],
): { readonly ok: true; readonly access: EmergencyOpened } | Refused<'role-forbids' | 'reason-missing' | 'emergency-open'> {
  if (!person.active || !OPENERS.some((role) => person.roles.includes(role)))
    return { ok: false, code: 'role-forbids', message: `emergency access is for: ${OPENERS.join(', ')}` };
  if (person.roles.includes(STANDS_IN))
    return { ok: false, code: 'role-forbids', message: `"${person.id}" is ${STANDS_IN} and needs none` };
  if (reason.trim() === '') return { ok: false, code: 'reason-missing', message: 'say what the emergency is' };
  const unreviewed = open.find((one) => one.review === null && !distinctPersons(one.person, person.id));
  if (unreviewed !== undefined)
    return { ok: false, code: 'emergency-open', message: `the emergency access ${unreviewed.id} has to be reviewed first` };
  const access = {
    id,
    person: person.id,
    name: person.name,
    role: STANDS_IN,
    scope,
    reason,
    at: now,
    until: now + limits.emergencyMs,
  };
  return { ok: true, access };
}

/** Why emergency access no longer carries a decision on this write, or `null`. Asked when approving and when sending. */
export function emergencyEnded(
  access: EmergencyRow | undefined,
  row: Pick<WriteRow, 'tenant' | 'connection' | 'id'>,
  now: number,
): string | null {
  if (access === undefined) return 'there is no such emergency access';
  const { scope } = access;
  if (scope.tenant !== row.tenant || scope.connection !== row.connection || (scope.write ?? row.id) !== row.id)
    return 'the emergency access is for something else';
  if (now >= access.until) return 'the emergency access has ended';
  return access.review === null ? null : 'the emergency access has been reviewed, and ended with that';
}

/** The emergency access by which this person may decide on this write now, if there is one. */
export function emergencyFor(
  person: Pick<Person, 'id' | 'active'>,
  row: Pick<WriteRow, 'tenant' | 'connection' | 'id'>,
  open: readonly EmergencyRow[],
  now: number,
): EmergencyRow | undefined {
  return open.find(
    (one) =>
      person.active &&
      one.person === person.id &&
      one.uses.length < limits.emergencyUsesMax &&
      emergencyEnded(one, row, now) === null,
  );
}

/** Reviews emergency access; never by the person who had it. */
export function reviewEmergency(
  access: EmergencyRow,
  person: Person,
  justified: boolean,
  words: string,
  now: number,
):
  | { readonly ok: true; readonly review: EmergencyReview }
  | Refused<'role-forbids' | 'reason-missing' | 'self-review' | 'reviewed'> {
  const role = emergencyReviewers.find((one) => person.roles.includes(one));
  if (!person.active || role === undefined)
    return { ok: false, code: 'role-forbids', message: `it is reviewed by: ${emergencyReviewers.join(', ')}` };
  if (!distinctPersons(access.person, person.id))
    return { ok: false, code: 'self-review', message: `"${person.id}" had it; somebody else reviews it` };
  if (access.review !== null) return { ok: false, code: 'reviewed', message: `${access.review.name} has reviewed it already` };
  if (words.trim() === '') return { ok: false, code: 'reason-missing', message: 'say what you looked at and found' };
  return { ok: true, review: { by: person.id, name: person.name, role, at: now, justified, words } };
}
