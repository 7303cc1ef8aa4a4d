import { describe, expect, it } from 'vitest';
import { afterFollow, newDrift, type Seen } from './follow-up.ts';
import { writeIdentifierSystem } from './keys.ts';
import { limits } from '../limits/index.ts';
import { codeOf, followAt, type StateOf } from './write.ts';

/** C8: what becomes of a charted entry, look by look. */

const at = 1_000_000;
const charted: StateOf<'committed'> = {
  name: 'committed',
  evidence: { reference: 'DocumentReference/1', versionId: '1', seq: 5 },
  landing: 'charted',
  verification: { result: 'verified' },
  at,
  late: false,
};
const row = { id: 'w1' };
const read = (over: Partial<Extract<Seen, { outcome: 'read' }>> = {}): Seen => ({
  outcome: 'read',
  versionId: '1',
  resource: { resourceType: 'DocumentReference', status: 'current' },
  differences: [],
  ...over,
});
const signed = { follow: { element: 'docStatus', until: ['final', 'amended'], withinHours: 72 } };
const changed = { path: 'DocumentReference.description', kind: 'changed', sent: 'a', found: 'b' } as const;

describe('C8 when a charted entry is looked at again', () => {
  it('C8 an hour, a day and a week after it was written, and no more', () => {
    const times: (number | null)[] = [followAt(charted)];
    let state = charted;
    for (let next = times[0] ?? null; next !== null; next = followAt(state)) {
      state = afterFollow(row, state, read(), {}, next);
      times.push(followAt(state));
    }
    expect(times).toEqual([at + limits.followFirstMs, at + limits.followSecondMs, at + limits.followLastMs, null]);
    expect(codeOf(state)).toBeNull();
  });

  it('C8 what was away for days is looked at once for all the looks it missed', () => {
    const state = afterFollow(row, charted, read(), {}, at + 3 * limits.followSecondMs);
    expect(followAt(state)).toBe(at + limits.followLastMs);
  });

  it('C8 an entry still to be read back is not', () => {
    expect(followAt({ ...charted, verification: { result: 'due', nextAt: 0, looks: 1 } })).toBeNull();
  });

  it('C8 a look that fails is repeated, not for ever, and says nothing about the chart', () => {
    let state = afterFollow(row, charted, read({ versionId: '2', differences: [changed] }), {}, at + limits.followFirstMs);
    const drift = state.follow?.drift;
    for (let failures = 1; failures < limits.followFailuresMax; failures += 1) {
      state = afterFollow(row, state, { outcome: 'failed' }, {}, at + 10 * limits.followLastMs + failures);
      expect(state.follow).toMatchObject({
        failures,
        drift,
        nextAt: at + 10 * limits.followLastMs + failures + limits.followRetryMs,
      });
    }
    state = afterFollow(row, state, { outcome: 'failed' }, {}, at + 11 * limits.followLastMs);
    expect(state.follow).toMatchObject({ nextAt: null, drift });
  });
});

