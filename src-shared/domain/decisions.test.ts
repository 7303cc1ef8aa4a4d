import { describe, expect, it } from 'vitest';
import {
  approve,
  attestAbsent,
  attestFound,
  decisionRefusals,
  reject,
  resolve,
  retry,
  withdraw,
  type Decision,
  stepUp,
} from './decisions.ts';
import { roles } from './people.ts';
import { contract, now, person, requestSha256, stateNames, states, write, writeIn } from './testing/builders.ts';
import { mayMove } from './transitions.ts';
import type { StateName, WriteRow } from './write.ts';

const chart = { reference: 'DocumentReference/11', versionId: '2', landing: 'charted' } as const;
/** An unknown write whose look-ups are used up: the only one a person may say something about. */
const personsTurn = (name: StateName): WriteRow =>
  name === 'unknown' ? write({ attempts: 1, state: { ...states.unknown, personSince: now } }) : writeIn(name);

const acts = {
  approve: (row: WriteRow) => approve(row, person(), contract(), requestSha256, 'approved for the chart', now),
  reject: (row: WriteRow) => reject(row, 'wrong visit'),
  retry: (row: WriteRow) => retry(row, now),
  withdraw: (row: WriteRow) => withdraw(row, 'op-1', 'sent twice by the source', now),
  resolve: (row: WriteRow) => resolve(row, 'op-1', 'charted by hand', now),
  attestFound: (row: WriteRow) => attestFound(row, chart, 'op-1', 'seen in the chart', now),
  attestAbsent: (row: WriteRow) => attestAbsent(row, 'looked in all folders', now),
};
type Act = keyof typeof acts;

// What each act leads to from each state; a dash is a refusal.
const table: readonly (readonly [state: StateName, ...ends: readonly string[]])[] = [
  ['draft', '-', '-', '-', 'withdrawn', '-', '-', '-'],
  ['validated', '-', '-', '-', 'withdrawn', '-', '-', '-'],
  ['awaiting-approval', 'pending', 'failed-terminal', '-', 'withdrawn', '-', '-', '-'],
  ['held', '-', '-', '-', 'withdrawn', '-', '-', '-'],
  ['pending', '-', '-', '-', 'withdrawn', '-', '-', '-'],
  ['in-flight', '-', '-', '-', '-', '-', '-', '-'],
  ['unknown', '-', '-', '-', '-', '-', 'committed', 'failed-retryable'],
  ['conflict', '-', '-', '-', 'withdrawn', '-', '-', '-'],
  ['failed-retryable', '-', '-', 'pending', 'withdrawn', '-', '-', '-'],
  ['failed-terminal', '-', '-', '-', 'withdrawn', 'resolved-by-hand', '-', '-'],
  ['resolved-by-hand', '-', '-', '-', '-', '-', '-', '-'],
  ['committed', '-', '-', '-', '-', '-', '-', '-'],
  ['superseded', '-', '-', '-', '-', '-', '-', '-'],
  ['withdrawn', '-', '-', '-', '-', '-', '-', '-'],
  ['compensated', '-', '-', '-', '-', '-', '-', '-'],
  ['corrected', '-', '-', '-', '-', '-', '-', '-'],
  ['quarantined', '-', '-', '-', '-', '-', '-', '-'],
];
const order: readonly Act[] = ['approve', 'reject', 'retry', 'withdraw', 'resolve', 'attestFound', 'attestAbsent'];
const cells = table.flatMap(([state, ...ends]) => order.map((act, index) => [act, state, ends[index] ?? ''] as const));

const end = (decision: Decision): string => (decision.ok ? (decision.moves.at(-1)?.name ?? '') : decision.code);

describe('every act on every state', () => {
  it('G3 has a row for each state', () => {
    expect(table.map(([state]) => state)).toEqual(stateNames);
  });

  it.each(cells)('G3 %s of a write that is %s: %s', (act, state, ends) => {
    const decision = acts[act](personsTurn(state));
    expect(end(decision)).toBe(ends === '-' ? 'state-forbids' : ends);
    if (!decision.ok) {
      // The words say what is possible instead: they name the state, or what may already stand in the chart.
      expect(decision.message).toMatch(new RegExp(`${state}|already be in the chart|say what the chart holds`));
      return;
    }
    let from = state;
    for (const { name } of decision.moves) {
      expect(mayMove(from, name), `${from} -> ${name}`).toBe(true);
      from = name;
    }
  });
});

