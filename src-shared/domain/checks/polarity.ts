import { SENTENCE_END, type Token } from './text.ts';

/**
 * Which words stand under a negation, after the scope rules of NegEx (Chapman et al., Journal of Biomedical Informatics 2001)
 * with the cues and stops of clinic notes and of speech.
 */

const CUES = new Set([
  'no',
  'not',
  'without',
  'denies',
  'denied',
  'denying',
  'deny',
  'never',
  'none',
  'nor',
  'neither',
  'negative',
  'absent',
  'nothing',
  'non',
  'nope',
  'unremarkable',
  'unable',
  'declines',
  'declined',
]);
const LIST_CUES = new Set(['denies', 'denied', 'denying', 'deny', 'negative']);
const STOPS = new Set([
  'but',
  'however',
  'although',
  'except',
  'though',
  'besides',
  'aside',
  'because',
  'since',
  'secondary',
  'due',
  'reports',
  'endorses',
  'admits',
  'notes',
  'continues',
  'complains',
  'states',
  'positive',
  'presents',
  'reveals',
  'shows',
  'demonstrates',
  'which',
  'until',
  'then',
  'currently',
  'apart',
  'otherwise',
  'unless',
  'so',
  'while',
  'when',
  'just',
]);
const VERBS = new Set(['is', 'are', 'was', 'were', 'has', 'had', 'does', 'did', 'continues', 'remains', 'noted', 'will', 'can']);
const SUBJECTS = new Set([
  'i',
  'you',
  'he',
  'she',
  'we',
  'they',
  'it',
  'there',
  "i'm",
  "i've",
  "i'd",
  "i'll",
  "you're",
  "you've",
  "we're",
  "we'll",
  "they're",
  'let',
]);
// In speech without punctuation these begin what is said next.
const SPEECH_STARTS = new Set([
  'okay',
  'alright',
  'now',
  'please',
  'also',
  'looking',
  'listen',
  'listening',
  'doing',
  'well',
  'um',
  'uh',
]);
const AFTER_PREPOSITION = new Set([
  'in',
  'on',
  'of',
  'to',
  'with',
  'at',
  'from',
  'hurt',
  'injured',
  'for',
  'about',
  'around',
  'over',
  'under',
  'into',
  'through',
  'move',
  'hurting',
  'and',
  'both',
  'taking',
  'take',
  'using',
  'had',
  'have',
  'check',
  'checking',
  'affect',
  'affecting',
]);
const THINKING = new Set([
  'seem',
  'look',
  'appear',
  'think',
  'believe',
  'feel',
  'know',
  'see',
  'hear',
  'appreciate',
  'notice',
  'suspect',
  'suppose',
  'noticed',
  'sure',
  'say',
]);
// "No thrush present tonsils are midline": what was looked for ends there.
const SEEN = new Set(['present', 'noted', 'palpable', 'appreciated']);
// "I do not see any fracture, I do notice an effusion": what is seen comes right after, or is told by another sentence.
const PERCEIVING = new Set(['see', 'hear', 'appreciate', 'notice', 'noticed', 'feel']);
const OBJECT_MAX = 3;
// Words for what is as it should be: what a "no" denies ends before them ("no redness, normal range of motion").
const NORMAL = new Set(
  'normal intact clear soft supple full regular equal stable symmetric symmetrical reactive moist active negative benign patent'.split(
    ' ',
  ),
);
const BE = new Set(['is', 'are', 'was', 'were']);
const MEANWHILE = new Set(['currently', 'otherwise', 'then']);
const OWNER = /^(?:his|her|their)$/;
const SCOPE_MAX = { note: 40, speech: 22 } as const;

/**
 * True for each token that stands under a negation. `note`: scope runs over the items of a list up to the end of the
 * sentence; `speech`: it ends with the next subject, as there is often no punctuation to end it.
 */
