import { describe, expect, it } from 'vitest';
import { approverRole, countApproval, latestClinicalTime, type ApprovalFacts } from './approval.ts';
import type { ContractRow } from './contract-matrix.ts';
import { roles, type Person, type Source } from './people.ts';
import { contract, event, person, source } from './testing/builders.ts';

const sha = 'a'.repeat(64);
const made = { status: 'approved', by: { id: 'dr-lee' }, at: '2026-03-02T09:13:40Z', contentSha256: sha };

interface Changes {
  readonly approval?: object | null;
  readonly approver?: Person | undefined;
  readonly source?: Source;
  readonly contract?: ContractRow;
  readonly content?: unknown;
}

function facts(changes: Changes = {}): ApprovalFacts {
  const given = event({
    approval: changes.approval === undefined ? made : changes.approval,
    ...(changes.content === undefined ? {} : { content: changes.content }),
  });
  return {
    event: given,
    approval: given.approval,
    contentSha256: sha,
    source: changes.source ?? source(),
    approver: 'approver' in changes ? changes.approver : person(),
    contract: changes.contract ?? contract(),
  };
}

describe('countApproval', () => {
  it('G5 counts when source, person, content and time agree, and says who, as what, when, meaning what', () => {
    expect(
      countApproval(
        facts({
          approval: { ...made, by: { id: 'dr-lee', name: 'Someone Else', npi: '1234567893' }, meaning: 'read and signed' },
        }),
      ),
    ).toEqual({
      counts: true,
      approval: {
        by: 'dr-lee',
        // As registered here, not as the source spells it.
        name: 'Dana Lee',
        role: 'clinician',
        at: Date.UTC(2026, 2, 2, 9, 13, 40),
        meaning: 'read and signed',
        made: 'source',
        contentSha256: sha,
      },
    });
    expect(countApproval(facts())).toMatchObject({ approval: { meaning: 'approved for the chart' } });
  });

  const stranger = person({ id: 'op-1', roles: ['operator'], npi: null });
  const nobody = { approver: undefined };
  // Each row has everything wrong that the rows below it have: the reason told is that of the first check.
  const refusals: readonly (readonly [what: string, changes: Changes, reason: string])[] = [
    ['no approval', { approval: null, ...nobody, source: source({ approvals: 'none' }) }, 'nobody has approved it yet'],
    [
      'a rejection',
      { approval: { ...made, status: 'rejected', contentSha256: undefined }, ...nobody, source: source({ approvals: 'none' }) },
      'it was not approved at its source',
    ],
    [
      'a source whose approvals do not count',
      { approval: { ...made, contentSha256: undefined }, ...nobody, source: source({ approvals: 'none' }) },
      'approvals of the source "scribe-7" do not count for medium risk',
    ],
    [
      'no hash',
      { approval: { ...made, contentSha256: undefined }, ...nobody },
      'the approval does not say which content it is for',
    ],
    [
      'another hash',
      { approval: { ...made, contentSha256: 'b'.repeat(64) }, ...nobody },
      'the approval is for other content than this',
    ],
    ['nobody known', { ...nobody, contract: contract({ approvers: ['auditor'] }) }, '"dr-lee" is not a known person'],
    [
      'somebody who has left',
      { approver: person({ active: false, npi: null }), approval: { ...made, by: { id: 'dr-lee', npi: '1' } } },
      '"dr-lee" is not a known person',
    ],
    [
      'another NPI',
      { approver: stranger, approval: { ...made, by: { id: 'op-1', npi: '1234567893' } } },
      'the NPI is not the one known for "op-1"',
    ],
    [
      'no role for it',
      { approver: stranger, approval: { ...made, by: { id: 'op-1' }, at: '1999-01-01T00:00:00Z' } },
      '"op-1" has no role that may approve this',
    ],
    [
      'older than what it covers',
      { content: { observations: [{ code: { text: 'x' }, effectiveAt: '2026-03-02T09:13:41Z' }] } },
      'the approval is older than what it covers',
    ],
  ];
  it.each(refusals)('G5 does not count with %s', (_what, changes, reason) => {
    expect(countApproval(facts(changes))).toEqual({ counts: false, reason });
  });

  it('G5 does not count when none came with the event', () => {
    expect(countApproval({ ...facts(), approval: undefined })).toEqual({ counts: false, reason: 'nobody has approved it yet' });
  });

  it.each([
    ['none', 'low', false],
    ['none', 'medium', false],
    ['none', 'high', false],
    ['none', 'blocked', false],
    ['low', 'low', true],
    ['low', 'medium', false],
    ['low', 'high', false],
    ['low', 'blocked', false],
    ['medium', 'low', true],
    ['medium', 'medium', true],
    ['medium', 'high', false],
    ['medium', 'blocked', false],
  ] as const)('A7 a source trusted up to %s counts for %s risk: %s', (approvals, tier, counts) => {
    expect(countApproval(facts({ source: source({ approvals }), contract: contract({ tier }) })).counts).toBe(counts);
  });

  // What was seen or done, and when; the approval was made at 09:13:40Z.
  const times: readonly (readonly [what: string, content: unknown, counts: boolean])[] = [
    ['at the very moment', { observations: [{ code: { text: 'x' }, effectiveAt: '2026-03-02T09:13:40Z' }] }, true],
    ['a second later', { observations: [{ code: { text: 'x' }, effectiveAt: '2026-03-02T10:13:41+01:00' }] }, false],
    [
      'the second of two later',
      { observations: [{ code: { text: 'x' } }, { code: { text: 'x' }, effectiveAt: '2026-03-02T10:00:00Z' }] },
      false,
    ],
    [
      'a span that began before and still runs',
      { observations: [{ code: { text: 'x' }, effectivePeriod: { start: '2026-03-01', end: '2026-09-01' } }] },
      true,
    ],
    [
      'a span that begins later',
      { medications: [{ medication: { text: 'x' }, effectivePeriod: { start: '2026-03-03' } }] },
      false,
    ],
    ['a span without a beginning', { procedures: [{ code: { text: 'x' }, performedPeriod: { end: '2026-09-01' } }] }, true],
    ['the same day, without a time', { procedures: [{ code: { text: 'x' }, performedAt: '2026-03-02' }] }, true],
    ['a day that has begun nowhere yet', { procedures: [{ code: { text: 'x' }, performedAt: '2026-03-03' }] }, false],
    ['this month', { problems: [{ code: { text: 'x' }, onsetAt: '2026-03' }] }, true],
    ['next month', { problems: [{ code: { text: 'x' }, onsetAt: '2026-04' }] }, false],
    ['an end that lies ahead', { problems: [{ code: { text: 'x' }, abatementAt: '2026-03-05' }] }, false],
    [
      'an answer given later',
      { questionnaireResponses: [{ questionnaire: 'q', authoredAt: '2026-03-02T11:00:00Z', items: [{ linkId: '1' }] }] },
      false,
    ],
    [
      'a consent given later',
      { consents: [{ scope: 'treatment', category: { text: 'x' }, decision: 'permit', policy: 'p', givenAt: '2027' }] },
      false,
    ],
    ['a note dated later', { note: { text: 'x', at: '2026-03-02T09:14Z' } }, false],
    [
      'a plan for later',
      { orders: [{ code: { text: 'x' }, occurrenceAt: '2026-12-01' }], tasks: [{ description: 'x', dueAt: '2027-01-01' }] },
      true,
    ],
    ['a leap second long past', { note: { text: 'x', at: '2016-12-31T23:59:60Z' } }, true],
    ['no time at all', { note: { text: 'x' } }, true],
  ];
  it.each(times)('G4 covers %s: %s', (_what, content, counts) => {
    expect(countApproval(facts({ content })).counts).toBe(counts);
  });

  it('G4 a day begins where it begins first: at noon of the day before, seen from Greenwich, in the easternmost zone', () => {
    const approvedAt = (at: string): boolean =>
      countApproval(facts({ approval: { ...made, at }, content: { note: { text: 'x', at: '2026-03-02' } } })).counts;
    expect(approvedAt('2026-03-02T00:00:00+14:00')).toBe(true);
    expect(approvedAt('2026-03-01T23:59:59.999+14:00')).toBe(false);
  });
});

