/** The text model of the checks: words with their places, so that every finding points at exact characters. */

/** A half-open range of UTF-16 code units in the text that was checked. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface Token extends Span {
  /** Lower case, contractions taken apart ("didn't" is "did" and "not"). */
  readonly text: string;
  readonly stem: string;
}

const PIECES = /\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+|(?:\p{L}\.){2,}|\p{L}+(?:['’]\p{L}+)*|\r?\n|[^\s]/gu;

/** Words, numbers and marks of a text in order. Hyphens inside words part them ("50-year-old" is three words). */
export function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  for (const match of text.matchAll(PIECES)) {
    const [piece] = match;
    const start = match.index;
    const end = start + piece.length;
    if ((piece === '-' || piece === '–') && joins(text, start, end)) continue;
    // The full stop of "Dr." ends no sentence.
    if (piece === '.' && TITLES.has(tokens.at(-1)?.text ?? '') && tokens.at(-1)?.end === start) continue;
    const word = piece.toLowerCase().replaceAll('’', "'");
    const push = (part: string, from: number, to: number): void => {
      tokens.push({ text: part, stem: stemOf(part), start: from, end: to });
    };
    const negated = /^(.*?)n't$/.exec(word);
    if (negated !== null) {
      const base = negated[1] ?? '';
      if (base !== '') push(base === 'ca' ? 'can' : base, start, end - 3);
      push('not', end - 3, end);
    } else if (word === 'cannot') {
      push('can', start, start + 3);
      push('not', start + 3, end);
    } else if (/^(?:\p{L}\.){2,}$/u.test(word)) push(word.replaceAll('.', ''), start, end);
    else if (/^\d+,/.test(word)) push(word.replaceAll(',', ''), start, end);
    else if (word.startsWith('.') && word.length > 1) push(`0${word}`, start, end);
    else if (word.endsWith("'s") && word.length > 2) push(word.slice(0, -2), start, end);
    else push(word.includes('\n') ? '\n' : word, start, end);
  }
  return tokens;
}

const TITLES = new Set(['dr', 'mr', 'mrs', 'ms']);

function joins(text: string, start: number, end: number): boolean {
  return start > 0 && /[\p{L}\p{N}]/u.test(text[start - 1] ?? '') && /[\p{L}\p{N}\s]/u.test(text[end] ?? ' ');
}

const stems = new Map<string, string>();
const STEMS_KEPT_MAX = 20_000;

/** A word without the endings that speech and writing vary ("swelling", "swells" and "swelled" are one). */
export function stemOf(word: string): string {
  const known = stems.get(word);
  if (known !== undefined) return known;
  if (stems.size >= STEMS_KEPT_MAX) stems.clear();
  const stem = makeStem(word);
  stems.set(word, stem);
  return stem;
}

function makeStem(word: string): string {
  if (word.length < 4 || !/^\p{L}+$/u.test(word)) return word;
  let stem = word;
  if (stem.endsWith('ies') && stem.length > 4) stem = `${stem.slice(0, -3)}y`;
  else if (/(?:x|ch|sh|ss)es$/.test(stem)) stem = stem.slice(0, -2);
  else if (stem.endsWith('s') && !/(?:ss|us|is)$/.test(stem)) stem = stem.slice(0, -1);
  if (stem.endsWith('ing') && stem.length >= 6) stem = undouble(stem.slice(0, -3));
  else if (stem.endsWith('ed') && stem.length >= 5 && !stem.endsWith('eed')) stem = undouble(stem.slice(0, -2));
  return stem.endsWith('e') && stem.length >= 4 ? stem.slice(0, -1) : stem;
}

function undouble(stem: string): string {
  return /([bdgmnprt])\1$/.test(stem) ? stem.slice(0, -1) : stem;
}

export function isWord(token: Token): boolean {
  return /^\p{L}/u.test(token.text);
}

export function isNumber(token: Token): boolean {
  return /^\d/.test(token.text);
}

export const SENTENCE_END: ReadonlySet<string> = new Set(['.', '?', '!', ';', '\n', '•']);

// No sentence is longer; text without any full stop would else make every look at a sentence a look at all of it.
const SENTENCE_TOKENS_MAX = 300;

/** Sentences as ranges of token places; line breaks and bullets end one too, as notes are written. */
export function sentencesOf(tokens: readonly Token[]): readonly (readonly [from: number, to: number])[] {
  const sentences: [number, number][] = [];
  let from = 0;
  for (const [at, token] of tokens.entries()) {
    const ends = SENTENCE_END.has(token.text);
    if (!ends && at - from < SENTENCE_TOKENS_MAX) continue;
    if (at > from) sentences.push([from, at]);
    from = ends ? at + 1 : at;
  }
  if (tokens.length > from) sentences.push([from, tokens.length]);
  return sentences;
}

/** Characters of `text` that the tokens from `from` up to `to` cover. */
export function spanOf(tokens: readonly Token[], from: number, to: number): Span {
  return { start: tokens[from]?.start ?? 0, end: tokens[to - 1]?.end ?? 0 };
}

/** Damerau-Levenshtein distance (adjacent swaps count as one), given up once it is above `most`. */
export function editDistance(left: string, right: string, most: number): number {
  if (Math.abs(left.length - right.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let row = 1; row <= left.length; row += 1) {
    const now = [row];
    let least = row;
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min((last[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1])
        cost = Math.min(cost, (before[column - 2] ?? 0) + 1);
      now.push(cost);
      least = Math.min(least, cost);
    }
    if (least > most) return most + 1;
    before = last;
    last = now;
  }
  return last[right.length] ?? most + 1;
}
