import { conceptKey, type Lexicon, type Mention } from './lexicon.ts';
import { isWord, stemOf, type Token } from './text.ts';

/** What a stretch of text is about: its content words and concepts, in note and visit under the same names. */

export interface Feature {
  readonly name: string;
  /** Place of its first token. */
  readonly at: number;
}

/** Content words (one name for all forms and for words that say the same) and concepts; body sites are content words. */
export function featuresOf(tokens: readonly Token[], mentions: readonly Mention[], lexicon: Lexicon): readonly Feature[] {
  const features: Feature[] = [];
  for (const [at, token] of tokens.entries()) if (isContent(token)) features.push({ name: lexicon.wordOf(token.stem), at });
  for (const mention of mentions) if (mention.kind !== 'site') features.push({ name: conceptKey(mention), at: mention.from });
  return features;
}

function isContent(token: Token): boolean {
  return isWord(token) && token.text.length > 2 && !COMMON.has(token.stem);
}

const COMMON = new Set(
  `the and for with that this have has had was were are been not but from they she her his him hers their our your you who will would can could
  patient report state deny denies denied reports states history present today also which there any all she's he's about into after before over some than then when
  does did being more most other such only very well per day days week weeks month months year years old time times note notes noted continue take taking
  use used using follow following given give regarding feel feels felt since while still just good exam examination review left right currently
  male female due next few get got like what want make made thing just know think say said tell talk look see seem lot really little bit kind sort much many
  any anything something here there where how why when while able not none never without unable going gonna today appear visit currently`
    .split(/\s+/)
    .map(stemOf),
);