export function negated(tokens: readonly Token[], style: 'note' | 'speech'): readonly boolean[] {
  const under = new Array<boolean>(tokens.length).fill(false);
  let left = 0;
  let through = 0;
  let cue = '';
  let since = 0;
  for (const [at, token] of tokens.entries()) {
    const word = token.text;
    if (SENTENCE_END.has(word) || word === ':') {
      left = 0;
      continue;
    }
    if (isCue(tokens, at)) {
      // "Non-surgical" denies no more than the one word.
      left = word === 'non' ? 1 : SCOPE_MAX[style];
      cue = word;
      since = at;
      through = THINKING.has(tokens[at + 1]?.text ?? '') ? 1 : 0;
      continue;
    }
    if (left <= 0) continue;
    const next = tokens[at + 1]?.text ?? '';
    if (style === 'note' && cue === 'no' && BE.has(word) && since < at - 1) {
      // "No further work-up is needed" denies the need as well.
      left = 1;
      continue;
    }
    const ends =
      (STOPS.has(word) && !(at === since + 1 && MEANWHILE.has(word)) && !explains(tokens, at - 1)) ||
      word === 'if' ||
      word === 'whether' ||
      (NORMAL.has(word) && cue !== 'not' && cue !== 'never' && !(cue === 'no' && at === since + 1)) ||
      (word === 'other' && next === 'than') ||
      (style === 'note' && VERBS.has(word) && cue !== 'not' && cue !== 'never' && next !== 'not') ||
      (word === ',' &&
        (style === 'note' || (cue === 'no' && tokens[at - 1]?.text !== 'no') ? !listGoesOn(tokens, at, cue) : cue === 'no')) ||
      (style === 'note' &&
        (cue === 'without' || cue === 'no') &&
        OWNER.test(word) &&
        at - since > 1 &&
        !AFTER_PREPOSITION.has(tokens[at - 1]?.text ?? '')) ||
      (word === 'and' && style === 'note' && VERBS.has(next)) ||
      (SUBJECTS.has(word) &&
        (style === 'speech' || word !== 'it') &&
        ((through -= 1) < 0 || (PERCEIVING.has(tokens[since + 1]?.text ?? '') && at - since > OBJECT_MAX)));
    if (ends || (style === 'speech' && startsAnew(tokens, at, cue, since))) left = 0;
    else {
      under[at] = true;
      left -= 1;
    }
  }
  negateBackwards(tokens, under, style === 'note' ? SCOPE_MAX.note : 4);
  return under;
}

function startsAnew(tokens: readonly Token[], at: number, cue: string, since: number): boolean {
  const word = tokens[at]?.text ?? '';
  const before = tokens[at - 1]?.text ?? '';
  const next = tokens[at + 1]?.text ?? '';
  if (SPEECH_STARTS.has(word)) return true;
  if ((cue === 'no' || cue === 'without') && (VERBS.has(word) || SEEN.has(before))) return true;
  // "No erythema, and that just means redness": the explanation is denied with what it explains.
  if (explains(tokens, word === 'and' ? at + 1 : at)) return false;
  if (word === 'that') return /^(?:is|looks|means|just|sounds|seems|was|really|would|could)$/.test(next) || next === 'i';
  if (word === 'and') return SUBJECTS.has(next) || /^(?:please|that|your|then|also|so|now|the|my|just)$/.test(next);
  // "I cannot catch my breath", but "no fever my back hurts".
  if (word === 'your' || word === 'my')
    return !AFTER_PREPOSITION.has(before) && before !== cue && !(cue === 'not' && at - since <= OBJECT_MAX);
  return word === 'on' && tokens.slice(at + 1, at + 6).some((token) => token.text === 'exam' || token.text === 'examination');
}

function explains(tokens: readonly Token[], at: number): boolean {
  const means = tokens[at + 1]?.text === 'just' ? at + 2 : at + 1;
  return tokens[at]?.text === 'that' && /^(?:means?|meaning)$/.test(tokens[means]?.text ?? '');
}

function isCue(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.text ?? '';
  if (!CUES.has(word)) return false;
  const next = tokens[at + 1]?.text ?? '';
  if (word === 'unremarkable') return false;
  // "no change", "not only", "no longer" say something else; "no problem" nothing.
  if (word === 'no' && ['problem', 'worries', 'doubt', 'more', 'matter'].includes(next)) return false;
  if (word === 'not' && ['only', 'necessarily', 'just', 'too'].includes(next)) return false;
  if (isLess(tokens, at)) return false;
  // "Not unreasonable", "not uncommon": two negations are none.
  if (word === 'not' && [next, tokens[at + 2]?.text ?? ''].some((one) => TWICE.test(one))) return false;
  if (word === 'without' && tokens[at - 1]?.text === 'or' && tokens[at - 2]?.text === 'with') return false;
  if (word === 'unable' && next !== 'to') return false;
  return !(word === 'negative' && next !== 'for' && tokens[at - 1]?.text !== ':');
}

