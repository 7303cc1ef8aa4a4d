import { featuresOf } from './features.ts';
import { SENTENCE_END, spanOf, type Token } from './text.ts';
import { mentionsIn, sentenceAt, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { conceptKey, placeWords, type Lexicon, type Mention } from './lexicon.ts';
import { numbersIn } from './numbers.ts';
import type { Heard } from './transcript.ts';

/** Left and right in the note against left and right as it was heard, site by site (F2). */

type Side = 'left' | 'right';
interface SideMention {
  readonly side: Side;
  readonly at: number;
  readonly sites: ReadonlySet<string>;
}

const other: Readonly<Record<Side, Side>> = { left: 'right', right: 'left' };
// A clinician who says "leg" may write "knee", not "shoulder".
const REGIONS: readonly (readonly string[])[] = [
  ['knee', 'leg', 'hip', 'ankle', 'foot', 'groin', 'buttock', 'back'],
  ['shoulder', 'arm', 'elbow', 'wrist', 'hand', 'neck'],
  ['face', 'eye', 'ear', 'sinus', 'nostril', 'neck', 'tonsil'],
  ['chest', 'lung', 'breast', 'ventricle'],
  ['quadrant', 'kidney', 'groin', 'ovary', 'testicle', 'back'],
];

export function lateralityDiffers(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const said = heardSides(heard);
  const findings: NoteFinding[] = [];
  const shown = new Set<string>();
  const noteSides = context.parts.map((part) => ({ part, sides: sidesOf(part) }));
  const bySite = sidesBySite(noteSides);
  for (const { part, sides } of noteSides) {
    for (const mention of sides) {
      const place = `${mention.side} ${[...mention.sites].sort().join(' ')}`;
      if (shown.has(place)) continue;
      const denied = part.under[mention.at] === true;
      const namesakes = namesakesOf(mention, bySite);
      const about = aboutOf(part, mention, context.lexicon);
      const verdict = judge(mention, saidOf(said, mention, denied, heard), about, namesakes, heard);
      const within = verdict === 'agrees' ? againstRest(part, mention, namesakes) : null;
      if (verdict === 'agrees' && within === null) continue;
      const elsewhere =
        verdict === 'not-heard' &&
        context.evidence.chart !== null &&
        heardSides(context.evidence.chart).some((one) => one.side === mention.side);
      if (elsewhere) continue;
      shown.add(place);
      const [from, to] = sentenceAt(part, mention.at);
      const phrase = words(part, mention.at, Math.min(to, mention.at + 3));
      const heardAt = typeof verdict === 'object' ? verdict : null;
      findings.push({
        rule: 'note-laterality-differs',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, Math.max(from, mention.at), mention.at + 1),
        ...(heardAt === null ? {} : { transcriptSpan: spanOf(heard.tokens, heardAt.at, heardAt.at + 1) }),
        message:
          within !== null
            ? `The note says "${phrase}"; elsewhere it says "${words(within.part, within.at, within.at + 3)}" of the same.`
            : heardAt === null
              ? `The note says "${phrase}"; no ${mention.side} side was heard in the visit.`
              : `The note says "${phrase}"; the transcript says ${other[mention.side]} there.`,
      });
    }
  }
  return findings;
}

/** What the sentence speaks of around a side, up to where it names the other side. */
function aboutOf(part: ReadPart, mention: SideMention, lexicon: Lexicon): About {
  const [from, to] = reach(part.tokens, mention.at, ...sentenceAt(part, mention.at));
  const mentions = mentionsIn(part, from, to).map((one): Mention => ({ ...one, from: one.from - from, to: one.to - from }));
  return {
    names: new Set(featuresOf(part.tokens.slice(from, to), mentions, lexicon).map((one) => one.name)),
    numbers: new Set(numbersIn(part.tokens.slice(from, to)).map((one) => one.value)),
  };
}

interface About {
  readonly names: ReadonlySet<string>;
  readonly numbers: ReadonlySet<string>;
}

const SAME_FINDING_MIN = 2;
const SAME_SITE_MIN = 4;

/** A side in the note, with the part it stands in and, found when first asked for, what it says is there. */
interface NoteSide extends SideMention {
  readonly part: ReadPart;
  readonly complaints: () => ReadonlySet<string>;
}

/** No note names the sides of one site as often; what goes beyond is not weighed. */
const NAMESAKES_MAX = 200;

