import { conceptKey, type Lexicon, type Mention } from './lexicon.ts';
import { numbersIn, type NumberMention } from './numbers.ts';
import { polarities, type Polarity, type Turn } from './dialogue.ts';
import { featuresOf, type Feature } from './features.ts';
import { negated } from './polarity.ts';
import { tokenize, type Token } from './text.ts';

/** A visit as it was heard: words with who said them, what was affirmed, denied or only asked. */

export interface Heard {
  readonly text: string;
  readonly tokens: readonly Token[];
  readonly polarity: readonly Polarity[];
  /** True under a negation of the speaker's own words, also where they only ask or suppose. */
  readonly under: readonly boolean[];
  readonly mentions: readonly Mention[];
  readonly byConcept: ReadonlyMap<string, readonly Mention[]>;
  readonly byStem: ReadonlyMap<string, readonly number[]>;
  /** First letters of the longer words. */
  readonly roots: ReadonlySet<string>;
  readonly numbers: readonly NumberMention[];
  /** Places of content words and concepts, under one name for all that say the same ({@link featuresOf}). */
  readonly byFeature: ReadonlyMap<string, readonly number[]>;
  readonly byNumber: ReadonlyMap<string, readonly NumberMention[]>;
}

/** Letters by which "palpitate" and "palpitations" are the same word. */
export const ROOT = 5;

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
  const under = negated(tokens, 'speech');
  return {
    text,
    tokens,
    polarity: polarities(tokens, turns, mentions, under),
    under,
    mentions,
    byConcept: group(mentions, (mention) => conceptKey(mention)),
    byStem: stemPlaces(tokens),
    roots: new Set(tokens.flatMap(({ stem }) => (stem.length >= ROOT ? [stem.slice(0, ROOT)] : []))),
    byFeature: featurePlaces(featuresOf(tokens, mentions, lexicon)),
    numbers,
    byNumber: group(numbers, (number) => number.value),
  };
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

function featurePlaces(features: readonly Feature[]): ReadonlyMap<string, readonly number[]> {
  const places = new Map<string, number[]>();
  for (const { name, at } of features) {
    const list = places.get(name);
    if (list === undefined) places.set(name, [at]);
    else list.push(at);
  }
  return places;
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
