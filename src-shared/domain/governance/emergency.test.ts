import { describe, expect, it } from 'vitest';
import { limits } from '../../limits/index.ts';
import { approve } from '../decisions.ts';
import { contract, now, person, requestSha256, write } from '../testing/builders.ts';
import type { EmergencyRow } from './emergency.ts';
import { emergencyEnded, emergencyFor, openEmergency, reviewEmergency } from './emergency.ts';

const lee = person({ id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'] });
const cora = person({ id: 'cora', name: 'Cora', roles: ['compliance-reviewer'] });
const row = write({
  state: { name: 'awaiting-approval', roles: ['clinical-owner'], reason: 'high risk' },
});
const scope = { tenant: row.tenant, connection: row.connection, write: null };
const opened = openEmergency(lee, scope, 'nobody on call', 'em-1', now, []);
if (!opened.ok) throw new Error(opened.message);
const access: EmergencyRow = { ...opened.access, version: 1, uses: [], review: null };
const review = { by: 'cora', name: 'Cora', role: 'compliance-reviewer' as const, at: now, justified: true, words: 'seen' };

describe('emergency access', () => {
  it('G3 lasts an hour, stands in for one role, and says why', () => {
    expect(access).toMatchObject({
      role: 'clinical-owner',
      until: now + 60 * 60_000,
      reason: 'nobody on call',
      person: 'dr-lee',
    });
  });

  it.each([
    ['role-forbids', cora, 'x', []],
    ['role-forbids', { ...lee, active: false }, 'x', []],
    ['role-forbids', person({ roles: ['clinician', 'clinical-owner'] }), 'x', []],
    ['reason-missing', lee, ' ', []],
    ['emergency-open', lee, 'again', [access]],
    ['ok', lee, 'again', [{ ...access, review }]],
  ] as const)('G3 opening it: %s', (expected, who, reason, open) => {
    const decided = openEmergency(who, scope, reason, 'em-2', now, open);
    expect(decided.ok ? 'ok' : decided.code).toBe(expected);
  });

  const uses = Array.from({ length: limits.emergencyUsesMax }, (_, at) => ({ write: `w${at}`, at: now }));
  it.each<[string, boolean, Partial<EmergencyRow>, number]>([
    ['within the hour', true, {}, 0],
    ['at its end', false, {}, limits.emergencyMs],
    ['for another tenant', false, { scope: { ...scope, tenant: 'south' } }, 0],
    ['for another connection', false, { scope: { ...scope, connection: 'other' } }, 0],
    ['for another write', false, { scope: { ...scope, write: 'other' } }, 0],
    ['for this write', true, { scope: { ...scope, write: row.id } }, 0],
    ['once used up', false, { uses }, 0],
    ['with one use left', true, { uses: uses.slice(1) }, 0],
    ['once reviewed', false, { review }, 0],
    ['of somebody else', false, { person: 'dr-who' }, 0],
  ])('G3 %s it carries a decision: %s', (_, carries, changes, later) => {
    expect(emergencyFor(lee, row, [{ ...access, ...changes }], now + later) !== undefined).toBe(carries);
  });

  it('G3 that is used up still carries what it was used for, until it ends', () => {
    expect(emergencyEnded({ ...access, uses }, row, now)).toBeNull();
    expect(emergencyEnded({ ...access, uses }, row, access.until)).toBe('the emergency access has ended');
    expect(emergencyEnded(undefined, row, now)).not.toBeNull();
  });

  it.each([
    ['ok', cora, 'seen', access],
    ['role-forbids', lee, 'seen', access],
    ['self-review', person({ id: 'DR-lee', roles: ['compliance-reviewer'] }), 'seen', access],
    ['reviewed', cora, 'seen', { ...access, review }],
    ['reason-missing', cora, '', access],
  ] as const)('G3 reviewing it: %s', (expected, who, words, what) => {
    const decided = reviewEmergency(what, who, false, words, now);
    expect(decided.ok ? 'ok' : decided.code).toBe(expected);
  });
});

describe('what emergency access does not pass', () => {
  const high = contract({ kind: 'allergy', tier: 'high', approvers: ['clinical-owner'] });
  const ask = (changes: { row?: typeof row; contract?: typeof high; sha?: string; frozen?: boolean }) => {
    const frozen =
      changes.frozen === true ? ({ what: 'approvals', scope: {}, off: true, reason: 'r', by: 'b' } as const) : undefined;
    const decided = approve(
      changes.row ?? row,
      lee,
      changes.contract ?? high,
      changes.sha ?? requestSha256,
      'm',
      now,
      frozen,
      access,
    );
    return decided.ok ? (decided.moves.at(-1)?.name ?? '') : decided.code;
  };
  it.each<[string, Parameters<typeof ask>[0]]>([
    ['pending', {}],
    ['approval-stale', { sha: 'f'.repeat(64) }],
    ['approvals-frozen', { frozen: true }],
    ['role-forbids', { contract: { ...high, tier: 'blocked' as const } }],
    ['role-forbids', { contract: { ...high, approvers: ['compliance-reviewer' as const] } }],
    [
      'state-forbids',
      {
        row: write({
          state: { name: 'held', hold: { code: 'consent-denied', liftedBy: 'compliance-reviewer' }, resume: 'draft' },
        }),
      },
    ],
    ['awaiting-approval', { contract: { ...high, persons: 2 as const } }],
  ])('G3 %s', (expected, changes) => {
    expect(ask(changes)).toBe(expected);
  });
});
