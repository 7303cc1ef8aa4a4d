import type { Mention } from './lexicon.ts';
import { SENTENCE_END, type Token } from './text.ts';

/** Questions and their answers in a visit: what was affirmed, what denied, and what only asked. */

export type Polarity = 'affirmed' | 'denied' | 'asked';

export interface Turn {
  readonly speaker: string;
  readonly from: number;
  readonly to: number;
}

/** For each token what its speaker, or the answer to it, says of it; `under`: the words under a negation of their own. */
export function polarities(
  tokens: readonly Token[],
  turns: readonly Turn[],
  mentions: readonly Mention[],
  under: readonly boolean[],
): readonly Polarity[] {
  const result = under.map((negative): Polarity => (negative ? 'denied' : 'affirmed'));
  for (const [index, turn] of turns.entries()) {
    const following = turns[index + 1];
    // Whoever goes on speaking does not answer the own question.
    const answer = following !== undefined && (turn.speaker === '' || following.speaker !== turn.speaker) ? following : undefined;
    const answered = answer === undefined ? null : replyOf(tokens, answer);
    // "Any rash no" and then "yeah, here" leaves it open.
    const reply = !selfAnswered(tokens, turn) ? answered : answered === 'yes' ? null : 'no';
    const questions = questionsIn(tokens, turn, under, reply);
    const asked = questions
      .filter((one) => one.answered)
      .flatMap(({ from, to }) => mentions.filter((one) => one.from >= from && one.to <= to && one.kind === 'symptom'));
    const several = new Set(asked.map((one) => one.name)).size > 1;
    for (const { from, to, answered } of questions) {
      const said = answered ? reply : null;
      for (let at = from; at < to; at += 1) {
        if (under[at] === true) continue;
        result[at] = said === 'no' ? 'denied' : said === 'yes' && !several ? 'affirmed' : 'asked';
      }
    }
    if (answer !== undefined && asked.length > 0) takeUp(result, asked, mentions, under, answer);
  }
  for (const [at, token] of tokens.entries()) {
    // What would happen "if" says nothing about what is.
    if (token.text !== 'if' && token.text !== 'unless') continue;
    for (let next = at + 1; next < Math.min(tokens.length, at + 12) && !SENTENCE_END.has(tokens[next]?.text ?? ''); next += 1) {
      // "If I walk too fast, then yeah, I do get short of breath" answers after all.
      if (/^(?:yes|yeah|yep)$/.test(tokens[next]?.text ?? '')) break;
      result[next] = 'asked';
    }
  }
  return result;
}

const TAKEN_UP = 30;

/**
 * "Any chest pain or cough?" "No chest pain, but I do cough": what the answer names itself, it answers; of a list of which
 * it names a part, the rest is denied.
 */
function takeUp(
  result: Polarity[],
  asked: readonly Mention[],
  mentions: readonly Mention[],
  under: readonly boolean[],
  answer: Turn,
): void {
  const named = new Map<string, Polarity>();
  for (const one of mentions)
    if (one.from >= answer.from && one.to <= Math.min(answer.to, answer.from + TAKEN_UP) && one.kind === 'symptom')
      named.set(one.name, under[one.from] === true ? 'denied' : 'affirmed');
  const part = asked.some((one) => named.get(one.name) === 'affirmed');
  for (const question of asked) {
    const said = named.get(question.name) ?? (part ? 'denied' : null);
    if (said === null) continue;
    for (let at = question.from; at < question.to; at += 1) if (under[at] !== true) result[at] = said;
  }
}

/** "Any rash? No." in one breath: recorders often put the patient's "no" into the clinician's turn. */
function selfAnswered(tokens: readonly Token[], turn: Turn): boolean {
  const last = tokens[turn.to - 1]?.text ?? '';
  return (last === 'no' || last === 'nope') && turn.to - turn.from > (PATIENT.test(turn.speaker) ? 1 : 3);
}

const NAMED_MAX = 4;

/** "Diarrhea, no": the patient says again what was asked and denies it. */
function namesAndDenies(tokens: readonly Token[], turn: Turn): boolean {
  return (
    turn.to - turn.from <= NAMED_MAX &&
    selfAnswered(tokens, turn) &&
    !tokens.slice(turn.from, turn.to - 1).some(({ text }) => NO.has(text))
  );
}

// What a patient says without asking is an answer, whatever is said next.
const PATIENT = /^(?:patient|pt|guest)/;

interface Question {
  readonly from: number;
  readonly to: number;
  readonly answered: boolean;
}

const STARTERS = new Set(
  `any|anything|do you|have you|are you|did you|is there|was there|does it|does that|does the|is it|were you|has he|has she|has it
  has the|is he|is she|does he|does she|you having|how about|what about|are there|has your|is your|had any|can you|do they|did it|did he
  did she|do these|does this|did that|did the|have they|are they|how is|how are|was it`.split(/[|\n]\s*/),
);
const SHORT_TURN_MAX = 18;
const LAST_WORDS = 12;
const QUESTION_MAX = 30;