function sidesBySite(
  noteSides: readonly { readonly part: ReadPart; readonly sides: readonly SideMention[] }[],
): ReadonlyMap<string, readonly NoteSide[]> {
  const bySite = new Map<string, NoteSide[]>();
  for (const { part, sides } of noteSides)
    for (const side of sides) {
      let known: ReadonlySet<string> | null = null;
      const one = { ...side, part, complaints: () => (known ??= complaintsAt(part, side)) };
      for (const site of side.sites) {
        const list = bySite.get(site) ?? [];
        if (list.length < NAMESAKES_MAX) list.push(one);
        bySite.set(site, list);
      }
    }
  return bySite;
}

/** All sides of the note that share a site with this one, itself among them. */
function namesakesOf(mention: SideMention, bySite: ReadonlyMap<string, readonly NoteSide[]>): readonly NoteSide[] {
  return [...new Set([...mention.sites].flatMap((site) => bySite.get(site) ?? []))];
}

/**
 * Where the note itself says the other side of the same finding at the same site, or often enough of the site alone, and
 * this side nowhere but here.
 */
function againstRest(part: ReadPart, mention: SideMention, namesakes: readonly NoteSide[]): NoteSide | null {
  if (speaksOfBoth(part, mention)) return null;
  const about = complaintsAt(part, mention);
  const rest = namesakes.filter((one) => one.part !== part || one.at !== mention.at);
  const same = rest.filter((one) => overlaps(one.complaints(), about));
  for (const [group, least] of [
    [same, SAME_FINDING_MIN],
    [rest, SAME_SITE_MIN],
  ] as const) {
    const [first] = group;
    if (first !== undefined && group.length >= least && group.every((one) => one.side !== mention.side)) return first;
  }
  return null;
}

function speaksOfBoth(part: ReadPart, mention: SideMention): boolean {
  const [from, to] = sentenceAt(part, mention.at);
  return part.tokens.slice(from, to).some((token) => token.text === other[mention.side] || BOTH.has(token.text));
}

/** What the sentence says the patient has at that side; nothing where it speaks of both sides. */
function complaintsAt(part: ReadPart, mention: SideMention): ReadonlySet<string> {
  const [from, to] = sentenceAt(part, mention.at);
  if (speaksOfBoth(part, mention)) return new Set();
  return new Set(
    mentionsIn(part, from, to).flatMap((one) => (one.kind !== 'site' && part.under[one.from] !== true ? [conceptKey(one)] : [])),
  );
}

const BOTH = new Set(['both', 'bilateral', 'bilaterally', 'either', 'each', 'contralateral', 'opposite', 'other']);

/** What the visit denies of a side settles what the note denies of it: "just on the right side, not on the left". */
function saidOf(said: readonly SideMention[], mention: SideMention, denied: boolean, heard: Heard): readonly SideMention[] {
  const refused = said.filter((one) => one.side === mention.side && heard.under[one.at] === true);
  return denied && refused.length > 0 ? refused : said;
}

const CONTEXT = 16;
/** What stands beyond the end of the sentence counts less. */
const FAR = 0.75;
/** How much better the other side must fit. */
const LEAD_MIN = 0.05;

/**
 * Narrow evidence first: the same site, then the region, then any. Where both sides were spoken of, the one whose
 * surrounding words fit the note's sentence decides; where that is even, a side that stands alone against the rest of the
 * note and of the visit is shown.
 */
function judge(
  mention: SideMention,
  said: readonly SideMention[],
  about: About,
  namesakes: readonly SideMention[],
  heard: Heard,
): 'agrees' | 'not-heard' | SideMention {
  const at = (sites: ReadonlySet<string>) => said.filter((one) => overlaps(one.sites, sites));
  for (const evidence of [at(mention.sites), at(relatedTo(mention.sites)), said]) {
    const same = evidence.filter((one) => one.side === mention.side);
    const opposite = evidence.filter((one) => one.side === other[mention.side]);
    const [first] = opposite;
    if (same.length === 0 && first === undefined) continue;
    if (first === undefined) return 'agrees';
    if (same.length === 0) return first;
    const fitSame = Math.max(...same.map((one) => fit(heard, one, about)));
    const best = [...opposite].sort((left, right) => fit(heard, right, about) - fit(heard, left, about))[0] ?? first;
    const lead = fit(heard, best, about) - fitSame;
    const alike = namesakes.filter((one) => one.side === mention.side).length;
    const alone = namesakes.length > 2 * alike;
    if (lead >= LEAD_MIN || (alone && lead >= 0)) return best;
    return 'agrees';
  }
  return 'not-heard';
}

