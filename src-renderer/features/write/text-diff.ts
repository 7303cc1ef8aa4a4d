import { createTwoFilesPatch, diffWordsWithSpace } from 'diff';
import { parse } from 'diff2html';

/** A piece of a line: as it was on both sides, or on this side alone. */
export interface Piece {
  readonly text: string;
  readonly changed: boolean;
}

/** A line of the draft beside the line of the final text that took its place; `null` where there is none. */
export interface DiffRow {
  readonly same: boolean;
  readonly before: readonly Piece[] | null;
  readonly after: readonly Piece[] | null;
}

export interface TextDiff {
  readonly rows: readonly DiffRow[];
  /** Places at which the two texts differ. */
  readonly changes: number;
}

/** How long the comparison of lines may take before it is given up. */
const COMPARE_MS = 700;
const WORDS_MS = 40;
/** Lines longer than this are cut at the ends of sentences, and where there are none, at this length. */
const LINE_CHARS = 2_000;
const SENTENCE = /(?<=[.!?][ \t])/;

/**
 * Draft against final text, line by line and word by word; `null` when they are too different to compare in reasonable
 * time. Pure but for the time limit.
 */
export function textDiff(before: string, after: string): TextDiff | null {
  // Lines go through the comparison as numbers: what stands in a clinical text can never be taken for the syntax of a patch.
  const numbers = new Map<string, number>();
  const lines: string[] = [];
  const coded = (text: string): string =>
    linesOf(text)
      .map((line) => {
        const known = numbers.get(line);
        if (known !== undefined) return `${known}\n`;
        numbers.set(line, lines.push(line) - 1);
        return `${lines.length - 1}\n`;
      })
      .join('');
  const [left, right] = [coded(before), coded(after)];
  if (left === right) {
    const rows = left.split('\n').slice(0, -1);
    return { rows: rows.map((number) => sameRow(lines[Number(number)] ?? '')), changes: 0 };
  }
  const patch = createTwoFilesPatch('draft', 'final', left, right, '', '', {
    context: Number.MAX_SAFE_INTEGER,
    timeout: COMPARE_MS,
  });
  if (patch === undefined) return null;

  const result = new Rows();
  for (const { content, type } of parse(patch).flatMap(({ blocks }) => blocks.flatMap((block) => block.lines))) {
    const line = lines[Number(content.slice(1))] ?? '';
    if (type === 'delete') result.removed.push(line);
    else if (type === 'insert') result.added.push(line);
    else result.same(line);
  }
  result.flush();
  return result;
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').flatMap((line) =>
    line.length <= LINE_CHARS
      ? [line]
      : line.split(SENTENCE).flatMap((sentence) => {
          const parts: string[] = [];
          for (let at = 0; at < sentence.length; at += LINE_CHARS) parts.push(sentence.slice(at, at + LINE_CHARS));
          return parts;
        }),
  );
}

function sameRow(line: string): DiffRow {
  const piece = [{ text: line, changed: false }];
  return { same: true, before: piece, after: piece };
}

class Rows implements TextDiff {
  readonly rows: DiffRow[] = [];
  changes = 0;
  removed: string[] = [];
  added: string[] = [];

  same(line: string): void {
    this.flush();
    this.rows.push(sameRow(line));
  }

  /** Lines that were removed and lines that came in their place stand beside each other, in order. */
  flush(): void {
    for (let at = 0; at < Math.max(this.removed.length, this.added.length); at += 1) {
      this.pair(this.removed[at], this.added[at]);
    }
    [this.removed, this.added] = [[], []];
  }

  private pair(before: string | undefined, after: string | undefined): void {
    const words =
      before === undefined || after === undefined ? undefined : diffWordsWithSpace(before, after, { timeout: WORDS_MS });
    if (words === undefined) {
      this.changes += 1;
      this.rows.push({ same: false, before: whole(before), after: whole(after) });
      return;
    }
    let open = false;
    for (const { added, removed } of words) {
      const changed = added || removed;
      if (changed && !open) this.changes += 1;
      open = changed;
    }
    const side = (other: 'added' | 'removed'): readonly Piece[] =>
      words.filter((one) => !one[other]).map(({ value, added, removed }) => ({ text: value, changed: added || removed }));
    this.rows.push({ same: false, before: side('added'), after: side('removed') });
  }
}

function whole(line: string | undefined): readonly Piece[] | null {
  return line === undefined ? null : [{ text: line, changed: true }];
}
