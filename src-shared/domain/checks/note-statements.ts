import { featuresOf } from './features.ts';
import type { Lexicon, Mention } from './lexicon.ts';
import { conceptKey } from './lexicon.ts';
import { fitsPlaces, likestSays } from './note-places.ts';
import { mentionsIn, mentionsUpTo, sentenceAt, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { spanOf } from './text.ts';
import type { Heard } from './transcript.ts';

/**
 * Each clause of the note against the stretches of the visit that speak of the same thing: what the note affirms and every such
 * stretch denies, or the other way about (F2). It needs no list of findings: any words that clause and stretch share count,
 * the rarer the more.
 */

/** From one token place to another. */
interface Clause {
  readonly from: number;
  readonly to: number;
}

interface Wanted {
  /** Of the clause itself; words around it only help to find the stretch. */
  readonly own: boolean;
  readonly denied: boolean;
  readonly at: number;
}

interface Hit {
  readonly at: number;
  readonly name: string;
  readonly weight: number;
}

interface Vote {
  readonly name: string;
  readonly weight: number;
  readonly noteAt: number;
  readonly denied: boolean;
  differ: number;
  agree: number;
  open: number;
  /** Where the visit differs first. */
  heardAt: number;
}

interface Located {
  /** Weight of what clause and stretch share. */
  readonly fit: number;
  readonly votes: readonly Vote[];
  /** Words of the clause that were never said in the visit, the denied ones among them. */
  readonly unheard: number;
  readonly unheardDenied: number;
}

export function statementsDiffer(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const agrees = likestSays(context);
  return context.parts.flatMap((part) =>
    clausesOf(part).flatMap((clause): readonly NoteFinding[] => {
      const located = locate(part, clause, heard, context.lexicon);
      if (located === null) return [];
      const against = verdict(part, clause, located);
      if (against === null) return [];
      const { vote, from, to } = against;
      if (agrees(part, vote.noteAt, vote.name, vote.denied)) return [];
      return [
        {
          rule: 'note-negation-differs',
          severity: 'review',
          path: part.path,
          span: spanOf(part.tokens, from, to),
          transcriptSpan: spanOf(heard.tokens, vote.heardAt, vote.heardAt + 1),
          message: `The note ${vote.denied ? 'denies' : 'affirms'} "${words(part, from, to)}"; where the visit speaks of it, it is ${vote.denied ? 'affirmed' : 'denied'}.`,
        },
      ];
    }),
  );
}

const BREAKS = new Set('but however although though while whereas except because which who :'.split(' '));
const NEXT_CLAUSE = new Set(
  'he she it they there is are was were has had does did denies reports endorses no not states will the'.split(' '),
);

/** Sentences parted where a new statement begins. */
function clausesOf(part: ReadPart): readonly Clause[] {
  return part.sentences.flatMap(([from, to]) => {
    const clauses: Clause[] = [];
    let start = from;
    for (let at = from; at <= to; at += 1) {
      const word = part.tokens[at]?.text ?? '';
      const joins = (word === 'and' || word === ',') && NEXT_CLAUSE.has(part.tokens[at + 1]?.text ?? '');
      if (at < to && !BREAKS.has(word) && !joins) continue;
      if (at > start) clauses.push({ from: start, to: at });
      start = at + 1;
    }
    return clauses;
  });
}

const BEFORE = 10;
const AFTER = 6;
/** Tokens of the visit within which words belong together: a question and its answer. */
const STRETCH = 16;
/** Stretches that fit nearly as well as the best are believed too. */
const NEARLY = 0.8;

function locate(part: ReadPart, clause: Clause, heard: Heard, lexicon: Lexicon): Located | null {
  const wanted = wantedOf(part, clause, lexicon);
  const hits: Hit[] = [];
  for (const [name, { own }] of wanted) {
    const places = heard.byFeature.get(name) ?? [];
    const weight = 1 / (1 + Math.log2(1 + places.length / 2));
    for (const at of places) hits.push({ at, name, weight: own ? weight : weight / 2 });
  }
  hits.sort((left, right) => left.at - right.at);
  // Where the visit speaks of the finding itself, other stretches say nothing about it.
  const findings = new Set([...wanted].filter(([name, { own }]) => own && FINDING.test(name)).map(([name]) => name));
  const there = stretchesOf(hits, wanted).filter(({ from, to }) =>
    fitsPlaces(part, clause, heard, { from: hits[from]?.at ?? 0, to: hits[to - 1]?.at ?? 0 }),
  );
  const naming = there.filter(({ from, to }) => hits.slice(from, to).some((hit) => findings.has(hit.name)));
  const stretches = naming.length > 0 ? naming : there;
  const fit = Math.max(0, ...stretches.map((one) => one.score));
  if (fit === 0) return null;
  const votes = new Map<string, Vote>();
  const counted = new Set<Hit>();
  const conditional = part.tokens.slice(clause.from, clause.to).some((token) => IF.has(token.text));
  for (const { score, from, to } of stretches) {
    if (score < NEARLY * fit) continue;
    for (const hit of hits.slice(from, to)) {
      const want = wanted.get(hit.name);
      if (want?.own !== true || counted.has(hit)) continue;
      counted.add(hit);
      const vote = votes.get(hit.name) ?? newVote(hit, want);
      votes.set(hit.name, vote);
      const under = heard.under[hit.at] === true;
      const said = conditional ? (under ? 'denied' : 'affirmed') : under ? 'denied' : (heard.polarity[hit.at] ?? 'asked');
      if (said === 'asked') vote.open += 1;
      else if ((said === 'denied') === want.denied) vote.agree += 1;
      else {
        vote.differ += 1;
        if (vote.heardAt < 0) vote.heardAt = hit.at;
      }
    }
  }
  const unheard = [...wanted].filter(
    ([name, one]) => one.own && !heard.byFeature.has(name) && !heardInOtherWords(part, one, heard),
  );
  return {
    fit,
    votes: [...votes.values()],
    unheard: unheard.length,
    unheardDenied: unheard.filter(([, one]) => one.denied).length,
  };
}

/** "Fatigue" was heard where the patient said "tired". */
function heardInOtherWords(part: ReadPart, { at }: Wanted, heard: Heard): boolean {
  return mentionsUpTo(part, at + 1).some((one) => at < one.to && heard.byFeature.has(conceptKey(one)));
}

const FINDING = /^(?:symptom|diagnosis) /;

const IF = new Set(['if', 'should', 'unless']);

function newVote({ name, weight }: Hit, { at, denied }: Wanted): Vote {
  return { name, weight, noteAt: at, denied, differ: 0, agree: 0, open: 0, heardAt: -1 };
}

function wantedOf(part: ReadPart, clause: Clause, lexicon: Lexicon): ReadonlyMap<string, Wanted> {
  const [first, end] = sentenceAt(part, clause.from);
  const from = Math.max(first, clause.from - BEFORE);
  const to = Math.min(end, clause.to + AFTER);
  const mentions = mentionsIn(part, from, to).map((one): Mention => ({ ...one, from: one.from - from, to: one.to - from }));
  const wanted = new Map<string, Wanted>();
  for (const feature of featuresOf(part.tokens.slice(from, to), mentions, lexicon)) {
    const at = from + feature.at;
    const own = at >= clause.from && at < clause.to;
    const before = wanted.get(feature.name);
    if (before === undefined || (own && !before.own)) wanted.set(feature.name, { own, at, denied: part.under[at] === true });
  }
  return wanted;
}

function stretchesOf(
  hits: readonly Hit[],
  wanted: ReadonlyMap<string, Wanted>,
): readonly { readonly score: number; readonly from: number; readonly to: number }[] {
  return hits.flatMap((first, from) => {
    const seen = new Set<string>();
    let score = 0;
    let own = false;
    let to = from;
    for (; to < hits.length; to += 1) {
      const hit = hits[to];
      if (hit === undefined || hit.at >= first.at + STRETCH) break;
      if (wanted.get(hit.name)?.own === true) own = true;
      if (!seen.has(hit.name)) score += hit.weight;
      seen.add(hit.name);
    }
    return own ? [{ score, from, to }] : [];
  });
}

const FIT_MIN = 0.8;
const DIFFER_MIN = 0.4;
const SHARE_MIN = 0.6;
/** One word alone, and the denials that a note is full of, take more to be doubted. */
const STRONG_FIT = 1.5;

interface Against {
  readonly vote: Vote;
  readonly from: number;
  readonly to: number;
}

function verdict(part: ReadPart, clause: Clause, located: Located): Against | null {
  const { fit, votes } = located;
  const emphatic = emphasizes(part, clause);
  if (fit < INSTRUCTION_FIT_MIN && instructs(part, clause)) return null;
  if (
    fit < (emphatic ? EMPHATIC.fit : wholly(located) ? WHOLE_FIT_MIN : FIT_MIN) ||
    (part.tokens[clause.to]?.text === ':' && clause.to - clause.from <= HEADING_MAX)
  )
    return null;
  const anyDenied = part.under.slice(clause.from, clause.to).some(Boolean);
  for (const denied of anyDenied ? [true] : [false]) {
    if (tellsTime(part, clause, denied)) continue;
    const same = votes.filter((one) => one.denied === denied);
    let differ = 0;
    let all = 0;
    for (const vote of same) {
      const count = vote.differ + vote.agree + vote.open;
      differ += (vote.weight * vote.differ) / count;
      all += (vote.weight * (vote.differ + vote.agree + vote.open / 2)) / count;
    }
    // Words that the visit never used may be the very ones that are denied.
    if (denied) all += located.unheardDenied * UNHEARD_WEIGHT;
    const differing = same.filter((one) => one.differ > 0);
    const [vote] = differing;
    if (vote === undefined || differ < (emphatic ? EMPHATIC.differ : DIFFER_MIN)) continue;
    if (differ < (emphatic ? EMPHATIC.share : SHARE_MIN) * all) continue;
    const places = differing.map((one) => one.noteAt);
    const single = new Set(places).size === 1;
    const named = !denied && differing.some((one) => NAMED.test(one.name)) && wholly(located);
    if (!emphatic && fit < STRONG_FIT && ((single && !named) || (denied && !isWhole(located)))) continue;
    if (!emphatic && single && !same.every(isPure)) continue;
    return { vote, from: Math.min(...places), to: Math.max(...places) + 1 };
  }
  return null;
}

const WHOLE_FIT_MIN = 0.7;
const NAMED = /^(?:symptom|diagnosis|procedure) /;

/** Every word of the clause was heard, and each was denied. */
function wholly({ votes, unheard }: Located): boolean {
  return unheard === 0 && votes.length > 1 && votes.every((one) => !one.denied && one.differ > 0 && isPure(one));
}

/** A clause of which every word was heard, and heard the other way about, needs no further words to be known by. */
function isWhole({ votes, unheard }: Located): boolean {
  return unheard === 0 && votes.length > 1 && votes.every(isPure);
}

function isPure({ agree, open }: Vote): boolean {
  return agree === 0 && open === 0;
}

const INSTRUCTION_FIT_MIN = 2.5;
const INSTRUCTS = new Set(
  ['encourage', 'encouraged', 'advised', 'counseled', 'counseling', 'educated', 'instructed', 'discussed', 'discussion'].concat([
    'avoid',
    'watch',
    'explained',
    'recommended',
    'recommend',
    'reviewed',
    'continue',
    'will',
    'offered',
    'plan',
    'agree',
    'order',
  ]),
);

/** What the patient is told to do says nothing about what is. */
function instructs(part: ReadPart, clause: Clause): boolean {
  const [from] = sentenceAt(part, clause.from);
  return part.tokens.slice(from, clause.to).some((token) => INSTRUCTS.has(token.text));
}

/** "It does help" is how "it does not help" reads without its "not": less evidence is asked for. */
const EMPHATIC = { fit: 0.4, differ: 0.2, share: 0.5 };

function emphasizes(part: ReadPart, clause: Clause): boolean {
  return part.tokens
    .slice(clause.from, clause.to)
    .some(
      (token, at) =>
        /^(?:does|did)$/.test(token.text) &&
        /^\p{Ll}/u.test(part.tokens[clause.from + at + 1]?.text ?? '') &&
        part.tokens[clause.from + at + 1]?.text !== 'not',
    );
}

const UNHEARD_WEIGHT = 0.7;
const HEADING_MAX = 8;
const NOW = new Set(
  `recent recently new since currently today now time further other additional significant every longer yet quit former
  stopped never`.split(/\s+/),
);
const ENDED = new Set('quit former stopped never ago previously'.split(' '));

/** "Denies recent kidney stones" does not deny those of ten years ago. */
export function tellsTime(part: ReadPart, clause: Clause, denied: boolean): boolean {
  return part.tokens.slice(clause.from, clause.to).some((token) => (denied ? NOW : ENDED).has(token.text));
}