function questionsIn(
  tokens: readonly Token[],
  turn: Turn,
  under: readonly boolean[],
  reply: 'yes' | 'no' | null,
): readonly Question[] {
  const starts = startsIn(tokens, turn, under);
  const questions: Question[] = [];
  const marks = markedQuestions(tokens, turn, starts);
  const last = starts.at(-1);
  // "Lung infections or pneumonia, do you have any history of that": what is asked about may come first.
  if (
    reply === 'no' &&
    last !== undefined &&
    marks.length === 0 &&
    !tokens.slice(last, turn.to).some(({ text }) => CLOSING.has(text))
  )
    questions.push({
      from: Math.max(turn.from, last - LAST_WORDS),
      to: last,
      answered: /^(?:that|those|them|these)$/.test(tokens[turn.to - 1]?.text ?? '') && turn.to - last <= LAST_WORDS,
    });
  const isWh = (from: number): boolean => WH.has(tokens[from - 1]?.text ?? '');
  for (const mark of marks) {
    const wh = starts.some((start) => start >= mark.from && start < mark.to && isWh(start));
    questions.push({ ...mark, answered: !wh && turn.to - mark.to <= 3 });
  }
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
    else if (isWh(from)) questions.push({ from, to, answered: false });
    else questions.push({ from, to, answered: turn.to - to <= 3 || (index < starts.length - 1 && turn.to - from <= 40) });
  }
  if (questions.length === 0 && reply === 'no' && (!PATIENT.test(turn.speaker) || namesAndDenies(tokens, turn))) {
    const from = turn.to - turn.from <= SHORT_TURN_MAX ? turn.from : turn.to - LAST_WORDS;
    questions.push({ from, to: turn.to, answered: true });
  }
  return questions;
}

function startsIn(tokens: readonly Token[], turn: Turn, under: readonly boolean[]): readonly number[] {
  const starts: number[] = [];
  for (let at = turn.from; at < turn.to; at += 1) {
    const one = tokens[at]?.text ?? '';
    const before = tokens[at - 1]?.text ?? '';
    const starter = STARTERS.has(one) || STARTERS.has(`${one} ${tokens[at + 1]?.text ?? ''}`);
    if (starter && under[at] !== true && !NO_QUESTION_AFTER.has(before)) starts.push(at);
  }
  return starts;
}

/** "What have you taken?" is not answered by a yes or a no. */
const WH = new Set(['what', 'when', 'where', 'who', 'why', 'which', 'how']);
/** "Any questions about that?" asks nothing about what was said before. */
const CLOSING = new Set(['questions', 'question', 'concerns', 'comments']);
// "I do, you have a murmur" is a slip of the tongue, "I'll have you take" an instruction.
const NO_QUESTION_AFTER = new Set(['if', 'i', 'there', 'na', 'to', 'will', "i'll", "we'll", 'can', 'could', 'would']);
const TAGS = new Set(['okay', 'ok', 'right', 'alright', 'correct', 'yeah', 'yes', 'good', 'know', 'huh', 'fine']);
const MARKED_MAX = 40;

/** Sentences that end in a question mark; "you have a murmur, okay?" states and does not ask. */
function markedQuestions(
  tokens: readonly Token[],
  turn: Turn,
  starts: readonly number[],
): readonly { readonly from: number; readonly to: number }[] {
  const marked: { from: number; to: number }[] = [];
  let from = turn.from;
  for (let at = turn.from; at < turn.to; at += 1) {
    const word = tokens[at]?.text ?? '';
    if (word === '?') {
      const tagged = TAGS.has(tokens[at - 1]?.text ?? '') && at - from > 2;
      const start = starts.find((one) => one >= from && one < at);
      const told =
        at - from > MARKED_MAX || tokens.slice(from, start ?? from).some(({ text }) => text === 'how' || text === 'what');
      if (!tagged) marked.push({ from: told ? Math.max(from, start ?? at - LAST_WORDS) : from, to: at });
      else if (start !== undefined && at - start <= QUESTION_MAX) marked.push({ from: start, to: at });
    }
    if (SENTENCE_END.has(word)) from = at + 1;
  }
  return marked;
}

const FILLERS = new Set(
  'uh um well oh so hmm yeah , and ah . i mean okay honestly actually gosh mm sure really you know like it that'.split(' '),
);
const NO = new Set(['no', 'nope', 'nah', 'not', 'never', 'none', 'nothing', 'negative', 'neither']);
const YES = new Set(
  'yes yeah yep yup correct absolutely definitely sometimes exactly sure hmm huh mmhmm right occasionally slightly slight'.split(
    ' ',
  ),
);
const YES_PAIRS = new Set(
  `little bit|a little|a bit|a lot|i did|i do|i have|it does|it did|it has|they do|he does|she does|he did|she did
  here or|kind of|once in|off and|on and|i can|i get|i've been|a few|a couple`.split(/[|\n]\s*/),
);

/** What the first words of an answer say; `null` when they say neither. */
function replyOf(tokens: readonly Token[], turn: Turn): 'yes' | 'no' | null {
  let yes = false;
  let others = 0;
  for (let at = turn.from; at < turn.to && others <= REPLY_OTHERS_MAX; at += 1) {
    const word = tokens[at]?.text ?? '';
    const next = tokens[at + 1]?.text ?? '';
    if (NO.has(word)) return 'no';
    if (YES.has(word) || (YES_PAIRS.has(`${word} ${next}`) && !NO.has(tokens[at + 2]?.text ?? ''))) yes = true;
    else if (!FILLERS.has(word)) others += 1;
    if (yes && (others > 0 || word === 'but')) break;
    // An answer that was given in other words before any "no".
    if (SENTENCE_END.has(word) && others > 0) break;
  }
  return yes ? 'yes' : null;
}

/** "It does not": an answer may take this many words before its "no". */
const REPLY_OTHERS_MAX = 3;
