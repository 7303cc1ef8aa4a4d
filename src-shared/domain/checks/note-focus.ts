import { sentenceAt, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { fitsPlaces, heardNamesOf, partNamesOf, placesLike, surroundings } from './note-places.ts';
import type { NamesAt, Place, Sources } from './note-places.ts';
import { tellsTime } from './note-statements.ts';
import { SENTENCE_END, spanOf, type Token } from './text.ts';
import type { Heard } from './transcript.ts';

/**
 * The one word that a negation governs ("CT without contrast", "no residual pigmentation"), held against the place of the visit
 * whose surroundings are most like those of the note (F2). Where a whole clause is weighed, such a word is outvoted by all
 * that note and visit say alike.
 */

/** A word said more often than this is told apart by other rules. */
const PLACES_MAX = 12;

const LOST = { fit: 1.2, always: 0.7, others: 0.5 };
const ADDED = { fit: 1.7, told: 1, others: 0.3 };

export function focusDiffers(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const heardNames = heardNamesOf(heard);
  const told = toldIn(heard);
  const heardGoverned = governed(heard.tokens, heard.under, heardNames);
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    const names = partNamesOf(part, context);
    const noteGoverned = governed(part.tokens, part.under, names);
    for (const [at, here] of names.entries()) {
      const denied = part.under[at] === true;
      if (here?.some((name) => told[denied ? 'affirmed' : 'denied'].has(name)) !== true) continue;
      if (denied ? !noteGoverned.has(at) || !isDenial(part, at) : !statesPlainly(part, at)) continue;
      // "Weight loss" is not weight: what has a name of its own goes by that name.
      const named = here.filter((name) => name.includes(' '));
      for (const name of named.length > 0 ? named : here) {
        const against = placeAgainst(part, at, name, denied, { heard, heardNames, heardGoverned, names });
        if (against === null) continue;
        findings.push({
          rule: 'note-negation-differs',
          severity: 'review',
          path: part.path,
          span: spanOf(part.tokens, at, at + 1),
          transcriptSpan: spanOf(heard.tokens, against.at, against.at + 1),
          message: `The note ${denied ? 'denies' : 'affirms'} "${words(part, at, at + 1)}"; the place of the visit that is most like it ${denied ? 'affirms' : 'denies'} it.`,
        });
        break;
      }
    }
  }
  return findings;
}

/** Names that the visit affirms somewhere, and those that it denies: of the others nothing can differ. */
function toldIn(heard: Heard): Readonly<Record<'affirmed' | 'denied', ReadonlySet<string>>> {
  const told = { affirmed: new Set<string>(), denied: new Set<string>() };
  for (const [name, places] of heard.byFeature)
    for (const at of places) told[heard.polarity[at] === 'denied' ? 'denied' : 'affirmed'].add(name);
  return told;
}

interface Against extends Sources {
  readonly heardGoverned: ReadonlySet<number>;
}

/** The place of the visit that fits best, when it says the opposite and no place that agrees fits nearly as well. */
function placeAgainst(part: ReadPart, at: number, name: string, denied: boolean, sources: Against): Place | null {
  const { heard, heardGoverned } = sources;
  const said = heard.byFeature.get(name) ?? [];
  if (said.length === 0 || said.length > PLACES_MAX) return null;
  const around = surroundings(part, at, sources.names);
  const places = placesLike(name, around, sources);
  const [best] = places;
  const { fit, others } = denied ? ADDED : LOST;
  // Denied wherever it was spoken of, it need not be known by its surroundings.
  const always = !denied && places.length > 1 && places.every((place) => place.said === 'denied');
  const told =
    denied && name.includes(' ') && places.every((place) => place.said === 'affirmed' && tellsPlainly(heard, place.at));
  if (best === undefined || best.fit < (always ? LOST.always : told ? ADDED.told : fit)) return null;
  if (
    denied
      ? best.said !== 'affirmed' || !tellsPlainly(heard, best.at)
      : best.said !== 'denied' || (!heardGoverned.has(best.at) && !(always && name.includes(' ')))
  )
    return null;
  const [from, to] = sentenceAt(part, at);
  if (!fitsPlaces(part, { from, to }, heard, { from: best.at, to: best.at })) return null;
  if (MODIFIERS.test(heard.tokens[best.at]?.text ?? '') && best.fit < MODIFIER_FIT_MIN) return null;
  if (!denied && !always && !deniesThing(heard, best.at) && !sharesNext(best.at, around, sources)) return null;
  const agreeing = places.some((place) => place.said !== best.said && place.fit > others * best.fit);
  return agreeing ? null : best;
}

const THING = /^(?:no|without|any|negative)$/;

