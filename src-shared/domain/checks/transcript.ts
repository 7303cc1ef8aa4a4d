import type { Lexicon, Mention } from './lexicon.ts';
import { numbersIn, type NumberMention } from './numbers.ts';
import { negated } from './polarity.ts';
import { SENTENCE_END, tokenize, type Token } from './text.ts';

/** A visit as it was heard: words with who said them, what was affirmed, denied or only asked. */

export type Polarity = 'affirmed' | 'denied' | 'asked';

export interface Heard {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly polarity: readonly Polarity[];
  readonly mentions: readonly Mention[];
  readonly byConcept: ReadonlyMap<string, readonly Mention[]>;
  readonly byStem: ReadonlyMap<string, readonly number[]>;
  /** First letters of the longer words. */
  readonly roots: ReadonlySet<string>;
  readonly numbers: readonly NumberMention[];
  readonly byNumber: ReadonlyMap<string, readonly NumberMention[]>;
}

/** Letters by which "palpitate" and "palpitations" are the same word. */
export const ROOT = 5;

interface Turn {
  readonly speaker: string;
  readonly from: number;
  readonly to: number;
}

const SPEAKER = /^\s*(?:\[([\w ]{2,20})\]\s*:?|(doctor|patient|clinician|provider|physician|nurse|guest|speaker ?\d|dr|pt)\s*:)/i;

/** Reads a transcript; one turn per line, `[doctor]` or `Doctor:` before it where speakers are known. */
export function hear(text: string, lexicon: Lexicon): Heard {
  const tokens: Token[] = [];
  const turns: Turn[] = [];
  let offset = 0;
  for (const line of text.split('\n')) {
    const tag = SPEAKER.exec(line);
    const skipped = tag?.[0].length ?? 0;
    const from = tokens.length;
    for (const token of tokenize(line.slice(skipped)))
      tokens.push({ ...token, start: token.start + offset + skipped, end: token.end + offset + skipped });
    tokens.push({ text: '\n', stem: '\n', start: offset + line.length, end: offset + line.length + 1 });
    if (tokens.length > from + 1)
      turns.push({ speaker: (tag?.[1] ?? tag?.[2] ?? '').toLowerCase(), from, to: tokens.length - 1 });
    offset += line.length + 1;
  }
  const mentions = lexicon.mentions(tokens);
  const numbers = numbersIn(tokens);
  return {
    text,
    tokens,
    polarity: polarities(tokens, turns, mentions),
    mentions,
    byConcept: group(mentions, (mention) => conceptKey(mention)),
    byStem: stemPlaces(tokens),
    roots: new Set(tokens.flatMap(({ stem }) => (stem.length >= ROOT ? [stem.slice(0, ROOT)] : []))),
    numbers,
    byNumber: group(numbers, (number) => number.value),
  };
}

export function conceptKey(concept: { readonly kind: string; readonly name: string }): string {
  return `${concept.kind} ${concept.name}`;
}

function group<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const list = groups.get(key(item));
    if (list === undefined) groups.set(key(item), [item]);
    else list.push(item);
  }
  return groups;
}

function stemPlaces(tokens: readonly Token[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const [at, { stem }] of tokens.entries()) {
    const list = places.get(stem);
    if (list === undefined) places.set(stem, [at]);
    else list.push(at);
  }
  return places;
}

function polarities(tokens: readonly Token[], turns: readonly Turn[], mentions: readonly Mention[]): readonly Polarity[] {
  const under = negated(tokens, 'speech');
  const result = under.map((negative): Polarity => (negative ? 'denied' : 'affirmed'));
  for (const [index, turn] of turns.entries()) {
    const following = turns[index + 1];
    // Whoever goes on speaking does not answer the own question.
    const answer = following !== undefined && (turn.speaker === '' || following.speaker !== turn.speaker) ? following : undefined;
    const open = questionsIn(tokens, turn, under, answer === undefined ? null : replyOf(tokens, answer));
    for (const { from, to, answered } of open) {
      const reply = answered && answer !== undefined ? replyOf(tokens, answer) : null;
      const several =
        new Set(mentions.filter((one) => one.from >= from && one.to <= to && one.kind === 'symptom').map((one) => one.name))
          .size > 1;
      for (let at = from; at < to; at += 1) {
        if (under[at] === true) continue;
        result[at] = reply === 'no' ? 'denied' : reply === 'yes' && !several ? 'affirmed' : 'asked';
      }
    }
  }
  for (const [at, token] of tokens.entries()) {
    // What would happen "if" says nothing about what is.
    if (token.text !== 'if' && token.text !== 'unless') continue;
    for (let next = at + 1; next < Math.min(tokens.length, at + 12) && !SENTENCE_END.has(tokens[next]?.text ?? ''); next += 1)
      result[next] = 'asked';
  }
  return result;
}