/** The rarer of the visit's words a side shares with the note's sentence, the more it fits. */
function fit(heard: Heard, mention: SideMention, about: About): number {
  const [from, to] = reach(heard.tokens, mention.at, 0, heard.tokens.length);
  let near = mention.at;
  while (near > from && !SENTENCE_END.has(heard.tokens[near - 1]?.text ?? '')) near -= 1;
  let end = mention.at;
  while (end < to && !SENTENCE_END.has(heard.tokens[end]?.text ?? '')) end += 1;
  const rarity = (places: readonly number[]): number =>
    (places.some((at) => at >= near && at < end) ? 1 : places.some((at) => at >= from && at < to) ? FAR : 0) /
    (1 + Math.log2(1 + places.length / 2));
  let sum = 0;
  for (const name of about.names) sum += rarity(heard.byFeature.get(name) ?? []);
  for (const value of about.numbers) sum += rarity((heard.byNumber.get(value) ?? []).map((one) => one.from));
  return sum;
}

function reach(tokens: readonly Token[], at: number, least: number, most: number): readonly [from: number, to: number] {
  const opposite = other[tokens[at]?.text === 'left' ? 'left' : 'right'];
  let from = at;
  while (from > Math.max(least, at - CONTEXT) && tokens[from - 1]?.text !== opposite) from -= 1;
  let to = at + 1;
  while (to < Math.min(most, at + CONTEXT) && tokens[to]?.text !== opposite) to += 1;
  return [from, to];
}

function overlaps(left: ReadonlySet<string>, right: ReadonlySet<string>): boolean {
  for (const one of left) if (right.has(one)) return true;
  return false;
}

function relatedTo(sites: ReadonlySet<string>): ReadonlySet<string> {
  const related = new Set(sites);
  for (const region of REGIONS) if (region.some((site) => sites.has(site))) for (const site of region) related.add(site);
  return related;
}

/** "Right worse than right", "4/5 on the left, 5/5 on the left": two sides were meant and one is named twice (F2). */
export function sidesRepeated(context: NoteContext): readonly NoteFinding[] {
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    for (const [from, to] of joined(part)) {
      const sides = part.tokens
        .slice(from, to)
        .flatMap((token, offset) => (sideOf(token) === null ? [] : [{ side: sideOf(token), at: from + offset }]));
      for (const [index, one] of sides.entries()) {
        const next = sides[index + 1];
        if (next === undefined || next.side !== one.side) continue;
        const between = part.tokens.slice(one.at + 1, next.at).map((token) => token.text);
        const sameWords =
          between.length >= 3 && !between.some((word) => ASPECTS.has(word)) && sameFrame(part.tokens, one.at, next.at);
        if (!(between.join(' ') === 'and' || between.some((word) => CONTRASTS.has(word)) || sameWords)) continue;
        findings.push({
          rule: 'note-contradiction',
          severity: 'review',
          path: part.path,
          span: spanOf(part.tokens, one.at, next.at + 1),
          message: `"${words(part, one.at, next.at + 1)}" compares a side with itself.`,
        });
      }
    }
  }
  return findings;
}

/** Two aspects of one side are two places. */
const ASPECTS: ReadonlySet<string> = new Set(placeWords.filter((word) => word !== 'left' && word !== 'right'));

/** Sentences, those that only a semicolon parts as one. */
function joined(part: ReadPart): readonly (readonly [from: number, to: number])[] {
  const result: [number, number][] = [];
  for (const [from, to] of part.sentences) {
    const last = result.at(-1);
    if (last !== undefined && part.tokens[from - 1]?.text === ';') last[1] = to;
    else result.push([from, to]);
  }
  return result;
}

const CONTRASTS = new Set(['than', 'versus', 'moved', 'moves', 'shifted', 'shifts', 'contralateral', 'opposite']);

/** The same words stand around both sides: "sharp on the left side; dull on the left side", "on the left, 5/5 on the left". */
function sameFrame(tokens: readonly Token[], left: number, right: number): boolean {
  let after = 1;
  while (left + after < right && tokens[left + after]?.text === tokens[right + after]?.text) after += 1;
  if (!/^[,;]$/.test(tokens[left + after]?.text ?? '')) return false;
  return [1, 2].every((back) => tokens[left - back]?.text === tokens[right - back]?.text);
}

const AFTER = 5;
const BEFORE = 6;

