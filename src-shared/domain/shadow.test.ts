import { describe, expect, it } from 'vitest';
import { counterparts, divergence, type ShadowCandidate, type Shadowed, type ShadowMatch } from './shadow.ts';
import type { FieldDifference } from './write.ts';

const contract = { verify: ['code'], fields: [{ element: 'note', use: 'proposal' as const }] } as unknown as Shadowed['contract'];
const counterpart = (candidates: readonly ShadowCandidate[]): ShadowMatch | null =>
  counterparts([{ id: 'w', contract, candidates }]).get('w') ?? null;
const other = (path: string, kind: FieldDifference['kind'] = 'changed'): FieldDifference => ({
  path,
  kind,
  sent: 'a',
  found: 'b',
});
const candidate = (reference: string, compared: number, ...differences: FieldDifference[]): ShadowCandidate => ({
  reference,
  compared,
  differences,
});

describe('the entry that a person wrote', () => {
  it('B4 is the one that shares most, and marks of this console do not count', () => {
    const marks = [other('Condition.identifier', 'missing'), other('Condition.meta.tag[0]', 'missing')];
    const found = counterpart([
      candidate('Condition/1', 10, other('Condition.code'), other('Condition.note[0].text')),
      candidate('Condition/2', 10, ...marks, other('Condition.note[0].text')),
    ]);
    expect(found).toMatchObject({ reference: 'Condition/2', serious: [], noted: [{ path: 'Condition.note[0].text' }] });
  });

  it.each([
    ['nothing in the chart', []],
    ['nothing that could be compared', [candidate('Condition/1', 0)]],
    ['less than half the same', [candidate('Condition/1', 3, other('Condition.code'), other('Condition.status'))]],
  ])('B4 %s: nobody wrote it', (_, candidates) => {
    expect(counterpart(candidates)).toBeNull();
  });
});

it('B4 an entry is the counterpart of one write, of the one it is closest to', () => {
  const far = candidate('Condition/1', 10, other('Condition.code'));
  const near = candidate('Condition/1', 10);
  const found = counterparts([
    { id: 'a', contract, candidates: [far] },
    { id: 'b', contract, candidates: [near] },
  ]);
  expect([...found.keys()]).toEqual(['b']);
});

it('B4 totals per element count each entry once, and say what would not be verified', () => {
  const first = counterpart([
    candidate('Condition/1', 9, other('Condition.code.coding[0].code'), other('Condition.code.coding[1].code')),
  ]);
  const second = counterpart([
    candidate('Condition/2', 9, other('Condition.code.coding[0].code', 'missing'), other('Condition.note[0].text')),
  ]);
  const same = counterpart([candidate('Condition/3', 9)]);
  expect(divergence([first, second, same].flatMap((one) => (one === null ? [] : [one])))).toEqual([
    { element: 'code.coding.code', differs: 2, missing: 1, changed: 1, added: 0, precision: 0, serious: 2 },
    { element: 'note.text', differs: 1, missing: 0, changed: 1, added: 0, precision: 0, serious: 0 },
  ]);
});
