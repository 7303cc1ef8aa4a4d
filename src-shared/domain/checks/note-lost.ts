import { mentionsIn, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { spanOf, type Token } from './text.ts';

/** Negations that a note has lost, as its own words show (F2). */

const LEADS = new Set([
  'reports',
  'reported',
  'endorses',
  'endorsed',
  'has',
  'have',
  'had',
  'having',
  'states',
  'notes',
  'admits',
  'with',
  'shows',
  'show',
  'reveal',
  'reveals',
  'there',
  'is',
  'are',
  'was',
  'were',
  'experienced',
  'experiencing',
  'prescribed',
  'taking',
  'seen',
  'positive',
]);
const OPEN = new Set([
  'if',
  'whether',
  'should',
  'call',
  'return',
  'question',
  'questions',
  'concerns',
  'time',
  'please',
  'avoid',
  'stop',
  'prior',
  'before',
  'cannot',
  'unable',
  'advised',
  'less',
  'difficult',
  'unsure',
  'ruled',
  'rule',
  'unlikely',
  'resolved',
  'discontinue',
  'contact',
  'worsen',
  'worse',
  'further',
  'hesitate',
  'unclear',
  'against',
  'refused',
  'declined',
  'discussed',
  'monitor',
  'watch',
  'can',
  'will',
  'may',
  'suggest',
  'suggests',
  'suggestive',
  'likely',
  'possible',
  'possibly',
  'probable',
  'either',
  'versus',
  'differential',
  'include',
  'includes',
]);

/**
 * "Reports any chest pain", "with nausea, vomiting or diarrhea": English keeps "any" and lists closed by "or" for what is
 * denied, so that their standing in an affirmation is the mark of a negation that was lost.
 */
export function negationsLost(context: NoteContext): readonly NoteFinding[] {
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    for (const [from, to] of part.sentences) {
      const place = placeOf(part, from, to);
      if (place === null) continue;
      const end = Math.min(to, place + 4);
      findings.push({
        rule: 'note-negation-differs',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, place, end),
        message: `"${words(part, Math.max(from, place - 3), end)}" affirms in words that are used to deny; a "no", "not" or "denies" may have been lost.`,
      });
    }
  }
  return findings;
}

/** The first place of the sentence where a negation seems lost. */
function placeOf(part: ReadPart, from: number, to: number): number | null {
  const tokens = part.tokens.slice(from, to);
  const odd = tokens.findIndex(
    (_, at) =>
      part.under[from + at] !== true &&
      deniedWords(tokens, at) &&
      !tokens.slice(Math.max(0, at - REACH), at).some((token) => NEGATIVE.test(token.text)),
  );
  if (odd >= 0) return from + odd;
  const any = tokens.findIndex(
    (token, at) =>
      token.text === 'any' &&
      part.under[from + at] !== true &&
      (tokens.slice(Math.max(0, at - 2), at).some((one) => SAYS.has(one.text)) ||
        stressed(tokens, at) ||
        (!tokens.slice(0, at + REACH).some((one) => OPEN.has(one.text)) &&
          tokens.slice(Math.max(0, at - 3), at).some((one) => LEADS.has(one.text)))),
  );
  if (any >= 0) return from + any;
  const better = improvedIf(part, from, to);
  if (better !== null) return better;
  if (tokens.some((token) => OPEN.has(token.text))) return null;
  const or = affirmedOr(part, from, to);
  return or < 0 ? null : from + or;
}

/** "He did take any medication": only a lost "not" leaves the "did" before an "any". */
function stressed(tokens: readonly Token[], any: number): boolean {
  return /^(?:does|did|do)$/.test(tokens[any - 2]?.text ?? '') && !tokens.slice(0, any).some((one) => NEGATIVE.test(one.text));
}

const REACH = 12;
const SAYS = new Set(['reports', 'reported', 'endorses', 'endorsed']);
const IMPROVES = new Set(['improve', 'improves', 'improved', 'resolve', 'resolves', 'resolved', 'better', 'recover']);
const THEN = new Set(
  'consider contact call return obtain order refer mri ct imaging injection surgery surgical further follow message email'.split(
    ' ',
  ),
);

