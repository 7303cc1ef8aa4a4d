import type { Polarity } from './dialogue.ts';
import { ROOT, type Heard } from './transcript.ts';
import { mentionsUpTo, sentenceAt, statesFact, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { isWord, spanOf, type Token } from './text.ts';
import { conceptKey, placeWords, type Mention } from './lexicon.ts';

/** What the note affirms against what the visit denied, and the other way about (F2). */

export function negationDiffers(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  const shown = new Set<string>();
  for (const part of context.parts) {
    for (const mention of part.mentions) {
      if (mention.kind !== 'symptom' && mention.kind !== 'diagnosis') continue;
      if (!statesFact(part, mention.from)) continue;
      const denied = part.under[mention.from] === true;
      if (aboutNow(part, mention, denied)) continue;
      const against = heardAgainst(part, mention, denied, heard);
      const once = `${denied ? 'denied' : 'affirmed'} ${conceptKey(mention)}`;
      if (against === null || shown.has(once)) continue;
      shown.add(once);
      findings.push({
        rule: 'note-negation-differs',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, mention.from, mention.to),
        transcriptSpan: spanOf(heard.tokens, against.from, against.to),
        message: `The note ${denied ? 'denies' : 'affirms'} "${words(part, mention.from, mention.to)}"; in the visit it was ${denied ? 'affirmed' : 'denied'}.`,
      });
    }
  }
  return findings;
}

const NOW = new Set([
  'recent',
  'recently',
  'new',
  'since',
  'currently',
  'today',
  'now',
  'time',
  'further',
  'other',
  'additional',
  'significant',
  'every',
  'much',
  'longer',
  'yet',
  'quit',
  'former',
  'stopped',
  'never',
]);

const ENDED = new Set(['quit', 'former', 'stopped', 'never', 'ago', 'initially', 'previously', 'previous', 'resolved', 'prior']);

/** "Denies recent kidney stones" does not deny those of ten years ago. */
function aboutNow(part: ReadPart, mention: Mention, denied: boolean): boolean {
  const [from, to] = sentenceAt(part, mention.from);
  return part.tokens
    .slice(Math.max(from, mention.from - 8), Math.min(to, mention.to + 5))
    .some((token) => (denied ? NOW : ENDED).has(token.text));
}

const PLACES = new Set([...placeWords, 'movement', 'flexion', 'extension', 'supination', 'pronation', 'palpation', 'strength']);
// Concepts that say little without their place.
const PLACED = new Set([
  'pain',
  'tenderness',
  'edema',
  'mass',
  'popping',
  'numbness',
  'tingling',
  'weakness',
  'erythema',
  'bruising',
  'stiffness',
  'trauma',
  'fracture',
  'infection',
  'wound',
  'fall',
]);

/** Where the visit said the opposite of this finding, wherever it spoke of it; `null` when nothing contradicts. */
function heardAgainst(part: ReadPart, mention: Mention, denied: boolean, heard: Heard): Mention | null {
  const [from, to] = sentenceAt(part, mention.from);
  const named = placesIn(part.tokens, from, to);
  // What is denied of one side, or with a word of its own ("barky cough"), only that side or that word contradicts.
  const places = !denied ? [] : PLACED.has(mention.name) ? named : named.filter((place) => sidesApart(place, mention, heard));
  const quality = denied ? qualityOf(part, mention) : null;
  const said = (heard.byConcept.get(conceptKey(mention)) ?? []).filter((one) => {
    const near = placesIn(heard.tokens, Math.max(0, one.from - 8), one.to + 8);
    const fits = quality === null || (heard.byStem.get(quality) ?? []).some((at) => at >= one.from - 4 && at < one.to + 4);
    return fits && places.every((place) => near.includes(place));
  });
  if (said.length === 0) return null;
  const of = (polarity: Polarity): readonly Mention[] => said.filter((one) => heard.polarity[one.from] === polarity);
  const plainly = of('affirmed');
  const refused = of('denied');
  // A denial is the rule in a note; it takes more than one plain word of the visit to doubt it.
  if (denied) {
    const enough = PLACED.has(mention.name)
      ? plainly.length === said.length
      : plainly.length >= PLAIN_TO_REFUSED * refused.length && 2 * plainly.length > said.length;
    return plainly.length >= 2 && enough ? (plainly[0] ?? null) : null;
  }
  // Refused wherever it was spoken of, or refused at all where the note says outright that the patient has it; which of
  // several places a statement is about, its words decide (note-statements.ts).
  const refusedAlways =
    (refused.length === said.length && !PLACED.has(mention.name)) || (plainly.length === 0 && leads(part, mention));
  return refusedAlways ? (refused[0] ?? null) : null;
}

