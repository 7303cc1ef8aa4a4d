import { distinctPersons } from './governance/separation.ts';
import type { Person, Role } from './people.ts';

/** Roles that end by themselves (G3). */

/** The person with the roles they have at a moment (epoch milliseconds): those that have ended are gone. */
export function personAt<P extends Person>(person: P, now: number): P {
  const { rolesUntil } = person;
  if (rolesUntil === undefined) return person;
  const roles = person.roles.filter((role) => (rolesUntil[role] ?? Number.POSITIVE_INFINITY) > now);
  return roles.length === person.roles.length ? person : { ...person, roles };
}

export type GrantChange =
  | {
      readonly change: 'grant';
      readonly role: Role;
      /** First moment at which it is over; `null`: until revoked. */ readonly until: number | null;
    }
  | { readonly change: 'revoke'; readonly role: Role };

export type GrantDecision =
  | { readonly ok: true; readonly roles: readonly Role[]; readonly rolesUntil: NonNullable<Person['rolesUntil']> }
  | {
      readonly ok: false;
      readonly code: 'self-grant' | 'grant-over' | 'role-unknown' | 'reason-missing';
      readonly message: string;
    };

/** Gives a person a role, or takes one away. Nobody gives a role to themselves. */
export function decideGrant(person: Person, change: GrantChange, by: string, reason: string, now: number): GrantDecision {
  const { role } = change;
  const others = person.roles.filter((one) => one !== role);
  const { [role]: _, ...rest } = person.rolesUntil ?? {};
  if (reason.trim() === '') return { ok: false, code: 'reason-missing', message: 'say why' };
  if (change.change === 'revoke') {
    if (!person.roles.includes(role)) return { ok: false, code: 'role-unknown', message: `"${person.id}" is not ${role}` };
    return { ok: true, roles: others, rolesUntil: rest };
  }
  if (!distinctPersons(person.id, by)) return { ok: false, code: 'self-grant', message: 'nobody gives a role to themselves' };
  if (change.until !== null && change.until <= now) return { ok: false, code: 'grant-over', message: 'it would be over already' };
  return { ok: true, roles: [...others, role], rolesUntil: change.until === null ? rest : { ...rest, [role]: change.until } };
}
