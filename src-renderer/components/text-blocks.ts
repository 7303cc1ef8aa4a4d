/** A block is drawn at once; more characters than this in one would make the screen wait. */
const BLOCK_CHARS = 4_000;

/**
 * A text cut into blocks that can be drawn one under the other: at line ends where there are any, and inside a longer line
 * at this length, never between the halves of one character. The line end at which two blocks part is not repeated.
 */
export function textBlocks(text: string): readonly string[] {
  const blocks: string[] = [];
  let at = 0;
  while (at < text.length) {
    const limit = at + BLOCK_CHARS;
    if (limit >= text.length) {
      blocks.push(text.slice(at));
      break;
    }
    // Within the block: from the whole text it would look through all that stands before.
    const lineEnd = at + text.slice(at, limit + 1).lastIndexOf('\n');
    if (lineEnd > at) {
      blocks.push(text.slice(at, lineEnd));
      at = lineEnd + 1;
      continue;
    }
    const splitsPair = text.charCodeAt(limit - 1) >= 0xd800 && text.charCodeAt(limit - 1) <= 0xdbff;
    const end = splitsPair ? limit - 1 : limit;
    blocks.push(text.slice(at, end));
    at = end;
  }
  return blocks;
}