function sidesOf(part: ReadPart): readonly SideMention[] {
  const found: SideMention[] = [];
  for (const [at, token] of part.tokens.entries()) {
    const side = sideOf(token);
    if (side === null || notASide(part.tokens, at)) continue;
    const [from, to] = sentenceAt(part, at);
    found.push({ side, at, sites: sitesNear(mentionsIn(part, from, to), at, from, to) });
  }
  return found;
}

function sideOf(token: Token): Side | null {
  return token.text === 'left' || token.text === 'right' ? token.text : null;
}

/** The site right after the side; failing that, those before it in the sentence. */
function sitesNear(mentions: readonly Mention[], at: number, from: number, to: number): ReadonlySet<string> {
  const sites = mentions.filter((one) => one.kind === 'site' && one.from >= from && one.to <= to);
  const after = sites.filter((one) => one.from > at && one.from - at <= AFTER);
  if (after.length > 0) return new Set(after.map((one) => one.name));
  return new Set(sites.filter((one) => one.from < at && at - one.from <= BEFORE).map((one) => one.name));
}

const BEFORE_SIDE = new Set([
  'my',
  'your',
  'his',
  'her',
  'the',
  'on',
  'that',
  'this',
  'in',
  'both',
  'to',
  'upper',
  'lower',
  'of',
  'from',
  'and',
  'or',
  'a',
  'with',
  'medial',
  'lateral',
]);
const AFTER_NO_SIDE = new Set([
  'now',
  'away',
  'after',
  'there',
  'here',
  'before',
  'back',
  'okay',
  'so',
  'i',
  'you',
  'he',
  'she',
  'and',
  'but',
  'when',
  'then',
  'up',
  '?',
  'over',
  'around',
  'it',
  'that',
  'where',
  'we',
]);
const LEAVING = new Set(['i', 'you', 'he', 'she', 'we', 'they', 'have', 'has', 'had', 'been', 'be', 'is', 'get', 'just']);

function notASide(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text ?? '';
  const next = tokens[at + 1]?.text ?? '';
  if (next === 'and' && (tokens[at + 2]?.text === 'left' || tokens[at + 2]?.text === 'right')) return true;
  if (before === 'and' && (tokens[at - 2]?.text === 'left' || tokens[at - 2]?.text === 'right')) return true;
  if (before === 'all' || next === 'handed' || (next === 'hand' && tokens[at + 2]?.text === 'dominant')) return true;
  if (next === 'back' && tokens[at + 2]?.text !== 'to') return false;
  return AFTER_NO_SIDE.has(next) && next !== 'and' && next !== 'over' && !BEFORE_SIDE.has(before);
}

/** Sides of the transcript: "all right", "right ?" and "he left" are none. */
function heardSides(heard: Heard): readonly SideMention[] {
  const found: SideMention[] = [];
  for (const [at, token] of heard.tokens.entries()) {
    const side = sideOf(token);
    if (side === null || notASide(heard.tokens, at)) continue;
    const before = heard.tokens[at - 1]?.text ?? '';
    const sites = sitesNear(heard.mentions, at, at - BEFORE, at + AFTER + 2);
    const siteNext = heard.mentions.some((one) => one.kind === 'site' && one.from > at && one.from - at <= 4);
    if (!siteNext && (!BEFORE_SIDE.has(before) || LEAVING.has(before))) continue;
    const wide = sites.size > 0 ? sites : sitesNear(heard.mentions, at, at - 25, at + 25);
    found.push({ side, at, sites: wide });
  }
  return found.filter((one, index) => !corrected(heard.tokens, one, found[index + 1]));
}

const CORRECTED_WITHIN = 5;

/** "Left leg pain. Right leg pain, right leg pain?", "on my left, on my right side": the first was a slip of the tongue. */
function corrected(tokens: readonly Token[], one: SideMention, next: SideMention | undefined): boolean {
  if (next === undefined || next.side === one.side || next.at - one.at > CORRECTED_WITHIN) return false;
  const between = tokens.slice(one.at + 1, next.at).map((token) => token.text);
  if (between.some((word) => PAIRS.has(word))) return false;
  const [before, after] = [-1, 1].map((step) => tokens[one.at + step]?.text === tokens[next.at + step]?.text);
  return (between.length > 0 && between.length <= 2 && before === true) || (between.length > 1 && after === true);
}

const PAIRS = new Set(['and', 'or', 'but', 'than', 'versus', 'to', 'side', 'with']);