/** Whether the visit speaks of this finding at the side that is not named: then it is not the same on both. */
function sidesApart(place: string, mention: Mention, heard: Heard): boolean {
  if (place !== 'left' && place !== 'right') return false;
  const other = place === 'left' ? 'right' : 'left';
  return (heard.byConcept.get(conceptKey(mention)) ?? []).some((one) =>
    placesIn(heard.tokens, Math.max(0, one.from - 8), one.to + 8).includes(other),
  );
}

const NO_QUALITY = new Set(
  `any some mild moderate severe significant acute current active associated new other further additional more much recent
  bilateral low chronic occasional intermittent having has have had and or of for the a an his her their with in to from no not`.split(
    /\s+/,
  ),
);

/** The word right before a denied finding that says which kind of it is denied; `null` when there is none. */
export function qualityOf(part: ReadPart, mention: Mention): string | null {
  const token = part.tokens[mention.from - 1];
  if (token === undefined || part.under[mention.from - 1] !== true || !isWord(token)) return null;
  if (NO_QUALITY.has(token.text) || PLACES.has(token.text)) return null;
  return mentionsUpTo(part, mention.from).length > 0 ? null : token.stem;
}

const PLAIN_TO_REFUSED = 4;

function placesIn(tokens: readonly Token[], from: number, to: number): readonly string[] {
  return tokens.slice(from, to).flatMap((token) => (PLACES.has(token.text) ? [token.text] : []));
}

const LEADS = new Set([
  'reports',
  'reported',
  'endorses',
  'endorsed',
  'admits',
  'complains',
  'positive',
  'experiencing',
  'experienced',
  'has',
  'have',
  'had',
  'presents',
  'noted',
  'there',
]);

/** True when the sentence says outright that the patient has it ("reports", "endorses"): then being asked about it is too little. */
function leads(part: ReadPart, mention: Mention): boolean {
  const [from] = sentenceAt(part, mention.from);
  return part.tokens.slice(from, mention.from).some((token) => LEADS.has(token.text));
}

/** Findings that the note affirms and nobody spoke of. */
export function findingsNotHeard(context: NoteContext): readonly NoteFinding[] {
  const { heard, chart, draft } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  const seen = new Set<string>();
  for (const part of context.parts) {
    for (const mention of part.mentions) {
      if (mention.kind !== 'symptom' && mention.kind !== 'diagnosis' && mention.kind !== 'procedure') continue;
      const key = conceptKey(mention);
      if (seen.has(key) || part.under[mention.from] === true || !statesFact(part, mention.from)) continue;
      if (heard.byConcept.has(key) || chart?.byConcept.has(key) === true) continue;
      if (draft !== null && !draft.byConcept.has(key)) continue;
      if (UNSPOKEN.has(mention.name) || wordsHeard(part, mention, heard)) continue;
      seen.add(key);
      findings.push({
        rule: `note-${mention.kind === 'symptom' ? 'finding' : mention.kind}-not-heard`,
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, mention.from, mention.to),
        message: `The note states "${words(part, mention.from, mention.to)}"; nobody spoke of it in the visit.`,
      });
    }
  }
  return findings;
}

// What clinicians see, name in their own words or ask for by its parts: its absence from the talk says little.
const UNSPOKEN = new Set([
  'pain',
  'tenderness',
  'trauma',
  'alcohol use',
  'tobacco use',
  'acute distress',
  'warmth',
  'effusion',
  'erythema',
  'edema',
  'stiffness',
  'sputum',
  'fatigue',
  'abnormal gait',
  'insomnia',
  'congestion',
  'weakness',
  'fall',
  'sick contacts',
  'x-ray',
  'electrocardiogram',
  'ct scan',
  'covid-19',
  'deformity',
  'drainage',
  'heartburn',
  'anxiety',
  'osteoarthritis',
  'infection',
]);

/** The words of a name were all spoken, if not together: what is meant was spoken of in other words. */
function wordsHeard(part: ReadPart, mention: Mention, heard: Heard): boolean {
  const telling = part.tokens.slice(mention.from, mention.to).filter((token) => token.text.length > 3);
  // "My knee hurts" is knee pain.
  const hurts = heard.byConcept.has('symptom pain');
  return (
    telling.length > 0 &&
    telling.every(
      (token) =>
        heard.byStem.has(token.stem) ||
        (token.text === 'pain' && hurts) ||
        (token.stem.length >= ROOT && heard.roots.has(token.stem.slice(0, ROOT))),
    )
  );
}