/** "No contrast" denies the thing itself, "do not recommend surgery" only what is said of another. */
function deniesThing(heard: Heard, at: number): boolean {
  for (let place = at - 1; place >= at - GOVERNED_WITHIN; place -= 1) {
    const word = heard.tokens[place]?.text ?? '\n';
    if (SENTENCE_END.has(word)) return false;
    if (THING.test(word)) return true;
  }
  return false;
}

/** Whether the note speaks of the next telling word under the same negation too. */
function sharesNext(at: number, around: ReadonlySet<string>, { heard, heardNames }: Sources): boolean {
  for (let place = at + 1; place <= at + GOVERNED_WITHIN && heard.under[place] === true; place += 1) {
    const next = heardNames[place];
    if (next !== undefined) return next.some((name) => around.has(name));
  }
  return false;
}

const GOVERNED_WITHIN = 5;
// "Any recent changes" denies changes, and says little of what is recent.
const MODIFIER_FIT_MIN = 2;
const MODIFIERS =
  /^(?:recent|recently|significant|significantly|additional|additionally|acute|obvious|new|severe|major|known|prior|previous|previously|current|currently|other|much|many|poor|good|usual|usually|every|really)$/;
const GENERAL = new Set(['pain', 'symptom pain', 'symptom tenderness', 'evidence', 'concern', 'recomm']);
const ITEMS = new Set([',', 'or', 'nor']);

/** The first telling word after each negation, and after each comma or "or" of the list that it denies. */
function governed(tokens: readonly Token[], under: readonly boolean[], names: NamesAt): ReadonlySet<number> {
  const found = new Set<number>();
  let left = 0;
  for (const [at, token] of tokens.entries()) {
    if (under[at] !== true) left = 0;
    else if (under[at - 1] !== true || ITEMS.has(token.text)) left = GOVERNED_WITHIN;
    const here = left > 0 ? names[at] : undefined;
    if (here !== undefined) {
      found.add(at);
      // "No pain with pronation" denies what the pain is named by.
      if (!MODIFIERS.test(token.text) && !here.some((name) => GENERAL.has(name))) left = 0;
    }
    left -= 1;
  }
  return found;
}

/** "Declined cereal" and "denies tingling today" leave room for what the visit affirms. */
function isDenial(part: ReadPart, at: number): boolean {
  const [from, to] = sentenceAt(part, at);
  if (tellsTime(part, { from: Math.max(from, at - OPEN_BEFORE), to: Math.min(to, at + OPEN_AFTER + 1) }, true)) return false;
  return !part.tokens.slice(Math.max(from, at - OPEN_BEFORE), at).some((token) => /^declin/.test(token.text));
}

const OPEN =
  /^(?:no|not|none|never|without|denies|denied|negative|absent|removed|resolved|stopped|discontinued|declined|refused|avoid|unable|less|if|unless|whether|should|may|might|could|risks?|prevent|call|return|monitor|watch|ask|asked|options?|consider|rule|exclude|any|necessarily|ago|prior|previous|previously)$/;
const OPEN_BEFORE = 10;
const OPEN_AFTER = 4;
const HEADING_MAX = 3;

/** False in headings and where the sentence leaves open, or ends, what it names. */
function statesPlainly(part: ReadPart, at: number): boolean {
  const [from, to] = sentenceAt(part, at);
  if (to - from <= HEADING_MAX && part.tokens[to]?.text !== '.') return false;
  if ([1, 2].some((after) => part.tokens[at + after]?.text === ':')) return false;
  const near = part.tokens.slice(Math.max(from, at - OPEN_BEFORE), Math.min(to, at + OPEN_AFTER + 1));
  const here = Math.min(at - from, OPEN_BEFORE);
  // "No rash, lesion, no bruising": what another "no" of the list denies is its own item.
  const item = near.slice(0, here).findLastIndex((token) => token.text === ',');
  return !near.some(
    (token, place) => OPEN.test(token.text) && !(/^(?:no|not)$/.test(token.text) && (place < item || place > here)),
  );
}

const TELLS = /^(?:i|i'm|i've|my|there|shows?|have|has|had|see|positive|appreciate|notice|hear|got|is|am|are|was|were)$/;
const TELLS_BEFORE = 8;

/** Somebody says outright that it is so: "I am really tired", "there is a soft node", "the exam shows". */
function tellsPlainly(heard: Heard, at: number): boolean {
  let tells = false;
  for (let place = at - 1; place >= at - TELLS_BEFORE; place -= 1) {
    const word = heard.tokens[place]?.text ?? '\n';
    if (SENTENCE_END.has(word)) break;
    if (OPEN.test(word) || word === 'or') return false;
    tells ||= TELLS.test(word);
  }
  return tells;
}
