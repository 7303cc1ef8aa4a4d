import { describe, expect, it } from 'vitest';
import { contextDrift, driftWords, reliedOnVersions } from './context.ts';

const snapshot = {
  takenAt: '2026-03-02T08:51:00Z',
  reliedOn: [
    { reference: 'AllergyIntolerance/91', versionId: '3' },
    { reference: 'Encounter/1', versionId: '1' },
  ],
};

describe('D6 context drift', () => {
  it('D6 an event without a snapshot relies on nothing', () => {
    expect(reliedOnVersions(undefined, null)).toEqual([]);
  });

  it('D6 what an approval was told about counts in the place of the snapshot, and nothing else', () => {
    const context = [
      { reference: 'AllergyIntolerance/91', versionId: '4' },
      { reference: 'Patient/9', versionId: '1' },
    ];
    expect(reliedOnVersions(snapshot, { context })).toEqual([
      { reference: 'AllergyIntolerance/91', versionId: '4' },
      { reference: 'Encounter/1', versionId: '1' },
    ]);
    expect(reliedOnVersions(snapshot, {})).toEqual(snapshot.reliedOn);
  });

  it.each([
    [['3', '1'], []],
    [['4', '1'], ['AllergyIntolerance/91 is now in version 4, not 3']],
    [[null, '1'], ['AllergyIntolerance/91 is no longer there']],
    [
      ['4', '2'],
      ['AllergyIntolerance/91 is now in version 4, not 3', 'Encounter/1 is now in version 2, not 1'],
    ],
  ] as const)('D6 found %j: %j', (found, words) => {
    const drift = contextDrift(snapshot.reliedOn, found);
    expect(drift).toHaveLength(words.length);
    if (words.length > 0) expect(driftWords(drift)).toBe(`what it relied on has changed: ${words.join('; ')}`);
  });

  it('D6 a record that has come back after it was approved as gone is a change', () => {
    const drift = contextDrift([{ reference: 'Encounter/1', versionId: null }], ['5']);
    expect(driftWords(drift)).toContain('Encounter/1 is now in version 5');
    expect(contextDrift([{ reference: 'Encounter/1', versionId: null }], [null])).toEqual([]);
  });
});