// What a patient says without asking is an answer, whatever is said next.
const PATIENT = /^(?:patient|pt|guest)/;

interface Question {
  readonly from: number;
  readonly to: number;
  readonly answered: boolean;
}

const STARTERS = new Set([
  'any',
  'anything',
  'do you',
  'have you',
  'are you',
  'did you',
  'is there',
  'was there',
  'does it',
  'does that',
  'does the',
  'is it',
  'were you',
  'has he',
  'has she',
  'has it',
  'has the',
  'is he',
  'is she',
  'does he',
  'does she',
  'you having',
  'how about',
  'what about',
  'are there',
  'has your',
  'is your',
  'had any',
  'can you',
  'do they',
  'did it',
  'did he',
  'did she',
]);
const SHORT_TURN_MAX = 18;
const LAST_WORDS = 12;
const QUESTION_MAX = 30;

function questionsIn(
  tokens: readonly Token[],
  turn: Turn,
  under: readonly boolean[],
  reply: 'yes' | 'no' | null,
): readonly Question[] {
  const starts: number[] = [];
  for (let at = turn.from; at < turn.to; at += 1) {
    const one = tokens[at]?.text ?? '';
    const starter = STARTERS.has(one) || STARTERS.has(`${one} ${tokens[at + 1]?.text ?? ''}`);
    if (starter && under[at] !== true && tokens[at - 1]?.text !== 'if') starts.push(at);
  }
  const questions: Question[] = [];
  const marks = markedQuestions(tokens, turn);
  for (const mark of marks) questions.push({ ...mark, answered: turn.to - mark.to <= 3 });
  for (const [index, from] of starts.entries()) {
    if (marks.some((mark) => from >= mark.from && from < mark.to)) continue;
    let to = Math.min(starts[index + 1] ?? turn.to, turn.to);
    for (let at = from; at < to; at += 1) if (SENTENCE_END.has(tokens[at]?.text ?? '')) to = at;
    // A long stretch after "do you" is no longer the question; what it holds is neither affirmed nor denied for sure.
    if (to - from > QUESTION_MAX)
      questions.push(
        { from, to: Math.min(to, from + LAST_WORDS), answered: false },
        { from: to - LAST_WORDS, to, answered: false },
      );
    else questions.push({ from, to, answered: turn.to - to <= 3 || (index < starts.length - 1 && turn.to - from <= 40) });
    // "Lung infections or pneumonia, do you have any history of that": what is asked about may come first.
    if (reply === 'no' && turn.to - to <= 3)
      questions.push({ from: Math.max(turn.from, from - LAST_WORDS), to: from, answered: false });
  }
  if (questions.length === 0 && reply === 'no' && !PATIENT.test(turn.speaker)) {
    const from = turn.to - turn.from <= SHORT_TURN_MAX ? turn.from : turn.to - LAST_WORDS;
    questions.push({ from, to: turn.to, answered: true });
  }
  return questions;
}

function markedQuestions(tokens: readonly Token[], turn: Turn): readonly { readonly from: number; readonly to: number }[] {
  const marked: { from: number; to: number }[] = [];
  let from = turn.from;
  for (let at = turn.from; at < turn.to; at += 1) {
    const word = tokens[at]?.text ?? '';
    if (word === '?') marked.push({ from, to: at });
    if (SENTENCE_END.has(word)) from = at + 1;
  }
  return marked;
}

const FILLERS = new Set([
  'uh',
  'um',
  'well',
  'oh',
  'so',
  'hmm',
  'yeah',
  ',',
  'and',
  'ah',
  '.',
  'i',
  'mean',
  'okay',
  'honestly',
  'actually',
  'gosh',
  'mm',
  'sure',
  'really',
]);
const NO = new Set(['no', 'nope', 'nah', 'not', 'never', 'none', 'nothing', 'negative', 'neither']);
const YES = new Set([
  'yes',
  'yeah',
  'yep',
  'yup',
  'correct',
  'absolutely',
  'definitely',
  'sometimes',
  'exactly',
  'sure',
  'hmm',
  'huh',
  'mmhmm',
  'right',
]);

/** What the first words of an answer say; `null` when they say neither. */
function replyOf(tokens: readonly Token[], turn: Turn): 'yes' | 'no' | null {
  let yes = false;
  let others = 0;
  for (let at = turn.from; at < turn.to && others <= REPLY_OTHERS_MAX; at += 1) {
    const word = tokens[at]?.text ?? '';
    if (NO.has(word)) return 'no';
    if (YES.has(word)) yes = true;
    else if (!FILLERS.has(word)) others += 1;
    if (yes && (others > 0 || word === 'but')) break;
  }
  return yes ? 'yes' : null;
}

/** "It does not": an answer may take this many words before its "no". */
const REPLY_OTHERS_MAX = 3;
