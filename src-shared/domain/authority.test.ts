import { describe, expect, it } from 'vitest';
import { actingRole, acts, approvalAct, mayAct, rolesFor, type Act } from './authority.ts';
import { roles, type Role } from './people.ts';

/** One column per role, in this order; written out by hand, so that a change of the table has to be made twice. */
const columns: readonly Role[] = [
  'operator',
  'operations-lead',
  'clinician',
  'clinical-owner',
  'auditor',
  'integration-administrator',
  'security-administrator',
  'compliance-reviewer',
];

const expected: Readonly<Record<Act, string>> = {
  //                       op ol cl co au ia sa cr
  'person.add': '           -  -  -  -  -  -  x  -',
  'person.grant': '         -  -  -  -  -  -  x  -',
  'source.add': '           -  -  -  -  -  x  -  -',
  'connection.add': '       -  -  -  -  -  x  -  -',
  'connection.test': '      -  x  -  -  -  x  -  -',
  'connection.stage': '     -  -  -  -  -  x  -  -',
  'connection.set': '       -  -  -  -  -  x  -  -',
  'switch.off': '           x  x  x  x  -  x  x  x',
  'switch.on': '            -  x  -  x  -  x  -  -',
  'registry.read': '        x  x  -  -  x  x  x  x',
  'policy.read': '          x  x  x  x  x  x  x  x',
  'policy.propose': '       -  -  -  x  -  x  -  x',
  'policy.approve': '       -  -  -  x  -  -  -  x',
  'policy.approve.clinical': ' - - - x - - - -',
  'policy.approve.compliance': ' - - - - - - - x',
  'gate.sign': '            -  -  -  x  -  x  x  x',
  'safety.record': '        -  -  -  x  -  -  -  x',
  'emergency.open': '       -  -  x  -  -  -  -  -',
  'emergency.review': '     -  -  -  -  -  -  x  x',
  'emergency.read': '       -  x  x  x  x  -  x  x',
  'consent.record': '       -  -  x  x  -  -  -  x',
  'consent.read': '         -  -  x  x  x  -  -  x',
  ingest: '                 x  x  -  -  -  x  -  -',
  run: '                    -  x  -  -  -  x  -  -',
  status: '                 x  x  x  x  x  x  x  x',
  'write.read': '           x  x  x  x  x  x  -  x',
  'write.approve': '        x  x  x  x  -  -  -  -',
  'write.approve.low': '    x  x  x  x  -  -  -  -',
  'write.approve.medium': ' -  -  x  x  -  -  -  -',
  'write.approve.high': '   -  -  -  x  -  -  -  -',
  'write.select': '         -  -  x  x  -  -  -  -',
  'finding.sign': '         x  x  x  x  -  -  -  -',
  'write.review': '         -  -  x  x  -  -  -  -',
  'write.reject': '         -  -  x  x  -  -  -  -',
  'write.retry': '          x  x  -  -  -  -  -  -',
  'group.decide': '        -  -  x  x  -  -  -  -',
  'write.withdraw': '       x  x  -  -  -  -  -  -',
  'write.resolve': '        x  x  -  -  -  -  -  -',
  'audit.verify': '         -  x  -  -  x  x  x  x',
  'loss.accept': '          -  x  -  -  -  -  x  -',
  'audit.read': '           -  x  -  x  x  -  -  x',
  'audit.export': '         -  -  -  -  x  -  -  -',
};

const cells = Object.entries(expected).flatMap(([act, row]) =>
  row
    .trim()
    .split(/\s+/)
    .map((cell, index) => ({ act: act as Act, role: columns[index] ?? 'operator', allowed: cell === 'x' })),
);

describe('G3 authority', () => {
  it('has a line for every act and a column for every role', () => {
    expect([...columns].sort()).toEqual([...roles].sort());
    expect(Object.keys(expected).sort()).toEqual([...acts].sort());
    expect(cells).toHaveLength(acts.length * roles.length);
  });

  it.each(cells)('G3 $act as $role: $allowed', ({ act, role, allowed }) => {
    expect(mayAct({ roles: [role] }, act)).toBe(allowed);
    expect(actingRole({ roles: [role] }, act)).toBe(allowed ? role : undefined);
  });

  it('G3 nobody without a role may do anything', () => {
    expect(acts.filter((act) => mayAct({ roles: [] }, act))).toEqual([]);
  });

  it('G3 roles add up, and the record names the one that counted', () => {
    const person = { roles: ['auditor', 'clinical-owner'] as const };
    expect(actingRole(person, 'write.approve.high')).toBe('clinical-owner');
    expect(actingRole(person, 'audit.export')).toBe('auditor');
    expect(actingRole(person, 'run')).toBeUndefined();
  });

  it('G3 an auditor decides nothing and changes nothing', () => {
    const may = acts.filter((act) => mayAct({ roles: ['auditor'] }, act));
    expect(may).toEqual([
      'registry.read',
      'policy.read',
      'emergency.read',
      'consent.read',
      'status',
      'write.read',
      'audit.verify',
      'audit.read',
      'audit.export',
    ]);
  });

  it('B3 each tier has its act of approval; what is blocked has none', () => {
    expect(approvalAct('low')).toBe('write.approve.low');
    expect(approvalAct('medium')).toBe('write.approve.medium');
    expect(approvalAct('high')).toBe('write.approve.high');
    expect(approvalAct('blocked')).toBeUndefined();
  });

  it('B3 whoever may approve a tier may come to approving', () => {
    for (const tier of ['low', 'medium', 'high'] as const) {
      expect(rolesFor('write.approve')).toEqual(expect.arrayContaining([...rolesFor(`write.approve.${tier}`)]));
    }
  });
});