/** "If symptoms have improved, we will consider an MRI": what is planned is planned for when they have not. */
function improvedIf(part: ReadPart, from: number, to: number): number | null {
  const tokens = part.tokens.slice(from, to);
  const start = tokens.findIndex((token) => token.text === 'if');
  const at = tokens.findIndex((token, place) => place > start && IMPROVES.has(token.text));
  if (start < 0 || at < 0 || at - start > REACH || part.under[from + at] === true) return null;
  const between = tokens.slice(start + 1, at);
  // "If symptoms worsen or do improve": the "or" joins what is feared.
  const either = between.findLastIndex((token) => token.text === 'or');
  const worse = between.slice(either + 1).some((token) => NEGATIVE.test(token.text) || WORSE.test(token.text));
  return !worse && tokens.some((token) => THEN.has(token.text)) ? from + at : null;
}

const WORSE = /^(?:fails?|failed|worsens?|worse|persists?|continues?|until|once)$/;

const NEGATIVE =
  /^(?:no|not|non|if|never|without|denies|denied|hardly|rarely|few|little|nor|neither|none|un[a-z]+|question|ask|asked|asks|before|than|too|stop|stopped|avoid|wonder|wonders)$/;

/** "Sure if", "seen anything", "necessarily", "has seen her yet": said of what is not so. */
function deniedWords(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.text ?? '';
  const next = tokens[at + 1]?.text ?? '';
  if (word === 'sure')
    return /^(?:if|what|whether|why|how|when)$/.test(next) && !/^(?:make|be|making)$/.test(tokens[at - 1]?.text ?? '');
  // "Is currently and has never been".
  if (word === 'never')
    return (
      tokens[at - 2]?.text === 'and' &&
      /^(?:has|have|had)$/.test(tokens[at - 1]?.text ?? '') &&
      /^(?:is|are|was|currently)$/.test(tokens[at - 3]?.text ?? '')
    );
  if (word === 'able') return tokens[at + 2]?.text === 'say' && /^(?:if|whether|what)$/.test(tokens[at + 3]?.text ?? '');
  // "With or with", "with contrast, but with contrast".
  if (word === 'or') return next !== '' && tokens[at - 1]?.text === next && /^\p{L}/u.test(next);
  if (word === 'distress')
    return !/^(?:emotional|psychological|significant)$/.test(tokens[at - 1]?.text ?? '') && tokens.length <= 16;
  if (word === 'obvious') return /^(?:signs?|fractures?|abnormalit|deformit|masses)/.test(next);
  if (word === 'need') return next === 'for' && /^(?:is|was)$/.test(tokens[at - 1]?.text ?? '');
  if (word === 'yet' || word === 'much') return at === tokens.length - 1 || tokens[at + 1]?.text === ',';
  return (
    word === 'anything' || word === 'anyone' || word === 'anybody' || word === 'necessarily' || (word === 'at' && next === 'all')
  );
}

/** The "or" between two affirmed findings of a list, as a place in the sentence; -1 when there is none. */
function affirmedOr(part: ReadPart, from: number, to: number): number {
  const findings = mentionsIn(part, from, to).filter((one) => one.kind === 'symptom' || one.kind === 'diagnosis');
  const lead = part.tokens.slice(from, to).findIndex((token) => /^(?:reports|reported|endorses)$/.test(token.text));
  if (lead >= 0 && findings.length > 0 && part.tokens[from + lead + 1]?.text !== 'that')
    for (let at = from + lead + 2; at < Math.min(to, from + lead + 8); at += 1) {
      const word = part.tokens[at]?.text ?? '';
      if (word === 'or' && part.under[at] !== true && !/^\d/.test(part.tokens[at + 1]?.text ?? '')) return at - from;
      if (/^(?:and|but|when|with|after|if|for|over|that)$/.test(word)) break;
    }
  // "Nipple pain or numbness: Yes" is a line of a form.
  if (part.tokens[to - 1]?.text === 'yes') return -1;
  if (findings.length < 2 || findings.some((one) => part.under[one.from] === true)) return -1;
  for (let at = from + 1; at < to; at += 1) {
    if (part.tokens[at]?.text !== 'or') continue;
    const before = findings.some((one) => at - one.to <= 1 && one.to <= at);
    const after = findings.some((one) => one.from > at && one.from - at <= 3);
    if (before && after && findings.some((one) => one.from < at) && new Set(findings.map((one) => one.name)).size > 1)
      return at - from;
  }
  return -1;
}
