import { describe, expect, it } from 'vitest';
import { decideGrant, personAt, type GrantChange } from './grants.ts';
import { now, person } from './testing/builders.ts';

const lee = person({ id: 'dr-lee', roles: ['clinician', 'clinical-owner'], rolesUntil: { 'clinical-owner': now } });

describe('G3 roles that end', () => {
  it('G3 are gone at their end, not before, and leave the others', () => {
    expect(personAt(lee, now - 1).roles).toEqual(['clinician', 'clinical-owner']);
    expect(personAt(lee, now).roles).toEqual(['clinician']);
    expect(personAt(person({ roles: ['auditor'] }), Number.MAX_SAFE_INTEGER).roles).toEqual(['auditor']);
  });

  const grant = (until: number | null): GrantChange => ({ change: 'grant', role: 'clinical-owner', until });
  it.each<[string, GrantChange, string, string]>([
    ['clinician, clinical-owner until 1', grant(now + 1), 'sid', 'holiday cover'],
    ['clinician, clinical-owner', grant(null), 'sid', 'holiday cover'],
    ['clinician', { change: 'revoke', role: 'clinical-owner' }, 'sid', 'back'],
    ['clinician', { change: 'revoke', role: 'clinical-owner' }, 'dr-lee', 'given up'],
    ['self-grant', grant(null), 'DR-Lee', 'me'],
    ['grant-over', grant(now), 'sid', 'late'],
    ['role-unknown', { change: 'revoke', role: 'auditor' }, 'sid', 'why'],
    ['reason-missing', grant(null), 'sid', ' '],
  ])('G3 %s', (expected, change, by, reason) => {
    const decided = decideGrant(lee, change, by, reason, now);
    const words = decided.ok
      ? decided.roles
          .map((role) =>
            [role, ...(decided.rolesUntil[role] === undefined ? [] : [`until ${decided.rolesUntil[role] - now}`])].join(' '),
          )
          .join(', ')
      : decided.code;
    expect(words).toBe(expected);
  });
});
