import { describe, expect, it } from 'vitest';
import type { RecordedConsent } from './model.ts';
import { newestCopies, olderCopy, replacesConsent } from './replace.ts';

const consent = (changes: Partial<RecordedConsent> = {}): RecordedConsent => ({
  ...{ id: 'Consent/7', status: 'active', scope: [], category: [], at: 5, base: 'deny' },
  ...{ provision: null, unreadable: null, restrictsOnly: false },
  ...changes,
});

describe('G1 what takes the place of a recorded consent', () => {
  it.each([
    ['one of the same name', {}, true],
    ['one that ends it', { status: 'inactive' }, true],
    ['that it was entered in error', { status: 'entered-in-error' }, true],
    ['one of another name', { id: 'Consent/8' }, false],
    ['one that nobody has approved', { restrictsOnly: true }, false],
    ['a draft', { status: 'draft' }, false],
    ['a proposal', { status: 'proposed' }, false],
  ] as const)('G1 %s: %j is %s', (_which, changes, replaces) => {
    expect(replacesConsent(consent(changes), consent())).toBe(replaces);
  });
});

it('G1 of what has no effect, the later record is kept', () => {
  const draft = consent({ status: 'draft' });
  const unapproved = consent({ base: 'permit', restrictsOnly: true });
  for (const one of [draft, unapproved]) for (const other of [draft, unapproved]) expect(replacesConsent(one, other)).toBe(true);
});

it('G1 under several names of a patient, a newer copy counts for all of them, and of two as new both', () => {
  const old = consent({ at: 4 });
  const copy = consent({ base: 'permit' });
  const unapproved = consent({ at: 9, restrictsOnly: true });
  expect(newestCopies([old, copy])).toEqual([copy]);
  expect(newestCopies([copy, consent()])).toEqual([copy, consent()]);
  expect(newestCopies([copy, unapproved])).toEqual([copy, unapproved]);
  expect(newestCopies([old, consent({ id: 'Consent/8' })])).toHaveLength(2);
});

describe('G1 an older copy of a document', () => {
  it.each<[Partial<RecordedConsent>, Partial<RecordedConsent>, boolean]>([
    [{ at: 4 }, {}, true],
    [{ at: 5 }, {}, false],
    [{ at: 6 }, {}, false],
    [{ at: 4, id: 'Consent/8' }, {}, false],
    [{ at: 4, undated: true }, {}, false],
    [{ at: 4 }, { undated: true }, false],
    [{ at: 4, lastUpdated: 9 }, { lastUpdated: 8 }, false],
    [{ at: 6, lastUpdated: 8 }, { lastUpdated: 9 }, true],
    [{ at: 4, lastUpdated: 9 }, {}, true],
    [{ at: 4, undated: true, lastUpdated: 8 }, { lastUpdated: 9 }, true],
  ])('G1 %j beside %j on record: %s', (incoming, before, older) => {
    expect(olderCopy(consent(incoming), consent(before))).toBe(older);
  });
});
