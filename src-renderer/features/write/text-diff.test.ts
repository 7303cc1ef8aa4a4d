import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textDiff, type DiffRow, type Piece } from './text-diff.ts';

const text = (pieces: readonly Piece[] | null): string => (pieces ?? []).map((piece) => piece.text).join('');
const marked = (pieces: readonly Piece[] | null): string =>
  (pieces ?? []).map((piece) => (piece.changed ? `[${piece.text}]` : piece.text)).join('');
const side = (rows: readonly DiffRow[], name: 'before' | 'after'): string =>
  rows.flatMap((row) => (row[name] === null ? [] : [text(row[name])])).join('\n');

describe('draft to final', () => {
  it('C4 marks the words that changed, on both sides', () => {
    const diff = textDiff(
      'History.\nNo fever, no cough.\nPlan: metformin 500 mg.',
      'History.\nNo fever.\nPlan: metformin 1000 mg.',
    );
    expect(diff?.rows.map((row) => [row.same, marked(row.before), marked(row.after)])).toEqual([
      [true, 'History.', 'History.'],
      [false, 'No fever[, no cough].', 'No fever.'],
      [false, 'Plan: metformin [500] mg.', 'Plan: metformin [1000] mg.'],
    ]);
    expect(diff?.changes).toBe(2);
  });

  it('C4 lines that only one side has stand alone', () => {
    const diff = textDiff('a\nb', 'a\nb\nc');
    expect(diff?.rows.at(-1)).toEqual({ same: false, before: null, after: [{ text: 'c', changed: true }] });
    expect(textDiff('a\nb', 'a\nb')?.changes).toBe(0);
  });

  it('C4 text that looks like a patch stays text', () => {
    const [before, after] = ['-- a\n@@ -1 +1 @@\nx\r y', '++ b\ndiff --git a b\n\\ No newline at end of file'];
    const diff = textDiff(before, after);
    expect(side(diff?.rows ?? [], 'before')).toBe(before);
    expect(side(diff?.rows ?? [], 'after')).toBe(after);
  });

  it('C4 loses no character of either text', () => {
    const line = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\r', '.', '\u202e', '-', '+', '\\'), maxLength: 60 });
    fc.assert(
      fc.property(line, line, (before, after) => {
        const diff = textDiff(before, after);
        expect(side(diff?.rows ?? [], 'before')).toBe(before);
        expect(side(diff?.rows ?? [], 'after')).toBe(after);
      }),
    );
  });

  it('C4 a line of ten million characters is compared by its sentences', () => {
    const before = Array.from(
      { length: 150_000 },
      (_, at) => `Sentence ${at}: the patient feels well and sleeps without pain. `,
    ).join('');
    const after = before.replace('pain', 'any pain');
    const diff = textDiff(before, after);
    expect(diff?.changes).toBe(1);
    expect(Math.max(...(diff?.rows ?? []).slice(0, 100).map((row) => text(row.after).length))).toBeLessThanOrEqual(2_000);
  });
});
