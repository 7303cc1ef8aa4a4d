import { qualityOf } from './note-negation.ts';
import { mentionsIn, sentenceAt, statesFact, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { spanOf, stemOf } from './text.ts';
import { conceptKey, placeWords, type Mention } from './lexicon.ts';

/** Statements that cannot stand as they are: against another statement of the note, or against their own words (F2). */

interface Stated {
  readonly part: ReadPart;
  readonly mention: Mention;
  readonly denied: boolean;
  /** Side, site and place words that tell one pain from another. */
  readonly where: string;
}

const PLACES = new Set([...placeWords, 'bilateral']);
const TIMES = new Set(
  [
    'now',
    'today',
    'yesterday',
    'until',
    'previously',
    'previous',
    'resolved',
    'past',
    'prior',
    'history',
    'before',
    'since',
    'ago',
    'last',
    'initially',
    'currently',
    'recent',
    'recently',
    'sometimes',
    'occasionally',
    'intermittently',
    'when',
    'with',
    'during',
    'after',
    'longer',
    'new',
    'used',
    'quit',
    'former',
    'regarding',
    'intermittent',
    'secondary',
  ].map(stemOf),
);
// Named so often, of so many places and kinds, that two statements need not be about the same thing.
const GENERAL = new Set([
  'pain',
  'tenderness',
  'edema',
  'mass',
  'trauma',
  'infection',
  'burning',
  'bleeding',
  'spasm',
  'popping',
  'wound',
  'drainage',
  'side effects',
  'weakness',
  'numbness',
  'tingling',
  'stiffness',
  'erythema',
  'bruising',
  'alcohol use',
  'tobacco use',
  'fracture',
  'fall',
  'acute distress',
  'deformity',
  'effusion',
  'instability',
]);

export function contradictions(context: NoteContext): readonly NoteFinding[] {
  const stated = context.parts.flatMap((part) =>
    part.mentions
      .filter(
        (mention) =>
          mention.kind === 'symptom' &&
          (complains(part, mention) || (statesFact(part, mention.from) && !tellsTime(part, mention))),
      )
      .map((mention): Stated => ({ part, mention, denied: part.under[mention.from] === true, where: whereOf(part, mention) })),
  );
  const denials = denialsByName(stated);
  const findings: NoteFinding[] = [];
  const seen = new Set<string>();
  for (const one of stated) {
    if (one.denied || seen.has(one.mention.name)) continue;
    const general = GENERAL.has(one.mention.name);
    const against = denials
      .get(one.mention.name)
      ?.find(
        (two) =>
          sameKind(one, two) &&
          (general || (isLabel(one.part, one.mention) && !complains(one.part, one.mention))
            ? one.where !== '' && two.where === one.where
            : agreesIn(one.where, two.where)),
      );
    if (against === undefined) continue;
    seen.add(one.mention.name);
    // What the visit affirmed stands; then the denial is the one to look at.
    const { heard } = context.evidence;
    const affirmed =
      heard?.byConcept.get(conceptKey(one.mention))?.some(({ from }) => heard.polarity[from] === 'affirmed') === true;
    const doubtful = affirmed ? against : one;
    findings.push({
      rule: 'note-contradiction',
      severity: 'review',
      path: doubtful.part.path,
      span: spanOf(doubtful.part.tokens, doubtful.mention.from, doubtful.mention.to),
      message: `The note ${doubtful.denied ? 'denies' : 'affirms'} "${words(doubtful.part, doubtful.mention.from, doubtful.mention.to)}" here and ${doubtful.denied ? 'affirms' : 'denies'} it elsewhere.`,
    });
  }
  return findings;
}

/** What is denied, by its name; of denials of the same place and kind the first. */
function denialsByName(stated: readonly Stated[]): ReadonlyMap<string, readonly Stated[]> {
  const seen = new Set<string>();
  const byName = new Map<string, Stated[]>();
  for (const one of stated) {
    const same = JSON.stringify([one.mention.name, one.where, qualityOf(one.part, one.mention)]);
    if (!one.denied || seen.has(same)) continue;
    seen.add(same);
    const list = byName.get(one.mention.name);
    if (list === undefined) byName.set(one.mention.name, [one]);
    else list.push(one);
  }
  return byName;
}

/** "No barky cough" leaves room for a cough of another kind. */
function sameKind(affirmed: Stated, denied: Stated): boolean {
  const quality = qualityOf(denied.part, denied.mention);
  return quality === null || quality === affirmed.part.tokens[affirmed.mention.from - 1]?.stem;
}

function agreesIn(left: string, right: string): boolean {
  return left === right || left === '' || right === '';
}

/** A line of two or three words is a heading or a complaint, not a statement. */
function isLabel(part: ReadPart, mention: Mention): boolean {
  const [from, to] = sentenceAt(part, mention.from);
  return to - from <= 4 && part.under[mention.from] !== true;
}

/** What the patient comes for: "presents for evaluation of knee pain", or what stands under "Chief complaint". */
function complains(part: ReadPart, mention: Mention): boolean {
  if (part.under[mention.from] === true || mention.from === 0) return false;
  const [from, to] = sentenceAt(part, mention.from);
  const before = part.tokens.slice(from, mention.from).map((token) => token.text);
  if (before.some((word) => COMES.has(word))) return mention.from - from - before.findLastIndex((word) => COMES.has(word)) <= 8;
  const heading = part.tokens.slice(Math.max(0, from - 6), from).map((token) => token.text);
  return to - from <= 8 && (heading.join(' ').includes('chief complaint') || heading.includes('cc'));
}

const COMES = new Set(['presents', 'presenting', 'presented', 'complains', 'complaining', 'complaint', 'evaluation']);

function tellsTime(part: ReadPart, mention: Mention): boolean {
  const [from, to] = sentenceAt(part, mention.from);
  return part.tokens.slice(from, to).some((token) => TIMES.has(token.stem));
}

function whereOf(part: ReadPart, mention: Mention): string {
  const [from, to] = sentenceAt(part, mention.from);
  const sites = mentionsIn(part, from, to).flatMap((one) => (one.kind === 'site' ? [one.name] : []));
  const places = part.tokens
    .slice(from, to)
    .map((token) => token.text)
    .filter((word) => PLACES.has(word));
  return [...new Set([...sites, ...places])].sort().join(' ');
}