describe('approve', () => {
  it('G4 binds the person, the role, the moment and the meaning to exactly the prepared bytes', () => {
    const row = writeIn('awaiting-approval');
    expect(approve(row, person(), contract(), requestSha256, 'signed', now)).toEqual({
      ok: true,
      moves: [{ name: 'pending', nextAt: now }],
      approval: {
        by: 'dr-lee',
        name: 'Dana Lee',
        role: 'clinician',
        at: now,
        meaning: 'signed',
        made: 'person',
        contentSha256: row.contentSha256,
        requestSha256,
      },
    });
  });

  const waiting = writeIn('awaiting-approval');
  const operator = person({ roles: ['operator'] });
  // The order of the checks: state, role, bytes.
  it.each([
    [
      'another state, no role, other bytes',
      writeIn('pending'),
      operator,
      'x',
      'state-forbids',
      'it is pending; only a write that awaits approval can be approved',
    ],
    ['no role, other bytes', waiting, operator, 'x', 'role-forbids', 'it needs one of: clinician, clinical-owner'],
    ['other bytes', waiting, person(), 'x', 'approval-stale', 'what would be sent is not what was shown; look at it again'],
    [
      'no bytes',
      { ...waiting, prepared: null },
      person(),
      requestSha256,
      'approval-stale',
      'what would be sent is not what was shown; look at it again',
    ],
  ] as const)('G4 refuses with %s', (_what, row, who, shown, code, message) => {
    expect(approve(row, who, contract(), shown, 'signed', now)).toEqual({ ok: false, code, message });
  });

  it.each(roles)('G3 lets %s approve only where the contract and the write name the role', (role) => {
    const approvers = ['clinician', 'clinical-owner'] as const;
    const allowed = (approvers as readonly string[]).includes(role);
    expect(
      end(approve(waiting, person({ roles: [role] }), contract({ approvers: [...approvers] }), requestSha256, 'm', now)),
    ).toBe(allowed ? 'pending' : 'role-forbids');
  });

  it('C4 asks a clinical owner before something dangerous is sent a second time, though a clinician may approve its first', () => {
    const again = { ...waiting, state: { ...states['awaiting-approval'], roles: ['clinical-owner'] as const } };
    expect(approve(again, person(), contract(), requestSha256, 'm', now)).toEqual({
      ok: false,
      code: 'role-forbids',
      message: 'it needs one of: clinical-owner',
    });
    expect(approve(again, person({ roles: ['clinician', 'clinical-owner'] }), contract(), requestSha256, 'm', now)).toMatchObject(
      { ok: true, approval: { role: 'clinical-owner' } },
    );
  });

  it('B7 asks for a role that the contract still names, when it was changed while the write waited', () => {
    const owner = person({ roles: ['clinical-owner'] });
    const changed = contract({ approvers: ['clinical-owner'] });
    expect(end(approve(waiting, person(), changed, requestSha256, 'm', now))).toBe('role-forbids');
    expect(end(approve(waiting, owner, changed, requestSha256, 'm', now))).toBe('pending');
  });
});

