import fc from 'fast-check';
import { expect, it } from 'vitest';
import { textBlocks } from './text-blocks.ts';

it('H3 blocks of a text are short, whole characters, and lose nothing but the line ends between them', () => {
  const piece = fc.constantFrom('a'.repeat(1_500), '\n', 'word ', '\ud83d\ude00'.repeat(900), 'x');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const text = pieces.join('');
      const blocks = textBlocks(text);
      expect(Math.max(0, ...blocks.map((block) => block.length))).toBeLessThanOrEqual(4_000);
      expect(blocks.every((block) => block.isWellFormed())).toBe(true);
      expect(blocks.join('').replaceAll('\n', '')).toBe(text.replaceAll('\n', ''));
    }),
  );
});

it('H3 ten million characters on one line are cut quickly', () => {
  expect(textBlocks('x'.repeat(10_000_000))).toHaveLength(2_500);
});