const LESS_WITHIN = 8;

/** "It does not hurt as much", "not a problem": less of it, or nothing against it, is no denial of it. */
function isLess(tokens: readonly Token[], at: number): boolean {
  if (tokens[at]?.text !== 'not') return false;
  if (tokens[at + 1]?.text === 'a' && /^(?:problem|issue)$/.test(tokens[at + 2]?.text ?? '')) return true;
  for (let next = at + 1; next < at + LESS_WITHIN; next += 1) {
    const word = tokens[next]?.text ?? '\n';
    if (SENTENCE_END.has(word) || word === ',' || STOPS.has(word)) return /^so$/.test(word) && tokens[next + 1]?.text === 'much';
    if (word === 'as' && /^(?:much|bad|badly|often|many|severe)$/.test(tokens[next + 1]?.text ?? '')) return true;
  }
  return false;
}

const TWICE = /^un(?:reasonable|common|usual|likely|expected|able)$/;

/** After a comma a negated list goes on when its cue always takes a list, or when an "or", "nor" is still to come. */
function listGoesOn(tokens: readonly Token[], comma: number, cue: string): boolean {
  if (LIST_CUES.has(cue)) return true;
  if (saysAgain(tokens, comma)) return true;
  const rest = tokens.slice(comma + 1, comma + 5).findIndex((token) => SENTENCE_END.has(token.text));
  if (rest >= 0) return true;
  for (let at = comma + 1; at < tokens.length; at += 1) {
    const word = tokens[at]?.text ?? '';
    if (SENTENCE_END.has(word) || STOPS.has(word) || VERBS.has(word)) return false;
    if (word === 'or' || word === 'nor') return true;
  }
  return false;
}

const AGAIN_LETTERS = 4;

/** "No swelling or bruise, bruising in the palm": the word before the comma is said again in a better form. */
function saysAgain(tokens: readonly Token[], comma: number): boolean {
  const [before, after] = [tokens[comma - 1]?.text ?? '', tokens[comma + 1]?.text ?? ''];
  return before.length >= AGAIN_LETTERS && after.slice(0, AGAIN_LETTERS) === before.slice(0, AGAIN_LETTERS);
}

const WHICH_NOT_WITHIN = 5;
const WHICH_REACH = 3;

/** "Cancer, which I do not think you have". */
function deniedByWhich(tokens: readonly Token[], at: number): boolean {
  const after = tokens.slice(at + 1, at + 1 + WHICH_NOT_WITHIN).map((token) => token.text);
  return (
    tokens[at]?.text === 'which' &&
    /^(?:i|we|you|he|she)$/.test(after[0] ?? '') &&
    /^(?:do|does|did)$/.test(after[1] ?? '') &&
    after[2] === 'not'
  );
}

const AFTERWARDS = new Set(['denied', 'none', 'absent', 'denies', 'no', 'never']);
const LINKS = new Set(['is', 'are', 'was', 'were', ':', 'been']);

/** "Chest pain: denied", "edema is not present", "hematuria was absent". */
function negateBackwards(tokens: readonly Token[], under: boolean[], reach: number): void {
  for (const [at, token] of tokens.entries()) {
    const before = tokens[at - 1]?.text ?? '';
    const next = tokens[at + 1]?.text ?? '\n';
    if (deniedByWhich(tokens, at)) under.fill(true, Math.max(0, at - WHICH_REACH), at);
    const closes = AFTERWARDS.has(token.text) && LINKS.has(before) && (SENTENCE_END.has(next) || next === ',');
    const notSeen =
      token.text === 'not' &&
      !/^(?:do|does|did|can|could|would|have|has|had)$/.test(before) &&
      /^(?:present|noted|seen|appreciated|palpable|palpated|identified|evident|detected|observed|felt)$/.test(next);
    if (!closes && !notSeen) continue;
    const from = LINKS.has(before) ? at - 2 : at - 1;
    for (let back = from; back >= 0 && from - back < reach && !SENTENCE_END.has(tokens[back]?.text ?? ''); back -= 1)
      under[back] = true;
  }
}