describe('reasons', () => {
  const empty: readonly (readonly [act: string, decide: (words: string) => Decision])[] = [
    ['reject', (words) => reject(writeIn('awaiting-approval'), words)],
    ['withdraw', (words) => withdraw(writeIn('pending'), 'op-1', words, now)],
    ['resolve', (words) => resolve(writeIn('failed-terminal'), 'op-1', words, now)],
    ['attestFound', (words) => attestFound(personsTurn('unknown'), chart, 'op-1', words, now)],
    ['attestAbsent', (words) => attestAbsent(personsTurn('unknown'), words, now)],
  ];
  it.each(empty)('I1 %s asks for words', (_act, decide) => {
    for (const words of ['', ' ', '\n\t']) expect(decide(words)).toMatchObject({ ok: false, code: 'reason-missing' });
    expect(decide('because').ok).toBe(true);
  });

  it('I1 keeps the words, the person and the moment', () => {
    expect(withdraw(writeIn('pending'), 'op-1', 'sent twice', now)).toEqual({
      ok: true,
      moves: [{ name: 'withdrawn', by: 'op-1', reason: 'sent twice', at: now }],
    });
    expect(resolve(writeIn('failed-terminal'), 'op-1', 'by hand', now)).toEqual({
      ok: true,
      moves: [{ name: 'resolved-by-hand', by: 'op-1', at: now, note: 'by hand' }],
    });
    expect(reject(writeIn('awaiting-approval'), 'wrong')).toEqual({
      ok: true,
      moves: [{ name: 'failed-terminal', code: 'approval-rejected' }],
      approval: null,
    });
  });
});

describe('what may already stand in the chart', () => {
  it('C4 is never retried and never withdrawn', () => {
    expect(retry(writeIn('unknown'), now)).toEqual({
      ok: false,
      code: 'state-forbids',
      message: 'it may already be in the chart; it is being looked for and is never sent again before that is settled',
    });
    for (const state of ['unknown', 'in-flight'] as const) {
      expect(withdraw(writeIn(state), 'op-1', 'r', now)).toEqual({
        ok: false,
        code: 'state-forbids',
        message: 'it may already be in the chart; it can be withdrawn once that is settled',
      });
    }
    expect(resolve(writeIn('unknown'), 'op-1', 'n', now)).toMatchObject({
      ok: false,
      message: 'say what the chart holds: --found TYPE/ID, or --absent',
    });
  });

  it('C4 is attested only once the look-ups are used up', () => {
    const still = {
      ok: false,
      code: 'state-forbids',
      message: 'the chart is still being looked at; wait until the look-ups are used up',
    };
    expect(attestFound(writeIn('unknown'), chart, 'op-1', 'seen', now)).toEqual(still);
    expect(attestAbsent(writeIn('unknown'), 'not seen', now)).toEqual(still);
  });

  it('C4 found by a person is charted, and says that a person and no read-back proved it', () => {
    expect(attestFound(personsTurn('unknown'), chart, 'op-1', 'seen', now)).toEqual({
      ok: true,
      moves: [
        {
          name: 'committed',
          evidence: { reference: 'DocumentReference/11', versionId: '2', seq: -1 },
          landing: 'charted',
          verification: { result: 'not-verifiable', reason: 'attested by op-1: seen' },
          at: now,
          late: false,
        },
      ],
    });
  });

  it('C4 not found by a person may be sent again; something dangerous only when a clinical owner says so, with a new approval', () => {
    const again = { name: 'failed-retryable', code: 'reply-lost', nextAt: now };
    for (const tier of ['low', 'medium'] as const) {
      expect(attestAbsent({ ...personsTurn('unknown'), tier }, 'not there', now)).toEqual({ ok: true, moves: [again] });
    }
    expect(attestAbsent({ ...personsTurn('unknown'), tier: 'high' }, 'not there', now)).toEqual({
      ok: true,
      moves: [
        again,
        {
          name: 'awaiting-approval',
          roles: ['clinical-owner'],
          reason: 'sent once, and not in the chart; may it be sent again?',
        },
      ],
      approval: null,
    });
  });
});

describe('refusals', () => {
  it.each([
    ['high', 5 * 60_000, 'goes'],
    ['high', 5 * 60_000 + 1, 'step-up-needed'],
    ['medium', Number.POSITIVE_INFINITY, 'goes'],
    ['low', Number.POSITIVE_INFINITY, 'goes'],
  ] as const)('G4 %s risk, signed in %d ms ago: %s', (tier, age, expected) => {
    expect(stepUp(tier, age)?.code ?? 'goes').toBe(expected);
  });

  it('I2 are eight: six reached here, two where findings are signed', () => {
    expect([...decisionRefusals]).toEqual([
      'state-forbids',
      'role-forbids',
      'approval-stale',
      'reason-missing',
      'approvals-frozen',
      'findings-not-acknowledged',
      'self-waiver',
      'step-up-needed',
    ]);
  });
});
