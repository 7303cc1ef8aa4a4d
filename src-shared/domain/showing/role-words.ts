import type { Role } from '../people.ts';

/** A person's roles in words: "operator", "clinician, clinical owner". */
export function roleWords(roles: readonly Role[]): string {
  return roles.map((role) => role.replaceAll('-', ' ')).join(', ');
}