describe('latestClinicalTime', () => {
  it('G4 is the latest of all times at which something was seen or done', () => {
    const content = {
      note: { text: 'x', at: '2026-03-02T08:00:00Z' },
      observations: [
        { code: { text: 'x' }, effectiveAt: '2026-03-02T09:00:00Z' },
        { code: { text: 'x' }, effectiveAt: '2026-03-02T08:30:00Z' },
      ],
    };
    expect(latestClinicalTime(event({ content }))).toBe(Date.UTC(2026, 2, 2, 9));
    expect(latestClinicalTime(event())).toBeNull();
    expect(latestClinicalTime(event({ type: 'encounter.opened', content: undefined }))).toBeNull();
  });
});

describe('approverRole', () => {
  it('G3 is the first of the contract that the person has', () => {
    const both = person({ roles: ['clinical-owner', 'clinician'] });
    expect(approverRole(both, contract({ approvers: ['clinician', 'clinical-owner'] }))).toBe('clinician');
    expect(approverRole(both, contract({ approvers: ['clinical-owner'] }))).toBe('clinical-owner');
    expect(approverRole(person({ roles: [] }), contract())).toBeUndefined();
  });

  it.each(roles)('G3 %s approves only where the contract says so', (role) => {
    expect(approverRole(person({ roles: [role] }), contract({ approvers: [role] }))).toBe(role);
    expect(approverRole(person({ roles: [role] }), { approvers: roles.filter((one) => one !== role) })).toBeUndefined();
  });
});
