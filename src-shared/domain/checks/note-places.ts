import { featuresOf, type Feature } from './features.ts';
import { sentenceAt, type NoteContext, type ReadPart } from './note.ts';
import type { Token } from './text.ts';
import type { Heard } from './transcript.ts';
import type { Polarity } from './dialogue.ts';

/** Places of the visit that are like a place of the note: by the words around both, and by the parts of the body they name. */

/** Names of what stands at each place of a text ({@link featuresOf}); nothing where no telling word stands. */
export type NamesAt = readonly (readonly string[] | undefined)[];

export interface Place {
  readonly at: number;
  /** How much of the note's surroundings stands there too; the rarer a word of the visit, the more it counts. */
  readonly fit: number;
  readonly said: Polarity;
}

export interface Sources {
  readonly heard: Heard;
  readonly heardNames: NamesAt;
  /** Of the part of the note. */
  readonly names: NamesAt;
}

function namesOf(tokens: readonly Token[], features: readonly Feature[]): NamesAt {
  const names = new Array<string[] | undefined>(tokens.length);
  for (const { name, at } of features) {
    const list = names[at];
    if (list === undefined) names[at] = [name];
    else list.push(name);
  }
  return names;
}

export function heardNamesOf(heard: Heard): NamesAt {
  const features = [...heard.byFeature].flatMap(([name, places]) => places.map((at) => ({ name, at })));
  return namesOf(heard.tokens, features);
}

export function partNamesOf(part: ReadPart, context: NoteContext): NamesAt {
  return namesOf(part.tokens, featuresOf(part.tokens, part.mentions, context.lexicon));
}

const NOTE_WITHIN = 12;
const BEYOND_SENTENCE = 6;
const HEARD_WITHIN = 14;

/** Names around a place of the note: of its sentence, and a little of what goes before. */
export function surroundings(part: ReadPart, at: number, names: NamesAt): ReadonlySet<string> {
  const [from, to] = sentenceAt(part, at);
  const found = new Set<string>();
  for (let place = Math.max(0, from - BEYOND_SENTENCE, at - NOTE_WITHIN); place < Math.min(to, at + NOTE_WITHIN); place += 1)
    for (const name of names[place] ?? []) found.add(name);
  return found;
}

/** Every place where the visit names it, the one most like the note first. */
export function placesLike(name: string, around: ReadonlySet<string>, sources: Sources): readonly Place[] {
  const { heard } = sources;
  return (heard.byFeature.get(name) ?? [])
    .map((at): Place => ({ at, fit: fitAt(at, around, sources), said: heard.polarity[at] ?? 'asked' }))
    .sort((left, right) => right.fit - left.fit);
}

function fitAt(place: number, around: ReadonlySet<string>, { heard, heardNames }: Sources): number {
  const seen = new Set<string>();
  let fit = 0;
  for (let at = Math.max(0, place - HEARD_WITHIN); at <= place + HEARD_WITHIN; at += 1) {
    let most = 0;
    for (const name of heardNames[at] ?? []) {
      if (!around.has(name) || seen.has(name)) continue;
      seen.add(name);
      // A word and the finding that it names count once.
      most = Math.max(most, 1 / (1 + Math.log2(1 + (heard.byFeature.get(name)?.length ?? 1) / 2)));
    }
    fit += most;
  }
  return fit;
}

const AGREES = { fit: 1, others: 0.8 };

/** For findings of other rules: whether the place of the visit that is most like the note's says the same as the note. */
export function likestSays(context: NoteContext): (part: ReadPart, at: number, name: string, denied: boolean) => boolean {
  const { heard } = context.evidence;
  const namesBy = new Map<ReadPart, NamesAt>();
  let heardNames: NamesAt | null = null;
  return (part, at, name, denied) => {
    if (heard === null) return false;
    const names = namesBy.get(part) ?? partNamesOf(part, context);
    namesBy.set(part, names);
    heardNames ??= heardNamesOf(heard);
    const places = placesLike(name, surroundings(part, at, names), { heard, heardNames, names });
    const [best] = places;
    if (best === undefined || best.fit < AGREES.fit || best.said !== (denied ? 'denied' : 'affirmed')) return false;
    return !places.some((one) => one.said !== best.said && one.fit > AGREES.others * best.fit);
  };
}

/** From one token place to another. */
interface Clause {
  readonly from: number;
  readonly to: number;
}

const OPPOSITES: readonly (readonly [string, string])[] = [
  ['left', 'right'],
  ['medial', 'lateral'],
  ['medial', 'outside'],
  ['lateral', 'inside'],
  ['lateral', 'medial'],
  ['right', 'left'],
  ['flexion', 'extension'],
  ['extension', 'flexion'],
  ['supination', 'pronation'],
  ['pronation', 'supination'],
  ['active', 'passive'],
  ['passive', 'active'],
  ['upper', 'lower'],
  ['lower', 'upper'],
];
const SIDES = OPPOSITES.filter(([own]) => own === 'left' || own === 'right');
const AROUND = 10;

/** False for a stretch about another place than the clause: the outside of the knee, where the note speaks of the inside. */
export function fitsPlaces(part: ReadPart, clause: Clause, heard: Heard, stretch: Clause): boolean {
  const here = new Set(part.tokens.slice(clause.from, clause.to).map((token) => token.text));
  const said = new Set(heard.tokens.slice(Math.max(0, stretch.from - AROUND), stretch.to + AROUND).map((token) => token.text));
  // What is denied of one side is contradicted only where that side is named.
  const denied = part.under.slice(clause.from, clause.to).some(Boolean);
  if (denied && SIDES.some(([side, other]) => here.has(side) && !said.has(side) && heard.byStem.has(other))) return false;
  return OPPOSITES.every(([own, other]) => !here.has(own) || here.has(other) || said.has(own) || !said.has(other));
}
