import { words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
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
]);

/**
 * "Reports any chest pain", "with nausea, vomiting or diarrhea": English keeps "any" and lists closed by "or" for what is
 * denied, so that their standing in an affirmation is the mark of a negation that was lost.
 */
export function negationsLost(context: NoteContext): readonly NoteFinding[] {
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    for (const [from, to] of part.sentences) {
      const tokens = part.tokens.slice(from, to);
      if (tokens.some((token) => OPEN.has(token.text))) continue;
      const any = tokens.findIndex(
        (token, at) =>
          token.text === 'any' &&
          part.under[from + at] !== true &&
          tokens.slice(Math.max(0, at - 3), at).some((one) => LEADS.has(one.text)),
      );
      const odd = tokens.findIndex(
        (_, at) =>
          part.under[from + at] !== true &&
          deniedWords(tokens, at) &&
          !tokens.slice(0, at).some((token) => NEGATIVE.test(token.text)),
      );
      const place = any >= 0 ? any : odd >= 0 ? odd : affirmedOr(part, from, to);
      if (place < 0) continue;
      const end = Math.min(to, from + place + 4);
      findings.push({
        rule: 'note-negation-differs',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, from + place, end),
        message: `"${words(part, Math.max(from, from + place - 3), end)}" affirms in words that are used to deny; a "no" or "denies" may have been lost.`,
      });
    }
  }
  return findings;
}

const NEGATIVE =
  /^(?:no|not|never|without|denies|denied|hardly|rarely|few|little|nor|neither|none|un[a-z]+|question|ask|asked|asks|before|than|too|stop|stopped|avoid|wonder|wonders)$/;

/** "Sure if", "seen anything", "necessarily", "has seen her yet": said of what is not so. */
function deniedWords(tokens: readonly Token[], at: number): boolean {
  const word = tokens[at]?.text ?? '';
  const next = tokens[at + 1]?.text ?? '';
  if (word === 'sure') return /^(?:if|what|whether|why|how|when)$/.test(next);
  if (word === 'able') return tokens[at + 2]?.text === 'say' && /^(?:if|whether|what)$/.test(tokens[at + 3]?.text ?? '');
  if (word === 'yet' || word === 'much') return at === tokens.length - 1 || tokens[at + 1]?.text === ',';
  return (
    word === 'anything' || word === 'anyone' || word === 'anybody' || word === 'necessarily' || (word === 'at' && next === 'all')
  );
}

/** The "or" between two affirmed findings of a list, as a place in the sentence; -1 when there is none. */
function affirmedOr(part: ReadPart, from: number, to: number): number {
  const findings = part.mentions.filter((one) => one.kind === 'symptom' && one.from >= from && one.to <= to);
  const lead = part.tokens.slice(from, to).findIndex((token) => /^(?:reports|reported|endorses)$/.test(token.text));
  if (lead >= 0 && findings.length > 0 && part.tokens[from + lead + 1]?.text !== 'that')
    for (let at = from + lead + 2; at < Math.min(to, from + lead + 8); at += 1) {
      const word = part.tokens[at]?.text ?? '';
      if (word === 'or' && part.under[at] !== true && !/^\d/.test(part.tokens[at + 1]?.text ?? '')) return at - from;
      if (/^(?:and|but|when|with|after|if|for|over|that)$/.test(word)) break;
    }
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