describe('C8 drift', () => {
  const seen: readonly (readonly [string, Seen, string | null, string | null])[] = [
    ['as it was', read(), null, null],
    ['a newer version with the same content', read({ versionId: '2' }), 'touched', null],
    ['other content', read({ versionId: '2', differences: [changed] }), 'changed', 'chart-drifted'],
    ['other content in the same version', read({ differences: [changed] }), 'changed', 'chart-drifted'],
    [
      'marked as an error',
      read({ versionId: '2', resource: { resourceType: 'Observation', status: 'entered-in-error' } }),
      'entered-in-error',
      'chart-drifted',
    ],
    [
      'marked as an error in its verification',
      read({
        resource: {
          resourceType: 'Condition',
          verificationStatus: {
            coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'entered-in-error' }],
          },
        },
      }),
      'entered-in-error',
      'chart-drifted',
    ],
    ['no longer there', { outcome: 'gone' }, 'deleted', 'chart-drifted'],
  ];
  it.each(seen)('C8 %s', (_what, one, kind, code) => {
    const state = afterFollow(row, charted, one, {}, at + 5);
    expect(state.follow?.drift?.kind ?? null).toBe(kind);
    expect(codeOf(state)).toBe(code);
    expect(newDrift(charted, state)).toBe(code !== null);
  });

  it('C8 says when it was first noticed, in which version, by whom, and what differs', () => {
    const resource = { resourceType: 'DocumentReference', meta: { source: 'Practitioner/9' } };
    const one = read({ versionId: '2', differences: [changed], resource });
    const first = afterFollow(row, charted, one, {}, at + 5);
    expect(first.follow?.drift).toEqual({
      kind: 'changed',
      noticedAt: at + 5,
      versionId: '2',
      by: 'Practitioner/9',
      differences: [changed],
    });
    const again = afterFollow(row, first, one, {}, at + 50);
    expect(again.follow?.drift).toMatchObject({ noticedAt: at + 5 });
    expect(newDrift(first, again)).toBe(false);
    const back = afterFollow(row, again, read({ versionId: '3' }), {}, at + 90);
    expect(back.follow?.drift).toMatchObject({ kind: 'touched', noticedAt: at + 90 });
  });

  it('C8 what differed at the read-back is no drift', () => {
    const partial: StateOf<'committed'> = { ...charted, verification: { result: 'partial', differences: [changed] } };
    const state = afterFollow(row, partial, read({ differences: [changed] }), {}, at + 5);
    expect(state.follow?.drift).toBeNull();
    expect(codeOf(state)).toBe('chart-differs');
    const more = afterFollow(row, partial, read({ differences: [{ ...changed, found: 'c' }] }), {}, at + 5);
    expect(codeOf(more)).toBe('chart-drifted');
  });

  it('C8 a later write of ours on the same resource is followed there, not called drift', () => {
    const meta = { tag: ['w1', 'w2'].map((code) => ({ system: writeIdentifierSystem, code })) };
    const theirs = read({ versionId: '3', differences: [changed], resource: { resourceType: 'Patient', meta } });
    expect(afterFollow(row, charted, theirs, {}, at + 5).follow).toMatchObject({ drift: null, nextAt: null });
    expect(afterFollow({ id: 'w2' }, charted, theirs, {}, at + 5).follow?.drift).toMatchObject({ kind: 'changed' });
  });

  it('C8 FLT-11 an EHR that was put back to an earlier write of ours has lost this one, and that is told', () => {
    const meta = { tag: [{ system: writeIdentifierSystem, code: 'w0' }] };
    const back = read({ versionId: '1', differences: [changed], resource: { resourceType: 'Patient', meta } });
    expect(afterFollow(row, charted, back, {}, at + 5).follow?.drift).toMatchObject({ kind: 'changed' });
  });

  it('C8 an entry that this write made is followed at the write that changed it', () => {
    const resource = {
      resourceType: 'DocumentReference',
      identifier: [{ system: writeIdentifierSystem, value: 'w1' }],
      meta: { tag: [{ system: writeIdentifierSystem, code: 'w2' }] },
    };
    const theirs = read({ versionId: '3', differences: [changed], resource });
    expect(afterFollow(row, charted, theirs, {}, at + 5).follow).toMatchObject({ drift: null, nextAt: null });
  });
});

describe('C8 what is awaited', () => {
  const draft = read({ resource: { resourceType: 'DocumentReference', docStatus: 'preliminary' } });
  const final = read({
    versionId: '2',
    resource: { resourceType: 'DocumentReference', docStatus: 'final' },
    differences: [{ path: 'DocumentReference.docStatus', kind: 'changed', sent: 'preliminary', found: 'final' }],
  });

  it('C8 a signature is awaited day by day, tells when it is overdue, and ends the waiting when it comes', () => {
    const by = at + 72 * 60 * 60_000;
    let state = afterFollow(row, charted, draft, signed, at + limits.followFirstMs);
    expect(state.follow?.awaited).toEqual({ element: 'docStatus', value: 'preliminary', by, result: 'open' });
    state = afterFollow(row, state, draft, signed, by + 1);
    expect(state.follow).toMatchObject({ awaited: { result: 'overdue' }, nextAt: by + 1 + limits.followAwaitedMs });
    expect(codeOf(state)).toBe('follow-up-overdue');
    state = afterFollow(row, state, final, signed, by + 2);
    expect(state.follow).toMatchObject({ awaited: { value: 'final', result: 'done' }, drift: { kind: 'touched' } });
    expect(codeOf(state)).toBeNull();
  });

  it('C8 waiting ends some time after it was overdue', () => {
    const late = at + 72 * 60 * 60_000 + limits.followOverdueMaxMs;
    expect(afterFollow(row, charted, draft, signed, late).follow).toMatchObject({ nextAt: null, awaited: { result: 'overdue' } });
  });

  it('C8 a receipt counts by being there', () => {
    const receipt = { follow: { element: 'received', until: ['present'], withinHours: 1 } };
    const sent = read({ resource: { resourceType: 'Communication' } });
    const got = read({ resource: { resourceType: 'Communication', received: '2026-03-02T10:00:00Z' } });
    expect(afterFollow(row, charted, sent, receipt, at + 5).follow?.awaited?.result).toBe('open');
    expect(afterFollow(row, charted, got, receipt, at + 5).follow?.awaited?.result).toBe('done');
  });
});
