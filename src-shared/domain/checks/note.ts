import type { Lexicon, Mention } from './lexicon.ts';
import { negated } from './polarity.ts';
import { sentencesOf, spanOf, stemOf, tokenize, type Span, type Token } from './text.ts';
import { hear, type Heard } from './transcript.ts';

/** A note as it is read for the checks, with what it can be held against. */

/** One stretch of note text and where it stands in the event. */
export interface NotePart {
  readonly path: string;
  readonly title: string | null;
  readonly text: string;
}

export interface ReadPart extends NotePart {
  readonly tokens: readonly Token[];
  readonly mentions: readonly Mention[];
  readonly under: readonly boolean[];
  readonly sentences: readonly (readonly [from: number, to: number])[];
}

export interface Evidence {
  /** `null`: nothing was recorded, so nothing can be said about what was heard. */
  readonly heard: Heard | null;
  /** What the model was shown of the chart. */
  readonly chart: Heard | null;
  /** The model's draft, when the final note is not it. */
  readonly draft: Heard | null;
}

/** What a note check found: the rule, the place in the note, and where in the transcript it was heard otherwise. */
export interface NoteFinding {
  readonly rule: string;
  readonly severity: 'information' | 'review';
  readonly path: string;
  readonly span: Span;
  readonly transcriptSpan?: Span;
  readonly message: string;
}

export interface NoteContext {
  readonly parts: readonly ReadPart[];
  readonly evidence: Evidence;
  readonly lexicon: Lexicon;
}

export function readPart(part: NotePart, lexicon: Lexicon): ReadPart {
  const tokens = tokenize(part.text);
  return { ...part, tokens, mentions: lexicon.mentions(tokens), under: negated(tokens, 'note'), sentences: sentencesOf(tokens) };
}

export function readEvidence(
  texts: { readonly transcript: string | null; readonly chart: string | null; readonly draft: string | null },
  lexicon: Lexicon,
): Evidence {
  const read = (text: string | null): Heard | null => (text === null || text.trim() === '' ? null : hear(text, lexicon));
  return { heard: read(texts.transcript), chart: read(texts.chart), draft: read(texts.draft) };
}

/** The sentence that a token stands in, as token places. */
export function sentenceAt(part: ReadPart, at: number): readonly [from: number, to: number] {
  const index = firstAt(part.sentences, ([, to]) => to > at);
  const sentence = part.sentences[index];
  return sentence !== undefined && at >= sentence[0] ? sentence : [at, at + 1];
}

/** The names that lie wholly within these token places. */
export function mentionsIn(part: Pick<ReadPart, 'mentions'>, from: number, to: number): readonly Mention[] {
  const first = firstAt(part.mentions, (one) => one.from >= from);
  const end = firstAt(part.mentions, (one) => one.from >= to);
  return part.mentions.slice(first, end).filter((one) => one.to <= to);
}

const NAME_TOKENS_MAX = 10;

/** The names that began before this token place and reach up to it at least. */
export function mentionsUpTo(part: ReadPart, at: number): readonly Mention[] {
  return part.mentions
    .slice(
      firstAt(part.mentions, (one) => one.from >= at - NAME_TOKENS_MAX),
      firstAt(part.mentions, (one) => one.from >= at),
    )
    .filter((one) => one.to >= at);
}

/** Index of the first item that holds, in a list where all after it hold too. */
function firstAt<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && holds(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The note's own words from one token place to another. */
export function words(part: ReadPart, from: number, to: number): string {
  const { start, end } = spanOf(part.tokens, from, to);
  return part.text.slice(start, end);
}

const UNSURE = new Set(
  [
    'if',
    'should',
    'return',
    'call',
    'monitor',
    'watch',
    'advis',
    'risk',
    'educat',
    'discuss',
    'possibl',
    'possibly',
    'prevent',
    'evaluat',
    'concern',
    'may',
    'might',
    'could',
    'can',
    'would',
    'differential',
    'rul',
    'sign',
    'avoid',
    'instruct',
    'encourag',
    'recommend',
    'prn',
    'ne',
    'need',
    'consid',
    'suspect',
    'likely',
    'probabl',
    'question',
    'screen',
    'reduc',
    'help',
    'worsen',
    'as',
    'for',
    'mother',
    'father',
    'family',
    'brother',
    'sister',
    'son',
    'daughter',
    'uncle',
    'aunt',
    'cousin',
    'grandmother',
    'grandfather',
    'plan',
    'will',
    'counsel',
  ].map(stemOf),
);

/** False for sentences about what may be, shall be, or is told to the patient: they state no finding. */
export function statesFact(part: ReadPart, at: number): boolean {
  const [from, to] = sentenceAt(part, at);
  for (let place = from; place < to; place += 1) {
    const token = part.tokens[place];
    if (token === undefined) continue;
    if (token.text === 'as' || token.text === 'for') {
      // "for" and "as" state a purpose only right before the finding: "for pain", "as needed for nausea".
      if (token.text === 'for' && at - place >= 1 && at - place <= 3 && !SAYS_FOR.has(part.tokens[place - 1]?.text ?? ''))
        return false;
      continue;
    }
    if (UNSURE.has(token.stem)) return false;
  }
  return true;
}

const SAYS_FOR = new Set(['positive', 'negative', 'significant', 'notable', 'remarkable', 'except']);
